-- Up Migration

create schema identity;

create table identity.api_key (
  id           uuid primary key,
  kind         text not null check (kind in ('publishable', 'secret', 'partner')),
  name         text not null check (btrim(name) <> ''),
  -- SHA-256 of the whole key; the key has 256 random bits, so a slow hash would protect nothing more.
  hash         bytea not null unique check (length(hash) = 32),
  -- Prefix and last characters, enough for a person to tell keys apart.
  hint         text not null,
  scopes       text[] not null,
  channel_id   uuid,
  location_ids uuid[] not null default '{}',
  created_at   timestamptz not null,
  revoked_at   timestamptz check (revoked_at >= created_at),
  check ((kind = 'publishable') = (channel_id is not null)),
  check ((kind = 'secret') = (cardinality(scopes) > 0)),
  check ((kind = 'partner') = (cardinality(location_ids) > 0))
);
