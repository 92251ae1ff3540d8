import type { Id } from '../../kernel/id.ts'
import { must } from '../../kernel/invariant.ts'
import type { Instant } from '../../kernel/time.ts'
import { planFast, windowOf, type Demand, type Node, type PlanSupply } from '../sourcing/index.ts'
import type { StockedPart } from './decide-availability.ts'
import { windowFrom, windowOfLater, writeWindow, type DeliveryPlan, type DeliveryWay } from './delivery-desk.ts'
import { nearestShelf, shelvesWithUnit, unitsToCome } from './plan-unit.ts'
import type { LocationNumbers, Supply } from './supply.ts'

/** Places to pick up goods that are told of, nearest first; a chain of 500 shops would fill a megabyte. */
export const PICKUPS_TOLD_MAX = 10

export interface WantedUnit {
  readonly parts: readonly StockedPart[]
  /** Of each part, in their order. */
  readonly supplies: readonly Supply[]
  readonly unitPriceMinor: bigint
  readonly at: Instant
}

interface Option {
  readonly way: DeliveryWay
  readonly window: string
}

/**
 * How one unit could be delivered if it were ordered now, as a list in JSON: what a cart with one of it would offer,
 * cheapest first. What must be put together from several places, as a bundle may, is planned in full; one thing from
 * one shelf, which is nearly everything, by a look along its places.
 */
export function writeOptions(plan: DeliveryPlan, wanted: WantedUnit, numbers: LocationNumbers): string {
  const { parts, supplies, unitPriceMinor } = wanted
  if (parts.length === 0) return '[]'
  const [supply] = supplies
  const options =
    parts.length === 1 && parts[0]?.units === 1 && supply !== undefined
      ? optionsOfUnit(plan, supply, wanted.at)
      : optionsOfBundle(plan, wanted, numbers)
  const isFree = ({ tariff }: DeliveryWay): boolean => tariff.freeFromMinor !== null && unitPriceMinor >= tariff.freeFromMinor
  const priceMinor = (way: DeliveryWay): bigint => (isFree(way) ? 0n : way.tariff.amountMinor)
  if (options.length > 1) options.sort((a, b) => byPrice(priceMinor(a.way), a.way.id, priceMinor(b.way), b.way.id))
  let json = '['
  for (const { way, window } of options) {
    json += (json === '[' ? '' : ',') + way.head + window + (isFree(way) ? way.free : way.priced)
  }
  return `${json}]`
}

function byPrice(a: bigint, aId: string, b: bigint, bId: string): number {
  return a === b ? (aId < bId ? -1 : 1) : a < b ? -1 : 1
}

function optionsOfUnit({ storefront, reaches, pickups, pickupRanks }: DeliveryPlan, supply: Supply, at: Instant): Option[] {
  const options: Option[] = []
  const channelId = storefront.channel.id
  for (const { nodes, ranks, ways } of reaches) {
    const nodeAt = (location: number): Node => must(nodes[ranks[location] ?? -1], 'the node of a ranked location')
    const shelf = nearestShelf(supply, ranks, channelId)
    if (shelf >= 0) {
      for (const way of ways) options.push({ way, window: windowFrom(way, shelf, nodeAt(shelf), at) })
      continue
    }
    const [later] = unitsToCome(supply, ranks, channelId)
    if (later === undefined) continue
    for (const way of ways) options.push({ way, window: windowOfLater(way, nodeAt(later.location), at, later.eta) })
  }

  if (pickups.nodes.length === 0) return options
  const wayAt = (location: number): DeliveryWay => must(pickups.ways.get(location), 'the way of a pickup place')
  const nodeAt = (way: DeliveryWay): Node => must(way.route.ranking.candidates[0], 'the node of a pickup place')
  const shelves = shelvesWithUnit(supply, pickupRanks, channelId)
  for (const location of shelves.slice(0, PICKUPS_TOLD_MAX)) {
    const way = wayAt(location)
    options.push({ way, window: windowFrom(way, location, nodeAt(way), at) })
  }
  if (supply.others.length === 0) return options
  const later = unitsToCome(supply, pickupRanks, channelId).filter(({ location }) => !shelves.includes(location))
  for (const { location, eta } of later.slice(0, Math.max(0, PICKUPS_TOLD_MAX - shelves.length))) {
    const way = wayAt(location)
    options.push({ way, window: windowOfLater(way, nodeAt(way), at, eta) })
  }
  return options
}

function optionsOfBundle(
  { storefront, reaches, pickups, pickupRanks }: DeliveryPlan,
  { parts, supplies, at }: WantedUnit,
  numbers: LocationNumbers,
): Option[] {
  const channelId = storefront.channel.id
  const demands: readonly Demand[] = parts
  const supply = new Map(parts.map(({ variantId }, index) => [
    variantId, planSupply(variantId, must(supplies[index], 'supply of every part'), numbers),
  ]))
  const options: Option[] = []
  const add = (nodes: readonly Node[], ways: readonly DeliveryWay[]): boolean => {
    const plan = planFast({ demands, supply, channelId, candidates: nodes.map(({ locationId }) => locationId) })
    if (plan.kind !== 'planned') return false
    const nodeById = new Map(nodes.map((node) => [node.locationId, node]))
    for (const way of ways) options.push({ way, window: writeWindow(windowOf(at, way.route, plan.allotments, nodeById)) })
    return true
  }
  for (const { nodes, ways } of reaches) add(nodes, ways)

  const [first] = supplies
  if (first === undefined) return options
  const places = new Set([
    ...shelvesWithUnit(first, pickupRanks, channelId),
    ...unitsToCome(first, pickupRanks, channelId).map(({ location }) => location),
  ])
  let told = 0
  for (const location of [...places].sort((a, b) => (pickupRanks[a] ?? 0) - (pickupRanks[b] ?? 0))) {
    if (told === PICKUPS_TOLD_MAX) break
    const way = must(pickups.ways.get(location), 'the way of a pickup place')
    if (add(way.route.ranking.candidates, [way])) told++
  }
  return options
}

/** Supply in the planner's words. Which row of a place is used does not matter here, so they are numbered as they come. */
function planSupply(variantId: Id<'variant'>, { shelves, others }: Supply, numbers: LocationNumbers): PlanSupply[] {
  const rows: PlanSupply[] = others.map(({ location, kind, channelId, eta, units }, index) => ({
    supplyId: BigInt(index), variantId, locationId: numbers.idOf(location), kind, channelId, eta, free: units,
  }))
  for (let at = 0; at < shelves.length; at += 2) {
    rows.push({
      supplyId: BigInt(rows.length), variantId, locationId: numbers.idOf(shelves[at] ?? 0), kind: 'on_hand',
      channelId: null, eta: null, free: shelves[at + 1] ?? 0,
    })
  }
  return rows
}
