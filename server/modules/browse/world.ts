import type { Id } from '../../kernel/id.ts'
import type { CurrencyCode } from '../../kernel/money.ts'
import type { Instant } from '../../kernel/time.ts'
import type { Queryable } from '../../platform/db.ts'
import type { Revisions } from '../../platform/revision.ts'
import type { Catalog, CatalogBook } from '../catalog/index.ts'
import { pricesIncludeTax, type Channel, type Merchant, type MerchantBook } from '../merchant/index.ts'
import type { Buyer, PriceList, Pricing, PricingBook, SellingTerms } from '../pricing/index.ts'
import type { Node, Sourcing, SourcingBook } from '../sourcing/index.ts'
import { everybody, type Audience } from './audience.ts'
import type { SellingPlaces } from './decide-availability.ts'
import type { Dated } from './moment.ts'
import type { Numbering } from './numbering.ts'
import {
  guestAt,
  nowhere,
  placeOf,
  pricedPart,
  pricedPlaces,
  type AskedPlace,
  type Place,
  type PricedPlaces,
} from './place.ts'

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
  /** Null: prices are the same everywhere. */
  readonly pricedPlaces: PricedPlaces | null
  /** Prices and assortments are of this moment. */
  readonly at: Instant
  /** When the next price list begins or ends; Infinity when none does. */
  readonly pricesUntil: number
  /** When the next rule of some assortment begins or ends to hold; Infinity when none does. */
  readonly assortmentUntil: number
  /** By channel, then by currency, place as far as prices depend on it, and audience; of those that were asked for. */
  readonly storefronts: Map<Id<'channel'>, Map<string, Storefront>>
}

/** A channel selling in one of its currencies to one audience, at places where prices are the same. */
export interface Storefront {
  readonly world: World
  readonly channel: Channel
  readonly terms: SellingTerms
  /** Nobody knows who looks, but for where that is and the segments they are in. */
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

export type StorefrontRefusal =
  | { readonly code: 'currency_unknown'; readonly currencies: readonly CurrencyCode[] }
  | { readonly code: 'location_unknown' }

export type StorefrontChoice =
  | { readonly kind: 'open'; readonly storefront: Storefront; readonly place: Place }
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
    pricedPlaces: pricedPlaces(pricing.priceLists, merchant),
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

export interface StorefrontQuestion extends AskedPlace {
  readonly channelId: Id<'channel'>
  /** The channel's own when absent. */
  readonly currency?: CurrencyCode | undefined
  readonly audience?: Audience | undefined
}

/** Audiences of a channel are as many as people are different; beyond this the earliest are worked out anew. */
const STOREFRONTS_MAX = 1_000

export function openStorefront(
  world: World,
  { channelId, currency, audience = everybody, ...asked }: StorefrontQuestion,
  numbers: Numbers,
): StorefrontChoice {
  const channel = world.merchant.channelById.get(channelId)
  if (channel === undefined || !channel.active) return { kind: 'not_found' }
  const { merchant, sourcing } = world
  const nodes = (): Node[] => sellingNodes(sourcing.network.nodes, channelId)
  const place = placeOf(asked, { channel, merchant, nodes })
  if (place === null) return { kind: 'refused', refusal: { code: 'location_unknown' } }
  const { currencies } = channel
  const chosen = currency ?? channel.currency
  let storefronts = world.storefronts.get(channelId)
  if (storefronts === undefined) {
    storefronts = new Map<string, Storefront>()
    world.storefronts.set(channelId, storefronts)
  }
  const part = world.pricedPlaces === null ? nowhere : pricedPart(place, world.pricedPlaces)
  const isSomewhere = part.country !== null || part.locationId !== null
  const where = isSomewhere ? `${part.country ?? ''} ${part.region ?? ''} ${part.locationId ?? ''} ` : ''
  const name = `${chosen}${where}${audience.key}`
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
      buyer: { ...guestAt(part, channel, merchant), segmentIds: audience.segmentIds },
      places: sellingPlaces(nodes(), numbers.locations),
      key: `${numbers.storefronts.of(`${channelId} ${name}`)}\n`,
    }
    if (storefronts.size === STOREFRONTS_MAX) storefronts.clear()
    storefronts.set(name, storefront)
  }
  return { kind: 'open', storefront, place }
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
