import type { JSONWebKeySet } from 'jose'
import type { Id } from '../../kernel/id.ts'
import type { Queryable } from '../../platform/db.ts'

/** Locations belong to a room that this one may not open; the composition root passes its answer in. */
export interface KnownLocations {
  /** @returns those of the ids that no location has */
  unknownLocations(source: Queryable, ids: readonly Id<'location'>[]): Promise<Id<'location'>[]>
}

export type JwksAnswer =
  | { readonly kind: 'keys'; readonly jwks: JSONWebKeySet }
  | { readonly kind: 'unavailable'; readonly cause: string }

/** Fetches a provider's public keys: in bounded time, without redirects, from public addresses only. */
export type FetchJwks = (url: string) => Promise<JwksAnswer>
