import type { Id } from '../../kernel/id.ts'
import type { Tx } from '../../platform/db.ts'
import { freeClaims, lockGates, readClaimedVariants } from '../inventory/index.ts'
import { endOrders, readDemandLineRows, type OrderRow } from '../orders/index.ts'
import { giveBackTenders, giveUpAttempts, type AttemptRow } from '../payments/index.ts'
import { releaseRedemptions } from '../pricing/index.ts'

/** An order holds the gates of all its SKUs: a hundred orders keep the transaction well under its two seconds. */
export const END_BATCH_MAX = 100

/**
 * Ends orders that no location has begun to work on: their units are free again, what they used of offers can be used
 * again, and their payments are given back, to gift cards and store credit what came from them.
 * The caller holds the locks of the orders and of their attempts; gates are locked here, after both, as everywhere.
 */
export async function endUnfulfilled(
  tx: Tx,
  { orders, attempts }: { readonly orders: readonly OrderRow[]; readonly attempts: readonly AttemptRow[] },
  end: { readonly status: 'cancelled' | 'expired'; readonly reason: string; readonly actor: string },
): Promise<void> {
  if (orders.length === 0) return
  const ids = new Set(orders.map((order) => order.id))
  const demand = await readDemandLineRows(tx, [...ids])
  const orderByDemand = new Map<string, Id<'order'>>(demand.map((each) => [each.id, each.order_id]))
  const demandIds = demand.map((each) => each.id)
  const variants = await readClaimedVariants(tx, demandIds)
  const gated = await lockGates(
    tx,
    variants.map((each) => each.variant_id),
  )
  await freeClaims(gated, demandIds, { reason: end.status, causeOf: (demandId) => orderByDemand.get(demandId) ?? null })
  giveUpAttempts(
    tx,
    attempts.filter((attempt) => ids.has(attempt.order_id)),
  )
  await releaseRedemptions(tx, [...ids])
  await giveBackTenders(tx, [...ids])
  await endOrders(tx, orders, end)
}
