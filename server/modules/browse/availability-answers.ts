import { hash } from 'node:crypto'
import { must } from '../../kernel/invariant.ts'
import type { Queryable } from '../../platform/db.ts'
import type { Answer, Answering } from './answer.ts'
import { BoundedCache } from './bounded-cache.ts'
import { decideAvailability } from './decide-availability.ts'
import { DeliveryDesk, type DeliveryPlan } from './delivery-desk.ts'
import { writeOptions } from './delivery-options.ts'
import { isSoldTo, readListings, type Listing, type Sold, type ToldSupply } from './listing.ts'
import { areCurrent, oldestOf, type Moment } from './moment.ts'
import { isOutage } from './outage.ts'
import { homeOf, type Place } from './place.ts'
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
import { writeDates, writePickups } from './sku-details.ts'

export interface AvailabilityQuestion extends StorefrontQuestion {
  /** Each once. */
  readonly skus: readonly string[]
  readonly postalCode?: string | undefined
}

/** The same of one SKU, in more detail. */
export type SkuQuestion = Omit<AvailabilityQuestion, 'skus'> & { readonly sku: string }

export interface AvailabilityDeps {
  readonly source: Queryable
  readonly rooms: BrowsedRooms
  readonly watch: Watch
  readonly supplies: SupplyCache
  readonly numbers: Numbers
}

/** What is known of one SKU that was asked for. */
interface Item {
  readonly listing: Listing
  /** Null when it is not sold here. */
  readonly told: ToldSupply | null
}

export interface FoundSku {
  /** JSON from the SKU to its quantity, without an end. */
  readonly head: string
  readonly unitPriceMinor: bigint
}

/** A listing takes about 500 bytes. */
const LISTINGS_MAX = 50_000

/** Says what can be had and how it could be delivered, from what this node knows. */
export class AvailabilityAnswers {
  readonly #deps: AvailabilityDeps
  readonly #desk: DeliveryDesk
  readonly #listings = new BoundedCache<string, Listing>({ weightMax: LISTINGS_MAX })

  constructor(deps: AvailabilityDeps) {
    this.#deps = deps
    this.#desk = new DeliveryDesk(deps.numbers.locations)
  }

  answer(question: AvailabilityQuestion): Answering {
    const { watch, numbers } = this.#deps
    const choice = openStorefront(watch.world, question, numbers)
    if (choice.kind !== 'open') return choice
    const { storefront, place } = choice
    const where = { ...question, place }
    const items: Item[] = []
    for (const sku of question.skus) {
      const item = this.#itemInMemory(sku, storefront)
      if (item === null) return this.#load(question.skus, where, storefront)
      items.push(item)
    }
    return this.#tell(items, where, storefront)
  }

  /** What can be had of SKUs, in their order; null of what the storefront does not sell to anybody at its home. */
  async availabilityOf(skus: readonly string[], storefront: Storefront): Promise<(FoundSku | null)[]> {
    const home = homeOf(storefront.channel, storefront.world.merchant)
    const items = await this.#readItems(skus, storefront)
    return items.map(({ listing: { sold }, told }) =>
      sold === null || told === null || !isSoldTo(sold.offer, storefront, home)
        ? null
        : { head: told.head, unitPriceMinor: sold.unitPriceMinor },
    )
  }

  answerOne({ sku, ...question }: SkuQuestion): Answering {
    const { watch, numbers } = this.#deps
    const choice = openStorefront(watch.world, question, numbers)
    if (choice.kind !== 'open') return choice
    const { storefront, place } = choice
    const where = { ...question, place }
    const item = this.#itemInMemory(sku, storefront)
    return item === null ? this.#loadOne(sku, where, storefront) : this.#tellOne(item, where, storefront)
  }

  async #loadOne(sku: string, where: Where, storefront: Storefront): Promise<Answer> {
    const [item] = await this.#readItems([sku], storefront)
    return this.#tellOne(must(item, 'the one that was asked for'), where, storefront)
  }

  #tellOne({ listing, told }: Item, where: Where, storefront: Storefront): Answer {
    const { sold, world } = listing
    if (sold === null || told === null || !isSoldTo(sold.offer, storefront, where.place)) return { kind: 'not_found' }
    const { watch, numbers } = this.#deps
    const { at } = watch
    const { parts, unitPriceMinor } = sold
    const { supplies, head } = told
    const plan = this.#planFor(where, storefront)
    const selling = { channelId: storefront.channel.id, places: storefront.places }
    const body = [
      head,
      writeDates(parts, supplies, selling),
      `"options":${writeOptions(plan, { parts, supplies, unitPriceMinor, at }, numbers.locations)}`,
      `"pickups":${writePickups(plan, { parts, supplies, selling, at })}`,
    ].join(',')
    const asOf = asOfItem(watch.asOf, { supplies, world })
    return this.#found(`${body},"asOf":"${asOf.text}"`, { content: body, oldest: asOf })
  }

  /** What is told is the same for as long as its content is, whatever the time. */
  #found(json: string, { content, oldest }: { readonly content: string; readonly oldest: Moment }): Answer {
    if (this.#deps.watch.isLongAgo(oldest)) return { kind: 'found', json: `${json},"degraded":true}`, tag: null }
    return { kind: 'found', json: `${json}}`, tag: `W/"${hash('sha1', content, 'base64url')}"`, shared: true }
  }

  #planFor({ country, postalCode = '', place }: Where, storefront: Storefront): DeliveryPlan {
    return this.#desk.planFor(storefront, { country: country ?? place.country, postalCode })
  }

  /** Null when something of it must be read first. */
  #itemInMemory(sku: string, storefront: Storefront): Item | null {
    const listing = this.#listings.get(storefront.key + sku)
    if (listing === undefined || listing.world !== storefront.world) return null
    const { sold } = listing
    if (sold === null) return { listing, told: null }
    if (sold.told !== null && areCurrent(sold.told.supplies)) return { listing, told: sold.told }
    const supplies: Supply[] = []
    for (const { variantId } of sold.parts) {
      const supply = this.#deps.supplies.peek(variantId)
      if (supply === undefined || supply.outdatedAsOf !== null) return null
      supplies.push(supply)
    }
    return { listing, told: tellSupply(listing.sku, sold, supplies, storefront) }
  }

  async #load(skus: readonly string[], where: Where, storefront: Storefront): Promise<Answer> {
    return this.#tell(await this.#readItems(skus, storefront), where, storefront)
  }

  async #readItems(skus: readonly string[], storefront: Storefront): Promise<Item[]> {
    const listings = await this.#readListings(skus, storefront)
    const parts = listings.flatMap(({ sold }) => sold?.parts ?? [])
    const supplyByVariant = await this.#deps.supplies.read(parts.map(({ variantId }) => variantId))
    return listings.map((listing): Item => {
      const { sku, sold } = listing
      if (sold === null) return { listing, told: null }
      const supplies = sold.parts.map(({ variantId }) => must(supplyByVariant.get(variantId), 'supply of every part'))
      return { listing, told: tellSupply(sku, sold, supplies, storefront) }
    })
  }

  /** Where the database is away, listings of a world that is gone are better than none. */
  async #readListings(skus: readonly string[], storefront: Storefront): Promise<Listing[]> {
    const { source, rooms, watch } = this.#deps
    const kept = skus.map((sku) => this.#listings.get(storefront.key + sku))
    const missing = skus.filter((_, index) => {
      const listing = kept[index]
      return listing === undefined || (listing.world !== storefront.world && watch.canAsk())
    })
    const readBySku = new Map<string, Listing>()
    try {
      for (const listing of await readListings(rooms, source, { storefront, skus: missing })) {
        readBySku.set(listing.sku, listing)
        this.#listings.set(storefront.key + listing.sku, listing)
      }
    } catch (error) {
      if (!isOutage(error) || kept.includes(undefined)) throw error
    }
    return skus.map((sku, index) => must(readBySku.get(sku) ?? kept[index], 'a listing of every SKU'))
  }

  #tell(items: readonly Item[], where: Where, storefront: Storefront): Answer {
    const plan = this.#planFor(where, storefront)
    const { watch, numbers } = this.#deps
    const { locations } = numbers
    const { at, asOf } = watch
    const unknown: string[] = []
    let oldest = asOf
    let json = ''
    let content = ''
    for (const {
      listing: { sku, sold, world },
      told,
    } of items) {
      if (sold === null || told === null || !isSoldTo(sold.offer, storefront, where.place)) {
        unknown.push(sku)
        continue
      }
      const { supplies, head } = told
      const { parts, unitPriceMinor } = sold
      const itemAsOf = asOfItem(asOf, { supplies, world })
      if (itemAsOf.ms < oldest.ms) oldest = itemAsOf
      const options = writeOptions(plan, { parts, supplies, unitPriceMinor, at }, locations)
      content += head + options
      json += `${json === '' ? '' : ','}${head},"asOf":"${itemAsOf.text}","options":${options}}`
    }
    const unknownJson = unknown.length === 0 ? '' : `,"unknownSkus":${JSON.stringify(unknown)}`
    return this.#found(`{"items":[${json}]${unknownJson}`, { content: content + unknownJson, oldest })
  }
}

/** Where the goods would go: shipped as asked, sold and priced as at the place. */
type Where = Pick<AvailabilityQuestion, 'country' | 'postalCode'> & { readonly place: Place }

function asOfItem(
  now: Moment,
  { supplies, world }: { readonly supplies: readonly Supply[]; readonly world: World },
): Moment {
  return oldestOf(oldestOf(now, supplies), world.outdatedAsOf === null ? [] : [world])
}

function tellSupply(sku: string, sold: Sold, supplies: readonly Supply[], { channel, places }: Storefront): ToldSupply {
  const { status, quantity } = decideAvailability(sold.parts, supplies, { channelId: channel.id, places })
  const told = { supplies, head: `{"sku":${JSON.stringify(sku)},"status":"${status}","quantity":${quantity}` }
  sold.told = told
  return told
}
