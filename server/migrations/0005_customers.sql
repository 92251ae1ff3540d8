-- Up Migration

create schema customers;

-- A person's data stands in `vault` only, encrypted with a key of their own that the local master key wraps:
-- without the wrapped key nothing of it can be read, wherever a copy of it lies.
create table customers.person (
  id          uuid primary key,
  kind        text not null check (kind in ('guest', 'account')),
  -- Keyed hashes of the normalised e-mail and phone: exact search without readable data.
  email_hash  bytea check (length(email_hash) = 16),
  phone_hash  bytea check (length(phone_hash) = 16),
  key_version int not null,
  wrapped_key bytea,
  vault       bytea,
  -- How many events tell of this person; guests begin untold.
  version     int not null default 0 check (version >= 0),
  created_at  timestamptz not null,
  erased_at   timestamptz,
  -- The account whose owner this guest turned out to be; their orders keep the guest's id.
  merged_into uuid,
  merged_at   timestamptz,
  check ((erased_at is null) = (wrapped_key is not null)),
  check (erased_at is null or (vault is null and email_hash is null and phone_hash is null)),
  check ((merged_into is null) = (merged_at is null)),
  check (merged_into is null or (kind = 'guest' and merged_into <> id))
);
create index person_by_email on customers.person (email_hash) where email_hash is not null;
create index person_by_phone on customers.person (phone_hash) where phone_hash is not null;
create unique index account_email on customers.person (email_hash) where kind = 'account' and email_hash is not null;
create index account_by_age on customers.person (id) where kind = 'account';
create index guest_by_account on customers.person (merged_into) where merged_into is not null;

create table customers.address (
  id        uuid primary key,
  person_id uuid not null,
  vault     bytea,
  -- Coarse enough to stay readable: taxes, sourcing and reports need them.
  country   text not null check (country ~ '^[A-Z]{2}$'),
  region    text,
  -- Shown in the person's address book; orders refer to the others too.
  listed    boolean not null default false
);
create index address_by_person on customers.address (person_id);

-- What an account has beyond a person: how its owner comes in, and what the merchant says of it.
create table customers.account (
  person_id         uuid primary key references customers.person,
  email_verified_at timestamptz,
  -- Argon2id with its salt and cost, in the PHC form; null for who comes in by an identity provider only.
  password_hash     text check (password_hash like '$argon2id$%'),
  locale            text,
  default_address   uuid references customers.address,
  tags              text[] not null default '{}' check (cardinality(tags) <= 50 and array_position(tags, null) is null),
  tax_exempt        boolean not null default false,
  tax_exempt_until  timestamptz,
  check (tax_exempt or tax_exempt_until is null)
);
create index account_by_tag on customers.account using gin (tags);

-- Who an identity provider says somebody is; the subject is kept as a keyed hash.
create table customers.login (
  provider_id  uuid not null,
  subject_hash bytea not null check (length(subject_hash) = 16),
  person_id    uuid not null references customers.account,
  created_at   timestamptz not null,
  primary key (provider_id, subject_hash)
);
create index login_by_person on customers.login (person_id);

-- Wall time: a session is a technical thing and ends by the real clock.
create table customers.session (
  id         uuid primary key,
  person_id  uuid not null references customers.account,
  channel_id uuid not null,
  created_at timestamptz not null,
  expires_at timestamptz not null check (expires_at > created_at),
  revoked_at timestamptz
);
create index session_by_person on customers.session (person_id) where revoked_at is null;
create index session_by_expiry on customers.session (expires_at);

-- What is to be told to an account's owner with a secret in it: an intent, written with what it is about.
create table customers.message (
  id          uuid primary key,
  person_id   uuid not null references customers.account,
  channel_id  uuid not null,
  kind        text not null check (kind in ('verify_email', 'reset_password', 'already_registered')),
  -- SHA-256 of a token of 256 random bits; the token itself lies in the vault until it was used.
  token_hash  bytea unique check (length(token_hash) = 32),
  vault       bytea,
  -- The e-mail address it was made for: a token proves no other.
  email_hash  bytea,
  -- What the sign-up that asked for this message chose as password, where the e-mail had an account already: it is the
  -- account's only when this message's token comes back with it. Argon2id, in the PHC form.
  password_hash text check (password_hash like '$argon2id$%'),
  created_at  timestamptz not null,
  expires_at  timestamptz not null,
  revealed_at timestamptz,
  used_at     timestamptz,
  check ((kind = 'already_registered') = (token_hash is null)),
  check (password_hash is null or (kind = 'verify_email' and used_at is null))
);
create index message_by_person on customers.message (person_id, kind, created_at);
create index message_unrevealed on customers.message (id) where revealed_at is null;
create index message_by_expiry on customers.message (expires_at);

-- Failed sign-ins by a keyed hash of the e-mail (whether it has an account or not) and of the address they came from.
create table customers.sign_in_throttle (
  key             bytea primary key check (length(key) = 16),
  failures        int not null check (failures >= 0),
  blocked_until   timestamptz not null,
  counted_at    timestamptz not null
) with (fillfactor = 70);
create index sign_in_throttle_by_age on customers.sign_in_throttle (counted_at);

-- Append-only: what was said, when, on which wording. The current state is the entry that occurred last.
create table customers.consent_entry (
  id              uuid primary key,
  person_id       uuid not null,
  purpose         text not null check (purpose ~ '^[a-z][a-z0-9_]{0,39}$'),
  channel         text not null check (channel in ('email', 'sms', 'phone', 'push', 'post', 'web')),
  decision        text not null check (decision in ('given', 'withdrawn')),
  wording_version text not null,
  source          text not null check (source ~ '^[a-z][a-z0-9_]{0,39}$'),
  -- The key or the person themselves, in its public form.
  actor           text not null,
  occurred_at     timestamptz not null,
  recorded_at     timestamptz not null
);
create index consent_by_person on customers.consent_entry (person_id, purpose, channel, occurred_at desc, id desc);

create function customers.refuse_change() returns trigger language plpgsql as $$
begin
  raise exception '% is append-only', tg_table_name using errcode = 'restrict_violation';
end $$;
create trigger consent_is_append_only before update or delete on customers.consent_entry
  for each row execute function customers.refuse_change();

create table customers.note (
  id         uuid primary key,
  person_id  uuid not null references customers.person,
  author     text not null,
  vault      bytea,
  created_at timestamptz not null
);
create index note_by_person on customers.note (person_id, id desc);

create table customers.segment (
  id       uuid primary key,
  code     text not null unique,
  name     text not null,
  -- Checked before it is saved; see decide-segments.ts for its form.
  rule     jsonb not null,
  active   boolean not null default true,
  version  int not null default 1 check (version > 0),
  revision bigint not null
);

-- The orders that count for an account, and their sums: what segments may ask about.
create table customers.counted_order (
  order_id    uuid primary key,
  account_id  uuid not null references customers.account,
  currency    text not null check (currency ~ '^[A-Z]{3}$'),
  total_minor bigint not null,
  placed_at   timestamptz not null
);
create index counted_order_by_account on customers.counted_order (account_id, currency);

create table customers.order_facts (
  account_id    uuid not null references customers.account,
  currency      text not null,
  order_count   int not null check (order_count > 0),
  spent_minor   bigint not null,
  last_order_at timestamptz not null,
  primary key (account_id, currency)
) with (fillfactor = 80);
