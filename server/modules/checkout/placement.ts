import type { Id } from '../../kernel/id.ts'
import type { CurrencyCode } from '../../kernel/money.ts'
import type { Instant } from '../../kernel/time.ts'
import type { Cart, Sale } from '../carts/index.ts'
import type { Address, AddressProblem } from '../customers/index.ts'
import type { Channel } from '../merchant/index.ts'
import type { NewOrder, ShipTo } from '../orders/index.ts'
import type { TenderWish, UnusableReason } from '../payments/index.ts'
import type { MissedOffer } from '../pricing/index.ts'

/** Lines an order may have; a shopper's basket beyond this is a mistake or an attack. */
export const LINES_PER_ORDER_MAX = 500
/** Trusted channels hand over what they have sold: the largest wholesale invoice seen had 1,114 lines. */
export const LINES_PER_TRUSTED_ORDER_MAX = 2_000

/** Who buys and where it goes; personal, so it is handed on to the vault and kept nowhere else. */
export interface Buyer {
  readonly email: string | null
  readonly address: BuyerAddress | null
  /** Of groups that go elsewhere, under the ids that the groups name. */
  readonly otherAddresses?: readonly (BuyerAddress & { readonly id: Id<'address'> })[]
}

/** Somebody who is in the vault already. */
export interface KnownBuyer {
  readonly personId: Id<'person'> | null
}

/** As `tidyAddress` writes it. */
export type BuyerAddress = Address

/** A shopper's order: priced by us, paid through a provider. */
export interface ShopperPlacement extends Sale {
  readonly kind: 'shopper'
  readonly key: RequestKey
  /** Null when the order comes in one call. */
  readonly cart: SeenCart | null
  /** In the vault already when the order comes from a cart, with the addresses of its groups. */
  readonly buyer: Buyer | KnownBuyer
  /** The total the shopper agreed to; null when the head did not say. */
  readonly seenMinor: bigint | null
  readonly latestBy: Instant | null
  /** Who pays what stored value leaves; null when stored value is to pay everything. */
  readonly payment: {
    readonly provider: string
    readonly token: string
    readonly returnUrl?: string | undefined
  } | null
  /** Gift cards and store credit to pay with, in this order. */
  readonly tenders: readonly TenderWish[]
  /** What the shopper saw was left to pay after those; null when the head did not say. */
  readonly seenDueMinor: bigint | null
  /** Cards that were put in a cart come off what the shopper saw: what was left must be said. */
  readonly mustSayDue: boolean
}

/** A cart as it was read; its version is checked again once it is locked. */
export interface SeenCart {
  readonly id: Id<'cart'>
  readonly version: number
  /** One for each line of the sale. */
  readonly lineIds: readonly Id<'cartLine'>[]
  /** Promotions that its quote gave, whether or not it still holds. */
  readonly quotedPromotionIds: readonly Id<'promotion'>[]
}

export function seenCart({ id, version, lines, quote }: Cart): SeenCart {
  return {
    id,
    version,
    lineIds: lines.map((line) => line.id),
    quotedPromotionIds: quote === null ? [] : quote.priced.applied.map(({ promotionId }) => promotionId),
  }
}

/** A cart that is to be told a price and promises that hold. */
export interface QuotePlacement extends Sale {
  readonly kind: 'quote'
  readonly cart: SeenCart
  readonly buyer: KnownBuyer
}

/** What a trusted channel has sold already: its prices are facts, and beyond supply its units wait. */
export interface TrustedPlacement {
  readonly kind: 'trusted'
  /** Whose key brought it, for the audit log; null for an import, which keeps a record of its own. */
  readonly actor: string | null
  readonly channel: Channel
  readonly reference: string
  readonly fingerprint: string
  readonly placedAt: Instant | null
  readonly currency: CurrencyCode
  readonly taxIncluded: boolean
  readonly lines: readonly TrustedLine[]
  readonly charges: readonly TrustedCharge[]
  /** In the vault already where the channel's customers were taken over before its orders. */
  readonly buyer: ShopperPlacement['buyer']
  readonly shipTo: ShipTo | null
  readonly method: 'ship' | 'pickup' | 'carried_out'
  readonly locationCode: string | null
  readonly paymentState: 'paid' | 'authorized' | 'due'
  /** How it was paid, as far as the channel tells: facts for the money book. */
  readonly tenders: readonly TrustedTender[]
}

/** A gift card of the channel's own, cash in its till: money that never came through us. */
export interface TrustedTender {
  readonly kind: 'gift_card' | 'store_credit' | 'card' | 'cash' | 'other'
  readonly amountMinor: bigint
}

export interface TrustedLine {
  readonly sku: string
  readonly quantity: number
  readonly unitPriceMinor: bigint
  readonly discountMinor: bigint
  readonly taxMinor: bigint
}

export interface TrustedCharge {
  readonly type: string
  readonly amountMinor: bigint
  readonly taxMinor: bigint
}

export type Placement = ShopperPlacement | QuotePlacement | TrustedPlacement

/** Identifies a write by its caller and key; see the platform's idempotency keys. */
export interface RequestKey {
  readonly id: string
  readonly fingerprint: string
  /** This execution of the request, to recognise our own key row after a lost COMMIT answer. */
  readonly run: string
}

export interface Shortage {
  readonly sku: string
  /** Of an order that has several: the group for which there is not enough. */
  readonly group?: number
  readonly requested: number
  readonly available: number
}

export type PlacementRefusal =
  | { readonly code: 'cart_empty' }
  | { readonly code: 'too_many_lines'; readonly linesMax: number }
  | { readonly code: 'cart_not_found' }
  | { readonly code: 'cart_changed'; readonly currentVersion: number }
  | { readonly code: 'cart_expired' }
  | { readonly code: 'order_exists'; readonly orderId: Id<'order'> }
  | { readonly code: 'sku_unknown'; readonly skus: readonly string[] }
  | { readonly code: 'currency_unknown'; readonly currencies: readonly string[] }
  | { readonly code: 'too_many_units'; readonly skus: readonly string[]; readonly unitsMax: number }
  | { readonly code: 'price_missing'; readonly skus: readonly string[] }
  | { readonly code: 'amount_too_large' }
  | { readonly code: 'address_missing'; readonly group?: number }
  | { readonly code: 'address_invalid'; readonly problems: readonly AddressProblem[] }
  | { readonly code: 'address_not_served'; readonly country: string; readonly group?: number }
  | { readonly code: 'delivery_option_unknown'; readonly deliveryOption: string; readonly group?: number }
  | { readonly code: 'too_many_quotes'; readonly quotesMax: number }
  | { readonly code: 'group_repeated'; readonly group: number }
  | { readonly code: 'location_unknown'; readonly location: string }
  | { readonly code: 'provider_unknown'; readonly provider: string }
  | { readonly code: 'out_of_stock'; readonly shortages: readonly Shortage[] }
  | { readonly code: 'total_changed'; readonly seenMinor: bigint; readonly current: Offer }
  | { readonly code: 'promise_changed'; readonly latestBy: Instant; readonly current: Offer }
  | { readonly code: 'gift_card_unknown' }
  | { readonly code: 'gift_card_unusable'; readonly reason: UnusableReason }
  | { readonly code: 'customer_missing' }
  | { readonly code: 'email_unproved' }
  | { readonly code: 'tender_twice' }
  | { readonly code: 'gift_card_insufficient'; readonly dueMinor: bigint; readonly current: Offer }
  | { readonly code: 'due_changed'; readonly dueMinor: bigint; readonly current: Offer }
  | {
      readonly code: 'code_not_applied'
      readonly missed: readonly MissedOffer[]
      readonly currency: CurrencyCode
    }
  | { readonly code: 'line_total_wrong'; readonly line: number }
  | { readonly code: 'charges_below_zero' }
  | { readonly code: 'tenders_differ'; readonly totalMinor: bigint; readonly currency: CurrencyCode }
  | { readonly code: 'reference_reused'; readonly orderId: Id<'order'> }
  | { readonly code: 'placed_in_future'; readonly at: Instant }
  | { readonly code: 'channel_not_trusted'; readonly channel: string }

/** What the buyer would get now. */
export interface Offer {
  readonly totalMinor: bigint
  readonly currency: CurrencyCode
  readonly earliest: Instant
  readonly latest: Instant
}

/** An order as placing wrote it, with what its answer needs. */
export interface PlacedOrder {
  readonly order: NewOrder
  /** One for each group of the order, in their order. */
  readonly groups: readonly PlacedGroup[]
  /** The payment to be made; null when nothing is to be paid to a provider. */
  readonly attempt: { readonly id: Id<'attempt'>; readonly payBy: Instant } | null
}

/** What was decided about a group of an order. */
export interface PlacedGroup {
  readonly number: number
  readonly decisionId: Id<'decision'>
  /** JSON text; null where no location had to be chosen. */
  readonly facts: string | null
  readonly promise: { readonly earliest: Instant; readonly latest: Instant } | null
}

/** The part of an address that taxes and sourcing read. */
export function shipToOf(address: BuyerAddress | null): ShipTo | null {
  if (address === null) return null
  return { country: address.country, region: address.region ?? null, postalCode: address.postalCode ?? '' }
}
