import { hash } from 'node:crypto'
import { parseId, type Id } from '../../kernel/id.ts'
import { must } from '../../kernel/invariant.ts'
import type { Queryable } from '../../platform/db.ts'
import { decodeCursor, encodeCursor } from '../../platform/http/index.ts'
import { countFacets, type ProductQuestion as Question } from '../catalog/index.ts'
import type { Answer, Answering } from './answer.ts'
import { BoundedCache } from './bounded-cache.ts'
import { decideAvailability, type Availability } from './decide-availability.ts'
import { facetsJson } from './facets.ts'
import { findChosenPage, findPlainPage, type ListPlace } from './find-page.ts'
import { buyerAt } from './listing.ts'
import { areCurrent, oldestOf } from './moment.ts'
import { isOutage } from './outage.ts'
import type { Place } from './place.ts'
import { productDetails } from './product-details.ts'
import { ProductCards, type ProductCard } from './product-card.ts'
import { readFilters, type FilterTexts } from './read-filters.ts'
import { structuredData } from './structured-data.ts'
import type { SupplyCache } from './supply-cache.ts'
import type { Supply } from './supply.ts'
import type { Watch } from './watch.ts'
import {
  openStorefront,
  type BrowsedRooms,
  type Numbers,
  type Storefront,
  type StorefrontQuestion,
  type World,
} from './world.ts'

interface Asking extends StorefrontQuestion {
  readonly locale?: string | undefined
}

export interface ProductListQuestion extends Asking, FilterTexts {
  /** Minor units. */
  readonly priceFrom?: number | undefined
  readonly priceTo?: number | undefined
  /** Only what can be had now. */
  readonly available?: boolean | undefined
  /** Whether to count what the list could be narrowed by. */
  readonly facets?: boolean | undefined
  readonly limit: number
  readonly cursor?: string | undefined
}

export interface ProductQuestion extends Asking {
  readonly idOrHandle: string
}

export interface ProductPagesDeps {
  readonly source: Queryable
  readonly rooms: BrowsedRooms
  readonly watch: Watch
  readonly supplies: SupplyCache
  readonly numbers: Numbers
}

/** An answer as it was last written, with everything it was made from. */
interface Page {
  readonly storefront: Storefront
  /** Null on the page of a single product. */
  readonly list: FoundList | null
  readonly cards: readonly ProductCard[]
  /** The world and the supply that the page tells of. */
  readonly madeOf: readonly (World | Supply)[]
  /** Without its end, which tells the time. */
  readonly json: string
  readonly tag: string
}

interface FoundList {
  readonly next: ListPlace | null
  /** JSON; null where they were not asked for. */
  readonly facets: string | null
}

/** Writes a page anew, from what has changed since the old one; an answer where there is no page to write. */
type WritePage = (old: Page | undefined) => Promise<Page | Answer>

/** A page of twenty products takes 20 kB. */
const PAGE_CHARACTERS_MAX = 24_000_000

/**
 * The pages that heads read most, written once and sent until something on them changes: then only what changed is
 * read again, and only by the next who asks.
 */
export class ProductPages {
  readonly #deps: ProductPagesDeps
  readonly #cards: ProductCards
  readonly #pages = new BoundedCache<string, Page>({
    weightMax: PAGE_CHARACTERS_MAX,
    weightOf: ({ json }) => json.length,
  })
  readonly #writing = new Map<string, ReturnType<WritePage>>()

  constructor(deps: ProductPagesDeps) {
    this.#deps = deps
    this.#cards = new ProductCards(deps.rooms, deps.source)
  }

  list(question: ProductListQuestion): Answering {
    const { limit, cursor = '' } = question
    const { category = '', query = '', brand = '', attributes = '', priceFrom = '', priceTo = '' } = question
    const asked = `${question.available ?? ''}\n${question.facets ?? ''}\n${priceFrom}\n${priceTo}`
    // None of these can hold a line break.
    const key = `${askingKey(question)}\n${limit}\n${cursor}\n${category}\n${query}\n${brand}\n${attributes}\n${asked}`
    return this.#answer(key, (old) => this.#writeList(question, old))
  }

  one(question: ProductQuestion): Answering {
    const key = `${askingKey(question)}\n${question.idOrHandle}`
    return this.#answer(key, (old) => this.#writeOne(question, old))
  }

  #answer(key: string, write: WritePage): Answering {
    const page = this.#pages.get(key)
    return page !== undefined && areCurrent(page.madeOf) ? this.#tell(page) : this.#renew(key, page, write)
  }

  async #renew(key: string, old: Page | undefined, write: WritePage): Promise<Answer> {
    if (old !== undefined && !this.#deps.watch.canAsk()) return this.#tell(old)
    try {
      const written = await this.#writeOnce(key, () => write(old))
      return 'kind' in written ? written : this.#tell(written)
    } catch (error) {
      if (old === undefined || !isOutage(error)) throw error
      return this.#tell(old)
    }
  }

  /** Everybody who asks for a page while it is written shares it. */
  async #writeOnce(key: string, write: () => ReturnType<WritePage>): ReturnType<WritePage> {
    const underWay = this.#writing.get(key)
    if (underWay !== undefined) return underWay
    const writing = write()
    this.#writing.set(key, writing)
    try {
      const written = await writing
      if (!('kind' in written)) this.#pages.set(key, written)
      return written
    } finally {
      this.#writing.delete(key)
    }
  }

  #tell({ json, tag, madeOf }: Page): Answer {
    const { watch } = this.#deps
    const asOf = oldestOf(watch.asOf, madeOf)
    return watch.isLongAgo(asOf)
      ? { kind: 'found', json: `${json}"asOf":"${asOf.text}","degraded":true}`, tag: null }
      : { kind: 'found', json: `${json}"asOf":"${asOf.text}"}`, tag }
  }

  async #writeList(question: ProductListQuestion, old: Page | undefined): Promise<Page | Answer> {
    const { source, watch, numbers, supplies } = this.#deps
    const choice = openStorefront(watch.world, question, numbers)
    if (choice.kind !== 'open') return choice
    const { storefront, place } = choice
    const from = readPlace(question.cursor)
    if (from === null) return { kind: 'cursor_unknown' }
    const book = storefront.world.catalog
    const read = readFilters(question, book)
    if (read.kind === 'refused') return read
    if (read.kind === 'nothing') {
      return this.#writePage({ storefront, list: { next: null, facets: null }, cards: [] }, question)
    }
    const asked: Question = {
      book,
      buyer: buyerAt(storefront, place),
      locale: question.locale ?? storefront.channel.locale,
      filters: read.filters,
    }
    const choosiness = {
      priceFrom: question.priceFrom === undefined ? null : BigInt(question.priceFrom),
      priceTo: question.priceTo === undefined ? null : BigInt(question.priceTo),
      available: question.available === true,
    }
    const isJudgedHere =
      read.filters.query !== null ||
      choosiness.available ||
      choosiness.priceFrom !== null ||
      choosiness.priceTo !== null
    const isSameList = old !== undefined && old.list !== null && !isJudgedHere && isSameAssortment(old, storefront)
    const deps = {
      source,
      supplies,
      readCards: (ids: readonly Id<'product'>[]) => this.#readCards(ids, choice, question),
    }
    const { limit } = question
    if (isSameList) {
      // Only supply or prices have changed since the page was written, most of the time.
      const cards =
        old.storefront === storefront ? old.cards : await deps.readCards(old.cards.map(({ product }) => product.id))
      return this.#writePage({ storefront, list: old.list, cards }, question)
    }
    const [page, facets] = await Promise.all([
      isJudgedHere
        ? findChosenPage(deps, asked, { from, limit, storefront, choosiness })
        : findPlainPage(deps, asked, { from, limit }),
      question.facets === true ? countFacets(source, asked) : null,
    ])
    const list = { next: page.next, facets: facets === null ? null : JSON.stringify(facetsJson(facets, asked.locale)) }
    return this.#writePage({ storefront, list, cards: page.cards }, question)
  }

  async #writeOne(question: ProductQuestion, old: Page | undefined): Promise<Page | Answer> {
    const { source, rooms, watch, numbers } = this.#deps
    const choice = openStorefront(watch.world, question, numbers)
    if (choice.kind !== 'open') return choice
    const { storefront, place } = choice
    const { idOrHandle } = question
    const revision = storefront.world.revisions.catalog
    const productId =
      parseId('product', idOrHandle) ??
      (await rooms.catalog.productIdsByHandleAt(source, revision, [idOrHandle])).get(idOrHandle)
    const known = old?.storefront === storefront ? old.cards : null
    const cards =
      known ?? (productId === undefined ? [] : await this.#readCards([productId], { storefront, place }, question))
    return cards.length === 0 ? { kind: 'not_found' } : this.#writePage({ storefront, list: null, cards }, question)
  }

  #readCards(
    productIds: readonly Id<'product'>[],
    { storefront, place }: { readonly storefront: Storefront; readonly place: Place },
    { locale = storefront.channel.locale }: Asking,
  ): Promise<readonly ProductCard[]> {
    return this.#cards.read(productIds, { storefront, locale, place })
  }

  async #writePage(
    { storefront, list, cards }: Pick<Page, 'storefront' | 'list' | 'cards'>,
    { locale = storefront.channel.locale }: Asking,
  ): Promise<Page> {
    const parts = cards.flatMap(({ variants }) => variants.flatMap((variant) => variant.parts))
    const supplies = await this.#deps.supplies.read(parts.map(({ variantId }) => variantId))
    const json =
      list === null
        ? writeSingle(must(cards[0], 'the product'), supplies, storefront, locale)
        : writeItems(
            cards.map((card) => writeCard(card, availabilitiesOf(card, supplies, storefront))),
            list,
          )
    // Weak: the same content may be told as of another moment.
    const tag = `W/"${hash('sha1', json, 'base64url')}"`
    return { storefront, list, cards, madeOf: [storefront.world, ...supplies.values()], json, tag }
  }
}

function askingKey({ channelId, audience, currency, locale, country, region, location }: Asking): string {
  return [channelId, audience?.key, currency, locale, country, region, location].join('\n')
}

/** Whether the same products are offered to the same shoppers as when the page was written. */
function isSameAssortment(old: Page, { world }: Storefront): boolean {
  const before = old.storefront.world
  return before.revisions.catalog === world.revisions.catalog && world.at < before.assortmentUntil
}

const firstPlace: ListPlace = { after: null, told: 0 }

/** Null: not of this list. */
function readPlace(cursor: string | undefined): ListPlace | null {
  if (cursor === undefined) return firstPlace
  const values = decodeCursor(cursor, ['integer', 'text', 'uuid', 'integer'])
  if (values === null) return decodeStart(cursor)
  const [relevance, title, id, told] = values
  return isInt(relevance) && told >= 0 ? { after: { relevance, title, id: id as Id<'product'> }, told } : null
}

/** Within the first window there is no place before it. */
function decodeStart(cursor: string): ListPlace | null {
  const values = decodeCursor(cursor, ['integer'])
  return values === null || values[0] < 0 ? null : { after: null, told: values[0] }
}

/** The database's int. */
function isInt(value: number): boolean {
  return Math.abs(value) < 2 ** 31
}

function writePlace({ after, told }: ListPlace): string {
  return encodeCursor(after === null ? [told] : [after.relevance, after.title, after.id, told])
}

function availabilitiesOf(
  { variants }: ProductCard,
  supplies: ReadonlyMap<Id<'variant'>, Supply>,
  { channel, places }: Storefront,
): Availability[] {
  return variants.map(({ parts }) => {
    const ofParts = parts.map(({ variantId }) => must(supplies.get(variantId), 'supply of every part'))
    return decideAvailability(parts, ofParts, { channelId: channel.id, places })
  })
}

function writeCard({ head, variants }: ProductCard, availabilities: readonly Availability[]): string {
  const written = variants.map((variant, index) => {
    return `${variant.head}${writeAvailability(must(availabilities[index], 'an availability a variant'))}}`
  })
  return `${head}${written.join(',')}]}`
}

export function writeAvailability({ status, quantity }: Availability): string {
  return `{"status":"${status}","quantity":${quantity}}`
}

function writeSingle(
  card: ProductCard,
  supplies: ReadonlyMap<Id<'variant'>, Supply>,
  storefront: Storefront,
  locale: string,
): string {
  const availabilities = availabilitiesOf(card, supplies, storefront)
  const { world, channel, terms } = storefront
  const details = {
    ...productDetails(card.product, { book: world.catalog, locale, channelLocale: channel.locale }),
    structuredData: structuredData(card, availabilities, { locale, currency: terms.currency }),
  }
  return `${writeCard(card, availabilities).slice(0, -1)},${JSON.stringify(details).slice(1, -1)},`
}

function writeItems(items: readonly string[], { next, facets }: FoundList): string {
  const nextCursor = JSON.stringify(next === null ? null : writePlace(next))
  return `{"items":[${items.join(',')}],"nextCursor":${nextCursor},${facets === null ? '' : `"facets":${facets},`}`
}
