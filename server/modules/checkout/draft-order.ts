import { newId, type Id } from '../../kernel/id.ts'
import { must } from '../../kernel/invariant.ts'
import { addMs, SECOND_MS, type Instant } from '../../kernel/time.ts'
import type { NewException } from '../exceptions/index.ts'
import type { NewClaim, StockEntry } from '../inventory/index.ts'
import type { NewDemandLine, NewOrder, NewOrderLine } from '../orders/index.ts'
import type { NewAttempt, NewTender, NewTransaction } from '../payments/index.ts'
import type { AcceptedPayment } from './decide-payment.ts'
import type { AcceptedPlacement, DemandDraft } from './decide-placement.ts'
import type { PlacedOrder, ShopperPlacement } from './placement.ts'

export interface OrderIdentity {
  readonly id: Id<'order'>
  readonly number: bigint
  readonly personId: Id<'person'> | null
  readonly addressId: Id<'address'> | null
}

export type ClaimDraft = NewClaim & { readonly variantId: Id<'variant'> }

/** Everything that one accepted placement writes. */
export interface Draft extends PlacedOrder {
  readonly decisionId: Id<'decision'>
  readonly facts: string | null
  readonly claims: readonly ClaimDraft[]
  /** Ledger entries besides those of live claims: goods that are gone already. */
  readonly entries: readonly StockEntry[]
  readonly newAttempt: NewAttempt | null
  /** What is paid with gift cards and store credit. */
  readonly tenders: readonly NewTender[]
  /** Money facts that a trusted channel told. */
  readonly reported: readonly NewTransaction[]
  readonly exceptions: readonly NewException[]
}

/** The tender that a provider pays; the order's others follow it. */
const PROVIDER_TENDER = 1

/** Turns a decision into rows. An order with nothing left to pay has nothing to wait for and opens at once. */
export function draftShopperOrder(
  request: ShopperPlacement,
  decision: AcceptedPlacement,
  { shares, dueMinor }: AcceptedPayment,
  identity: OrderIdentity,
  at: Instant,
): Draft {
  const { priced, promise } = decision
  const { totals } = priced
  const free = dueMinor === 0n
  const payBy = addMs(at, request.channel.paymentTtlS * SECOND_MS)
  const demandIds = decision.demand.map(() => newId<'demandLine'>())
  const lines = request.lines.map((wanted, index): NewOrderLine => {
    const offer = must(decision.offers[index], 'an offer for every line')
    const price = must(priced.lines[index], 'a price for every line')
    return {
      id: newId<'orderLine'>(),
      variantId: offer.variantId,
      sku: offer.sku,
      title: offer.title,
      quantity: wanted.quantity,
      unitPriceMinor: price.unitPriceMinor,
      discountMinor: price.discountMinor,
      taxMinor: price.taxMinor,
      taxRatePpm: price.taxRatePpm,
      totalMinor: price.totalMinor,
      demand: demandOf(index, decision.demand, demandIds, free),
    }
  })
  const order: NewOrder = {
    id: identity.id,
    number: identity.number,
    channelId: request.channel.id,
    reference: null,
    fingerprint: null,
    cartId: request.cart?.id ?? null,
    personId: identity.personId,
    addressId: identity.addressId,
    shipTo: decision.method === 'ship' ? request.shipTo : null,
    status: free ? 'open' : 'awaiting_payment',
    method: decision.method,
    currency: request.currency,
    taxIncluded: decision.taxIncluded,
    totals,
    paymentTerms: 'provider',
    placedAt: at,
    payBy: free ? null : payBy,
    lines,
    charges: priced.deliveries.map(({ amountMinor, taxMinor }) => ({ type: 'delivery', amountMinor, taxMinor })),
  }
  const decisionId = newId<'decision'>()
  const attemptId = newId<'attempt'>()
  const stockedIds = demandIds.filter((_, index) => decision.demand[index]?.stocked)
  return {
    order,
    promise,
    decisionId,
    facts: decision.facts,
    claims: decision.allotments.map(({ demand, supply, units }) => ({
      id: newId<'claim'>(),
      variantId: supply.variantId,
      demandKind: 'demand_line',
      demandId: must(stockedIds[demand], 'a demand line for every allotment'),
      supplyId: supply.supplyId,
      channelId: request.channel.id,
      decisionId,
      quantity: units,
      stage: free ? 'allocated' : 'reserved',
      reservedUntil: free ? null : payBy,
      promisedBy: promise.latest,
    })),
    entries: [],
    exceptions: [],
    attempt: free ? null : { id: attemptId, payBy },
    newAttempt: free
      ? null
      : {
          id: attemptId,
          orderId: identity.id,
          ...must(request.payment, 'a provider for what is left to pay'),
          amount: { minor: dueMinor, currency: request.currency },
          request: request.key,
        },
    reported: [],
    tenders: shares.map(({ accountId, kind, amountMinor }, index) => ({
      id: newId<'tender'>(),
      orderId: identity.id,
      tender: PROVIDER_TENDER + 1 + index,
      accountId,
      kind,
      amountMinor,
      currency: request.currency,
      status: free ? 'posted' : 'reserved',
    })),
  }
}

function demandOf(
  line: number,
  demand: readonly DemandDraft[],
  demandIds: readonly Id<'demandLine'>[],
  allocated: boolean,
): NewDemandLine[] {
  return demand.flatMap((each, index) => {
    if (each.line !== line) return []
    const { variantId, sku, stocked, units, shareMinor } = each
    const isAllocated = allocated && stocked
    return [
      {
        id: must(demandIds[index], 'an id for every demand line'),
        variantId,
        sku,
        stocked,
        shareMinor,
        ordered: units,
        pending: isAllocated ? 0 : units,
        allocated: isAllocated ? units : 0,
        delivered: 0,
      },
    ]
  })
}
