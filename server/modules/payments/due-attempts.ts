import { formatId } from '../../kernel/id.ts'
import type { DueIntents } from '../../platform/outbound/intent.ts'
import type { AttemptRow } from './attempt.ts'
import { FIRST_CALL_LEASE_MS } from './open-payments.ts'
import { leaseDueAttempts } from './payments.sql.ts'

/** Attempts whose time to be asked again, or to be given back, has come. */
export const dueAttempts: DueIntents<AttemptRow> = {
  type: 'payment.due',
  aggregateKind: 'payment',
  take: (tx, limit) => leaseDueAttempts(tx, limit, FIRST_CALL_LEASE_MS),
  dataOf: ({ id, order_id }) => ({ paymentId: formatId('attempt', id), orderId: formatId('order', order_id) }),
}
