import { formatId, type Id } from '../../kernel/id.ts'
import type { Queryable } from '../../platform/db.ts'
import { moneyJson } from '../../platform/http/index.ts'
import { lookUpLocale, type CatalogBook, type Media, type Offer, type Product, type Variant } from '../catalog/index.ts'
import { BoundedCache } from './bounded-cache.ts'
import type { StockedPart } from './decide-availability.ts'
import { isSoldTo, priceAt, stockedParts } from './listing.ts'
import type { Place } from './place.ts'
import type { BrowsedRooms, Storefront } from './world.ts'

/** A product as a storefront shows it, written as JSON but for the availability of its variants. */
export interface ProductCard {
  readonly product: Product
  /** It names a category and attributes. */
  readonly book: CatalogBook
  /** Up to and including the list of variants' opening bracket. */
  readonly head: string
  readonly variants: readonly VariantCard[]
}

export interface VariantCard {
  readonly variant: Variant
  readonly offer: Offer
  readonly unitPriceMinor: bigint
  readonly parts: readonly StockedPart[]
  /** Up to and including `"availability":`. */
  readonly head: string
}

export interface CardQuestion {
  readonly storefront: Storefront
  readonly locale: string
  readonly place: Place
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
  async read(productIds: readonly Id<'product'>[], question: CardQuestion): Promise<ProductCard[]> {
    const { storefront, place } = question
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
        if (offer === undefined || !isSoldTo(offer, storefront, place)) return []
        const unitPriceMinor = priceAt(offer, prices, storefront)
        return unitPriceMinor === null ? [] : [{ variant, offer, unitPriceMinor }]
      })
      return sold.length === 0 ? [] : [this.#cardOf(product, sold, question)]
    })
  }

  #cardOf(product: Product, sold: readonly SoldVariant[], { storefront, locale }: CardQuestion): ProductCard {
    const spoken = spokenOf(product, locale)
    const key = `${storefront.key}${product.id}\n${spoken}`
    const known = this.#cards.get(key)
    if (known !== undefined && isStillRight(known, product, sold, storefront)) return known
    const card = writeCard(product, sold, { storefront, locale: spoken })
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
function isStillRight(
  card: ProductCard,
  product: Product,
  sold: readonly SoldVariant[],
  { world }: Storefront,
): boolean {
  return (
    card.product === product &&
    card.book === world.catalog &&
    card.variants.length === sold.length &&
    card.variants.every(({ offer, unitPriceMinor }, index) => {
      return offer === sold[index]?.offer && unitPriceMinor === sold[index].unitPriceMinor
    })
  )
}

function writeCard(
  product: Product,
  sold: readonly SoldVariant[],
  { storefront, locale }: { readonly storefront: Storefront; readonly locale: string },
): ProductCard {
  const { world, terms } = storefront
  const { id, brand, categoryIds, media } = product
  const codes = categoryIds.flatMap((category) => world.catalog.categoryById.get(category)?.code ?? [])
  const image = media.find(({ role }) => role === 'main') ?? media.find(({ role }) => role === 'gallery')
  const head = JSON.stringify({
    id: formatId('product', id),
    handle: handleIn(product, locale),
    title: titleIn(product, locale),
    category: codes[0] ?? null,
    categories: codes,
    brand,
    image: image === undefined ? null : shownMedia(image, locale),
  })
  return {
    product,
    book: world.catalog,
    head: `${head.slice(0, -1)},"variants":[`,
    variants: sold.map(({ variant, offer, unitPriceMinor }) => {
      const { sku, options, attributes } = variant
      const price = moneyJson({ minor: unitPriceMinor, currency: terms.currency })
      const title = variantTitleIn(variant, locale)
      const json = JSON.stringify({ id: formatId('variant', variant.id), sku, title, options, attributes, price })
      return {
        variant,
        offer,
        unitPriceMinor,
        parts: stockedParts(offer),
        head: `${json.slice(0, -1)},"availability":`,
      }
    }),
  }
}

export function titleIn({ title, texts }: Product, locale: string): string {
  return lookUpLocale(texts, locale, (text) => text.title) ?? title
}

export function handleIn({ handle, texts }: Product, locale: string): string {
  return lookUpLocale(texts, locale, (text) => text.handle) ?? handle
}

export function variantTitleIn({ title, titles }: Variant, locale: string): string {
  return lookUpLocale(titles, locale, (text) => text) ?? title
}

/** A picture with what it shows in one language. */
export function shownMedia({ alt, ...media }: Media, locale: string): object {
  return { ...media, alt: lookUpLocale(alt, locale, (text) => text) ?? lookUpLocale(alt, 'en', (text) => text) ?? '' }
}

/** The locale as far as the product speaks it: a card is written once for all that sound the same. */
function spokenOf({ texts, variants, media }: Product, locale: string): string {
  const records = [texts, ...variants.map(({ titles }) => titles), ...media.map(({ alt }) => alt)]
  for (let range = locale; range !== ''; range = range.slice(0, Math.max(0, range.lastIndexOf('-')))) {
    if (records.some((record) => Object.hasOwn(record, range))) return range
  }
  return ''
}

function lengthOf({ head, variants }: ProductCard): number {
  return variants.reduce((sum, variant) => sum + variant.head.length, head.length)
}
