-- Up Migration

create schema carts;

create table carts.cart (
  id         uuid primary key,
  channel_id uuid not null,
  version    int not null default 1 check (version > 0),
  currency   text not null check (currency ~ '^[A-Z]{3}$'),
  status     text not null check (status in ('active', 'ordered', 'expired')),
  person_id  uuid,
  order_id   uuid,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  -- Every quote may hold goods for its time: a cart gets so many and no more.
  quotes_made int not null default 0 check (quotes_made between 0 and 20),
  -- Promotion codes that the buyer named, in plain form. What they give is decided whenever the cart is read.
  codes text[] not null default '{}' check (cardinality(codes) <= 10 and array_position(codes, null) is null),
  check ((status = 'ordered') = (order_id is not null))
) with (fillfactor = 70);
create index cart_by_expiry on carts.cart (expires_at) where status = 'active';
create index cart_by_person on carts.cart (person_id) where status = 'active' and person_id is not null;

-- What the buyer said of one delivery: of the goods that reach them together. Group 1 is the cart's own, the only one
-- of heads that know of none. A group nothing was said of has no row: it goes to group 1's address, the cheapest way.
create table carts.delivery_group (
  cart_id          uuid not null references carts.cart on delete cascade,
  number           smallint not null check (number between 1 and 10),
  delivery_option  text,
  address_id       uuid,
  -- Kept readable beside the vaulted address: tax and delivery need them on every read.
  ship_country     text check (ship_country ~ '^[A-Z]{2}$'),
  ship_region      text,
  ship_postal_code text,
  primary key (cart_id, number),
  check ((ship_country is null) = (ship_postal_code is null) and (ship_region is null or ship_country is not null))
);

-- A SKU has one line in each group: units that go elsewhere are a line of their own, taxed where they go.
create table carts.line (
  id           uuid primary key,
  cart_id      uuid not null references carts.cart on delete cascade,
  group_number smallint not null check (group_number between 1 and 10),
  variant_id   uuid not null,
  quantity     int not null check (quantity > 0),
  position     int not null
);
create unique index line_by_cart on carts.line (cart_id, group_number, variant_id);

-- What a cart was quoted. It holds until it expires, for the version of the cart that it was made for and no other.
create table carts.quote (
  cart_id      uuid primary key references carts.cart on delete cascade,
  cart_version int not null,
  -- The money of lines and deliveries and each group's promise, as they were decided.
  terms        jsonb not null,
  -- Whether the lines' goods are claimed until it expires.
  holds_goods  boolean not null,
  quoted_at    timestamptz not null,
  expires_at   timestamptz not null,
  check (expires_at > quoted_at)
);
create index quote_by_expiry on carts.quote (expires_at);

-- Gift cards that the buyer put in. What each covers is worked out whenever the cart is read; nothing is held of them
-- before the order.
create table carts.gift_card (
  cart_id    uuid not null references carts.cart on delete cascade,
  account_id uuid not null,
  position   int not null,
  primary key (cart_id, account_id)
);
