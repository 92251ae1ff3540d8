-- Up Migration

create schema payments;

-- The intent to move money, committed before the provider is called; its id is the provider's idempotency key.
create table payments.attempt (
  id                 uuid primary key,
  order_id           uuid not null,
  tender             int not null default 1 check (tender > 0),
  provider           text not null,
  amount_minor       bigint not null check (amount_minor > 0),
  currency           text not null check (currency ~ '^[A-Z]{3}$'),
  status             text not null check (status in
                       ('pending', 'action_required', 'unknown', 'authorised', 'declined', 'mismatched', 'void_due', 'voided')),
  -- Pending, waiting for the buyer, or unknown: at most one such attempt per order and tender.
  undecided          boolean not null generated always as (status in ('pending', 'action_required', 'unknown')) stored,
  -- The provider's one-time token; gone as soon as the provider has answered.
  token              text,
  provider_reference text,
  action_url         text,
  failure            text,
  -- The request that began it: whoever settles it also keeps that request's answer.
  request_key        uuid,
  request_run        uuid,
  tries              int not null default 0,
  -- The only truth about when this is tried again; null when nothing is left to do.
  next_try_at        timestamptz,
  leased_until       timestamptz,
  -- The number of events of this attempt.
  version            int not null default 0,
  created_at         timestamptz not null,
  decided_at         timestamptz
) with (fillfactor = 60);
create index attempt_by_order on payments.attempt (order_id);
create unique index attempt_undecided on payments.attempt (order_id, tender) where undecided;
create unique index attempt_reference on payments.attempt (provider, provider_reference) where provider_reference is not null;
create index attempt_due on payments.attempt (next_try_at) where next_try_at is not null;

-- Money facts, append-only.
create table payments.transaction (
  id                 uuid primary key,
  attempt_id         uuid,
  order_id           uuid not null,
  kind               text not null check (kind in ('authorisation', 'capture', 'refund', 'void', 'external')),
  amount_minor       bigint not null check (amount_minor > 0),
  currency           text not null check (currency ~ '^[A-Z]{3}$'),
  provider           text not null,
  provider_reference text not null,
  occurred_at        timestamptz not null,
  recorded_at        timestamptz not null default clock_timestamp(),
  unique (provider, provider_reference, kind)
);
create index transaction_by_order on payments.transaction (order_id);
