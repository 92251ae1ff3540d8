import { formatInstant, type Instant } from '../../kernel/time.ts'

/** When something was known to be so: in business time to tell it, by this node's own clock to know how old it is. */
export interface Moment {
  readonly at: Instant
  /** As answers write it. */
  readonly text: string
  /** Monotonic, ms. */
  readonly ms: number
}

/** Something this node knows that may cease to be so. */
export interface Dated {
  /** Null while it is so; else the last moment as of which it is known to have been. */
  outdatedAsOf: Moment | null
}

export function momentOf(at: Instant, ms: number): Moment {
  return { at, text: formatInstant(at), ms }
}

/** As of when all of these are known to be so; `now` while none of them is outdated. */
export function oldestOf(now: Moment, things: readonly Dated[]): Moment {
  let oldest = now
  for (const { outdatedAsOf } of things) if (outdatedAsOf !== null && outdatedAsOf.ms < oldest.ms) oldest = outdatedAsOf
  return oldest
}

export function areCurrent(things: readonly Dated[]): boolean {
  for (const { outdatedAsOf } of things) if (outdatedAsOf !== null) return false
  return true
}
