import type { Id } from '../../kernel/id.ts'
import { invariant, must } from '../../kernel/invariant.ts'
import { MONEY_MINOR_MAX, sumMinor } from '../../kernel/money.ts'
import { choosePrice, type ListedPrice, type PriceQuestion } from './price-choice.ts'
import { tariffAmount, type DeliveryPrice, type DeliveryTariff } from './price-delivery.ts'
import { priceLine, type LinePrice, type TaxRates } from './price-line.ts'
import { decideOffers, type GivenOffer, type MissedOffer } from './price-offers.ts'
import { taxAmounts, withoutTax } from './price-tax.ts'
import type { OffersAtHand } from './promotion.ts'

export interface CartToPrice extends PriceQuestion {
  readonly lines: readonly LineToPrice[]
  /** Every price of the lines' variants, whatever the list; see `Pricing.pricesAt`. */
  readonly prices: ReadonlyMap<Id<'variant'>, readonly ListedPrice[]>
  /** Of the destination's zone; `noTaxRates` while there is no destination. */
  readonly taxRates: TaxRates
  /** Of the delivery options that were chosen; none while none is, and for what is carried out of the shop. */
  readonly deliveries: readonly DeliveryToPrice[]
  readonly offers: OffersAtHand
}

export interface LineToPrice {
  /** What the caller calls the line; comes back with its price. */
  readonly lineKey: string
  readonly variantId: Id<'variant'>
  readonly productId: Id<'product'>
  /** Codes, also of those above. */
  readonly categories: readonly string[]
  /** Money in another form: no offer takes anything off it. */
  readonly isGiftCard: boolean
  readonly quantity: number
  readonly taxClass: string
  /** Where it goes somewhere else than the rest of the cart: by that place it is priced and taxed. */
  readonly elsewhere?: Pick<CartToPrice, 'buyer' | 'taxRates'> | undefined
}

export interface DeliveryToPrice {
  readonly tariff: DeliveryTariff
  /** Where it goes somewhere else than the rest of the cart. */
  readonly taxRates?: TaxRates | undefined
}

export interface PricedLine extends LinePrice {
  readonly lineKey: string
}

/**
 * Minor units of the cart's currency. `totalMinor` is the sum of the lines' totals and of the deliveries';
 * `deliveryMinor` is what is left of delivery after offers, `discountMinor` what was taken off the lines.
 */
export interface Totals {
  readonly itemsMinor: bigint
  readonly discountMinor: bigint
  readonly deliveryMinor: bigint
  /** All tax, whether contained in the total or added to it. */
  readonly taxMinor: bigint
  readonly totalMinor: bigint
}

/** An offer as it was given, with what it took off. */
export interface AppliedOffer extends Pick<GivenOffer, 'promotionId' | 'promotionVersion' | 'name' | 'code'> {
  /** Only those that something was taken off, in the cart's order. */
  readonly lines: readonly { readonly lineKey: string; readonly discountMinor: bigint }[]
  readonly goodsMinor: bigint
  readonly deliveryMinor: bigint
}

export interface PricedCart {
  readonly kind: 'priced'
  /** In the order they came in. */
  readonly lines: readonly PricedLine[]
  /** In the order they came in. */
  readonly deliveries: readonly DeliveryPrice[]
  readonly applied: readonly AppliedOffer[]
  readonly missed: readonly MissedOffer[]
  readonly totals: Totals
}

export type PriceCartRefusal =
  | { readonly code: 'price_missing'; readonly lineKeys: readonly string[] }
  | { readonly code: 'amount_too_large' }

export type PriceCartOutcome = PricedCart | ({ readonly kind: 'refused' } & PriceCartRefusal)

/** A line with its price chosen, and before anything is taken off. */
interface ChosenLine extends LineToPrice {
  readonly unitPriceMinor: bigint
  readonly itemsMinor: bigint
  readonly taxRatePpm: number | null
}

interface ChosenDelivery {
  readonly tariffId: Id<'deliveryTariff'>
  readonly amountMinor: bigint
  readonly taxRatePpm: number | null
}

/**
 * What a cart costs, line by line: prices are chosen, then offers decided on them, then tax on what is left. Amounts are
 * exact and the total is the sum of its parts in every currency and in any order of the lines; only discounts in percent
 * and tax are rounded.
 */
export function priceCart(cart: CartToPrice): PriceCartOutcome {
  const lines = chooseLines(cart)
  const unpriced = lines.flatMap((line, index) =>
    line === null ? [must(cart.lines[index], 'a line of the cart').lineKey] : [],
  )
  if (unpriced.length > 0) return { kind: 'refused', code: 'price_missing', lineKeys: unpriced }
  const priced = priceChosen(
    cart,
    lines.filter((line) => line !== null),
  )
  const { itemsMinor, totalMinor } = priced.totals
  const isTooLarge = itemsMinor > MONEY_MINOR_MAX || totalMinor > MONEY_MINOR_MAX
  return isTooLarge ? { kind: 'refused', code: 'amount_too_large' } : priced
}

/**
 * A cart priced without delivery, with what these deliveries add: which ones there are depends on the goods' total.
 * @param goods  what `priceCart` made of the same cart without deliveries
 */
export function addDeliveries(
  goods: PricedCart,
  deliveries: readonly DeliveryToPrice[],
  cart: CartToPrice,
): PricedCart {
  if (needsWhole(cart)) {
    const lines = chooseLines(cart).map((line) => must(line, 'a price for every line of a priced cart'))
    return priceChosen({ ...cart, deliveries }, lines)
  }
  const told = chooseDeliveries({ ...cart, deliveries }, goods.totals.itemsMinor).map((delivery) =>
    tellDelivery(cart, delivery, 0n, undefined),
  )
  return { ...goods, deliveries: told, totals: totalsOf(goods.totals.itemsMinor, goods.lines, told) }
}

/** What one delivery would cost the buyer if it were the only one, after offers and as prices are told; minor units. */
export function deliveryAmount(goods: PricedCart, delivery: DeliveryToPrice, cart: CartToPrice): bigint {
  return addDeliveries(goods, [delivery], cart).totals.deliveryMinor
}

/** Whether goods and deliveries cannot be priced apart: an offer is about delivery, or tax is rounded over both. */
function needsWhole({ channel, offers }: CartToPrice): boolean {
  return channel.taxRounding === 'order' || offers.promotions.aboutDelivery
}

/** @returns null in the place of a line without a price */
function chooseLines(cart: CartToPrice): (ChosenLine | null)[] {
  const { channel, buyer, prices, taxRates } = cart
  let unitsByVariant: Map<Id<'variant'>, number> | null = null
  return cart.lines.map((line) => {
    const listed = prices.get(line.variantId) ?? []
    let quantity = line.quantity
    // A quantity break counts all units of the variant, on whichever lines they stand.
    if (listed.some(({ minQuantity }) => minQuantity > 1)) {
      unitsByVariant ??= countUnits(cart.lines)
      quantity = unitsByVariant.get(line.variantId) ?? quantity
    }
    const price = choosePrice(listed, line.elsewhere === undefined ? cart : { ...cart, ...line.elsewhere }, quantity)
    if (price === null) return null
    const ratePpm = (line.elsewhere?.taxRates ?? taxRates).get(line.taxClass) ?? null
    const { amountMinor } = price
    const unitPriceMinor = buyer.taxExempt && channel.taxIncluded ? withoutTax(amountMinor, ratePpm) : amountMinor
    return {
      ...line,
      unitPriceMinor,
      itemsMinor: unitPriceMinor * BigInt(line.quantity),
      taxRatePpm: buyer.taxExempt ? null : ratePpm,
    }
  })
}

function countUnits(lines: readonly LineToPrice[]): Map<Id<'variant'>, number> {
  const units = new Map<Id<'variant'>, number>()
  for (const { variantId, quantity } of lines) units.set(variantId, (units.get(variantId) ?? 0) + quantity)
  return units
}

function chooseDeliveries(
  { channel, buyer, deliveries, taxRates: cartRates }: CartToPrice,
  itemsMinor: bigint,
): ChosenDelivery[] {
  return deliveries.map(({ tariff, taxRates }) => {
    invariant(tariff.currency === channel.currency, "a cart's delivery is in its currency")
    const ratePpm = (taxRates ?? cartRates).get(tariff.taxClass) ?? null
    const amountMinor = tariffAmount(tariff, itemsMinor)
    return {
      tariffId: tariff.id,
      amountMinor: buyer.taxExempt && channel.taxIncluded ? withoutTax(amountMinor, ratePpm) : amountMinor,
      taxRatePpm: buyer.taxExempt ? null : ratePpm,
    }
  })
}

function priceChosen(cart: CartToPrice, chosen: readonly ChosenLine[]): PricedCart {
  const { channel } = cart
  const itemsMinor = sumMinor(chosen.map((line) => line.itemsMinor))
  const deliveries = chooseDeliveries(cart, itemsMinor)
  const order = sortedPlaces(cart, chosen)
  const offers = decideOffers({ ...cart, lines: order.map((index) => at(chosen, index)), deliveries })
  const lineDiscounts = offers === null ? null : inCartOrder(offers.discount.lines, order)
  const deliveryDiscounts = offers?.discount.deliveries ?? null
  const taxes = orderTaxes(cart, { chosen, deliveries, order, lineDiscounts, deliveryDiscounts })
  const lines = chosen.map(({ lineKey, unitPriceMinor, quantity, taxRatePpm }, index) => ({
    lineKey,
    ...priceLine({
      unitPriceMinor,
      quantity,
      discountMinor: lineDiscounts?.[index] ?? 0n,
      taxRatePpm,
      taxIncluded: channel.taxIncluded,
      taxMinor: taxes?.lines[index],
    }),
  }))
  const told = deliveries.map((delivery, index) =>
    tellDelivery(cart, delivery, deliveryDiscounts?.[index] ?? 0n, taxes?.deliveries[index]),
  )
  return {
    kind: 'priced',
    lines,
    deliveries: told,
    applied: offers === null ? [] : offers.given.map((offer) => tellOffer(offer, chosen, order)),
    missed: offers?.missed ?? [],
    totals: totalsOf(itemsMinor, lines, told),
  }
}

/**
 * The lines' places in an order of their own, so that it makes no difference in which one they came in. Only offers and
 * tax rounded over the order ask for it.
 */
function sortedPlaces({ offers, channel }: CartToPrice, lines: readonly ChosenLine[]): number[] {
  const places = [...lines.keys()]
  const isAsked = channel.taxRounding === 'order' || offers.promotions.automatic.length > 0 || offers.codes.length > 0
  return isAsked ? places.sort((a, b) => compareLines(at(lines, a), at(lines, b))) : places
}

function compareLines(a: ChosenLine, b: ChosenLine): number {
  if (a.variantId !== b.variantId) return a.variantId < b.variantId ? -1 : 1
  if (a.lineKey !== b.lineKey) return a.lineKey < b.lineKey ? -1 : 1
  return a.quantity - b.quantity || (a.taxRatePpm ?? -1) - (b.taxRatePpm ?? -1)
}

function inCartOrder(parts: readonly bigint[], order: readonly number[]): bigint[] {
  const ordered = parts.map(() => 0n)
  for (const [place, index] of order.entries()) ordered[index] = at(parts, place)
  return ordered
}

/** The parts of an order's tax; null where each line is rounded for itself. */
function orderTaxes(
  { channel }: CartToPrice,
  {
    chosen,
    deliveries,
    order,
    lineDiscounts,
    deliveryDiscounts,
  }: {
    readonly chosen: readonly ChosenLine[]
    readonly deliveries: readonly ChosenDelivery[]
    readonly order: readonly number[]
    readonly lineDiscounts: readonly bigint[] | null
    readonly deliveryDiscounts: readonly bigint[] | null
  },
): { readonly lines: readonly bigint[]; readonly deliveries: readonly bigint[] } | null {
  if (channel.taxRounding === 'line') return null
  const amounts = [
    ...order.map((index) => {
      const { itemsMinor, taxRatePpm } = at(chosen, index)
      return { amountMinor: itemsMinor - (lineDiscounts?.[index] ?? 0n), taxRatePpm }
    }),
    ...deliveries.map(({ amountMinor, taxRatePpm }, index) => {
      return { amountMinor: amountMinor - (deliveryDiscounts?.[index] ?? 0n), taxRatePpm }
    }),
  ]
  const taxes = taxAmounts(amounts, channel)
  return { lines: inCartOrder(taxes.slice(0, chosen.length), order), deliveries: taxes.slice(chosen.length) }
}

function tellDelivery(
  { channel: { taxIncluded } }: CartToPrice,
  { tariffId, amountMinor, taxRatePpm }: ChosenDelivery,
  discountMinor: bigint,
  taxMinor: bigint | undefined,
): DeliveryPrice {
  // A delivery is a line of one unit whose price nobody asks for again.
  const { totalMinor, ...line } = priceLine({
    unitPriceMinor: amountMinor,
    quantity: 1,
    discountMinor,
    taxRatePpm,
    taxIncluded,
    taxMinor,
  })
  return {
    tariffId,
    amountMinor: amountMinor - discountMinor,
    discountMinor,
    taxMinor: line.taxMinor,
    taxRatePpm,
    taxIncluded,
    totalMinor,
  }
}

function tellOffer(
  { lines, deliveries, promotionId, promotionVersion, name, code }: GivenOffer,
  chosen: readonly ChosenLine[],
  order: readonly number[],
): AppliedOffer {
  const parts = inCartOrder(lines, order)
  return {
    promotionId,
    promotionVersion,
    name,
    code,
    lines: chosen.flatMap(({ lineKey }, index) => {
      const discountMinor = at(parts, index)
      return discountMinor === 0n ? [] : [{ lineKey, discountMinor }]
    }),
    goodsMinor: sumMinor(parts),
    deliveryMinor: sumMinor(deliveries),
  }
}

function totalsOf(itemsMinor: bigint, lines: readonly LinePrice[], deliveries: readonly DeliveryPrice[]): Totals {
  let discountMinor = 0n
  let deliveryMinor = 0n
  let taxMinor = 0n
  let totalMinor = 0n
  for (const line of lines) {
    discountMinor += line.discountMinor
    taxMinor += line.taxMinor
    totalMinor += line.totalMinor
  }
  for (const delivery of deliveries) {
    deliveryMinor += delivery.amountMinor
    taxMinor += delivery.taxMinor
    totalMinor += delivery.totalMinor
  }
  return { itemsMinor, discountMinor, deliveryMinor, taxMinor, totalMinor }
}

function at<Item>(items: readonly Item[], index: number): Item {
  return must(items[index], 'an item within')
}
