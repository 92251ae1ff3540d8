import type { Id } from '../../kernel/id.ts'
import type { CurrencyCode } from '../../kernel/money.ts'
import type { Instant } from '../../kernel/time.ts'
import type { Queryable } from '../../platform/db.ts'
import type { Revisions } from '../../platform/revision.ts'
import type { Catalog, CatalogBook } from '../catalog/index.ts'
import { pricesIncludeTax, type Channel, type Merchant, type MerchantBook } from '../merchant/index.ts'
import {
  anonymousBuyer,
  type Buyer,
  type PriceList,
  type Pricing,
  type PricingBook,
  type SellingTerms,
} from '../pricing/index.ts'
import type { Node, Sourcing, SourcingBook } from '../sourcing/index.ts'
import { everybody, type Audience } from './audience.ts'
import type { SellingPlaces } from './decide-availability.ts'
import type { Dated } from './moment.ts'
import type { Numbering } from './numbering.ts'

export interface BrowsedRooms {
  readonly merchant: Merchant
  readonly catalog: Catalog
  readonly pricing: Pricing
  readonly sourcing: Sourcing
}

/** What is configured, at one reading of the revisions. What is made from it holds until the next world replaces it. */
export interface World extends Dated {
  readonly revisions: Revisions
  readonly merchant: MerchantBook
  readonly catalog: CatalogBook
  readonly pricing: PricingBook
  readonly sourcing: SourcingBook
  /** Prices and assortments are of this moment. */
  readonly at: Instant
  /** When the next price list begins or ends; Infinity when none does. */
  readonly pricesUntil: number
  /** When the next rule of some assortment begins or ends to hold; Infinity when none does. */
  readonly assortmentUntil: number
  /** By channel, then by currency and audience, of those that were asked for. */
  readonly storefronts: Map<Id<'channel'>, Map<string, Storefront>>
}

/** A channel selling in one of its currencies to one audience. */
export interface Storefront {
  readonly world: World
  readonly channel: Channel
  readonly terms: SellingTerms
  /** Nobody knows who looks, but for the segments they are in. */
  readonly buyer: Buyer
  readonly places: SellingPlaces
  /** Begins the keys of what is cached for it; the same in every world. */
  readonly key: string
}

/** Small numbers given out on this node, for what would be long keys and large indexes. */
export interface Numbers {
  readonly locations: Numbering<Id<'location'>>
  readonly storefronts: Numbering<string>
}

export interface StorefrontRefusal {
  readonly code: 'currency_unknown'
  readonly currencies: readonly CurrencyCode[]
}

export type StorefrontChoice =
  | { readonly kind: 'open'; readonly storefront: Storefront }
  | { readonly kind: 'not_found' }
  | { readonly kind: 'refused'; readonly refusal: StorefrontRefusal }

/** Whether the rooms this one reads have not moved between two readings; identity has nothing to show here. */
export function isSameWorld(a: Revisions, b: Revisions): boolean {
  return (
    a.merchant === b.merchant &&
    a.catalog === b.catalog &&
    a.pricing === b.pricing &&
    a.inventory === b.inventory &&
    a.shipping === b.shipping &&
    a.sourcing === b.sourcing
  )
}

export async function readWorld(
  rooms: BrowsedRooms,
  source: Queryable,
  { revisions, at }: { readonly revisions: Revisions; readonly at: Instant },
): Promise<World> {
  const [merchant, catalog, assortmentUntil, pricing, sourcing] = await Promise.all([
    rooms.merchant.bookAt(source, revisions.merchant),
    rooms.catalog.bookAt(source, revisions.catalog),
    rooms.catalog.nextAssortmentChange(source, at),
    rooms.pricing.bookAt(source, revisions.pricing),
    rooms.sourcing.bookAt(source, revisions),
  ])
  const pricesUntil = nextChange(pricing.priceLists, at)
  return {
    revisions,
    merchant,
    catalog,
    pricing,
    sourcing,
    at,
    pricesUntil,
    assortmentUntil: assortmentUntil ?? Infinity,
    storefronts: new Map(),
    outdatedAsOf: null,
  }
}

function nextChange(lists: readonly PriceList[], at: Instant): number {
  let next = Infinity
  for (const { validFrom, validUntil } of lists) {
    if (validFrom !== null && validFrom > at) next = Math.min(next, validFrom)
    if (validUntil !== null && validUntil > at) next = Math.min(next, validUntil)
  }
  return next
}

export interface StorefrontQuestion {
  readonly channelId: Id<'channel'>
  /** The channel's own when absent. */
  readonly currency?: CurrencyCode | undefined
  readonly audience?: Audience | undefined
}

/** Audiences of a channel are as many as people are different; beyond this the earliest are worked out anew. */
const STOREFRONTS_MAX = 1_000

export function openStorefront(
  world: World,
  { channelId, currency, audience = everybody }: StorefrontQuestion,
  numbers: Numbers,
): StorefrontChoice {
  const channel = world.merchant.channelById.get(channelId)
  if (channel === undefined || !channel.active) return { kind: 'not_found' }
  const { currencies } = channel
  const chosen = currency ?? channel.currency
  let storefronts = world.storefronts.get(channelId)
  if (storefronts === undefined) {
    storefronts = new Map<string, Storefront>()
    world.storefronts.set(channelId, storefronts)
  }
  const name = `${chosen}${audience.key}`
  let storefront = storefronts.get(name)
  if (storefront === undefined) {
    if (!currencies.includes(chosen)) return { kind: 'refused', refusal: { code: 'currency_unknown', currencies } }
    storefront = {
      world,
      channel,
      terms: {
        id: channelId,
        currency: chosen,
        taxIncluded: pricesIncludeTax(channel, chosen),
        taxRounding: channel.taxRounding,
      },
      buyer: {
        ...anonymousBuyer,
        marketIds: channel.marketId === null ? [] : [channel.marketId],
        segmentIds: audience.segmentIds,
      },
      places: sellingPlaces(sellingNodes(world.sourcing.network.nodes, channelId), numbers.locations),
      key: `${numbers.storefronts.of(`${channelId} ${name}`)}\n`,
    }
    if (storefronts.size === STOREFRONTS_MAX) storefronts.clear()
    storefronts.set(name, storefront)
  }
  return { kind: 'open', storefront }
}

function sellingPlaces(nodes: readonly Node[], numbers: Numbering<Id<'location'>>): SellingPlaces {
  const selling = nodes.map(({ locationId }) => numbers.of(locationId))
  const places = new Uint8Array(numbers.size)
  for (const number of selling) places[number] = 1
  return places
}

/** Where the channel may sell from: nodes of the network that serve it and hand goods to carriers or to buyers. */
export function sellingNodes(nodes: readonly Node[], channelId: Id<'channel'>): Node[] {
  return nodes
    .filter(({ channelIds }) => channelIds.length === 0 || channelIds.includes(channelId))
    .filter(({ ships, offersPickup }) => ships || offersPickup)
}
