import type { Id } from '../../kernel/id.ts'
import { must } from '../../kernel/invariant.ts'
import type { Queryable, Tx } from '../../platform/db.ts'
import { readOrderLineRows, readOrderRows } from '../orders/index.ts'
import { insertOrderedVariantRows, upsertOrderRows } from './orderviews.sql.ts'

/** Brings the list up to date with the orders that events were about; running it twice changes nothing. */
export async function projectOrders(tx: Tx, orderIds: readonly Id<'order'>[]): Promise<void> {
  if (orderIds.length === 0) return
  const [orders, lines] = await readBoth(tx, [...new Set(orderIds)])
  upsertOrderRows(
    tx,
    orders.map((order) => ({
      order_id: order.id,
      number: order.number,
      channel_id: order.channel_id,
      reference: order.reference,
      person_id: order.person_id,
      status: order.status,
      currency: order.currency,
      total_minor: order.total_minor,
      placed_at: order.placed_at,
      version: order.version,
    })),
  )
  const placedAt = new Map(orders.map((order) => [order.id, order.placed_at]))
  insertOrderedVariantRows(
    tx,
    lines.map((line) => ({
      variant_id: line.variant_id,
      placed_at: must(placedAt.get(line.order_id), 'the order of a line'),
      order_id: line.order_id,
    })),
  )
}

function readBoth(source: Queryable, orderIds: readonly Id<'order'>[]) {
  return Promise.all([readOrderRows(source, orderIds), readOrderLineRows(source, orderIds)])
}
