import type { Id } from '../../kernel/id.ts'
import type { Instant } from '../../kernel/time.ts'
import { decideAllowance, type Allowance, type FreeUnits, type UsedLimit } from '../inventory/index.ts'
import type { Supply } from './supply.ts'

export const availabilityStatuses = ['in_stock', 'low_stock', 'preorder', 'backorder', 'out_of_stock'] as const
export type AvailabilityStatus = (typeof availabilityStatuses)[number]

/** At most so many units in stock are called low. */
export const LOW_STOCK_UNITS_MAX = 5
/** More than this is told as this: a head shows "plenty", and competitors need not count our stock. */
export const UNITS_SHOWN_MAX = 100

export interface Availability {
  readonly status: AvailabilityStatus
  /** Units that can be had in this way, at most `UNITS_SHOWN_MAX`; null where units are not counted. */
  readonly quantity: number | null
}

/** What one unit of a SKU is made of: itself, or a bundle's components that lie on shelves. */
export interface StockedPart {
  readonly variantId: Id<'variant'>
  /** Units of it in one. */
  readonly units: number
}

/** Where a channel sells from: 1 at the numbers of its locations. */
export type SellingPlaces = Uint8Array

/** Who sells, and from where. */
export interface Selling {
  readonly channelId: Id<'channel'>
  readonly places: SellingPlaces
}

/**
 * Whether a channel can sell a SKU now, and how many: from the shelf; else from what is under way and has a date
 * (preorder); else beyond all supply, up to the limit set for that (backorder). Where the channel has a buffer or a cap
 * for it, that is told which these leave. A bundle has as many units as its scarcest component allows.
 *
 * @param supplies  of each part, in their order
 */
export function decideAvailability(
  parts: readonly StockedPart[],
  supplies: readonly Supply[],
  selling: Selling,
): Availability {
  if (parts.length === 0) return uncounted
  let onShelf = Infinity
  let dated = Infinity
  let everything = Infinity
  for (const [index, { units }] of parts.entries()) {
    const supply = supplies[index]
    const part = supply === undefined ? nothing : unitsOf(supply, selling)
    onShelf = Math.min(onShelf, Math.floor(part.onHand / units))
    dated = Math.min(dated, Math.floor(part.dated / units))
    everything = Math.min(everything, Math.floor(part.all / units))
  }
  if (onShelf > LOW_STOCK_UNITS_MAX) return { status: 'in_stock', quantity: Math.min(onShelf, UNITS_SHOWN_MAX) }
  if (onShelf > 0) return { status: 'low_stock', quantity: onShelf }
  if (dated > 0) return { status: 'preorder', quantity: Math.min(dated, UNITS_SHOWN_MAX) }
  if (everything > 0) return { status: 'backorder', quantity: Math.min(everything, UNITS_SHOWN_MAX) }
  return soldOut
}

/** Downloads, services and the like: there is always another one. */
const uncounted: Availability = { status: 'in_stock', quantity: null }
const soldOut: Availability = { status: 'out_of_stock', quantity: 0 }
const nothing = { onHand: 0, dated: 0, all: 0 }

/** Units of one SKU that the channel may sell: each figure counts those before it in. */
function unitsOf(supply: Supply, selling: Selling): typeof nothing {
  if (limitFor(supply, selling.channelId) !== null) {
    const { onHand, dated, all } = allowanceOf(supply, selling)
    return { onHand, dated: dated.at(-1)?.units ?? onHand, all }
  }
  const onHand = unitsOnShelves(supply, selling)
  const dated = onHand + unitsToCome(supply, selling, 'inbound')
  return { onHand, dated, all: dated + unitsToCome(supply, selling, 'backorder') }
}

/** What can be promised for a date: units that can be had by then, those of earlier dates among them. */
export interface DatedUnits {
  /** Null: from now on. */
  readonly from: Instant | null
  readonly units: number
}

/** How many units of a SKU the channel can sell by which date, and how many in all, sold ahead without a date. */
export interface AvailabilityByDate {
  /** Each with more than the one before; the first is what is on shelves, also where that is nothing. */
  readonly dates: readonly DatedUnits[]
  readonly all: number
}

/**
 * ATS by date. A bundle can be had by a date as often as its scarcest component can.
 * @param parts  at least one
 */
export function decideDates(
  parts: readonly StockedPart[],
  supplies: readonly Supply[],
  selling: Selling,
): AvailabilityByDate {
  const ofParts = parts.map(({ units }, index) => {
    const supply = supplies[index]
    const { onHand, dated, all } = supply === undefined ? noAllowance : allowanceOf(supply, selling)
    const whole = (each: number): number => Math.floor(each / units)
    return {
      onHand: whole(onHand),
      dated: dated.map((step) => ({ eta: step.eta, units: whole(step.units) })),
      all: whole(all),
    }
  })
  const etas = [...new Set(ofParts.flatMap(({ dated }) => dated.map(({ eta }) => eta)))].sort((a, b) => a - b)
  const dates: DatedUnits[] = [{ from: null, units: Math.min(...ofParts.map(({ onHand }) => onHand)) }]
  for (const eta of etas) {
    const units = Math.min(
      ...ofParts.map(({ onHand, dated }) => dated.findLast((step) => step.eta <= eta)?.units ?? onHand),
    )
    if (units > (dates.at(-1)?.units ?? 0)) dates.push({ from: eta, units })
  }
  return { dates, all: Math.min(...ofParts.map(({ all }) => all)) }
}

const noAllowance: Allowance = { onHand: 0, dated: [], all: 0 }

/** What a channel may sell of one SKU, within its limits where it has some. */
export function allowanceOf(supply: Supply, selling: Selling): Allowance {
  return decideAllowance(freeUnitsOf(supply, selling), limitFor(supply, selling.channelId))
}

export function limitFor({ limits }: Supply, channelId: Id<'channel'>): UsedLimit | null {
  for (const limit of limits) if (limit.channelId === channelId) return limit
  return null
}

function freeUnitsOf(supply: Supply, selling: Selling): FreeUnits {
  const toCome: { eta: Instant; units: number }[] = []
  for (const { location, kind, channelId, eta, units } of supply.others) {
    const isOurs = selling.places[location] === 1 && (channelId === null || channelId === selling.channelId)
    if (isOurs && kind === 'inbound' && eta !== null) toCome.push({ eta, units })
  }
  return { onHand: unitsOnShelves(supply, selling), toCome, ahead: unitsToCome(supply, selling, 'backorder') }
}

function unitsOnShelves({ shelves, others }: Supply, { channelId, places }: Selling): number {
  let sum = 0
  for (let at = 0; at < shelves.length; at += 2) {
    if (places[shelves[at] ?? 0] === 1) sum += shelves[at + 1] ?? 0
  }
  for (const other of others) {
    if (other.kind === 'on_hand' && other.channelId === channelId && places[other.location] === 1) sum += other.units
  }
  return sum
}

function unitsToCome({ others }: Supply, { channelId, places }: Selling, wanted: 'inbound' | 'backorder'): number {
  let sum = 0
  for (const { kind, channelId: fence, location, units } of others) {
    if (kind === wanted && places[location] === 1 && (fence === null || fence === channelId)) sum += units
  }
  return sum
}

/**
 * The supply that one unit may be sold from within the channel's limits: kinds of supply of which these leave nothing
 * are taken out. Without limits it is the supply itself.
 */
export function supplyForUnit(supply: Supply, selling: Selling): Supply {
  if (limitFor(supply, selling.channelId) === null) return supply
  const { onHand, dated, all } = allowanceOf(supply, selling)
  const soonest = dated.find(({ units }) => units > 0)?.eta ?? Infinity
  return {
    ...supply,
    shelves: onHand > 0 ? supply.shelves : new Int32Array(),
    others: supply.others.filter(({ kind, eta }) => {
      if (kind === 'on_hand') return onHand > 0
      return kind === 'inbound' ? onHand > 0 || (eta ?? Infinity) >= soonest : all > 0
    }),
  }
}
