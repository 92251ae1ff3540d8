-- An order that was accepted because we asked for its money has all of it: what providers authorised and did not get
-- back, and what gift cards and store credit paid, are together what it costs.
--
-- Invariant: 31 K
-- Cause: an order was opened on a payment of another amount than was left after its stored value.
-- Look at: payments.transaction of the order by tender, beside its total.

select 'order ' || orders.id as object,
       jsonb_build_object('total', orders.total_minor, 'paid', coalesce(paid.minor, 0)) as detail
  from orders.orders
  left join (
    select order_id,
           sum(case kind when 'authorisation' then amount_minor when 'void' then -amount_minor
                         when 'refund' then -amount_minor else amount_minor end) as minor
      from payments.transaction
     where kind in ('authorisation', 'void')
        or provider in ('gift_card', 'store_credit') and kind in ('capture', 'refund')
     group by order_id
  ) as paid on paid.order_id = orders.id
 where orders.status in ('open', 'completed') and orders.payment_terms = 'provider'
   and orders.total_minor <> coalesce(paid.minor, 0)
   -- Another card that was approved after the first one paid is on its way back.
   and not exists (select from payments.attempt where attempt.order_id = orders.id and attempt.status = 'void_due')
