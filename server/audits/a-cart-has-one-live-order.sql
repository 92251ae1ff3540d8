-- A cart was ordered once, unless that order was cancelled or has expired.
--
-- Invariant: 19 C
-- Cause: the index orders.order_live_cart was dropped, or an order lost its live_cart_id while it lives.
-- Look at: the orders of the cart, their live_cart_id and when each was placed.

select 'cart ' || cart_id as object, jsonb_build_object('orders', jsonb_agg('order ' || id order by id)) as detail
  from orders.orders
 where cart_id is not null and status not in ('cancelled', 'expired')
 group by cart_id
having count(*) > 1
