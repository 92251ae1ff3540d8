-- What is reserved for an order, or may turn out to be, of cards, gift cards and store credit together, is at most what
-- the order costs.
--
-- Invariant: 55 T
-- Cause: a second card was asked before the first one was decided or given up.
-- Look at: the order's payments.attempt rows in the order of created_at; what is too much is to be voided.

select 'order ' || reserved.order_id as object,
       jsonb_build_object('total', orders.total_minor, 'reserved', reserved.minor,
                          'attempts', reserved.attempts) as detail
  from (
    select order_id, sum(amount_minor) as minor, sum(attempt) as attempts
      from (select order_id, amount_minor, 1 as attempt from payments.attempt
             where status in ('pending', 'action_required', 'unknown', 'authorised')
            union all
            select order_id, amount_minor - refunded_minor, 0 from payments.value_tender
             where status in ('reserved', 'posted')) as part
     group by order_id
  ) as reserved
  left join orders.orders on orders.id = reserved.order_id
 where reserved.minor > coalesce(orders.total_minor, 0)
