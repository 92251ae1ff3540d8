-- An order that is unpaid when its channel's longest time to pay is over has expired, or is before a person. The sweep
-- has 60 s of wall time for it.
--
-- Invariant: 6 K
-- Cause: the sweep that expires orders does not run; or a payment stayed unknown until the cap and nobody was told.
-- Look at: the order's payments.attempt rows, their status, tries and next_try_at; open exceptions of both.

select 'order ' || orders.id as object,
       jsonb_build_object('placedAt', orders.placed_at, 'payBy', orders.pay_by,
                          'capSeconds', channel.payment_cap_s) as detail
  from orders.orders
  join merchant.channel on channel.id = orders.channel_id
 where orders.status = 'awaiting_payment'
   and orders.placed_at + channel.payment_cap_s * interval '1 s'
         < (select anchor_business + (clock_timestamp() - interval '60 s' - anchor_database) * rate from platform.clock)
   and not exists (select from exceptions.exception
                    where object_id = orders.id and closed_at is null)
   and not exists (select from exceptions.exception
                     join payments.attempt on attempt.id = exception.object_id
                    where attempt.order_id = orders.id and exception.closed_at is null)
