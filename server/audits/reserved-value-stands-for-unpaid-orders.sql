-- What is reserved of stored value is what orders that await payment have reserved of it; an accepted order's is posted,
-- an ended order's is free again.
--
-- Invariant: 34 K
-- Cause: an order was opened or ended without its tenders.
-- Look at: the order's events beside payments.value_tender and payments.value_entry of the tender.

select 'tender ' || tender.id as object,
       jsonb_build_object('order', 'order ' || tender.order_id, 'status', tender.status, 'orderStatus', orders.status,
                          'amount', tender.amount_minor, 'refunded', tender.refunded_minor) as detail
  from payments.value_tender as tender
  left join orders.orders on orders.id = tender.order_id
 where case tender.status
         when 'reserved' then orders.status is distinct from 'awaiting_payment'
         when 'posted' then orders.status is null or orders.status in ('awaiting_payment', 'expired')
                            or orders.status = 'cancelled' and tender.refunded_minor < tender.amount_minor
         else orders.status is null or orders.status not in ('cancelled', 'expired')
       end
union all
select account.kind || ' ' || account.id,
       jsonb_build_object('reserved', account.reserved_minor, 'ofTenders', coalesce(tender.minor, 0))
  from payments.value_account as account
  left join (
    select account_id, sum(amount_minor) as minor from payments.value_tender where status = 'reserved' group by account_id
  ) as tender on tender.account_id = account.id
 where account.reserved_minor <> coalesce(tender.minor, 0)
