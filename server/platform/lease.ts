import { pause } from './time/pause.ts'
import type { Db } from './db.ts'

export interface LeaseOptions {
  readonly db: Db
  /** What there is one leader for. */
  readonly name: string
  /** This process, by its id in `platform.process`. */
  readonly holder: string
  /** How long a leader that fell silent keeps the others waiting. */
  readonly heldMs?: number
  readonly onError: (error: unknown) => void
}

export interface Lease {
  /**
   * Whether this process leads now. By its own monotonic clock from before it last asked, so never longer than the
   * database thinks. A leader's work must be harmless when done twice all the same: it may stall right after asking.
   */
  isHeld(): boolean
  /** Lets go at once, so that another process need not wait. */
  stop(): Promise<void>
}

const HELD_MS = 5_000

/**
 * Takes and keeps a lease, so that of all processes one at a time leads. A row with the database's wall clock, not a
 * session lock: it works through a transaction pooler and a skewed node changes nothing.
 */
export function startLease(options: LeaseOptions): Lease {
  return new RowLease(options)
}

class RowLease implements Lease {
  readonly #options: LeaseOptions
  readonly #heldMs: number
  readonly #stop = new AbortController()
  readonly #ended: Promise<void>
  #heldUntilMs = -Infinity

  constructor(options: LeaseOptions) {
    this.#options = options
    this.#heldMs = options.heldMs ?? HELD_MS
    this.#ended = this.#keep()
  }

  isHeld(): boolean {
    return performance.now() < this.#heldUntilMs
  }

  async stop(): Promise<void> {
    this.#stop.abort()
    await this.#ended
    this.#heldUntilMs = -Infinity
    const { db, name, holder, onError } = this.#options
    await db
      .execute({
        name: 'platform.release_lease',
        text: 'delete from platform.lease where name = $1 and holder = $2',
        values: [name, holder],
        // Not let go, it runs out.
      })
      .catch(onError)
  }

  /** Asks three times in the time it holds: two answers may be lost. */
  async #keep(): Promise<void> {
    const { db, name, holder, onError } = this.#options
    while (!this.#stop.signal.aborted) {
      const askedAtMs = performance.now()
      try {
        const tookIt = await db.execute({
          name: 'platform.take_lease',
          text: `insert into platform.lease as lease (name, holder, held_until)
                 values ($1, $2, clock_timestamp() + $3::float8 * interval '1 millisecond')
                 on conflict (name) do update set holder = excluded.holder, held_until = excluded.held_until
                  where lease.holder = excluded.holder or lease.held_until < clock_timestamp()`,
          values: [name, holder, this.#heldMs],
        })
        this.#heldUntilMs = tookIt === 1 ? askedAtMs + this.#heldMs : -Infinity
      } catch (error) {
        onError(error)
      }
      await pause(this.#heldMs / 3, this.#stop.signal)
    }
  }
}
