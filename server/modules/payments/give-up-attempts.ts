import { formatId } from '../../kernel/id.ts'
import { addMs } from '../../kernel/time.ts'
import type { Tx } from '../../platform/db.ts'
import { appendEvents } from '../../platform/events/append.ts'
import { moneyJson } from '../../platform/http/index.ts'
import { attemptOf, type AttemptRow } from './attempt.ts'
import { updateAttempts } from './payments.sql.ts'

/**
 * Gives back, or stops, the payments of orders that end: they are to be voided at the provider, and whatever succeeds
 * there meanwhile is voided too. The caller holds the locks of the orders and of the attempts.
 */
export function giveUpAttempts(tx: Tx, rows: readonly AttemptRow[]): void {
  const open = rows.filter(({ status }) => status === 'authorised' || status === 'action_required')
  if (open.length === 0) return
  updateAttempts(
    tx,
    open.map(({ id, provider_reference, failure }) => ({
      id,
      status: 'void_due',
      providerReference: provider_reference,
      actionUrl: null,
      failure,
      nextTryAt: addMs(tx.wallAt, 0),
    })),
  )
  appendEvents(
    tx,
    open.map(attemptOf).map((attempt) => ({
      type: 'payment.void_due',
      aggregateKind: 'payment',
      aggregateId: attempt.id,
      version: attempt.version + 1,
      occurredAt: tx.at,
      data: {
        paymentId: formatId('attempt', attempt.id),
        orderId: formatId('order', attempt.orderId),
        provider: attempt.provider,
        amount: moneyJson(attempt.amount),
        failure: null,
      },
    })),
  )
}
