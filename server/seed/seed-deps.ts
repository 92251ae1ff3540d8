import type { Db } from '../platform/db.ts'
import type { Rooms } from '../rooms.ts'

export interface SeedDeps {
  readonly db: Db
  readonly rooms: Pick<Rooms, 'merchant' | 'identity' | 'catalog' | 'pricing' | 'inventory'>
}

/** In the audit log, and as the source of stock commands. */
export const SEED_ACTOR = 'seed'
