import type { Id } from '../../kernel/id.ts'
import type { Instant } from '../../kernel/time.ts'

export type ProductStatus = 'draft' | 'active' | 'archived'
export type VariantStatus = 'active' | 'archived'

/** A bundle is sold as one and delivered as its components. */
export const variantKinds = ['physical', 'digital', 'gift_card', 'service', 'bundle'] as const
export type VariantKind = (typeof variantKinds)[number]

/** What a merchant describes: one thing to shoppers, with one variant or several to choose from. */
export interface Product {
  readonly id: Id<'product'>
  /** Its name in addresses of pages, unique; what imports know it by. Stays as it is. */
  readonly handle: string
  readonly title: string
  /** By locale, where it differs from `title`. */
  readonly titles: Readonly<Record<string, string>>
  readonly description: string
  readonly category: string | null
  readonly brand: string | null
  readonly status: ProductStatus
  readonly taxClass: string
  /** The id under which a CMS keeps its pages and media. */
  readonly contentRef: string | null
  /** Null: offered in every channel, also in those that open later. */
  readonly channelIds: readonly Id<'channel'>[] | null
  readonly variants: readonly Variant[]
  readonly version: number
  readonly createdAt: Instant
  readonly updatedAt: Instant
}

/** What is sold, counted and priced. */
export interface Variant {
  readonly id: Id<'variant'>
  /** Unique in the merchant's whole catalog, upper and lower case told apart. Stays as it is. */
  readonly sku: string
  /** Tells it from the product's other variants; empty when there are none. */
  readonly title: string
  /** Stays as it is: stock was counted by it. */
  readonly kind: VariantKind
  readonly status: VariantStatus
  readonly barcode: string | null
  readonly weightGrams: number | null
  readonly lengthMm: number | null
  readonly widthMm: number | null
  readonly heightMm: number | null
  /** `{ "size": "M", "colour": "red" }` */
  readonly options: Readonly<Record<string, string>>
  /** Whether a bundle's components may be shipped apart. */
  readonly separable: boolean
  /** Of a bundle; else empty. */
  readonly components: readonly BundleComponent[]
}

/** How many of a SKU are in one bundle. */
export interface BundleComponent {
  readonly variantId: Id<'variant'>
  readonly sku: string
  readonly quantity: number
}

/** Only physical things lie on shelves; a bundle's stock is that of its components. */
export function isStocked(kind: VariantKind): boolean {
  return kind === 'physical'
}
