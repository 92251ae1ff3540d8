import type { Id } from '../../kernel/id.ts'
import { RevisionedMap } from '../../platform/revision.ts'
import type { Assortment, AssortmentRule } from './assortment.ts'
import { readOffers, readSkus, skusChangedSince, variantsChangedSince, type OfferRow } from './catalog.sql.ts'
import type { ProductStatus, VariantKind } from './product.ts'

/** What a sale needs to know of a SKU. */
export interface Offer {
  readonly variantId: Id<'variant'>
  readonly productId: Id<'product'>
  readonly sku: string
  /** The product's title and the variant's. */
  readonly title: string
  readonly kind: VariantKind
  readonly stocked: boolean
  /** `active` only when both the product and the variant are. */
  readonly status: ProductStatus
  readonly taxClass: string
  readonly channelIds: Assortment
  /** To whom, where and when within its channels; `isOffered` reads both. */
  readonly rules: readonly AssortmentRule[]
  /** Codes of the categories its product is in, and of all above them. */
  readonly categories: readonly string[]
  readonly weightGrams: number | null
  /** Of a bundle; else empty. */
  readonly components: readonly OfferComponent[]
  readonly separable: boolean
}

export interface OfferComponent {
  readonly variantId: Id<'variant'>
  readonly sku: string
  readonly title: string
  /** Units in one bundle. */
  readonly quantity: number
  readonly stocked: boolean
  readonly weightGrams: number | null
}

/** An offer takes about 600 bytes. */
export const OFFERS_MAX = 50_000

/** Offers by SKU, cached on this node. */
export function cacheOffers(entriesMax: number): RevisionedMap<string, Offer> {
  return new RevisionedMap({
    entriesMax,
    changedSince: skusChangedSince,
    load: async (source, skus) => new Map((await readOffers(source, skus)).map((row) => [row.sku, offerOf(row)])),
  })
}

/** SKUs by variant, cached on this node. */
export function cacheSkus(entriesMax: number): RevisionedMap<Id<'variant'>, string> {
  return new RevisionedMap<Id<'variant'>, string>({ entriesMax, changedSince: variantsChangedSince, load: readSkus })
}

const everyChannel: Assortment = { has: () => true }

function offerOf({ everyChannel: isEverywhere, assortment, ...offer }: OfferRow): Offer {
  return { ...offer, channelIds: isEverywhere ? everyChannel : new Set(assortment) }
}
