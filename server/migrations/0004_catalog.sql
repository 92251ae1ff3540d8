-- Up Migration

create schema catalog;

create table catalog.product (
  id          uuid primary key,
  handle      text not null unique check (handle ~ '^[a-z0-9]+(-[a-z0-9]+)*$'),
  title       text not null check (title <> ''),
  titles      jsonb not null default '{}',
  description text not null default '',
  category    text,
  brand       text,
  status      text not null check (status in ('draft', 'active', 'archived')),
  tax_class   text not null default 'standard',
  -- The id under which a CMS keeps this product's pages and media; content is referred to, never copied.
  content_ref text check (content_ref <> ''),
  -- Offered in every channel, also in those that open later; else in those that it has an assortment row for.
  every_channel boolean not null default true,
  version     int not null default 1 check (version > 0),
  -- Of the last change to the product, its variants or its assortment; its variants carry the same one.
  revision    bigint not null,
  created_at  timestamptz not null,
  updated_at  timestamptz not null
);
create index product_by_revision on catalog.product (revision);
-- The two orders a shop walks through: everything by title, and one category by title.
create index product_listed on catalog.product (title, id) where status = 'active' and every_channel;
create index product_by_category on catalog.product (category, title, id) where category is not null;
-- Word search over what a shopper reads; part of the list call's `query`.
create index product_by_words on catalog.product using gin (to_tsvector('simple', title || ' ' || coalesce(brand, '') || ' ' || coalesce(category, '')));

create table catalog.variant (
  id           uuid primary key,
  product_id   uuid not null references catalog.product,
  sku          text not null unique check (sku <> '' and sku = btrim(sku)),
  title        text not null,
  position     int not null,
  kind         text not null check (kind in ('physical', 'digital', 'gift_card', 'service', 'bundle')),
  -- Units of variants that are not stocked have no claim and skip sourcing. A bundle is stocked by its components.
  stocked      boolean not null,
  status       text not null check (status in ('active', 'archived')),
  barcode      text,
  weight_grams int check (weight_grams >= 0),
  length_mm    int check (length_mm >= 0),
  width_mm     int check (width_mm >= 0),
  height_mm    int check (height_mm >= 0),
  options      jsonb not null default '{}',
  separable    boolean not null default true,
  revision     bigint not null,
  check (stocked = (kind = 'physical'))
);
create index variant_by_product on catalog.variant (product_id, position);
create index variant_by_revision on catalog.variant (revision);

create table catalog.bundle_component (
  bundle_id    uuid not null references catalog.variant,
  component_id uuid not null references catalog.variant,
  quantity     int not null check (quantity > 0),
  position     int not null,
  primary key (bundle_id, component_id),
  check (bundle_id <> component_id)
);
create index bundle_component_by_component on catalog.bundle_component (component_id);

-- What is sold where, for the products that are not offered in every channel.
create table catalog.assortment (
  channel_id uuid not null,
  product_id uuid not null references catalog.product,
  primary key (channel_id, product_id)
);
create index assortment_by_product on catalog.assortment (product_id);
