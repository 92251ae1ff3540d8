import type { Id } from '../../server/kernel/id.ts'
import { must } from '../../server/kernel/invariant.ts'
import { parseDecimal, type CurrencyCode } from '../../server/kernel/money.ts'
import { instantFromMs } from '../../server/kernel/time.ts'
import {
  anonymousBuyer,
  buildPromotionBook,
  type CartToPrice,
  type DeliveryTariff,
  type OffersAtHand,
  type PriceList,
  type Promotion,
} from '../../server/modules/pricing/index.ts'

const list: PriceList = {
  id: 'list' as Id<'priceList'>,
  code: 'usd',
  name: 'Dollars',
  channelId: null,
  marketId: null,
  country: null,
  region: null,
  locationId: null,
  segmentId: null,
  currency: 'USD' as CurrencyCode,
  taxIncluded: true,
  priority: 0,
  validFrom: null,
  validUntil: null,
  version: 1,
}
const tariff: DeliveryTariff = {
  id: 'ground' as Id<'deliveryTariff'>,
  code: 'ground',
  name: 'Ground',
  channelId: null,
  method: 'ship',
  serviceId: 'post' as Id<'shippingService'>,
  countries: ['US'],
  currency: 'USD' as CurrencyCode,
  amountMinor: 0n,
  freeFromMinor: null,
  taxClass: 'standard',
  active: true,
  version: 1,
}
const promotion: Promotion = {
  id: '' as Id<'promotion'>,
  name: '',
  active: true,
  currency: null,
  priority: 0,
  combinable: false,
  needsCode: false,
  validFrom: null,
  validUntil: null,
  channelIds: [],
  marketIds: [],
  segmentIds: [],
  goods: { variantIds: [], productIds: [], categories: [] },
  itemsMinMinor: null,
  quantityMin: null,
  effect: { kind: 'percent_off', ratePpm: 1 },
  usesMax: null,
  usesPerCustomerMax: null,
  version: 1,
}

export function plainPromotion(id: string, terms: Partial<Promotion>): Promotion {
  return { ...promotion, id: id as Id<'promotion'>, name: id, ...terms }
}

export interface DrawnLine {
  readonly sku: string
  readonly category?: string
  readonly quantity: number
  readonly priceMinor: bigint
  readonly taxClass?: string
}

/** A cart in dollars; every SKU is a product of its own. */
export function offerCart({
  lines,
  promotions,
  deliveryMinor = null,
  taxIncluded = true,
  taxRounding = 'line',
  taxRates = {},
  freeFromMinor = null,
  offers = {},
}: {
  readonly lines: readonly DrawnLine[]
  readonly promotions: readonly Promotion[]
  readonly deliveryMinor?: bigint | null
  readonly taxIncluded?: boolean
  readonly taxRounding?: 'line' | 'order'
  readonly taxRates?: Readonly<Record<string, number>>
  readonly freeFromMinor?: bigint | null
  readonly offers?: Partial<OffersAtHand>
}): CartToPrice {
  const priceList = { ...list, taxIncluded }
  return {
    at: instantFromMs(1_000),
    channel: { id: 'web' as Id<'channel'>, currency: list.currency, taxIncluded, taxRounding },
    buyer: anonymousBuyer,
    priceLists: new Map([[list.id, priceList]]),
    prices: new Map(
      lines.map(({ sku, priceMinor }) => [
        sku as Id<'variant'>,
        [{ priceListId: list.id, minQuantity: 1, amountMinor: priceMinor }],
      ]),
    ),
    lines: lines.map(({ sku, category, quantity, taxClass = 'standard' }) => ({
      lineKey: sku,
      variantId: sku as Id<'variant'>,
      productId: `p-${sku}` as Id<'product'>,
      categories: category === undefined ? [] : [category],
      isGiftCard: sku === 'giftcard',
      quantity,
      taxClass,
    })),
    taxRates: new Map(Object.entries(taxRates)),
    deliveries: deliveryMinor === null ? [] : [{ tariff: { ...tariff, amountMinor: deliveryMinor, freeFromMinor } }],
    offers: {
      promotions: buildPromotionBook(promotions),
      codes: [],
      uses: { byPromotion: new Map(), ofCustomer: null },
      ...offers,
    },
  }
}

/**
 * `10% off`, `5.00 off mug`, `tee+mug for 20.00`, `buy 2 get 1 50% tee`, `delivery 100% off`, `delivery 2.00 off`; and
 * anywhere `from 30.00`, `from 3`, `priority 2`, `together`.
 */
export function promotionOf(text: string): Promotion {
  let rest = ` ${text} `
  const take = (pattern: RegExp): RegExpExecArray | null => {
    const found = pattern.exec(rest)
    if (found !== null) rest = rest.replace(found[0], ' ')
    return found
  }
  const itemsMin = take(/ from (\d+\.\d\d)(?= )/)
  const quantityMin = take(/ from (\d+)(?= )/)
  const priority = take(/ priority (\d+)(?= )/)
  const together = take(/ together(?= )/)
  const { effect, goods } = effectOf(rest.trim())
  return plainPromotion(text, {
    effect,
    goods: { variantIds: goods, productIds: [], categories: [] },
    currency: list.currency,
    combinable: together !== null,
    priority: Number(priority?.[1] ?? 0),
    itemsMinMinor: itemsMin === null ? null : minorOf(itemsMin[1]),
    quantityMin: quantityMin === null ? null : Number(quantityMin[1]),
  })
}

function effectOf(text: string): { effect: Promotion['effect']; goods: Id<'variant'>[] } {
  const [, bundle, price] = /^([a-z+]+) for (\d+\.\d\d)$/.exec(text) ?? []
  if (bundle !== undefined) {
    const parts = bundle.split('+').map((sku) => ({ variantId: sku as Id<'variant'>, units: 1 }))
    return { effect: { kind: 'bundle_price', parts, priceMinor: minorOf(price), timesMax: null }, goods: [] }
  }
  const group = /^buy (\d+) get (\d+) (\d+)%(?: (\w+))?$/.exec(text)
  if (group !== null) {
    const [, buy, get, percent, sku] = group
    const [buyUnits, getUnits, ratePpm] = [Number(buy), Number(get), Number(percent) * 10_000]
    return { effect: { kind: 'buy_x_get_y', buyUnits, getUnits, ratePpm, timesMax: null }, goods: goodsOf(sku) }
  }
  const [, delivery, amount = '', unit, sku] = must(/^(delivery )?([\d.]+)(%)? off(?: (\w+))?$/.exec(text), text)
  const ratePpm = Number(amount) * 10_000
  const tariffIds: Id<'deliveryTariff'>[] = []
  if (delivery !== undefined) {
    return unit === '%'
      ? { effect: { kind: 'delivery_percent_off', ratePpm, tariffIds }, goods: [] }
      : { effect: { kind: 'delivery_amount_off', amountMinor: minorOf(amount), tariffIds }, goods: [] }
  }
  return unit === '%'
    ? { effect: { kind: 'percent_off', ratePpm }, goods: goodsOf(sku) }
    : { effect: { kind: 'amount_off', amountMinor: minorOf(amount) }, goods: goodsOf(sku) }
}

function goodsOf(sku: string | undefined): Id<'variant'>[] {
  return sku === undefined ? [] : [sku as Id<'variant'>]
}

export function minorOf(text: string | undefined): bigint {
  return must(parseDecimal(text ?? '', 2), `an amount, not ${text}`)
}

/** `2 tee à 19.99, 1 mug à 5.00`; a `giftcard` is one. */
export function linesOf(text: string): DrawnLine[] {
  return text.split(', ').map((part) => {
    const [, quantity, sku, price] = must(/^(\d+) (\w+) à ([\d.]+)$/.exec(part), part)
    return { sku: must(sku, 'a SKU'), quantity: Number(quantity), priceMinor: minorOf(price) }
  })
}
