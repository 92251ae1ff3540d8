import type { Id } from '../../kernel/id.ts'
import type { Queryable } from '../../platform/db.ts'

/** Locations belong to a room that this one may not open; the composition root passes its answer in. */
export interface KnownLocations {
  /** @returns those of the ids that no location has */
  unknownLocations(source: Queryable, ids: readonly Id<'location'>[]): Promise<Id<'location'>[]>
}
