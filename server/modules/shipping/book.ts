import type { Id } from '../../kernel/id.ts'

export interface Carrier {
  /** Internal; people and partners say the code. */
  readonly id: string
  readonly code: string
  readonly name: string
  readonly version: number
}

/** What a carrier offers: how goods travel and how long it takes. */
export interface Service {
  readonly id: Id<'shippingService'>
  readonly code: string
  readonly name: string
  readonly carrier: string
  /** The days on which it collects, travels and delivers; null is every day. */
  readonly calendarId: Id<'calendar'> | null
  readonly active: boolean
  /** Routes in order of their places; where there is none the service does not go. */
  readonly transit: readonly Transit[]
  readonly version: number
}

/** Working days from one place to another, from hand-over to delivery. */
export interface Transit {
  readonly from: string
  /** Only from postal codes that begin so; '' is the whole country. As `plainPostalCode` writes them. */
  readonly fromPostalPrefix: string
  readonly to: string
  readonly toPostalPrefix: string
  readonly daysMin: number
  readonly daysMax: number
}

export interface ShippingRows {
  readonly carriers: readonly Carrier[]
  readonly services: readonly Service[]
}

export interface ShippingBook extends ShippingRows {
  readonly carrierByCode: ReadonlyMap<string, Carrier>
  readonly serviceById: ReadonlyMap<Id<'shippingService'>, Service>
  readonly serviceByCode: ReadonlyMap<string, Service>
  readonly routesByService: ReadonlyMap<Id<'shippingService'>, Routes>
  /** No route of an active service says more of a destination's postal code than this many characters. */
  readonly postalPrefixLengthMax: number
}

/** A service's routes, to be asked for a place. */
interface Routes {
  readonly byPlaces: ReadonlyMap<string, TransitDays>
  /** Lengths of the postal prefixes there are, longest first. */
  readonly fromLengths: readonly number[]
  readonly toLengths: readonly number[]
}

export interface TransitDays {
  readonly min: number
  readonly max: number
}

/** The coarse part of an address; the postal code as `plainPostalCode` writes it, or as much of it as is known. */
export interface PostalPlace {
  readonly country: string
  readonly postalCode: string
}

export function buildBook({ carriers, services }: ShippingRows): ShippingBook {
  const active = services.filter((service) => service.active)
  return {
    carriers,
    services,
    carrierByCode: new Map(carriers.map((carrier) => [carrier.code, carrier])),
    serviceById: new Map(services.map((service) => [service.id, service])),
    serviceByCode: new Map(services.map((service) => [service.code, service])),
    routesByService: new Map(active.map(({ id, transit }) => [id, routesOf(transit)])),
    postalPrefixLengthMax: Math.max(
      0,
      ...active.flatMap(({ transit }) => transit.map(({ toPostalPrefix }) => toPostalPrefix.length)),
    ),
  }
}

function routesOf(transit: readonly Transit[]): Routes {
  return {
    byPlaces: new Map(
      transit.map(({ from, fromPostalPrefix, to, toPostalPrefix, daysMin, daysMax }) => [
        placesKey(from, fromPostalPrefix, to, toPostalPrefix),
        { min: daysMin, max: daysMax },
      ]),
    ),
    fromLengths: lengthsOf(transit.map(({ fromPostalPrefix }) => fromPostalPrefix)),
    toLengths: lengthsOf(transit.map(({ toPostalPrefix }) => toPostalPrefix)),
  }
}

function lengthsOf(prefixes: readonly string[]): number[] {
  return [...new Set(prefixes.map(({ length }) => length))].sort((a, b) => b - a)
}

function placesKey(from: string, fromPrefix: string, to: string, toPrefix: string): string {
  return `${from}${fromPrefix}>${to}${toPrefix}`
}

/**
 * Working days on the road from one place to another, by the most specific route: the longest destination prefix, then
 * the longest origin prefix. A destination whose postal code is not known is the rest of its country.
 * @returns null when the service does not go there, is switched off or is unknown
 */
export function transitDays(
  book: ShippingBook,
  serviceId: Id<'shippingService'>,
  from: PostalPlace,
  to: PostalPlace,
): TransitDays | null {
  const routes = book.routesByService.get(serviceId)
  if (routes === undefined) return null
  for (const toLength of routes.toLengths) {
    if (toLength > to.postalCode.length) continue
    for (const fromLength of routes.fromLengths) {
      if (fromLength > from.postalCode.length) continue
      const fromPrefix = from.postalCode.slice(0, fromLength)
      const days = routes.byPlaces.get(
        placesKey(from.country, fromPrefix, to.country, to.postalCode.slice(0, toLength)),
      )
      if (days !== undefined) return days
    }
  }
  return null
}
