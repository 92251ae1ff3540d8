-- An order, its payments and the money they moved are in one currency.
--
-- Invariant: 18 K
-- Cause: an attempt or a transaction was written in another currency than its order's; no constraint spans tables.
-- Look at: payments.attempt and payments.transaction of the order; for a transaction, what the provider answered.

select 'attempt ' || attempt.id as object,
       jsonb_build_object('order', 'order ' || orders.id, 'currency', attempt.currency,
                          'orders', orders.currency) as detail
  from payments.attempt
  join orders.orders on orders.id = attempt.order_id
 where attempt.currency <> orders.currency
union all
select 'transaction ' || transaction.id,
       jsonb_build_object('order', 'order ' || orders.id, 'currency', transaction.currency,
                          'orders', orders.currency)
  from payments.transaction
  join orders.orders on orders.id = transaction.order_id
 where transaction.currency <> orders.currency
