import type { Id } from '../../kernel/id.ts'
import { must } from '../../kernel/invariant.ts'
import type { Instant } from '../../kernel/time.ts'
import type { Allowance } from '../inventory/index.ts'
import { planFast, windowOf, type Demand, type Node, type PlanSupply } from '../sourcing/index.ts'
import { allowanceOf, limitFor, supplyForUnit, type Selling, type StockedPart } from './decide-availability.ts'
import type { DeliveryPlan } from './delivery-desk.ts'
import { optionFrom, optionOfLater, writeOption, type DeliveryOption, type DeliveryWay } from './delivery-way.ts'
import type { Numbering } from './numbering.ts'
import { nearestShelf, shelvesWithUnit, unitsToCome } from './plan-unit.ts'
import type { Supply } from './supply.ts'

/** Places to pick up goods that are told of, nearest first; a chain of 500 shops would fill a megabyte. */
export const PICKUPS_TOLD_MAX = 10

export interface WantedUnit {
  readonly parts: readonly StockedPart[]
  /** Of each part, in their order. */
  readonly supplies: readonly Supply[]
  readonly unitPriceMinor: bigint
  readonly at: Instant
}

/**
 * How one unit could be delivered if it were ordered now, as a list in JSON: what a cart with one of it would offer,
 * cheapest first. What must be put together from several places, as a bundle may, is planned in full; one thing from
 * one shelf, which is nearly everything, by a look along its places.
 */
export function writeOptions(plan: DeliveryPlan, wanted: WantedUnit, numbers: Numbering<Id<'location'>>): string {
  const { parts, supplies } = wanted
  const [part] = parts
  const [supply] = supplies
  if (part === undefined || supply === undefined) return '[]'
  const isUnit = parts.length === 1 && part.units === 1
  const options = isUnit
    ? optionsOfUnit(plan, supplyForUnit(supply, sellingOf(plan)), wanted)
    : optionsOfBundle(plan, wanted, numbers)
  return inPriceOrder(options)
}

function sellingOf({ storefront }: DeliveryPlan): Selling {
  return { channelId: storefront.channel.id, places: storefront.places }
}

/** By insertion: for the usual handful it takes a quarter of the time of `sort` and `join`. */
function inPriceOrder(options: DeliveryOption[]): string {
  for (let at = 1; at < options.length; at++) {
    const option = must(options[at], 'an option within')
    let to = at
    for (let before = options[to - 1]; before !== undefined && byPrice(option, before) < 0; before = options[to - 1]) {
      options[to--] = before
    }
    options[to] = option
  }
  let json = ''
  for (const option of options) json += json === '' ? option.json : `,${option.json}`
  return `[${json}]`
}

function byPrice(a: DeliveryOption, b: DeliveryOption): number {
  return a.amount - b.amount || (a.id < b.id ? -1 : 1)
}

function isFree({ tariff }: DeliveryWay, { unitPriceMinor }: WantedUnit): boolean {
  return tariff.freeFromMinor !== null && unitPriceMinor >= tariff.freeFromMinor
}

function optionsOfUnit(
  { storefront, reaches, pickups, pickupRanks }: DeliveryPlan,
  supply: Supply,
  wanted: WantedUnit,
): DeliveryOption[] {
  const { at } = wanted
  const channelId = storefront.channel.id
  const options: DeliveryOption[] = []
  for (const { nodes, ranks, ways } of reaches) {
    const location = nearestShelf(supply, ranks, channelId)
    if (location >= 0) {
      const node = must(nodes[ranks[location] ?? -1], 'the node of a ranked location')
      for (const way of ways) options.push(optionFrom(way, location, { node, at, isFree: isFree(way, wanted) }))
      continue
    }
    const [later] = unitsToCome(supply, ranks, channelId)
    if (later === undefined) continue
    const node = must(nodes[ranks[later.location] ?? -1], 'the node of a ranked location')
    for (const way of ways) options.push(optionOfLater(way, later, { node, at, isFree: isFree(way, wanted) }))
  }

  if (pickups.nodes.length === 0) return options
  const shelves = shelvesWithUnit(supply, pickupRanks, channelId)
  for (const location of firstOf(shelves, PICKUPS_TOLD_MAX)) {
    const way = must(pickups.ways.get(location), 'the way of a pickup place')
    options.push(optionFrom(way, location, { node: placeOf(way), at, isFree: isFree(way, wanted) }))
  }
  if (supply.others.length === 0) return options
  const later = unitsToCome(supply, pickupRanks, channelId).filter(({ location }) => !shelves.includes(location))
  for (const unit of firstOf(later, Math.max(0, PICKUPS_TOLD_MAX - shelves.length))) {
    const way = must(pickups.ways.get(unit.location), 'the way of a pickup place')
    options.push(optionOfLater(way, unit, { node: placeOf(way), at, isFree: isFree(way, wanted) }))
  }
  return options
}

function placeOf({ route }: DeliveryWay): Node {
  return must(route.ranking.candidates[0], 'the one candidate of a pickup')
}

function firstOf<Item>(items: readonly Item[], countMax: number): readonly Item[] {
  return items.length > countMax ? items.slice(0, countMax) : items
}

function optionsOfBundle(
  deliveryPlan: DeliveryPlan,
  wanted: WantedUnit,
  numbers: Numbering<Id<'location'>>,
): DeliveryOption[] {
  const { reaches, pickups, pickupRanks } = deliveryPlan
  const { parts, supplies, at } = wanted
  const { channelId } = sellingOf(deliveryPlan)
  const demands: readonly Demand[] = parts
  const allowances = allowancesOf(deliveryPlan, wanted)
  const supply = plannableSupply(wanted, numbers)
  const options: DeliveryOption[] = []
  const add = (nodes: readonly Node[], ways: readonly DeliveryWay[]): boolean => {
    const plan = planFast({
      demands,
      supply,
      channelId,
      candidates: nodes.map(({ locationId }) => locationId),
      allowances,
    })
    if (plan.kind !== 'planned') return false
    const nodeById = new Map(nodes.map((node) => [node.locationId, node]))
    for (const way of ways) {
      options.push(writeOption(way, windowOf(at, way.route, plan.allotments, nodeById), isFree(way, wanted)))
    }
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

function allowancesOf(plan: DeliveryPlan, { parts, supplies }: WantedUnit): Map<Id<'variant'>, Allowance> {
  const selling = sellingOf(plan)
  const allowances = new Map<Id<'variant'>, Allowance>()
  for (const [index, { variantId }] of parts.entries()) {
    const supply = must(supplies[index], 'supply of every part')
    if (limitFor(supply, selling.channelId) !== null) allowances.set(variantId, allowanceOf(supply, selling))
  }
  return allowances
}

/** Supply in the planner's words, which tells the rows of all parts apart by their numbers. */
function plannableSupply(
  { parts, supplies }: WantedUnit,
  numbers: Numbering<Id<'location'>>,
): Map<Id<'variant'>, PlanSupply[]> {
  const rowsByVariant = new Map<Id<'variant'>, PlanSupply[]>()
  let supplyId = 0n
  for (const [index, { variantId }] of parts.entries()) {
    const rows: PlanSupply[] = []
    const { shelves, others } = must(supplies[index], 'supply of every part')
    for (let at = 0; at < shelves.length; at += 2) {
      const locationId = numbers.thingOf(shelves[at] ?? 0)
      const free = shelves[at + 1] ?? 0
      rows.push({
        supplyId: supplyId++,
        variantId,
        locationId,
        kind: 'on_hand',
        channelId: null,
        eta: null,
        leadDays: null,
        free,
      })
    }
    for (const { location, kind, channelId, eta, leadDays, units: free } of others) {
      rows.push({
        supplyId: supplyId++,
        variantId,
        locationId: numbers.thingOf(location),
        kind,
        channelId,
        eta,
        leadDays,
        free,
      })
    }
    rowsByVariant.set(variantId, rows)
  }
  return rowsByVariant
}
