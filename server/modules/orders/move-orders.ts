import { formatId, type Id } from '../../kernel/id.ts'
import { invariant } from '../../kernel/invariant.ts'
import type { Tx } from '../../platform/db.ts'
import { appendEvents } from '../../platform/events/append.ts'
import { nextStatuses, type OrderStatus } from './order.ts'
import { cancelUnits, moveOrders, moveUnits, type OrderRow } from './orders.sql.ts'

/** Units of a demand line that found supply. */
export interface AllocatedUnits {
  readonly demandId: Id<'demandLine'>
  readonly units: number
}

/** Opens orders whose money is safe. The caller holds their locks and has moved their claims to `allocated`. */
export async function openOrders(
  tx: Tx,
  orders: readonly OrderRow[],
  allocated: readonly AllocatedUnits[],
): Promise<void> {
  await step(tx, orders, 'open', 'order.accepted')
  if (allocated.length > 0) moveUnits(tx, allocated, 'pending_to_allocated')
}

/**
 * Ends orders nobody will fulfil. The caller holds their locks and has freed their claims; every unit that was not
 * handed to a location ends as cancelled.
 */
export async function endOrders(
  tx: Tx,
  orders: readonly OrderRow[],
  end: { readonly status: 'cancelled' | 'expired'; readonly reason: string; readonly actor: string },
): Promise<void> {
  await step(tx, orders, end.status, `order.${end.status}`, { reason: end.reason, actor: end.actor })
  cancelUnits(
    tx,
    orders.map((order) => order.id),
  )
}

async function step(
  tx: Tx,
  orders: readonly OrderRow[],
  to: OrderStatus,
  type: string,
  data: Record<string, string> = {},
): Promise<void> {
  if (orders.length === 0) return
  for (const { status } of orders) {
    const allowed: readonly OrderStatus[] = nextStatuses[status]
    invariant(allowed.includes(to), `an order cannot go from ${status} to ${to}`)
  }
  const from = [...new Set(orders.map((order) => order.status))]
  const moved = await moveOrders(
    tx,
    orders.map(({ id, version }) => ({ id, version: version + 1 })),
    { from, to },
  )
  invariant(moved.length === orders.length, 'locked orders do not move under their lock')
  appendEvents(
    tx,
    orders.map(({ id, version }) => ({
      type,
      aggregateKind: 'order',
      aggregateId: id,
      version: version + 1,
      occurredAt: tx.at,
      data: { orderId: formatId('order', id), ...data },
    })),
  )
}
