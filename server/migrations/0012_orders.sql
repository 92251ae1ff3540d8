-- Up Migration

create schema orders;

create sequence orders.order_number start 100001 cache 1;

-- Plural because `order` is a reserved word.
create table orders.orders (
  id               uuid primary key,
  number           bigint not null unique default nextval('orders.order_number'),
  channel_id       uuid not null,
  reference        text,
  -- SHA-256 of what the channel sent, to tell a repeat from another order under the same reference.
  fingerprint      uuid,
  cart_id          uuid,
  -- The cart while this order lives; null once cancelled or expired, so that the cart can be ordered again.
  live_cart_id     uuid,
  person_id        uuid,
  status           text not null check (status in ('awaiting_payment', 'open', 'completed', 'cancelled', 'expired')),
  currency         text not null check (currency ~ '^[A-Z]{3}$'),
  tax_included     boolean not null,
  items_minor      bigint not null check (items_minor >= 0),
  discount_minor   bigint not null check (discount_minor between 0 and items_minor),
  delivery_minor   bigint not null check (delivery_minor >= 0),
  tax_minor        bigint not null check (tax_minor >= 0),
  total_minor      bigint not null,
  payment_terms    text not null check (payment_terms in ('provider', 'paid', 'authorized', 'due')),
  placed_at        timestamptz not null,
  pay_by           timestamptz,
  -- Found overdue with a payment that nobody knows the end of: not looked at again before.
  expiry_not_before timestamptz,
  version          int not null default 1 check (version > 0),
  check (live_cart_id is null or live_cart_id = cart_id),
  check ((status in ('cancelled', 'expired')) <= (live_cart_id is null))
) with (fillfactor = 70);
create unique index order_reference on orders.orders (channel_id, reference) where reference is not null;
create unique index order_live_cart on orders.orders (live_cart_id) where live_cart_id is not null;
create index order_by_person on orders.orders (person_id) where person_id is not null;
create index order_overdue on orders.orders (greatest(pay_by, expiry_not_before)) where status = 'awaiting_payment';

-- How goods reach the buyer: those of one group go one way to one place and have one promise. Most orders have one.
create table orders.delivery_group (
  order_id         uuid not null,
  number           smallint not null check (number between 1 and 10),
  -- `none`: nothing in it is handed over, a download for instance.
  method           text not null check (method in ('ship', 'pickup', 'carried_out', 'none')),
  -- Where the buyer takes the goods.
  location_id      uuid,
  -- The id of the option that was chosen or taken as the cheapest; null where a channel decided.
  delivery_option  text,
  address_id       uuid,
  ship_country     text,
  ship_region      text,
  ship_postal_code text,
  primary key (order_id, number),
  check ((location_id is not null) = (method in ('pickup', 'carried_out'))),
  check ((ship_country is null) = (ship_postal_code is null))
);

-- Order lines are money.
create table orders.order_line (
  id               uuid not null,
  order_id         uuid not null,
  position         int not null check (position > 0),
  -- Where the line was sold to, which decided its tax.
  group_number     smallint not null,
  variant_id       uuid not null,
  sku              text not null,
  title            text not null,
  quantity         int not null check (quantity > 0),
  unit_price_minor bigint not null check (unit_price_minor >= 0),
  discount_minor   bigint not null check (discount_minor >= 0 and discount_minor <= unit_price_minor * quantity),
  tax_minor        bigint not null check (tax_minor >= 0),
  tax_rate_ppm     int,
  total_minor      bigint not null,
  tax_included     boolean not null,
  primary key (order_id, position),
  check (tax_included and total_minor = unit_price_minor * quantity - discount_minor and tax_minor <= total_minor
         or not tax_included and total_minor = unit_price_minor * quantity - discount_minor + tax_minor)
);

-- Demand lines are goods; every unit stands in exactly one bucket.
create table orders.demand_line (
  id          uuid primary key,
  order_id    uuid not null,
  line_id     uuid not null,
  -- Where these goods go: the line's group at placement.
  group_number smallint not null,
  variant_id  uuid not null,
  sku         text not null,
  stocked     boolean not null,
  -- The bundle line's money that this component carries, fixed at placement; the line's whole total otherwise.
  share_minor bigint not null,
  ordered     int not null check (ordered > 0),
  pending     int not null default 0 check (pending >= 0),
  allocated   int not null default 0 check (allocated >= 0),
  in_work     int not null default 0 check (in_work >= 0),
  shipped     int not null default 0 check (shipped >= 0),
  delivered   int not null default 0 check (delivered >= 0),
  lost        int not null default 0 check (lost >= 0),
  returned    int not null default 0 check (returned >= 0),
  cancelled   int not null default 0 check (cancelled >= 0),
  check (pending + allocated + in_work + shipped + delivered + lost + returned + cancelled = ordered)
) with (fillfactor = 60);
create index demand_line_by_order on orders.demand_line (order_id);

create table orders.charge (
  order_id     uuid not null,
  position     int not null,
  -- The group whose delivery it pays for; null for what is charged for the order.
  group_number smallint,
  type         text not null,
  amount_minor bigint not null,
  tax_minor    bigint not null default 0,
  tax_included boolean not null,
  primary key (order_id, position)
);

create table orders.hold (
  id          uuid primary key,
  order_id    uuid not null,
  type        text not null,
  scope       text not null check (scope in ('order', 'release', 'payment')),
  owner       text not null,
  reason      text not null,
  placed_at   timestamptz not null,
  expires_at  timestamptz,
  released_at timestamptz,
  check (expires_at is null or expires_at > placed_at)
);
create index hold_by_order on orders.hold (order_id) where released_at is null;
