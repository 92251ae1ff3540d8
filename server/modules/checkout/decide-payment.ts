import type { Instant } from '../../kernel/time.ts'
import { decideTenders, type SpendableValue, type TenderShare, type ValueAccountId } from '../payments/index.ts'
import type { Offer, PlacementRefusal, ShopperPlacement } from './placement.ts'

/** Who pays how much of an accepted order. */
export interface AcceptedPayment {
  readonly kind: 'accepted'
  /** Gift cards and store credit, in the order of the order's tenders. */
  readonly shares: readonly TenderShare[]
  /** For the provider; zero: none is asked and the order opens at once. */
  readonly dueMinor: bigint
}

export type PaymentDecision = AcceptedPayment | { readonly kind: 'refused'; readonly refusal: PlacementRefusal }

/**
 * Decides how a shopper's order is paid, once it is known what it costs.
 *
 * @param value  what locked accounts still hold; the caller takes the shares out of it when it accepts
 */
export function decidePayment(
  { channel, currency, payment, tenders, seenDueMinor, mustSayDue }: ShopperPlacement,
  current: Offer,
  { at, value }: { readonly at: Instant; readonly value: ReadonlyMap<ValueAccountId, SpendableValue> },
): PaymentDecision {
  const decision = decideTenders(
    {
      at,
      totalMinor: current.totalMinor,
      currency,
      legalEntityId: channel.legalEntityId,
      wishes: tenders,
      hasProvider: payment !== null,
      seenDueMinor,
      mustSayDue,
    },
    value,
  )
  if (decision.kind === 'accepted') return decision
  const { refusal } = decision
  return 'dueMinor' in refusal
    ? { kind: 'refused', refusal: { code: refusal.code, dueMinor: refusal.dueMinor, current } }
    : { kind: 'refused', refusal }
}
