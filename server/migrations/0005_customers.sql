-- Up Migration

create schema customers;

-- A person's data stands in `vault` only, encrypted with a key of their own that the local master key wraps:
-- without the wrapped key nothing of it can be read, wherever a copy of it lies.
create table customers.person (
  id          uuid primary key,
  kind        text not null check (kind in ('guest', 'account')),
  -- Keyed hashes of the normalised e-mail and phone: exact search without readable data.
  email_hash  bytea,
  phone_hash  bytea,
  key_version int not null,
  wrapped_key bytea,
  vault       bytea,
  -- How many events tell of this person; guests begin untold.
  version     int not null default 0 check (version >= 0),
  created_at  timestamptz not null,
  erased_at   timestamptz,
  check ((erased_at is null) = (wrapped_key is not null)),
  check (erased_at is null or (vault is null and email_hash is null and phone_hash is null))
);
create index person_by_email on customers.person (email_hash) where email_hash is not null;
create index person_by_phone on customers.person (phone_hash) where phone_hash is not null;
create unique index account_email on customers.person (email_hash) where kind = 'account' and email_hash is not null;

create table customers.address (
  id        uuid primary key,
  person_id uuid not null,
  vault     bytea,
  -- Coarse enough to stay readable: taxes, sourcing and reports need them.
  country   text not null check (country ~ '^[A-Z]{2}$'),
  region    text
);
create index address_by_person on customers.address (person_id);
