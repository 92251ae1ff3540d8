-- Up Migration

create schema orderviews;

-- One row an order for lists and search, kept by the events. Whatever a list is narrowed by leads an index that goes
-- on in the list's order: the newest of a channel are found without passing over everybody else's.
create table orderviews.order_row (
  order_id    uuid primary key,
  number      bigint not null,
  channel_id  uuid not null,
  reference   text,
  person_id   uuid,
  status      text not null,
  currency    text not null,
  total_minor bigint not null,
  placed_at   timestamptz not null,
  version     int not null
) with (fillfactor = 80);
create index order_row_by_placed on orderviews.order_row (placed_at, order_id);
create index order_row_by_status on orderviews.order_row (status, placed_at, order_id);
create index order_row_by_channel on orderviews.order_row (channel_id, placed_at, order_id);
create index order_row_by_number on orderviews.order_row (number);
create index order_row_by_reference on orderviews.order_row (reference) where reference is not null;
create index order_row_by_person on orderviews.order_row (person_id, placed_at, order_id) where person_id is not null;

-- What was ordered: the newest orders of a SKU, whatever became of the lines. The key is the list's order.
create table orderviews.order_variant (
  variant_id uuid not null,
  placed_at  timestamptz not null,
  order_id   uuid not null,
  primary key (variant_id, placed_at, order_id)
);
