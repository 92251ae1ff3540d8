import type { Id } from '../../kernel/id.ts'
import type { CurrencyCode } from '../../kernel/money.ts'
import type { Instant } from '../../kernel/time.ts'

/** Prices that are valid together: where, in which currency, with or without tax, and from when until when. */
export interface PriceList {
  readonly id: Id<'priceList'>
  readonly code: string
  readonly name: string
  /** Null: every channel that sells in this currency. */
  readonly channelId: Id<'channel'> | null
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
  readonly amountMinor: bigint
}

/** What a channel asks of a price. */
export interface SellingTerms {
  readonly id: Id<'channel'>
  readonly currency: CurrencyCode
  readonly taxIncluded: boolean
}

export interface PriceQuestion {
  readonly at: Instant
  readonly channel: SellingTerms
  readonly priceLists: ReadonlyMap<Id<'priceList'>, PriceList>
}

/**
 * The price that holds for a variant: a list of the channel's own before a general one, then the higher priority, then
 * the lower price. A list that is not valid now, in another currency or told the other way about tax does not count.
 *
 * @returns null when no list has a price for it: it cannot be sold
 */
export function choosePrice(listed: readonly ListedPrice[], question: PriceQuestion): ListedPrice | null {
  let best: ListedPrice | null = null
  let bestList: PriceList | null = null
  for (const price of listed) {
    const list = question.priceLists.get(price.priceListId)
    if (list === undefined || !applies(list, question)) continue
    if (best === null || bestList === null || isBetter(list, price.amountMinor, bestList, best.amountMinor)) {
      best = price
      bestList = list
    }
  }
  return best
}

function applies(list: PriceList, { at, channel }: PriceQuestion): boolean {
  return (
    list.currency === channel.currency &&
    list.taxIncluded === channel.taxIncluded &&
    (list.channelId === null || list.channelId === channel.id) &&
    (list.validFrom === null || list.validFrom <= at) &&
    (list.validUntil === null || at < list.validUntil)
  )
}

function isBetter(list: PriceList, amountMinor: bigint, than: PriceList, thanMinor: bigint): boolean {
  if ((list.channelId === null) !== (than.channelId === null)) return list.channelId !== null
  if (list.priority !== than.priority) return list.priority > than.priority
  return amountMinor < thanMinor
}
