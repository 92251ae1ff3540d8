-- An accepted order's claims are allocated or beyond; a reservation would lapse under it.
--
-- Invariant: 5 K
-- Cause: settling opened the order but did not promote all of its claims.
-- Look at: inventory.claim of the demand line; whether its id was among those that settling was given.

select 'claim ' || claim.id as object,
       jsonb_build_object('order', 'order ' || orders.id, 'units', claim.quantity) as detail
  from inventory.claim
  join orders.demand_line as line on line.id = claim.demand_id
  join orders.orders on orders.id = line.order_id
 where claim.live and claim.stage = 'reserved' and orders.status = 'open'
