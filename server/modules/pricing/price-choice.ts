import type { Id } from '../../kernel/id.ts'
import type { CurrencyCode } from '../../kernel/money.ts'
import type { Instant } from '../../kernel/time.ts'

/** Prices that are valid together: for whom, where, in which currency, with or without tax, and from when until when. */
export interface PriceList {
  readonly id: Id<'priceList'>
  readonly code: string
  readonly name: string
  /** Null, here and below: whatever it is. This one: every channel that sells in this currency. */
  readonly channelId: Id<'channel'> | null
  readonly marketId: Id<'market'> | null
  /** ISO 3166-1 alpha-2, of the destination. */
  readonly country: string | null
  /** The second part of an ISO 3166-2 code, `CA` for US-CA; only with a country. */
  readonly region: string | null
  /** Where the goods are handed over the counter. */
  readonly locationId: Id<'location'> | null
  readonly segmentId: Id<'segment'> | null
  readonly currency: CurrencyCode
  readonly taxIncluded: boolean
  readonly priority: number
  readonly validFrom: Instant | null
  /** The first instant at which it is no longer valid. */
  readonly validUntil: Instant | null
  readonly version: number
}

/** One price of a variant, as a price list names it. */
export interface ListedPrice {
  readonly priceListId: Id<'priceList'>
  /** Holds from this many units on; 1 for the price of a single one. */
  readonly minQuantity: number
  readonly amountMinor: bigint
}

/** What a channel asks of a price. */
export interface SellingTerms {
  readonly id: Id<'channel'>
  readonly currency: CurrencyCode
  readonly taxIncluded: boolean
  /** Whether tax is rounded on each line, or once an order for each rate. */
  readonly taxRounding: 'line' | 'order'
}

/** Who buys and where it goes, as far as it is known. */
export interface Buyer {
  /** The channel's own; else those of the destination. */
  readonly marketIds: readonly Id<'market'>[]
  readonly country: string | null
  /** As `plainRegion` writes it. */
  readonly region: string | null
  readonly locationId: Id<'location'> | null
  readonly segmentIds: ReadonlySet<Id<'segment'>>
  /** Pays no tax; where prices contain it, it is taken out of them. */
  readonly taxExempt: boolean
}

/** Somebody who only looks. */
export const anonymousBuyer: Buyer = {
  marketIds: [],
  country: null,
  region: null,
  locationId: null,
  segmentIds: new Set(),
  taxExempt: false,
}

export interface PriceQuestion {
  readonly at: Instant
  readonly channel: SellingTerms
  readonly buyer: Buyer
  readonly priceLists: ReadonlyMap<Id<'priceList'>, PriceList>
}

/**
 * The price that holds for so many units of a variant: of the most specific list, then of the higher priority, then the
 * lower price. Within a list the largest minimum that is reached counts. A list that is not valid now, for somebody
 * else or somewhere else, in another currency or told the other way about tax does not count.
 *
 * @param listed  a list's prices together, smaller minimum first
 * @returns null when no list has a price for it: it cannot be sold
 */
export function choosePrice(
  listed: readonly ListedPrice[],
  question: PriceQuestion,
  quantity: number,
): ListedPrice | null {
  let best: ListedPrice | null = null
  let bestList: PriceList | null = null
  for (let index = 0; index < listed.length; index++) {
    const price = listed[index]
    if (price === undefined || price.minQuantity > quantity) continue
    const next = listed[index + 1]
    if (next !== undefined && next.priceListId === price.priceListId && next.minQuantity <= quantity) continue
    const list = question.priceLists.get(price.priceListId)
    if (list === undefined || !applies(list, question)) continue
    if (best === null || bestList === null || isBetter(list, price.amountMinor, bestList, best.amountMinor)) {
      best = price
      bestList = list
    }
  }
  return best
}

/** The lists whose prices count, in the order of their map. */
export function listsFor(question: PriceQuestion): PriceList[] {
  return [...question.priceLists.values()].filter((list) => applies(list, question))
}

function applies(list: PriceList, { at, channel, buyer }: PriceQuestion): boolean {
  return (
    list.currency === channel.currency &&
    list.taxIncluded === channel.taxIncluded &&
    (list.channelId === null || list.channelId === channel.id) &&
    (list.validFrom === null || list.validFrom <= at) &&
    (list.validUntil === null || at < list.validUntil) &&
    (list.marketId === null || buyer.marketIds.includes(list.marketId)) &&
    (list.country === null || list.country === buyer.country) &&
    (list.region === null || list.region === buyer.region) &&
    (list.locationId === null || list.locationId === buyer.locationId) &&
    (list.segmentId === null || buyer.segmentIds.has(list.segmentId))
  )
}

function isBetter(list: PriceList, amountMinor: bigint, than: PriceList, thanMinor: bigint): boolean {
  const more = specificity(list) - specificity(than)
  if (more !== 0) return more > 0
  if (list.priority !== than.priority) return list.priority > than.priority
  return amountMinor < thanMinor
}

/**
 * Whom a price was agreed with says more than where it holds, a smaller place more than a larger one, and any place
 * more than the channel: each condition outweighs all after it together.
 */
function specificity({ segmentId, locationId, region, country, marketId, channelId }: PriceList): number {
  return (
    (segmentId === null ? 0 : 32) +
    (locationId === null ? 0 : 16) +
    (region === null ? 0 : 8) +
    (country === null ? 0 : 4) +
    (marketId === null ? 0 : 2) +
    (channelId === null ? 0 : 1)
  )
}
