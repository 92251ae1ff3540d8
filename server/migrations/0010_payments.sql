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
  -- Where the provider sends the buyer back to; kept with the token, as asking again must ask for the same.
  return_url         text,
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
  decided_at         timestamptz,
  -- The person or key that decided what the provider did not tell; the audit log has their evidence.
  decided_by         text,
  check (decided_by is null or status in ('authorised', 'void_due', 'voided'))
) with (fillfactor = 60);
create index attempt_by_order on payments.attempt (order_id);
create unique index attempt_undecided on payments.attempt (order_id, tender) where undecided;
create unique index attempt_reference on payments.attempt (provider, provider_reference) where provider_reference is not null;
create index attempt_due on payments.attempt (next_try_at) where next_try_at is not null;

-- Money facts, append-only. What a gift card or store credit paid is one too: provider `gift_card` or `store_credit`,
-- its reference the tender's id.
create table payments.transaction (
  id                 uuid primary key,
  attempt_id         uuid,
  order_id           uuid not null,
  -- Which of the order's tenders; 1 is the provider's.
  tender             int not null default 1 check (tender > 0),
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

-- Money that we owe: gift cards, to whoever knows the code, and store credit, to a customer. The row is the lock of
-- everything that happens to it; the entries below say how it came to be what it is.
create table payments.value_account (
  id               uuid primary key,
  kind             text not null check (kind in ('gift_card', 'store_credit')),
  -- Whose debt it is: only this entity's channels take it.
  legal_entity_id  uuid not null,
  currency         text not null check (currency ~ '^[A-Z]{3}$'),
  -- All that is owed, what waiting orders hold included.
  balance_minor    bigint not null check (balance_minor between 0 and 999999999999),
  reserved_minor   bigint not null default 0 check (reserved_minor >= 0),
  blocked          boolean not null default false,
  expires_at       timestamptz,
  -- When what was free was taken back. Value that an order gives back later stays until a person decides.
  expired_at       timestamptz,
  -- HMAC-SHA-256 of a gift card's code, and its end for people.
  code_hash        bytea check (length(code_hash) = 32),
  code_last4       text check (code_last4 ~ '^[2-9A-Z]{4}$'),
  -- The code itself, encrypted under this version of the master key, until a day after it was shown.
  code_sealed      bytea,
  code_key_version int,
  code_shown_at    timestamptz,
  -- Of a card that was bought: which unit of which demand line it is.
  sold_order_id    uuid,
  sold_demand_id   uuid,
  sold_unit        int check (sold_unit > 0),
  -- Of store credit: whose it is.
  person_id        uuid,
  -- The number of events of this account.
  version          int not null check (version >= 0),
  created_at       timestamptz not null,
  check (reserved_minor <= balance_minor),
  check ((kind = 'gift_card') = (code_hash is not null) and (kind = 'gift_card') = (code_last4 is not null)),
  check ((kind = 'store_credit') = (person_id is not null)),
  check ((code_sealed is null) = (code_key_version is null)),
  check (num_nulls(sold_order_id, sold_demand_id, sold_unit) in (0, 3) and (sold_unit is null or kind = 'gift_card')),
  check (expired_at is null or expires_at <= expired_at)
) with (fillfactor = 70);
create unique index value_account_code on payments.value_account (code_hash) where kind = 'gift_card';
create unique index value_account_sold on payments.value_account (sold_demand_id, sold_unit) where sold_unit is not null;
create index value_account_by_order on payments.value_account (sold_order_id) where sold_unit is not null;
create unique index value_account_person on payments.value_account (person_id, legal_entity_id, currency)
  where kind = 'store_credit';
create index value_account_by_last4 on payments.value_account (code_last4) where kind = 'gift_card';
create index value_account_expiry on payments.value_account (expires_at) where expired_at is null and expires_at is not null;
create index value_account_shown on payments.value_account (code_shown_at) where code_sealed is not null;

-- What an order is paid with besides a provider: reserved when it is placed, posted when it is accepted, released when
-- it ends before that. Tender 1 is the provider's.
create table payments.value_tender (
  id             uuid primary key,
  order_id       uuid not null,
  tender         int not null check (tender > 1),
  account_id     uuid not null references payments.value_account,
  amount_minor   bigint not null check (amount_minor > 0),
  currency       text not null check (currency ~ '^[A-Z]{3}$'),
  status         text not null check (status in ('reserved', 'posted', 'released')),
  refunded_minor bigint not null default 0 check (refunded_minor between 0 and amount_minor),
  created_at     timestamptz not null,
  decided_at     timestamptz,
  unique (order_id, tender),
  unique (order_id, account_id),
  check (refunded_minor = 0 or status = 'posted'),
  check ((status = 'reserved') = (decided_at is null))
) with (fillfactor = 70);
create index value_tender_reserved on payments.value_tender (account_id) where status = 'reserved';

-- The ledger of stored value, append-only: an account's balance and what is reserved of it are the sums of these.
create table payments.value_entry (
  id             bigint generated always as identity primary key,
  account_id     uuid not null references payments.value_account,
  reason         text not null,
  balance_delta  bigint not null,
  reserved_delta bigint not null,
  tender_id      uuid references payments.value_tender,
  -- Names an issue or an adjustment in the audit log.
  command_id     uuid unique,
  occurred_at    timestamptz not null,
  recorded_at    timestamptz not null default clock_timestamp(),
  check (case reason
           when 'issued'   then balance_delta > 0 and reserved_delta = 0
           when 'reserved' then balance_delta = 0 and reserved_delta > 0
           when 'posted'   then balance_delta < 0 and reserved_delta = balance_delta
           when 'released' then balance_delta = 0 and reserved_delta < 0
           when 'refunded' then balance_delta > 0 and reserved_delta = 0
           when 'adjusted' then balance_delta <> 0 and reserved_delta = 0
           when 'expired'  then balance_delta < 0 and reserved_delta = 0
           else false
         end),
  check ((reason in ('reserved', 'posted', 'released', 'refunded')) = (tender_id is not null))
);
create index value_entry_by_account on payments.value_entry (account_id, id);
-- A tender takes each of its steps once.
create unique index value_entry_step on payments.value_entry (tender_id, reason)
  where reason in ('reserved', 'posted', 'released');
