import type { Id } from '../../kernel/id.ts'
import type { CurrencyCode } from '../../kernel/money.ts'
import type { Instant } from '../../kernel/time.ts'

export type OrderStatus = 'awaiting_payment' | 'open' | 'completed' | 'cancelled' | 'expired'

export const nextStatuses = {
  awaiting_payment: ['open', 'cancelled', 'expired'],
  open: ['completed', 'cancelled'],
  completed: ['open'] /* by a replacement line only */,
  cancelled: [],
  expired: [],
} as const satisfies Record<OrderStatus, readonly OrderStatus[]>

/** How the goods of a delivery group reach the buyer; `none` when nothing of it is handed over. */
export type FulfillmentMethod = 'ship' | 'pickup' | 'carried_out' | 'none'

/** Who answers for the money: a provider of ours, or the channel that placed the order and says so. */
export type PaymentTerms = 'provider' | 'paid' | 'authorized' | 'due'

/** Every unit of a demand line stands in exactly one of these. */
export const buckets = [
  'pending',
  'allocated',
  'in_work',
  'shipped',
  'delivered',
  'lost',
  'returned',
  'cancelled',
] as const
export type Bucket = (typeof buckets)[number]

export interface NewOrder {
  readonly id: Id<'order'>
  readonly number: bigint
  readonly channelId: Id<'channel'>
  /** The channel's own name for the order; unique within the channel. */
  readonly reference: string | null
  readonly fingerprint: string | null
  readonly cartId: Id<'cart'> | null
  readonly personId: Id<'person'> | null
  readonly status: 'awaiting_payment' | 'open' | 'completed'
  readonly currency: CurrencyCode
  readonly taxIncluded: boolean
  readonly totals: Totals
  readonly paymentTerms: PaymentTerms
  readonly placedAt: Instant
  readonly payBy: Instant | null
  /** By number; every line is in one of them. */
  readonly groups: readonly NewDeliveryGroup[]
  readonly lines: readonly NewOrderLine[]
  readonly charges: readonly NewCharge[]
}

/** Goods that reach the buyer one way at one place, with one promise. */
export interface NewDeliveryGroup {
  readonly number: number
  readonly method: FulfillmentMethod
  /** Where the buyer takes the goods: of pickup and carried out. */
  readonly locationId: Id<'location'> | null
  /** As carts offer it; null where a channel decided. */
  readonly deliveryOption: string | null
  readonly addressId: Id<'address'> | null
  readonly shipTo: ShipTo | null
}

/** The coarse part of an address that taxes and sourcing read; the rest stays in the vault. */
export interface ShipTo {
  readonly country: string
  readonly region: string | null
  readonly postalCode: string
}

/** Minor units of the order's currency. */
export interface Totals {
  readonly itemsMinor: bigint
  readonly discountMinor: bigint
  readonly deliveryMinor: bigint
  readonly taxMinor: bigint
  readonly totalMinor: bigint
}

/** Money: `discountMinor`, `taxMinor` and `totalMinor` are of the whole line; unit k owns part k of their proration. */
export interface NewOrderLine {
  readonly id: Id<'orderLine'>
  /** Number of the group that it and its goods are in. */
  readonly group: number
  readonly variantId: Id<'variant'>
  readonly sku: string
  readonly title: string
  readonly quantity: number
  readonly unitPriceMinor: bigint
  readonly discountMinor: bigint
  readonly taxMinor: bigint
  readonly taxRatePpm: number | null
  readonly totalMinor: bigint
  readonly demand: readonly NewDemandLine[]
}

/** Goods: one SKU's units of an order line, one line per component for a bundle. */
export interface NewDemandLine {
  readonly id: Id<'demandLine'>
  readonly variantId: Id<'variant'>
  readonly sku: string
  readonly stocked: boolean
  readonly shareMinor: bigint
  readonly ordered: number
  /** Where the units stand at placement; together they are `ordered`. */
  readonly pending: number
  readonly allocated: number
  readonly delivered: number
}

export interface NewCharge {
  /** The group whose delivery it pays for; null for what is charged for the order. */
  readonly group: number | null
  readonly type: string
  readonly amountMinor: bigint
  readonly taxMinor: bigint
}
