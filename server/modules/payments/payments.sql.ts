import type { Id } from '../../kernel/id.ts'
import type { CurrencyCode } from '../../kernel/money.ts'
import { addMs, type Instant } from '../../kernel/time.ts'
import { instantArray, plainArray, violatedConstraint, type Queryable, type Tx } from '../../platform/db.ts'
import type { AttemptRow, AttemptStatus, NewAttempt } from './attempt.ts'

const attemptColumns = `id, order_id, tender, provider, amount_minor, currency, status, token, return_url, provider_reference,
  action_url, failure, request_key, request_run, tries, decided_by, version, created_at`

/**
 * Records the intents before the provider hears of them. `next_try_at` lies beyond the first call's deadline: whoever
 * records an attempt makes that call itself, the sweep only takes over when it died.
 */
export function insertAttempts(
  tx: Tx,
  attempts: readonly NewAttempt[],
  firstCall: { readonly withinMs: number },
): void {
  tx.send({
    name: 'payments.insert_attempts',
    text: `insert into payments.attempt
             (id, order_id, provider, amount_minor, currency, status, token, return_url, request_key, request_run, tries, next_try_at,
              leased_until, created_at)
           select id, order_id, provider, amount_minor, currency, 'pending', token, return_url, request_key, request_run, 1, $7::timestamptz, $7::timestamptz, $8::timestamptz
             from unnest($1::uuid[], $2::uuid[], $3::text[], $4::bigint[], $5::text[], $6::text[], $9::uuid[], $10::uuid[], $11::text[])
                  as attempt (id, order_id, provider, amount_minor, currency, token, request_key, request_run, return_url)`,
    values: [
      plainArray(attempts.map((attempt) => attempt.id)),
      plainArray(attempts.map((attempt) => attempt.orderId)),
      attempts.map((attempt) => attempt.provider),
      plainArray(attempts.map((attempt) => attempt.amount.minor)),
      plainArray(attempts.map((attempt) => attempt.amount.currency)),
      attempts.map((attempt) => attempt.token),
      new Date(addMs(tx.wallAt, firstCall.withinMs)),
      new Date(tx.at),
      plainArray(attempts.map(({ request }) => request?.id ?? null)),
      plainArray(attempts.map(({ request }) => request?.run ?? null)),
      attempts.map(({ returnUrl }) => returnUrl ?? null),
    ],
  })
}

/** Locks attempts in id order; the caller holds the locks of their orders already. */
export function lockAttempts(tx: Tx, attemptIds: readonly Id<'attempt'>[]): Promise<AttemptRow[]> {
  return tx.rows({
    name: 'payments.lock_attempts',
    text: `select ${attemptColumns} from payments.attempt where id = any($1::uuid[]) order by id for update`,
    values: [plainArray(attemptIds)],
  })
}

/** The provider's reference that a person gave belongs to another payment. */
export function isProviderReferenceTaken(error: unknown): boolean {
  const constraint = violatedConstraint(error)
  return constraint === 'attempt_reference' || constraint === 'transaction_provider_provider_reference_kind_key'
}

/** Locks every attempt of orders in id order; the caller holds the orders' locks already. */
export function lockAttemptsOfOrders(tx: Tx, orderIds: readonly Id<'order'>[]): Promise<AttemptRow[]> {
  return tx.rows({
    name: 'payments.lock_attempts_of_orders',
    text: `select ${attemptColumns} from payments.attempt where order_id = any($1::uuid[]) order by id for update`,
    values: [plainArray(orderIds)],
  })
}

export function readAttemptRows(source: Queryable, attemptIds: readonly Id<'attempt'>[]): Promise<AttemptRow[]> {
  return source.rows({
    name: 'payments.read_attempts',
    text: `select ${attemptColumns} from payments.attempt where id = any($1::uuid[])`,
    values: [plainArray(attemptIds)],
  })
}

export function readAttemptRowsOfOrders(source: Queryable, orderIds: readonly Id<'order'>[]): Promise<AttemptRow[]> {
  return source.rows({
    name: 'payments.read_attempts_of_orders',
    text: `select ${attemptColumns} from payments.attempt where order_id = any($1::uuid[]) order by created_at, id`,
    values: [plainArray(orderIds)],
  })
}

export interface AttemptUpdate {
  readonly id: Id<'attempt'>
  readonly status: AttemptStatus
  readonly providerReference: string | null
  readonly actionUrl: string | null
  readonly failure: string | null
  readonly nextTryAt: Instant | null
  /** A person or key that decides in the provider's stead; who did it once stays named. */
  readonly decidedBy?: string | null
}

/** The token goes as soon as the provider has decided; an undecided attempt keeps it to be asked under the same key. */
export function updateAttempts(tx: Tx, updates: readonly AttemptUpdate[]): void {
  tx.send({
    name: 'payments.update_attempts',
    text: `update payments.attempt as stored
              set status = answered.status,
                  provider_reference = coalesce(answered.provider_reference, stored.provider_reference),
                  action_url = answered.action_url, failure = answered.failure, next_try_at = answered.next_try_at,
                  leased_until = null, version = stored.version + 1,
                  token = case when answered.status in ('pending', 'unknown') then stored.token end,
                  return_url = case when answered.status in ('pending', 'unknown') then stored.return_url end,
                  decided_at = case when answered.status in ('pending', 'action_required', 'unknown') then null else $7::timestamptz end,
                  decided_by = coalesce(answered.decided_by, stored.decided_by)
             from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::timestamptz[], $8::text[])
                  as answered (id, status, provider_reference, action_url, failure, next_try_at, decided_by)
            where stored.id = answered.id`,
    values: [
      plainArray(updates.map((update) => update.id)),
      plainArray(updates.map((update) => update.status)),
      updates.map((update) => update.providerReference),
      updates.map((update) => update.actionUrl),
      updates.map((update) => update.failure),
      instantArray(updates.map((update) => update.nextTryAt)),
      new Date(tx.at),
      updates.map(({ decidedBy }) => decidedBy ?? null),
    ],
  })
}

export interface NewTransaction {
  readonly id: Id<'transaction'>
  /** Null for money that no provider was asked for. */
  readonly attemptId: Id<'attempt'> | null
  readonly orderId: Id<'order'>
  /** Which of the order's tenders; 1 is the provider's. */
  readonly tender: number
  readonly kind: 'authorisation' | 'capture' | 'void' | 'refund' | 'external'
  readonly amountMinor: bigint
  readonly currency: string
  readonly provider: string
  readonly providerReference: string
}

/** Money facts. (provider, reference, kind) is unique: the same answer twice is one fact, and the second insert fails. */
export function insertTransactions(tx: Tx, transactions: readonly NewTransaction[]): void {
  tx.send({
    name: 'payments.insert_transactions',
    text: `insert into payments.transaction
             (id, attempt_id, order_id, tender, kind, amount_minor, currency, provider, provider_reference, occurred_at)
           select transaction.*, $10::timestamptz
             from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::int[], $5::text[], $6::bigint[], $7::text[],
                         $8::text[], $9::text[]) as transaction`,
    values: [
      plainArray(transactions.map((each) => each.id)),
      plainArray(transactions.map((each) => each.attemptId)),
      plainArray(transactions.map((each) => each.orderId)),
      plainArray(transactions.map((each) => each.tender)),
      plainArray(transactions.map((each) => each.kind)),
      plainArray(transactions.map((each) => each.amountMinor)),
      plainArray(transactions.map((each) => each.currency)),
      transactions.map((each) => each.provider),
      transactions.map((each) => each.providerReference),
      new Date(tx.at),
    ],
  })
}

/** Takes attempts whose time has come, so that only one worker asks; 500 a sweep keeps the transaction short. */
export function leaseDueAttempts(tx: Tx, limit: number, leaseMs: number): Promise<AttemptRow[]> {
  return tx.rows({
    name: 'payments.lease_due_attempts',
    text: `update payments.attempt
              set next_try_at = $2, leased_until = $2, tries = tries + 1, version = version + 1
            where id in (select id from payments.attempt
                          where next_try_at <= $1 order by next_try_at limit $3 for update skip locked)
           returning ${attemptColumns}`,
    values: [new Date(tx.wallAt), new Date(addMs(tx.wallAt, leaseMs)), limit],
  })
}

/** Takes one attempt for a call of our own, unless another call of it is on its way. */
export function leaseAttempt(tx: Tx, attemptId: Id<'attempt'>, leaseMs: number): Promise<AttemptRow[]> {
  return tx.rows({
    name: 'payments.lease_attempt',
    text: `update payments.attempt
              set next_try_at = $3, leased_until = $3, tries = tries + 1
            where id = $1 and next_try_at is not null and (leased_until is null or leased_until <= $2)
           returning ${attemptColumns}`,
    values: [attemptId, new Date(tx.wallAt), new Date(addMs(tx.wallAt, leaseMs))],
  })
}

export interface TransactionRow {
  readonly id: Id<'transaction'>
  readonly attempt_id: Id<'attempt'> | null
  readonly order_id: Id<'order'>
  readonly tender: number
  readonly kind: 'authorisation' | 'capture' | 'refund' | 'void' | 'external'
  readonly amount_minor: bigint
  readonly currency: CurrencyCode
  /** The provider's code; of money that no provider moved for us, what it was. */
  readonly provider: string
  readonly occurred_at: Instant
}

export function readTransactionRows(source: Queryable, orderIds: readonly Id<'order'>[]): Promise<TransactionRow[]> {
  return source.rows({
    name: 'payments.read_transactions',
    text: `select id, attempt_id, order_id, tender, kind, amount_minor, currency, provider, occurred_at
             from payments.transaction where order_id = any($1::uuid[]) order by occurred_at, id`,
    values: [plainArray(orderIds)],
  })
}

/** How many entries of our money book each provider should have too. */
export async function countEntriesByProvider(source: Queryable): Promise<Map<string, number>> {
  const rows = await source.rows<{ provider: string; count: number }>({
    name: 'payments.count_entries_by_provider',
    text: `select provider, count(*)::int as count from payments.transaction
            where provider not in ('gift_card', 'store_credit') and kind <> 'external' group by provider order by provider`,
  })
  return new Map(rows.map(({ provider, count }) => [provider, count]))
}
