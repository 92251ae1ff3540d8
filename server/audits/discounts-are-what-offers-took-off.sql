-- What an order that we priced was discounted by is what the offers it was placed with took off its goods.
--
-- Invariant: 17 K
-- Cause: an order was written without its redemptions, or an offer was counted that gave nothing.
-- Look at: the discounts of the order's lines beside pricing.redemption of the order.

select 'order ' || coalesce(orders.id, taken.order_id) as object,
       jsonb_build_object('discount', orders.discount_minor, 'ofOffers', coalesce(taken.minor, 0)) as detail
  from (select id, discount_minor from orders.orders where payment_terms = 'provider' and discount_minor > 0) as orders
  full join (select order_id, sum(goods_minor) as minor from pricing.redemption group by order_id) as taken
    on taken.order_id = orders.id
 where coalesce(taken.minor, 0) <> coalesce(orders.discount_minor, 0)
