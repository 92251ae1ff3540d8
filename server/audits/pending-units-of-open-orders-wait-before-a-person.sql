-- Stocked units of an accepted order that no supply stands for are in the queue that a person sees.
--
-- Invariant: 5 K
-- Cause: a claim was freed, or an order was taken beyond supply, without an exception; or one was closed too early.
-- Look at: closed exceptions of the order; the reason of the last inventory.stock_entry of its claims.

select 'order ' || orders.id as object,
       jsonb_build_object('pending', sum(line.pending), 'skus', jsonb_agg(line.sku order by line.sku)) as detail
  from orders.orders
  join orders.demand_line as line on line.order_id = orders.id
 where orders.status = 'open' and line.stocked and line.pending > 0
   and not exists (select from exceptions.exception where object_id = orders.id and closed_at is null)
 group by orders.id
