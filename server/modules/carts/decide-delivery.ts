import type { Id } from '../../kernel/id.ts'
import type { CurrencyCode } from '../../kernel/money.ts'
import type { Offer } from '../catalog/index.ts'
import { decideZone } from '../merchant/index.ts'
import { noTaxRates, offeredTariffs, type DeliveryTariff, type SellingTerms, type TaxRates } from '../pricing/index.ts'
import { locatePostalCode, rankForPickup, rankForShipping, type Route } from '../sourcing/index.ts'
import type { SellingWorld } from './selling-world.ts'

/** Prices in this currency are told with or without tax, as the channel has it. */
export function sellingTerms(
  channel: { readonly id: Id<'channel'>; readonly taxIncluded: boolean },
  currency: CurrencyCode,
): SellingTerms {
  return { id: channel.id, currency, taxIncluded: channel.taxIncluded }
}

type SoldOffers =
  | { readonly kind: 'sold'; readonly offers: readonly Offer[] }
  | { readonly kind: 'unknown'; readonly skus: readonly string[] }

/** The offers behind lines; a SKU that is archived or not in the channel's assortment is as good as unknown. */
export function soldOffers(lines: readonly { readonly sku: string }[], channelId: Id<'channel'>, world: Pick<SellingWorld, 'offers'>): SoldOffers {
  const offers: Offer[] = []
  const unknown: string[] = []
  for (const { sku } of lines) {
    const offer = world.offers.get(sku)
    if (offer !== undefined && offer.status === 'active' && offer.channelIds.has(channelId)) offers.push(offer)
    else unknown.push(sku)
  }
  return unknown.length > 0 ? { kind: 'unknown', skus: unknown } : { kind: 'sold', offers }
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

export type DeliveryRefusal =
  | { readonly code: 'address_missing' }
  | { readonly code: 'address_not_served'; readonly country: string }
  | { readonly code: 'delivery_option_unknown'; readonly deliveryOption: string }

export type DeliveryDecision =
  | {
      readonly kind: 'chosen'
      readonly method: 'ship' | 'pickup'
      readonly tariff: DeliveryTariff | null
      /** Null when nothing needs delivery. */
      readonly route: Route | null
      readonly taxedAt: Destination | null
    }
  | { readonly kind: 'refused'; readonly refusal: DeliveryRefusal }

/** Which tariff and which locations: what the buyer chose, else the cheapest way to ship. */
export function decideDelivery(
  { terms, deliveryOption, shipTo, needed }: DeliveryChoice,
  world: SellingWorld,
): DeliveryDecision {
  if (!needed) return { kind: 'chosen', method: 'ship', tariff: null, route: null, taxedAt: shipTo }
  const [tariffCode = '', pickupCode] = deliveryOption?.split(':') ?? []
  if (pickupCode !== undefined) {
    const node = world.sourcing.network.nodeByCode.get(pickupCode)
    const tariff =
      node &&
      offeredTariffs(world.pricing.tariffs, { channel: terms, country: node.country }).find(
        (each) => each.code === tariffCode && each.method === 'pickup',
      )
    const ranking = node && rankForPickup(world.sourcing.network, terms.id, node.locationId)
    if (tariff === undefined || ranking === undefined || ranking.candidates.length === 0 || node === undefined) {
      return refuse({ code: 'delivery_option_unknown', deliveryOption: deliveryOption ?? '' })
    }
    return { kind: 'chosen', method: 'pickup', tariff, route: { method: 'pickup', zone: node.code, ranking }, taxedAt: node }
  }

  if (shipTo === null) return refuse({ code: 'address_missing' })
  const routes = shippingRoutes(shipTo, terms, world)
  if (routes.length === 0) return refuse({ code: 'address_not_served', country: shipTo.country })
  const chosen = deliveryOption === null ? routes[0] : routes.find(({ tariff }) => tariff.code === deliveryOption)
  if (chosen === undefined) return refuse({ code: 'delivery_option_unknown', deliveryOption: deliveryOption ?? '' })
  return { kind: 'chosen', method: 'ship', ...chosen, taxedAt: shipTo }
}

/** Every way to ship to the address that some location can serve, cheapest first. */
export function shippingRoutes(
  shipTo: Destination,
  terms: SellingTerms,
  { pricing, sourcing }: Pick<SellingWorld, 'pricing' | 'sourcing'>,
): { readonly tariff: DeliveryTariff; readonly route: Route & { method: 'ship' } }[] {
  const place = locatePostalCode(shipTo.country, shipTo.postalCode)
  if (place === null) return []
  const ranking = rankForShipping(sourcing.network, terms.id, { country: shipTo.country, ...place })
  return offeredTariffs(pricing.tariffs, { channel: terms, country: shipTo.country }).flatMap((tariff) => {
    const { serviceId } = tariff
    if (tariff.method !== 'ship' || serviceId === null) return []
    const transit = sourcing.transitOf(serviceId)
    const reachable = ranking.candidates.some((node) => transit(node.country, shipTo.country) !== null)
    if (!reachable) return []
    return [{ tariff, route: { method: 'ship', toCountry: shipTo.country, zone: place.zone, ranking, transit } as const }]
  })
}

export function taxRatesAt({ merchant, pricing }: Pick<SellingWorld, 'merchant' | 'pricing'>, place: Destination | null): TaxRates {
  if (place === null) return noTaxRates
  const zone = decideZone(merchant.zones, place)
  return zone === null ? noTaxRates : (pricing.taxRatesByZone.get(zone.id) ?? noTaxRates)
}

function refuse(refusal: DeliveryRefusal): { kind: 'refused'; refusal: DeliveryRefusal } {
  return { kind: 'refused', refusal }
}
