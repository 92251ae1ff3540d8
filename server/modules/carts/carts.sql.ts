import type { Id } from '../../kernel/id.ts'
import type { CurrencyCode } from '../../kernel/money.ts'
import type { Instant } from '../../kernel/time.ts'
import { plainArray, type Queryable, type Tx } from '../../platform/db.ts'

export type CartStatus = 'active' | 'ordered' | 'expired'

export interface CartRow {
  readonly id: Id<'cart'>
  readonly channel_id: Id<'channel'>
  readonly version: number
  readonly currency: CurrencyCode
  readonly status: CartStatus
  readonly person_id: Id<'person'> | null
  readonly address_id: Id<'address'> | null
  readonly ship_country: string | null
  readonly ship_region: string | null
  readonly ship_postal_code: string | null
  readonly delivery_option: string | null
  readonly order_id: Id<'order'> | null
  readonly created_at: Instant
  readonly expires_at: Instant
}

const cartColumns = `id, channel_id, version, currency, status, person_id, address_id, ship_country, ship_region,
  ship_postal_code, delivery_option, order_id, created_at, expires_at`

/** Locks carts in id order and answers what they are once the locks are held. */
export function lockCarts(tx: Tx, cartIds: readonly Id<'cart'>[]): Promise<CartRow[]> {
  return tx.rows({
    name: 'carts.lock_carts',
    text: `select ${cartColumns} from carts.cart where id = any($1::uuid[]) order by id for update`,
    values: [plainArray(cartIds)],
  })
}

/** A cart with its lines as one moment had them: read apart, a new version could come with the lines of the old one. */
export async function readWholeCart(
  source: Queryable,
  cartId: Id<'cart'>,
): Promise<(CartRow & { readonly lines: readonly CartLineRow[] }) | undefined> {
  const [cart] = await source.rows<CartRow & { readonly lines: readonly CartLineRow[] }>({
    name: 'carts.read_whole_cart',
    text: `select ${cartColumns},
                  array(select json_build_object('id', line.id, 'cart_id', cart_id, 'variant_id', variant_id,
                                                 'quantity', quantity)
                          from carts.line where cart_id = cart.id order by position, line.id) as lines
             from carts.cart where id = $1`,
    values: [cartId],
  })
  return cart
}

/** Carts that became orders, under their locks. */
export function markCartsOrdered(
  tx: Tx,
  carts: readonly { readonly cartId: Id<'cart'>; readonly orderId: Id<'order'> }[],
): void {
  tx.send({
    name: 'carts.mark_ordered',
    text: `update carts.cart as stored
              set status = 'ordered', order_id = ordered.order_id, version = stored.version + 1
             from unnest($1::uuid[], $2::uuid[]) as ordered (id, order_id)
            where stored.id = ordered.id`,
    values: [plainArray(carts.map((each) => each.cartId)), plainArray(carts.map((each) => each.orderId))],
  })
}

export interface CartLineRow {
  readonly id: Id<'cartLine'>
  readonly cart_id: Id<'cart'>
  readonly variant_id: Id<'variant'>
  readonly quantity: number
}

export function readCartLines(source: Queryable, cartIds: readonly Id<'cart'>[]): Promise<CartLineRow[]> {
  return source.rows({
    name: 'carts.read_lines',
    text: `select id, cart_id, variant_id, quantity from carts.line
            where cart_id = any($1::uuid[]) order by cart_id, position, id`,
    values: [plainArray(cartIds)],
  })
}

export interface NewCart {
  readonly id: Id<'cart'>
  readonly channelId: Id<'channel'>
  readonly currency: CurrencyCode
  readonly expiresAt: Instant
}

export function insertCart(tx: Tx, cart: NewCart): void {
  tx.send({
    name: 'carts.insert_cart',
    text: `insert into carts.cart (id, channel_id, currency, status, created_at, expires_at)
           values ($1, $2, $3, 'active', $4, $5)`,
    values: [cart.id, cart.channelId, cart.currency, new Date(tx.at), new Date(cart.expiresAt)],
  })
}

/** Adds units to lines; a SKU that is in the cart already keeps its line. */
export function addCartUnits(
  tx: Tx,
  cartId: Id<'cart'>,
  lines: readonly { readonly id: Id<'cartLine'>; readonly variantId: Id<'variant'>; readonly quantity: number }[],
): void {
  tx.send({
    name: 'carts.add_units',
    text: `insert into carts.line (id, cart_id, variant_id, quantity, position)
           select line.id, $1, line.variant_id, line.quantity,
                  coalesce((select max(position) from carts.line where cart_id = $1), 0) + line.place
             from unnest($2::uuid[], $3::uuid[], $4::int[]) with ordinality as line (id, variant_id, quantity, place)
           on conflict (cart_id, variant_id) do update set quantity = carts.line.quantity + excluded.quantity`,
    values: [
      cartId,
      plainArray(lines.map((line) => line.id)),
      plainArray(lines.map((line) => line.variantId)),
      plainArray(lines.map((line) => line.quantity)),
    ],
  })
}

/** @returns the number of lines changed: 0 when the cart has no such line */
export function setCartLine(tx: Tx, cartId: Id<'cart'>, lineId: Id<'cartLine'>, quantity: number): Promise<number> {
  return tx.execute({
    name: 'carts.set_line',
    text: 'update carts.line set quantity = $3 where cart_id = $1 and id = $2',
    values: [cartId, lineId, quantity],
  })
}

/** @returns the number of lines removed: 0 when the cart has no such line */
export function removeCartLine(tx: Tx, cartId: Id<'cart'>, lineId: Id<'cartLine'>): Promise<number> {
  return tx.execute({
    name: 'carts.remove_line',
    text: 'delete from carts.line where cart_id = $1 and id = $2',
    values: [cartId, lineId],
  })
}

export function removeCartLines(tx: Tx, cartId: Id<'cart'>): void {
  tx.send({ name: 'carts.remove_lines', text: 'delete from carts.line where cart_id = $1', values: [cartId] })
}

/** Writes what the buyer told; every edit is a new version and keeps the cart alive. */
export function updateCart(tx: Tx, cart: CartRow, expiresAt: Instant): void {
  tx.send({
    name: 'carts.update_cart',
    text: `update carts.cart
              set version = version + 1, currency = $2, person_id = $3, address_id = $4, ship_country = $5,
                  ship_region = $6, ship_postal_code = $7, delivery_option = $8, expires_at = $9
            where id = $1`,
    values: [
      cart.id,
      cart.currency,
      cart.person_id,
      cart.address_id,
      cart.ship_country,
      cart.ship_region,
      cart.ship_postal_code,
      cart.delivery_option,
      new Date(expiresAt),
    ],
  })
}

/** Ends carts that nobody touched in time. @returns how many; a full batch means there may be more */
export function expireCartRows(tx: Tx, limit: number): Promise<number> {
  return tx.execute({
    name: 'carts.expire',
    text: `update carts.cart set status = 'expired', version = version + 1
            where id in (select id from carts.cart where status = 'active' and expires_at < $1
                          order by expires_at limit $2 for update skip locked)`,
    values: [new Date(tx.at), limit],
  })
}

/** Gives carts back whose order ended; one that was ordered again since stays with its newer order. */
export function reopenCartRows(
  tx: Tx,
  ended: readonly { readonly cartId: Id<'cart'>; readonly orderId: Id<'order'> }[],
): void {
  tx.send({
    name: 'carts.reopen',
    text: `update carts.cart as stored
              set status = 'active', order_id = null, version = stored.version + 1
             from unnest($1::uuid[], $2::uuid[]) as ended (cart_id, order_id)
            where stored.id = ended.cart_id and stored.order_id = ended.order_id and stored.status = 'ordered'`,
    values: [plainArray(ended.map((each) => each.cartId)), plainArray(ended.map((each) => each.orderId))],
  })
}
