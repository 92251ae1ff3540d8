import type { Id } from '../../kernel/id.ts'
import type { CurrencyCode, Money } from '../../kernel/money.ts'
import type { Instant } from '../../kernel/time.ts'

/**
 *   pending          recorded, the provider has not answered yet, or is still thinking
 *   action_required  the buyer must take a step on the provider's page
 *   unknown          asked, and whether it happened is not known: asked again under the same key
 *   authorised       the amount is reserved for us
 *   declined         the provider said no, or refused the call
 *   mismatched       the provider's answer was about other money: never paid, a person looks
 *   void_due         authorised for an order that can no longer use it: to be given back
 *   voided           given back
 */
export type AttemptStatus =
  | 'pending'
  | 'action_required'
  | 'unknown'
  | 'authorised'
  | 'declined'
  | 'mismatched'
  | 'void_due'
  | 'voided'

/** Attempts that may still turn into money. */
export const undecidedStatuses = ['pending', 'action_required', 'unknown'] as const satisfies readonly AttemptStatus[]

export interface NewAttempt {
  readonly id: Id<'attempt'>
  readonly orderId: Id<'order'>
  readonly provider: string
  readonly amount: Money
  readonly token: string
  /** Where the provider sends the buyer after a step on its page. */
  readonly returnUrl?: string | undefined
  /** The idempotency key of the request, and its execution. */
  readonly request: RequestIdentity | null
}

/** An idempotency key as it is kept, and the execution that holds it. */
export interface RequestIdentity {
  readonly id: string
  readonly run: string
}

export interface Attempt {
  readonly id: Id<'attempt'>
  readonly orderId: Id<'order'>
  readonly tender: number
  readonly provider: string
  readonly amount: Money
  readonly status: AttemptStatus
  readonly token: string | null
  readonly returnUrl: string | null
  readonly providerReference: string | null
  readonly actionUrl: string | null
  readonly failure: string | null
  readonly request: RequestIdentity | null
  readonly tries: number
  /** Who decided what the provider did not tell; null where the provider did. */
  readonly decidedBy: string | null
  readonly version: number
  readonly createdAt: Instant
}

export interface AttemptRow {
  readonly id: Id<'attempt'>
  readonly order_id: Id<'order'>
  readonly tender: number
  readonly provider: string
  readonly amount_minor: bigint
  readonly currency: CurrencyCode
  readonly status: AttemptStatus
  readonly token: string | null
  readonly return_url: string | null
  readonly provider_reference: string | null
  readonly action_url: string | null
  readonly failure: string | null
  readonly request_key: string | null
  readonly request_run: string | null
  readonly tries: number
  readonly decided_by: string | null
  readonly version: number
  readonly created_at: Instant
}

export function attemptOf(row: AttemptRow): Attempt {
  return {
    id: row.id,
    orderId: row.order_id,
    tender: row.tender,
    provider: row.provider,
    amount: { minor: row.amount_minor, currency: row.currency },
    status: row.status,
    token: row.token,
    returnUrl: row.return_url,
    providerReference: row.provider_reference,
    actionUrl: row.action_url,
    failure: row.failure,
    request:
      row.request_key === null || row.request_run === null ? null : { id: row.request_key, run: row.request_run },
    tries: row.tries,
    decidedBy: row.decided_by,
    version: row.version,
    createdAt: row.created_at,
  }
}

export function isUndecided(status: AttemptStatus): boolean {
  return (undecidedStatuses as readonly AttemptStatus[]).includes(status)
}
