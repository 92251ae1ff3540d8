import type { Id } from '../../kernel/id.ts'
import type { PriceList } from './price-choice.ts'
import type { DeliveryTariff } from './price-delivery.ts'
import type { TaxRates } from './price-line.ts'

/** What is taxed how where; one row a zone and class. */
export interface TaxRate {
  readonly id: Id<'taxRate'>
  readonly zoneId: Id<'zone'>
  readonly taxClass: string
  readonly name: string
  /** Parts per million: 8.875 % is 88750. */
  readonly ratePpm: number
  readonly version: number
}

/** Everything the room configures but the prices themselves, which are too many to keep whole. */
export interface PricingRows {
  /** In code order. */
  readonly priceLists: readonly PriceList[]
  readonly taxRates: readonly TaxRate[]
  /** In code order. */
  readonly tariffs: readonly DeliveryTariff[]
}

export interface PricingBook extends PricingRows {
  readonly priceListById: ReadonlyMap<Id<'priceList'>, PriceList>
  readonly taxRatesByZone: ReadonlyMap<Id<'zone'>, TaxRates>
}

export function buildBook(rows: PricingRows): PricingBook {
  const ratesByZone = Map.groupBy(rows.taxRates, ({ zoneId }) => zoneId)
  return {
    ...rows,
    priceListById: new Map(rows.priceLists.map((list) => [list.id, list])),
    taxRatesByZone: new Map(
      [...ratesByZone].map(([zoneId, rates]) => [
        zoneId,
        new Map(rates.map(({ taxClass, ratePpm }) => [taxClass, ratePpm])),
      ]),
    ),
  }
}
