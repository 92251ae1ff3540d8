import type { Id } from '../../kernel/id.ts'
import { must } from '../../kernel/invariant.ts'
import { plainArray, type Queryable, type Tx } from '../../platform/db.ts'
import type { Carrier, Service, ShippingRows, Transit } from './book.ts'

/** Carriers and services with their routes in one statement, so that they are of one moment. */
export async function readShipping(source: Queryable): Promise<ShippingRows> {
  const [row] = await source.rows<{ shipping: ShippingRows }>({
    name: 'shipping.read_shipping',
    text: `select jsonb_build_object(
      'carriers', (select coalesce(jsonb_agg(jsonb_build_object(
          'id', id, 'code', code, 'name', name, 'version', version) order by code), '[]')
        from shipping.carrier),
      'services', (select coalesce(jsonb_agg(jsonb_build_object(
          'id', service.id, 'code', service.code, 'name', service.name, 'carrier', carrier.code,
          'calendarId', service.calendar_id, 'active', service.active, 'version', service.version, 'transit', (
            select coalesce(jsonb_agg(jsonb_build_object(
                'from', from_country, 'fromPostalPrefix', from_prefix, 'to', to_country, 'toPostalPrefix', to_prefix,
                'daysMin', days_min, 'daysMax', days_max)
                order by from_country, from_prefix, to_country, to_prefix), '[]')
              from shipping.transit where transit.service_id = service.id)) order by service.code), '[]')
        from shipping.service join shipping.carrier on carrier.id = service.carrier_id)) as shipping`,
  })
  return must(row, 'the one row of a select without from').shipping
}

/** The room's writers wait for each other on its revision row: what they read before is what they replace. */
export async function putCarrier(tx: Tx, carrier: Carrier): Promise<void> {
  await tx.execute({
    name: 'shipping.put_carrier',
    text: `insert into shipping.carrier (id, code, name, version) values ($1, $2, $3, $4)
           on conflict (id) do update set name = excluded.name, version = excluded.version`,
    values: [carrier.id, carrier.code, carrier.name, carrier.version],
  })
}

export async function putService(tx: Tx, service: Service, carrierId: string): Promise<void> {
  await tx.execute({
    name: 'shipping.put_service',
    text: `insert into shipping.service (id, code, name, carrier_id, calendar_id, active, version)
           values ($1, $2, $3, $4, $5, $6, $7)
           on conflict (id) do update
              set name = excluded.name, calendar_id = excluded.calendar_id, active = excluded.active,
                  version = excluded.version`,
    values: [service.id, service.code, service.name, carrierId, service.calendarId, service.active, service.version],
  })
}

/** A service's routes are always replaced as a whole. */
export async function replaceTransit(
  tx: Tx,
  serviceId: Id<'shippingService'>,
  transit: readonly Transit[],
): Promise<void> {
  await tx.execute({
    name: 'shipping.delete_transit',
    text: 'delete from shipping.transit where service_id = $1',
    values: [serviceId],
  })
  await tx.execute({
    name: 'shipping.insert_transit',
    text: `insert into shipping.transit
             (service_id, from_country, from_prefix, to_country, to_prefix, days_min, days_max)
           select $1, route.* from unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::int[], $7::int[]) as route`,
    values: [
      serviceId,
      plainArray(transit.map(({ from }) => from)),
      transit.map(({ fromPostalPrefix }) => fromPostalPrefix),
      plainArray(transit.map(({ to }) => to)),
      transit.map(({ toPostalPrefix }) => toPostalPrefix),
      plainArray(transit.map(({ daysMin }) => daysMin)),
      plainArray(transit.map(({ daysMax }) => daysMax)),
    ],
  })
}
