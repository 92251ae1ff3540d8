import type { Id } from '../../kernel/id.ts'
import type { Instant } from '../../kernel/time.ts'
import { plainArray, type Queryable, type Tx } from '../../platform/db.ts'
import type { OrderStatus } from '../orders/index.ts'

export interface ListedOrderRow {
  readonly order_id: Id<'order'>
  readonly number: bigint
  readonly channel_id: Id<'channel'>
  readonly reference: string | null
  readonly person_id: Id<'person'> | null
  readonly status: OrderStatus
  readonly currency: string
  readonly total_minor: bigint
  readonly placed_at: Instant
}

/** Copies orders as they are now into the list; what the list has in a newer version stays. */
export function upsertOrderRows(
  tx: Tx,
  rows: readonly (ListedOrderRow & {
    readonly variant_ids: readonly Id<'variant'>[]
    readonly version: number
  })[],
): void {
  tx.send({
    name: 'orderviews.upsert_order_rows',
    text: `insert into orderviews.order_row
             (order_id, number, channel_id, reference, person_id, status, currency, total_minor, variant_ids, placed_at,
              version)
           select order_id, number, channel_id, reference, person_id, status, currency, total_minor,
                  string_to_array(nullif(variant_ids, ''), ' ')::uuid[], to_timestamp(placed_ms / 1000.0), version
             from unnest($1::uuid[], $2::bigint[], $3::uuid[], $4::text[], $5::uuid[], $6::text[], $7::text[],
                         $8::bigint[], $9::text[], $10::bigint[], $11::int[])
                  as fresh (order_id, number, channel_id, reference, person_id, status, currency, total_minor,
                            variant_ids, placed_ms, version)
           on conflict (order_id) do update set status = excluded.status, version = excluded.version
            where order_row.version < excluded.version`,
    values: [
      plainArray(rows.map((row) => row.order_id)),
      plainArray(rows.map((row) => row.number)),
      plainArray(rows.map((row) => row.channel_id)),
      rows.map((row) => row.reference),
      plainArray(rows.map((row) => row.person_id)),
      plainArray(rows.map((row) => row.status)),
      plainArray(rows.map((row) => row.currency)),
      plainArray(rows.map((row) => row.total_minor)),
      rows.map((row) => row.variant_ids.join(' ')),
      plainArray(rows.map((row) => row.placed_at)),
      plainArray(rows.map((row) => row.version)),
    ],
  })
}

export interface OrderFilter {
  readonly status: OrderStatus | null
  readonly channelId: Id<'channel'> | null
  readonly variantId: Id<'variant'> | null
  readonly personIds: readonly Id<'person'>[] | null
  readonly number: bigint | null
  readonly reference: string | null
  readonly placedAfter: Instant | null
}

/** Newest first. @param page.before  the last order of the page before */
export function listOrderRows(
  source: Queryable,
  filter: OrderFilter,
  page: {
    readonly before: { readonly placedAt: Instant; readonly orderId: Id<'order'> } | null
    readonly limit: number
  },
): Promise<ListedOrderRow[]> {
  return source.rows({
    name: 'orderviews.list_order_rows',
    text: `select order_id, number, channel_id, reference, person_id, status, currency, total_minor, placed_at
             from orderviews.order_row
            where ($1::text is null or status = $1)
              and ($2::uuid is null or channel_id = $2)
              and ($3::uuid is null or variant_ids @> array[$3::uuid])
              and ($4::uuid[] is null or person_id = any($4::uuid[]))
              and ($5::bigint is null or number = $5)
              and ($6::text is null or reference = $6)
              and ($7::timestamptz is null or placed_at > $7)
              and ($8::timestamptz is null or (placed_at, order_id) < ($8, $9::uuid))
            order by placed_at desc, order_id desc
            limit $10`,
    values: [
      filter.status,
      filter.channelId,
      filter.variantId,
      filter.personIds === null ? null : plainArray(filter.personIds),
      filter.number,
      filter.reference,
      filter.placedAfter === null ? null : new Date(filter.placedAfter),
      page.before === null ? null : new Date(page.before.placedAt),
      page.before?.orderId ?? null,
      page.limit,
    ],
  })
}
