import { must } from '../../kernel/invariant.ts'
import { BusyError, CommitUnknownError, DatabaseAwayError, sqlState, type Db, type Queryable, type Tx } from '../db.ts'
import type { EventHorizon, Horizon } from './horizon.ts'
import { orAborted, pause } from '../time/pause.ts'
import * as sql from './reader.sql.ts'
import type { StoredEvent } from './reader.sql.ts'
import type { Wake } from './wake.ts'

export type { StoredEvent } from './reader.sql.ts'

/** As many rows as one transaction of at most two seconds can carry with room to spare. */
export const READ_BATCH_MAX = 500
/** A reader of few types looks at this many positions a statement: some 20 ms when none of them concerns it. */
const SCAN_MAX = 20_000n
/** How long events that nobody signalled (another node's, where NOTIFY does not reach us) may stay unread. */
export const POLL_MS = 250
/** While another process has the reader in hand. */
const STANDBY_MS = 200
const RETRY_MIN_MS = 50
const RETRY_MAX_MS = 5_000
/** Positions without an event for us are noted in the database after this many; until then only in memory. */
const SKIPPED_MAX = 10_000n

export interface ReadRange {
  readonly after: bigint
  /** What `EventHorizon.look` found final. */
  readonly horizon: Pick<Horizon, 'position'>
  readonly limit: number
  /** Only these types; all without. */
  readonly types?: readonly string[] | undefined
}

/**
 * Reads the next final events in position order.
 * @returns the events, and the position through which these are all there are
 */
export async function readFinal(
  source: Queryable,
  { after, horizon, limit, types }: ReadRange,
): Promise<{ readonly events: readonly StoredEvent[]; readonly through: bigint }> {
  const reach = types === undefined || horizon.position - after <= SCAN_MAX ? horizon.position : after + SCAN_MAX
  const events = await sql.readEvents(source, { after, through: reach, limit, types: types ?? null })
  const isFull = events.length === limit
  return { events, through: isFull ? must(events.at(-1), 'the last event of a full page').position : reach }
}

export interface ReaderOptions {
  readonly db: Db
  readonly horizon: EventHorizon
  readonly wake: Wake
  /** Also the name of its stored position. */
  readonly name: string
  /** Only these types; all without. */
  readonly types?: readonly string[]
  readonly batchMax?: number
  /**
   * The effect of at most `batchMax` events, in position order, in the transaction that also moves the position: it
   * happens once. Set-based, and within a second: the transaction holds the reader's lock. Nothing outside the
   * database may be touched.
   */
  readonly handle: (tx: Tx, events: readonly StoredEvent[]) => Promise<void>
  /** Called once when an aggregate is set aside; what it writes tells a person. */
  readonly onParked: (tx: Tx, parked: ParkedEvent) => Promise<void>
  readonly onError: (error: unknown) => void
  readonly onBatch?: (batch: ReadBatch) => void
}

export interface ParkedEvent {
  readonly reader: string
  readonly event: StoredEvent
  readonly reason: string
}

/** For metrics. */
export interface ReadBatch {
  readonly reader: string
  readonly eventCount: number
  readonly tookMs: number
  /** From the recording of the batch's first event to the look that found it: the reader's lag. */
  readonly lagMs: number
}

export interface EventReader {
  /** Resolves when everything appended before the call has been handled or set aside. */
  caughtUp(): Promise<void>
  /** How long ago everything appended until then was known to be handled: some 250 ms at rest, more when behind. */
  lagMs(): number
  /** Ends after the batch in hand. */
  stop(): Promise<void>
}

/**
 * Starts a durable reader: every event is handled once, in order within its aggregate; its effect and the reader's
 * position are one commit. Any number of processes may start the same reader; one at a time works, the others stand by.
 *
 * When handling fails, the batch is halved until the one event that fails stands alone. Its aggregate is set aside:
 * that event and later ones of the aggregate wait in `platform.parked_event` for `retryParked`, all others go on.
 * When the database is away or contended nothing is set aside: the reader tries again, less and less often.
 */
export function startReader(options: ReaderOptions): EventReader {
  return new DurableReader(options)
}

class DurableReader implements EventReader {
  readonly #options: ReaderOptions
  readonly #stop = new AbortController()
  readonly #ended: Promise<void>
  /** Everything up to here is handled, set aside, or does not concern this reader; null when not known. */
  #through: bigint | null = null
  #stored = 0n
  #caughtUpAtMs = performance.now()
  #awaiting: { readonly position: bigint; readonly resolve: () => void; readonly reject: (error: Error) => void }[] = []

  constructor(options: ReaderOptions) {
    this.#options = options
    this.#ended = this.#run()
  }

  async caughtUp(): Promise<void> {
    const { position } = await this.#options.horizon.look()
    // Stopped during the look: nobody would tell who begins to wait now.
    if (this.#stop.signal.aborted) throw this.#stopped()
    if (this.#through !== null && this.#through >= position) return
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.#awaiting.push({ position, resolve, reject })
    this.#options.wake.signal()
    await promise
  }

  lagMs(): number {
    return performance.now() - this.#caughtUpAtMs
  }

  async stop(): Promise<void> {
    this.#stop.abort()
    await this.#ended
    for (const { reject } of this.#awaiting) reject(this.#stopped())
    this.#awaiting = []
  }

  #stopped(): Error {
    return new Error(`the event reader ${this.#options.name} was stopped`)
  }

  async #run(): Promise<void> {
    const { db, wake, name, onError } = this.#options
    const stop = this.#stop.signal
    let isRegistered = false
    let retryMs = RETRY_MIN_MS
    while (!stop.aborted) {
      const signalsSeen = wake.count
      try {
        if (!isRegistered) await sql.registerReader(db, name)
        isRegistered = true
        const isOurs = await this.#readOn()
        retryMs = RETRY_MIN_MS
        if (isOurs) await wake.wait(signalsSeen, POLL_MS, stop)
        else await pause(STANDBY_MS, stop)
      } catch (error) {
        if (stop.aborted) return
        onError(error)
        // What is known only here may be wrong after a crash or fail-over: begin again from the stored position.
        this.#through = null
        await pause(retryMs * (0.5 + Math.random() / 2), stop)
        retryMs = Math.min(retryMs * 2, RETRY_MAX_MS)
      }
    }
  }

  /** @returns false when another process works on this reader */
  async #readOn(): Promise<boolean> {
    const { db, horizon, name, types, batchMax = READ_BATCH_MAX } = this.#options
    const beganAtMs = performance.now()
    const final = await orAborted(horizon.look(), this.#stop.signal)
    if (final === null) return true
    this.#stored = await sql.readPosition(db, name)
    if (this.#through === null || this.#through < this.#stored) this.#through = this.#stored
    this.#tellAwaiting()
    while (this.#through < final.position && !this.#stop.signal.aborted) {
      const { events, through } = await readFinal(db, { after: this.#through, horizon: final, limit: batchMax, types })
      if (events.length > 0) {
        const isOurs = await this.#handle(events, through, final)
        if (!isOurs) return false
        this.#stored = through
      }
      this.#through = through
      this.#tellAwaiting()
    }
    if (this.#through >= final.position) this.#caughtUpAtMs = beganAtMs
    if (this.#through - this.#stored > SKIPPED_MAX) await db.execute(sql.movePosition(name, this.#through))
    return true
  }

  async #handle(events: readonly StoredEvent[], through: bigint, final: Horizon): Promise<boolean> {
    const began = performance.now()
    const isOurs = await this.#handleOrPark(events, through)
    const [first] = events
    this.#options.onBatch?.({
      reader: this.#options.name,
      eventCount: events.length,
      tookMs: performance.now() - began,
      lagMs: Math.max(0, final.wallAt - must(first, 'the first event of a batch').recordedAt),
    })
    return isOurs
  }

  async #handleOrPark(events: readonly StoredEvent[], through: bigint): Promise<boolean> {
    try {
      return await this.#commit(events, through)
    } catch (error) {
      if (!isEventsFault(error)) throw error
      const middle = events.length >> 1
      const [before, after] = [events.slice(0, middle), events.slice(middle)]
      const last = before.at(-1)
      if (last === undefined) return this.#park(must(after[0], 'the one event left'), through, error)
      return (await this.#handleOrPark(before, last.position)) && (await this.#handleOrPark(after, through))
    }
  }

  /** Effect and position in one commit; events of aggregates set aside join them. */
  #commit(events: readonly StoredEvent[], through: bigint): Promise<boolean> {
    const { db, name, handle } = this.#options
    return db.inTransaction(async (tx) => {
      const [position, parkedAggregates] = await Promise.all([
        sql.lockReader(tx, name),
        sql.readParkedAggregates(tx, name, events),
      ])
      if (position === null) return false
      const unread = events.filter((event) => event.position > position)
      if (unread.length === 0) return false
      const behindParked = unread.filter(({ aggregateId }) => parkedAggregates.has(aggregateId))
      if (behindParked.length > 0) sql.parkEvents(tx, name, behindParked, 'waits behind an earlier event')
      const ready = unread.filter(({ aggregateId }) => !parkedAggregates.has(aggregateId))
      if (ready.length > 0) await handle(tx, ready)
      tx.send(sql.movePosition(name, through))
      return true
    })
  }

  async #park(event: StoredEvent, through: bigint, error: unknown): Promise<boolean> {
    const { db, name, onParked, onError } = this.#options
    const reason = reasonOf(error)
    onError(error)
    return db.inTransaction(async (tx) => {
      const position = await sql.lockReader(tx, name)
      if (position === null || position >= event.position) return false
      sql.parkEvents(tx, name, [event], reason)
      await onParked(tx, { reader: name, event, reason })
      tx.send(sql.movePosition(name, through))
      return true
    })
  }

  #tellAwaiting(): void {
    const through = this.#through
    if (this.#awaiting.length === 0 || through === null) return
    const reached = this.#awaiting.filter(({ position }) => position <= through)
    this.#awaiting = this.#awaiting.filter(({ position }) => position > through)
    for (const { resolve } of reached) resolve()
  }
}

export type RetryOutcome =
  | { readonly kind: 'handled'; readonly eventCount: number }
  | { readonly kind: 'failed_again'; readonly reason: string }
  | { readonly kind: 'not_parked' }

/**
 * Handles what is set aside of one aggregate, in order; when all of it succeeds the aggregate is with the others again.
 * Works on any node: the reader waits, or is waited for, at its row.
 */
export async function retryParked(
  { db, name, handle, batchMax = READ_BATCH_MAX }: Pick<ReaderOptions, 'db' | 'name' | 'handle' | 'batchMax'>,
  aggregateId: string,
): Promise<RetryOutcome> {
  let eventCount = 0
  for (;;) {
    try {
      const handledCount = await db.inTransaction(async (tx) => {
        await sql.awaitReader(tx, name)
        const events = await sql.readParkedEvents(tx, { reader: name, aggregateId, limit: batchMax })
        if (events.length === 0) return 0
        await handle(tx, events)
        sql.releaseParkedEvents(tx, name, events)
        return events.length
      })
      eventCount += handledCount
      if (handledCount < batchMax) return eventCount === 0 ? { kind: 'not_parked' } : { kind: 'handled', eventCount }
    } catch (error) {
      if (!isEventsFault(error)) throw error
      return { kind: 'failed_again', reason: reasonOf(error) }
    }
  }
}

/** Whether the events (or the code that handles them) are to blame, rather than the state the database is in. */
function isEventsFault(error: unknown): boolean {
  const isPassing =
    error instanceof BusyError || error instanceof DatabaseAwayError || error instanceof CommitUnknownError
  const state = sqlState(error)
  if (state === undefined) return !isPassing
  // A statement that took too long: with half of the events it may not.
  if (state === '57014') return true
  // Out of disk, memory or connections; told to stop; cannot read or write; a bug of PostgreSQL; read-only after a fail-over.
  return !/^(53|57|58|XX)/.test(state) && state !== '25006'
}

function reasonOf(error: unknown): string {
  return (error instanceof Error ? `${error.name}: ${error.message}` : String(error)).slice(0, 500)
}
