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
  readonly active: boolean
  /** Routes in order of their countries; where there is none the service does not go. */
  readonly transit: readonly Transit[]
  readonly version: number
}

/** Flat transit days from one country to another, from hand-over to delivery. */
export interface Transit {
  readonly from: string
  readonly to: string
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
  /** By service, then by both countries, `USCA`. */
  readonly daysByRoute: ReadonlyMap<Id<'shippingService'>, ReadonlyMap<string, TransitDays>>
}

export interface TransitDays {
  readonly min: number
  readonly max: number
}

export function buildBook({ carriers, services }: ShippingRows): ShippingBook {
  return {
    carriers,
    services,
    carrierByCode: new Map(carriers.map((carrier) => [carrier.code, carrier])),
    serviceById: new Map(services.map((service) => [service.id, service])),
    serviceByCode: new Map(services.map((service) => [service.code, service])),
    daysByRoute: new Map(services.map(({ id, active, transit }) => [id, active ? daysOf(transit) : new Map()])),
  }
}

function daysOf(transit: readonly Transit[]): ReadonlyMap<string, TransitDays> {
  return new Map(transit.map(({ from, to, daysMin, daysMax }) => [from + to, { min: daysMin, max: daysMax }]))
}

/**
 * Days on the road from one country to another.
 * @returns null when the service does not go there, is switched off or is unknown
 */
export function transitDays(
  book: ShippingBook,
  serviceId: Id<'shippingService'>,
  fromCountry: string,
  toCountry: string,
): TransitDays | null {
  return book.daysByRoute.get(serviceId)?.get(fromCountry + toCountry) ?? null
}
