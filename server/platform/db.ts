import process from 'node:process'
import pg from 'pg'
import { invariant, must } from '../kernel/invariant.ts'
import { instantFromMs, type Instant } from '../kernel/time.ts'
import { assertNoTransactionHeld, runInsideTransactionScope } from './outside.ts'
import { ConnectionSilentError, SilenceWatch, streamOf } from './silence.ts'

/** One named SQL statement with its values. A name always carries the same text: it is prepared once a connection. */
export interface Statement {
  readonly name: string
  readonly text: string
  readonly values?: readonly unknown[]
}

export interface Queryable {
  rows<Row>(statement: Statement): Promise<Row[]>
  /** @returns the number of rows the statement touched */
  execute(statement: Statement): Promise<number>
}

declare const txBrand: unique symbol

/** Proof that the holder is inside a write transaction; only `Db.inTransaction` makes one. */
export interface Tx extends Queryable {
  readonly [txBrand]: true
  /** Business now, read once when the transaction began. The only "now" a business rule may use. */
  readonly at: Instant
  /** The database's wall clock when the transaction began: for leases, deadlines and key retention. */
  readonly wallAt: Instant
  /**
   * Sends a statement whose answer nobody needs, without waiting: it travels with the statements after it, at the
   * latest with COMMIT. If it fails the transaction fails. Not for a guard whose row count must be checked.
   */
  send(statement: Statement): void
}

export interface Db extends Queryable {
  /**
   * Runs `work` in one READ COMMITTED write transaction and commits it.
   *
   * Serialisation failures, deadlocks and lock timeouts (40001, 40P01, 55P03) repeat the whole of `work`, at most
   * three times with jitter, then throw `BusyError`; so does a connection that breaks before COMMIT is sent, and then
   * `DatabaseAwayError` is thrown. One that falls silent is closed, and not worth a repeat. `work` must have no effect
   * outside the database.
   *
   * @throws BusyError           the database is contended, has no free connection, or no time or room for a statement;
   *                             nothing was written
   * @throws DatabaseAwayError   no connection, or it broke or fell silent before COMMIT was sent; nothing was written
   * @throws CommitUnknownError  it did so after COMMIT was sent; ask by key whether it took effect
   */
  inTransaction<Result>(work: (tx: Tx) => Promise<Result>): Promise<Result>
  /** Business now and the database's wall clock, outside of any transaction. */
  clock(): Promise<{ at: Instant; wallAt: Instant }>
  poolUse(): { readonly total: number; readonly idle: number; readonly waiting: number }
  close(): Promise<void>
}

export class BusyError extends Error {
  override readonly name = 'BusyError'
}
export class DatabaseAwayError extends Error {
  override readonly name = 'DatabaseAwayError'
}
export class CommitUnknownError extends Error {
  override readonly name = 'CommitUnknownError'
}

/** There was a connection and it broke: another one may be had at once, so this alone is worth a repeat. */
class ConnectionBrokenError extends DatabaseAwayError {}

export interface DbOptions {
  readonly databaseUrl: string
  readonly poolMax: number
  readonly applicationName: string
  /**
   * Longest single statement; 0 switches the limit off, for migrations and loads. A second or two after it without a
   * word from the server the connection is closed on our side.
   */
  readonly statementTimeoutMs?: number
  readonly connectTimeoutMs?: number
}

const RETRIES_MAX = 3
const LOCK_TIMEOUT_MS = 1_000
const IDLE_IN_TRANSACTION_MS = 2_000
const STATEMENT_TIMEOUT_MS = 2_000
const CONNECT_TIMEOUT_MS = 2_000

/** Written without `now()`: business time moves at the sandbox's rate, wall time does not. */
const IN_FAILED_TRANSACTION = '25P02'

const openTransaction: Statement = {
  name: 'platform.open_transaction',
  // The transaction id is taken first: the event readers' gate relies on it being older than any position we take.
  text: `select pg_current_xact_id()::text as xid, wall_ms::float8 as wall_ms,
                extract(epoch from anchor_business) * 1000
                  + (wall_ms - extract(epoch from anchor_database) * 1000) * rate as at_ms
           from platform.clock, (select extract(epoch from clock_timestamp()) * 1000 as wall_ms) as wall`,
}
const readClock: Statement = {
  name: 'platform.read_clock',
  text: openTransaction.text.replace('pg_current_xact_id()::text', "''"),
}

export function createDb(options: DbOptions): Db {
  const pool = new pg.Pool(poolConfig(options))
  // An idle connection that breaks is replaced on the next checkout; without a listener the process would die.
  pool.on('error', () => {})
  // Likewise one in use: whoever uses it is told by the statement that fails.
  pool.on('connect', (client) => client.on('error', () => {}))
  return new PgDb(pool, new SilenceWatch(options.statementTimeoutMs ?? STATEMENT_TIMEOUT_MS))
}

class PgDb implements Db {
  readonly #pool: pg.Pool
  readonly #silence: SilenceWatch

  constructor(pool: pg.Pool, silence: SilenceWatch) {
    this.#pool = pool
    this.#silence = silence
  }

  async rows<Row>(statement: Statement): Promise<Row[]> {
    assertNoTransactionHeld(statement.name)
    return (await this.#read(statement)).rows as Row[]
  }

  async execute(statement: Statement): Promise<number> {
    assertNoTransactionHeld(statement.name)
    return (await this.#read(statement)).rowCount ?? 0
  }

  async clock(): Promise<{ at: Instant; wallAt: Instant }> {
    const [row] = await this.rows<ClockRow>(readClock)
    return clockOf(row)
  }

  poolUse(): { readonly total: number; readonly idle: number; readonly waiting: number } {
    return { total: this.#pool.totalCount, idle: this.#pool.idleCount, waiting: this.#pool.waitingCount }
  }

  async close(): Promise<void> {
    await this.#pool.end()
    this.#silence.stop()
  }

  async inTransaction<Result>(work: (tx: Tx) => Promise<Result>): Promise<Result> {
    assertNoTransactionHeld('a transaction')
    for (let attempt = 1; ; attempt++) {
      try {
        return await runInsideTransactionScope(() => this.#attempt(work))
      } catch (error) {
        const isBroken = error instanceof ConnectionBrokenError
        if (!isBroken && !isContention(error)) throw error
        if (attempt > RETRIES_MAX) throw isBroken ? error : new BusyError('the database is contended', { cause: error })
        await sleep(5 * 2 ** attempt * (0.5 + Math.random()))
      }
    }
  }

  async #attempt<Result>(work: (tx: Tx) => Promise<Result>): Promise<Result> {
    const client = await this.#connect()
    let commitSent = false
    let broken = false
    let tx: PgTx | undefined
    try {
      const opened = Promise.all([
        this.#sendTogether(client, { text: 'begin' }),
        this.#sendTogether(client, queryConfig(openTransaction)),
      ])
      const clock = clockOf((await opened)[1].rows[0] as ClockRow | undefined)
      tx = new PgTx((statement) => this.#sendTogether(client, queryConfig(statement)), clock)
      const result = await work(tx as unknown as Tx)
      const pending = tx.finish()
      commitSent = true
      const committed = this.#sendTogether(client, { text: 'commit' })
      await Promise.all(pending.concat(committed))
      // A failed statement that nobody awaited turns COMMIT into ROLLBACK; Promise.all has thrown it by then.
      invariant((await committed).command === 'COMMIT', 'a transaction without a failed statement commits')
      return result
    } catch (thrown) {
      // After a statement failed, those behind it only hear that the transaction is aborted: tell the cause instead.
      const error = sqlState(thrown) === IN_FAILED_TRANSACTION ? (tx?.failure ?? thrown) : thrown
      if (isConnectionLoss(error)) {
        broken = true
        if (commitSent) throw new CommitUnknownError('the connection broke while committing', { cause: error })
        // Where one fell silent the next would too, and whoever asks has waited long enough.
        const Loss = error instanceof ConnectionSilentError ? DatabaseAwayError : ConnectionBrokenError
        throw new Loss('the connection broke', { cause: error })
      }
      // Whatever `work` began and did not wait for must not go on behind the ROLLBACK, on a session of somebody else.
      void tx?.finish()
      await this.#silence.await(client, client.query('rollback')).catch(() => (broken = true))
      throw isOverload(error) ? new BusyError('the database has no time or room for it', { cause: error }) : error
    } finally {
      client.release(broken)
    }
  }

  async #read(statement: Statement): Promise<pg.QueryResult> {
    const client = await this.#connect()
    let broken = false
    try {
      return await this.#silence.await(client, client.query(queryConfig(statement)))
    } catch (error) {
      broken = isConnectionLoss(error)
      if (broken) throw new DatabaseAwayError('the connection broke', { cause: error })
      throw isOverload(error) ? new BusyError('the database has no time or room for it', { cause: error }) : error
    } finally {
      client.release(broken)
    }
  }

  #sendTogether(client: pg.PoolClient, config: pg.QueryConfig): Promise<pg.QueryResult> {
    return this.#silence.await(client, sendTogether(client, config))
  }

  async #connect(): Promise<pg.PoolClient> {
    try {
      return await this.#pool.connect()
    } catch (error) {
      if (error instanceof Error && /timeout exceeded/.test(error.message) && this.#pool.totalCount > 0) {
        throw new BusyError('no database connection became free', { cause: error })
      }
      throw new DatabaseAwayError('the database cannot be reached', { cause: error })
    }
  }
}

class PgTx {
  readonly at: Instant
  readonly wallAt: Instant
  readonly #send: (statement: Statement) => Promise<pg.QueryResult>
  readonly #pending: Promise<unknown>[] = []
  /** What the first statement to fail among those sent failed with. */
  failure: unknown
  #open = true

  constructor(
    send: (statement: Statement) => Promise<pg.QueryResult>,
    clock: { readonly at: Instant; readonly wallAt: Instant },
  ) {
    this.#send = send
    this.at = clock.at
    this.wallAt = clock.wallAt
  }

  async rows<Row>(statement: Statement): Promise<Row[]> {
    return (await this.#query(statement)).rows as Row[]
  }

  async execute(statement: Statement): Promise<number> {
    return (await this.#query(statement)).rowCount ?? 0
  }

  send(statement: Statement): void {
    // Awaited by `finish`; an early failure is noted there, so that it is not reported as unhandled before that.
    this.#pending.push(this.#query(statement))
  }

  /** Ends the handle: a statement sent later by forgotten code would run outside the transaction. */
  finish(): Promise<unknown>[] {
    this.#open = false
    return this.#pending
  }

  #query(statement: Statement): Promise<pg.QueryResult> {
    invariant(this.#open, `statement ${statement.name} was sent after its transaction ended`)
    const answer = this.#send(statement)
    // Statements behind a failed one only hear that the transaction is aborted; this is what it was.
    answer.catch((error: unknown) => (this.failure ??= error))
    return answer
  }
}

const corked = new WeakSet<pg.PoolClient>()

/**
 * Queues a statement and writes it with all others of this turn at once: by itself the driver makes one system call a
 * statement, which took a sixth of the write road.
 */
function sendTogether(client: pg.PoolClient, config: pg.QueryConfig): Promise<pg.QueryResult> {
  if (!corked.has(client)) {
    const stream = streamOf(client)
    corked.add(client)
    stream.cork()
    process.nextTick(() => {
      corked.delete(client)
      stream.uncork()
    })
  }
  return client.query(config)
}

interface ClockRow {
  readonly at_ms: number
  readonly wall_ms: number
}

function clockOf(row: ClockRow | undefined): { at: Instant; wallAt: Instant } {
  const { at_ms, wall_ms } = must(row, 'the one row of platform.clock')
  return { at: instantFromMs(at_ms), wallAt: instantFromMs(wall_ms) }
}

function queryConfig({ name, text, values }: Statement): pg.QueryConfig {
  return values === undefined ? { name, text } : { name, text, values: values as unknown[] }
}

function isContention(error: unknown): boolean {
  const code = sqlState(error)
  return code === '40001' || code === '40P01' || code === '55P03'
}

/** Past `statement_timeout`, or class 53: no disk space, no memory, no connection left. */
function isOverload(error: unknown): boolean {
  const code = sqlState(error)
  return code === '57014' || code?.startsWith('53') === true
}

/** The SQLSTATE of a database error, or undefined for anything else. */
export function sqlState(error: unknown): string | undefined {
  return error instanceof pg.DatabaseError ? error.code : undefined
}

/** The unique key or check that a statement violated, or undefined for anything else. */
export function violatedConstraint(error: unknown): string | undefined {
  return error instanceof pg.DatabaseError ? error.constraint : undefined
}

function isConnectionLoss(error: unknown): boolean {
  const code = sqlState(error)
  // Class 57P: the server was told to end us or is starting; class 08: the connection itself.
  if (code !== undefined) return code.startsWith('57P') || code.startsWith('08') || code === '25P03'
  if (error instanceof ConnectionSilentError) return true
  if (!(error instanceof Error)) return false
  const { code: errno } = error as NodeJS.ErrnoException
  return (
    (errno !== undefined && /^(ECONN|EPIPE|ENOENT|ETIMEDOUT|EHOST|ENET)/.test(errno)) ||
    /Connection terminated|connection error and is not queryable|Client was closed/.test(error.message)
  )
}

function poolConfig(options: DbOptions): pg.PoolConfig {
  const statementTimeoutMs = options.statementTimeoutMs ?? STATEMENT_TIMEOUT_MS
  return {
    connectionString: options.databaseUrl,
    max: options.poolMax,
    application_name: options.applicationName,
    connectionTimeoutMillis: options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS,
    statement_timeout: statementTimeoutMs,
    lock_timeout: LOCK_TIMEOUT_MS,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
    idleTimeoutMillis: 30_000,
    keepAlive: true,
    options: '-c random_page_cost=1.1',
    // Several statements of one transaction share an exchange; results still come back in order.
    pipeline: true,
    types: { getTypeParser },
  }
}

const INT8 = 20
const TIMESTAMPTZ = 1184
const INT8_ARRAY = 1016
const parseTextArray = pg.types.getTypeParser(1009 as never) as (text: string) => string[]

/** bigint columns become `bigint`, timestamptz becomes `Instant`; everything else as the driver does it. */
function getTypeParser(oid: number, format?: 'text' | 'binary'): (text: string) => unknown {
  if (oid === INT8) return BigInt
  if (oid === TIMESTAMPTZ) return parseTimestamp
  if (oid === INT8_ARRAY) return (text) => parseTextArray(text).map(BigInt)
  return pg.types.getTypeParser(oid, format) as (text: string) => unknown
}

function parseTimestamp(text: string): Instant {
  // PostgreSQL writes `2026-11-22 13:00:00.123456+00`; Date.parse wants a T and minutes in the offset.
  const iso = text.replace(' ', 'T').replace(/([+-]\d\d)$/, '$1:00')
  return instantFromMs(Date.parse(iso))
}

/** The array literal of values that need no escaping (uuids, numbers): several times cheaper than the driver's own. */
export function plainArray(values: readonly (string | number | bigint | null)[]): string {
  return `{${values.map((value) => value ?? 'null').join(',')}}`
}

/** The array literal of instants, for a `timestamptz[]` parameter; most of a batch share one, which is written once. */
export function instantArray(values: readonly (Instant | null)[]): string {
  let last: Instant | null = null
  let lastText = 'null'
  const texts = values.map((value) => {
    if (value !== last) {
      last = value
      lastText = value === null ? 'null' : new Date(value).toISOString()
    }
    return lastText
  })
  return `{${texts.join(',')}}`
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
