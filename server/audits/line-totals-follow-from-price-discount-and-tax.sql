-- A line's total is price × units − discount, plus the tax where prices are told without it; the discount is at most
-- the price, contained tax at most the total.
--
-- Invariant: 16 C
-- Cause: the checks of orders.order_line were dropped; no code can bring this about while they stand.
-- Look at: \d orders.order_line for its checks, then who wrote the line.

select 'orderLine ' || id as object,
       jsonb_build_object('order', 'order ' || order_id, 'unitPrice', unit_price_minor, 'quantity', quantity,
                          'discount', discount_minor, 'tax', tax_minor, 'taxIncluded', tax_included,
                          'total', total_minor) as detail
  from orders.order_line
 where total_minor <> unit_price_minor * quantity - discount_minor + case when tax_included then 0 else tax_minor end
    or discount_minor > unit_price_minor * quantity
    or discount_minor < 0 or tax_minor < 0
    or (tax_included and tax_minor > total_minor)
