-- The money book tells what gift cards and store credit paid, and what was given back to them, tender by tender.
--
-- Invariant: 22 K
-- Cause: a tender was posted or refunded without its money fact.
-- Look at: payments.transaction whose provider_reference is the tender's id.

select 'tender ' || tender.id as object,
       jsonb_build_object('order', 'order ' || tender.order_id, 'status', tender.status, 'amount', tender.amount_minor,
                          'refunded', tender.refunded_minor, 'booked', booked.captured,
                          'bookedBack', booked.refunded) as detail
  from payments.value_tender as tender
  left join (
    select provider_reference,
           coalesce(sum(amount_minor) filter (where kind = 'capture'), 0) as captured,
           coalesce(sum(amount_minor) filter (where kind = 'refund'), 0) as refunded
      from payments.transaction where provider in ('gift_card', 'store_credit') and kind <> 'external'
     group by provider_reference
  ) as booked on booked.provider_reference = tender.id::text
 where coalesce(booked.captured, 0) <> case tender.status when 'posted' then tender.amount_minor else 0 end
    or coalesce(booked.refunded, 0) <> tender.refunded_minor
