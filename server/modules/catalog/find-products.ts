import type { Queryable } from '../../platform/db.ts'
import type { Buyer } from './assortment.ts'
import { subtreeOf, trailOf, type Attribute, type CatalogBook, type Category } from './book.ts'
import { attributeToken, brandToken, categoryToken } from './plan-entry.ts'
import { planSearch, searchedWords, type Filters, type LookedUpWord, type SearchPlan } from './plan-search.ts'
import {
  COUNTED_MAX,
  countTokens,
  listMatches,
  listOffered,
  listOfferedInCategories,
  lookUpWords,
  searchByRelevance,
  type ProductPlace,
} from './search.sql.ts'
import { configurationOf } from './search-words.ts'

export interface ProductQuestion {
  readonly book: CatalogBook
  readonly buyer: Buyer
  /** Whose language the words are in. */
  readonly locale: string
  readonly filters: Filters
}

export interface FoundProducts {
  /** By relevance where words were asked for, else by title. */
  readonly places: readonly ProductPlace[]
  /** Where the next page begins; null when this is the last. */
  readonly next: ProductPlace | null
}

/** A page of what a buyer is offered: active products of the assortment with an active variant. */
export async function findProducts(
  source: Queryable,
  question: ProductQuestion,
  { after, limit }: { readonly after: ProductPlace | null; readonly limit: number },
): Promise<FoundProducts> {
  const rows = await readPage(source, question, { after, limit: limit + 1 })
  const places = rows.slice(0, limit)
  return { places, next: rows.length > limit ? (places.at(-1) ?? null) : null }
}

async function readPage(
  source: Queryable,
  question: ProductQuestion,
  page: { readonly after: ProductPlace | null; readonly limit: number },
): Promise<ProductPlace[]> {
  const { buyer, book, filters } = question
  const { query, categoryId, brands, attributes, ranges } = filters
  if (query !== null) return search(source, question, { query, ...page })
  const isNarrowed = brands.length > 0 || attributes.length > 0 || ranges.length > 0
  const everything: Filters = { ...filters, categoryId: null }
  const plan = plannedFor(question, isNarrowed ? filters : everything, null)
  const asked = { query: plan.strict, buyer, ranges, ...page }
  if (isNarrowed) return listMatches(source, asked)
  if (categoryId === null) return listOffered(source, asked)
  return listOfferedInCategories(source, { ...asked, categoryIds: subtreeOf(book, categoryId) })
}

/** What has every word; else, on the first page and those that follow from it, what has any. */
async function search(
  source: Queryable,
  question: ProductQuestion,
  { query, ...page }: { readonly query: string; readonly after: ProductPlace | null; readonly limit: number },
): Promise<ProductPlace[]> {
  const { buyer, filters } = question
  const plan = await planned(source, question, filters)
  const asked = { buyer, ranges: filters.ranges, ranked: plan.ranked, text: query }
  const all = await searchByRelevance(source, { ...asked, query: plan.strict, ...page })
  if (all.length > 0 || plan.loose === plan.strict) return all
  // Behind the last page of what has every word comes nothing.
  const isExhausted =
    page.after !== null &&
    (await searchByRelevance(source, { ...asked, query: plan.strict, after: null, limit: 1 })).length > 0
  return isExhausted ? [] : searchByRelevance(source, { ...asked, query: plan.loose, ...page })
}

async function planned(source: Queryable, question: ProductQuestion, filters: Filters): Promise<SearchPlan> {
  const { query } = filters
  if (query === null) return plannedFor(question, filters, null)
  const words = searchedWords(query)
  const lookedUp = words.length === 0 ? [] : await lookUpWords(source, words, configurationOf(question.locale))
  return plannedFor(question, filters, lookedUp)
}

function plannedFor(
  { book, buyer, locale }: ProductQuestion,
  filters: Filters,
  words: readonly LookedUpWord[] | null,
): SearchPlan {
  return planSearch(words, filters, { channelId: buyer.channelId, book, locale })
}

export interface Facets {
  readonly categories: readonly { readonly category: Category; readonly count: number }[]
  readonly brands: readonly { readonly brand: string; readonly count: number }[]
  readonly attributes: readonly AttributeFacet[]
  /** Products counted; more than so many are not. */
  readonly matched: number
  readonly isCapped: boolean
}

export interface AttributeFacet {
  readonly attribute: Attribute
  /** Of choices and of what is or is not so. */
  readonly values: readonly { readonly value: string; readonly count: number }[]
  /** Of numbers. */
  readonly span: { readonly low: number; readonly high: number } | null
}

/** A page of filters has no room for more brands. */
const BRANDS_TOLD_MAX = 50

/** How many of the products that are asked for are in which category, of which brand, and have which values. */
export async function countFacets(source: Queryable, question: ProductQuestion): Promise<Facets> {
  const { book, buyer, filters } = question
  const { brands, attributes, ranges } = filters
  const unfiltered = { ...filters, brands: [], attributes: [] }
  const plan = await planned(source, question, unfiltered)
  const asked = {
    buyer,
    ranges,
    filters: {
      ...(brands.length === 0 ? {} : { b: brands.map(brandToken) }),
      ...Object.fromEntries(
        attributes.map(({ code, values }) => [`a:${code}`, values.map((value) => attributeToken(code, value))]),
      ),
    },
    above: book.categories.flatMap(({ id }) =>
      trailOf(book, id).map((each) => [categoryToken(id), categoryToken(each.id)] as const),
    ),
  }
  let counted = await countTokens(source, { ...asked, query: plan.strict })
  if (counted.counts.length === 0 && plan.loose !== plan.strict) {
    counted = await countTokens(source, { ...asked, query: plan.loose })
  }
  return facetsOf(book, counted)
}

function facetsOf(book: CatalogBook, { counts, spans, matched }: Awaited<ReturnType<typeof countTokens>>): Facets {
  const countByToken = new Map(counts.map(({ token, count }) => [token, count]))
  const spanByCode = new Map(spans.map((span) => [span.code, span]))
  const shown = new Set(
    book.categories.filter(({ parentId }) => parentId === null).flatMap(({ id }) => subtreeOf(book, id)),
  )
  return {
    categories: book.categories.flatMap((category) => {
      const count = countByToken.get(categoryToken(category.id))
      return count === undefined || !shown.has(category.id) ? [] : [{ category, count }]
    }),
    brands: counts
      .filter(({ token }) => token.startsWith('b:'))
      .map(({ token, count }) => ({ brand: token.slice('b:'.length), count }))
      .toSorted((a, b) => b.count - a.count || (a.brand < b.brand ? -1 : 1))
      .slice(0, BRANDS_TOLD_MAX),
    attributes: book.attributes
      .filter(({ filterable }) => filterable)
      .map((attribute) => ({
        attribute,
        values: valuesOf(attribute).flatMap((value) => {
          const count = countByToken.get(attributeToken(attribute.code, value))
          return count === undefined ? [] : [{ value, count }]
        }),
        span: spanByCode.get(attribute.code) ?? null,
      }))
      .filter(({ values, span }) => values.length > 0 || span !== null),
    matched,
    isCapped: matched === COUNTED_MAX,
  }
}

function valuesOf({ type, choices }: Attribute): string[] {
  return type === 'boolean' ? ['true', 'false'] : choices.map(({ code }) => code)
}
