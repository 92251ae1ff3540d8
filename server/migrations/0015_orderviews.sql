-- Up Migration

create schema orderviews;

-- One row an order for lists and search, kept by the events.
create table orderviews.order_row (
  order_id    uuid primary key,
  number      bigint not null,
  channel_id  uuid not null,
  reference   text,
  person_id   uuid,
  status      text not null,
  currency    text not null,
  total_minor bigint not null,
  variant_ids uuid[] not null,
  placed_at   timestamptz not null,
  version     int not null
) with (fillfactor = 80);
create index order_row_by_placed on orderviews.order_row (placed_at desc, order_id);
create index order_row_by_number on orderviews.order_row (number);
create index order_row_by_reference on orderviews.order_row (reference) where reference is not null;
create index order_row_by_person on orderviews.order_row (person_id) where person_id is not null;
create index order_row_by_variant on orderviews.order_row using gin (variant_ids);
