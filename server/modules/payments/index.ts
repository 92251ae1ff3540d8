export { events } from './payments.events.ts'
export { mountPayments } from './payments.http.ts'
export { refusals, type PaymentsRefusal } from './payments.refusals.ts'
export {
  attemptOf,
  isUndecided,
  type Attempt,
  type AttemptRow,
  type AttemptStatus,
  type NewAttempt,
  type RequestIdentity,
} from './attempt.ts'
export { compareBooks, compareProviderBooks, renderComparisons, type BookComparison } from './compare-books.ts'
export { dueAttempts } from './due-attempts.ts'
export { giveUpAttempts } from './give-up-attempts.ts'
export { decideSettlement, type PersonsDecision, type Settlement } from './decide-settlement.ts'
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
  insertTransactions,
  isProviderReferenceTaken,
  leaseAttempt,
  leaseDueAttempts,
  lockAttempts,
  lockAttemptsOfOrders,
  readAttemptRows,
  readAttemptRowsOfOrders,
  readTransactionRows,
  type NewTransaction,
  type TransactionRow,
} from './payments.sql.ts'
export type * from './ports.ts'
export { voidAttempt } from './void-attempt.ts'
export { settleAttempts, type Answered, type Settled } from './settle-attempts.ts'
export {
  decideTenders,
  spendableById,
  takeShares,
  whyUnusable,
  type SpendableValue,
  type TenderDecision,
  type TenderRefusal,
  type TenderShare,
  type TenderWish,
  type UnusableReason,
} from './decide-tenders.ts'
export { giveBackTenders, postTenders } from './end-tenders.ts'
export { expireValue, forgetShownCodes } from './expire-value.ts'
export { issueGiftCard, issueSoldCards, type GiftCardToIssue } from './issue-value.ts'
export { recordTenders } from './record-tenders.ts'
export { readShownCode, showCode } from './show-code.ts'
export { ShownCode } from './stored-value-json.ts'
export {
  findGiftCard,
  findStoreCredit,
  lockAccounts,
  readAccounts,
  readSoldCards,
  readTenders,
  type NewTender,
  type SoldUnit,
} from './stored-value.sql.ts'
export {
  formatAccountId,
  type ValueAccountId,
  type ValueAccountRow,
  type ValueKind,
  type ValueTenderRow,
} from './value-account.ts'
