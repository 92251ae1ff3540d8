import type { Id } from '../../kernel/id.ts'
import { must } from '../../kernel/invariant.ts'
import { multiplyRatio, sumMinor } from '../../kernel/money.ts'
import { prorate } from '../../kernel/prorate.ts'
import type { BundlePart, PreparedPromotion, PromotionEffect } from './promotion.ts'

/** A line as offers see it: before any discount. */
export interface OfferedLine {
  readonly variantId: Id<'variant'>
  readonly productId: Id<'product'>
  /** Codes, also of those above. */
  readonly categories: readonly string[]
  readonly isGiftCard: boolean
  readonly quantity: number
  readonly unitPriceMinor: bigint
  /** Price × quantity. */
  readonly itemsMinor: bigint
}

/** A delivery as offers see it: before any discount. */
export interface OfferedDelivery {
  readonly tariffId: Id<'deliveryTariff'>
  readonly amountMinor: bigint
}

/** What an offer takes off, minor units, zero or more; parts in the order of what they are taken off. */
export interface Discount {
  readonly lines: readonly bigint[]
  readonly deliveries: readonly bigint[]
}

const PPM = 1_000_000n

/** Whether a promotion is about a line. None is about gift cards: ten percent off a card is money given away. */
export function isAbout({ goods }: PreparedPromotion, line: OfferedLine): boolean {
  if (line.isGiftCard) return false
  if (goods === null) return true
  return (
    goods.variantIds.has(line.variantId) ||
    goods.productIds.has(line.productId) ||
    line.categories.some((code) => goods.categories.has(code))
  )
}

/**
 * What one offer takes off, from prices before any discount, so that no offer depends on another. At most what a line
 * or a delivery costs.
 *
 * @param lines  in an order that does not depend on how they came in: it decides where an odd cent goes
 * @param about  the indexes of the lines that the promotion is about, ascending
 */
export function discountOf(
  effect: PromotionEffect,
  lines: readonly OfferedLine[],
  about: readonly number[],
  deliveries: readonly OfferedDelivery[],
): Discount {
  switch (effect.kind) {
    case 'percent_off': {
      const weights = about.map((index) => at(lines, index).itemsMinor)
      return onLines(lines, deliveries, about, split(partOf(sumMinor(weights), effect.ratePpm), weights))
    }
    case 'amount_off': {
      const weights = about.map((index) => at(lines, index).itemsMinor)
      const itemsMinor = sumMinor(weights)
      const discountMinor = effect.amountMinor < itemsMinor ? effect.amountMinor : itemsMinor
      return onLines(lines, deliveries, about, split(discountMinor, weights))
    }
    case 'bundle_price':
      return bundleDiscount(effect, lines, deliveries)
    case 'buy_x_get_y':
      return onLines(
        lines,
        deliveries,
        about,
        cheapestUnitsOff(
          effect,
          about.map((index) => at(lines, index)),
        ),
      )
    case 'delivery_percent_off':
    case 'delivery_amount_off':
      return {
        lines: lines.map(() => 0n),
        deliveries: deliveries.map(({ tariffId, amountMinor }) => {
          if (effect.tariffIds.length > 0 && !effect.tariffIds.includes(tariffId)) return 0n
          if (effect.kind === 'delivery_percent_off') return partOf(amountMinor, effect.ratePpm)
          return effect.amountMinor < amountMinor ? effect.amountMinor : amountMinor
        }),
      }
  }
}

function onLines(
  lines: readonly OfferedLine[],
  deliveries: readonly OfferedDelivery[],
  about: readonly number[],
  parts: readonly bigint[],
): Discount {
  const discounts = lines.map(() => 0n)
  for (const [place, index] of about.entries()) discounts[index] = at(parts, place)
  return { lines: discounts, deliveries: deliveries.map(() => 0n) }
}

/** Of no weight there is nothing to take. */
function split(totalMinor: bigint, weights: readonly bigint[]): bigint[] {
  return totalMinor === 0n ? weights.map(() => 0n) : prorate(totalMinor, weights)
}

function partOf(amountMinor: bigint, ratePpm: number): bigint {
  return multiplyRatio(amountMinor, BigInt(ratePpm), PPM)
}

/**
 * As many whole sets as the cart holds; what they cost above their price is taken off the units in them, in proportion
 * to their prices. Never more: a set that is dearer than its parts takes nothing off. The dearest units of a part, where
 * it stands on lines with several prices, go into a set first.
 */
function bundleDiscount(
  { parts, priceMinor, timesMax }: PromotionEffect & { kind: 'bundle_price' },
  lines: readonly OfferedLine[],
  deliveries: readonly OfferedDelivery[],
): Discount {
  const goods = [...lines.keys()].filter((index) => !at(lines, index).isGiftCard)
  const linesByVariant = Map.groupBy(goods, (index) => at(lines, index).variantId)
  const setsOf = ({ variantId, units }: BundlePart): number => {
    const there = (linesByVariant.get(variantId) ?? []).reduce((sum, index) => sum + at(lines, index).quantity, 0)
    return Math.floor(there / units)
  }
  const sets = Math.min(timesMax ?? Infinity, ...parts.map(setsOf))
  const bundled = lines.map(() => 0n)
  for (const { variantId, units } of parts) {
    let missing = units * sets
    const indexes = (linesByVariant.get(variantId) ?? []).toSorted(dearestFirst(lines))
    for (const index of indexes) {
      const { quantity, unitPriceMinor } = at(lines, index)
      const taken = Math.min(missing, quantity)
      bundled[index] = BigInt(taken) * unitPriceMinor
      missing -= taken
    }
  }
  const savedMinor = sumMinor(bundled) - priceMinor * BigInt(sets)
  return {
    lines: savedMinor > 0n ? prorate(savedMinor, bundled) : lines.map(() => 0n),
    deliveries: deliveries.map(() => 0n),
  }
}

/**
 * All units stand in a row, dearest first, and are counted off in groups; in each the last `getUnits` are the cheapest.
 * A row so long that it cannot be written out, for a line may have a million units, so each line counts its places.
 * Grouped this way nobody pays less by splitting a cart in two.
 */
function cheapestUnitsOff(
  { buyUnits, getUnits, ratePpm, timesMax }: PromotionEffect & { kind: 'buy_x_get_y' },
  lines: readonly OfferedLine[],
): bigint[] {
  const groupUnits = buyUnits + getUnits
  const units = lines.reduce((sum, { quantity }) => sum + quantity, 0)
  const grouped = Math.min(Math.floor(units / groupUnits), timesMax ?? Infinity) * groupUnits
  /** How many of the first `places` in the row are at a discount. */
  const reducedBefore = (places: number): number => {
    const within = Math.min(places, grouped)
    return Math.floor(within / groupUnits) * getUnits + Math.max(0, (within % groupUnits) - buyUnits)
  }
  const discounts = lines.map(() => 0n)
  let place = 0
  for (const index of [...lines.keys()].toSorted(dearestFirst(lines))) {
    const { quantity, unitPriceMinor } = at(lines, index)
    const reduced = reducedBefore(place + quantity) - reducedBefore(place)
    discounts[index] = partOf(BigInt(reduced) * unitPriceMinor, ratePpm)
    place += quantity
  }
  return discounts
}

function dearestFirst(lines: readonly OfferedLine[]): (a: number, b: number) => number {
  return (a, b) => {
    const [priceA, priceB] = [at(lines, a).unitPriceMinor, at(lines, b).unitPriceMinor]
    return priceA === priceB ? a - b : priceA > priceB ? -1 : 1
  }
}

function at<Item>(items: readonly Item[], index: number): Item {
  return must(items[index], 'an item within')
}
