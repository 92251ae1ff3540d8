import { hash } from 'node:crypto'
import { parseId, type Id } from '../../kernel/id.ts'
import { must } from '../../kernel/invariant.ts'
import type { CurrencyCode } from '../../kernel/money.ts'
import type { Queryable } from '../../platform/db.ts'
import { decodeCursor, encodeCursor } from '../../platform/http/index.ts'
import { listOffered, type OfferedProducts } from '../catalog/index.ts'
import type { Answer, Answering } from './answer.ts'
import { BoundedCache } from './bounded-cache.ts'
import { decideAvailability, type Availability } from './decide-availability.ts'
import { areCurrent, oldestOf } from './moment.ts'
import { isOutage } from './outage.ts'
import { ProductCards, type ProductCard } from './product-card.ts'
import type { SupplyCache } from './supply-cache.ts'
import type { Supply } from './supply.ts'
import type { Watch } from './watch.ts'
import { openStorefront, type BrowsedRooms, type Numbers, type Storefront, type World } from './world.ts'

interface Asking {
  readonly channelId: Id<'channel'>
  /** The channel's own when absent. */
  readonly currency?: CurrencyCode | undefined
  readonly locale?: string | undefined
}

export interface ProductListQuestion extends Asking {
  readonly query?: string | undefined
  readonly category?: string | undefined
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
  readonly offered: OfferedProducts | null
  readonly cards: readonly ProductCard[]
  /** The world and the supply that the page tells of. */
  readonly madeOf: readonly (World | Supply)[]
  /** Without its end, which tells the time. */
  readonly json: string
  readonly tag: string
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
    const { channelId, currency = '', locale = '', limit, cursor = '', category = '', query = '' } = question
    // None of these can hold a line break.
    const key = `${channelId}\n${currency}\n${locale}\n${limit}\n${cursor}\n${category}\n${query}`
    return this.#answer(key, (old) => this.#writeList(question, old))
  }

  one(question: ProductQuestion): Answering {
    const { channelId, currency = '', locale = '', idOrHandle } = question
    const key = `${channelId}\n${currency}\n${locale}\n${idOrHandle}`
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
    const { source, watch, numbers } = this.#deps
    const { limit, cursor, category = null, query = null } = question
    const choice = openStorefront(watch.world, question.channelId, question.currency, numbers)
    if (choice.kind !== 'open') return choice
    const { storefront } = choice
    const place = cursor === undefined ? null : decodeCursor(cursor, ['text', 'uuid'])
    if (place === null && cursor !== undefined) return { kind: 'cursor_unknown' }
    const after = place === null ? null : { title: place[0], id: place[1] as Id<'product'> }

    const { channel, world } = storefront
    const isSameCatalog = old?.storefront.world.revisions.catalog === world.revisions.catalog
    const offered =
      (isSameCatalog ? old.offered : null) ??
      (await listOffered(source, { channelId: channel.id, category, query, after, limit }))
    return this.#writePage({ storefront, offered, cards: await this.#cardsOf(offered.ids, storefront, question, old) })
  }

  async #writeOne(question: ProductQuestion, old: Page | undefined): Promise<Page | Answer> {
    const { source, rooms, watch, numbers } = this.#deps
    const choice = openStorefront(watch.world, question.channelId, question.currency, numbers)
    if (choice.kind !== 'open') return choice
    const { storefront } = choice
    const { idOrHandle } = question
    const revision = storefront.world.revisions.catalog
    const productId =
      parseId('product', idOrHandle) ??
      (await rooms.catalog.productIdsByHandleAt(source, revision, [idOrHandle])).get(idOrHandle)
    const cards = productId === undefined ? [] : await this.#cardsOf([productId], storefront, question, old)
    return cards.length === 0 ? { kind: 'not_found' } : this.#writePage({ storefront, offered: null, cards })
  }

  /** Only supply has changed since the page was written, most of the time. */
  async #cardsOf(
    productIds: readonly Id<'product'>[],
    storefront: Storefront,
    { locale }: Asking,
    old: Page | undefined,
  ): Promise<readonly ProductCard[]> {
    if (old?.storefront === storefront) return old.cards
    return this.#cards.read(productIds, { storefront, locale: locale ?? storefront.channel.locale })
  }

  async #writePage({ storefront, offered, cards }: Pick<Page, 'storefront' | 'offered' | 'cards'>): Promise<Page> {
    const parts = cards.flatMap(({ variants }) => variants.flatMap((variant) => variant.parts))
    const supplies = await this.#deps.supplies.read(parts.map(({ variantId }) => variantId))
    const items = cards.map((card) => writeCard(card, supplies, storefront))
    const json = offered === null ? writeSingle(must(cards[0], 'the product'), items) : writeItems(items, offered)
    // Weak: the same content may be told as of another moment.
    const tag = `W/"${hash('sha1', json, 'base64url')}"`
    return { storefront, offered, cards, madeOf: [storefront.world, ...supplies.values()], json, tag }
  }
}

function writeCard(
  { head, variants }: ProductCard,
  supplies: ReadonlyMap<Id<'variant'>, Supply>,
  { channel, places }: Storefront,
): string {
  const written = variants.map((variant) => {
    const ofParts = variant.parts.map(({ variantId }) => must(supplies.get(variantId), 'supply of every part'))
    const availability = decideAvailability(variant.parts, ofParts, { channelId: channel.id, places })
    return `${variant.head}${writeAvailability(availability)}}`
  })
  return `${head}${written.join(',')}]}`
}

export function writeAvailability({ status, quantity }: Availability): string {
  return `{"status":"${status}","quantity":${quantity}}`
}

function writeSingle({ description }: ProductCard, [item = '']: readonly string[]): string {
  return `${item.slice(0, -1)},"description":${description},`
}

function writeItems(items: readonly string[], { next }: OfferedProducts): string {
  const nextCursor = next === null ? null : encodeCursor([next.title, next.id])
  return `{"items":[${items.join(',')}],"nextCursor":${JSON.stringify(nextCursor)},`
}
