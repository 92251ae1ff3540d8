-- No unit of a cancelled or expired order is pending, allocated or in work.
--
-- Invariant: 13 T
-- Cause: the order ended and its units were left where they stood, or were moved afterwards.
-- Look at: the order's events; a step after `order.cancelled` or `order.expired` should not be there.

select 'demandLine ' || line.id as object,
       jsonb_build_object('order', 'order ' || orders.id, 'status', orders.status, 'pending', line.pending,
                          'allocated', line.allocated, 'inWork', line.in_work) as detail
  from orders.orders
  join orders.demand_line as line on line.order_id = orders.id
 where orders.status in ('cancelled', 'expired') and line.pending + line.allocated + line.in_work > 0
