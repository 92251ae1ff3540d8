-- No supply row has more units claimed than it holds, and neither number is below zero.
--
-- Invariant: 3 C
-- Cause: the check of inventory.supply was dropped or bypassed; no code can bring this about while it stands.
-- Look at: \d inventory.supply for its checks, then the newest inventory.stock_entry of the row.

select 'supply ' || id as object, jsonb_build_object('quantity', quantity, 'claimed', claimed) as detail
  from inventory.supply
 where quantity < 0 or claimed < 0 or claimed > quantity
