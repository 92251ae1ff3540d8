import type { Id } from '../../kernel/id.ts'
import { must } from '../../kernel/invariant.ts'
import type { CurrencyCode } from '../../kernel/money.ts'
import { isOffered, type Buyer as AssortmentBuyer, type Offer } from '../catalog/index.ts'
import type { Buyer, BuyerQuestion } from '../customers/index.ts'
import { decideZone, plainRegion, pricesIncludeTax, type Channel } from '../merchant/index.ts'
import {
  noTaxRates,
  offeredTariffs,
  taxRatesIn,
  type DeliveryTariff,
  type SellingTerms,
  type TaxRates,
} from '../pricing/index.ts'
import { locatePostalCode, rankForPickup, shipRoute, type Route, type ShipRoute } from '../sourcing/index.ts'
import type { SellingWorld } from './selling-world.ts'

/** Prices in this currency are told with or without tax, as the channel has it. */
export function sellingTerms(channel: Channel, currency: CurrencyCode): SellingTerms {
  const { id, taxRounding } = channel
  return { id, currency, taxIncluded: pricesIncludeTax(channel, currency), taxRounding }
}

type SoldOffers =
  | { readonly kind: 'sold'; readonly offers: readonly Offer[] }
  | { readonly kind: 'unknown'; readonly skus: readonly string[] }

/** What the assortment asks of a sale: who buys, and where each line goes. */
interface AskedSale {
  readonly channel: Channel
  readonly lines: readonly { readonly sku: string; readonly group: number }[]
  readonly groups: readonly (GroupPlace & { readonly number: number })[]
}

type GroupPlace = Pick<DeliveryChoice, 'deliveryOption' | 'shipTo'>

/** The offers behind lines; a SKU that is archived or not sold where its group goes is as good as unknown. */
export function soldOffers(
  { channel, lines, groups }: AskedSale,
  world: SellingWorld,
  { segmentIds }: Pick<Buyer, 'segmentIds'>,
): SoldOffers {
  const buyerByGroup = new Map(
    groups.map((group) => [group.number, { ...assortmentBuyer(channel, group, world), segmentIds }]),
  )
  const offers: Offer[] = []
  const unknown: string[] = []
  for (const { sku, group } of lines) {
    const offer = world.offers.get(sku)
    const buyer = must(buyerByGroup.get(group), 'a group for every line')
    if (offer?.status === 'active' && isOffered(offer, buyer)) offers.push(offer)
    else unknown.push(sku)
  }
  return unknown.length > 0 ? { kind: 'unknown', skus: unknown } : { kind: 'sold', offers }
}

/** Where the goods go; the channel's home until that is known. */
function assortmentBuyer(channel: Channel, group: GroupPlace, world: SellingWorld): AssortmentBuyer {
  const home = must(world.merchant.legalEntityById.get(channel.legalEntityId), 'the legal entity of a channel').country
  const { country, region } = taxedPlace(group, world) ?? { country: home, region: null }
  return {
    channelId: channel.id,
    at: world.at,
    country,
    region: region === null ? undefined : `${country}-${plainRegion(country, region)}`,
    locationId: pickupLocation(group.deliveryOption, world) ?? undefined,
  }
}

/** Whether a line of it is something that must reach the buyer. */
export function isDelivered(offer: Offer): boolean {
  return offer.stocked || offer.components.some((component) => component.stocked)
}

/** Where goods go and are taxed; the coarse part of an address. */
export interface Destination {
  readonly country: string
  readonly region: string | null
  readonly postalCode: string
}

export interface DeliveryChoice {
  readonly terms: SellingTerms
  readonly deliveryOption: string | null
  readonly shipTo: Destination | null
  /** False when nothing in the cart is delivered. */
  readonly needed: boolean
}

/** Where the sale is taxed: at the location a buyer picks up from, else where it is sent. */
export function taxedPlace(
  { deliveryOption, shipTo }: Pick<DeliveryChoice, 'deliveryOption' | 'shipTo'>,
  { sourcing }: Pick<SellingWorld, 'sourcing'>,
): Destination | null {
  const { pickupCode } = readOption(deliveryOption)
  return pickupCode === null ? shipTo : (sourcing.network.nodeByCode.get(pickupCode) ?? shipTo)
}

/** Who a sale's buyer is to be asked about, as far as it tells: its first group's place counts for all. */
export function buyerQuestion(
  personId: Id<'person'> | null,
  groups: readonly (GroupPlace & { readonly number: number })[],
  world: Pick<SellingWorld, 'sourcing'>,
): BuyerQuestion {
  const [first] = groups.toSorted((a, b) => a.number - b.number)
  return { personId, country: (first === undefined ? null : taxedPlace(first, world))?.country ?? null }
}

/** Where goods are handed over the counter; null where they are sent. */
export function pickupLocation(
  deliveryOption: string | null,
  { sourcing }: Pick<SellingWorld, 'sourcing'>,
): Id<'location'> | null {
  const { pickupCode } = readOption(deliveryOption)
  return pickupCode === null ? null : (sourcing.network.nodeByCode.get(pickupCode)?.locationId ?? null)
}

/** `tariff`, or `tariff:location` for a pickup. */
function readOption(option: string | null): { readonly tariffCode: string | null; readonly pickupCode: string | null } {
  const [tariffCode = null, pickupCode = null] = option?.split(':') ?? []
  return { tariffCode, pickupCode }
}

export type DeliveryRefusal =
  | { readonly code: 'address_missing' }
  | { readonly code: 'address_not_served'; readonly country: string }
  | { readonly code: 'delivery_option_unknown'; readonly deliveryOption: string }

export type DeliveryDecision =
  | {
      readonly kind: 'chosen'
      readonly method: 'ship' | 'pickup'
      /** The id of the option. */
      readonly optionId: string
      /** Where the buyer picks up. */
      readonly locationId: Id<'location'> | null
      readonly tariff: DeliveryTariff
      readonly route: Route
    }
  /** Nothing needs delivery. */
  | { readonly kind: 'none' }
  | { readonly kind: 'refused'; readonly refusal: DeliveryRefusal }

/**
 * Which tariff and which locations: what the buyer chose, else the cheapest way to ship these goods.
 * @param amountOf  what a tariff would cost the buyer for these goods, after offers
 */
export function decideDelivery(
  { terms, deliveryOption, shipTo, needed }: DeliveryChoice,
  world: SellingWorld,
  amountOf: (tariff: DeliveryTariff) => bigint,
): DeliveryDecision {
  if (!needed) return { kind: 'none' }
  const { tariffCode, pickupCode } = readOption(deliveryOption)
  if (pickupCode !== null) {
    const pickup = pickupRoute({ tariffCode, pickupCode }, terms, world)
    return pickup ?? refuse({ code: 'delivery_option_unknown', deliveryOption: deliveryOption ?? '' })
  }
  if (shipTo === null) return refuse({ code: 'address_missing' })
  const routes = shippingRoutes(shipTo, terms, world)
  if (routes.length === 0) return refuse({ code: 'address_not_served', country: shipTo.country })
  const chosen =
    tariffCode === null
      ? routes.toSorted((a, b) => compare(amountOf(a.tariff), amountOf(b.tariff)))[0]
      : routes.find(({ tariff }) => tariff.code === tariffCode)
  if (chosen === undefined) return refuse({ code: 'delivery_option_unknown', deliveryOption: deliveryOption ?? '' })
  return { kind: 'chosen', method: 'ship', optionId: chosen.tariff.code, locationId: null, ...chosen }
}

function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function pickupRoute(
  { tariffCode, pickupCode }: { readonly tariffCode: string | null; readonly pickupCode: string },
  terms: SellingTerms,
  { pricing, sourcing }: Pick<SellingWorld, 'pricing' | 'sourcing'>,
): (DeliveryDecision & { kind: 'chosen' }) | null {
  const node = sourcing.network.nodeByCode.get(pickupCode)
  if (node === undefined) return null
  const ranking = rankForPickup(sourcing.network, terms.id, node.locationId)
  const tariff = offeredTariffs(pricing.tariffs, { channel: terms, country: node.country }).find(
    (each) => each.code === tariffCode && each.method === 'pickup',
  )
  if (tariff === undefined || ranking.candidates.length === 0) return null
  return {
    kind: 'chosen',
    method: 'pickup',
    optionId: `${tariff.code}:${node.code}`,
    locationId: node.locationId,
    tariff,
    route: { method: 'pickup', zone: node.code, ranking },
  }
}

/** Every way to ship to the address that some location can serve, cheapest first. */
export function shippingRoutes(
  shipTo: Destination,
  terms: SellingTerms,
  { pricing, sourcing }: Pick<SellingWorld, 'pricing' | 'sourcing'>,
): { readonly tariff: DeliveryTariff; readonly route: ShipRoute }[] {
  const to = locatePostalCode(shipTo.country, shipTo.postalCode)
  if (to === null) return []
  return offeredTariffs(pricing.tariffs, { channel: terms, country: shipTo.country }).flatMap((tariff) => {
    const { serviceId } = tariff
    if (tariff.method !== 'ship' || serviceId === null) return []
    const route = shipRoute(sourcing, { channelId: terms.id, serviceId, to })
    return route.travels.size === 0 ? [] : [{ tariff, route }]
  })
}

export function taxRatesAt(
  { merchant, pricing, at }: Pick<SellingWorld, 'merchant' | 'pricing' | 'at'>,
  place: Destination | null,
): TaxRates {
  return place === null ? noTaxRates : taxRatesIn(pricing, decideZone(merchant.zones, place)?.id ?? null, at)
}

function refuse(refusal: DeliveryRefusal): { kind: 'refused'; refusal: DeliveryRefusal } {
  return { kind: 'refused', refusal }
}
