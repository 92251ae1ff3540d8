import { setTimeout as pause } from 'node:timers/promises'
import { addMs, type Instant } from '../../kernel/time.ts'
import { BusyError, type Db, type Queryable } from '../../platform/db.ts'
import { hasEnded, readTransactionId } from './count-moment.sql.ts'
import type { Place } from './counter.sql.ts'
import { readPlacesAtCount } from './counts.sql.ts'
import { dispositions, type Disposition } from './inventory.sql.ts'
import { listPlaces } from './levels.sql.ts'

/** Transactions that move stock last two seconds at most: 30 seconds. */
const LOOKS_MAX = 1_500
const LOOK_EVERY_MS = 20
/** A transaction reads its clock and takes its number in one statement, in either order. */
const APART_MAX_MS = 10

/**
 * A moment as of which stock can be told exactly: whoever moved any before it has committed by now. What is moved
 * after it, also while pages are read, is known by its time and left out.
 */
export async function takeCountMoment(db: Db): Promise<Instant> {
  const { at, number } = await db.inTransaction(async (tx) => ({ at: tx.at, number: await readTransactionId(tx) }))
  for (let looks = 0; !(await hasEnded(db, number)); looks++) {
    if (looks === LOOKS_MAX) throw new BusyError('a transaction that moves stock does not end')
    await pause(LOOK_EVERY_MS)
  }
  return addMs(at, -APART_MAX_MS)
}

export interface CountedUnits extends Place {
  readonly disposition: Disposition
  /** What a person would have counted there at the moment: over all channels, claimed or not. */
  readonly units: number
}

export interface CountedPage {
  readonly places: readonly CountedUnits[]
  /** Where the next page goes on; null when this is the last. */
  readonly last: Place | null
}

/** What lay where at a moment of `takeCountMoment`, as a count would tell it: handed in as one, it changes nothing. */
export async function readCountedPage(
  source: Queryable,
  { countedAt, after, limit }: { readonly countedAt: Instant; readonly after: Place | null; readonly limit: number },
): Promise<CountedPage> {
  const found = await listPlaces(source, after, limit)
  const places = found.flatMap((place) => dispositions.map((disposition) => ({ ...place, disposition })))
  const rows = await readPlacesAtCount(source, places, { countedAt, meaning: 'physical' })
  return {
    places: places.flatMap((place, index) => {
      const own = rows[index]?.rows ?? []
      const units = own.reduce((sum, { quantity, movedAfter }) => sum + quantity - movedAfter, 0)
      return own.length === 0 || units < 0 ? [] : [{ ...place, units }]
    }),
    last: found.length < limit ? null : (found.at(-1) ?? null),
  }
}
