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
  readonly order_id: Id<'order'> | null
  readonly created_at: Instant
  readonly expires_at: Instant
  readonly quotes_made: number
  /** As `plainCode` writes them, in the order in which they were named. */
  readonly codes: readonly string[]
}

const cartColumns =
  'id, channel_id, version, currency, status, person_id, order_id, created_at, expires_at, quotes_made, codes'

/** Locks carts in id order and answers what they are once the locks are held. */
export function lockCarts(tx: Tx, cartIds: readonly Id<'cart'>[]): Promise<CartRow[]> {
  return tx.rows({
    name: 'carts.lock_carts',
    text: `select ${cartColumns} from carts.cart where id = any($1::uuid[]) order by id for update`,
    values: [plainArray(cartIds)],
  })
}

export interface WholeCartRow extends CartRow {
  readonly lines: readonly CartLineRow[]
  readonly groups: readonly CartGroupRow[]
}

/** A cart with its lines and groups as one moment had them: read apart, a new version could come with the lines of the old one. */
export async function readWholeCart(source: Queryable, cartId: Id<'cart'>): Promise<WholeCartRow | undefined> {
  const [cart] = await source.rows<WholeCartRow>({
    name: 'carts.read_whole_cart',
    text: `select ${cartColumns},
                  array(select json_build_object('id', line.id, 'cart_id', cart_id, 'group_number', group_number,
                                                 'variant_id', variant_id, 'quantity', quantity)
                          from carts.line where cart_id = cart.id
                         order by group_number, position, line.id) as lines,
                  array(select to_json(delivery_group)
                          from carts.delivery_group where cart_id = cart.id order by number) as groups
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

export interface CartGroupRow {
  readonly cart_id: Id<'cart'>
  readonly number: number
  readonly delivery_option: string | null
  readonly address_id: Id<'address'> | null
  readonly ship_country: string | null
  readonly ship_region: string | null
  readonly ship_postal_code: string | null
}

export function readCartGroups(source: Queryable, cartIds: readonly Id<'cart'>[]): Promise<CartGroupRow[]> {
  return source.rows({
    name: 'carts.read_groups',
    text: `select cart_id, number, delivery_option, address_id, ship_country, ship_region, ship_postal_code
             from carts.delivery_group where cart_id = any($1::uuid[]) order by cart_id, number`,
    values: [plainArray(cartIds)],
  })
}

/** Writes what the buyer said of groups, each as a whole. */
export function putCartGroups(tx: Tx, groups: readonly CartGroupRow[]): void {
  tx.send({
    name: 'carts.put_groups',
    text: `insert into carts.delivery_group
             (cart_id, number, delivery_option, address_id, ship_country, ship_region, ship_postal_code)
           select * from unnest($1::uuid[], $2::smallint[], $3::text[], $4::uuid[], $5::text[], $6::text[], $7::text[])
           on conflict (cart_id, number) do update
              set delivery_option = excluded.delivery_option, address_id = excluded.address_id,
                  ship_country = excluded.ship_country, ship_region = excluded.ship_region,
                  ship_postal_code = excluded.ship_postal_code`,
    values: [
      plainArray(groups.map((group) => group.cart_id)),
      plainArray(groups.map((group) => group.number)),
      groups.map((group) => group.delivery_option),
      plainArray(groups.map((group) => group.address_id)),
      groups.map((group) => group.ship_country),
      groups.map((group) => group.ship_region),
      groups.map((group) => group.ship_postal_code),
    ],
  })
}

export interface CartLineRow {
  readonly id: Id<'cartLine'>
  readonly cart_id: Id<'cart'>
  readonly group_number: number
  readonly variant_id: Id<'variant'>
  readonly quantity: number
}

export function readCartLines(source: Queryable, cartIds: readonly Id<'cart'>[]): Promise<CartLineRow[]> {
  return source.rows({
    name: 'carts.read_lines',
    text: `select id, cart_id, group_number, variant_id, quantity from carts.line
            where cart_id = any($1::uuid[]) order by cart_id, group_number, position, id`,
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

export interface NewCartLine {
  readonly id: Id<'cartLine'>
  readonly group: number
  readonly variantId: Id<'variant'>
  readonly quantity: number
}

/** Adds units to lines; a SKU that is in the cart's group already keeps its line. */
export function addCartUnits(tx: Tx, cartId: Id<'cart'>, lines: readonly NewCartLine[]): void {
  tx.send({
    name: 'carts.add_units',
    text: `insert into carts.line (id, cart_id, group_number, variant_id, quantity, position)
           select line.id, $1, line.group_number, line.variant_id, line.quantity,
                  coalesce((select max(position) from carts.line where cart_id = $1), 0) + line.place
             from unnest($2::uuid[], $3::smallint[], $4::uuid[], $5::int[]) with ordinality
                    as line (id, group_number, variant_id, quantity, place)
           on conflict (cart_id, group_number, variant_id)
              do update set quantity = carts.line.quantity + excluded.quantity`,
    values: [
      cartId,
      plainArray(lines.map((line) => line.id)),
      plainArray(lines.map((line) => line.group)),
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

/** Every edit is a new version and keeps the cart alive. */
export function updateCart(
  tx: Tx,
  cart: Pick<CartRow, 'id' | 'currency' | 'person_id' | 'codes'>,
  expiresAt: Instant,
): void {
  tx.send({
    name: 'carts.update_cart',
    text: `update carts.cart set version = version + 1, currency = $2, person_id = $3, expires_at = $4, codes = $5
            where id = $1`,
    values: [cart.id, cart.currency, cart.person_id, new Date(expiresAt), cart.codes],
  })
}

/**
 * Makes the live carts of people somebody else's, of a guest who turned out to have an account. A new version: whose
 * cart it is may change its prices, and what was quoted was quoted for somebody else.
 * @returns the carts that changed hands; none when it was done before
 */
export function assignCarts(
  tx: Tx,
  { from, to }: { readonly from: readonly Id<'person'>[]; readonly to: Id<'person'> },
): Promise<{ id: Id<'cart'> }[]> {
  return tx.rows({
    name: 'carts.assign',
    text: `update carts.cart set person_id = $2, version = version + 1
            where id in (select id from carts.cart where status = 'active' and person_id = any($1::uuid[])
                            and person_id <> $2 order by id for update)
           returning id`,
    values: [plainArray(from), to],
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
