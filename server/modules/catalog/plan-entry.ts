import type { Id } from '../../kernel/id.ts'
import type { Attribute, CatalogBook } from './book.ts'
import type { AttributeValue, Product } from './product.ts'
import { configurationOf, wordsOf } from './search-words.ts'

/** What lists and search look through, of one product. */
export interface SearchEntry {
  readonly productId: Id<'product'>
  readonly title: string
  readonly everywhere: boolean
  readonly hasRules: boolean
  readonly texts: readonly SearchText[]
  /** What filters ask for, and where it is offered. */
  readonly tokens: readonly string[]
  /** Those of the tokens that are counted. */
  readonly facets: readonly string[]
  readonly numbers: Readonly<Record<string, readonly number[]>>
}

/** Words that count as much as each other and are brought to their stems alike. */
export interface SearchText {
  readonly weight: 'A' | 'B' | 'C' | 'D'
  readonly configuration: string
  readonly words: readonly string[]
}

/** A description says at its beginning what it is about. */
const DESCRIPTION_CHARACTERS_MAX = 2_000
/** A document of PostgreSQL's takes a megabyte, words with their places; what comes last is left out. */
const WORDS_MAX = 8_000
const TOKENS_MAX = 2_000
const UNSTEMMED = 'simple'

/** Where something is offered; in every channel there is. */
export const offeredToken = (channelId: Id<'channel'> | null): string => `o:${channelId ?? 'any'}`
export const categoryToken = (categoryId: Id<'category'>): string => `c:${categoryId}`
export const brandToken = (brand: string): string => `b:${brand}`
export const attributeToken = (code: string, value: AttributeValue): string => `a:${code}=${String(value)}`

/**
 * What is found of a product, in every locale: titles and SKUs weigh most, then brand, options and what attributes say,
 * then descriptions.
 *
 * @param locales  of the merchant's channels: texts that are of no certain locale are read as of all of these
 */
export function planEntry(
  product: Product,
  { book, locales }: { readonly book: CatalogBook; readonly locales: readonly string[] },
): SearchEntry {
  const { id, title, texts, brand, categoryIds, channelIds, rules, status } = product
  const variants = product.variants.filter((variant) => variant.status === 'active')
  const isListed = status === 'active' && variants.length > 0
  const everyLocale = [...new Set([UNSTEMMED, ...locales.map(configurationOf)])]
  const valuesByCode = Map.groupBy(
    [product, ...variants].flatMap(({ attributes }) => Object.entries(attributes)),
    ([code]) => code,
  )
  const told = [...valuesByCode].flatMap(([code, entries]) => {
    const attribute = book.attributeByCode.get(code)
    return attribute === undefined ? [] : [{ attribute, values: [...new Set(entries.map(([, value]) => value))] }]
  })

  const found: SearchText[] = []
  const add = (weight: SearchText['weight'], parts: readonly string[], configurations = everyLocale): void => {
    const words = [...new Set(parts.flatMap(wordsOf))]
    for (const configuration of configurations) found.push({ weight, configuration, words })
  }
  const addLocal = (weight: SearchText['weight'], locale: string, part: string | undefined): void => {
    if (part !== undefined) add(weight, [part], [...new Set([UNSTEMMED, configurationOf(locale)])])
  }
  add('A', [title])
  for (const [locale, local] of Object.entries(texts)) addLocal('A', locale, local.title)
  add(
    'A',
    variants.flatMap(({ sku, barcode }) => [sku, sku.replace(/[^\p{L}\p{N}]/gu, ''), barcode ?? '']),
    [UNSTEMMED],
  )
  add('B', [brand ?? '', ...variants.flatMap((variant) => [variant.title, ...Object.values(variant.options)])])
  add(
    'B',
    told.flatMap(({ attribute, values }) => wordsToldBy(attribute, values)),
  )
  for (const [locale, name] of variants.flatMap(({ titles }) => Object.entries(titles))) addLocal('B', locale, name)
  add('D', [product.description.slice(0, DESCRIPTION_CHARACTERS_MAX)])
  for (const [locale, local] of Object.entries(texts)) {
    addLocal('D', locale, local.description?.slice(0, DESCRIPTION_CHARACTERS_MAX))
  }

  const facets = [
    ...categoryIds.map(categoryToken),
    ...(brand === null ? [] : [brandToken(brand)]),
    ...told.flatMap(({ attribute, values }) =>
      attribute.type === 'choice' || attribute.type === 'boolean'
        ? values.map((value) => attributeToken(attribute.code, value))
        : [],
    ),
  ].slice(0, TOKENS_MAX)
  const offered = channelIds === null ? [offeredToken(null)] : channelIds.map(offeredToken)
  return {
    productId: id,
    title,
    everywhere: isListed && channelIds === null && rules.length === 0,
    hasRules: rules.length > 0,
    texts: withinLimit(found),
    tokens: isListed ? [...offered, ...facets] : [],
    facets,
    numbers: Object.fromEntries(
      told
        .filter(({ attribute }) => attribute.type === 'number')
        .map(({ attribute, values }) => [attribute.code, values.filter((value) => typeof value === 'number')]),
    ),
  }
}

/** What shoppers would type: `merino`, not the code of the choice; of what is or is not so, its name. */
function wordsToldBy({ type, name, names, choices }: Attribute, values: readonly AttributeValue[]): string[] {
  switch (type) {
    case 'text':
      return values.map(String)
    case 'number':
      return []
    case 'boolean':
      return values.includes(true) ? [name, ...Object.values(names)] : []
    case 'choice':
      return choices
        .filter(({ code }) => values.includes(code))
        .flatMap((choice) => [choice.name, ...Object.values(choice.names)])
  }
}

function withinLimit(texts: readonly SearchText[]): SearchText[] {
  let left = WORDS_MAX
  return texts.flatMap((text) => {
    const words = text.words.slice(0, left)
    left -= words.length
    return words.length === 0 ? [] : [{ ...text, words }]
  })
}
