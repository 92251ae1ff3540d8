import type { Id } from '../../kernel/id.ts'
import type { CurrencyCode, Money } from '../../kernel/money.ts'
import type { Instant } from '../../kernel/time.ts'
import type { Queryable } from '../../platform/db.ts'

/**
 * A payment service provider as Waybill needs it. Every call is made outside of transactions, ends by its deadline and
 * answers with a value; what throws is a bug of ours. Asking again under the same key never moves money twice.
 */
export interface PaymentProvider {
  /** How attempts name it, such as `sandbox`. */
  readonly code: string
  readonly abilities: ProviderAbilities
  /** Reserves the amount on the buyer's means of payment; the attempt's id is the key. */
  authorise(request: AuthoriseRequest, limit: CallLimit): Promise<AuthoriseAnswer>
  /** How a payment stands after the buyer's step, or once a `pending` one has had time. */
  continue(request: KnownPayment, limit: CallLimit): Promise<AuthoriseAnswer>
  /** How a payment stands that we may never have had an answer for. */
  find(expected: ExpectedPayment, limit: CallLimit): Promise<AuthoriseAnswer | NotFound>
  /** Gives back what is authorised and not captured. */
  void(request: VoidRequest, limit: CallLimit): Promise<VoidAnswer>
  capture(request: MoveRequest, limit: CallLimit): Promise<CaptureAnswer>
  refund(request: MoveRequest, limit: CallLimit): Promise<RefundAnswer>
  /**
   * The provider's own book, oldest entries first, page by page: what our money book is held against. Left out by
   * providers that do not tell it.
   *
   * @param after  `next` of the page before, null for the first
   */
  readBook?(after: string | null, limit: CallLimit): Promise<BookPage | Unknown | Refused>
}

export interface BookPage {
  readonly kind: 'page'
  readonly entries: readonly BookEntry[]
  /** Null on the last page. */
  readonly next: string | null
}

/** A movement of money as the provider has it. */
export interface BookEntry {
  readonly id: string
  readonly kind: 'authorisation' | 'capture' | 'void' | 'refund'
  /** The payment's id at the provider. */
  readonly payment: string
  readonly amountMinor: bigint
  readonly currency: string
  /** Ours: the attempt's id, for later commands with a suffix. */
  readonly key: string
}

/** What a provider can do, declared by its adapter and read by whoever plans captures and refunds. */
export interface ProviderAbilities {
  readonly partialCapture: boolean
  /** More than one capture on one authorisation. */
  readonly multiCapture: boolean
  readonly partialRefund: boolean
  /** How far captures may go above the authorised amount, in per cent of it. */
  readonly overCapturePercent: number
  /** How long an authorisation is good for. */
  readonly authorisationDays: number
  /** The buyer may have to take a step on a page of the provider. */
  readonly buyerSteps: boolean
}

export interface CallLimit {
  /** Everything included: waiting for a connection, sending, the whole answer. */
  readonly deadlineMs: number
}

/** What the provider's answer must name to be believed. */
export interface ExpectedPayment {
  readonly attemptId: Id<'attempt'>
  /** The order's number as the provider's statements show it. */
  readonly reference: string
  readonly amount: Money
}

export interface AuthoriseRequest extends ExpectedPayment {
  /** The one-time token a head got from the provider. Never logged, never part of an answer. */
  readonly token: string
  /** Where the provider sends the buyer after a step on its page. */
  readonly returnUrl?: string
}

export interface KnownPayment extends ExpectedPayment {
  readonly providerReference: string
}

export interface VoidRequest {
  /** The provider's idempotency key for this command. */
  readonly commandKey: string
  readonly providerReference: string
  /** For the check of the answer. */
  readonly currency: CurrencyCode
}

export interface MoveRequest {
  readonly commandKey: string
  readonly providerReference: string
  readonly amount: Money
}

export type AuthoriseAnswer =
  | Authorised
  /** The buyer's bank said no. Another means of payment is another attempt. */
  | { readonly kind: 'declined'; readonly providerReference: string; readonly reason: string }
  /** The buyer must go to `url` first. */
  | { readonly kind: 'requires_action'; readonly providerReference: string; readonly url: string }
  /** The provider is still thinking; ask `continue` or `find` after `retryAfterMs`. */
  | { readonly kind: 'pending'; readonly providerReference: string; readonly retryAfterMs: number }
  /** We voided it earlier: nothing is reserved any more. */
  | { readonly kind: 'voided'; readonly providerReference: string }
  | Mismatch
  | Unknown
  | Refused

export interface Authorised {
  readonly kind: 'authorised'
  readonly providerReference: string
  readonly authorisedMinor: bigint
  readonly currency: CurrencyCode
  /** When the reservation lapses by itself. */
  readonly expiresAt?: Instant
}

export type VoidAnswer =
  /** `voidedMinor` is zero when nothing had been authorised yet; the payment is over all the same. */
  | {
      readonly kind: 'voided'
      readonly transactionReference: string
      readonly voidedMinor: bigint
      readonly currency: CurrencyCode
    }
  | Mismatch
  | Unknown
  | Refused

export type CaptureAnswer =
  | {
      readonly kind: 'captured'
      readonly transactionReference: string
      readonly capturedMinor: bigint
      readonly currency: CurrencyCode
    }
  | Mismatch
  | Unknown
  | Refused

export type RefundAnswer =
  | {
      readonly kind: 'refunded'
      readonly transactionReference: string
      readonly refundedMinor: bigint
      readonly currency: CurrencyCode
    }
  | Mismatch
  | Unknown
  | Refused

/**
 * The provider did answer, and about something else than was asked: other money, or another payment. Never paid,
 * always an alarm; asking again would only repeat it.
 */
export interface Mismatch {
  readonly kind: 'mismatch'
  readonly providerReference: string
  readonly differs: 'amount' | 'currency' | 'reference'
  readonly expected: string
  readonly answered: string
}

/**
 * Whether it happened is not known, so it must be asked again under the same key.
 *
 *   deadline      no whole answer in time
 *   connection    the connection broke with the request on its way
 *   unreachable   no connection came about: this call did nothing, which says nothing about an earlier one
 *   server_error  5xx
 *   busy          429: not now
 *   unreadable    an answer that is not the provider's format
 *   refused       asked how it stands, the provider would not say: what it did before is as it was
 */
export interface Unknown {
  readonly kind: 'unknown'
  readonly cause: 'deadline' | 'connection' | 'unreachable' | 'server_error' | 'busy' | 'unreadable' | 'refused'
  /** For the log and the exception a person sees; holds no token and no personal data. */
  readonly detail: string
}

/**
 * The provider understood and will not: our configuration or our request is wrong (its key, a reused idempotency key,
 * an amount above what is left). This call moved nothing and asking again will not help.
 */
export interface Refused {
  readonly kind: 'refused'
  /** The provider's code. */
  readonly code: string
  readonly detail: string
}

/** The provider has never seen the key: the first call did not reach it. */
export interface NotFound {
  readonly kind: 'not_found'
}

/** Whether a customer is known: asked before they are given store credit. */
export type IsCustomer = (source: Queryable, personId: Id<'person'>) => Promise<boolean>
