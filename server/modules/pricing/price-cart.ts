import type { Id } from '../../kernel/id.ts'
import { invariant } from '../../kernel/invariant.ts'
import { MONEY_MINOR_MAX } from '../../kernel/money.ts'
import { choosePrice, type ListedPrice, type PriceQuestion } from './price-choice.ts'
import { priceDelivery, type DeliveryPrice, type DeliveryTariff } from './price-delivery.ts'
import { priceLine, type LinePrice, type TaxRates } from './price-line.ts'

export interface CartToPrice extends PriceQuestion {
  readonly lines: readonly LineToPrice[]
  /** Every price of the lines' variants, whatever the list; see `Pricing.pricesAt`. */
  readonly prices: ReadonlyMap<Id<'variant'>, readonly ListedPrice[]>
  /** Of the destination's zone; `noTaxRates` while there is no destination. */
  readonly taxRates: TaxRates
  /** Of the delivery option that was chosen; null while none is, and for what is carried out of the shop. */
  readonly tariff: DeliveryTariff | null
}

export interface LineToPrice {
  /** What the caller calls the line; comes back with its price. */
  readonly lineKey: string
  readonly variantId: Id<'variant'>
  readonly quantity: number
  readonly taxClass: string
}

export interface PricedLine extends LinePrice {
  readonly lineKey: string
}

/** Minor units of the cart's currency. `totalMinor` is the sum of the lines' totals and of the delivery's. */
export interface Totals {
  readonly itemsMinor: bigint
  readonly discountMinor: bigint
  readonly deliveryMinor: bigint
  /** All tax, whether contained in the total or added to it. */
  readonly taxMinor: bigint
  readonly totalMinor: bigint
}

export interface PricedCart {
  readonly kind: 'priced'
  /** In the order they came in. */
  readonly lines: readonly PricedLine[]
  readonly delivery: DeliveryPrice | null
  readonly totals: Totals
}

export type PriceCartRefusal =
  | { readonly code: 'price_missing'; readonly lineKeys: readonly string[] }
  | { readonly code: 'amount_too_large' }

export type PriceCartOutcome = PricedCart | ({ readonly kind: 'refused' } & PriceCartRefusal)

/**
 * What a cart costs, line by line. Amounts are exact; the only rounding is each line's tax and the delivery's tax, so
 * the total is the sum of its parts in every currency and in any order of the lines.
 */
export function priceCart(cart: CartToPrice): PriceCartOutcome {
  const { channel, prices, taxRates, tariff } = cart
  invariant(tariff === null || tariff.currency === channel.currency, "a cart's delivery is in its currency")
  const lines: PricedLine[] = []
  const unpriced: string[] = []
  let itemsMinor = 0n
  let discountMinor = 0n
  let taxMinor = 0n
  let totalMinor = 0n
  for (const { lineKey, variantId, quantity, taxClass } of cart.lines) {
    const price = choosePrice(prices.get(variantId) ?? [], cart)
    if (price === null) {
      unpriced.push(lineKey)
      continue
    }
    const line = priceLine({
      unitPriceMinor: price.amountMinor,
      quantity,
      discountMinor: 0n,
      taxRatePpm: taxRates.get(taxClass) ?? null,
      taxIncluded: channel.taxIncluded,
    })
    lines.push({ lineKey, ...line })
    itemsMinor += price.amountMinor * BigInt(quantity)
    discountMinor += line.discountMinor
    taxMinor += line.taxMinor
    totalMinor += line.totalMinor
  }
  if (unpriced.length > 0) return { kind: 'refused', code: 'price_missing', lineKeys: unpriced }

  const totals = { itemsMinor, discountMinor, deliveryMinor: 0n, taxMinor, totalMinor }
  const goods: PricedCart = { kind: 'priced', lines, delivery: null, totals }
  const priced = tariff === null ? goods : addDelivery(goods, tariff, { taxRates, taxIncluded: channel.taxIncluded })
  const isTooLarge = itemsMinor > MONEY_MINOR_MAX || priced.totals.totalMinor > MONEY_MINOR_MAX
  return isTooLarge ? { kind: 'refused', code: 'amount_too_large' } : priced
}

/** A cart priced without delivery, with what this tariff adds: which one is cheapest depends on the goods' total. */
export function addDelivery(
  goods: PricedCart,
  tariff: DeliveryTariff,
  { taxRates, taxIncluded }: { readonly taxRates: TaxRates; readonly taxIncluded: boolean },
): PricedCart {
  const { totals } = goods
  const itemsMinor = totals.itemsMinor - totals.discountMinor
  const delivery = priceDelivery(tariff, { itemsMinor, taxRates, taxIncluded })
  return {
    ...goods,
    delivery,
    totals: {
      ...totals,
      deliveryMinor: delivery.amountMinor,
      taxMinor: totals.taxMinor + delivery.taxMinor,
      totalMinor: totals.totalMinor + delivery.totalMinor,
    },
  }
}
