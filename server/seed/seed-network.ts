import { must } from '../kernel/invariant.ts'
import { parseLocalTime } from '../kernel/local-time.ts'
import type { Tx } from '../platform/db.ts'
import { createService, saveCarrier } from '../modules/shipping/index.ts'
import { saveNode } from '../modules/sourcing/index.ts'
import { derivedId } from './derived-id.ts'
import { carriers, locations, services } from './network-data.ts'
import { expectSound, SEED_ACTOR as actor, type SeedDeps } from './seed-deps.ts'

/** Locations, who carries goods from them, and what they do for the network when. */
export async function seedNetwork({ db, rooms }: SeedDeps): Promise<void> {
  await db.inTransaction((tx) => seedLocations(tx, rooms))
  await db.inTransaction((tx) => seedServices(tx, rooms))
  await db.inTransaction((tx) => seedNodes(tx, rooms))
}

type Rooms = SeedDeps['rooms']

async function seedLocations(tx: Tx, { inventory }: Rooms): Promise<void> {
  for (const { legalEntity, node: _network, work: _hours, ...place } of locations) {
    const fields = {
      ...place,
      id: derivedId('location', place.code),
      legalEntityId: derivedId('legalEntity', legalEntity),
      active: true,
    }
    const outcome = await inventory.createLocation(tx, { actor, fields })
    const isThere = outcome.kind === 'created' || outcome.refusal.code === 'location_code_taken'
    expectSound(isThere, `location ${place.code}`, outcome)
  }
}

async function seedServices(tx: Tx, { merchant }: Rooms): Promise<void> {
  for (const { code, name } of carriers) {
    const outcome = await saveCarrier(tx, { actor, code, name })
    expectSound(outcome.kind === 'saved', `carrier ${code}`, outcome)
  }
  for (const { code, name, carrier, calendar, to: countries, days, between } of services) {
    const [daysMin, daysMax] = days
    const transit = [
      ...countries.map((to) => ({ from: 'US', fromPostalPrefix: '', to, toPostalPrefix: '', daysMin, daysMax })),
      ...between.map(({ from, to, ...each }) => ({
        from: 'US',
        fromPostalPrefix: from,
        to: 'US',
        toPostalPrefix: to,
        ...each,
      })),
    ]
    const fields = {
      id: derivedId('shippingService', code),
      code,
      name,
      carrier,
      calendarId: derivedId('calendar', calendar),
      active: true,
      transit,
    }
    const outcome = await createService(tx, { merchant }, { actor, fields })
    const isThere = outcome.kind === 'created' || outcome.refusal.code === 'service_code_taken'
    expectSound(isThere, `service ${code}`, outcome)
  }
}

async function seedNodes(tx: Tx, rooms: Rooms): Promise<void> {
  for (const { code, node, work } of locations) {
    const { channels, shipsTo, ...terms } = node
    const outcome = await saveNode(tx, rooms, {
      actor,
      locationId: derivedId('location', code),
      seenVersion: 0,
      terms: {
        ...terms,
        channelIds: channels.map((channel) => derivedId('channel', channel)),
        countries: shipsTo,
        calendarId: derivedId('calendar', work.calendar),
        cutOffMinutes: minutesOf(work.cutOff),
        cutOffs: Object.entries<string>(work.cutOffs).map(([service, at]) => ({
          serviceId: derivedId('shippingService', service),
          minutes: minutesOf(at),
        })),
        opening: work.hours.map(([weekday, opens, closes]) => ({
          weekday,
          opens: minutesOf(opens),
          closes: minutesOf(closes),
        })),
      },
    })
    // Another version: an earlier seeding saved it.
    expectSound(outcome.kind !== 'refused', `network of ${code}`, outcome)
  }
}

function minutesOf(text: string): number {
  return must(parseLocalTime(text), `a time of the wall clock: ${text}`)
}
