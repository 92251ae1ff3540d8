import type { Id } from '../../kernel/id.ts'
import { offeredTariffs } from '../pricing/index.ts'
import {
  distanceKm,
  locatePostalCode,
  rankForPickup,
  reachKey,
  shipRoute,
  type Node,
  type Destination,
  type Point,
  type Route,
} from '../sourcing/index.ts'
import { BoundedCache } from './bounded-cache.ts'
import { wayOf, type DeliveryWay } from './delivery-way.ts'
import type { Numbering } from './numbering.ts'
import type { LocationRanks } from './plan-unit.ts'
import type { Storefront } from './world.ts'

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
  /** The same by the destination as it was written: placing it on the map takes longer than everything else here. */
  readonly #plansAsWritten = new BoundedCache<string, DeliveryPlan>({ weightMax: 2 * PLANS_MAX })
  readonly #pickups = new WeakMap<Storefront, Pickups>()

  constructor(numbers: Numbering<Id<'location'>>) {
    this.#numbers = numbers
  }

  planFor(
    storefront: Storefront,
    // Without a postal code: somewhere in the country.
    { country, postalCode }: { readonly country: string; readonly postalCode: string },
  ): DeliveryPlan {
    const written = `${storefront.key}${country} ${postalCode}`
    const kept = this.#plansAsWritten.get(written)
    if (kept !== undefined && isSameDelivery(kept.storefront, storefront)) return kept
    const plan = this.#planTo(storefront, country, postalCode)
    this.#plansAsWritten.set(written, plan)
    return plan
  }

  #planTo(storefront: Storefront, country: string, postalCode: string): DeliveryPlan {
    const place = locatePostalCode(country, postalCode)
    const reached = place === null ? '' : reachKey(storefront.world.sourcing.shipping, place)
    const key = `${storefront.key}${country} ${reached}`
    const known = this.#plans.get(key)
    if (known !== undefined && isSameDelivery(known.storefront, storefront)) return known
    const pickups = this.#pickupsOf(storefront)
    const plan = {
      storefront,
      // Where a country is that we cannot place, nobody knows the way, but its people may come.
      reaches: place === null ? [] : this.#reachesOf(storefront, place),
      pickups,
      pickupRanks: this.#ranksOf(place === null ? pickups.nodes : nearestFirst(pickups.nodes, place.point)),
    }
    this.#plans.set(key, plan)
    return plan
  }

  /** Every way to ship that some location can serve. */
  #reachesOf({ world, terms }: Storefront, to: Destination): ShippingReach[] {
    const reaches = new Map<string, { nodes: readonly Node[]; ways: DeliveryWay[] }>()
    for (const tariff of offeredTariffs(world.pricing.tariffs, { channel: terms, country: to.country })) {
      const { method, serviceId } = tariff
      if (method !== 'ship' || serviceId === null) continue
      const route = shipRoute(world.sourcing, { channelId: terms.id, serviceId, to })
      const { candidates } = route.ranking
      const reached = candidates.filter(({ locationId }) => route.travels.has(locationId))
      if (reached.length === 0) continue
      const nodes = reached.length === candidates.length ? candidates : reached
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
