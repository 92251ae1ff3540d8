import type { AttemptStatus } from './attempt.ts'
import type { AuthoriseAnswer, NotFound } from './ports.ts'

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
  /** A person must look. */
  readonly alarm: 'payment_mismatch' | 'payment_refused' | null
}

/** A provider that never saw the key is asked to authorise again, under the same key. */
const ASK_AGAIN_MS = 5_000
/** A buyer on the provider's page is looked after at this pace, in case the redirect back is lost. */
const WATCH_ACTION_MS = 60_000
const ASK_AGAIN_MAX_MS = 15 * 60_000

/**
 * @param orderWaits  the order still waits for this payment. When it does not, money that was reserved is given back:
 *                    an ended order is never revived.
 * @param tries       calls already made for the attempt
 */
export function decideSettlement(
  answer: AuthoriseAnswer | NotFound,
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
  alarm: null,
} as const
