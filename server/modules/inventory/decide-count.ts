import type { Id } from '../../kernel/id.ts'
import { invariant } from '../../kernel/invariant.ts'
import type { Instant } from '../../kernel/time.ts'

/**
 * What was counted: `physical` is everything on the shelf, `sellable` leaves out what the counter had already put aside
 * for orders.
 */
export type CountMeaning = 'physical' | 'sellable'

export interface Count {
  /** Units, ≥ 0. */
  readonly units: number
  readonly countedAt: Instant
  readonly meaning: CountMeaning
}

/** The newest count of a place that was taken; older ones say nothing any more. */
export interface LastCount {
  readonly countedAt: Instant
  readonly meaning: CountMeaning
}

/** One row of the place that was counted: unfenced, or ring-fenced for a channel. */
export interface CountedRow {
  readonly supplyId: bigint
  readonly channelId: Id<'channel'> | null
  readonly quantity: number
  readonly claimed: number
  /** Units that came (+) or went (−) after the count, as the ledger has it. */
  readonly movedAfter: number
  /** Units of accepted orders that, as far as the ledger knows, stood on the shelf at the time of the count. */
  readonly acceptedThen: number
}

export type MergedCount =
  | { readonly kind: 'ignored'; readonly lastCountedAt: Instant }
  /** `onHand` is below zero when more left after the count than it found; `excess` claimed units have no goods. */
  | { readonly kind: 'merged'; readonly onHand: number; readonly excess: number }

/**
 * Merges a count with what happened since: a count is the truth about its own moment, not about the moment its message
 * arrives. Rows are merged as one place, because a person who counts sees goods and no channels.
 */
export function mergeCount(count: Count, last: LastCount | null, rows: readonly CountedRow[]): MergedCount {
  if (last !== null && count.countedAt < last.countedAt) return { kind: 'ignored', lastCountedAt: last.countedAt }

  let onHand = count.units
  let claimed = 0
  for (const row of rows) {
    onHand += row.movedAfter
    if (count.meaning === 'sellable') onHand += row.acceptedThen
    claimed += row.claimed
  }
  return { kind: 'merged', onHand, excess: Math.max(0, claimed - onHand) }
}

/** What one row gains or loses; `supplyId` is null for the unfenced row of a place that has none yet. */
export interface RowDifference {
  readonly supplyId: bigint | null
  readonly units: number
}

/**
 * Spreads the difference between the books and `onHand` over the rows of a place: gains go to the unfenced row, losses
 * come out of its unclaimed units first, then out of the channels' in the order of their rows. Never out of claimed
 * units: those that had to go were freed before.
 *
 * @param rows    with `claimed` as it is after freeing; together at most `onHand`
 * @param onHand  units the place has, ≥ 0
 */
export function spreadDifference(
  rows: readonly Pick<CountedRow, 'supplyId' | 'channelId' | 'quantity' | 'claimed'>[],
  onHand: number,
): RowDifference[] {
  const difference = onHand - rows.reduce((sum, row) => sum + row.quantity, 0)
  if (difference === 0) return []
  const unfenced = rows.find((row) => row.channelId === null)
  if (difference > 0) return [{ supplyId: unfenced?.supplyId ?? null, units: difference }]

  const differences: RowDifference[] = []
  let missingUnits = -difference
  for (const row of rows.toSorted((a, b) => Number(a !== unfenced) - Number(b !== unfenced))) {
    const lostUnits = Math.min(missingUnits, row.quantity - row.claimed)
    if (lostUnits > 0) differences.push({ supplyId: row.supplyId, units: -lostUnits })
    missingUnits -= lostUnits
  }
  invariant(missingUnits === 0, 'claims beyond the count are freed before it is spread')
  return differences
}

/**
 * Units by which a hand-over lowers what is on hand. One that happened before the last count was not there to be
 * counted: the count has lowered the books already, and the late message only ends its claim. After a count of
 * sellable units that holds only for claims the counter could not know of: those of orders accepted by then were added
 * back because nobody had told us that they were gone.
 */
export function unitsLeaving(
  handOver: { readonly units: number; readonly occurredAt: Instant; readonly acceptedAt: Instant | null },
  last: LastCount | null,
): number {
  if (last === null || handOver.occurredAt > last.countedAt) return handOver.units
  const wasAddedBack =
    last.meaning === 'sellable' && handOver.acceptedAt !== null && handOver.acceptedAt <= last.countedAt
  return wasAddedBack ? handOver.units : 0
}
