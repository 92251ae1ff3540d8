import type { AttemptRow } from '../payments/index.ts'

/** What a person found out at the provider, and what they know it from. */
export interface FoundPayment {
  readonly outcome: 'authorised' | 'declined'
  readonly providerReference: string | null
  readonly evidence: string
}

export type DecisionRefusal =
  | { readonly code: 'payment_decided'; readonly paymentStatus: string }
  | { readonly code: 'payment_in_progress'; readonly retryAfterMs: number }
  | { readonly code: 'payment_reference_missing' }
  | { readonly code: 'payment_reference_differs'; readonly providerReference: string }
  | { readonly code: 'payment_reference_taken' }

export type UnknownPaymentDecision =
  /** With the provider's reference to book it under; null for one that was not made and has none. */
  | { readonly kind: 'accepted'; readonly providerReference: string | null }
  /** Their own decision, which they made before. */
  | { readonly kind: 'repeated' }
  | { readonly kind: 'version_mismatch'; readonly currentVersion: number }
  | { readonly kind: 'refused'; readonly refusal: DecisionRefusal }

/** Asked for the first time moments ago: the buyer's own request still waits for the answer. */
const FIRST_ANSWER_MS = 5_000

/** Whether a person may decide this payment now; guards in the order in which they should hear of them. */
export function decideUnknownPayment(
  attempt: Pick<AttemptRow, 'status' | 'version' | 'tries' | 'provider_reference' | 'decided_by'>,
  { seenVersion, found, actor }: { readonly seenVersion: number; readonly found: FoundPayment; readonly actor: string },
): UnknownPaymentDecision {
  const { status, version, tries, provider_reference: known } = attempt
  const { outcome, providerReference: told } = found
  if (attempt.decided_by === actor && isSame(attempt, found)) return { kind: 'repeated' }
  if (status !== 'pending' && status !== 'unknown') return refused({ code: 'payment_decided', paymentStatus: status })
  if (version !== seenVersion) return { kind: 'version_mismatch', currentVersion: version }
  if (status === 'pending' && tries <= 1 && known === null) {
    return refused({ code: 'payment_in_progress', retryAfterMs: FIRST_ANSWER_MS })
  }
  if (known !== null && told !== null && told !== known) {
    return refused({ code: 'payment_reference_differs', providerReference: known })
  }
  const providerReference = told ?? known
  if (outcome === 'authorised' && providerReference === null) return refused({ code: 'payment_reference_missing' })
  return { kind: 'accepted', providerReference }
}

function isSame(
  { status, provider_reference: known }: Pick<AttemptRow, 'status' | 'provider_reference'>,
  { outcome, providerReference: told }: FoundPayment,
): boolean {
  return (outcome === 'authorised') === (status === 'authorised') && (told === null || told === known)
}

function refused(refusal: DecisionRefusal): UnknownPaymentDecision {
  return { kind: 'refused', refusal }
}
