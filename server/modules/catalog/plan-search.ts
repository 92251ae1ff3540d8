import type { Id } from '../../kernel/id.ts'
import type { CatalogBook } from './book.ts'
import { subtreeOf } from './book.ts'
import { attributeToken, brandToken, categoryToken, offeredToken } from './plan-entry.ts'
import type { AttributeValue } from './product.ts'
import { errorsBetween, errorsForgiven, wordsOf } from './search-words.ts'

/** More words narrow nothing that the first ones have not; each is a walk through an index. */
const WORDS_MAX = 8
/** What one mistyped word may have meant. */
const MEANT_MAX = 3

/** What a shopper asks a list for. */
export interface Filters {
  /** Words, or a SKU; null for all. */
  readonly query: string | null
  /** With all below it. */
  readonly categoryId: Id<'category'> | null
  /** One of these; empty for all. */
  readonly brands: readonly string[]
  /** One of the values of each. */
  readonly attributes: readonly AttributeFilter[]
  readonly ranges: readonly RangeFilter[]
}

export interface AttributeFilter {
  readonly code: string
  readonly values: readonly AttributeValue[]
}

/** Both ends belong to it; null is open. */
export interface RangeFilter {
  readonly code: string
  readonly from: number | null
  readonly to: number | null
}

/** The words of a query; no more than are searched for. */
export function searchedWords(query: string): string[] {
  return [...new Set(wordsOf(query))].slice(0, WORDS_MAX)
}

/** What the catalog knows of a word that was asked for. */
export interface LookedUpWord {
  readonly word: string
  /** Its stems in the shopper's language; none of a word that says nothing, such as `the`. */
  readonly stems: readonly string[]
  /** Whether a word of the catalog begins with it. */
  readonly known: boolean
  /** Words of the catalog that share a stub with it. */
  readonly similar: readonly string[]
}

export interface SearchPlan {
  /** For `to @@`: every word, and the filters. */
  readonly strict: string
  /** The same with any of the words, for when nothing has all of them. */
  readonly loose: string
  /** What is weighed. */
  readonly ranked: string
}

/**
 * The text of the tsquery that finds what has every word: itself, its stem, what begins with it; of a word that nothing
 * begins with, what was meant; or a category of that name.
 * @param words  null when no words are asked for
 */
export function planSearch(
  words: readonly LookedUpWord[] | null,
  filters: Filters,
  {
    channelId,
    book,
    locale,
  }: { readonly channelId: Id<'channel'>; readonly book: CatalogBook; readonly locale: string },
): SearchPlan {
  const conditions = [
    anyOf([offeredToken(channelId), offeredToken(null)].map(quoted)),
    ...(filters.categoryId === null ? [] : [inCategory(book, filters.categoryId)]),
    ...(filters.brands.length === 0 ? [] : [anyOf(filters.brands.map((brand) => quoted(brandToken(brand))))]),
    ...filters.attributes.map(({ code, values }) => anyOf(values.map((value) => quoted(attributeToken(code, value))))),
  ]
  const all = conditions.join(' & ')
  if (words === null) return { strict: all, loose: all, ranked: '' }
  const telling = words.filter(({ stems }) => stems.length > 0)
  const asked = telling.length === 0 ? words : telling
  const terms = asked.map((word) => termOf(word))
  const found = asked.map((word, index) => {
    const categories = categoriesNamed(book, word.word, locale)
    return categories.length === 0 ? (terms[index] ?? '') : anyOf([terms[index] ?? '', ...categories])
  })
  // A query without a word, such as "???", finds nothing.
  if (found.length === 0) return { strict: quoted('nothing:'), loose: quoted('nothing:'), ranked: quoted('nothing:') }
  return {
    strict: `${found.join(' & ')} & ${all}`,
    // One word that nothing has, such as a SKU, is not taken apart.
    loose: isOneWord(filters.query ?? '') ? `${found.join(' & ')} & ${all}` : `${anyOf(found)} & ${all}`,
    ranked: terms.join(' | '),
  }
}

function isOneWord(query: string): boolean {
  return !/\s/u.test(query.trim())
}

/** A single letter begins too many words to find anything by. */
function termOf({ word, stems, known, similar }: LookedUpWord): string {
  const meant = known || errorsForgiven(word) === 0 ? [] : closest(word, similar)
  const begins = word.length > 1 || !/^[a-z]$/.test(word) ? [`${quoted(word)}:*`] : []
  return anyOf([...new Set([word, ...stems, ...meant])].map(quoted).concat(begins))
}

/** Of similar words those with the fewest errors, if these are forgiven. */
function closest(word: string, similar: readonly string[]): string[] {
  const rated = similar
    .map((each) => ({ each, errors: errorsBetween(word, each) }))
    .filter(({ errors }) => errors <= errorsForgiven(word))
    .toSorted((a, b) => a.errors - b.errors || (a.each < b.each ? -1 : 1))
  const [best] = rated
  return rated
    .filter(({ errors }) => errors === best?.errors)
    .map(({ each }) => each)
    .slice(0, MEANT_MAX)
}

/** Categories of which a word of the name begins with this one, in the shopper's language or the merchant's. */
function categoriesNamed(book: CatalogBook, word: string, locale: string): string[] {
  if (word.length < 3) return []
  const language = locale.split('-')[0] ?? ''
  return book.categories
    .filter(({ name, texts }) => {
      const names = [
        name,
        ...Object.entries(texts).flatMap(([key, text]) => (key.split('-')[0] === language ? (text.name ?? []) : [])),
      ]
      return names.some((each) => wordsOf(each).some((own) => own.startsWith(word)))
    })
    .map(({ id }) => inCategory(book, id))
}

function inCategory(book: CatalogBook, id: Id<'category'>): string {
  const ids = subtreeOf(book, id)
  // One that is not shown has nothing below it.
  return anyOf((ids.length === 0 ? [id] : ids).map((each) => quoted(categoryToken(each))))
}

function anyOf(terms: readonly string[]): string {
  return terms.length === 1 ? (terms[0] ?? '') : `(${terms.join(' | ')})`
}

/** A lexeme as a tsquery's text has it. */
function quoted(lexeme: string): string {
  return `'${lexeme.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`
}
