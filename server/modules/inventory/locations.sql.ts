import type { Id } from '../../kernel/id.ts'
import { plainArray, type Queryable, type Tx } from '../../platform/db.ts'
import type { Location, LocationKind } from './location.ts'

export async function readLocations(source: Queryable): Promise<Location[]> {
  const rows = await source.rows<{
    id: Id<'location'>
    code: string
    name: string
    kind: LocationKind
    legal_entity_id: Id<'legalEntity'>
    zone: string
    country: string
    region: string | null
    city: string
    postal_code: string
    latitude: number
    longitude: number
    active: boolean
    version: number
  }>({
    name: 'inventory.read_locations',
    text: `select id, code, name, kind, legal_entity_id, zone, country, region, city, postal_code, latitude, longitude,
                  active, version
             from inventory.location`,
  })
  return rows.map(({ legal_entity_id, zone, postal_code, ...same }) => ({
    ...same,
    legalEntityId: legal_entity_id,
    timeZone: zone,
    postalCode: postal_code,
  }))
}

/** Whole rows: writers of locations wait for each other on the room's revision and have just read what they replace. */
export function putLocations(tx: Tx, locations: readonly Location[], revision: bigint): void {
  tx.send({
    name: 'inventory.put_locations',
    text: `insert into inventory.location
             (id, code, name, kind, legal_entity_id, zone, country, region, city, postal_code, latitude, longitude,
              active, version, revision)
           select location.*, $15 from unnest(
             $1::uuid[], $2::text[], $3::text[], $4::text[], $5::uuid[], $6::text[], $7::text[], $8::text[],
             $9::text[], $10::text[], $11::float8[], $12::float8[], $13::boolean[], $14::int[]) as location
           on conflict (id) do update
              set name = excluded.name, kind = excluded.kind, zone = excluded.zone, country = excluded.country,
                  region = excluded.region, city = excluded.city, postal_code = excluded.postal_code,
                  latitude = excluded.latitude, longitude = excluded.longitude, active = excluded.active,
                  version = excluded.version, revision = excluded.revision`,
    values: [
      plainArray(locations.map((location) => location.id)),
      locations.map((location) => location.code),
      locations.map((location) => location.name),
      locations.map((location) => location.kind),
      plainArray(locations.map((location) => location.legalEntityId)),
      locations.map((location) => location.timeZone),
      locations.map((location) => location.country),
      locations.map((location) => location.region),
      locations.map((location) => location.city),
      locations.map((location) => location.postalCode),
      plainArray(locations.map((location) => location.latitude)),
      plainArray(locations.map((location) => location.longitude)),
      plainArray(locations.map((location) => String(location.active))),
      plainArray(locations.map((location) => location.version)),
      revision,
    ],
  })
}

/** @returns those of the ids that no location has */
export async function readUnknownLocations(
  source: Queryable,
  ids: readonly Id<'location'>[],
): Promise<Id<'location'>[]> {
  const rows = await source.rows<{ id: Id<'location'> }>({
    name: 'inventory.read_unknown_locations',
    text: `select wanted.id from unnest($1::uuid[]) as wanted (id)
            where not exists (select from inventory.location where location.id = wanted.id)`,
    values: [plainArray(ids)],
  })
  return rows.map((row) => row.id)
}
