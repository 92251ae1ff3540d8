import type { Id } from '../../kernel/id.ts'
import type { CurrencyCode } from '../../kernel/money.ts'
import type { Instant } from '../../kernel/time.ts'
import type { Queryable } from '../../platform/db.ts'
import { readRevisions } from '../../platform/revision.ts'
import type { Catalog } from '../catalog/index.ts'
import { readWholeCart, type CartGroupRow, type CartRow } from './carts.sql.ts'
import { readCartGiftCards } from './gift-cards.sql.ts'
import { quoteOf, type Quote } from './quote.ts'
import { readQuoteRows } from './quotes.sql.ts'
import type { GroupChoice, WantedLine } from './price-sale.ts'

/** Lines that a cart may have; what one order may have. */
export const LINES_PER_CART_MAX = 500

export interface CartLine extends WantedLine {
  readonly id: Id<'cartLine'>
}

/** A cart with what is in it, as it was read. */
export interface Cart {
  readonly id: Id<'cart'>
  readonly version: number
  readonly currency: CurrencyCode
  readonly personId: Id<'person'> | null
  /** By number; of the groups that something was said of. */
  readonly groups: readonly GroupChoice[]
  /** In the order in which they were put in, group by group. */
  readonly lines: readonly CartLine[]
  /** Promotion codes, as `plainCode` writes them. */
  readonly codes: readonly string[]
  /** In the order in which they pay. */
  readonly giftCardIds: readonly Id<'giftCard'>[]
  /** What was quoted last, whether or not it still holds. */
  readonly quote: Quote | null
  readonly status: CartRow['status']
  readonly orderId: Id<'order'> | null
  readonly expiresAt: Instant
}

/** @returns null when there is none, or when it is another channel's */
export async function readCart(
  { source, catalog }: { readonly source: Queryable; readonly catalog: Catalog },
  { cartId, channelId }: { readonly cartId: Id<'cart'>; readonly channelId: Id<'channel'> },
): Promise<Cart | null> {
  const [row, giftCardIds, [quote], revisions] = await Promise.all([
    readWholeCart(source, cartId),
    readCartGiftCards(source, cartId),
    readQuoteRows(source, [cartId]),
    readRevisions(source),
  ])
  if (row === undefined || row.channel_id !== channelId) return null
  const offers = await catalog.offersByVariantAt(
    source,
    revisions.catalog,
    row.lines.map((line) => line.variant_id),
  )
  return {
    id: row.id,
    version: row.version,
    currency: row.currency,
    personId: row.person_id,
    groups: row.groups.map(groupChoiceOf),
    lines: row.lines.flatMap((line) => {
      const offer = offers.get(line.variant_id)
      return offer === undefined
        ? []
        : [{ id: line.id, sku: offer.sku, quantity: line.quantity, group: line.group_number }]
    }),
    codes: row.codes,
    giftCardIds,
    quote: quote === undefined ? null : quoteOf(quote),
    status: row.status,
    orderId: row.order_id,
    expiresAt: row.expires_at,
  }
}

function groupChoiceOf(row: CartGroupRow): GroupChoice {
  const { number, delivery_option, address_id, ship_country, ship_region, ship_postal_code } = row
  const shipTo =
    ship_country === null || ship_postal_code === null
      ? null
      : { country: ship_country, region: ship_region, postalCode: ship_postal_code }
  return { number, deliveryOption: delivery_option, addressId: address_id, shipTo }
}
