import type { Queryable } from '../db.ts'
import type { EventHorizon, Horizon } from './horizon.ts'
import { orAborted, pause } from '../time/pause.ts'
import { POLL_MS, readFinal, type StoredEvent } from './reader.ts'
import type { Wake } from './wake.ts'

export interface FollowOptions {
  readonly source: Queryable
  readonly horizon: EventHorizon
  readonly wake: Wake
  /** Only these types; all without. */
  readonly types?: readonly string[]
  /** At most `batchMax` events in position order. When it throws, the same events come again. */
  readonly onEvents: (events: readonly StoredEvent[]) => void | Promise<void>
  /** Everything committed before `horizon.wallAt` has been handed over: the "as of" of whatever is kept from it. */
  readonly onIdle: (horizon: Horizon) => void
  readonly onError: (error: unknown) => void
  readonly batchMax?: number
}

export interface EventFollower {
  stop(): Promise<void>
}

const BATCH_MAX = 2_000
const RETRY_MIN_MS = 50
const RETRY_MAX_MS = 2_000

/**
 * Follows the events from now on, for what a process keeps in memory: nothing is stored, every process sees all.
 *
 * Resolves once everything appended before is final. A cache that loads after that misses nothing: what it could not
 * see yet is handed to `onEvents`. `onIdle` comes at least every `POLL_MS`, unless the database is away or an older
 * transaction blocks the horizon: then "as of" stands still, as it should.
 */
export async function followEvents(options: FollowOptions): Promise<EventFollower> {
  const { position } = await options.horizon.look()
  const stop = new AbortController()
  const ended = follow(options, position, stop.signal)
  return {
    async stop() {
      stop.abort()
      await ended
    },
  }
}

async function follow(options: FollowOptions, from: bigint, stop: AbortSignal): Promise<void> {
  const { source, horizon, wake, types, onEvents, onIdle, onError, batchMax = BATCH_MAX } = options
  let after = from
  let retryMs = RETRY_MIN_MS
  while (!stop.aborted) {
    const signalsSeen = wake.count
    try {
      const final = await orAborted(horizon.look(), stop)
      while (final !== null && after < final.position && !stop.aborted) {
        const { events, through } = await readFinal(source, { after, horizon: final, limit: batchMax, types })
        if (events.length > 0) await onEvents(events)
        after = through
      }
      if (final !== null) onIdle(final)
      retryMs = RETRY_MIN_MS
      await wake.wait(signalsSeen, POLL_MS, stop)
    } catch (error) {
      onError(error)
      await pause(retryMs, stop)
      retryMs = Math.min(retryMs * 2, RETRY_MAX_MS)
    }
  }
}
