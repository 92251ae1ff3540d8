import { newId, type Id } from '../../kernel/id.ts'
import { must } from '../../kernel/invariant.ts'
import { addMs, SECOND_MS, type Instant } from '../../kernel/time.ts'
import type { NewException } from '../exceptions/index.ts'
import type { ConvertedClaim, HeldClaim, NewClaim, StockEntry } from '../inventory/index.ts'
import type { NewDemandLine, NewOrder, NewOrderLine } from '../orders/index.ts'
import type { NewAttempt, NewTender, NewTransaction } from '../payments/index.ts'
import type { OfferedOrder } from '../pricing/index.ts'
import type { AcceptedPayment } from './decide-payment.ts'
import type { AcceptedSale } from './decide-placement.ts'
import type { DemandDraft } from './draft-demand.ts'
import type { PlacedOrder, ShopperPlacement } from './placement.ts'

export interface OrderIdentity {
  readonly id: Id<'order'>
  readonly number: bigint
  readonly personId: Id<'person'> | null
  /** The buyer's own, for groups that name none. */
  readonly addressId: Id<'address'> | null
}

export interface BuyerIdentity extends OrderIdentity {
  /** By what offers that everybody may use so often know the buyer again. */
  readonly customerKey: Buffer | null
}

export type ClaimDraft = NewClaim & { readonly variantId: Id<'variant'> }

/** Everything that one accepted placement writes. */
export interface Draft extends PlacedOrder {
  readonly claims: readonly ClaimDraft[]
  /** The cart's claims that become the order's, and those that it does not need as they are. */
  readonly converted: readonly ConvertedClaim[]
  readonly freed: readonly HeldClaim[]
  /** Ledger entries besides those of live claims: goods that are gone already. */
  readonly entries: readonly StockEntry[]
  readonly newAttempt: NewAttempt | null
  /** What is paid with gift cards and store credit. */
  readonly tenders: readonly NewTender[]
  /** The offers that it was priced with. */
  readonly offered: OfferedOrder | null
  /** Money facts that a trusted channel told. */
  readonly reported: readonly NewTransaction[]
  readonly exceptions: readonly NewException[]
}

/** The tender that a provider pays; the order's others follow it. */
const PROVIDER_TENDER = 1

/** Turns a decision into rows. An order with nothing left to pay has nothing to wait for and opens at once. */
export function draftShopperOrder(
  request: ShopperPlacement,
  decision: AcceptedSale,
  { shares, dueMinor }: AcceptedPayment,
  identity: BuyerIdentity,
  at: Instant,
): Draft {
  const { priced } = decision
  const { totals } = priced
  const free = dueMinor === 0n
  const payBy = addMs(at, request.channel.paymentTtlS * SECOND_MS)
  const demandIds = new Map(decision.demand.map((each) => [each, newId<'demandLine'>()]))
  const idOf = (demand: DemandDraft) => must(demandIds.get(demand), 'an id for every demand line')
  const demandByLine = Map.groupBy(decision.demand, ({ line }) => line)
  const lines = request.lines.map((wanted, index): NewOrderLine => {
    const offer = must(decision.offers[index], 'an offer for every line')
    const price = must(priced.lines[index], 'a price for every line')
    return {
      id: newId<'orderLine'>(),
      group: wanted.group,
      variantId: offer.variantId,
      sku: offer.sku,
      title: offer.title,
      quantity: wanted.quantity,
      unitPriceMinor: price.unitPriceMinor,
      discountMinor: price.discountMinor,
      taxMinor: price.taxMinor,
      taxRatePpm: price.taxRatePpm,
      totalMinor: price.totalMinor,
      demand: (demandByLine.get(index) ?? []).map((each) => demandLine(idOf(each), each, free)),
    }
  })
  const groups = decision.groups.map((group) => ({
    ...group,
    number: group.sold.number,
    decisionId: newId<'decision'>(),
  }))
  const order: NewOrder = {
    id: identity.id,
    number: identity.number,
    channelId: request.channel.id,
    reference: null,
    fingerprint: null,
    cartId: request.cart?.id ?? null,
    personId: identity.personId,
    status: free ? 'open' : 'awaiting_payment',
    currency: request.currency,
    taxIncluded: decision.taxIncluded,
    totals,
    paymentTerms: 'provider',
    placedAt: at,
    payBy: free ? null : payBy,
    groups: groups.map(({ number, method, sold: { delivery, shipTo, addressId } }) => ({
      number,
      method,
      locationId: delivery.kind === 'chosen' ? delivery.locationId : null,
      deliveryOption: delivery.kind === 'chosen' ? delivery.optionId : null,
      addressId: addressId ?? identity.addressId,
      shipTo: method === 'ship' ? shipTo : null,
    })),
    lines,
    charges: decision.deliveries.map(({ group, amountMinor, taxMinor }) => {
      return { group, type: 'delivery', amountMinor, taxMinor }
    }),
  }
  const attemptId = newId<'attempt'>()
  return {
    order,
    groups: groups.map(({ number, decisionId, facts, promise }) => ({ number, decisionId, facts, promise })),
    claims: groups.flatMap(({ allotments, decisionId, promise }) =>
      allotments.map(({ demand, supply, units }): ClaimDraft => ({
        id: newId<'claim'>(),
        variantId: supply.variantId,
        demandKind: 'demand_line',
        demandId: idOf(demand),
        supplyId: supply.supplyId,
        channelId: request.channel.id,
        decisionId,
        quantity: units,
        stage: free ? 'allocated' : 'reserved',
        reservedUntil: free ? null : payBy,
        promisedBy: promise?.latest ?? null,
      })),
    ),
    converted: groups.flatMap(({ converted, decisionId, promise }) =>
      converted.map(({ demand, claim }): ConvertedClaim => ({
        claimId: claim.claimId,
        demandId: idOf(demand),
        decisionId,
        stage: free ? 'allocated' : 'reserved',
        reservedUntil: free ? null : payBy,
        promisedBy: promise?.latest ?? null,
      })),
    ),
    freed: decision.freed,
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
    offered: {
      orderId: identity.id,
      currency: request.currency,
      customerKey: identity.customerKey,
      applied: priced.applied,
      state: free ? 'posted' : 'reserved',
    },
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

function demandLine(id: Id<'demandLine'>, demand: DemandDraft, free: boolean): NewDemandLine {
  const { variantId, sku, stocked, units, shareMinor } = demand
  const isAllocated = free && stocked
  return {
    id,
    variantId,
    sku,
    stocked,
    shareMinor,
    ordered: units,
    pending: isAllocated ? 0 : units,
    allocated: isAllocated ? units : 0,
    delivered: 0,
  }
}
