-- What is claimed for a line of a cart was claimed by a quote of that cart that is still kept: an edit, an order and
-- expiry each take the claims with the quote.
--
-- Invariant: 6 K
-- Cause: a cart was edited or its quote taken back without freeing what it held.
-- Look at: carts.quote and carts.line of the cart; the claim's inventory.stock_entry for the cart that made it.

select 'claim ' || claim.id as object,
       jsonb_build_object('cartLine', 'cartLine ' || claim.demand_id, 'cart', 'cart ' || line.cart_id,
                          'units', claim.quantity) as detail
  from inventory.claim
  left join carts.line on line.id = claim.demand_id
  left join carts.quote on quote.cart_id = line.cart_id and quote.holds_goods
 where claim.live and claim.demand_kind = 'cart_line' and quote.cart_id is null
