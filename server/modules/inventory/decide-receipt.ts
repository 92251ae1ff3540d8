export interface Receipt {
  /** Units that have come, ≥ 0. */
  readonly arrived: number
  /** Whether a count of the place is newer than the arrival, so that its goods are in the books already. */
  readonly isCounted: boolean
  /** Whether nothing more is to come, whatever was announced. */
  readonly isComplete: boolean
  /** The row that was expected. */
  readonly inbound: { readonly quantity: number; readonly claimed: number }
  /** The row the goods go to. */
  readonly onHand: { readonly quantity: number; readonly claimed: number }
}

export interface ReceiptDecision {
  /** Units by which the books on hand rise. */
  readonly gained: number
  /** Units no longer expected because they came: at most what was expected. */
  readonly settled: number
  /** Units no longer expected because they will not come. */
  readonly short: number
  /** Claimed units that move from the expected to the present goods. */
  readonly served: number
  /** Claimed units with goods neither here nor to come. */
  readonly excess: number
}

/**
 * Turns expected goods into present ones, together with the claims that stand on them. More than was expected comes
 * in as well: goods are a fact. Goods that a count has found already are not added twice; then their claims move only
 * as far as the count left room, and those that nothing is left for are freed.
 */
export function decideReceipt({ arrived, isCounted, isComplete, inbound, onHand }: Receipt): ReceiptDecision {
  const settled = Math.min(arrived, inbound.quantity)
  const short = isComplete ? inbound.quantity - settled : 0
  const room = isCounted ? onHand.quantity - onHand.claimed : arrived
  const served = Math.min(arrived, inbound.claimed, room)
  const stillExpected = inbound.quantity - settled - short
  const excess = Math.max(0, inbound.claimed - served - stillExpected)
  return { gained: isCounted ? 0 : arrived, settled, short, served, excess }
}
