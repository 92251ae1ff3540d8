import type { Id } from '../../kernel/id.ts'
import type { CurrencyCode } from '../../kernel/money.ts'
import type { Instant } from '../../kernel/time.ts'
import type { Queryable } from '../../platform/db.ts'
import { readRevisions } from '../../platform/revision.ts'
import type { Catalog } from '../catalog/index.ts'
import { readWholeCart, type CartRow } from './carts.sql.ts'
import type { Destination } from './decide-delivery.ts'
import { readCartGiftCards } from './gift-cards.sql.ts'

/** Lines that a cart may have; what one order may have. */
export const LINES_PER_CART_MAX = 500

export interface CartLine {
  readonly id: Id<'cartLine'>
  readonly sku: string
  readonly quantity: number
}

/** A cart with what is in it, as it was read. */
export interface Cart {
  readonly id: Id<'cart'>
  readonly version: number
  readonly currency: CurrencyCode
  readonly personId: Id<'person'> | null
  readonly addressId: Id<'address'> | null
  readonly shipTo: Destination | null
  readonly deliveryOption: string | null
  readonly lines: readonly CartLine[]
  /** In the order in which they pay. */
  readonly giftCardIds: readonly Id<'giftCard'>[]
  readonly status: CartRow['status']
  readonly orderId: Id<'order'> | null
  readonly expiresAt: Instant
}

/** @returns null when there is none, or when it is another channel's */
export async function readCart(
  { source, catalog }: { readonly source: Queryable; readonly catalog: Catalog },
  { cartId, channelId }: { readonly cartId: Id<'cart'>; readonly channelId: Id<'channel'> },
): Promise<Cart | null> {
  const [row, giftCardIds, revisions] = await Promise.all([
    readWholeCart(source, cartId),
    readCartGiftCards(source, cartId),
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
    addressId: row.address_id,
    shipTo: shipToOf(row),
    deliveryOption: row.delivery_option,
    lines: row.lines.flatMap((line) => {
      const offer = offers.get(line.variant_id)
      return offer === undefined ? [] : [{ id: line.id, sku: offer.sku, quantity: line.quantity }]
    }),
    giftCardIds,
    status: row.status,
    orderId: row.order_id,
    expiresAt: row.expires_at,
  }
}

export function shipToOf(row: CartRow): Destination | null {
  const { ship_country: country, ship_region: region, ship_postal_code: postalCode } = row
  return country === null || postalCode === null ? null : { country, region, postalCode }
}
