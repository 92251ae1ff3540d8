import type { Id } from '../../kernel/id.ts'
import { BoundedCache } from './bounded-cache.ts'
import { isOutage } from './outage.ts'

/** Whom prices and assortments are told to: everybody in the same segments sees the same. */
export interface Audience {
  readonly segmentIds: ReadonlySet<Id<'segment'>>
  /** Names it in keys of what is cached. */
  readonly key: string
}

/** Who is not signed in. Segments that guests are in are for carts: here nobody knows where a guest is from. */
export const everybody: Audience = { segmentIds: new Set(), key: '' }

/** The segments that an account is in now. */
export type ReadSegments = (personId: Id<'person'>) => Promise<ReadonlySet<Id<'segment'>>>

/** How long a change of somebody's segments may go unnoticed while they browse; their cart knows at once. */
const KEPT_MS = 5_000
const PEOPLE_MAX = 20_000

/** The audiences of the people who browse on this node. */
export class Audiences {
  readonly #deps: { readonly readSegments: ReadSegments; readonly now: () => number }
  readonly #kept = new BoundedCache<Id<'person'>, { readonly audience: Audience; readonly readAt: number }>({
    weightMax: PEOPLE_MAX,
  })

  constructor(deps: { readonly readSegments: ReadSegments; readonly now: () => number }) {
    this.#deps = deps
  }

  /** With the database away, what was known last, or what everybody is told. */
  async of(personId: Id<'person'>): Promise<Audience> {
    const kept = this.#kept.get(personId)
    const now = this.#deps.now()
    if (kept !== undefined && now - kept.readAt < KEPT_MS) return kept.audience
    try {
      const audience = audienceOf(await this.#deps.readSegments(personId))
      this.#kept.set(personId, { audience, readAt: now })
      return audience
    } catch (error) {
      if (!isOutage(error)) throw error
      return kept?.audience ?? everybody
    }
  }
}

function audienceOf(segmentIds: ReadonlySet<Id<'segment'>>): Audience {
  return segmentIds.size === 0 ? everybody : { segmentIds, key: [...segmentIds].toSorted().join(' ') }
}
