-- The version of an order, a payment, a gift card, a store credit, a person, an inbound or an exception is that of its
-- last event; the same holds for what is configured, once it has been edited through the API.
--
-- Invariant: 38 T
-- Cause: a row was changed without an event, or an event was appended without the row.
-- Look at: the object's events; the last change to its row that none of them tells.

with last_event as (
  select aggregate_id, max(version) as version from platform.event group by aggregate_id
), told (kind, id, version) as (
  select 'order', id, version from orders.orders
  union all select 'attempt', id, version from payments.attempt
  union all select kind, id, version from payments.value_account
  union all select 'person', id, version from customers.person
  union all select 'inbound', id, version from inventory.inbound
  union all select 'exception', id, case when closed_at is null then 1 else 2 end from exceptions.exception
), configured (kind, id, version) as (
  select 'product', id, version from catalog.product
  union all select 'category', id, version from catalog.category
  union all select 'attribute', id, version from catalog.attribute
  union all select 'location', id, version from inventory.location
  union all select 'legalEntity', id, version from merchant.legal_entity
  union all select 'market', id, version from merchant.market
  union all select 'channel', id, version from merchant.channel
  union all select 'zone', id, version from merchant.zone
  union all select 'calendar', id, version from merchant.calendar
  union all select 'carrier', id, version from shipping.carrier
  union all select 'shippingService', id, version from shipping.service
  union all select 'networkNode', id, version from sourcing.node
  union all select 'priceList', id, version from pricing.price_list
  union all select 'taxRate', id, version from pricing.tax_rate
  union all select 'deliveryTariff', id, version from pricing.delivery_tariff
  union all select 'segment', id, version from customers.segment
  union all select 'identityProvider', id, version from identity.provider
)
select told.kind || ' ' || told.id as object,
       jsonb_build_object('version', told.version, 'lastEvent', last_event.version) as detail
  from told
  left join last_event on last_event.aggregate_id = told.id
 where told.version <> coalesce(last_event.version, 0)
union all
select configured.kind || ' ' || configured.id,
       jsonb_build_object('version', configured.version, 'lastEvent', last_event.version)
  from configured
  join last_event on last_event.aggregate_id = configured.id
 where configured.version <> last_event.version
