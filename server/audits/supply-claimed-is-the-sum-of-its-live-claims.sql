-- What a supply row says is claimed is what live claims hold of it.
--
-- Invariant: 2 K
-- Cause: a claim began, ended or moved without the row being told, or outside of the SKU's gate.
-- Look at: inventory.claim of the row with their inventory.stock_entry rows; which change has one side only.

select 'supply ' || coalesce(supply.id, held.supply_id) as object,
       jsonb_build_object('claimed', supply.claimed, 'liveClaims', held.units) as detail
  from inventory.supply
  full join (
    select supply_id, sum(quantity) as units
      from inventory.claim where stage in ('reserved', 'allocated', 'picked') group by supply_id
  ) as held on held.supply_id = supply.id
 where coalesce(supply.claimed, 0) <> coalesce(held.units, 0)
