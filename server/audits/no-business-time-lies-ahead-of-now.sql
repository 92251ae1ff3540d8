-- Nothing is recorded as having happened more than five minutes, by the wall, after business now.
--
-- Invariant: 49 K
-- Cause: a time was taken from a caller or a node's clock without being held against the database's.
-- Look at: who wrote the object; for an event, the writer of its type.

with latest as materialized (
  select anchor_business + (clock_timestamp() + interval '5 minutes' - anchor_database) * rate as at from platform.clock
)
select object, jsonb_build_object('field', field, 'at', happened_at, 'latest', (select at from latest)) as detail
  from (
    select 'order ' || id as object, 'placed_at' as field, placed_at as happened_at
      from orders.orders where placed_at > (select at from latest)
    union all
    select 'hold ' || id, 'placed_at', placed_at from orders.hold where placed_at > (select at from latest)
    union all
    select 'cart ' || id, 'created_at', created_at from carts.cart where created_at > (select at from latest)
    union all
    select 'cart ' || cart_id, 'quoted_at', quoted_at from carts.quote where quoted_at > (select at from latest)
    union all
    select 'event ' || aggregate_id, type, occurred_at from platform.event where occurred_at > (select at from latest)
    union all
    select 'supply ' || supply_id, 'stock_entry.occurred_at', occurred_at
      from inventory.stock_entry where occurred_at > (select at from latest)
    union all
    select 'claim ' || id, 'accepted_at', accepted_at from inventory.claim where accepted_at > (select at from latest)
    union all
    select 'variant ' || variant_id, 'count_watermark.counted_at', counted_at
      from inventory.count_watermark where counted_at > (select at from latest)
    union all
    select 'inbound ' || id, 'created_at', created_at from inventory.inbound where created_at > (select at from latest)
    union all
    select 'decision ' || id, 'decided_at', decided_at from sourcing.decision where decided_at > (select at from latest)
    union all
    select 'order ' || order_id, 'promised_at', promised_at
      from sourcing.promise where promised_at > (select at from latest)
    union all
    select 'attempt ' || id, 'created_at', greatest(created_at, decided_at)
      from payments.attempt where greatest(created_at, decided_at) > (select at from latest)
    union all
    select 'transaction ' || id, 'occurred_at', occurred_at
      from payments.transaction where occurred_at > (select at from latest)
    union all
    select 'value account ' || id, 'created_at', created_at
      from payments.value_account where created_at > (select at from latest)
    union all
    select 'tender ' || id, 'created_at', greatest(created_at, decided_at)
      from payments.value_tender where greatest(created_at, decided_at) > (select at from latest)
    union all
    select 'value entry ' || id, 'occurred_at', occurred_at
      from payments.value_entry where occurred_at > (select at from latest)
    union all
    select 'exception ' || id, 'raised_at', greatest(raised_at, closed_at)
      from exceptions.exception where greatest(raised_at, closed_at) > (select at from latest)
    union all
    select 'person ' || id, 'created_at', greatest(created_at, erased_at)
      from customers.person where greatest(created_at, erased_at) > (select at from latest)
  ) as ahead
