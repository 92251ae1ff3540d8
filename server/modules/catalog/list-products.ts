import type { Id } from '../../kernel/id.ts'
import type { Queryable } from '../../platform/db.ts'
import {
  firstPlace,
  listOfferedRows,
  listOfferedRowsInCategory,
  searchOfferedRows,
  type ProductPlace,
} from './product-lists.sql.ts'

export interface OfferedList {
  readonly channelId: Id<'channel'>
  readonly category: string | null
  /** Words to be found in title, brand or category, or a SKU; null for all. */
  readonly query: string | null
  /** Where the page before ended; null for the first page. */
  readonly after: ProductPlace | null
  readonly limit: number
}

export interface OfferedProducts {
  /** By title. */
  readonly ids: readonly Id<'product'>[]
  /** Where the next page begins; null when this is the last. */
  readonly next: ProductPlace | null
}

/** A page of what a channel offers: active products of its assortment with an active variant. */
export async function listOffered(
  source: Queryable,
  { channelId, category, query, after, limit }: OfferedList,
): Promise<OfferedProducts> {
  const page = { channelId, after: after ?? firstPlace, limit: limit + 1 }
  const rows = await (query !== null
    ? searchOfferedRows(source, { ...page, category, query })
    : category !== null
      ? listOfferedRowsInCategory(source, { ...page, category })
      : listOfferedRows(source, page))
  const shown = rows.slice(0, limit)
  return { ids: shown.map(({ id }) => id), next: rows.length > limit ? (shown.at(-1) ?? null) : null }
}
