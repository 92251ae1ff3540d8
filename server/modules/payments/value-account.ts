import { formatId, type Id } from '../../kernel/id.ts'
import type { CurrencyCode } from '../../kernel/money.ts'
import type { Instant } from '../../kernel/time.ts'

export type ValueKind = 'gift_card' | 'store_credit'

/** A gift card or a customer's store credit. */
export type ValueAccountId = Id<'giftCard' | 'storeCredit'>

/** Stored value as its row keeps it; `balance_minor` includes what waiting orders have reserved of it. */
export interface ValueAccountRow {
  readonly id: ValueAccountId
  readonly kind: ValueKind
  readonly legal_entity_id: Id<'legalEntity'>
  readonly currency: CurrencyCode
  readonly balance_minor: bigint
  readonly reserved_minor: bigint
  readonly blocked: boolean
  readonly expires_at: Instant | null
  readonly expired_at: Instant | null
  readonly code_last4: string | null
  readonly code_shown_at: Instant | null
  readonly sold_order_id: Id<'order'> | null
  readonly sold_demand_id: Id<'demandLine'> | null
  readonly person_id: Id<'person'> | null
  readonly version: number
  readonly created_at: Instant
}

export type TenderStatus = 'reserved' | 'posted' | 'released'

/** What an order is paid with besides a provider. */
export interface ValueTenderRow {
  readonly id: Id<'tender'>
  readonly order_id: Id<'order'>
  readonly tender: number
  readonly account_id: ValueAccountId
  readonly amount_minor: bigint
  readonly currency: CurrencyCode
  readonly status: TenderStatus
  readonly refunded_minor: bigint
  readonly created_at: Instant
  /** Of its account. */
  readonly kind: ValueKind
  readonly code_last4: string | null
}

/** The public id, `gft_…` or `scr_…`. */
export function formatAccountId({ id, kind }: Pick<ValueAccountRow, 'id' | 'kind'>): string {
  return kind === 'gift_card'
    ? formatId('giftCard', id as Id<'giftCard'>)
    : formatId('storeCredit', id as Id<'storeCredit'>)
}

/** The kind of an account's id, for exceptions about it. */
export function idKindOf(kind: ValueKind): 'giftCard' | 'storeCredit' {
  return kind === 'gift_card' ? 'giftCard' : 'storeCredit'
}
