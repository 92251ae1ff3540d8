/** No shelf holds more; a larger number is a slip of the hand. Far below where PostgreSQL's integers end. */
export const UNITS_MAX = 1_000_000_000

/** A change by a person or a machine that is sure of the difference, not of the total. */
export interface RowAdjustment {
  /** Index of the supply row. */
  readonly row: number
  /** Units that came (+) or went (−). */
  readonly delta: number
}

export type AdjustmentDecision =
  | { readonly kind: 'accepted'; readonly rows: readonly AdjustedRow[] }
  /** `entry` is the index of the first entry for the row that does not work out. */
  | {
      readonly kind: 'refused'
      readonly code: 'stock_below_zero' | 'stock_too_large'
      readonly entry: number
      readonly onHand: number
    }

export interface AdjustedRow {
  readonly quantity: number
  /** Claimed units that lose their goods. */
  readonly excess: number
}

/** Applies all entries together: a row must work out at their end, whatever their order. */
export function decideAdjustment(
  rows: readonly { readonly quantity: number; readonly claimed: number }[],
  entries: readonly RowAdjustment[],
): AdjustmentDecision {
  const quantities = rows.map((row) => row.quantity)
  for (const { row, delta } of entries) quantities[row] = (quantities[row] ?? 0) + delta

  const entry = entries.findIndex(({ row }) => !isStock(quantities[row] ?? 0))
  const wrong = entries[entry]
  if (wrong !== undefined) {
    const code = (quantities[wrong.row] ?? 0) < 0 ? 'stock_below_zero' : 'stock_too_large'
    return { kind: 'refused', code, entry, onHand: rows[wrong.row]?.quantity ?? 0 }
  }
  return {
    kind: 'accepted',
    rows: rows.map(({ claimed }, index) => {
      const quantity = quantities[index] ?? 0
      return { quantity, excess: Math.max(0, claimed - quantity) }
    }),
  }
}

function isStock(units: number): boolean {
  return units >= 0 && units <= UNITS_MAX
}
