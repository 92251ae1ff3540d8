import { must } from '../../kernel/invariant.ts'
import type { CurrencyCode } from '../../kernel/money.ts'
import type { Offer } from '../catalog/index.ts'
import { marketsOf, plainRegion, type Channel } from '../merchant/index.ts'
import type { Buyer as PricedBuyer, CartToPrice } from '../pricing/index.ts'
import { pickupLocation, sellingTerms, taxedPlace, taxRatesAt, type Destination } from './decide-delivery.ts'
import type { SellingWorld, Standing } from './selling-world.ts'

/** A cart or an order in one call, as far as prices depend on it. */
export interface WantedSale {
  readonly channel: Channel
  readonly currency: CurrencyCode
  readonly lines: readonly { readonly sku: string; readonly quantity: number; readonly group: number }[]
  /** Those that have lines, by number. Goods are priced and taxed where their group goes, offers by the first one's place. */
  readonly groups: readonly WantedGroup[]
}

export interface WantedGroup {
  readonly number: number
  readonly shipTo: Destination | null
  readonly deliveryOption: string | null
}

/**
 * What pricing asks of a sale. No delivery is in it: which ones there are depends on what the goods come to.
 * @param offers  of every line, in their order
 */
export function cartToPrice(
  sale: WantedSale,
  offers: readonly Offer[],
  world: SellingWorld,
  { buyer, offers: onOffer }: Standing,
): CartToPrice {
  const [first, ...others] = sale.groups
  const goingTo = (group: WantedGroup | undefined) => {
    const place = group === undefined ? null : taxedPlace(group, world)
    const pricedAt = whereabouts(sale.channel, { place, deliveryOption: group?.deliveryOption ?? null }, world)
    const { segmentIds, taxExempt } = buyer
    return { buyer: { segmentIds, taxExempt, ...pricedAt }, taxRates: taxRatesAt(world, place) }
  }
  const elsewhere = new Map(others.map((group) => [group.number, goingTo(group)]))
  return {
    ...goingTo(first),
    at: world.at,
    channel: sellingTerms(sale.channel, sale.currency),
    priceLists: world.pricing.priceListById,
    prices: world.prices,
    deliveries: [],
    offers: onOffer,
    lines: sale.lines.map((line, index) => {
      const { variantId, productId, categories, taxClass, kind } = must(offers[index], 'an offer for every line')
      const { quantity, group } = line
      return {
        lineKey: lineKeyOf(line),
        variantId,
        productId,
        categories,
        isGiftCard: kind === 'gift_card',
        quantity,
        taxClass,
        elsewhere: elsewhere.get(group),
      }
    }),
  }
}

/** Names a line of a sale: a SKU has one in each group. */
export function lineKeyOf({ sku, group }: { readonly sku: string; readonly group: number }): string {
  return group === 1 ? sku : `${sku} in group ${group}`
}

function whereabouts(
  channel: Channel,
  { place, deliveryOption }: { readonly place: Destination | null; readonly deliveryOption: string | null },
  world: SellingWorld,
): Pick<PricedBuyer, 'marketIds' | 'country' | 'region' | 'locationId'> {
  const country = place?.country ?? null
  return {
    marketIds: marketsOf(channel, country, world.merchant),
    country,
    region:
      place?.region === undefined || place.region === null || country === null
        ? null
        : plainRegion(country, place.region),
    locationId: pickupLocation(deliveryOption, world),
  }
}
