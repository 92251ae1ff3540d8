-- An order that is completed, cancelled or expired keeps no goods from others.
--
-- Invariant: 7 T
-- Cause: the order ended without its claims being freed or consumed in the same transaction.
-- Look at: the order's last event; inventory.stock_entry of the claim around that time.

select 'claim ' || claim.id as object,
       jsonb_build_object('order', 'order ' || orders.id, 'status', orders.status, 'stage', claim.stage,
                          'units', claim.quantity) as detail
  from inventory.claim
  join orders.demand_line as line on line.id = claim.demand_id
  join orders.orders on orders.id = line.order_id
 where claim.live and orders.status in ('completed', 'cancelled', 'expired')
