import type { Id } from '../../kernel/id.ts'
import type { Queryable } from '../../platform/db.ts'

/** Products in the order of their ids. @param after  null for the first page */
export async function walkProductIds(
  source: Queryable,
  { after, limit }: { readonly after: Id<'product'> | null; readonly limit: number },
): Promise<Id<'product'>[]> {
  const rows = await source.rows<{ id: Id<'product'> }>({
    name: 'catalog.walk_products',
    text: 'select id from catalog.product where $1::uuid is null or id > $1 order by id limit $2',
    values: [after, limit],
  })
  return rows.map(({ id }) => id)
}

/** What products are told by that is not the same for all: what a flat file needs columns for. Each in order. */
export interface FlatNames {
  readonly options: readonly string[]
  /** Codes; of what any product or variant has a value. */
  readonly attributes: readonly string[]
  /** `de title`: locale and which text. */
  readonly texts: readonly (readonly [locale: string, member: string])[]
  /** Locales that variants have titles in. */
  readonly variantTitles: readonly string[]
}

/** Reads through the whole catalog: some 100 ms at 100,000 variants. */
export async function readFlatNames(source: Queryable): Promise<FlatNames> {
  const rows = await source.rows<{ what: keyof FlatNames; name: string; member: string | null }>({
    name: 'catalog.read_flat_names',
    text: `select 'options' as what, jsonb_object_keys(options) as name, null as member from catalog.variant
           union select 'attributes', jsonb_object_keys(attributes), null from catalog.variant
           union select 'attributes', jsonb_object_keys(attributes), null from catalog.product
           union select 'variantTitles', jsonb_object_keys(titles), null from catalog.variant
           union select 'texts', local.key, jsonb_object_keys(local.value)
                   from catalog.product cross join lateral jsonb_each(texts) as local`,
  })
  const sorted = rows.toSorted((a, b) => (`${a.name} ${a.member}` < `${b.name} ${b.member}` ? -1 : 1))
  const named = (what: keyof FlatNames): string[] => sorted.flatMap((row) => (row.what === what ? [row.name] : []))
  return {
    options: named('options'),
    attributes: named('attributes'),
    texts: sorted.flatMap((row) => (row.what === 'texts' ? [[row.name, row.member ?? ''] as const] : [])),
    variantTitles: named('variantTitles'),
  }
}
