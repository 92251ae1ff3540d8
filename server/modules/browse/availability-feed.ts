import { hash } from 'node:crypto'
import { parseId, type Id } from '../../kernel/id.ts'
import { must } from '../../kernel/invariant.ts'
import type { Queryable } from '../../platform/db.ts'
import { readFinal, type StoredEvent } from '../../platform/events/reader.ts'
import { decodeCursor, encodeCursor, moneyJson } from '../../platform/http/index.ts'
import { skusTouched, walkVariants } from '../catalog/index.ts'
import type { MerchantBook } from '../merchant/index.ts'
import { listsFor, variantsRepricedSince } from '../pricing/index.ts'
import type { AvailabilityAnswers } from './availability-answers.ts'
import { homeOf } from './place.ts'
import type { Watch } from './watch.ts'
import { openStorefront, sellingNodes, type Numbers, type Storefront } from './world.ts'

export interface FeedQuestion {
  /** A channel's code or id. */
  readonly channel: string
  /** `nextCursor` of the page before; absent: everything from the beginning. */
  readonly since?: string | undefined
  /** SKUs a page; one that tells of a large change has more. */
  readonly limit: number
}

export type FeedAnswer =
  | { readonly kind: 'page'; readonly json: string }
  | { readonly kind: 'not_found' }
  /** The cursor is not one of this channel's feed. */
  | { readonly kind: 'cursor_unknown' }

export interface FeedDeps {
  readonly source: Queryable
  readonly watch: Watch
  readonly numbers: Numbers
  readonly answers: AvailabilityAnswers
}

/** How far a reader of the feed is. */
interface Progress {
  /** Walking through everything: the last SKU told. Null: following what changes. */
  readonly walkedTo: Id<'variant'> | 'begin' | null
  /** Whether a walk tells what is not sold: a reader who was told before may have to unlist it. */
  readonly tellsUnsold: boolean
  /** Supply is told up to this event. */
  readonly position: bigint
  /** Products and prices are told up to these revisions. */
  readonly catalog: bigint
  readonly pricing: bigint
  /** Names what decides over every SKU at once: see `describeTerms`. */
  readonly terms: string
}

/** An event names at most a thousand SKUs: with these a page holds 20,000 at the very most. */
const EVENTS_MAX = 20
/** More products or prices than this at a time are told by a walk through everything. */
const CHANGES_MAX = 5_000

/**
 * What a channel can sell, for marketplaces and search engines: a walk through all SKUs, then what changed since.
 *
 * Nothing is lost: a walk notes where the events stood when it began, and what changed while it went on is told after
 * it. Events are taken up to the position that this node has seen as final; whatever is told is at least as new. A
 * change that may touch every SKU (a location joins, a price list begins to hold, thousands of products are edited)
 * begins a new walk. A SKU may come more than once, each time as it is then; what the channel ceased to sell comes as `not_sold`.
 * The node keeps nothing of a reader: everything is in the cursor.
 */
export class AvailabilityFeed {
  readonly #deps: FeedDeps
  readonly #terms = new WeakMap<Storefront, string>()

  constructor(deps: FeedDeps) {
    this.#deps = deps
  }

  async read({ channel, since, limit }: FeedQuestion): Promise<FeedAnswer> {
    const { watch, numbers } = this.#deps
    const channelId = findChannel(watch.world.merchant, channel)
    const choice = channelId === undefined ? null : openStorefront(watch.world, { channelId }, numbers)
    if (choice?.kind !== 'open') return { kind: 'not_found' }
    const { storefront } = choice
    // Where everything stands now, before anything is read: what is read afterwards is as new or newer.
    const now = this.#now(storefront)
    const known = since === undefined ? now : readProgress(since, storefront)
    if (known === null) return { kind: 'cursor_unknown' }
    const isKept = known.terms === now.terms && known.position <= now.position
    if (!isKept) return this.#walk(storefront, { ...now, tellsUnsold: true }, { limit })
    return known.walkedTo === null
      ? this.#follow(storefront, known, { now, limit })
      : this.#walk(storefront, known, { limit })
  }

  #now(storefront: Storefront): Progress {
    const { catalog, pricing } = storefront.world.revisions
    const terms = this.#termsOf(storefront)
    return { walkedTo: 'begin', tellsUnsold: false, position: this.#deps.watch.seen.position, catalog, pricing, terms }
  }

  async #walk(storefront: Storefront, progress: Progress, { limit }: { readonly limit: number }): Promise<FeedAnswer> {
    const after = progress.walkedTo === 'begin' ? null : progress.walkedTo
    const found = await walkVariants(this.#deps.source, { after, limit: limit + 1 })
    const shown = found.slice(0, limit)
    const isEnd = found.length <= limit
    const walkedTo = isEnd ? null : must(shown.at(-1), 'the last of a full page').id
    const skus = shown.map(({ sku }) => sku)
    return this.#page(storefront, skus, { progress: { ...progress, walkedTo }, isWalk: true, hasMore: true })
  }

  async #follow(
    storefront: Storefront,
    known: Progress,
    { now, limit }: { readonly now: Progress; readonly limit: number },
  ): Promise<FeedAnswer> {
    const { source, watch } = this.#deps
    const { events, through } = await readFinal(source, {
      after: known.position,
      horizon: watch.seen,
      limit: EVENTS_MAX,
      types: ['inventory.changed'],
    })
    const changed = new Set<Id<'variant'>>()
    let position = through
    for (const event of events) {
      for (const id of variantsOf(event)) changed.add(id)
      if (changed.size < limit) continue
      position = event.position
      break
    }
    const repriced =
      known.pricing === now.pricing ? [] : await variantsRepricedSince(source, known.pricing, CHANGES_MAX + 1)
    const skus = await skusTouched(source, {
      variantIds: [...changed, ...repriced],
      since: known.catalog,
      limit: changed.size + CHANGES_MAX + 1,
    })
    if (repriced.length > CHANGES_MAX || skus.length > changed.size + CHANGES_MAX) {
      return this.#walk(storefront, { ...now, tellsUnsold: true }, { limit })
    }
    const hasMore = position < now.position
    return this.#page(storefront, skus, {
      progress: { ...now, walkedTo: null, tellsUnsold: true, position },
      isWalk: false,
      hasMore,
    })
  }

  async #page(
    storefront: Storefront,
    skus: readonly string[],
    { progress, isWalk, hasMore }: { readonly progress: Progress; readonly isWalk: boolean; readonly hasMore: boolean },
  ): Promise<FeedAnswer> {
    const { watch, answers } = this.#deps
    const { asOf } = watch
    const found = await answers.availabilityOf(skus, storefront)
    const { currency } = storefront.terms
    const items = found.flatMap((each, index): string[] => {
      if (each !== null) {
        return [`${each.head},"price":${JSON.stringify(moneyJson({ minor: each.unitPriceMinor, currency }))}}`]
      }
      return isWalk && !progress.tellsUnsold
        ? []
        : [`{"sku":${JSON.stringify(skus[index])},"status":"not_sold","quantity":0,"price":null}`]
    })
    const tail = JSON.stringify({
      nextCursor: writeProgress(progress, storefront),
      hasMore,
      isFull: isWalk,
      asOf: asOf.text,
    })
    return { kind: 'page', json: `{"items":[${items.join(',')}],${tail.slice(1)}` }
  }

  #termsOf(storefront: Storefront): string {
    let terms = this.#terms.get(storefront)
    if (terms === undefined) {
      terms = hash('sha1', describeTerms(storefront), 'base64url')
      this.#terms.set(storefront, terms)
    }
    return terms
  }
}

/**
 * Everything by which one change may touch every SKU, and nothing that could not: prices of a list and the products of
 * an assortment are told one by one, whatever version that makes the list.
 */
function describeTerms({ world, channel, terms, buyer }: Storefront): string {
  const { at, pricing, sourcing, merchant } = world
  const lists = listsFor({ at, channel: terms, buyer, priceLists: pricing.priceListById })
  return JSON.stringify([
    terms.currency,
    homeOf(channel, merchant),
    sellingNodes(sourcing.network.nodes, channel.id)
      .map(({ locationId }) => locationId)
      .toSorted(),
    // Which lists hold, and which of two counts.
    lists.map(({ id, priority }) => [id, priority]),
    // The rules that begin or end at that moment may be anybody's.
    world.assortmentUntil,
  ])
}

function findChannel(book: MerchantBook, codeOrId: string): Id<'channel'> | undefined {
  const id = parseId('channel', codeOrId)
  return (id === null ? book.channelByCode.get(codeOrId) : book.channelById.get(id))?.id
}

function variantsOf({ data }: StoredEvent): Id<'variant'>[] {
  return (data['variantIds'] as readonly string[]).map((text) =>
    must(parseId('variant', text), 'the id of a variant in an event of inventory'),
  )
}

function writeProgress(progress: Progress, { channel }: Storefront): string {
  const { walkedTo, tellsUnsold, position, catalog, pricing, terms } = progress
  const place = `${tellsUnsold ? 'again' : 'first'} ${walkedTo ?? 'end'}`
  return encodeCursor([channel.id, place, String(position), String(catalog), String(pricing), terms])
}

const PLACE = /^(first|again) (begin|end|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/

function readProgress(text: string, { channel }: Storefront): Progress | null {
  const read = decodeCursor(text, ['uuid', 'text', 'text', 'text', 'text', 'text'])
  if (read === null || read[0] !== channel.id) return null
  const [, place, position, catalog, pricing, terms] = read
  const [, pass, walkedTo] = PLACE.exec(place) ?? []
  const areNumbers = [position, catalog, pricing].every((number) => /^\d{1,18}$/.test(number))
  if (walkedTo === undefined || !areNumbers) return null
  return {
    walkedTo: walkedTo === 'end' ? null : (walkedTo as Id<'variant'> | 'begin'),
    tellsUnsold: pass === 'again',
    position: BigInt(position),
    catalog: BigInt(catalog),
    pricing: BigInt(pricing),
    terms,
  }
}
