-- What an order says it costs, in all and in each part, is what its lines and charges add up to.
--
-- Invariant: 17 K
-- Cause: a line or a charge was written or changed without the order's totals.
-- Look at: orders.order_line and orders.charge of the order beside its row; its events for the last change.

select 'order ' || orders.id as object,
       jsonb_build_object(
         'order', jsonb_build_array(items_minor, discount_minor, delivery_minor, tax_minor, total_minor),
         'sums', jsonb_build_array(line.items, line.discount, coalesce(charge.delivery, 0),
                                   line.tax + coalesce(charge.tax, 0), line.total + coalesce(charge.total, 0)),
         'parts', 'items, discount, delivery, tax, total') as detail
  from orders.orders
  left join (
    select order_id, sum(unit_price_minor * quantity) as items, sum(discount_minor) as discount, sum(tax_minor) as tax,
           sum(total_minor) as total
      from orders.order_line group by order_id
  ) as line on line.order_id = orders.id
  left join (
    select order_id, sum(amount_minor) filter (where type = 'delivery') as delivery, sum(tax_minor) as tax,
           sum(amount_minor + case when tax_included then 0 else tax_minor end) as total
      from orders.charge group by order_id
  ) as charge on charge.order_id = orders.id
 where line.items is distinct from orders.items_minor
    or line.discount <> orders.discount_minor
    or coalesce(charge.delivery, 0) <> orders.delivery_minor
    or line.tax + coalesce(charge.tax, 0) <> orders.tax_minor
    or line.total + coalesce(charge.total, 0) <> orders.total_minor
