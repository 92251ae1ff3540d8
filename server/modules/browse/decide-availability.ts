import type { Id } from '../../kernel/id.ts'
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

/**
 * Whether a channel can sell a SKU now, and how many: from the shelf; else from what is under way and has a date
 * (preorder); else beyond all supply, up to the limit set for that (backorder). A bundle has as many units as its
 * scarcest component allows.
 *
 * @param supplies  of each part, in their order
 */
export function decideAvailability(
  parts: readonly StockedPart[],
  supplies: readonly Supply[],
  { channelId, places }: { readonly channelId: Id<'channel'>; readonly places: SellingPlaces },
): Availability {
  if (parts.length === 0) return uncounted
  let onShelf = Infinity
  let dated = Infinity
  let everything = Infinity
  for (const [index, { units }] of parts.entries()) {
    const supply = supplies[index]
    let partUnits = supply === undefined ? 0 : unitsOnShelves(supply, channelId, places)
    onShelf = Math.min(onShelf, Math.floor(partUnits / units))
    partUnits += supply === undefined ? 0 : unitsToCome(supply, channelId, places, true)
    dated = Math.min(dated, Math.floor(partUnits / units))
    partUnits += supply === undefined ? 0 : unitsToCome(supply, channelId, places, false)
    everything = Math.min(everything, Math.floor(partUnits / units))
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

function unitsOnShelves({ shelves, others }: Supply, channelId: Id<'channel'>, places: SellingPlaces): number {
  let sum = 0
  for (let at = 0; at < shelves.length; at += 2) {
    if (places[shelves[at] ?? 0] === 1) sum += shelves[at + 1] ?? 0
  }
  for (const other of others) {
    if (other.kind === 'on_hand' && other.channelId === channelId && places[other.location] === 1) sum += other.units
  }
  return sum
}

/** @param isDated  whether it is known when they come */
function unitsToCome({ others }: Supply, channelId: Id<'channel'>, places: SellingPlaces, isDated: boolean): number {
  let sum = 0
  for (const other of others) {
    if (other.kind === 'on_hand' || (other.eta !== null) !== isDated || places[other.location] !== 1) continue
    if (other.channelId === null || other.channelId === channelId) sum += other.units
  }
  return sum
}
