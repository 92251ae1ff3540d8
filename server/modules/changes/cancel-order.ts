import type { Id } from '../../kernel/id.ts'
import { must } from '../../kernel/invariant.ts'
import type { Tx } from '../../platform/db.ts'
import { buckets, lockOrderRows, readDemandLineRows, type OrderRow } from '../orders/index.ts'
import { lockAttemptsOfOrders } from '../payments/index.ts'
import { decideCancellation, type CancelRefusal } from './decide-cancellation.ts'
import { endUnfulfilled } from './end-unfulfilled.ts'

export interface CancelCommand {
  readonly orderId: Id<'order'>
  readonly reason: string
  /** `buyer`, or the key of who did it. */
  readonly actor: string
}

export type CancelOutcome =
  | { readonly kind: 'cancelled'; readonly order: OrderRow }
  | { readonly kind: 'refused'; readonly refusal: CancelRefusal }

/** Cancels a whole order that no location has begun to work on, or says why it cannot be. */
export async function cancelOrder(tx: Tx, { orderId, reason, actor }: CancelCommand): Promise<CancelOutcome> {
  const [orders, attempts] = await Promise.all([lockOrderRows(tx, [orderId]), lockAttemptsOfOrders(tx, [orderId])])
  const order = must(orders[0], 'an order that the caller may see')
  const demand = await readDemandLineRows(tx, [orderId])
  const refusal = decideCancellation({
    status: order.status,
    attempts: attempts.map((attempt) => attempt.status),
    begun: demand.some((line) => buckets.some((bucket) => !untouched.has(bucket) && line[bucket] > 0)),
  })
  if (refusal !== null) return { kind: 'refused', refusal }
  await endUnfulfilled(tx, { orders, attempts }, { status: 'cancelled', reason, actor })
  return { kind: 'cancelled', order }
}

/** Units in these buckets are still ours alone. */
const untouched: ReadonlySet<string> = new Set(['pending', 'allocated', 'cancelled'])
