import type { Id } from '../../kernel/id.ts'
import { formatInstant } from '../../kernel/time.ts'
import { plainArray, type Queryable } from '../../platform/db.ts'
import type { Buyer } from './assortment.ts'
import type { LookedUpWord, RangeFilter } from './plan-search.ts'
import { errorsForgiven, stubsOf } from './search-words.ts'

/** So many matches are weighed: a shopper who finds more says more. Weighing takes about 3 µs each. */
const WEIGHED_MAX = 2_000
/** Counts are of so many matches at most. */
export const COUNTED_MAX = 5_000
/** What was meant by a mistyped word is among these. */
const SIMILAR_MAX = 50

/** What the catalog knows of words, in their order. */
export async function lookUpWords(
  source: Queryable,
  words: readonly string[],
  configuration: string,
): Promise<LookedUpWord[]> {
  return source.rows({
    name: 'catalog.look_up_words',
    text: `select asked.word, tsvector_to_array(to_tsvector($3::regconfig, asked.word)) as stems, known.found as known,
                  case when known.found then '{}' else
                    array(select near.word from catalog.search_word as near
                           where near.stubs && asked.stubs::text[] limit ${SIMILAR_MAX}) end as similar
             from unnest($1::text[], $2::text[]) with ordinality as asked (word, stubs, place)
            cross join lateral (
                    select asked.stubs is null or exists (select from catalog.search_word as own
                                    where own.word >= asked.word collate "C"
                                      and own.word < (asked.word || U&'\\+10FFFF') collate "C")) as known (found)
            order by asked.place`,
    values: [
      words,
      // Null: what is written like this is meant like this.
      words.map((word) => (errorsForgiven(word) === 0 ? null : listText(stubsOf(word)))),
      `pg_catalog.${configuration}`,
    ],
  })
}

function listText(stubs: readonly string[]): string {
  return `{${stubs.map((stub) => `"${stub}"`).join(',')}}`
}

/** Whether a rule holds for the buyer: see `assortment.ts`, which says the same of offers. */
const holds = `rule.product_id = entry.product_id
                 and (rule.channel_ids = '{}' or $2::uuid = any(rule.channel_ids))
                 and (rule.countries = '{}' or $4::text = any(rule.countries))
                 and (rule.regions = '{}' or $5::text = any(rule.regions))
                 and (rule.segment_ids = '{}' or rule.segment_ids && $6::uuid[])
                 and (rule.location_ids = '{}' or $7::uuid = any(rule.location_ids))
                 and (rule.valid_from is null or rule.valid_from <= $3::timestamptz)
                 and (rule.valid_until is null or rule.valid_until > $3::timestamptz)`

const mayBuy = `(not entry.has_rules
              or (not exists (select from catalog.assortment_rule as rule where rule.effect = 'withhold' and ${holds})
                  and (exists (select from catalog.assortment_rule as rule where rule.effect = 'offer' and ${holds})
                       or not exists (select from catalog.assortment_rule as rule
                                       where rule.effect = 'offer' and rule.product_id = entry.product_id))))`

const inRanges = `not exists (select from unnest($8::text[], $9::float8[], $10::float8[]) as asked (code, low, high)
                           where not exists (select from jsonb_array_elements(entry.numbers -> asked.code) as own (value)
                                              where (asked.low is null or own.value::float8 >= asked.low)
                                                and (asked.high is null or own.value::float8 <= asked.high)))`

/** One index answers for words, categories, brands, attributes and channels at once: they are all in the document. */
const matches = `entry.document @@ $1::tsquery and ${mayBuy} and ${inRanges}`

export interface MatchQuestion {
  /** The text of a tsquery. */
  readonly query: string
  readonly buyer: Buyer
  readonly ranges: readonly RangeFilter[]
}

function valuesOf({ query, buyer, ranges }: MatchQuestion): unknown[] {
  return [
    query,
    buyer.channelId,
    formatInstant(buyer.at),
    buyer.country ?? null,
    buyer.region ?? null,
    plainArray([...(buyer.segmentIds ?? [])]),
    buyer.locationId ?? null,
    ranges.map(({ code }) => code),
    plainArray(ranges.map(({ from }) => from)),
    plainArray(ranges.map(({ to }) => to)),
  ]
}

/** Where a list stands; the next page begins behind it. */
export interface ProductPlace {
  /** Parts of a million, largest first; 0 in lists by title. */
  readonly relevance: number
  readonly title: string
  readonly id: Id<'product'>
}

/** Products by relevance, those with exactly this SKU or barcode first. */
export function searchByRelevance(
  source: Queryable,
  {
    ranked,
    text,
    after,
    limit,
    ...question
  }: MatchQuestion & {
    /** The text of a tsquery of what is weighed. */
    readonly ranked: string
    /** As it was typed. */
    readonly text: string
    readonly after: ProductPlace | null
    readonly limit: number
  },
): Promise<ProductPlace[]> {
  return source.rows({
    name: 'catalog.search_by_relevance',
    text: `with exact as materialized (
             select product_id from catalog.variant where sku = $12 or barcode = $12),
           weighed as materialized (
             select entry.product_id as id, entry.title,
                    (1000000 * ts_rank('{0.05, 0.2, 0.5, 1}', entry.document, $11::tsquery))::int
                      + case when entry.product_id in (select product_id from exact) then 10000000 else 0 end as relevance
               from catalog.search_entry as entry where ${matches} limit ${WEIGHED_MAX})
           select id, title, relevance from weighed
            where $13::int is null or (-relevance, title, id) > (-$13::int, $14::text, $15::uuid)
            order by -relevance, title, id limit $16`,
    values: [
      ...valuesOf(question),
      ranked,
      text,
      after?.relevance ?? null,
      after?.title ?? null,
      after?.id ?? null,
      limit,
    ],
  })
}

/** Products by title that have what is asked for. */
export function listMatches(
  source: Queryable,
  { after, limit, ...question }: MatchQuestion & { readonly after: ProductPlace | null; readonly limit: number },
): Promise<ProductPlace[]> {
  return source.rows({
    name: 'catalog.list_matches',
    text: `select entry.product_id as id, entry.title, 0 as relevance
             from catalog.search_entry as entry
            where ${matches} and ($11::text is null or (entry.title, entry.product_id) > ($11::text, $12::uuid))
            order by entry.title, entry.product_id limit $13`,
    values: [...valuesOf(question), after?.title ?? null, after?.id ?? null, limit],
  })
}

export interface OfferedPage {
  readonly buyer: Buyer
  readonly after: ProductPlace | null
  readonly limit: number
}

/** Everything a buyer is offered, by title: most is offered everywhere and stands in its order in an index. */
export function listOffered(
  source: Queryable,
  { query, after, limit, ...question }: MatchQuestion & OfferedPage,
): Promise<ProductPlace[]> {
  return source.rows({
    name: 'catalog.list_offered',
    text: `select id, title, 0 as relevance
             from ((select product_id as id, title from catalog.search_entry
                     where everywhere and ($11::text is null or (title, product_id) > ($11::text, $12::uuid))
                     order by title, product_id limit $13)
                   union all
                   (select entry.product_id, entry.title from catalog.search_entry as entry
                     where not entry.everywhere and ${matches}
                       and ($11::text is null or (entry.title, entry.product_id) > ($11::text, $12::uuid))
                     order by entry.title, entry.product_id limit $13)) as offered
            order by title, id limit $13`,
    values: [...valuesOf({ query, ...question }), after?.title ?? null, after?.id ?? null, limit],
  })
}

/** What of categories a buyer is offered, by title: each of them is an index in that order, and they are merged. */
export function listOfferedInCategories(
  source: Queryable,
  {
    categoryIds,
    after,
    limit,
    ...question
  }: MatchQuestion & OfferedPage & { readonly categoryIds: readonly Id<'category'>[] },
): Promise<ProductPlace[]> {
  return source.rows({
    name: 'catalog.list_offered_in_categories',
    text: `select distinct filed.title, filed.product_id as id, 0 as relevance
             from unnest($14::uuid[]) as asked (category_id)
            cross join lateral (
                    select own.product_id, own.title
                      from catalog.product_category as own
                      join catalog.search_entry as entry on entry.product_id = own.product_id
                     where own.category_id = asked.category_id and ${matches}
                       and ($11::text is null or (own.title, own.product_id) > ($11::text, $12::uuid))
                     order by own.title, own.product_id limit $13) as filed
            order by filed.title, filed.product_id limit $13`,
    values: [...valuesOf(question), after?.title ?? null, after?.id ?? null, limit, plainArray(categoryIds)],
  })
}

/** How many matches have a value that a filter asks for. */
export interface TokenCount {
  /** As `plan-entry.ts` writes them; of categories also those above. */
  readonly token: string
  readonly count: number
}

export interface NumberSpan {
  readonly code: string
  readonly low: number
  readonly high: number
}

/**
 * Counts values among matches. A filter does not narrow its own values: who has chosen red is still told how many are
 * blue.
 * @param filters  by name (`b` of brands, `a:` and the code of attributes) the tokens of which one is asked for; they
 *                 are not in the query
 * @param above    pairs of a category's token and that of one above it, or its own
 */
export async function countTokens(
  source: Queryable,
  {
    filters,
    above,
    ...question
  }: MatchQuestion & {
    readonly filters: Readonly<Record<string, readonly string[]>>
    readonly above: readonly (readonly [token: string, above: string])[]
  },
): Promise<{
  readonly counts: readonly TokenCount[]
  readonly spans: readonly NumberSpan[]
  readonly matched: number
}> {
  const [row] = await source.rows<{
    counts: TokenCount[] | null
    spans: NumberSpan[] | null
    matched: number
  }>({
    name: 'catalog.count_tokens',
    text: `with matched as materialized (
             select entry.product_id, entry.facets, entry.numbers
               from catalog.search_entry as entry where ${matches} limit ${COUNTED_MAX}),
           filter as materialized (
             select key as name, array(select jsonb_array_elements_text(value)) as tokens from jsonb_each($11::jsonb)),
           judged as materialized (
             select product_id, facets, numbers,
                    array(select name from filter where not (filter.tokens && matched.facets)) as missed
               from matched),
           told as (
             select token, missed, product_id from judged cross join unnest(judged.facets) as token
              where missed = '{}' or missed = array[case when token like 'b:%' then 'b' else split_part(token, '=', 1) end]),
           counted as (
             select token, count(*)::int as count from told where token not like 'c:%' group by token
             union all
             select above.token, count(distinct told.product_id)::int
               from told join unnest($12::text[], $13::text[]) as above (own, token) on above.own = told.token
              where told.missed = '{}' group by above.token),
           spanned as (
             select number.key as code, min(own.value::float8) as low, max(own.value::float8) as high
               from judged cross join jsonb_each(judged.numbers) as number
              cross join jsonb_array_elements(number.value) as own (value)
              where judged.missed = '{}' group by number.key)
           select (select jsonb_agg(to_jsonb(counted)) from counted) as counts,
                  (select jsonb_agg(to_jsonb(spanned)) from spanned) as spans,
                  (select count(*)::int from judged where missed = '{}') as matched`,
    values: [
      ...valuesOf(question),
      JSON.stringify(filters),
      above.map(([token]) => token),
      above.map(([, token]) => token),
    ],
  })
  return { counts: row?.counts ?? [], spans: row?.spans ?? [], matched: row?.matched ?? 0 }
}
