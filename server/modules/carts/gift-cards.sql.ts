import type { Id } from '../../kernel/id.ts'
import type { Queryable, Tx } from '../../platform/db.ts'

/** Gift cards of a cart, in the order in which they were put in. */
export async function readCartGiftCards(source: Queryable, cartId: Id<'cart'>): Promise<Id<'giftCard'>[]> {
  const rows = await source.rows<{ account_id: Id<'giftCard'> }>({
    name: 'carts.read_gift_cards',
    text: 'select account_id from carts.gift_card where cart_id = $1 order by position, account_id',
    values: [cartId],
  })
  return rows.map(({ account_id }) => account_id)
}

/** Puts a card in, under the cart's lock; one that is in already stays where it is. */
export function addCartGiftCard(tx: Tx, cartId: Id<'cart'>, cardId: Id<'giftCard'>): void {
  tx.send({
    name: 'carts.add_gift_card',
    text: `insert into carts.gift_card (cart_id, account_id, position)
           select $1, $2, coalesce(max(position), 0) + 1 from carts.gift_card where cart_id = $1
               on conflict (cart_id, account_id) do nothing`,
    values: [cartId, cardId],
  })
}

/** @returns the number of cards taken out: 0 when the cart has no such card */
export function removeCartGiftCard(tx: Tx, cartId: Id<'cart'>, cardId: Id<'giftCard'>): Promise<number> {
  return tx.execute({
    name: 'carts.remove_gift_card',
    text: 'delete from carts.gift_card where cart_id = $1 and account_id = $2',
    values: [cartId, cardId],
  })
}
