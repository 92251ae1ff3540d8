import { invariant } from '../kernel/invariant.ts'
import { adminScopes, type NewApiKey } from '../modules/identity/index.ts'
import { derivedId } from './derived-id.ts'
import { locations } from './network-data.ts'
import { SEED_ACTOR as actor, type SeedDeps } from './seed-deps.ts'

/** As `.waybill/demo.json` keeps them. */
export interface DemoKeys {
  /** Of the web channel. */
  readonly publishableKey: string
  /** Holds every scope. */
  readonly secretKey: string
  /** By location code. */
  readonly partnerKeys: Readonly<Record<string, string>>
}

/** A set of keys for the demo merchant; called again it makes another one, for when the first was lost. */
export async function createDemoKeys({ db, rooms: { identity } }: SeedDeps): Promise<DemoKeys> {
  return db.inTransaction(async (tx) => {
    const create = async (wanted: NewApiKey): Promise<string> => {
      const outcome = await identity.createApiKey(tx, { actor, scopes: null }, wanted)
      invariant(outcome.kind === 'created', `the key "${wanted.name}" of the demo can be made`)
      return outcome.key
    }
    const partnerKeys: Record<string, string> = {}
    for (const { code, name } of locations) {
      const locationIds = [derivedId('location', code)]
      partnerKeys[code] = await create({ kind: 'partner', name: `Demo: ${name}`, locationIds })
    }
    const channelId = derivedId('channel', 'web')
    return {
      publishableKey: await create({ kind: 'publishable', name: 'Demo: web shop', channelId }),
      secretKey: await create({ kind: 'secret', name: 'Demo: everything', scopes: adminScopes }),
      partnerKeys,
    }
  })
}
