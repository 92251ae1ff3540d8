-- Up Migration

create schema catalog;

-- Lower case: two codes that differ by case only would be one to people and two to us.
create domain catalog.code as text check (value ~ '^[a-z0-9]+([-_][a-z0-9]+)*$' and length(value) <= 60);
create domain catalog.handle as text check (value ~ '^[a-z0-9]+(-[a-z0-9]+)*$' and length(value) <= 120);

-- The tree that shoppers walk through. Depth and cycles are for the room to refuse: it reads the tree whole.
create table catalog.category (
  id        uuid primary key,
  code      catalog.code not null unique,
  parent_id uuid references catalog.category check (parent_id <> id),
  position  int not null default 0,
  name      text not null check (name <> ''),
  -- By locale: name and handle, where they differ.
  texts     jsonb not null default '{}' check (jsonb_typeof(texts) = 'object'),
  active    boolean not null default true,
  version   int not null default 1 check (version > 0)
);
create unique index category_place on catalog.category (parent_id, position, code);

-- What products and variants can be told by. Type and level stay: values were written by them.
create table catalog.attribute (
  id         uuid primary key,
  code       catalog.code not null unique,
  name       text not null check (name <> ''),
  names      jsonb not null default '{}' check (jsonb_typeof(names) = 'object'),
  type       text not null check (type in ('text', 'number', 'boolean', 'choice')),
  level      text not null check (level in ('product', 'variant')),
  unit       text check (unit <> ''),
  filterable boolean not null default false,
  position   int not null default 0,
  -- Of a choice: what may be chosen, in order, each with its names.
  choices    jsonb not null default '[]' check (jsonb_typeof(choices) = 'array'),
  version    int not null default 1 check (version > 0),
  check (unit is null or type = 'number'),
  check ((type = 'choice') = (choices <> '[]')),
  -- A filter offers values: text has as many as products.
  check (not filterable or type <> 'text')
);

create table catalog.product (
  id          uuid primary key,
  handle      catalog.handle not null unique,
  title       text not null check (title <> ''),
  -- By locale: title, description and handle, where they differ.
  texts       jsonb not null default '{}' check (jsonb_typeof(texts) = 'object'),
  description text not null default '',
  brand       text,
  status      text not null check (status in ('draft', 'active', 'archived')),
  tax_class   text not null default 'standard',
  -- Pictures and the like by address, pages by the id a CMS gave them: content is referred to, never copied.
  media       jsonb not null default '[]' check (jsonb_typeof(media) = 'array'),
  content     jsonb not null default '[]' check (jsonb_typeof(content) = 'array'),
  -- By code of the attribute.
  attributes  jsonb not null default '{}' check (jsonb_typeof(attributes) = 'object'),
  -- Offered in every channel, also in those that open later; else in those that it has an assortment row for.
  every_channel boolean not null default true,
  version     int not null default 1 check (version > 0),
  -- Of the last change to the product, its variants or its assortment; its variants carry the same one.
  revision    bigint not null,
  created_at  timestamptz not null,
  updated_at  timestamptz not null
);
create index product_by_revision on catalog.product (revision);

-- Every handle a product has or had, in any locale: addresses that were handed out lead to it for ever.
create table catalog.product_handle (
  handle     catalog.handle primary key,
  product_id uuid not null references catalog.product
);
create index product_handle_by_product on catalog.product_handle (product_id);

create table catalog.product_category (
  product_id  uuid not null references catalog.product,
  category_id uuid not null references catalog.category,
  position    int not null,
  -- The product's, for lists of a category by title.
  title       text not null,
  primary key (product_id, category_id)
);
create index product_category_by_title on catalog.product_category (category_id, title, product_id);

create table catalog.variant (
  id           uuid primary key,
  product_id   uuid not null references catalog.product,
  sku          text not null unique check (sku <> '' and sku = btrim(sku)),
  title        text not null,
  titles       jsonb not null default '{}' check (jsonb_typeof(titles) = 'object'),
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
  attributes   jsonb not null default '{}' check (jsonb_typeof(attributes) = 'object'),
  separable    boolean not null default true,
  revision     bigint not null,
  check (stocked = (kind = 'physical')),
  check (kind = 'physical' or num_nonnulls(weight_grams, length_mm, width_mm, height_mm) = 0),
  check (kind = 'bundle' or separable)
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

-- To whom, where and when, beyond channels. A rule holds where all it names holds; an empty list names nothing.
create table catalog.assortment_rule (
  product_id   uuid not null references catalog.product,
  position     int not null,
  effect       text not null check (effect in ('offer', 'withhold')),
  channel_ids  uuid[] not null default '{}',
  countries    text[] not null default '{}',
  -- ISO 3166-2: US-CA
  regions      text[] not null default '{}',
  segment_ids  uuid[] not null default '{}',
  location_ids uuid[] not null default '{}',
  valid_from   timestamptz,
  valid_until  timestamptz,
  primary key (product_id, position),
  check (valid_from < valid_until),
  check (cardinality(channel_ids) + cardinality(countries) + cardinality(regions) + cardinality(segment_ids)
         + cardinality(location_ids) + num_nonnulls(valid_from, valid_until) > 0)
);
create index assortment_rule_from on catalog.assortment_rule (valid_from) where valid_from is not null;
create index assortment_rule_until on catalog.assortment_rule (valid_until) where valid_until is not null;

-- What lists and search look through, a projection of the tables above, written with them.
create table catalog.search_entry (
  product_id uuid primary key references catalog.product,
  title      text not null,
  -- Active with an active variant, in every channel and without rules: all of the by-title list that needs no look.
  everywhere boolean not null,
  has_rules  boolean not null,
  -- Words of every locale by weight, and what filters ask for: `c:` category, `b:` brand, `a:` attribute, `o:` where it
  -- is offered, which only what is listed has.
  document   tsvector not null,
  -- The filters again, to be counted.
  facets     text[] not null,
  -- Values of number attributes: { "capacity": [20, 40] }
  numbers    jsonb not null default '{}'
);
create index search_entry_by_title on catalog.search_entry (title, product_id) where everywhere;
-- Without a list of pending entries, which every search would have to read through after an import.
create index search_entry_by_document on catalog.search_entry using gin (document) with (fastupdate = off);
-- The few that the list by title has to look at one by one.
create index search_entry_elsewhere on catalog.search_entry using gin (document) where not everywhere;

-- Every word of what is found that is long enough to be mistyped: what may have been meant. Words stay when products go.
create table catalog.search_word (
  word text collate "C" primary key,
  -- The word and what is left of it with a letter or two taken away: words within a typing error share one.
  stubs text[] not null
);
create index search_word_by_stub on catalog.search_word using gin (stubs);

create aggregate catalog.concatenated(tsvector) (sfunc = tsvector_concat, stype = tsvector);
