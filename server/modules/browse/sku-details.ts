import { formatId } from '../../kernel/id.ts'
import { must } from '../../kernel/invariant.ts'
import { dayOf } from '../../kernel/local-time.ts'
import { formatInstant, type Instant } from '../../kernel/time.ts'
import { arrivalOf, type Node } from '../sourcing/index.ts'
import {
  allowanceOf,
  decideDates,
  supplyForUnit,
  UNITS_SHOWN_MAX,
  type Selling,
  type StockedPart,
} from './decide-availability.ts'
import type { DeliveryPlan } from './delivery-desk.ts'
import { PICKUPS_TOLD_MAX } from './delivery-options.ts'
import { shelvesWithUnit } from './plan-unit.ts'
import type { Supply } from './supply.ts'

// What is told of one SKU only: by which date how much, and where it can be fetched.

/** The `dates`, `sellable` and `backorder` of a SKU, as members of a JSON object. */
export function writeDates(parts: readonly StockedPart[], supplies: readonly Supply[], selling: Selling): string {
  if (parts.length === 0) return '"dates":[],"sellable":null,"backorder":null'
  const { dates, all } = decideDates(parts, supplies, selling)
  const ahead = all - (dates.at(-1)?.units ?? 0)
  const backorder = { quantity: Math.min(ahead, UNITS_SHOWN_MAX), leadDays: longestLead(supplies, selling) }
  const told = dates.map(({ from, units }) => ({
    from: from === null ? null : formatInstant(from),
    quantity: Math.min(units, UNITS_SHOWN_MAX),
  }))
  return `"dates":${JSON.stringify(told)},"sellable":${Math.min(all, UNITS_SHOWN_MAX)},"backorder":${ahead > 0 ? JSON.stringify(backorder) : null}`
}

/** Of everything that the channel may sell ahead: with all of them sold, the last is in hand after so many days. */
function longestLead(supplies: readonly Supply[], { channelId, places }: Selling): number {
  let longest = 0
  for (const { others } of supplies) {
    for (const { leadDays, channelId: fence, location } of others) {
      if (places[location] === 1 && (fence === null || fence === channelId)) longest = Math.max(longest, leadDays ?? 0)
    }
  }
  return longest
}

/** The nearest places that have all of one unit on the shelf, when it could be fetched there, as a JSON array. */
export function writePickups(
  { pickups, pickupRanks }: DeliveryPlan,
  {
    parts,
    supplies,
    selling,
    at,
  }: {
    readonly parts: readonly StockedPart[]
    readonly supplies: readonly Supply[]
    readonly selling: Selling
    readonly at: Instant
  },
): string {
  const allowed = supplies.map((supply) => supplyForUnit(supply, selling))
  const [first] = allowed
  if (first === undefined || pickups.nodes.length === 0) return '[]'
  const told: object[] = []
  for (const location of shelvesWithUnit(first, pickupRanks, selling.channelId)) {
    if (told.length === PICKUPS_TOLD_MAX) break
    const quantity = Math.min(
      UNITS_SHOWN_MAX,
      ...parts.map(({ units }, index) => {
        const supply = must(allowed[index], 'supply of every part')
        const onHand = Math.min(unitsAt(supply, location, selling), allowanceOf(supply, selling).onHand)
        return Math.floor(onHand / units)
      }),
    )
    if (quantity === 0) continue
    const way = must(pickups.ways.get(location), 'the way of a pickup place')
    const node: Node = must(way.route.ranking.candidates[0], 'the one candidate of a pickup')
    const { earliest } = arrivalOf(way.route, node, at)
    told.push({
      locationId: formatId('location', node.locationId),
      code: node.code,
      name: node.name,
      quantity,
      readyAt: formatInstant(earliest),
      today: earliest < dayOf(at, node.timeZone).endsAt,
    })
  }
  return JSON.stringify(told)
}

/** Units on the shelf of one place that the channel may sell. */
function unitsAt({ shelves, others }: Supply, location: number, { channelId }: Selling): number {
  let units = 0
  for (let at = 0; at < shelves.length; at += 2) if (shelves[at] === location) units += shelves[at + 1] ?? 0
  for (const other of others) {
    if (other.kind === 'on_hand' && other.location === location && other.channelId === channelId) units += other.units
  }
  return units
}
