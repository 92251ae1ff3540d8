-- Up Migration

create schema merchant;

-- Codes are lower case: two that differ by case only would be one to people and two to us.
create domain merchant.code as text check (value ~ '^[a-z0-9]+([-_.][a-z0-9]+)*$' and length(value) <= 40);

create table merchant.legal_entity (
  id       uuid primary key,
  code     merchant.code not null unique,
  name     text not null check (btrim(name) <> ''),
  country  text not null check (country ~ '^[A-Z]{2}$'),
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  zone     text not null,
  version  int not null default 1 check (version > 0)
);

create table merchant.market (
  id        uuid primary key,
  code      merchant.code not null unique,
  name      text not null check (btrim(name) <> ''),
  countries text[] not null check (cardinality(countries) > 0),
  version   int not null default 1 check (version > 0)
);

create table merchant.channel (
  id              uuid primary key,
  code            merchant.code not null unique,
  name            text not null check (btrim(name) <> ''),
  kind            text not null check (kind in ('web', 'app', 'pos', 'marketplace', 'import')),
  legal_entity_id uuid not null references merchant.legal_entity,
  market_id       uuid references merchant.market,
  currency        text not null check (currency ~ '^[A-Z]{3}$'),
  currencies      text[] not null check (currency = any (currencies)),
  locale          text not null,
  zone            text not null,
  tax_included    boolean not null,
  -- Currencies whose prices are told the other way: dollars without sales tax, euros with VAT.
  tax_included_except text[] not null default '{}' check (tax_included_except <@ currencies),
  -- Once a line, or once an order for each rate, as its invoices show it.
  tax_rounding    text not null default 'line' check (tax_rounding in ('line', 'order')),
  -- Trusted channels bring their own prices and may sell beyond supply; their orders are facts.
  trusted         boolean not null default false,
  cart_ttl_s      int not null default 3600 check (cart_ttl_s > 0),
  payment_ttl_s   int not null default 1800 check (payment_ttl_s > 0),
  -- How long a quote holds, and with it what it claims.
  quote_ttl_s     int not null default 900 check (quote_ttl_s > 0 and quote_ttl_s <= cart_ttl_s),
  -- When goods are claimed for a buyer: with the order, or with the quote at the start of checkout.
  claims_at       text not null default 'order' check (claims_at in ('order', 'checkout')),
  -- How long an unknown payment may keep extending payBy before a person must look.
  payment_cap_s   int not null default 86400 check (payment_cap_s >= payment_ttl_s),
  active          boolean not null default true,
  version         int not null default 1 check (version > 0),
  -- A shopper's head never names its own prices.
  check (not trusted or kind in ('pos', 'marketplace', 'import'))
);

-- A country, or the parts of it that have one of the region codes or postal prefixes; taxes are told by zone.
create table merchant.zone (
  id              uuid primary key,
  code            merchant.code not null unique,
  name            text not null check (btrim(name) <> ''),
  country         text not null check (country ~ '^[A-Z]{2}$'),
  regions         text[] not null default '{}',
  postal_prefixes text[] not null default '{}',
  version         int not null default 1 check (version > 0)
);
create unique index zone_whole_country on merchant.zone (country) where regions = '{}' and postal_prefixes = '{}';

-- Days, of no time zone: the location or carrier that keeps them says in which zone they begin.
create table merchant.calendar (
  id           uuid primary key,
  code         merchant.code not null unique,
  name         text not null check (btrim(name) <> ''),
  -- ISO weekday numbers, Monday is 1.
  working_days int[] not null check (working_days <@ array[1, 2, 3, 4, 5, 6, 7] and cardinality(working_days) > 0),
  closed_dates date[] not null default '{}',
  version      int not null default 1 check (version > 0)
);

create table merchant.number_series (
  legal_entity_id uuid not null references merchant.legal_entity,
  kind            text not null,
  prefix          text not null,
  next_number     bigint not null default 1 check (next_number > 0),
  primary key (legal_entity_id, kind)
);
