import type { Id } from '../../kernel/id.ts'
import { must } from '../../kernel/invariant.ts'
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
export function upsertOrderRows(tx: Tx, rows: readonly (ListedOrderRow & { readonly version: number })[]): void {
  tx.send({
    name: 'orderviews.upsert_order_rows',
    text: `insert into orderviews.order_row
             (order_id, number, channel_id, reference, person_id, status, currency, total_minor, placed_at, version)
           select order_id, number, channel_id, reference, person_id, status, currency, total_minor,
                  to_timestamp(placed_ms / 1000.0), version
             from unnest($1::uuid[], $2::bigint[], $3::uuid[], $4::text[], $5::uuid[], $6::text[], $7::text[],
                         $8::bigint[], $9::bigint[], $10::int[])
                  as fresh (order_id, number, channel_id, reference, person_id, status, currency, total_minor,
                            placed_ms, version)
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
      plainArray(rows.map((row) => row.placed_at)),
      plainArray(rows.map((row) => row.version)),
    ],
  })
}

export interface OrderedVariantRow {
  readonly variant_id: Id<'variant'>
  readonly placed_at: Instant
  readonly order_id: Id<'order'>
}

/** What was ordered stays listed: a line that was cancelled is still asked for by its SKU. */
export function insertOrderedVariantRows(tx: Tx, rows: readonly OrderedVariantRow[]): void {
  tx.send({
    name: 'orderviews.insert_ordered_variant_rows',
    text: `insert into orderviews.order_variant (variant_id, placed_at, order_id)
           select variant_id, to_timestamp(placed_ms / 1000.0), order_id
             from unnest($1::uuid[], $2::bigint[], $3::uuid[]) as fresh (variant_id, placed_ms, order_id)
            order by variant_id
               on conflict do nothing`,
    values: [
      plainArray(rows.map((row) => row.variant_id)),
      plainArray(rows.map((row) => row.placed_at)),
      plainArray(rows.map((row) => row.order_id)),
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

/**
 * Newest first. Every combination of filters is a statement of its own: PostgreSQL plans it once a connection and with
 * the index that fits. One statement for all (`$1 is null or …`) was planned anew for each list, which took longer than
 * reading it.
 * @param page.before  the last order of the page before
 */
export async function listOrderRows(
  source: Queryable,
  filter: OrderFilter,
  page: {
    readonly before: { readonly placedAt: Instant; readonly orderId: Id<'order'> } | null
    readonly limit: number
  },
): Promise<ListedOrderRow[]> {
  const values: unknown[] = []
  const place = (value: unknown): string => `$${values.push(value)}`
  const conditions: string[] = []
  const names: string[] = []
  const narrow = <Value>(name: string, value: Value | null, condition: (value: Value) => string): void => {
    if (value === null) return
    names.push(name)
    conditions.push(condition(value))
  }
  // Read in the order of the index that narrows it; that of a SKU is in another table.
  const listed = filter.variantId === null ? 'order_row' : 'order_variant'
  narrow('variant', filter.variantId, (id) => `order_variant.variant_id = ${place(id)}::uuid`)
  narrow('status', filter.status, (status) => `status = ${place(status)}::text`)
  narrow('channel', filter.channelId, (id) => `channel_id = ${place(id)}::uuid`)
  const [onlyPersonId] = filter.personIds ?? []
  if (filter.personIds?.length === 1 && onlyPersonId !== undefined) {
    narrow('person', onlyPersonId, (id) => `person_id = ${place(id)}::uuid`)
  } else {
    narrow('people', filter.personIds, (ids) => `person_id = any(${place(plainArray(ids))}::uuid[])`)
  }
  narrow('number', filter.number, (number) => `number = ${place(number)}::bigint`)
  narrow('reference', filter.reference, (reference) => `reference = ${place(reference)}::text`)
  narrow('after', filter.placedAfter, (at) => `${listed}.placed_at > ${place(new Date(at))}::timestamptz`)
  narrow('before', page.before, ({ placedAt, orderId }) => {
    const last = `(${place(new Date(placedAt))}::timestamptz, ${place(orderId)}::uuid)`
    return `(${listed}.placed_at, ${listed}.order_id) < ${last}`
  })
  // Not a parameter: PostgreSQL takes an unknown limit for a tenth of all that matches, finds the plan that holds for
  // any value too dear, and plans every list anew (370 µs instead of 180 µs at a million orders).
  const rowsMax = must(
    PAGE_ROWS.find((rows) => rows >= page.limit),
    'a page of a list is at most a hundred orders',
  )
  const where = conditions.length === 0 ? 'true' : conditions.join(' and ')
  const newestFirst = `order by ${listed}.placed_at desc, ${listed}.order_id desc limit ${rowsMax}`
  const rows = await source.rows<ListedOrderRow>({
    name: ['orderviews.list_order_rows', rowsMax, ...names].join('_'),
    text:
      listed === 'order_row'
        ? `select ${listedColumns} from orderviews.order_row where ${where} ${newestFirst}`
        : `select ${listedColumns} from orderviews.order_variant join orderviews.order_row using (order_id)
            where ${where} ${newestFirst}`,
    values,
  })
  return rows.slice(0, page.limit)
}

/** Pages and one more, to know whether there is a next; few, as each is a statement of its own. */
const PAGE_ROWS = [11, 26, 51, 101]

const listedColumns = `order_row.order_id, number, channel_id, reference, person_id, status, currency, total_minor,
                  order_row.placed_at`
