import type { Id } from '../../kernel/id.ts'
import type { Queryable } from '../../platform/db.ts'
import { isOffered, type Buyer, type Offer } from '../catalog/index.ts'
import { choosePrice, type ListedPrice } from '../pricing/index.ts'
import type { StockedPart } from './decide-availability.ts'
import type { Place } from './place.ts'
import type { Supply } from './supply.ts'
import type { BrowsedRooms, Storefront, World } from './world.ts'

/** What a storefront sells under a SKU, as availability is asked about. */
export interface Listing {
  readonly sku: string
  readonly world: World
  /** Null: unknown, not offered here, or without a price in this currency. */
  readonly sold: Sold | null
}

export interface Sold {
  readonly offer: Offer
  readonly parts: readonly StockedPart[]
  readonly unitPriceMinor: bigint
  /** What was told of it last; null before the first time. */
  told: ToldSupply | null
}

/** A SKU's supply as it was told: as long as none of it is outdated, it can be told again. */
export interface ToldSupply {
  /** Of each part, in their order. */
  readonly supplies: readonly Supply[]
  /** The answer's JSON from the SKU to its quantity. */
  readonly head: string
}

/** Listings of SKUs, in their order. */
export async function readListings(
  rooms: BrowsedRooms,
  source: Queryable,
  { storefront, skus }: { readonly storefront: Storefront; readonly skus: readonly string[] },
): Promise<Listing[]> {
  const { world } = storefront
  const { catalog, pricing } = world.revisions
  const offers = await rooms.catalog.offersAt(source, catalog, skus)
  const variantIds = [...offers.values()].map(({ variantId }) => variantId)
  const prices = await rooms.pricing.pricesAt(source, pricing, variantIds)
  return skus.map((sku) => {
    const offer = offers.get(sku)
    const unitPriceMinor = offer === undefined ? null : priceAt(offer, prices, storefront)
    const sold =
      offer === undefined || unitPriceMinor === null
        ? null
        : { offer, parts: stockedParts(offer), unitPriceMinor, told: null }
    return { sku, world, sold }
  })
}

export function buyerAt({ world, channel, buyer }: Storefront, place: Place): Buyer {
  return { ...place, channelId: channel.id, at: world.at, segmentIds: buyer.segmentIds }
}

/** Whether a rule of the assortment keeps it from this shopper; most things have none. */
export function isSoldTo(offer: Offer, storefront: Storefront, place: Place): boolean {
  return offer.rules.length === 0 || isOffered(offer, buyerAt(storefront, place))
}

/** What one unit costs at the storefront, minor units; null when the channel does not sell it to anybody. */
export function priceAt(
  { variantId, status, channelIds }: Offer,
  prices: ReadonlyMap<Id<'variant'>, readonly ListedPrice[]>,
  { world, channel, terms, buyer }: Storefront,
): bigint | null {
  if (status !== 'active' || !channelIds.has(channel.id)) return null
  const question = { at: world.at, channel: terms, buyer, priceLists: world.pricing.priceListById }
  return choosePrice(prices.get(variantId) ?? [], question, 1)?.amountMinor ?? null
}

/** What must be on a shelf somewhere so that one of these can be delivered; nothing for a download. */
export function stockedParts({ variantId, stocked, components }: Offer): StockedPart[] {
  if (components.length === 0) return stocked ? [{ variantId, units: 1 }] : []
  return components
    .filter((component) => component.stocked)
    .map((component) => ({ variantId: component.variantId, units: component.quantity }))
}
