import { noOffers, priceCart, type CartToPrice, type Promotion } from '../../server/modules/pricing/index.ts'
import { offerCart, plainPromotion } from '../../test/support/offer-cart.ts'
import { median, round } from '../support/measure.ts'

const PROMOTIONS = 50
const ROUNDS = 7
const ROUND_MS = 300

/** Carts a second of one core: without promotions, and with fifty live ones, of which a cart qualifies for many. */
export function price(): Promise<object> {
  const runs = [2, 20, 500].flatMap((lines) => {
    const offered = cartOf(lines)
    return [
      { lines, promotions: 0, ...measure({ ...offered, offers: noOffers }) },
      { lines, promotions: PROMOTIONS, ...measure(offered) },
    ]
  })
  return Promise.resolve({ runs })
}

function measure(cart: CartToPrice): { readonly cartsPerSecond: number; readonly microseconds: number } {
  const rates = Array.from({ length: ROUNDS }, () => {
    const began = performance.now()
    let count = 0
    let tookMs = 0
    do {
      for (let repeat = 0; repeat < 20; repeat++) priceCart(cart)
      count += 20
      tookMs = performance.now() - began
    } while (tookMs < ROUND_MS)
    return (count / tookMs) * 1_000
  })
  const cartsPerSecond = median(rates)
  return { cartsPerSecond: round(cartsPerSecond), microseconds: round(1_000_000 / cartsPerSecond) }
}

function cartOf(count: number): CartToPrice {
  const lines = Array.from({ length: count }, (_, index) => ({
    sku: `sku-${index}`,
    categories: [`category-${index % 10}`],
    quantity: 1 + (index % 3),
    priceMinor: BigInt(500 + ((index * 37) % 5_000)),
  }))
  const promotions = Array.from({ length: PROMOTIONS }, (_, index) => promotionOf(index))
  return offerCart({ lines, promotions, deliveryMinor: 499n, taxIncluded: false, taxRates: { standard: 88_750 } })
}

/** Half are about a category, a quarter may be combined, one in ten is about everything. */
function promotionOf(index: number): Promotion {
  const categories = index % 2 === 0 ? [`category-${index % 10}`] : []
  const variantIds =
    index % 2 === 0 || index % 10 === 1 ? [] : [`sku-${index}` as Promotion['goods']['variantIds'][number]]
  return plainPromotion(`promotion-${String(index).padStart(2, '0')}`, {
    priority: index % 5,
    combinable: index % 4 === 0,
    goods: { variantIds, productIds: [], categories },
    itemsMinMinor: index % 3 === 0 ? 2_000n : null,
    currency: 'USD' as Promotion['currency'],
    effect:
      index % 7 === 6
        ? { kind: 'buy_x_get_y', buyUnits: 2, getUnits: 1, ratePpm: 1_000_000, timesMax: null }
        : index % 5 === 4
          ? { kind: 'amount_off', amountMinor: 500n }
          : { kind: 'percent_off', ratePpm: 50_000 + index * 1_000 },
  })
}
