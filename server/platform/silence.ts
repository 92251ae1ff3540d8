import type { Duplex } from 'node:stream'
import type pg from 'pg'

/** A connection that was closed because nothing came over it any more; other ones may be just as silent. */
export class ConnectionSilentError extends Error {
  override readonly name = 'ConnectionSilentError'
}

/** What is waited for on a connection. */
interface Line {
  readonly client: pg.PoolClient
  awaited: number
  /** Since something was last heard. */
  looks: number
}

const LOOK_EVERY_MS = 500
/** What an answer may take beyond the time the server gives its statement. */
const GRACE_MS = 1_000

/**
 * Closes connections of a pool that have fallen silent: a server that is stopped, or a network that swallows packets,
 * closes nothing, and the server's own `statement_timeout` is of no use where it cannot be told.
 *
 * A connection is silent when statements wait on it and none was answered for so many looks. Looks are counted, not
 * time: while our own event loop is held up nobody looks, and answers that came meanwhile are read before the next one.
 * Statements cost a counter here, not a timer each.
 */
export class SilenceWatch {
  readonly #looksMax: number
  readonly #lines = new WeakMap<pg.PoolClient, Line>()
  readonly #waiting = new Set<Line>()
  readonly #timer: NodeJS.Timeout | undefined

  /** @param statementTimeoutMs  what the server gives a statement; 0: as long as it takes, and nobody watches */
  constructor(statementTimeoutMs: number) {
    // The first look may come at once.
    this.#looksMax = 1 + Math.ceil((statementTimeoutMs + GRACE_MS) / LOOK_EVERY_MS)
    if (statementTimeoutMs > 0) this.#timer = setInterval(() => this.#look(), LOOK_EVERY_MS).unref()
  }

  /** Watches over an answer; where it stays away it is rejected with `ConnectionSilentError`. */
  await<Answer>(client: pg.PoolClient, answer: Promise<Answer>): Promise<Answer> {
    const line = this.#lineOf(client)
    if (line.awaited++ === 0) {
      line.looks = 0
      this.#waiting.add(line)
    }
    const hear = (): void => {
      line.looks = 0
      if (--line.awaited === 0) this.#waiting.delete(line)
    }
    answer.then(hear, hear)
    return answer
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  #lineOf(client: pg.PoolClient): Line {
    let line = this.#lines.get(client)
    if (line === undefined) {
      line = { client, awaited: 0, looks: 0 }
      this.#lines.set(client, line)
    }
    return line
  }

  #look(): void {
    for (const line of this.#waiting) {
      if (++line.looks === this.#looksMax) {
        streamOf(line.client).destroy(new ConnectionSilentError('the database does not answer'))
      }
    }
  }
}

/** The driver's types leave its connection out. */
export function streamOf(client: pg.PoolClient): Duplex {
  return (client as unknown as { readonly connection: { readonly stream: Duplex } }).connection.stream
}
