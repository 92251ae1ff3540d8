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
union all
select 'tender ' || tender.id,
       jsonb_build_object('order', 'order ' || orders.id, 'currency', tender.currency, 'orders', orders.currency,
                          'accounts', account.currency)
  from payments.value_tender as tender
  join orders.orders on orders.id = tender.order_id
  join payments.value_account as account on account.id = tender.account_id
 where tender.currency <> orders.currency or account.currency <> orders.currency
