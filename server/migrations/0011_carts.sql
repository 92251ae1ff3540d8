-- Up Migration

create schema carts;

create table carts.cart (
  id               uuid primary key,
  channel_id       uuid not null,
  version          int not null default 1 check (version > 0),
  currency         text not null check (currency ~ '^[A-Z]{3}$'),
  status           text not null check (status in ('active', 'ordered', 'expired')),
  person_id        uuid,
  address_id       uuid,
  -- Kept readable beside the vaulted address: tax and delivery need them on every read.
  ship_country     text,
  ship_region      text,
  ship_postal_code text,
  delivery_option  text,
  order_id         uuid,
  created_at       timestamptz not null,
  expires_at       timestamptz not null
) with (fillfactor = 70);
create index cart_by_expiry on carts.cart (expires_at) where status = 'active';

create table carts.line (
  id         uuid primary key,
  cart_id    uuid not null references carts.cart on delete cascade,
  variant_id uuid not null,
  quantity   int not null check (quantity > 0),
  position   int not null
);
create unique index line_by_cart on carts.line (cart_id, variant_id);

-- Gift cards that the buyer put in. What each covers is worked out whenever the cart is read; nothing is held of them
-- before the order.
create table carts.gift_card (
  cart_id    uuid not null references carts.cart on delete cascade,
  account_id uuid not null,
  position   int not null,
  primary key (cart_id, account_id)
);
