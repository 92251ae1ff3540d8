import type { Db, Statement, Tx } from '../db.ts'
import { hasAppended } from './append.ts'
import type { Wake } from './wake.ts'

/** Readers of other nodes listen on this channel; the payload is empty. */
export const EVENT_CHANNEL = 'waybill_event'

/** NOTIFY holds a database-wide lock while it commits: at most one a node in this time, never in a write's own transaction. */
const NOTIFY_EVERY_MS = 50

/** A `Db` whose commits wake the readers: those of this process at once, those of other nodes by NOTIFY. */
export function announceEvents(
  db: Db,
  { wake, onError }: { readonly wake: Wake; readonly onError: (error: unknown) => void },
): Db {
  return new AnnouncingDb(db, wake, onError)
}

const notifyReaders: Statement = {
  name: 'platform.notify_readers',
  text: `select pg_notify('${EVENT_CHANNEL}', '')`,
}

class AnnouncingDb implements Db {
  readonly #db: Db
  readonly #wake: Wake
  readonly #onError: (error: unknown) => void
  #notifyTimer: NodeJS.Timeout | undefined
  #notifiedAt = -Infinity

  constructor(db: Db, wake: Wake, onError: (error: unknown) => void) {
    this.#db = db
    this.#wake = wake
    this.#onError = onError
  }

  async inTransaction<Result>(work: (tx: Tx) => Promise<Result>): Promise<Result> {
    let committed: Tx | undefined
    const result = await this.#db.inTransaction((tx) => {
      committed = tx
      return work(tx)
    })
    if (committed !== undefined && hasAppended(committed)) this.#announce()
    return result
  }

  rows<Row>(statement: Statement): Promise<Row[]> {
    return this.#db.rows(statement)
  }

  execute(statement: Statement): Promise<number> {
    return this.#db.execute(statement)
  }

  clock(): ReturnType<Db['clock']> {
    return this.#db.clock()
  }

  poolUse(): ReturnType<Db['poolUse']> {
    return this.#db.poolUse()
  }

  close(): Promise<void> {
    clearTimeout(this.#notifyTimer)
    return this.#db.close()
  }

  #announce(): void {
    this.#wake.signal()
    if (this.#notifyTimer !== undefined) return
    const dueInMs = this.#notifiedAt + NOTIFY_EVERY_MS - performance.now()
    if (dueInMs <= 0) this.#notify()
    else this.#notifyTimer = setTimeout(() => this.#notify(), dueInMs).unref()
  }

  #notify(): void {
    this.#notifyTimer = undefined
    this.#notifiedAt = performance.now()
    // A lost notification costs the readers of other nodes one poll interval.
    this.#db.execute(notifyReaders).catch(this.#onError)
  }
}
