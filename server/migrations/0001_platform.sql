-- Up Migration

create schema if not exists platform;

-- Business now = anchor_business + (database clock - anchor_database) * rate. Only the sandbox may change the rate.
create table platform.clock (
  only_row        boolean primary key default true check (only_row),
  anchor_business timestamptz not null default clock_timestamp(),
  anchor_database timestamptz not null default clock_timestamp(),
  rate            float8 not null default 1 check (rate > 0)
);
insert into platform.clock default values;

-- HMAC of the master key this database was made with: a process with another one must not begin.
create table platform.master_key (
  only_row boolean primary key default true check (only_row),
  digest   bytea not null check (length(digest) = 32)
);

-- Events are the record and the outbox. Positions come from a sequence without cache, taken after the transaction got
-- its id: that is what lets a reader know when every position up to one it saw is final.
create sequence platform.event_position cache 1;
create table platform.event (
  position       bigint primary key default nextval('platform.event_position'),
  type           text not null,
  aggregate_kind text not null,
  aggregate_id   uuid not null,
  version        int not null check (version > 0),
  data           jsonb not null,
  occurred_at    timestamptz not null,
  recorded_at    timestamptz not null default clock_timestamp(),
  unique (aggregate_id, version)
);

-- The revision of what a room configures (prices, products, network …). A writer locks its room's row, so commit order
-- is revision order: a node's cache compares one number and reads what changed since.
create table platform.revision (
  room  text primary key,
  value bigint not null default 1
) with (fillfactor = 50);
insert into platform.revision (room)
  values ('merchant'), ('identity'), ('catalog'), ('customers'), ('pricing'), ('inventory'), ('shipping'), ('sourcing');

-- A durable reader's position moves in the transaction that carries its effect.
create table platform.event_reader (
  name     text primary key,
  position bigint not null default 0 check (position >= 0)
);

-- An aggregate whose reaction failed: its later events wait here until it is retried, the others go on.
create table platform.parked_event (
  reader       text not null references platform.event_reader,
  aggregate_id uuid not null,
  position     bigint not null references platform.event,
  reason       text not null,
  parked_at    timestamptz not null,
  primary key (reader, position)
);
create index parked_event_by_aggregate on platform.parked_event (reader, aggregate_id, position);

-- id = the first 16 bytes of SHA-256(caller, key); the key itself is never stored.
create table platform.idempotency_key (
  id           uuid primary key,
  fingerprint  uuid not null,
  run          uuid not null,
  status       text not null default 'in_progress' check (status in ('in_progress', 'completed')),
  object_id    uuid,
  answer       jsonb,
  locked_until timestamptz not null,
  created_at   timestamptz not null,
  check (status = 'in_progress' or answer is not null)
) with (fillfactor = 70);
create index idempotency_key_by_age on platform.idempotency_key using brin (created_at);

-- Every write by a person, a secret key or a partner key. Appended without a number; the sealer numbers and chains.
create table platform.audit_entry (
  id          uuid primary key,
  actor       text not null,
  action      text not null,
  object      text not null,
  detail      jsonb not null,
  recorded_at timestamptz not null default clock_timestamp(),
  number      bigint unique,
  hash        bytea,
  check ((number is null) = (hash is null))
);
create index audit_entry_unsealed on platform.audit_entry (recorded_at) where number is null;

-- One row a running process: who is alive, so that a killed worker's jobs can be freed.
create table platform.process (
  id           uuid primary key,
  kind         text not null,
  -- The name under which a worker holds jobs.
  worker       text unique,
  host         text not null,
  pid          int not null,
  version      text not null,
  started_at   timestamptz not null,
  heartbeat_at timestamptz not null
);

-- At most one process at a time does a leader's work (sweeps, sealing); a lease, not a session lock, so that it
-- also works through a transaction pooler.
create table platform.lease (
  name       text primary key,
  holder     uuid not null,
  held_until timestamptz not null
);

-- The last result of every audit predicate.
create table platform.audit_result (
  name       text primary key,
  violations int not null check (violations >= 0),
  sample     jsonb not null,
  ran_at     timestamptz not null,
  ms         int not null
);
