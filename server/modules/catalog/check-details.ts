import type { Id } from '../../kernel/id.ts'
import type { Instant } from '../../kernel/time.ts'
import type { AssortmentRule } from './assortment.ts'
import type { Attribute, CatalogBook } from './book.ts'
import type { AttributeValue, Media, ProductTexts } from './product.ts'
import { errorAt, type RowError, type RowErrorCode } from './row-errors.ts'

/** A rule as an edit says it; what is left out names nothing. */
export interface RuleEdit {
  readonly effect: AssortmentRule['effect']
  /** Codes. */
  readonly channels?: readonly string[]
  readonly countries?: readonly string[]
  readonly regions?: readonly string[]
  readonly segmentIds?: readonly Id<'segment'>[]
  readonly locationIds?: readonly Id<'location'>[]
  readonly from?: Instant | null
  readonly until?: Instant | null
}

/** What is wrong with values of attributes, for what has the level. */
export function attributeErrors(
  edits: Readonly<Record<string, AttributeValue | null>> | undefined,
  level: Attribute['level'],
  { attributeByCode }: Pick<CatalogBook, 'attributeByCode'>,
  path: string,
): RowError[] {
  return Object.entries(edits ?? {}).flatMap(([code, value]) => {
    const attribute = attributeByCode.get(code)
    const error = attribute === undefined ? 'attribute_unknown' : attributeError(attribute, level, value)
    return error === null ? [] : [errorAt(`${path}/${code}`, error)]
  })
}

function attributeError(
  { type, level: itsLevel, choices }: Attribute,
  level: Attribute['level'],
  value: AttributeValue | null,
): RowErrorCode | null {
  if (itsLevel !== level) return itsLevel === 'variant' ? 'attribute_of_variants' : 'attribute_of_products'
  if (value === null) return null
  switch (type) {
    case 'text':
      return typeof value === 'string' ? null : 'value_not_text'
    case 'number':
      return typeof value === 'number' ? null : 'value_not_number'
    case 'boolean':
      return typeof value === 'boolean' ? null : 'value_not_boolean'
    case 'choice':
      return choices.some(({ code }) => code === value) ? null : 'value_not_a_choice'
  }
}

export function mediaErrors(media: readonly Media[], skus: readonly string[]): RowError[] {
  return media.flatMap(({ url, ref, skus: shown = [] }, index) => {
    const path = `/media/${index}`
    const errors: RowError[] = []
    if ((url === undefined) === (ref === undefined)) errors.push(errorAt(path, 'media_without_place'))
    if (url !== undefined && !isWebAddress(url)) errors.push(errorAt(`${path}/url`, 'media_address'))
    for (const [place, sku] of shown.entries()) {
      if (!skus.includes(sku)) errors.push(errorAt(`${path}/skus/${place}`, 'media_sku_unknown'))
    }
    return errors
  })
}

/** Pages put it into `src`: nothing that runs, and no credentials for everybody to read. */
function isWebAddress(text: string): boolean {
  const url = URL.parse(text)
  return url !== null && /^https?:$/.test(url.protocol) && url.username === '' && url.password === ''
}

export function ruleErrors(
  rules: readonly RuleEdit[],
  known: {
    readonly channelIdByCode: ReadonlyMap<string, Id<'channel'>>
    readonly unknownIds: ReadonlySet<string>
    readonly isCountry: (code: string) => boolean
  },
): RowError[] {
  return rules.flatMap((rule, index) => {
    const { channels = [], countries = [], regions = [], segmentIds = [], locationIds = [] } = rule
    const from = rule.from ?? null
    const until = rule.until ?? null
    const path = `/rules/${index}`
    const errors: RowError[] = []
    const named = [channels, countries, regions, segmentIds, locationIds].some((list) => list.length > 0)
    if (!named && from === null && until === null) errors.push(errorAt(path, 'rule_names_nothing'))
    if (from !== null && until !== null && from >= until) {
      errors.push(errorAt(`${path}/until`, 'rule_ends_before_it_begins'))
    }
    const check = <Value>(
      field: string,
      values: readonly Value[],
      code: RowErrorCode,
      isKnown: (v: Value) => boolean,
    ) =>
      errors.push(
        ...values.flatMap((value, place) => (isKnown(value) ? [] : [errorAt(`${path}/${field}/${place}`, code)])),
      )
    check('channels', channels, 'channel_unknown', (code) => known.channelIdByCode.has(code))
    check('countries', countries, 'country_unknown', known.isCountry)
    check('regions', regions, 'country_unknown', (region) => known.isCountry(region.slice(0, 2)))
    if (countries.length > 0) {
      check('regions', regions, 'region_elsewhere', (region) => countries.includes(region.slice(0, 2)))
    }
    check('segments', segmentIds, 'segment_unknown', (id) => !known.unknownIds.has(id))
    check('locations', locationIds, 'location_unknown', (id) => !known.unknownIds.has(id))
    return errors
  })
}

/**
 * A handle leads to one product for ever, in whatever locale: shoppers keep addresses longer than merchants keep texts.
 * What is free is taken for the rows that come after.
 */
export function handleErrors(
  { handle, texts = {} }: { readonly handle: string; readonly texts?: Readonly<Record<string, ProductTexts | null>> },
  productId: Id<'product'>,
  productIdByHandle: Map<string, Id<'product'>>,
): RowError[] {
  const errors: RowError[] = []
  const take = (wanted: string, path: string): void => {
    const owner = productIdByHandle.get(wanted)
    if (owner === undefined) productIdByHandle.set(wanted, productId)
    else if (owner !== productId) errors.push(errorAt(path, 'handle_taken'))
  }
  take(handle, '/handle')
  for (const [locale, text] of Object.entries(texts)) {
    if (text?.handle !== undefined) take(text.handle, `/texts/${locale}/handle`)
  }
  return errors
}
