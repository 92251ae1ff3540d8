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

-- Who may say who a shopper is: the issuer of signed tokens that heads bring along.
create table identity.provider (
  id            uuid primary key,
  code          text not null unique,
  name          text not null,
  channel_ids   uuid[] not null check (cardinality(channel_ids) > 0),
  issuer        text not null,
  audience      text not null,
  -- Either where the keys are fetched from, or the keys themselves.
  jwks_url      text,
  jwks          jsonb,
  algorithms    text[] not null
                check (cardinality(algorithms) > 0
                       and algorithms <@ array['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512',
                                               'ES256', 'ES384', 'ES512', 'EdDSA']),
  clock_skew_s  int not null check (clock_skew_s between 0 and 300),
  active        boolean not null default true,
  version       int not null default 1 check (version > 0),
  revision      bigint not null,
  check ((jwks_url is null) <> (jwks is null))
);
