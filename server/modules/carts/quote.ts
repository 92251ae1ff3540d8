import type { Id } from '../../kernel/id.ts'
import { invariant } from '../../kernel/invariant.ts'
import type { Instant } from '../../kernel/time.ts'
import type { PricedCart } from '../pricing/index.ts'
import type { DeliveryWindow } from '../sourcing/index.ts'
import type { GroupChoice } from './price-sale.ts'
import type { QuoteRow } from './quotes.sql.ts'

/** Quotes a cart may get. Each may hold goods for its time; who needs more changes their mind more than they buy. */
export const QUOTES_PER_CART_MAX = 20

/** A price and promises that hold for a cart until a moment, as long as the cart stays as it is. */
export interface Quote {
  readonly cartId: Id<'cart'>
  readonly cartVersion: number
  readonly priced: PricedCart
  /** By number; of the groups that have lines. */
  readonly groups: readonly QuotedGroup[]
  /** Whether the goods are claimed until it expires. */
  readonly holdsGoods: boolean
  readonly quotedAt: Instant
  readonly expiresAt: Instant
}

export interface QuotedGroup {
  readonly number: number
  /** Null where nothing is delivered. */
  readonly optionId: string | null
  readonly promise: DeliveryWindow | null
}

/** Whether a quote still binds us. */
export function isHolding(
  quote: Pick<Quote, 'cartVersion' | 'expiresAt'>,
  { cartVersion, at }: { readonly cartVersion: number; readonly at: Instant },
): boolean {
  return quote.cartVersion === cartVersion && quote.expiresAt > at
}

/** A sale's groups with the options that were quoted, whichever is the cheapest by now. */
export function quotedChoices(groups: readonly GroupChoice[], quote: Pick<Quote, 'groups'>): GroupChoice[] {
  const numbers = new Set([...groups, ...quote.groups].map(({ number }) => number))
  return [...numbers].map((number) => {
    const said = groups.find((group) => group.number === number)
    const quoted = quote.groups.find((group) => group.number === number)
    return {
      number,
      shipTo: said?.shipTo ?? null,
      addressId: said?.addressId ?? null,
      deliveryOption: quoted?.optionId ?? said?.deliveryOption ?? null,
    }
  })
}

/** JSON text: what is money is told by its name, as everywhere, and written as text. */
export function writeTerms({ priced, groups }: Pick<Quote, 'priced' | 'groups'>): string {
  return JSON.stringify({ priced, groups }, (key, value: unknown) => {
    invariant(typeof value !== 'bigint' || key.endsWith('Minor'), `${key} is money by its name`)
    return typeof value === 'bigint' ? String(value) : value
  })
}

export function quoteOf(row: QuoteRow): Quote {
  const terms = JSON.parse(row.terms, (key, value: unknown) => {
    return key.endsWith('Minor') && typeof value === 'string' ? BigInt(value) : value
  }) as Pick<Quote, 'priced' | 'groups'>
  return {
    cartId: row.cart_id,
    cartVersion: row.cart_version,
    ...terms,
    holdsGoods: row.holds_goods,
    quotedAt: row.quoted_at,
    expiresAt: row.expires_at,
  }
}
