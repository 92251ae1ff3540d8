import { formatId, newId, type Id } from '../../kernel/id.ts'
import { must } from '../../kernel/invariant.ts'
import type { Instant } from '../../kernel/time.ts'
import { FIRST_GROUP } from '../carts/index.ts'
import type { NewException } from '../exceptions/index.ts'
import type { StockEntry } from '../inventory/index.ts'
import { missingUnits, worst, type NewDemandLine, type NewOrder } from '../orders/index.ts'
import type { AcceptedTrusted } from './decide-trusted.ts'
import type { ClaimDraft, Draft, OrderIdentity } from './draft-order.ts'
import type { TrustedPlacement } from './placement.ts'

/** Turns a trusted decision into rows: what has supply is allocated, what was carried out is delivered. */
export function draftTrustedOrder(
  request: TrustedPlacement,
  decision: AcceptedTrusted,
  identity: OrderIdentity,
  at: Instant,
): Draft {
  const placedAt = request.placedAt ?? at
  const decisionId = newId<'decision'>()
  const isCarriedOut = request.method === 'carried_out'
  const demandIds = decision.demand.map(() => newId<'demandLine'>())
  const stockedIds = demandIds.filter((_, index) => decision.demand[index]?.stocked)
  const allocatedUnits = new Map<string, number>()
  const claims: ClaimDraft[] = []
  const entries: StockEntry[] = []
  for (const { demand, supply, units } of decision.allotments) {
    const demandId = must(stockedIds[demand], 'a demand line for every allotment')
    allocatedUnits.set(demandId, (allocatedUnits.get(demandId) ?? 0) + units)
    claims.push({
      id: newId<'claim'>(),
      variantId: supply.variantId,
      demandKind: 'demand_line',
      demandId,
      supplyId: supply.supplyId,
      channelId: request.channel.id,
      decisionId,
      quantity: units,
      stage: 'allocated',
      reservedUntil: null,
      promisedBy: decision.promise?.latest ?? null,
    })
  }
  for (const [index, { variantId, supplyId, units, leaving, found }] of decision.carriedOut.entries()) {
    const claimId = newId<'claim'>()
    const entry = { supplyId, claimedDelta: 0, cause: identity.id, occurredAt: placedAt } as const
    claims.push({
      id: claimId,
      variantId,
      demandKind: 'demand_line',
      demandId: must(stockedIds[index], 'a demand line for everything carried out'),
      supplyId,
      channelId: request.channel.id,
      decisionId: null,
      quantity: units,
      stage: 'consumed',
      reservedUntil: null,
      promisedBy: null,
    })
    if (found > 0) entries.push({ ...entry, reason: 'found', quantityDelta: found, claimId: null })
    if (leaving > 0) entries.push({ ...entry, reason: 'carried_out', quantityDelta: -leaving, claimId })
  }

  // By line beforehand: looking through all demand for each line of an order of 2,000 takes longer than writing it.
  const demandByLine = request.lines.map((): NewDemandLine[] => [])
  for (const [index, { line, variantId, sku, stocked, shareMinor, units }] of decision.demand.entries()) {
    const id = must(demandIds[index], 'an id for every demand line')
    const delivered = isCarriedOut ? units : 0
    const allocated = allocatedUnits.get(id) ?? 0
    demandByLine[line]?.push({
      id,
      variantId,
      sku,
      stocked,
      shareMinor,
      ordered: units,
      pending: units - allocated - delivered,
      allocated,
      delivered,
    })
  }
  const order: NewOrder = {
    id: identity.id,
    number: identity.number,
    channelId: request.channel.id,
    reference: request.reference,
    fingerprint: request.fingerprint,
    cartId: null,
    personId: identity.personId,
    status: isCarriedOut && request.paymentState === 'paid' ? 'completed' : 'open',
    currency: request.currency,
    taxIncluded: request.taxIncluded,
    totals: decision.totals,
    paymentTerms: request.paymentState,
    placedAt,
    payBy: null,
    groups: [
      {
        number: FIRST_GROUP,
        method: request.method,
        locationId: decision.locationId,
        deliveryOption: null,
        addressId: identity.addressId,
        shipTo: request.shipTo,
      },
    ],
    lines: request.lines.map((line, index) => {
      const { variantId, sku, title } = must(decision.offers[index], 'an offer for every line')
      const money = must(decision.money[index], 'money for every line')
      return {
        id: newId<'orderLine'>(),
        group: FIRST_GROUP,
        variantId,
        sku,
        title,
        quantity: line.quantity,
        ...money,
        taxRatePpm: null,
        demand: must(demandByLine[index], 'the demand of every line'),
      }
    }),
    charges: request.charges.map((charge) => ({ ...charge, group: charge.type === 'delivery' ? FIRST_GROUP : null })),
  }
  return {
    order,
    groups: [{ number: FIRST_GROUP, decisionId, facts: decision.facts, promise: decision.promise }],
    attempt: null,
    newAttempt: null,
    tenders: [],
    offered: null,
    reported: request.tenders.map(({ kind, amountMinor }, index) => ({
      id: newId<'transaction'>(),
      attemptId: null,
      orderId: identity.id,
      tender: index + 1,
      kind: 'external',
      amountMinor,
      currency: request.currency,
      provider: kind,
      providerReference: `${identity.id}/${index + 1}`,
    })),
    claims,
    converted: [],
    freed: [],
    entries,
    exceptions: exceptionsOf(order, decision),
  }
}

/** What the channel sold and we could not find is a case for a person, never a refusal. */
function exceptionsOf(order: NewOrder, decision: AcceptedTrusted): NewException[] {
  const object = { objectKind: 'order', objectId: order.id } as const
  const exceptions: NewException[] = []
  const missing = order.lines.flatMap(({ demand }) => demand.filter((each) => each.stocked && each.pending > 0))
  if (missing.length > 0) {
    exceptions.push(
      missingUnits(
        order.id,
        missing.map(({ sku, pending }) => ({ sku, units: pending })),
      ),
    )
  }
  const found = new Map<Id<'variant'>, number>()
  for (const take of decision.carriedOut) {
    if (take.found > 0) found.set(take.variantId, (found.get(take.variantId) ?? 0) + take.found)
  }
  if (found.size > 0) {
    const variants = [...found].map(([variantId, units]) => ({ variantId: formatId('variant', variantId), units }))
    exceptions.push({
      ...object,
      reason: 'count_wrong',
      facts: worst('variants', variants),
      nextAction: 'Count these SKUs at the location: more was carried out than the books held.',
    })
  }
  return exceptions
}
