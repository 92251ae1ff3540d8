import type { Id } from '../../kernel/id.ts'
import type { OtherSupply, Supply } from './supply.ts'

/** By location number, 0 is best; below zero, or beyond the end, it is no candidate. */
export type LocationRanks = Int32Array

/**
 * The best-ranked location with a unit on its shelf, which is where `planFast` would take it from. Its general search
 * costs 5 µs at 50 locations; this one walks the places of the SKU once and takes 0.1 µs.
 *
 * @returns the location's number, or −1
 */
export function nearestShelf({ shelves, others }: Supply, ranks: LocationRanks, channelId: Id<'channel'>): number {
  let best = -1
  let bestRank = Infinity
  for (let at = 0; at < shelves.length; at += 2) {
    const location = shelves[at] ?? 0
    const rank = ranks[location] ?? -1
    if (rank >= 0 && rank < bestRank) {
      best = location
      bestRank = rank
    }
  }
  for (const { kind, location, channelId: fence } of others) {
    const rank = ranks[location] ?? -1
    if (kind === 'on_hand' && fence === channelId && rank >= 0 && rank < bestRank) {
      best = location
      bestRank = rank
    }
  }
  return best
}

function isUsedBefore(a: OtherSupply, b: OtherSupply, ranks: LocationRanks): boolean {
  const rankDifference = (ranks[a.location] ?? 0) - (ranks[b.location] ?? 0)
  if (rankDifference !== 0) return rankDifference < 0
  if (a.kind !== b.kind) return a.kind === 'inbound'
  return (a.eta ?? 0) < (b.eta ?? 0) || (a.leadDays ?? 0) < (b.leadDays ?? 0)
}

/** Every candidate with a unit on its shelf, best first. */
export function shelvesWithUnit({ shelves, others }: Supply, ranks: LocationRanks, channelId: Id<'channel'>): number[] {
  const found: number[] = []
  for (let at = 0; at < shelves.length; at += 2) {
    const location = shelves[at] ?? 0
    if ((ranks[location] ?? -1) >= 0) found.push(location)
  }
  for (const { kind, location, channelId: fence } of others) {
    if (kind !== 'on_hand' || fence !== channelId || (ranks[location] ?? -1) < 0) continue
    if (!found.includes(location)) found.push(location)
  }
  return found.sort((a, b) => (ranks[a] ?? 0) - (ranks[b] ?? 0))
}

/** Every candidate that a unit will come to, best first, and the one that is used first there. */
export function unitsToCome({ others }: Supply, ranks: LocationRanks, channelId: Id<'channel'>): OtherSupply[] {
  const firstByLocation = new Map<number, OtherSupply>()
  for (const supply of others) {
    if (!isToCome(supply, channelId) || (ranks[supply.location] ?? -1) < 0) continue
    const first = firstByLocation.get(supply.location)
    if (first === undefined || isUsedBefore(supply, first, ranks)) firstByLocation.set(supply.location, supply)
  }
  return [...firstByLocation.values()].sort((a, b) => (ranks[a.location] ?? 0) - (ranks[b.location] ?? 0))
}

function isToCome({ kind, channelId: fence }: OtherSupply, channelId: Id<'channel'>): boolean {
  return kind !== 'on_hand' && (fence === null || fence === channelId)
}
