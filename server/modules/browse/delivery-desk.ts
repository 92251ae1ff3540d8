import { formatId, type Id } from '../../kernel/id.ts'
import { addMs, formatInstant, type Instant } from '../../kernel/time.ts'
import { moneyJson } from '../../platform/http/index.ts'
import { offeredTariffs, type DeliveryTariff } from '../pricing/index.ts'
import {
  arrivalOf, distanceKm, locatePostalCode, rankForPickup, rankForShipping, type DeliveryWindow, type Node, type Point,
  type Route,
} from '../sourcing/index.ts'
import { BoundedCache } from './bounded-cache.ts'
import type { Numbering } from './numbering.ts'
import type { LocationRanks } from './plan-unit.ts'
import type { Storefront } from './world.ts'

/** Where goods would go, as far as a shopper who only looks has told. */
export interface Destination {
  readonly country: string
  /** Empty when not told: somewhere in the country. */
  readonly postalCode: string
}

/** One way to get goods: a shipping service, or a place to pick them up. */
export interface DeliveryWay {
  readonly id: string
  readonly route: Route
  readonly tariff: DeliveryTariff
  /** The option's JSON up to its window. */
  readonly head: string
  /** Options for goods that a location has in hand at `writtenAt`: by location number, free of charge or not. */
  readonly written: { readonly priced: Map<number, DeliveryOption>; readonly free: Map<number, DeliveryOption> }
  writtenAt: Instant
}

/** What a buyer may choose, as JSON, and what orders it among others. */
export interface DeliveryOption {
  readonly id: string
  /** Minor units, exact as every amount of the API is. */
  readonly amount: number
  readonly json: string
}

/** Shipping services that the same locations can use, and the locations, best first. */
export interface ShippingReach {
  readonly nodes: readonly Node[]
  readonly ranks: LocationRanks
  readonly ways: readonly DeliveryWay[]
}

/** Every way in which a storefront delivers to a destination. */
export interface DeliveryPlan {
  readonly storefront: Storefront
  readonly reaches: readonly ShippingReach[]
  readonly pickups: Pickups
  /** Nearest first. */
  readonly pickupRanks: LocationRanks
}

/** Places where buyers fetch their goods: the same for every destination. */
export interface Pickups {
  readonly nodes: readonly Node[]
  /** By location number. */
  readonly ways: ReadonlyMap<number, DeliveryWay>
}

/** A plan takes 1 kB and 8 bytes a location: at 500 locations 25 MB in all. */
const PLANS_MAX = 5_000

/** Delivery plans, made when a destination is first asked for and kept while network and tariffs stay as they are. */
export class DeliveryDesk {
  readonly #numbers: Numbering<Id<'location'>>
  readonly #plans = new BoundedCache<string, DeliveryPlan>({ weightMax: PLANS_MAX })
  readonly #pickups = new WeakMap<Storefront, Pickups>()

  constructor(numbers: Numbering<Id<'location'>>) {
    this.#numbers = numbers
  }

  /** Null where nobody knows the country. */
  planFor(storefront: Storefront, { country, postalCode }: Destination): DeliveryPlan | null {
    const place = locatePostalCode(country, postalCode)
    if (place === null) return null
    const key = `${storefront.key}${country} ${place.zone}`
    const known = this.#plans.get(key)
    if (known !== undefined && isSameDelivery(known.storefront, storefront)) return known
    const pickups = this.#pickupsOf(storefront)
    const plan = {
      storefront,
      reaches: this.#reachesOf(storefront, country, place),
      pickups,
      pickupRanks: this.#ranksOf(nearestFirst(pickups.nodes, place.point)),
    }
    this.#plans.set(key, plan)
    return plan
  }

  /** Every way to ship that some location can serve. */
  #reachesOf(
    { world, terms }: Storefront, country: string, { point, zone }: { readonly point: Point; readonly zone: string },
  ): ShippingReach[] {
    const ranking = rankForShipping(world.sourcing.network, terms.id, { country, point, zone })
    const reaches = new Map<string, { nodes: readonly Node[]; ways: DeliveryWay[] }>()
    for (const tariff of offeredTariffs(world.pricing.tariffs, { channel: terms, country })) {
      const { method, serviceId } = tariff
      if (method !== 'ship' || serviceId === null) continue
      const transit = world.sourcing.transitOf(serviceId)
      const reached = ranking.candidates.filter((node) => transit(node.country, country) !== null)
      if (reached.length === 0) continue
      const nodes = reached.length === ranking.candidates.length ? ranking.candidates : reached
      const route: Route = { method, toCountry: country, zone, ranking, transit }
      const way = wayOf({ id: tariff.code, route, tariff })
      const key = nodes.map(({ code }) => code).join(' ')
      const reach = reaches.get(key)
      if (reach === undefined) reaches.set(key, { nodes, ways: [way] })
      else reach.ways.push(way)
    }
    return [...reaches.values()].map(({ nodes, ways }) => ({ nodes, ways, ranks: this.#ranksOf(nodes) }))
  }

  #pickupsOf(storefront: Storefront): Pickups {
    const known = this.#pickups.get(storefront)
    if (known !== undefined) return known
    const { world, terms } = storefront
    const { network } = world.sourcing
    const nodes: Node[] = []
    const ways = new Map<number, DeliveryWay>()
    for (const node of network.nodes) {
      const ranking = rankForPickup(network, terms.id, node.locationId)
      if (ranking.candidates.length === 0) continue
      const offered = offeredTariffs(world.pricing.tariffs, { channel: terms, country: node.country })
      const tariff = offered.find(({ method }) => method === 'pickup')
      if (tariff === undefined) continue
      const route: Route = { method: 'pickup', zone: node.code, ranking }
      nodes.push(node)
      ways.set(
        this.#numbers.of(node.locationId),
        wayOf({ id: `${tariff.code}:${node.code}`, route, tariff, locationId: node.locationId }),
      )
    }
    const pickups = { nodes, ways }
    this.#pickups.set(storefront, pickups)
    return pickups
  }

  #ranksOf(nodes: readonly Node[]): LocationRanks {
    const locations = nodes.map(({ locationId }) => this.#numbers.of(locationId))
    const ranks = new Int32Array(this.#numbers.size).fill(-1)
    for (const [rank, location] of locations.entries()) ranks[location] = rank
    return ranks
  }
}

/** Prices and products may change often; who can deliver what at which cost does not. */
function isSameDelivery(a: Storefront, b: Storefront): boolean {
  return a === b || (a.world.sourcing === b.world.sourcing && a.world.pricing === b.world.pricing)
}

function nearestFirst(nodes: readonly Node[], to: Point): Node[] {
  return nodes
    .map((node) => ({ node, km: distanceKm(node.point, to) }))
    .sort((a, b) => a.km - b.km || (a.node.code < b.node.code ? -1 : 1))
    .map(({ node }) => node)
}

function wayOf({ id, route, tariff, locationId }: {
  readonly id: string
  readonly route: Route
  readonly tariff: DeliveryTariff
  readonly locationId?: Id<'location'>
}): DeliveryWay {
  const place = locationId === undefined ? {} : { locationId: formatId('location', locationId) }
  const head = JSON.stringify({ id, method: tariff.method, ...place }).slice(0, -1)
  return { id, route, tariff, head, written: { priced: new Map(), free: new Map() }, writtenAt: 0 as Instant }
}

/** The option for goods that a location has in hand now. Written once for each moment: the same ones serve every SKU. */
export function optionFrom(
  way: DeliveryWay,
  { location, node, at, isFree }: { readonly location: number; readonly node: Node; readonly at: Instant; readonly isFree: boolean },
): DeliveryOption {
  if (way.writtenAt !== at) {
    way.written.priced.clear()
    way.written.free.clear()
    way.writtenAt = at
  }
  const written = isFree ? way.written.free : way.written.priced
  let option = written.get(location)
  if (option === undefined) {
    option = writeOption(way, arrivalOf(way.route, node, at), isFree)
    written.set(location, option)
  }
  return option
}

/** The option for goods that come later: they leave when they come. */
export function optionOfLater(
  way: DeliveryWay,
  { eta, node, at, isFree }: { readonly eta: Instant | null; readonly node: Node; readonly at: Instant; readonly isFree: boolean },
): DeliveryOption {
  return writeOption(way, arrivalOf(way.route, node, addMs(at, Math.max(0, (eta ?? at) - at))), isFree)
}

export function writeOption({ id, tariff, head }: DeliveryWay, { earliest, latest }: DeliveryWindow, isFree: boolean): DeliveryOption {
  const price = moneyJson({ minor: isFree ? 0n : tariff.amountMinor, currency: tariff.currency })
  const window = `"earliest":"${formatInstant(earliest)}","latest":"${formatInstant(latest)}"`
  return { id, amount: price.amount, json: `${head},${window},"price":${JSON.stringify(price)}}` }
}
