import { invariant } from '../../kernel/invariant.ts'
import { addMs, MINUTE_MS, type Instant } from '../../kernel/time.ts'
import type { Db, Tx } from '../db.ts'
import { appendEvents } from '../events/append.ts'
import type { Reaction } from '../events/journey.ts'
import { addJobs } from '../jobs/jobs.sql.ts'

/*
 * An outside call is an intent first: a row of its room, committed before anybody outside hears of it.
 *
 *   request   commits the intent with `next_try_at` = `nextTryAt({ tries: 0, … })`, makes the first call itself
 *             and records the answer, which sets `next_try_at` to null or to the next try
 *   sweep     finds intents whose time has come (the request died, the answer was unknown, a worker was killed),
 *             moves `next_try_at` on and appends `….due`
 *   journey   turns `….due` into a job; its key is the intent's id
 *   job       leases the intent (`leased_until`), calls again under the same key, records the answer
 *
 * `next_try_at` is the only truth about when there is a next try: jobs have one attempt and no time of their own.
 */

/** Between the end of a call and the recording of its answer. */
const MARGIN_MS = 1_000
const BACKOFF_MIN_MS = 5_000
const BACKOFF_MAX_MS = 15 * MINUTE_MS

/**
 * When an intent is due again unless an answer was recorded before.
 *
 * @param tries       calls that ended without an answer so far; 0 for the first, which is under way
 * @param wallAt      the database's wall clock
 * @param deadlineMs  how long one call may take
 * @param jitter      0 ≤ jitter < 1: half of the pause is chance, so that after an outage not all come at once
 * @returns the end of the call and a margin, and from the second try on a pause that doubles up to 15 minutes
 */
export function nextTryAt({
  tries,
  wallAt,
  deadlineMs,
  jitter,
}: {
  readonly tries: number
  readonly wallAt: Instant
  readonly deadlineMs: number
  readonly jitter: number
}): Instant {
  invariant(tries >= 0 && jitter >= 0 && jitter < 1, 'tries are counted from zero, jitter is a share')
  const pauseMs = tries === 0 ? 0 : Math.min(BACKOFF_MIN_MS * 2 ** (tries - 1), BACKOFF_MAX_MS)
  return addMs(wallAt, Math.round(deadlineMs + MARGIN_MS + pauseMs * (0.5 + jitter / 2)))
}

export interface DueIntent {
  readonly id: string
  /** Of its row, after it was taken. */
  readonly version: number
}

/** What a room says about its intents so that they can be swept. */
export interface DueIntents<Intent extends DueIntent> {
  /** `<aggregate>.due` */
  readonly type: string
  readonly aggregateKind: string
  /**
   * Takes at most `limit` intents with `next_try_at <= tx.wallAt`, longest due first, `for update skip locked`; moves
   * their `next_try_at` beyond the time a job needs and raises their version.
   */
  readonly take: (tx: Tx, limit: number) => Promise<readonly Intent[]>
  readonly dataOf: (intent: Intent) => object
}

/** Announces intents that are due. Two sweeps at once take different rows. @returns how many there were, at most `limit` */
export function sweepDue<Intent extends DueIntent>(
  db: Db,
  { type, aggregateKind, take, dataOf }: DueIntents<Intent>,
  limit: number,
): Promise<number> {
  return db.inTransaction(async (tx) => {
    const intents = await take(tx, limit)
    appendEvents(
      tx,
      intents.map((intent) => ({
        type,
        aggregateKind,
        aggregateId: intent.id,
        version: intent.version,
        data: dataOf(intent),
        occurredAt: tx.at,
      })),
    )
    return intents.length
  })
}

/** The journey's reaction to `….due`: one job an intent, with the event's data. */
export function addJobFor(task: string): Reaction {
  return (tx, events) =>
    addJobs(
      tx,
      events.map(({ aggregateId, data }) => ({ task, key: aggregateId, payload: data })),
    )
}
