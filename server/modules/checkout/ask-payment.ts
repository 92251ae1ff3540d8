import { must } from '../../kernel/invariant.ts'
import { parseId } from '../../kernel/id.ts'
import type { Db } from '../../platform/db.ts'
import { orderNumber, readOrderRows } from '../orders/index.ts'
import { readAttemptRows, voidAttempt, type Payments } from '../payments/index.ts'
import type { Checkout } from './open-checkout.ts'

/**
 * The job behind every payment that is due: asks the provider how an undecided one stands, gives back one whose order
 * ended. Safe to run twice and at the same time: the provider goes by the key, and settling counts once.
 */
export async function askPayment(
  { db, payments, checkout }: { readonly db: Db; readonly payments: Payments; readonly checkout: Checkout },
  payload: unknown,
): Promise<void> {
  const attemptId = must(
    parseId('attempt', (payload as { readonly paymentId: string }).paymentId),
    'the id of a payment',
  )
  const [attempt] = await readAttemptRows(db, [attemptId])
  if (attempt === undefined) return
  if (attempt.status === 'void_due') {
    const [order] = await readOrderRows(db, [attempt.order_id])
    const reference = orderNumber(must(order, 'the order of a payment').number)
    await voidAttempt({ db, payments }, { attemptId, reference })
  } else await checkout.resumeAttempt(attempt.order_id, attemptId)
}
