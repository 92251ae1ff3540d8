import type { Id } from '../../kernel/id.ts'
import { must } from '../../kernel/invariant.ts'
import type { CurrencyCode } from '../../kernel/money.ts'
import type { Queryable } from '../../platform/db.ts'
import type { Answer, Answering } from './answer.ts'
import { BoundedCache } from './bounded-cache.ts'
import { decideAvailability } from './decide-availability.ts'
import { DeliveryDesk } from './delivery-desk.ts'
import { writeOptions } from './delivery-options.ts'
import { readListings, type Listing, type Sold, type ToldSupply } from './listing.ts'
import { areCurrent, oldestOf } from './moment.ts'
import { isOutage } from './outage.ts'
import type { SupplyCache } from './supply-cache.ts'
import type { Supply } from './supply.ts'
import type { Watch } from './watch.ts'
import { openStorefront, type BrowsedRooms, type Numbers, type Storefront } from './world.ts'

export interface AvailabilityQuestion {
  readonly channelId: Id<'channel'>
  /** Each once. */
  readonly skus: readonly string[]
  /** The channel's own when absent. */
  readonly currency?: CurrencyCode | undefined
  /** That of the channel's legal entity when absent. */
  readonly country?: string | undefined
  readonly postalCode?: string | undefined
}

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
    const choice = openStorefront(watch.world, question.channelId, question.currency, numbers)
    if (choice.kind !== 'open') return choice
    const { storefront } = choice
    const items: Item[] = []
    for (const sku of question.skus) {
      const item = this.#itemInMemory(sku, storefront)
      if (item === null) return this.#load(question, storefront)
      items.push(item)
    }
    return this.#tell(items, question, storefront)
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

  async #load(question: AvailabilityQuestion, storefront: Storefront): Promise<Answer> {
    const listings = await this.#readListings(question.skus, storefront)
    const parts = listings.flatMap(({ sold }) => sold?.parts ?? [])
    const supplyByVariant = await this.#deps.supplies.read(parts.map(({ variantId }) => variantId))
    const items = listings.map((listing): Item => {
      const { sku, sold } = listing
      if (sold === null) return { listing, told: null }
      const supplies = sold.parts.map(({ variantId }) => must(supplyByVariant.get(variantId), 'supply of every part'))
      return { listing, told: tellSupply(sku, sold, supplies, storefront) }
    })
    return this.#tell(items, question, storefront)
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

  #tell(items: readonly Item[], { country, postalCode = '' }: AvailabilityQuestion, storefront: Storefront): Answer {
    const plan = this.#desk.planFor(storefront, { country: country ?? homeOf(storefront), postalCode })
    const { watch, numbers } = this.#deps
    const { locations } = numbers
    const { at, asOf } = watch
    const unknown: string[] = []
    let oldest = asOf
    let json = ''
    for (const {
      listing: { sku, sold, world },
      told,
    } of items) {
      if (sold === null || told === null) {
        unknown.push(sku)
        continue
      }
      const { supplies, head } = told
      const { parts, unitPriceMinor } = sold
      const itemAsOf = oldestOf(oldestOf(asOf, supplies), world.outdatedAsOf === null ? [] : [world])
      if (itemAsOf.ms < oldest.ms) oldest = itemAsOf
      const options = writeOptions(plan, { parts, supplies, unitPriceMinor, at }, locations)
      json += `${json === '' ? '' : ','}${head},"asOf":"${itemAsOf.text}","options":${options}}`
    }
    const unknownJson = unknown.length === 0 ? '' : `,"unknownSkus":${JSON.stringify(unknown)}`
    const degradedJson = watch.isLongAgo(oldest) ? ',"degraded":true' : ''
    return { kind: 'found', json: `{"items":[${json}]${unknownJson}${degradedJson}}`, tag: null }
  }
}

function tellSupply(sku: string, sold: Sold, supplies: readonly Supply[], { channel, places }: Storefront): ToldSupply {
  const { status, quantity } = decideAvailability(sold.parts, supplies, { channelId: channel.id, places })
  const told = { supplies, head: `{"sku":${JSON.stringify(sku)},"status":"${status}","quantity":${quantity}` }
  sold.told = told
  return told
}

function homeOf({ world, channel }: Storefront): string {
  return must(world.merchant.legalEntityById.get(channel.legalEntityId), 'the legal entity of a channel').country
}
