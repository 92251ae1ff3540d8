import { addMs, MINUTE_MS } from '../../kernel/time.ts'
import type { Db } from '../../platform/db.ts'
import { lockOrderRows, postponeExpiry, readOverdueOrders } from '../orders/index.ts'
import { lockAttemptsOfOrders } from '../payments/index.ts'
import { END_BATCH_MAX, endUnfulfilled } from './end-unfulfilled.ts'

/** An overdue order whose payment has no answer yet is looked at again after this, so that it stands in nobody's way. */
const WAIT_MS = MINUTE_MS

/**
 * Ends orders nobody paid by `payBy` and gives their units back. An order whose payment is pending or unknown is left
 * alone: expiry waits for the answer. A buyer who is still on the provider's page is late: that payment is stopped, and
 * what succeeds there after all is given back.
 *
 * @returns how many it dealt with; a full batch means there may be more
 */
export async function expireOrders(db: Db): Promise<number> {
  const { at } = await db.clock()
  const overdue = await readOverdueOrders(db, at, END_BATCH_MAX)
  if (overdue.length === 0) return 0
  const orderIds = overdue.map((order) => order.id)
  return db.inTransaction(async (tx) => {
    // What was read before may have moved: everything is looked at again under the locks.
    const [locked, attempts] = await Promise.all([lockOrderRows(tx, orderIds), lockAttemptsOfOrders(tx, orderIds)])
    const unanswered = new Set(
      attempts.filter(({ status }) => status === 'pending' || status === 'unknown').map((attempt) => attempt.order_id),
    )
    const late = locked.filter(
      ({ status, pay_by }) => status === 'awaiting_payment' && pay_by !== null && pay_by < tx.at,
    )
    const waiting = late.filter(({ id }) => unanswered.has(id)).map(({ id }) => id)
    if (waiting.length > 0) postponeExpiry(tx, waiting, addMs(tx.at, WAIT_MS))
    const orders = late.filter(({ id }) => !unanswered.has(id))
    await endUnfulfilled(tx, { orders, attempts }, { status: 'expired', reason: 'not_paid', actor: 'system' })
    return late.length
  })
}
