import type { Id } from '../../kernel/id.ts'
import type { Instant } from '../../kernel/time.ts'
import type { Queryable } from '../../platform/db.ts'
import type { Revisions } from '../../platform/revision.ts'
import type { Catalog, Offer } from '../catalog/index.ts'
import type { Merchant, MerchantBook } from '../merchant/index.ts'
import type { Buyer } from '../customers/index.ts'
import type { ListedPrice, OffersAtHand, Pricing, PricingBook } from '../pricing/index.ts'
import type { Sourcing, SourcingBook } from '../sourcing/index.ts'

/** Everything configured that a cart is quoted on and an order is decided on. */
export interface SellingWorld {
  readonly at: Instant
  readonly merchant: MerchantBook
  /** By SKU text as the head wrote it. */
  readonly offers: ReadonlyMap<string, Offer>
  readonly pricing: PricingBook
  /** Of everything offered, and of what is inside it. */
  readonly prices: ReadonlyMap<Id<'variant'>, readonly ListedPrice[]>
  readonly sourcing: SourcingBook
}

/** What the buyer of a sale is to the merchant now. */
export interface Standing {
  readonly buyer: Buyer
  readonly offers: OffersAtHand
}

export interface SellingRooms {
  readonly merchant: Merchant
  readonly catalog: Catalog
  readonly pricing: Pricing
  readonly sourcing: Sourcing
}

/**
 * The world of these SKUs at `revisions` or later. Everything comes from this node's caches; the database is asked for
 * what changed since and for what was never read here.
 */
export async function readSellingWorld(
  rooms: SellingRooms,
  source: Queryable,
  { revisions, skus, at }: { readonly revisions: Revisions; readonly skus: Iterable<string>; readonly at: Instant },
): Promise<SellingWorld> {
  const offers = await rooms.catalog.offersAt(source, revisions.catalog, skus)
  const variantIds = new Set<Id<'variant'>>()
  for (const offer of offers.values()) {
    variantIds.add(offer.variantId)
    for (const component of offer.components) variantIds.add(component.variantId)
  }
  const merchant = await rooms.merchant.bookAt(source, revisions.merchant)
  const pricing = await rooms.pricing.bookAt(source, revisions.pricing)
  const prices = await rooms.pricing.pricesAt(source, revisions.pricing, variantIds)
  const sourcing = await rooms.sourcing.bookAt(source, revisions)
  return { at, offers, merchant, pricing, prices, sourcing }
}

/** The SKUs whose supply these offers may touch: what is sold, and what is inside it. */
export function stockedVariants({ offers }: Pick<SellingWorld, 'offers'>): Set<Id<'variant'>> {
  const variantIds = new Set<Id<'variant'>>()
  for (const offer of offers.values()) {
    if (offer.stocked) variantIds.add(offer.variantId)
    for (const component of offer.components) if (component.stocked) variantIds.add(component.variantId)
  }
  return variantIds
}
