import { must } from '../kernel/invariant.ts'
import { raiseRevision } from '../platform/revision.ts'
import { createService, saveCarrier } from '../modules/shipping/index.ts'
import { upsertNodes } from '../modules/sourcing/index.ts'
import { derivedId } from './derived-id.ts'
import { carriers, locations, services } from './network-data.ts'
import { expectSound, SEED_ACTOR as actor, type SeedDeps } from './seed-deps.ts'

/** Locations, what they may do for the network, and who carries goods from them. */
export async function seedNetwork({ db, rooms: { inventory, merchant } }: SeedDeps): Promise<void> {
  const { channelByCode } = await merchant.currentBook()
  await db.inTransaction(async (tx) => {
    for (const { legalEntity, node: _network, ...place } of locations) {
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
    await raiseRevision(tx, 'sourcing')
    upsertNodes(
      tx,
      locations.map(({ code, node: { channels, shipsTo, ...node } }) => ({
        ...node,
        locationId: derivedId('location', code),
        channelIds: channels.map((channel) => must(channelByCode.get(channel), `the channel ${channel}`).id),
        countries: shipsTo,
      })),
    )
  })

  await db.inTransaction(async (tx) => {
    for (const { code, name } of carriers) {
      const outcome = await saveCarrier(tx, { actor, code, name })
      expectSound(outcome.kind === 'saved', `carrier ${code}`, outcome)
    }
    for (const {
      code,
      name,
      carrier,
      to: countries,
      days: [daysMin, daysMax],
    } of services) {
      const transit = countries.map((to) => ({ from: 'US', to, daysMin, daysMax }))
      const fields = { id: derivedId('shippingService', code), code, name, carrier, active: true, transit }
      const outcome = await createService(tx, { actor, fields })
      const isThere = outcome.kind === 'created' || outcome.refusal.code === 'service_code_taken'
      expectSound(isThere, `service ${code}`, outcome)
    }
  })
}
