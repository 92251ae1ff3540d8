-- Up Migration

create schema sourcing;

-- What a location may do for the network, and when it works.
create table sourcing.node (
  -- Names the node in events; the location's own id names what inventory tells of it.
  id               uuid not null unique default gen_random_uuid(),
  location_id      uuid primary key,
  ships            boolean not null,
  offers_pickup    boolean not null,
  -- Empty means every channel.
  channel_ids      uuid[] not null default '{}',
  countries        text[] not null check (countries <> '{}' or not ships),
  -- The days on which it works off orders and hands parcels over; null is every day.
  calendar_id      uuid,
  -- Between taking an order up and having it ready for a carrier: working days, then minutes of its opening hours.
  handling_days    int not null default 0 check (handling_days between 0 and 60),
  handling_minutes int not null default 0 check (handling_minutes between 0 and 2880),
  -- By its own wall clock, minutes after midnight: what comes then or later is work of the next working day.
  cut_off          int not null default 1440 check (cut_off between 1 and 1440),
  -- Opening minutes between an order and its being ready for pickup.
  pickup_minutes   int not null default 240 check (pickup_minutes between 0 and 20160),
  active           boolean not null default true,
  -- 0: never saved by anybody.
  version          int not null default 0 check (version >= 0)
);

-- Where a service is collected at another time than the node's own cut-off.
create table sourcing.cut_off (
  location_id uuid not null references sourcing.node,
  service_id  uuid not null,
  cut_off     int not null check (cut_off between 1 and 1440),
  primary key (location_id, service_id)
);

-- When people are there, by the location's wall clock, minutes after midnight; no row is around the clock.
create table sourcing.opening (
  location_id uuid not null references sourcing.node,
  weekday     int not null check (weekday between 1 and 7),
  opens       int not null check (opens between 0 and 1439),
  closes      int not null check (closes > opens and closes <= 1440),
  primary key (location_id, weekday, opens)
);

-- One for each delivery group of an order. Stored small, rendered on read. The sequence is taken after the gates are locked: the order in which history replays.
create sequence sourcing.decision_sequence cache 1;
create table sourcing.decision (
  id         uuid primary key,
  sequence   bigint not null unique default nextval('sourcing.decision_sequence'),
  kind       text not null check (kind in ('placing', 'reallocating')),
  order_id   uuid not null,
  group_number smallint not null,
  facts      jsonb not null,
  decided_at timestamptz not null
);
create index decision_by_order on sourcing.decision (order_id);

-- What the buyer was told of each delivery group, versioned.
create table sourcing.promise (
  order_id    uuid not null,
  group_number smallint not null,
  version     int not null check (version > 0),
  decision_id uuid not null,
  method      text not null check (method in ('ship', 'pickup', 'carried_out')),
  earliest    timestamptz not null,
  latest      timestamptz not null,
  reason      text not null,
  promised_at timestamptz not null,
  primary key (order_id, group_number, version),
  check (earliest <= latest)
);
