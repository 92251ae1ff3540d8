-- Up Migration

create schema shipping;

create table shipping.carrier (
  id      uuid primary key,
  code    text not null unique check (code ~ '^[a-z0-9]+([-_.][a-z0-9]+)*$'),
  name    text not null check (btrim(name) <> ''),
  version int not null default 1 check (version > 0)
);

create table shipping.service (
  id         uuid primary key,
  code       text not null unique check (code ~ '^[a-z0-9]+([-_.][a-z0-9]+)*$'),
  name       text not null check (btrim(name) <> ''),
  carrier_id uuid not null references shipping.carrier,
  -- The days on which it collects, travels and delivers; null is every day.
  calendar_id uuid,
  active     boolean not null default true,
  version    int not null default 1 check (version > 0)
);

-- Working days of a service on the road. A prefix stands for the postal codes that begin with it, '' for all of the
-- country; where several fit the longest speaks, the destination's before the origin's.
create table shipping.transit (
  service_id   uuid not null references shipping.service,
  from_country text not null check (from_country ~ '^[A-Z]{2}$'),
  from_prefix  text not null default '' check (from_prefix ~ '^[A-Z0-9]{0,10}$'),
  to_country   text not null check (to_country ~ '^[A-Z]{2}$'),
  to_prefix    text not null default '' check (to_prefix ~ '^[A-Z0-9]{0,10}$'),
  days_min     int not null check (days_min >= 0),
  days_max     int not null check (days_max >= days_min and days_max <= 365),
  primary key (service_id, from_country, from_prefix, to_country, to_prefix)
);
