import type { Id } from '../../kernel/id.ts'
import { must } from '../../kernel/invariant.ts'
import { MINUTE_MS } from '../../kernel/time.ts'
import { MONEY_MINOR_MAX, sumMinor } from '../../kernel/money.ts'
import { FIRST_GROUP, isDelivered, type SellingWorld } from '../carts/index.ts'
import type { Offer as CatalogOffer } from '../catalog/index.ts'
import type { NewOrderLine, Totals } from '../orders/index.ts'
import {
  decideSourcing,
  locatePostalCode,
  rankForPickup,
  routeToNowhere,
  shipRoute,
  type Allotment,
  type DeliveryWindow,
  type Route,
} from '../sourcing/index.ts'
import { refuseUnits } from './decide-units.ts'
import { draftDemand, type DemandDraft } from './draft-demand.ts'
import {
  LINES_PER_TRUSTED_ORDER_MAX,
  type PlacementRefusal,
  type TrustedLine,
  type TrustedPlacement,
} from './placement.ts'
import type { CounterPool, CounterTake, SupplyPool } from './supply-pool.ts'

/** How far ahead of us a channel's clock may be. */
const AHEAD_MAX_MS = 5 * MINUTE_MS

export type TrustedMoney = Pick<NewOrderLine, 'unitPriceMinor' | 'discountMinor' | 'taxMinor' | 'totalMinor'>

export interface AcceptedTrusted {
  readonly kind: 'accepted'
  readonly offers: readonly CatalogOffer[]
  readonly money: readonly TrustedMoney[]
  readonly totals: Totals
  readonly demand: readonly DemandDraft[]
  readonly stocked: readonly DemandDraft[]
  /** Where the buyer takes the goods; null when they are shipped. */
  readonly locationId: Id<'location'> | null
  /** Of goods that are still to be handed over. */
  readonly allotments: readonly Allotment[]
  /** Of goods that left with the buyer, one for each stocked demand. */
  readonly carriedOut: readonly CounterTake[]
  readonly promise: DeliveryWindow | null
  readonly facts: string | null
}

export type TrustedDecision = AcceptedTrusted | { readonly kind: 'refused'; readonly refusal: PlacementRefusal }

/**
 * Decides a trusted channel's order. Its prices and quantities are facts: what supply cannot give stays pending (or,
 * carried out of the shop, is booked as found), it is never refused for stock.
 */
export function decideTrusted(
  request: TrustedPlacement,
  world: SellingWorld,
  pool: SupplyPool,
  counter: CounterPool,
): TrustedDecision {
  const { lines, channel } = request
  if (lines.length === 0) return refuse({ code: 'cart_empty' })
  if (lines.length > LINES_PER_TRUSTED_ORDER_MAX) {
    return refuse({ code: 'too_many_lines', linesMax: LINES_PER_TRUSTED_ORDER_MAX })
  }
  if (!channel.currencies.includes(request.currency)) {
    return refuse({ code: 'currency_unknown', currencies: channel.currencies })
  }
  if (request.placedAt !== null && request.placedAt > world.at + AHEAD_MAX_MS) {
    return refuse({ code: 'placed_in_future', at: world.at })
  }
  const offers: CatalogOffer[] = []
  const unknown: string[] = []
  for (const { sku } of lines) {
    const offer = world.offers.get(sku)
    if (offer === undefined) unknown.push(sku)
    else offers.push(offer)
  }
  if (unknown.length > 0) return refuse({ code: 'sku_unknown', skus: unknown })
  const tooMany = refuseUnits(lines, offers)
  if (tooMany !== null) return refuse(tooMany)
  const money = lines.map((line) => lineMoney(line, request.taxIncluded))
  const wrong = money.findIndex(
    ({ discountMinor, taxMinor, totalMinor }, index) =>
      discountMinor > itemsOf(lines[index]) || (request.taxIncluded && taxMinor > totalMinor),
  )
  if (wrong >= 0) return refuse({ code: 'line_total_wrong', line: wrong + 1 })
  const totals = totalsOf(request, money)
  if (isBeyondBooks(totals)) return refuse({ code: 'amount_too_large' })
  if (totals.deliveryMinor < 0n || totals.taxMinor < 0n) return refuse({ code: 'charges_below_zero' })
  if (request.method === 'ship' && request.shipTo === null && offers.some(isDelivered)) {
    return refuse({ code: 'address_missing' })
  }
  if (!tendersFit(request, totals.totalMinor)) {
    return refuse({ code: 'tenders_differ', totalMinor: totals.totalMinor, currency: request.currency })
  }
  const route = routeOf(request, world)
  if (route === null) return refuse({ code: 'location_unknown', location: request.locationCode ?? '' })

  // From here on the order must be accepted: it has been sold.
  const demand = draftDemand(
    lines.map(({ quantity }) => ({ quantity, group: FIRST_GROUP })),
    offers,
    money.map((each) => each.totalMinor),
    world,
  )
  const stocked = demand.filter((each) => each.stocked)
  const locationId = request.method === 'ship' ? null : locationOf(request, world)
  const common = { kind: 'accepted', offers, money, totals, demand, stocked, locationId } as const
  if (request.method === 'carried_out' && locationId !== null) {
    const occurredAt = request.placedAt ?? world.at
    const carriedOut = stocked.map(({ variantId, units }) => counter.take({ variantId, locationId, units, occurredAt }))
    pool.take(
      carriedOut.map(({ supplyId, variantId, leaving, found }) => ({
        supply: { supplyId, variantId },
        units: leaving - found,
      })),
    )
    return { ...common, allotments: [], carriedOut, promise: { earliest: world.at, latest: world.at }, facts: null }
  }
  const { plan, promise, facts } = decideSourcing({
    at: world.at,
    route,
    channelId: channel.id,
    demands: stocked,
    supply: pool.byVariant,
    revision: world.sourcing.revision,
  })
  // Sold is sold: the channel's limits do not refuse it, and it counts against its cap.
  pool.claim(channel.id, plan.allotments)
  counter.claim(plan.allotments)
  return { ...common, allotments: plan.allotments, carriedOut: [], promise, facts }
}

/** A channel need not tell its tenders; when it does, they are what was paid, and of a paid order that is everything. */
function tendersFit({ tenders, paymentState }: TrustedPlacement, totalMinor: bigint): boolean {
  if (tenders.length === 0) return true
  const toldMinor = sumMinor(tenders.map(({ amountMinor }) => amountMinor))
  return paymentState === 'paid' ? toldMinor === totalMinor : toldMinor <= totalMinor
}

/** More than the API can say. No part of a line is below zero, so the sums tell of each line too. */
function isBeyondBooks(totals: Totals): boolean {
  return Object.values<bigint>({ ...totals }).some((minor) => minor > MONEY_MINOR_MAX || minor < -MONEY_MINOR_MAX)
}

function refuse(refusal: PlacementRefusal): TrustedDecision & { kind: 'refused' } {
  return { kind: 'refused', refusal }
}

function itemsOf(line: TrustedLine | undefined): bigint {
  const { unitPriceMinor, quantity } = must(line, 'a line for its money')
  return unitPriceMinor * BigInt(quantity)
}

function lineMoney(line: TrustedLine, taxIncluded: boolean): TrustedMoney {
  const { unitPriceMinor, discountMinor, taxMinor } = line
  const netMinor = itemsOf(line) - discountMinor
  return { unitPriceMinor, discountMinor, taxMinor, totalMinor: taxIncluded ? netMinor : netMinor + taxMinor }
}

/** The order's total is the sum of its lines and charges, whatever the charges are called. */
function totalsOf({ lines, charges, taxIncluded }: TrustedPlacement, money: readonly TrustedMoney[]): Totals {
  let itemsMinor = 0n
  let discountMinor = 0n
  let deliveryMinor = 0n
  let taxMinor = 0n
  let totalMinor = 0n
  for (const [index, each] of money.entries()) {
    itemsMinor += itemsOf(lines[index])
    discountMinor += each.discountMinor
    taxMinor += each.taxMinor
    totalMinor += each.totalMinor
  }
  for (const charge of charges) {
    if (charge.type === 'delivery') deliveryMinor += charge.amountMinor
    taxMinor += charge.taxMinor
    totalMinor += taxIncluded ? charge.amountMinor : charge.amountMinor + charge.taxMinor
  }
  return { itemsMinor, discountMinor, deliveryMinor, taxMinor, totalMinor }
}

function locationOf({ locationCode }: TrustedPlacement, { sourcing }: SellingWorld): Id<'location'> | null {
  return sourcing.network.nodeByCode.get(locationCode ?? '')?.locationId ?? null
}

/** Null when the order names a location that the network does not know, or none where one is needed. */
function routeOf(request: TrustedPlacement, { sourcing }: SellingWorld): Route | null {
  const { method, locationCode, channel, shipTo } = request
  if (method !== 'ship') {
    const node = sourcing.network.nodeByCode.get(locationCode ?? '')
    if (node === undefined) return null
    if (method === 'pickup') {
      return { method, zone: node.code, ranking: rankForPickup(sourcing.network, channel.id, node.locationId) }
    }
    return { method, zone: node.code, ranking: { candidates: [node], refused: [] } }
  }
  const to = shipTo === null ? null : locatePostalCode(shipTo.country, shipTo.postalCode)
  if (to === null) return routeToNowhere(shipTo?.country ?? '')
  // How it travels was agreed elsewhere: the quickest way is what can be promised.
  return shipRoute(sourcing, { channelId: channel.id, serviceId: null, to })
}
