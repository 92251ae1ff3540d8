import { inspect } from 'node:util'
import { invariant } from '../kernel/invariant.ts'
import type { Db } from '../platform/db.ts'
import type { Rooms } from '../rooms.ts'

export interface SeedDeps {
  readonly db: Db
  readonly rooms: Pick<Rooms, 'merchant' | 'identity' | 'catalog' | 'customers' | 'pricing' | 'inventory' | 'shipping'>
}

/** In the audit log, and as the source of stock commands. */
export const SEED_ACTOR = 'seed'

/** The demo's data is our own: where a room refuses some of it, the data is wrong. */
export function expectSound(isSound: boolean, what: string, outcome: object): void {
  invariant(isSound, isSound ? '' : `the demo's ${what} is sound: ${inspect(outcome, { depth: 5 })}`)
}
