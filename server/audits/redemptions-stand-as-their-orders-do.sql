-- What an order used of offers is reserved while it awaits payment, used for good once it is accepted, and free again when it was cancelled or has expired.
--
-- Invariant: 35 K
-- Cause: an order was opened or ended without its redemptions.
-- Look at: the order's events beside pricing.redemption of the order.

select 'order ' || redemption.order_id as object,
       jsonb_build_object('promotion', redemption.promotion_id, 'state', redemption.state, 'orderStatus', orders.status) as detail
  from pricing.redemption
  left join orders.orders on orders.id = redemption.order_id
 where redemption.state is distinct from case orders.status
         when 'awaiting_payment' then 'reserved'
         when 'open' then 'posted'
         when 'completed' then 'posted'
         when 'cancelled' then 'released'
         when 'expired' then 'released'
       end
