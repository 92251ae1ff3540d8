import type { Id } from '../../kernel/id.ts'
import { invariant } from '../../kernel/invariant.ts'

/** A country, or those parts of it that have one of `regions` or begin with one of `postalPrefixes`. */
export interface Zone {
  readonly id: Id<'zone'>
  readonly code: string
  readonly name: string
  /** ISO 3166-1 alpha-2. */
  readonly country: string
  /** The second part of ISO 3166-2 codes: `CA` for US-CA. */
  readonly regions: readonly string[]
  /** As `plainPostalCode` writes them. Both lists empty: the whole country. */
  readonly postalPrefixes: readonly string[]
  readonly version: number
}

/** What is known of where something goes; heads often know only the postal code. */
export interface Place {
  readonly country: string
  readonly region?: string | null | undefined
  readonly postalCode?: string | null | undefined
}

/** Zones by what an address can say. Every key leads to one zone: writes refuse zones that overlap. */
export type ZoneIndex = ReadonlyMap<string, CountryZones>

interface CountryZones {
  whole: Zone | null
  readonly byRegion: Map<string, Zone>
  readonly byPrefix: Map<string, Zone>
  prefixLengthMax: number
}

export function indexZones(zones: readonly Zone[]): ZoneIndex {
  const index = new Map<string, CountryZones>()
  for (const zone of zones) {
    let country = index.get(zone.country)
    if (country === undefined) {
      country = { whole: null, byRegion: new Map(), byPrefix: new Map(), prefixLengthMax: 0 }
      index.set(zone.country, country)
    }
    if (coversWholeCountry(zone)) {
      invariant(country.whole === null, 'a country has at most one zone of its own')
      country.whole = zone
    }
    for (const region of zone.regions) country.byRegion.set(region, zone)
    for (const prefix of zone.postalPrefixes) {
      country.byPrefix.set(prefix, zone)
      country.prefixLengthMax = Math.max(country.prefixLengthMax, prefix.length)
    }
  }
  return index
}

/**
 * The zone of a place, the most specific first: the longest postal prefix, then the region, then the whole country.
 * The postal code speaks before the region because a region is often typed by hand and a postal code is delivered to.
 *
 * @returns null where the merchant has no zone
 */
export function decideZone(index: ZoneIndex, { country, region, postalCode }: Place): Zone | null {
  const zones = index.get(country)
  if (zones === undefined) return null
  const code = plainPostalCode(postalCode ?? '')
  for (let length = Math.min(code.length, zones.prefixLengthMax); length > 0; length--) {
    const zone = zones.byPrefix.get(code.slice(0, length))
    if (zone !== undefined) return zone
  }
  return zones.byRegion.get(plainRegion(country, region ?? '')) ?? zones.whole
}

export function coversWholeCountry(zone: Pick<Zone, 'regions' | 'postalPrefixes'>): boolean {
  return zone.regions.length === 0 && zone.postalPrefixes.length === 0
}

/** Upper case, letters and digits only: people write `sw1a 1aa`, `SW1A1AA` and `100-0001` for `1000001`. */
export function plainPostalCode(text: string): string {
  return text.toUpperCase().replace(/[^A-Z0-9]/g, '')
}

/** `us-ca`, `US-CA` and `ca` all say `CA`. */
export function plainRegion(country: string, text: string): string {
  const region = text.trim().toUpperCase()
  return region.startsWith(`${country}-`) ? region.slice(country.length + 1) : region
}
