import { parseId, type Id } from '../../kernel/id.ts'
import { must } from '../../kernel/invariant.ts'
import { marketsOf, plainRegion, type Channel, type MerchantBook } from '../merchant/index.ts'
import type { Buyer, PriceList } from '../pricing/index.ts'
import type { Node } from '../sourcing/index.ts'

/** Where a shopper asks from, as they say it. */
export interface AskedPlace {
  /** That of the channel's legal entity when absent. */
  readonly country?: string | undefined
  /** ISO 3166-2, `US-CA`. */
  readonly region?: string | undefined
  /** Code or id of a location whose counter or till it is; its place counts then, whatever else is said. */
  readonly location?: string | undefined
}

/** Where what is shown would be handed over, as far as it is known. */
export interface Place {
  readonly country: string
  /** ISO 3166-2. */
  readonly region: string | undefined
  readonly locationId: Id<'location'> | undefined
}

/** Where the channel sells from, where nobody says where they are. */
export function homeOf(channel: Channel, { legalEntityById }: MerchantBook): Place {
  const { country } = must(legalEntityById.get(channel.legalEntityId), 'the legal entity of a channel')
  return { country, region: undefined, locationId: undefined }
}

/**
 * @param nodes  where the channel sells from
 * @returns null where the location is none of them
 */
export function placeOf(
  { country, region, location }: AskedPlace,
  {
    channel,
    merchant,
    nodes,
  }: { readonly channel: Channel; readonly merchant: MerchantBook; readonly nodes: () => readonly Node[] },
): Place | null {
  if (location === undefined) {
    return { country: country ?? homeOf(channel, merchant).country, region, locationId: undefined }
  }
  const id = parseId('location', location)
  const node = nodes().find(({ locationId, code }) => (id === null ? code === location : locationId === id))
  if (node === undefined) return null
  return {
    country: node.country,
    region: node.region === null ? undefined : `${node.country}-${plainRegion(node.country, node.region)}`,
    locationId: node.locationId,
  }
}

/** Which places price lists tell apart. */
export interface PricedPlaces {
  /** Named by a list, or of a market that is. */
  readonly countries: ReadonlySet<string>
  /** ISO 3166-2. */
  readonly regions: ReadonlySet<string>
  readonly locationIds: ReadonlySet<Id<'location'>>
}

/** @returns null where none names a place, as most merchants' do not */
export function pricedPlaces(priceLists: readonly PriceList[], { rows }: MerchantBook): PricedPlaces | null {
  const countries = new Set<string>()
  const regions = new Set<string>()
  const locationIds = new Set<Id<'location'>>()
  for (const { marketId, country, region, locationId } of priceLists) {
    const market = rows.market.find(({ id }) => id === marketId)
    for (const each of market?.countries ?? []) countries.add(each)
    if (country !== null) countries.add(country)
    if (country !== null && region !== null) regions.add(`${country}-${region}`)
    if (locationId !== null) locationIds.add(locationId)
  }
  return countries.size + locationIds.size === 0 ? null : { countries, regions, locationIds }
}

/** What of a place prices depend on: places that no list tells apart are one. */
export function pricedPart({ country, region, locationId }: Place, priced: PricedPlaces): PricedPart {
  const isNamed = priced.countries.has(country)
  const plain = region === undefined ? null : plainRegion(country, region)
  return {
    country: isNamed ? country : null,
    region: plain !== null && priced.regions.has(`${country}-${plain}`) ? plain : null,
    locationId: locationId !== undefined && priced.locationIds.has(locationId) ? locationId : null,
  }
}

export type PricedPart = Pick<Buyer, 'country' | 'region' | 'locationId'>

export const nowhere: PricedPart = { country: null, region: null, locationId: null }

/** A guest at a place, as a cart of theirs would be priced. */
export function guestAt(part: PricedPart, channel: Channel, merchant: MerchantBook): Omit<Buyer, 'segmentIds'> {
  return { ...part, marketIds: marketsOf(channel, part.country, merchant), taxExempt: false }
}
