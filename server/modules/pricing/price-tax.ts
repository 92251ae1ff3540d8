import { must } from '../../kernel/invariant.ts'
import { sumMinor } from '../../kernel/money.ts'
import { prorate } from '../../kernel/prorate.ts'
import { taxOf } from './price-line.ts'

/** An amount of a sale and the rate that holds for it. */
export interface TaxableAmount {
  readonly amountMinor: bigint
  /** Null: no rate is known, no tax is told. */
  readonly taxRatePpm: number | null
}

export interface TaxTerms {
  readonly taxIncluded: boolean
  readonly taxRounding: 'line' | 'order'
}

/**
 * The tax of each amount of one sale, half away from zero. Rounded by line: each amount for itself. Rounded by order:
 * the sum of each rate once, as invoices show it, and then split over its amounts in proportion, so that the parts still
 * add up. The odd cent goes to the larger remainder, on a tie to the earlier amount: whoever wants the order of the
 * lines to be irrelevant hands them in sorted.
 *
 * @returns one tax an amount, in their order; contained in the amounts or to be added to them
 */
export function taxAmounts(amounts: readonly TaxableAmount[], { taxIncluded, taxRounding }: TaxTerms): bigint[] {
  if (taxRounding === 'line') {
    return amounts.map(({ amountMinor, taxRatePpm }) => taxOf(amountMinor, { taxRatePpm, taxIncluded }))
  }
  const taxes = amounts.map(() => 0n)
  for (const [taxRatePpm, indexes] of Map.groupBy(amounts.keys(), (index) => amounts[index]?.taxRatePpm ?? null)) {
    const weights = indexes.map((index) => must(amounts[index], 'an amount').amountMinor)
    const taxMinor = taxOf(sumMinor(weights), { taxRatePpm, taxIncluded })
    for (const [place, part] of prorate(taxMinor, weights).entries()) {
      taxes[must(indexes[place], 'an index for every weight')] = part
    }
  }
  return taxes
}

/** A price that contains tax, for somebody who pays none: what is left when the tax is taken out. */
export function withoutTax(amountMinor: bigint, taxRatePpm: number | null): bigint {
  return amountMinor - taxOf(amountMinor, { taxRatePpm, taxIncluded: true })
}
