import { must } from '../../kernel/invariant.ts'
import type { Instant } from '../../kernel/time.ts'
import type { Queryable } from '../db.ts'
import * as sql from './horizon.sql.ts'
import type { GateHolder } from './horizon.sql.ts'

export type { GateHolder } from './horizon.sql.ts'

/** Up to here the events are final: no transaction can still commit one at or below `position`. */
export interface Horizon {
  /** 0 while there are no events. */
  readonly position: bigint
  /** Business time and the database's wall clock when the look began: what was committed before is at or below. */
  readonly at: Instant
  readonly wallAt: Instant
}

/** A transaction somewhere in the cluster keeps the readers of events waiting. */
export interface BlockedGate {
  readonly waitedMs: number
  /** Oldest first; empty when the role may not see other sessions (it needs `pg_read_all_stats`). */
  readonly holders: readonly GateHolder[]
}

export interface EventHorizonOptions {
  readonly source: Queryable
  /** Called when a look has waited `blockedAfterMs`, and again as often while it waits. */
  readonly onBlocked: (gate: BlockedGate) => void
  readonly blockedAfterMs?: number
}

const BLOCKED_AFTER_MS = 5_000
/** Most transactions end within milliseconds; a long one is not asked about more than twenty times a second. */
const POLL_MIN_MS = 1
const POLL_MAX_MS = 50

/**
 * Finds out how far the log of events is final, for all readers of a process.
 *
 * Positions come from a sequence, so they become visible in any order: a reader that goes by the highest position it
 * sees loses what commits later below it. A look therefore passes a gate:
 *
 *   1. H = the last position taken from the sequence, visible or not
 *   2. X = a transaction id of our own, taken in a later statement and committed
 *   3. wait until no transaction older than X runs anywhere in the cluster
 *
 * A writer takes its transaction id before its first position (`Db.inTransaction` does it first of all). Whoever holds
 * a position ≤ H is thus older than X, and once the wait is over has committed or never will. `event-readers.test.ts`
 * shows how each of the simpler ways loses or reorders events.
 *
 * No news costs one small read and no transaction id.
 */
export class EventHorizon {
  readonly #source: Queryable
  readonly #onBlocked: (gate: BlockedGate) => void
  readonly #blockedAfterMs: number
  #final = 0n
  #running: Promise<Horizon> | undefined
  #next: Promise<Horizon> | undefined
  #closed = false

  constructor({ source, onBlocked, blockedAfterMs = BLOCKED_AFTER_MS }: EventHorizonOptions) {
    this.#source = source
    this.#onBlocked = onBlocked
    this.#blockedAfterMs = blockedAfterMs
  }

  /**
   * How far the events are final now. Callers share looks, but only one that has not begun: a look under way may have
   * read the sequence before the caller's news.
   */
  look(): Promise<Horizon> {
    this.#next ??= this.#after(this.#running)
    return this.#next
  }

  /** Ends a look that waits at the gate, with an error. */
  close(): void {
    this.#closed = true
  }

  async #after(previous: Promise<Horizon> | undefined): Promise<Horizon> {
    // A failure of the look before is told to those who asked for it.
    await previous?.catch(() => {})
    const look = must(this.#next, 'this look')
    this.#running = look
    this.#next = undefined
    try {
      return await this.#look()
    } finally {
      if (this.#running === look) this.#running = undefined
    }
  }

  async #look(): Promise<Horizon> {
    const { position, at, wallAt } = await sql.readLastPosition(this.#source)
    if (position !== this.#final) {
      await this.#passGate(position)
      this.#final = position
    }
    return { position, at, wallAt }
  }

  async #passGate(position: bigint): Promise<void> {
    const gate = await sql.takeTransactionId(this.#source)
    const began = performance.now()
    let alarmAfterMs = this.#blockedAfterMs
    for (let pollMs = POLL_MIN_MS; ; pollMs = Math.min(pollMs * 2, POLL_MAX_MS)) {
      const { isOpen, holdsEvent } = await sql.readGate(this.#source, { gate, position })
      if (isOpen) {
        // Nothing on disk vouches for positions that were rolled back: seen with the WAL writer halted and kill -9, the
        // sequence stood at 41 and afterwards handed out 2 again, below the reader. A durable commit settles that.
        if (!holdsEvent) await sql.flushLog(this.#source)
        return
      }
      const waitedMs = performance.now() - began
      if (waitedMs >= alarmAfterMs) {
        this.#onBlocked({ waitedMs, holders: await sql.readGateHolders(this.#source, gate) })
        alarmAfterMs += this.#blockedAfterMs
      }
      if (this.#closed) throw new Error('the event horizon was closed while waiting for older transactions')
      await new Promise((resolve) => setTimeout(resolve, pollMs))
    }
  }
}
