-- Of a stocked demand line as many units are allocated or in work as its allocated and picked claims hold.
--
-- Invariant: 5 K
-- Cause: units and claims of an order were moved in different transactions, or one of the two was forgotten.
-- Look at: the order's timeline; the events beside the line's inventory.stock_entry rows.

select 'demandLine ' || coalesce(line.id, held.demand_id) as object,
       jsonb_build_object('units', coalesce(line.units, 0), 'claims', coalesce(held.units, 0)) as detail
  from (
    select id, allocated + in_work as units from orders.demand_line where stocked and allocated + in_work <> 0
  ) as line
  full join (
    select demand_id, sum(quantity) as units
      from inventory.claim
     where demand_kind = 'demand_line' and live and stage in ('allocated', 'picked')
     group by demand_id
  ) as held on held.demand_id = line.id
 where coalesce(line.units, 0) <> coalesce(held.units, 0)
