import type { NewApiKey } from '../../server/modules/identity/index.ts'
import type { Db } from '../../server/platform/db.ts'
import { openRooms } from '../../server/rooms.ts'
import { benchMasterKey } from './intake.ts'

/** @returns the key as a client sends it */
export async function createKey(db: Db, wanted: NewApiKey): Promise<string> {
  const { identity } = openRooms({ db, masterKey: benchMasterKey, providers: [] })
  const granter = { actor: 'bench', scopes: null }
  const outcome = await db.inTransaction((tx) => identity.createApiKey(tx, granter, wanted))
  if (outcome.kind === 'refused') throw new Error(outcome.refusal.code)
  return outcome.key
}
