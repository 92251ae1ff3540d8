import { parseId, type Id } from '../../kernel/id.ts'

export const locationKinds = ['warehouse', 'store', '3pl', 'vendor'] as const
export type LocationKind = (typeof locationKinds)[number]

/** Any place stock is. */
export interface Location {
  readonly id: Id<'location'>
  /** What people and files call it; unique, stays as it is. */
  readonly code: string
  readonly name: string
  readonly kind: LocationKind
  /** In whose books its stock stands; stays as it is. */
  readonly legalEntityId: Id<'legalEntity'>
  /** IANA time zone of its working day. */
  readonly timeZone: string
  /** ISO 3166-1 alpha-2. */
  readonly country: string
  readonly region: string | null
  readonly city: string
  readonly postalCode: string
  /** Degrees north, −90 to 90. */
  readonly latitude: number
  /** Degrees east, −180 to 180. */
  readonly longitude: number
  /** Inactive: keeps its stock and ledger, serves no new orders. */
  readonly active: boolean
  readonly version: number
}

/** All locations, kept whole in memory on every node. */
export interface LocationBook {
  /** In code order. */
  readonly all: readonly Location[]
  readonly byId: ReadonlyMap<Id<'location'>, Location>
  readonly byCode: ReadonlyMap<string, Location>
}

export function buildLocationBook(locations: readonly Location[]): LocationBook {
  return {
    all: locations.toSorted((a, b) => (a.code < b.code ? -1 : 1)),
    byId: new Map(locations.map((location) => [location.id, location])),
    byCode: new Map(locations.map((location) => [location.code, location])),
  }
}

/** @param codeOrId  `nyc-store` or `loc_01h…`; no code has the form of an id */
export function findLocation(book: LocationBook, codeOrId: string): Location | undefined {
  const id = parseId('location', codeOrId)
  return id === null ? book.byCode.get(codeOrId) : book.byId.get(id)
}
