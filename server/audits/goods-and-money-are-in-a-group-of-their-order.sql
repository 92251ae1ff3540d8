-- Every order line, its goods and the charge for a delivery name a delivery group that the order has, and a group has
-- goods in it.
--
-- Invariant: 17 K
-- Cause: a line was written or moved without its group, or a group was taken from under its goods; no key spans them.
-- Look at: orders.delivery_group of the order beside its lines; its events for what changed last.

select 'orderLine ' || line.id as object,
       jsonb_build_object('order', 'order ' || line.order_id, 'group', line.group_number) as detail
  from orders.order_line as line
  left join orders.delivery_group as delivery
         on delivery.order_id = line.order_id and delivery.number = line.group_number
 where delivery.order_id is null
union all
select 'demandLine ' || demand.id, jsonb_build_object('order', 'order ' || demand.order_id, 'group', group_number)
  from orders.demand_line as demand
  left join orders.delivery_group as delivery
         on delivery.order_id = demand.order_id and delivery.number = demand.group_number
 where delivery.order_id is null
union all
select 'order ' || charge.order_id, jsonb_build_object('charge', charge.position, 'group', charge.group_number)
  from orders.charge
  left join orders.delivery_group as delivery
         on delivery.order_id = charge.order_id and delivery.number = charge.group_number
 where charge.group_number is not null and delivery.order_id is null
union all
select 'order ' || delivery.order_id, jsonb_build_object('group', delivery.number, 'goods', 0)
  from orders.delivery_group as delivery
  left join orders.demand_line as demand
         on demand.order_id = delivery.order_id and demand.group_number = delivery.number
 where demand.id is null
