import { formatId, type Id } from '../../kernel/id.ts'
import type { Queryable } from '../../platform/db.ts'
import { moneyJson } from '../../platform/http/index.ts'
import type { Offer, Product, Variant } from '../catalog/index.ts'
import { BoundedCache } from './bounded-cache.ts'
import type { StockedPart } from './decide-availability.ts'
import { soldAt, stockedParts } from './listing.ts'
import type { BrowsedRooms, Storefront } from './world.ts'

/** A product as a storefront shows it, written as JSON but for the availability of its variants. */
export interface ProductCard {
  readonly product: Product
  /** Up to and including the list of variants' opening bracket. */
  readonly head: string
  readonly variants: readonly VariantCard[]
  /** Written with the other texts only where a single product is asked for: pages of a hundred stay small. */
  readonly description: string
}

export interface VariantCard {
  readonly offer: Offer
  readonly unitPriceMinor: bigint
  readonly parts: readonly StockedPart[]
  /** Up to and including `"availability":`. */
  readonly head: string
}

export interface CardQuestion {
  readonly storefront: Storefront
  readonly locale: string
}

/** Cards take 0.5 kB and as much again for every variant. */
const CARD_CHARACTERS_MAX = 32_000_000

/** Product cards of this node. A card whose product, offers and prices did not change outlives its world. */
export class ProductCards {
  readonly #rooms: BrowsedRooms
  readonly #source: Queryable
  readonly #cards = new BoundedCache<string, ProductCard>({ weightMax: CARD_CHARACTERS_MAX, weightOf: lengthOf })

  constructor(rooms: BrowsedRooms, source: Queryable) {
    this.#rooms = rooms
    this.#source = source
  }

  /** Cards of products in their order; what the storefront does not sell is left out. */
  async read(productIds: readonly Id<'product'>[], { storefront, locale }: CardQuestion): Promise<ProductCard[]> {
    const { world } = storefront
    const { catalog, pricing } = world.revisions
    const products = await this.#rooms.catalog.productsAt(this.#source, catalog, productIds)
    const variants = [...products.values()].flatMap((product) => product.variants)
    const active = variants.filter(({ status }) => status === 'active')
    const [offers, prices] = await Promise.all([
      this.#rooms.catalog.offersAt(
        this.#source,
        catalog,
        active.map(({ sku }) => sku),
      ),
      this.#rooms.pricing.pricesAt(
        this.#source,
        pricing,
        active.map(({ id }) => id),
      ),
    ])
    return productIds.flatMap((productId) => {
      const product = products.get(productId)
      if (product === undefined) return []
      const sold = product.variants.flatMap((variant): SoldVariant[] => {
        const offer = offers.get(variant.sku)
        const unitPriceMinor = offer === undefined ? null : soldAt(offer, prices, storefront)
        return offer === undefined || unitPriceMinor === null ? [] : [{ variant, offer, unitPriceMinor }]
      })
      return sold.length === 0 ? [] : [this.#cardOf(product, sold, { storefront, locale })]
    })
  }

  #cardOf(product: Product, sold: readonly SoldVariant[], { storefront, locale }: CardQuestion): ProductCard {
    const titleLocale = lookUp(product.titles, locale)
    const key = `${storefront.key}${product.id}\n${titleLocale ?? ''}`
    const known = this.#cards.get(key)
    if (known !== undefined && isStillRight(known, product, sold)) return known
    const card = writeCard(product, sold, { storefront, title: product.titles[titleLocale ?? ''] ?? product.title })
    this.#cards.set(key, card)
    return card
  }
}

interface SoldVariant {
  readonly variant: Variant
  readonly offer: Offer
  readonly unitPriceMinor: bigint
}

/** The rooms' caches hand out the same object until it changes. */
function isStillRight(card: ProductCard, product: Product, sold: readonly SoldVariant[]): boolean {
  return (
    card.product === product &&
    card.variants.length === sold.length &&
    card.variants.every(({ offer, unitPriceMinor }, index) => {
      return offer === sold[index]?.offer && unitPriceMinor === sold[index].unitPriceMinor
    })
  )
}

function writeCard(
  product: Product,
  sold: readonly SoldVariant[],
  { storefront, title }: { readonly storefront: Storefront; readonly title: string },
): ProductCard {
  const { id, handle, description, category, brand } = product
  const head = JSON.stringify({ id: formatId('product', id), handle, title, category, brand })
  return {
    product,
    head: `${head.slice(0, -1)},"variants":[`,
    variants: sold.map(({ variant, offer, unitPriceMinor }) => {
      const { sku, title: variantTitle, options } = variant
      const price = moneyJson({ minor: unitPriceMinor, currency: storefront.terms.currency })
      const json = JSON.stringify({ id: formatId('variant', variant.id), sku, title: variantTitle, options, price })
      return { offer, unitPriceMinor, parts: stockedParts(offer), head: `${json.slice(0, -1)},"availability":` }
    }),
    description: JSON.stringify(description),
  }
}

/** The most specific of the locales there are that covers the one asked for: `de-AT`, else `de` (RFC 4647, lookup). */
function lookUp(titles: Readonly<Record<string, string>>, locale: string): string | null {
  for (let range = locale; range !== ''; range = range.slice(0, Math.max(0, range.lastIndexOf('-')))) {
    if (Object.hasOwn(titles, range)) return range
  }
  return null
}

function lengthOf({ head, variants, description }: ProductCard): number {
  return variants.reduce((sum, variant) => sum + variant.head.length, head.length + description.length)
}
