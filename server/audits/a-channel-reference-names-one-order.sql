-- A channel's own name for an order names one order, however often the channel sends it.
--
-- Invariant: 19 C
-- Cause: the index orders.order_reference was dropped.
-- Look at: whether the orders have the same fingerprint: then one is a repeat and is to be cancelled.

select 'order ' || min(id::text) as object,
       jsonb_build_object('channel', 'channel ' || channel_id, 'reference', reference, 'orders', count(*)) as detail
  from orders.orders
 where reference is not null
 group by channel_id, reference
having count(*) > 1
