import type { AttemptRow, AttemptStatus } from './attempt.ts'
import type { AuthoriseAnswer, NotFound } from './ports.ts'

/** What a person found out at a provider that does not answer us. */
export interface PersonsDecision {
  readonly kind: 'found_by_person'
  readonly outcome: 'authorised' | 'declined'
  readonly providerReference: string | null
  /** Who says so. */
  readonly actor: string
}

/** What the provider's answer makes of an attempt, and of the order that waits for it. */
export interface Settlement {
  readonly status: AttemptStatus
  readonly providerReference: string | null
  readonly actionUrl: string | null
  readonly failure: string | null
  /** The authorisation to book; null when no money was reserved. */
  readonly authorised: { readonly expiresAt: number | null } | null
  /** Ask again this long from now; null when nothing is left to do. */
  readonly askAgainAfterMs: number | null
  /** Who decided in the provider's stead. */
  readonly decidedBy: string | null
  /** A person must look. */
  readonly alarm: 'payment_mismatch' | 'payment_refused' | null
}

/** A provider that never saw the key is asked to authorise again, under the same key. */
const ASK_AGAIN_MS = 5_000
/** A buyer on the provider's page is looked after at this pace, in case the redirect back is lost. */
const WATCH_ACTION_MS = 60_000
const ASK_AGAIN_MAX_MS = 15 * 60_000
/** A call of ours that was on its way when a person decided has ended by then. */
const GIVE_BACK_AFTER_MS = 10_000

/**
 * @param orderWaits  the order still waits for this payment. When it does not, money that was reserved is given back:
 *                    an ended order is never revived.
 * @param tries       calls already made for the attempt
 */
export function decideSettlement(
  answer: AuthoriseAnswer | NotFound | PersonsDecision,
  { orderWaits, tries }: { readonly orderWaits: boolean; readonly tries: number },
): Settlement {
  switch (answer.kind) {
    case 'authorised':
      return {
        ...nothing,
        status: orderWaits ? 'authorised' : 'void_due',
        providerReference: answer.providerReference,
        authorised: { expiresAt: answer.expiresAt ?? null },
        askAgainAfterMs: orderWaits ? null : 0,
      }
    case 'declined':
      return { ...nothing, status: 'declined', providerReference: answer.providerReference, failure: answer.reason }
    case 'requires_action':
      return {
        ...nothing,
        status: 'action_required',
        providerReference: answer.providerReference,
        actionUrl: answer.url,
        askAgainAfterMs: WATCH_ACTION_MS,
      }
    case 'pending':
      return {
        ...nothing,
        status: 'pending',
        providerReference: answer.providerReference,
        askAgainAfterMs: answer.retryAfterMs,
      }
    case 'voided':
      return { ...nothing, status: 'voided', providerReference: answer.providerReference }
    case 'mismatch':
      return {
        ...nothing,
        status: 'mismatched',
        providerReference: answer.providerReference,
        failure: `${answer.differs}: expected ${answer.expected}, answered ${answer.answered}`,
        alarm: 'payment_mismatch',
      }
    case 'refused':
      return { ...nothing, status: 'declined', failure: answer.code, alarm: 'payment_refused' }
    case 'unknown':
      return {
        ...nothing,
        status: 'unknown',
        failure: answer.cause,
        askAgainAfterMs: backoffMs(tries),
        alarm: answer.cause === 'refused' ? 'payment_refused' : null,
      }
    case 'not_found':
      return { ...nothing, status: 'pending', askAgainAfterMs: 0 }
    case 'found_by_person': {
      const { outcome, providerReference, actor: decidedBy } = answer
      if (outcome === 'declined') {
        // Whoever is mistaken here must not keep a buyer's money: what the provider has of it after all is given back,
        // once no call of ours can be on its way any more.
        const failure = 'declined_by_person'
        const askAgainAfterMs = GIVE_BACK_AFTER_MS
        return { ...nothing, status: 'void_due', providerReference, decidedBy, failure, askAgainAfterMs }
      }
      return {
        ...nothing,
        status: orderWaits ? 'authorised' : 'void_due',
        providerReference,
        decidedBy,
        authorised: { expiresAt: null },
        askAgainAfterMs: orderWaits ? null : 0,
      }
    }
  }
}

/** What the provider says of an attempt that a person decided meanwhile. */
export type LateAnswer =
  /** It agrees, or says nothing. */
  | { readonly kind: 'agrees' }
  /** Money that the person did not know of: it goes back. */
  | { readonly kind: 'give_back'; readonly settlement: Settlement }
  /** The order is open and the provider does not have its money. */
  | { readonly kind: 'contradicts'; readonly answered: string }

/** The person's decision stands whatever comes later; what follows from a provider that says otherwise. */
export function decideLateAnswer(
  { status, provider_reference, failure }: Pick<AttemptRow, 'status' | 'provider_reference' | 'failure'>,
  answer: AuthoriseAnswer | NotFound,
): LateAnswer {
  const isGivenUp = status === 'void_due' || status === 'voided'
  switch (answer.kind) {
    case 'authorised':
      if (isGivenUp) {
        const { providerReference } = answer
        return {
          kind: 'give_back',
          settlement: { ...nothing, status: 'void_due', providerReference, failure, askAgainAfterMs: 0 },
        }
      }
      return answer.providerReference === provider_reference
        ? { kind: 'agrees' }
        : { kind: 'contradicts', answered: `authorised as ${answer.providerReference}` }
    case 'declined':
    case 'voided':
    case 'mismatch':
    case 'not_found':
      return isGivenUp ? { kind: 'agrees' } : { kind: 'contradicts', answered: answer.kind }
    case 'requires_action':
    case 'pending':
    case 'unknown':
    case 'refused':
      return { kind: 'agrees' }
  }
}

/** Doubles from five seconds to a quarter of an hour; providers keep idempotency keys for a day or longer. */
function backoffMs(tries: number): number {
  return Math.min(ASK_AGAIN_MAX_MS, ASK_AGAIN_MS * 2 ** Math.max(0, tries - 1))
}

const nothing = {
  providerReference: null,
  actionUrl: null,
  failure: null,
  authorised: null,
  askAgainAfterMs: null,
  decidedBy: null,
  alarm: null,
} as const
