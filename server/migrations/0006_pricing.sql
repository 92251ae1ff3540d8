-- Up Migration

create schema pricing;

create table pricing.price_list (
  id           uuid primary key,
  code         text not null unique,
  name         text not null,
  -- Null means every channel that sells in this currency.
  channel_id   uuid,
  currency     text not null check (currency ~ '^[A-Z]{3}$'),
  tax_included boolean not null,
  priority     int not null default 0,
  valid_from   timestamptz,
  valid_until  timestamptz,
  version      int not null default 1 check (version > 0),
  revision     bigint not null,
  check (valid_from is null or valid_until is null or valid_from < valid_until)
);

create table pricing.price (
  price_list_id uuid not null references pricing.price_list,
  variant_id    uuid not null,
  -- Null withdraws the price: the row stays, so that a node's cache learns of it by its revision.
  amount_minor  bigint check (amount_minor >= 0),
  revision      bigint not null,
  primary key (variant_id, price_list_id)
);
create index price_by_revision on pricing.price (revision);
create index price_by_list on pricing.price (price_list_id, variant_id);

create table pricing.tax_rate (
  id        uuid primary key,
  zone_id   uuid not null,
  tax_class text not null,
  name      text not null,
  -- Parts per million: 8.875 % is 88750.
  rate_ppm  int not null check (rate_ppm between 0 and 1000000),
  version   int not null default 1 check (version > 0),
  unique (zone_id, tax_class)
);

create table pricing.delivery_tariff (
  id               uuid primary key,
  code             text not null unique,
  name             text not null,
  channel_id       uuid,
  method           text not null check (method in ('ship', 'pickup')),
  service_id       uuid,
  countries        text[] not null,
  currency         text not null check (currency ~ '^[A-Z]{3}$'),
  amount_minor     bigint not null check (amount_minor >= 0),
  -- Items total from which delivery is free, in the tariff's currency.
  free_from_minor  bigint check (free_from_minor > 0),
  tax_class        text not null default 'standard',
  active           boolean not null default true,
  version          int not null default 1 check (version > 0),
  check (cardinality(countries) > 0),
  check ((method = 'ship') = (service_id is not null))
);
