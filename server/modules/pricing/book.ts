import type { Id } from '../../kernel/id.ts'
import { must } from '../../kernel/invariant.ts'
import type { Instant } from '../../kernel/time.ts'
import type { PriceList } from './price-choice.ts'
import type { DeliveryTariff } from './price-delivery.ts'
import { noTaxRates, type TaxRates } from './price-line.ts'
import { buildPromotionBook, type Promotion, type PromotionBook } from './promotion.ts'

/** What is taxed how where, from when until when; at one time one row a zone and class. */
export interface TaxRate {
  readonly id: Id<'taxRate'>
  readonly zoneId: Id<'zone'>
  readonly taxClass: string
  readonly name: string
  /** Parts per million: 8.875 % is 88750. */
  readonly ratePpm: number
  readonly validFrom: Instant | null
  /** The first instant at which it is no longer valid. */
  readonly validUntil: Instant | null
  readonly version: number
}

/** Everything the room configures but prices and codes, which are too many to keep whole. */
export interface PricingRows {
  /** In code order. */
  readonly priceLists: readonly PriceList[]
  readonly taxRates: readonly TaxRate[]
  /** In code order. */
  readonly tariffs: readonly DeliveryTariff[]
  /** The oldest first. */
  readonly promotions: readonly Promotion[]
}

export interface PricingBook extends PricingRows {
  readonly priceListById: ReadonlyMap<Id<'priceList'>, PriceList>
  readonly taxPeriodsByZone: ReadonlyMap<Id<'zone'>, readonly TaxPeriod[]>
  readonly promotionBook: PromotionBook
}

/** A time in which the rates of a zone do not change; periods follow each other without a gap. */
export interface TaxPeriod {
  /** Null: since ever. */
  readonly from: Instant | null
  readonly rates: TaxRates
}

export function buildBook(rows: PricingRows): PricingBook {
  const ratesByZone = Map.groupBy(rows.taxRates, ({ zoneId }) => zoneId)
  return {
    ...rows,
    priceListById: new Map(rows.priceLists.map((list) => [list.id, list])),
    taxPeriodsByZone: new Map([...ratesByZone].map(([zoneId, rates]) => [zoneId, taxPeriods(rates)])),
    promotionBook: buildPromotionBook(rows.promotions),
  }
}

/** The rates that hold in a zone at a time. @param zoneId  null where nobody knows it: no tax is told */
export function taxRatesIn(
  { taxPeriodsByZone }: Pick<PricingBook, 'taxPeriodsByZone'>,
  zoneId: Id<'zone'> | null,
  at: Instant,
): TaxRates {
  const periods = zoneId === null ? undefined : taxPeriodsByZone.get(zoneId)
  return periods?.findLast(({ from }) => from === null || from <= at)?.rates ?? noTaxRates
}

function taxPeriods(rates: readonly TaxRate[]): TaxPeriod[] {
  const turns = new Set(rates.flatMap(({ validFrom, validUntil }) => [validFrom, validUntil]))
  turns.delete(null)
  const starts: (Instant | null)[] = [
    null,
    ...[...turns].map((turn) => must(turn, 'an instant')).toSorted((a, b) => a - b),
  ]
  return starts.map((from) => ({
    from,
    rates: new Map(
      rates
        .filter(({ validFrom, validUntil }) => {
          const hasBegun = validFrom === null || (from !== null && validFrom <= from)
          return hasBegun && (validUntil === null || from === null || from < validUntil)
        })
        .map(({ taxClass, ratePpm }) => [taxClass, ratePpm]),
    ),
  }))
}
