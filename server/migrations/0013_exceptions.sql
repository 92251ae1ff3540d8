-- Up Migration

create schema exceptions;

create table exceptions.exception (
  id          uuid primary key,
  reason      text not null check (reason ~ '^[a-z][a-z0-9_]*$'),
  object_kind text not null,
  object_id   uuid not null,
  facts       jsonb not null,
  owner       text,
  next_action text not null check (next_action <> ''),
  raised_at   timestamptz not null,
  due_at      timestamptz,
  closed_at   timestamptz,
  closed_by   text,
  resolution  text,
  check ((closed_at is null) = (closed_by is null)),
  check ((closed_at is null) = (resolution is null))
);
-- One open exception per object and reason: raising again adds nothing to the queue.
create unique index exception_open on exceptions.exception (object_id, reason) where closed_at is null;
create index exception_queue on exceptions.exception (raised_at, id) where closed_at is null;
create index exception_by_reason on exceptions.exception (reason, raised_at, id);
create index exception_closed on exceptions.exception (raised_at, id) where closed_at is not null;
create index exception_by_object on exceptions.exception (object_id, raised_at);
