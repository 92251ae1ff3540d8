import type { Id } from '../../kernel/id.ts'
import type { WorkingCalendar } from '../../kernel/local-time.ts'
import { distanceKm, type Destination, type Point } from './geo.ts'

/** A location as the network sees it. */
export interface Node {
  readonly locationId: Id<'location'>
  readonly code: string
  readonly name: string
  /** IANA time zone of its wall clock. */
  readonly timeZone: string
  readonly country: string
  readonly region: string | null
  readonly postalCode: string
  readonly point: Point
  readonly ships: boolean
  readonly offersPickup: boolean
  /** Empty means every channel. */
  readonly channelIds: readonly Id<'channel'>[]
  readonly countries: readonly string[]
  /** The days on which it works off orders and hands parcels over. */
  readonly calendar: WorkingCalendar
  /** Between taking an order up and having it ready for a carrier: working days, then minutes of its opening hours. */
  readonly handlingDays: number
  readonly handlingMinutes: number
  /** By its wall clock, minutes after midnight: what comes then or later is work of the next working day. */
  readonly cutOffMinutes: number
  /** Where a service is collected at another time. */
  readonly cutOffByService: ReadonlyMap<Id<'shippingService'>, number>
  /** When people are there, in order; none is around the clock. */
  readonly opening: readonly Opening[]
  /** Opening minutes between an order and its being ready for pickup. */
  readonly pickupMinutes: number
}

/** Hours of a weekday by the location's wall clock, minutes after midnight. */
export interface Opening {
  /** ISO, Monday is 1. */
  readonly weekday: number
  readonly opens: number
  readonly closes: number
}

/** Of a node without a calendar of its own. */
export const everyDay: WorkingCalendar = { workingDays: [1, 2, 3, 4, 5, 6, 7], closedDates: [] }

export interface Network {
  readonly nodes: readonly Node[]
  readonly nodeById: ReadonlyMap<Id<'location'>, Node>
  readonly nodeByCode: ReadonlyMap<string, Node>
  /** Rankings already made for this network, by channel and destination; dropped with the network. */
  readonly rankings: Map<string, Ranking>
}

/** Which locations may serve, best first, and why the others may not. */
export interface Ranking {
  readonly candidates: readonly Node[]
  readonly refused: readonly { readonly code: string; readonly reason: RefusedReason }[]
}

export type RefusedReason = 'does_not_ship' | 'other_channel' | 'other_country' | 'no_pickup' | 'not_chosen'

/** Beyond this many destinations the memo starts over: 40,000 postal codes would hold 16 MB at 50 locations. */
const RANKINGS_MAX = 5_000

export function buildNetwork(nodes: readonly Node[]): Network {
  return {
    nodes,
    nodeById: new Map(nodes.map((node) => [node.locationId, node])),
    nodeByCode: new Map(nodes.map((node) => [node.code, node])),
    rankings: new Map(),
  }
}

/** Locations that may ship to the destination for the channel, nearest first, ties by code. */
export function rankForShipping(network: Network, channelId: Id<'channel'>, to: Destination): Ranking {
  const key = `${channelId} ${to.zone}`
  const known = network.rankings.get(key)
  if (known !== undefined) return known
  const eligible: { node: Node; km: number }[] = []
  const refused: Ranking['refused'][number][] = []
  for (const node of network.nodes) {
    const reason = whyNotShip(node, channelId, to.country)
    if (reason === null) eligible.push({ node, km: distanceKm(node.point, to.point) })
    else refused.push({ code: node.code, reason })
  }
  eligible.sort((a, b) => a.km - b.km || (a.node.code < b.node.code ? -1 : 1))
  const ranking = { candidates: eligible.map(({ node }) => node), refused }
  if (network.rankings.size >= RANKINGS_MAX) network.rankings.clear()
  network.rankings.set(key, ranking)
  return ranking
}

function whyNotShip(node: Node, channelId: Id<'channel'>, country: string): RefusedReason | null {
  if (!node.ships) return 'does_not_ship'
  if (!serves(node, channelId)) return 'other_channel'
  if (!node.countries.includes(country)) return 'other_country'
  return null
}

/** The one location a buyer chose, when it may hand over for the channel. */
export function rankForPickup(network: Network, channelId: Id<'channel'>, locationId: Id<'location'>): Ranking {
  const chosen = network.nodeById.get(locationId)
  if (chosen === undefined) return { candidates: [], refused: [] }
  if (!chosen.offersPickup) return { candidates: [], refused: [{ code: chosen.code, reason: 'no_pickup' }] }
  if (!serves(chosen, channelId)) return { candidates: [], refused: [{ code: chosen.code, reason: 'other_channel' }] }
  return { candidates: [chosen], refused: [] }
}

/** Whether the channel sells from there at all: it hands goods to carriers or to buyers. */
export function sells(node: Node, channelId: Id<'channel'>): boolean {
  return (node.ships || node.offersPickup) && serves(node, channelId)
}

/** An empty list of channels means every channel. */
export function serves(node: Node, channelId: Id<'channel'>): boolean {
  return node.channelIds.length === 0 || node.channelIds.includes(channelId)
}
