import type { Id } from '../../kernel/id.ts'
import type { Instant } from '../../kernel/time.ts'
import type { AssortmentRule } from './assortment.ts'

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
  /** By locale, what differs from the product's own. */
  readonly texts: Readonly<Record<string, ProductTexts>>
  readonly description: string
  /** The first is the one that a trail of crumbs shows. */
  readonly categoryIds: readonly Id<'category'>[]
  readonly brand: string | null
  readonly status: ProductStatus
  readonly taxClass: string
  readonly media: readonly Media[]
  readonly content: readonly ContentRef[]
  /** By code of the attribute. */
  readonly attributes: AttributeValues
  /** Null: offered in every channel, also in those that open later. */
  readonly channelIds: readonly Id<'channel'>[] | null
  /** To whom, where and when, within its channels. */
  readonly rules: readonly AssortmentRule[]
  readonly variants: readonly Variant[]
  readonly version: number
  readonly createdAt: Instant
  readonly updatedAt: Instant
}

/** What a product says in one locale. */
export interface ProductTexts {
  readonly title?: string
  readonly description?: string
  /** Its name in addresses of pages there. One that was replaced still leads to the product. */
  readonly handle?: string
}

export type AttributeValue = string | number | boolean
export type AttributeValues = Readonly<Record<string, AttributeValue>>

export const mediaRoles = ['main', 'gallery', 'swatch', 'video', 'manual'] as const

/** A picture, film or document where it lies: at an address, or under the id that a CMS gave it. */
export interface Media {
  readonly url?: string
  /** `contentful:4xJq…`: the system, and its id. */
  readonly ref?: string
  readonly role: (typeof mediaRoles)[number]
  /** What it shows, by locale, for who cannot see it. */
  readonly alt: Readonly<Record<string, string>>
  readonly widthPx?: number
  readonly heightPx?: number
  /** Of the variants it shows; absent when of all. */
  readonly skus?: readonly string[]
}

/** Where a CMS keeps texts about the product. */
export interface ContentRef {
  readonly system: string
  readonly ref: string
  /** What it is on the page: `story`, `care-guide`. */
  readonly role: string
  /** Absent where the CMS has all locales under one id. */
  readonly locale?: string
}

/** What is sold, counted and priced. */
export interface Variant {
  readonly id: Id<'variant'>
  /** Unique in the merchant's whole catalog, upper and lower case told apart. Stays as it is. */
  readonly sku: string
  /** Tells it from the product's other variants; empty when there are none. */
  readonly title: string
  /** By locale, where it differs from `title`. */
  readonly titles: Readonly<Record<string, string>>
  /** Stays as it is: stock was counted by it. */
  readonly kind: VariantKind
  readonly status: VariantStatus
  readonly barcode: string | null
  /** Of what is packed; null for everything else. */
  readonly weightGrams: number | null
  readonly lengthMm: number | null
  readonly widthMm: number | null
  readonly heightMm: number | null
  /** `{ "size": "M", "colour": "red" }` */
  readonly options: Readonly<Record<string, string>>
  readonly attributes: AttributeValues
  /** Whether a bundle's components may be shipped apart; true for everything else. */
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
