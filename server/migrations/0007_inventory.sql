-- Up Migration

create schema inventory;

create table inventory.location (
  id              uuid primary key,
  -- Lower case, like every code of the merchant: two that differ by case only would be one to people and two to us.
  code            text not null unique check (code ~ '^[a-z0-9]+([-_.][a-z0-9]+)*$' and length(code) <= 40),
  name            text not null check (btrim(name) <> ''),
  kind            text not null check (kind in ('warehouse', 'store', '3pl', 'vendor')),
  legal_entity_id uuid not null,
  zone            text not null,
  country         text not null check (country ~ '^[A-Z]{2}$'),
  region          text,
  city            text not null,
  postal_code     text not null,
  latitude        float8 not null check (latitude between -90 and 90),
  longitude       float8 not null check (longitude between -180 and 180),
  active          boolean not null default true,
  version         int not null default 1 check (version > 0),
  revision        bigint not null
);

-- The one lock of a SKU's supply. Every writer takes the gates of its SKUs in id order, in a statement of its own.
create table inventory.gate (
  variant_id uuid primary key
) with (fillfactor = 50);

create table inventory.supply (
  id           bigint generated always as identity primary key,
  variant_id   uuid not null,
  location_id  uuid not null references inventory.location,
  kind         text not null check (kind in ('on_hand', 'inbound', 'backorder')),
  disposition  text not null default 'sellable'
               check (disposition in ('sellable', 'refurbish', 'scrap', 'vendor', 'quarantine')),
  -- Ring-fenced for one channel when set.
  channel_id   uuid,
  source_ref   uuid,
  eta          timestamptz,
  -- Of goods that nobody has ordered yet: working out a date is all that can be promised of them.
  lead_days    smallint check (lead_days between 0 and 730),
  quantity     int not null check (quantity >= 0),
  claimed      int not null default 0 check (claimed >= 0),
  safety_stock int not null default 0 check (safety_stock >= 0),
  check (claimed <= quantity),      -- oversell is impossible, whatever the code does
  check ((kind = 'inbound') = (source_ref is not null)),
  check ((kind = 'backorder') = (lead_days is not null)),
  check (kind = 'on_hand' or disposition = 'sellable'),
  check (disposition = 'sellable' or claimed = 0),
  check (safety_stock = 0 or (kind = 'on_hand' and disposition = 'sellable' and channel_id is null))
) with (fillfactor = 60);
create unique index supply_on_hand on inventory.supply (variant_id, location_id, disposition, channel_id)
  nulls not distinct where kind = 'on_hand';
create unique index supply_inbound on inventory.supply (source_ref, variant_id, channel_id)
  nulls not distinct where kind = 'inbound';
create unique index supply_backorder on inventory.supply (variant_id, location_id, channel_id)
  nulls not distinct where kind = 'backorder';
create index supply_by_variant on inventory.supply (variant_id, location_id);
create index supply_by_location on inventory.supply (location_id, variant_id);

create table inventory.claim (
  id             uuid primary key,
  demand_kind    text not null check (demand_kind in ('cart_line', 'demand_line', 'transfer_line')),
  demand_id      uuid not null,
  supply_id      bigint not null,
  -- Whose sale it is, for the channel's cap; null for transfers.
  channel_id     uuid,
  decision_id    uuid,
  quantity       int not null check (quantity > 0),
  stage          text not null check (stage in ('reserved', 'allocated', 'picked', 'consumed', 'freed')),
  -- Kept apart from `stage` so that moving between live stages touches no index (a heap-only update).
  live           boolean not null generated always as (stage in ('reserved', 'allocated', 'picked')) stored,
  reserved_until timestamptz,
  -- The latest arrival the buyer was promised; null for carts, which were promised nothing yet.
  promised_by    timestamptz,
  -- When its order was accepted; null while reserved. A partner's count of sellable units lacks these, and only these.
  accepted_at    timestamptz,
  -- The claim this one was split from first of all: a root and its splits add up to what was claimed once.
  split_from     uuid
) with (fillfactor = 60);
create index claim_by_demand on inventory.claim (demand_id);
-- With the channel: what one channel holds of a capped SKU is found without reading what the others hold.
create index claim_by_supply on inventory.claim (supply_id, channel_id) where live;

-- How far one channel may sell a SKU. Read under the SKU's gate, like the supply it limits.
create table inventory.channel_limit (
  variant_id uuid not null,
  channel_id uuid not null,
  -- Units on hand and to come that it leaves to the others.
  buffer     int not null default 0 check (buffer >= 0),
  -- Units it may hold in live claims at a time; null is no limit.
  cap        int check (cap >= 0),
  primary key (variant_id, channel_id),
  check (buffer > 0 or cap is not null)
);
create index channel_limit_by_channel on inventory.channel_limit (channel_id, variant_id);

-- Append-only: quantity = sum of quantity_delta, claimed = sum of claimed_delta, for every supply row.
create table inventory.stock_entry (
  id             bigint generated always as identity primary key,
  supply_id      bigint not null,
  reason         text not null,
  quantity_delta int not null default 0,
  claimed_delta  int not null default 0,
  claim_id       uuid,
  -- What caused it: an order, an adjustment command, a count, an inbound.
  cause          uuid,
  -- A person's own word for it, such as `damaged`.
  note           text,
  occurred_at    timestamptz not null,
  recorded_at    timestamptz not null default clock_timestamp(),
  check (quantity_delta <> 0 or claimed_delta <> 0),
  check (claimed_delta = 0 or claim_id is not null)
);
-- By business time: a count at T needs what moved after T, however long the ledger is.
create index stock_entry_by_supply on inventory.stock_entry (supply_id, occurred_at, id);

-- The newest count of a place: older ones are acknowledged and ignored.
create table inventory.count_watermark (
  variant_id  uuid not null,
  location_id uuid not null,
  disposition text not null,
  counted_at  timestamptz not null,
  meaning     text not null check (meaning in ('physical', 'sellable')),
  primary key (variant_id, location_id, disposition)
);

-- An adjustment or a partner's message is applied once per (source, key).
create table inventory.command (
  id          uuid primary key,
  source      text not null,
  key         text not null,
  fingerprint uuid not null,
  answer      jsonb not null,
  recorded_at timestamptz not null default clock_timestamp(),
  unique (source, key)
);

-- A count that contradicts work already handed to the location waits here for a person; a newer one takes its place.
create table inventory.quarantined_count (
  id          uuid primary key,
  source      text not null,
  variant_id  uuid not null,
  location_id uuid not null,
  disposition text not null,
  counted     int not null,
  counted_at  timestamptz not null,
  -- What the count would make of the units on hand, and how many of them are in work there.
  on_hand     int not null,
  in_work     int not null,
  recorded_at timestamptz not null default clock_timestamp(),
  resolved_at timestamptz
);
create unique index quarantined_count_open on inventory.quarantined_count (variant_id, location_id, disposition)
  where resolved_at is null;

create table inventory.inbound (
  id          uuid primary key,
  reference   text not null unique,
  location_id uuid not null references inventory.location,
  eta         timestamptz not null,
  status      text not null check (status in ('open', 'received', 'cancelled')),
  version     int not null default 1 check (version > 0),
  created_at  timestamptz not null
);
create table inventory.inbound_line (
  inbound_id uuid not null references inventory.inbound,
  variant_id uuid not null,
  channel_id uuid,
  expected   int not null check (expected > 0),
  received   int not null default 0 check (received >= 0),
  unique nulls not distinct (inbound_id, variant_id, channel_id)
);

-- Published: what sourcing and browse may know of a location.
create view inventory.place as
  select id, code, name, kind, zone, country, region, city, postal_code, latitude, longitude
    from inventory.location where active;
