import { invariant, must } from './invariant.ts'

/**
 * Splits `totalMinor` over `weights` so that the parts add up to exactly the total.
 * Parts are rounded down; leftover units go, one each, to the largest remainders, earlier part first on a tie
 * (the largest-remainder method, Hamilton 1792).
 *
 * @param totalMinor  minor units, ≥ 0 (negate the result to split a discount)
 * @param weights     at least one, each ≥ 0; all zero means "split evenly"
 * @returns           one part per weight, same order, minor units
 */
export function prorate(totalMinor: bigint, weights: readonly bigint[]): bigint[] {
  invariant(totalMinor >= 0n, 'prorate splits zero or more')
  invariant(weights.length > 0, 'prorate needs at least one weight')
  invariant(
    weights.every((weight) => weight >= 0n),
    'weights are zero or more',
  )
  const weightSum = weights.reduce((sum, weight) => sum + weight, 0n)
  if (weightSum === 0n)
    return prorate(
      totalMinor,
      weights.map(() => 1n),
    )

  const parts = weights.map((weight) => (totalMinor * weight) / weightSum)
  let leftover = totalMinor - parts.reduce((sum, part) => sum + part, 0n)
  if (leftover === 0n) return parts
  const byRemainder = weights
    .map((weight, index) => ({ index, remainder: (totalMinor * weight) % weightSum }))
    .toSorted((a, b) => (a.remainder === b.remainder ? a.index - b.index : a.remainder > b.remainder ? -1 : 1))
  for (const { index } of byRemainder) {
    if (leftover === 0n) break
    parts[index] = must(parts[index], 'a part for every weight') + 1n
    leftover -= 1n
  }
  return parts
}

/** Part `unit` (1-based) of `totalMinor` split evenly over `units`, without building the other parts. */
export function unitPart(totalMinor: bigint, units: number, unit: number): bigint {
  invariant(unit >= 1 && unit <= units, 'a unit of the line')
  const base = totalMinor / BigInt(units)
  return BigInt(unit) <= totalMinor % BigInt(units) ? base + 1n : base
}
