import type { Id } from '../../kernel/id.ts'
import type { Instant } from '../../kernel/time.ts'
import { instantArray, plainArray, type Queryable, type Tx } from '../../platform/db.ts'

export interface QuoteRow {
  readonly cart_id: Id<'cart'>
  readonly cart_version: number
  /** JSON text. */
  readonly terms: string
  readonly holds_goods: boolean
  readonly quoted_at: Instant
  readonly expires_at: Instant
}

export function readQuoteRows(source: Queryable, cartIds: readonly Id<'cart'>[]): Promise<QuoteRow[]> {
  return source.rows({
    name: 'carts.read_quotes',
    text: `select cart_id, cart_version, terms::text, holds_goods, quoted_at, expires_at
             from carts.quote where cart_id = any($1::uuid[])`,
    values: [plainArray(cartIds)],
  })
}

/** Writes quotes in the place of earlier ones and keeps their carts alive as long; the carts are locked. */
export function putQuotes(tx: Tx, quotes: readonly QuoteRow[]): void {
  tx.send({
    name: 'carts.put_quotes',
    text: `with quoted as (
             insert into carts.quote (cart_id, cart_version, terms, holds_goods, quoted_at, expires_at)
             select * from unnest($1::uuid[], $2::int[], $3::jsonb[], $4::boolean[], $5::timestamptz[],
                                  $6::timestamptz[])
             on conflict (cart_id) do update
                set cart_version = excluded.cart_version, terms = excluded.terms, holds_goods = excluded.holds_goods,
                    quoted_at = excluded.quoted_at, expires_at = excluded.expires_at
             returning cart_id, expires_at)
           update carts.cart
              set expires_at = greatest(cart.expires_at, quoted.expires_at), quotes_made = quotes_made + 1
             from quoted where cart.id = quoted.cart_id`,
    values: [
      plainArray(quotes.map((quote) => quote.cart_id)),
      plainArray(quotes.map((quote) => quote.cart_version)),
      quotes.map((quote) => quote.terms),
      plainArray(quotes.map((quote) => String(quote.holds_goods))),
      instantArray(quotes.map((quote) => quote.quoted_at)),
      instantArray(quotes.map((quote) => quote.expires_at)),
    ],
  })
}

/** Takes back the quotes of locked carts. @returns those that were there */
export function deleteQuotes(
  tx: Tx,
  cartIds: readonly Id<'cart'>[],
): Promise<{ cart_id: Id<'cart'>; holds_goods: boolean }[]> {
  return tx.rows({
    name: 'carts.delete_quotes',
    text: 'delete from carts.quote where cart_id = any($1::uuid[]) returning cart_id, holds_goods',
    values: [plainArray(cartIds)],
  })
}

/** Locks the carts of quotes whose time is over, in id order; one that somebody is at work on is left for later. */
export function lockCartsOfExpiredQuotes(tx: Tx, limit: number): Promise<{ id: Id<'cart'> }[]> {
  return tx.rows({
    name: 'carts.lock_of_expired_quotes',
    text: `select cart.id from carts.cart
            where id in (select cart_id from carts.quote where expires_at <= $1 order by expires_at limit $2)
            order by id for update skip locked`,
    values: [new Date(tx.at), limit],
  })
}

/** Once the carts are locked: a quote that was renewed meanwhile stays. */
export function deleteExpiredQuotes(
  tx: Tx,
  cartIds: readonly Id<'cart'>[],
): Promise<{ cart_id: Id<'cart'>; holds_goods: boolean }[]> {
  return tx.rows({
    name: 'carts.delete_expired_quotes',
    text: `delete from carts.quote where cart_id = any($1::uuid[]) and expires_at <= $2
           returning cart_id, holds_goods`,
    values: [plainArray(cartIds), new Date(tx.at)],
  })
}
