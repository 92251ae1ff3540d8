import type { Id } from '../../kernel/id.ts'
import { must } from '../../kernel/invariant.ts'
import type { Queryable } from '../../platform/db.ts'
import { findProducts, type ProductPlace, type ProductQuestion } from '../catalog/index.ts'
import { decideAvailability } from './decide-availability.ts'
import type { ProductCard } from './product-card.ts'
import type { SupplyCache } from './supply-cache.ts'
import type { Supply } from './supply.ts'
import type { Storefront } from './world.ts'

/** What of a list is judged on this node, where prices and supply are known. */
export interface Choosiness {
  /** Minor units; null is open. */
  readonly priceFrom: bigint | null
  readonly priceTo: bigint | null
  /** Only what can be had now. */
  readonly available: boolean
}

/** Where a list stands: so many products of the window that begins behind a place were told. */
export interface ListPlace {
  readonly after: ProductPlace | null
  readonly told: number
}

export interface FoundPage {
  readonly cards: readonly ProductCard[]
  /** Where the next page begins; null when this is the last. */
  readonly next: ListPlace | null
}

/** So many that are about as relevant are told with those first that can be had. */
const WINDOW_PRODUCTS = 40
/** A page looks through so many windows for what a shopper's price and shelf let through; the next page goes on. */
const WINDOWS_MAX = 25

export interface FindPageDeps {
  readonly source: Queryable
  readonly supplies: SupplyCache
  readonly readCards: (ids: readonly Id<'product'>[]) => Promise<readonly ProductCard[]>
}

/** A page straight from the database's list: by title, nothing judged here. */
export async function findPlainPage(
  { source, readCards }: FindPageDeps,
  question: ProductQuestion,
  { from, limit }: { readonly from: ListPlace; readonly limit: number },
): Promise<FoundPage> {
  const { places, next } = await findProducts(source, question, { after: from.after, limit })
  const cards = await readCards(places.map(({ id }) => id))
  return { cards, next: next === null ? null : { after: next, told: 0 } }
}

/**
 * A page out of windows of the database's list: of each, what the shopper can pay and have, with what can be had first
 * where the list is by relevance. A window that changes between two pages may tell something twice or not at all.
 */
export async function findChosenPage(
  deps: FindPageDeps,
  question: ProductQuestion,
  {
    from,
    limit,
    storefront,
    choosiness,
  }: {
    readonly from: ListPlace
    readonly limit: number
    readonly storefront: Storefront
    readonly choosiness: Choosiness
  },
): Promise<FoundPage> {
  const found: ProductCard[] = []
  let { after, told } = from
  for (let windows = 0; windows < WINDOWS_MAX; windows++) {
    const { places, next } = await findProducts(deps.source, question, { after, limit: WINDOW_PRODUCTS })
    const cards = await deps.readCards(places.map(({ id }) => id))
    const chosen = choose(cards, await readSupplies(deps, cards), { storefront, choosiness, question })
    const taken = chosen.slice(told, told + limit - found.length)
    found.push(...taken)
    told += taken.length
    if (told < chosen.length) return { cards: found, next: { after, told } }
    if (next === null) return { cards: found, next: null }
    after = next
    told = 0
    if (found.length === limit) return { cards: found, next: { after, told } }
  }
  return { cards: found, next: { after, told } }
}

async function readSupplies(
  { supplies }: FindPageDeps,
  cards: readonly ProductCard[],
): Promise<ReadonlyMap<Id<'variant'>, Supply>> {
  const parts = cards.flatMap(({ variants }) => variants.flatMap((variant) => variant.parts))
  return supplies.readRoughly(parts.map(({ variantId }) => variantId))
}

function choose(
  cards: readonly ProductCard[],
  supplies: ReadonlyMap<Id<'variant'>, Supply>,
  {
    storefront: { channel, places },
    choosiness: { priceFrom, priceTo, available },
    question,
  }: { readonly storefront: Storefront; readonly choosiness: Choosiness; readonly question: ProductQuestion },
): ProductCard[] {
  const canBeHad = ({ variants }: ProductCard): boolean =>
    variants.some(({ parts }) => {
      const ofParts = parts.map(({ variantId }) => must(supplies.get(variantId), 'supply of every part'))
      return decideAvailability(parts, ofParts, { channelId: channel.id, places }).status !== 'out_of_stock'
    })
  const affordable = cards.filter(({ variants }) =>
    variants.some(
      ({ unitPriceMinor }) =>
        (priceFrom === null || unitPriceMinor >= priceFrom) && (priceTo === null || unitPriceMinor <= priceTo),
    ),
  )
  const { had = [], gone = [] } = Object.groupBy(affordable, (card) => (canBeHad(card) ? 'had' : 'gone'))
  if (available) return had
  return question.filters.query === null ? affordable : [...had, ...gone]
}
