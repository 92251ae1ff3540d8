import { invariant } from '../../kernel/invariant.ts'
import { multiplyRatio } from '../../kernel/money.ts'

/** Parts per million by tax class, for one zone: 8.875 % is 88750. */
export type TaxRates = ReadonlyMap<string, number>

/** Where the destination is not known yet, or the merchant collects no tax: every rate is missing, no tax is told. */
export const noTaxRates: TaxRates = new Map()

export interface TaxRule {
  /** Null: no rate is known, no tax is told. */
  readonly taxRatePpm: number | null
  readonly taxIncluded: boolean
}

/** The money of a line as orders keep it, minor units; discount, tax and total are of the whole line. */
export interface LinePrice extends TaxRule {
  readonly unitPriceMinor: bigint
  readonly discountMinor: bigint
  readonly taxMinor: bigint
  /** Inclusive: price × quantity − discount, with the tax in it. Exclusive: the same plus the tax. */
  readonly totalMinor: bigint
}

const PPM = 1_000_000n

/**
 * Prices one line. Tax is rounded once for the line, half away from zero, unless it was decided for the whole order;
 * nothing else needs rounding.
 * @param discountMinor  for the whole line, 0 … price × quantity
 * @param taxMinor  the line's part of an order's tax; absent where the line is rounded for itself
 */
export function priceLine({
  unitPriceMinor,
  quantity,
  discountMinor,
  taxRatePpm,
  taxIncluded,
  taxMinor,
}: TaxRule & {
  readonly unitPriceMinor: bigint
  readonly quantity: number
  readonly discountMinor: bigint
  readonly taxMinor?: bigint | undefined
}): LinePrice {
  const itemsMinor = unitPriceMinor * BigInt(quantity)
  invariant(unitPriceMinor >= 0n && quantity > 0, 'a line sells at least one unit at zero or more')
  invariant(discountMinor >= 0n && discountMinor <= itemsMinor, 'a discount is at most what it discounts')
  const amountMinor = itemsMinor - discountMinor
  const tax = taxMinor ?? taxOf(amountMinor, { taxRatePpm, taxIncluded })
  return {
    unitPriceMinor,
    discountMinor,
    taxMinor: tax,
    taxRatePpm,
    taxIncluded,
    totalMinor: taxIncluded ? amountMinor : amountMinor + tax,
  }
}

/** The tax contained in an amount that includes it, or to be added to one that does not. */
export function taxOf(amountMinor: bigint, { taxRatePpm, taxIncluded }: TaxRule): bigint {
  if (taxRatePpm === null || taxRatePpm === 0) return 0n
  const rate = BigInt(taxRatePpm)
  return multiplyRatio(amountMinor, rate, taxIncluded ? PPM + rate : PPM)
}
