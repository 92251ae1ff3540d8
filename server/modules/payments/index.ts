export { events } from './payments.events.ts'
export {
  attemptOf,
  isUndecided,
  type Attempt,
  type AttemptRow,
  type AttemptStatus,
  type NewAttempt,
  type RequestIdentity,
} from './attempt.ts'
export { dueAttempts } from './due-attempts.ts'
export { giveUpAttempts } from './give-up-attempts.ts'
export { decideSettlement, type Settlement } from './decide-settlement.ts'
export {
  askable,
  FIRST_CALL_DEADLINE_MS,
  FIRST_CALL_LEASE_MS,
  openPayments,
  type AttemptToAsk,
  type Payments,
} from './open-payments.ts'
export {
  insertAttempts,
  leaseAttempt,
  leaseDueAttempts,
  lockAttempts,
  lockAttemptsOfOrders,
  readAttemptRows,
  readAttemptRowsOfOrders,
  readTransactionRows,
  type TransactionRow,
} from './payments.sql.ts'
export type * from './ports.ts'
export { voidAttempt } from './void-attempt.ts'
export { settleAttempts, type Answered, type Settled } from './settle-attempts.ts'
