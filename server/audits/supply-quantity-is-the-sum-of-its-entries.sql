-- Every supply row holds what its ledger entries add up to.
--
-- Invariant: 1 K
-- Cause: a writer changed the quantity without posting, or posted without changing it.
-- Look at: inventory.stock_entry of the row by id; where the running sum goes astray, and the cause of that entry.

select 'supply ' || coalesce(supply.id, ledger.supply_id) as object,
       jsonb_build_object('quantity', supply.quantity, 'entries', ledger.units) as detail
  from inventory.supply
  full join (
    select supply_id, sum(quantity_delta) as units
      from inventory.stock_entry where quantity_delta <> 0 group by supply_id
  ) as ledger on ledger.supply_id = supply.id
 where coalesce(supply.quantity, 0) <> coalesce(ledger.units, 0)
