-- While an order awaits payment every pending stocked unit is reserved for it; units that physical truth took away
-- are before a person as `units_missing`.
--
-- Invariant: 5 K
-- Cause: a reservation was freed under an order that still waits, or was never made.
-- Look at: the demand line's inventory.claim rows and the reason of their last inventory.stock_entry.

select 'demandLine ' || line.id as object,
       jsonb_build_object('order', 'order ' || line.order_id, 'sku', line.sku, 'pending', line.pending,
                          'reserved', coalesce(sum(claim.quantity), 0)) as detail
  from orders.orders
  join orders.demand_line as line on line.order_id = orders.id
  left join inventory.claim on claim.demand_id = line.id and claim.stage = 'reserved'
 where orders.status = 'awaiting_payment' and line.stocked
 group by line.id
having line.pending <> coalesce(sum(claim.quantity), 0)
   and not (line.pending > coalesce(sum(claim.quantity), 0)
            and exists (select from exceptions.exception
                         where object_id = line.order_id and reason = 'units_missing' and closed_at is null))
