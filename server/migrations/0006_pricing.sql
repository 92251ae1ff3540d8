-- Up Migration

create schema pricing;

create table pricing.price_list (
  id           uuid primary key,
  code         text not null unique,
  name         text not null,
  -- Null, here and in the five below, means whatever it is: every channel that sells in this currency, every market …
  channel_id   uuid,
  market_id    uuid,
  country      text check (country ~ '^[A-Z]{2}$'),
  region       text check (region ~ '^[A-Z0-9]{1,3}$'),
  location_id  uuid,
  segment_id   uuid,
  currency     text not null check (currency ~ '^[A-Z]{3}$'),
  tax_included boolean not null,
  priority     int not null default 0,
  valid_from   timestamptz,
  valid_until  timestamptz,
  version      int not null default 1 check (version > 0),
  revision     bigint not null,
  check (region is null or country is not null),
  check (valid_from is null or valid_until is null or valid_from < valid_until)
);

create table pricing.price (
  price_list_id uuid not null references pricing.price_list,
  variant_id    uuid not null,
  -- Holds from this many units on; 1 for the price of a single one.
  min_quantity  int not null default 1 check (min_quantity > 0),
  -- Null withdraws the price: the row stays, so that a node's cache learns of it by its revision.
  amount_minor  bigint check (amount_minor >= 0),
  revision      bigint not null,
  primary key (variant_id, price_list_id, min_quantity)
);
create index price_by_revision on pricing.price (revision);
create index price_by_list on pricing.price (price_list_id, variant_id, min_quantity);

create table pricing.tax_rate (
  id          uuid primary key,
  zone_id     uuid not null,
  tax_class   text not null,
  name        text not null,
  -- Parts per million: 8.875 % is 88750.
  rate_ppm    int not null check (rate_ppm between 0 and 1000000),
  -- That no two of a zone and class are valid at once is checked when one is saved: writers wait for each other there.
  valid_from  timestamptz,
  valid_until timestamptz,
  version     int not null default 1 check (version > 0),
  unique nulls not distinct (zone_id, tax_class, valid_from),
  unique nulls not distinct (zone_id, tax_class, valid_until),
  check (valid_from is null or valid_until is null or valid_from < valid_until)
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
  -- Items total, before discounts, from which delivery is free; in the tariff's currency.
  free_from_minor  bigint check (free_from_minor > 0),
  tax_class        text not null default 'standard',
  active           boolean not null default true,
  version          int not null default 1 check (version > 0),
  check (cardinality(countries) > 0),
  check ((method = 'ship') = (service_id is not null))
);

create table pricing.promotion (
  id               uuid primary key,
  name             text not null check (btrim(name) <> ''),
  active           boolean not null,
  -- Of its amounts; null where it names none.
  currency         text check (currency ~ '^[A-Z]{3}$'),
  priority         int not null,
  combinable       boolean not null,
  needs_code       boolean not null,
  valid_from       timestamptz,
  valid_until      timestamptz,
  -- Empty, here and below, means all.
  channel_ids      uuid[] not null,
  market_ids       uuid[] not null,
  segment_ids      uuid[] not null,
  variant_ids      uuid[] not null,
  product_ids      uuid[] not null,
  categories       text[] not null,
  -- What the goods it is about must come to before discounts, and how many units they must be.
  items_min_minor  bigint check (items_min_minor > 0),
  quantity_min     int check (quantity_min > 0),
  effect           text not null check (effect in ('percent_off', 'amount_off', 'bundle_price', 'buy_x_get_y',
                                                   'delivery_percent_off', 'delivery_amount_off')),
  -- Parts per million taken off: more than everything would be a gift of money.
  rate_ppm         int check (rate_ppm between 1 and 1000000),
  -- Taken off, or the price of a bundle.
  amount_minor     bigint check (amount_minor > 0),
  part_variant_ids uuid[],
  part_units       int[] check (0 < all (part_units)),
  buy_units        int check (buy_units > 0),
  get_units        int check (get_units > 0),
  -- How often a bundle or a group counts in one order.
  times_max        int check (times_max > 0),
  tariff_ids       uuid[],
  -- Orders that may use it, of all buyers and of one. Whether it is limited at all stays as it was made.
  uses_max              int check (uses_max > 0),
  uses_per_customer_max int check (uses_per_customer_max > 0),
  version          int not null default 1 check (version > 0),
  check (valid_from is null or valid_until is null or valid_from < valid_until),
  check (currency is not null or (items_min_minor is null and amount_minor is null)),
  check ((rate_ppm is not null) = (effect in ('percent_off', 'buy_x_get_y', 'delivery_percent_off'))),
  check ((amount_minor is not null) = (effect in ('amount_off', 'bundle_price', 'delivery_amount_off'))),
  check ((part_variant_ids is not null) = (effect = 'bundle_price')),
  check (part_units is null or cardinality(part_units) > 0),
  check (cardinality(part_variant_ids) is not distinct from cardinality(part_units)),
  check ((buy_units is not null and get_units is not null) = (effect = 'buy_x_get_y')),
  check ((buy_units is null) = (get_units is null)),
  check (times_max is null or effect in ('bundle_price', 'buy_x_get_y')),
  check ((tariff_ids is not null) = (effect in ('delivery_percent_off', 'delivery_amount_off')))
);

-- How often a limited promotion was used: a row of its own, so that the road orders take locks no configuration.
create table pricing.promotion_uses (
  promotion_id uuid primary key references pricing.promotion,
  uses_max     int not null check (uses_max > 0),
  used         int not null default 0 check (used >= 0),
  check (used <= uses_max)          -- no use too many, whatever the code does
);

create table pricing.promotion_code (
  id           uuid primary key,
  promotion_id uuid not null references pricing.promotion,
  -- Upper case, unique: what people type is compared without its case.
  code         text not null unique check (code = upper(code) and code ~ '^[A-Z0-9][A-Z0-9_-]{2,39}$'),
  -- Null: any number, and then nobody counts; what was used is in the redemptions.
  uses_max     int check (uses_max > 0),
  used         int not null default 0 check (used >= 0),
  active       boolean not null default true,
  -- The request that made it; those of one request are one batch.
  batch_id     uuid not null,
  created_at   timestamptz not null,
  version      int not null default 1 check (version > 0),
  check (used <= uses_max)
);
create index promotion_code_by_promotion on pricing.promotion_code (promotion_id, id);
create index promotion_code_by_batch on pricing.promotion_code (batch_id, id);

-- How often one buyer used a promotion that is limited by buyer. The key is the account's, or a keyed hash of an e-mail.
create table pricing.customer_uses (
  promotion_id uuid not null references pricing.promotion,
  customer_key bytea not null check (length(customer_key) between 16 and 64),
  uses_max     int not null check (uses_max > 0),
  used         int not null default 0 check (used >= 0),
  primary key (promotion_id, customer_key),
  check (used <= uses_max)
);

-- An order's use of a promotion: reserved with its claims, posted when it opens, released when it ends.
create table pricing.redemption (
  order_id          uuid not null,
  promotion_id      uuid not null references pricing.promotion,
  promotion_version int not null check (promotion_version > 0),
  code_id           uuid references pricing.promotion_code,
  -- Only where uses are counted by buyer.
  customer_key      bytea,
  state             text not null check (state in ('reserved', 'posted', 'released')),
  currency          text not null check (currency ~ '^[A-Z]{3}$'),
  goods_minor       bigint not null check (goods_minor >= 0),
  delivery_minor    bigint not null check (delivery_minor >= 0),
  recorded_at       timestamptz not null,
  primary key (order_id, promotion_id),
  check (goods_minor + delivery_minor > 0)
);
create index redemption_by_promotion on pricing.redemption (promotion_id) where state <> 'released';
create index redemption_by_code on pricing.redemption (code_id) where code_id is not null and state <> 'released';
