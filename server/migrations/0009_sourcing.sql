-- Up Migration

create schema sourcing;

-- What a location may do for the network.
create table sourcing.node (
  location_id   uuid primary key,
  ships         boolean not null,
  offers_pickup boolean not null,
  -- Empty means every channel.
  channel_ids   uuid[] not null default '{}',
  countries     text[] not null,
  handling_days int not null default 0 check (handling_days between 0 and 60),
  active        boolean not null default true
);

-- Stored small, rendered on read. The sequence is taken after the gates are locked: the order in which history replays.
create sequence sourcing.decision_sequence cache 1;
create table sourcing.decision (
  id         uuid primary key,
  sequence   bigint not null unique default nextval('sourcing.decision_sequence'),
  kind       text not null check (kind in ('placing', 'reallocating')),
  order_id   uuid not null,
  facts      jsonb not null,
  decided_at timestamptz not null
);
create index decision_by_order on sourcing.decision (order_id);

-- What the buyer was told, versioned.
create table sourcing.promise (
  order_id    uuid not null,
  version     int not null check (version > 0),
  decision_id uuid not null,
  method      text not null check (method in ('ship', 'pickup', 'carried_out')),
  earliest    timestamptz not null,
  latest      timestamptz not null,
  reason      text not null,
  promised_at timestamptz not null,
  primary key (order_id, version),
  check (earliest <= latest)
);
