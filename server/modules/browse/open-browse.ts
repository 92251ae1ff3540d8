import type { Id } from '../../kernel/id.ts'
import type { Db } from '../../platform/db.ts'
import { readChannelLimits, readSummaries } from '../inventory/index.ts'
import type { Answering } from './answer.ts'
import { Audiences, type Audience, type ReadSegments } from './audience.ts'
import { AvailabilityAnswers, type AvailabilityQuestion, type SkuQuestion } from './availability-answers.ts'
import { AvailabilityFeed, type FeedAnswer, type FeedQuestion } from './availability-feed.ts'
import { categoryTree, type CategoryTreeQuestion } from './category-tree.ts'
import { Numbering } from './numbering.ts'
import { ProductPages, type ProductListQuestion, type ProductQuestion } from './product-pages.ts'
import { SupplyCache } from './supply-cache.ts'
import { supplyOf } from './supply.ts'
import { Watch, type WatchSources } from './watch.ts'
import type { BrowsedRooms, Numbers } from './world.ts'

/** What shoppers may look at, from the memory of this node. Nothing is answered before `start` has resolved. */
export interface Browse {
  /** Whom a signed-in customer is one of. */
  audienceOf(personId: Id<'person'>): Promise<Audience>
  /** Begins to follow what changes; resolves when everything that changed before is known. */
  start(sources: WatchSources): Promise<void>
  stop(): Promise<void>
  listProducts(question: ProductListQuestion): Answering
  readProduct(question: ProductQuestion): Answering
  listCategories(question: CategoryTreeQuestion): Answering
  checkAvailability(question: AvailabilityQuestion): Answering
  checkSku(question: SkuQuestion): Answering
  readFeed(question: FeedQuestion): Promise<FeedAnswer>
}

export interface BrowseDeps {
  readonly db: Db
  readonly rooms: BrowsedRooms
  readonly readSegments: ReadSegments
  /** Monotonic, ms. */
  readonly now: () => number
  /** Places of SKUs whose supply a node keeps. */
  readonly placesMax?: number
}

/** 8 bytes each on shelves, 100 for what is under way; 200 for each SKU. */
const PLACES_MAX = 1_000_000

export function openBrowse({ db, rooms, readSegments, now, placesMax = PLACES_MAX }: BrowseDeps): Browse {
  const numbers: Numbers = { locations: new Numbering(), storefronts: new Numbering() }
  const watch = new Watch({ db, rooms, now, onSupplyChanged: (variantIds) => supplies.invalidate(variantIds) })
  const supplies = new SupplyCache({
    placesMax,
    load: async (variantIds) => {
      const [rowsByVariant, limits] = await Promise.all([
        readSummaries(db, variantIds),
        readChannelLimits(db, variantIds),
      ])
      const limitsByVariant = Map.groupBy(limits, (limit) => limit.variantId)
      return new Map(
        [...rowsByVariant].map(([variantId, rows]) => [
          variantId,
          supplyOf(rows, numbers.locations, limitsByVariant.get(variantId)),
        ]),
      )
    },
    asOf: () => watch.asOf,
    canLoad: () => watch.canAsk(),
  })
  const deps = { source: db, rooms, watch, supplies, numbers }
  const pages = new ProductPages(deps)
  const audiences = new Audiences({ readSegments, now })
  const availability = new AvailabilityAnswers(deps)
  const feed = new AvailabilityFeed({ ...deps, answers: availability })
  return {
    start: (sources) => watch.start(sources),
    stop: () => watch.stop(),
    audienceOf: (personId) => audiences.of(personId),
    listProducts: (question) => pages.list(question),
    readProduct: (question) => pages.one(question),
    listCategories: (question) => categoryTree(question, watch.world),
    checkAvailability: (question) => availability.answer(question),
    checkSku: (question) => availability.answerOne(question),
    readFeed: (question) => feed.read(question),
  }
}
