import { EventEmitter } from 'node:events'
import { Logger, runMigrations, runTaskList, type TaskList, type WorkerPool } from 'graphile-worker'
import pg from 'pg'
import type { Db } from '../db.ts'
import { readDeadProcesses, registerProcess, removeProcesses, type RegisteredProcess } from '../process.ts'
import { pause } from '../time/pause.ts'
import { freeWorkers, readOrphanedWorkers, removeFailedJobs } from './jobs.sql.ts'

export { addJobs, type NewJob } from './jobs.sql.ts'

/**
 * Makes one outside call and records its result. It may run twice at the same time (a node thought dead, a job added
 * again): it begins by leasing its intent, and what it throws is only logged, as the intent's `next_try_at` is the one
 * truth about when it is tried again.
 *
 * @param stop  aborted when the process has been ending for some seconds
 */
export type JobTask = (payload: unknown, stop: AbortSignal) => Promise<void>

export interface JobsOptions {
  readonly db: Db
  /** For a small pool of the worker's own: it listens on one session and must not wait behind requests. */
  readonly databaseUrl: string
  readonly version: string
  /** Jobs that run at once in this process. */
  readonly concurrency: number
  readonly tasks: Readonly<Record<string, JobTask>>
  readonly onError: (error: unknown, where: string) => void
}

export interface Jobs {
  /** Takes no more jobs, gives back those not begun, waits for those that run, and strikes the worker off. */
  stop(): Promise<void>
}

/** A worker silent for this long is dead and its jobs are free; at 60 s an audit would find them. */
const SILENT_MS = 30_000
const FREE_EVERY_MS = 10_000
const LOOK_EVERY_MS = 1_000
/** One listens, one fetches, one completes, one to spare. */
const CONNECTIONS_MAX = 4
/** Jobs fetched at once. Three a slot keep slots busy and little waits when a process is killed. */
const FETCHED_PER_SLOT = 3
/** Where nothing is heard, behind a transaction pooler. */
const POLL_MS = 1_000

/** Creates or updates the schema `graphile_worker`. Several nodes may call this at once. */
export async function migrateJobs(databaseUrl: string): Promise<void> {
  await runMigrations({ connectionString: databaseUrl, maxPoolSize: 2, logger: new Logger(() => () => {}) })
}

/**
 * Runs jobs. A worker is a row in `platform.process` with a heartbeat: the library itself would leave the jobs of a
 * killed process locked for four hours. Those of workers of this machine whose process is gone are freed at the start,
 * those of others after 30 seconds of silence.
 */
export async function startJobs(options: JobsOptions): Promise<Jobs> {
  const stop = new AbortController()
  await freeDeadWorkers(options.db)
  const worker = await startWorker(options)
  const ended = keepWorking(options, worker, stop.signal)
  return {
    async stop() {
      stop.abort()
      await ended
    },
  }
}

/** Frees the jobs of dead workers. @returns the workers freed */
export async function freeDeadWorkers(db: Db): Promise<readonly string[]> {
  const dead = await readDeadProcesses(db, SILENT_MS)
  const workers = dead.flatMap(({ worker }) => (worker === null ? [] : [worker]))
  const orphaned = await readOrphanedWorkers(db, SILENT_MS)
  const freed = [...new Set([...workers, ...orphaned])]
  if (freed.length > 0) await freeWorkers(db, freed)
  const deadIds = dead.map(({ id }) => id)
  if (deadIds.length > 0) await removeProcesses(db, deadIds)
  return freed
}

interface Worker {
  readonly pool: WorkerPool
  readonly connections: pg.Pool
  readonly heartbeat: RegisteredProcess
  /** Why it ended by itself: the library gives up a worker whose completions it cannot write. */
  readonly failure: () => unknown
}

async function keepWorking(options: JobsOptions, first: Worker, stop: AbortSignal): Promise<void> {
  const { db, onError } = options
  let worker: Worker | null = first
  let freedAtMs = performance.now()
  for (;;) {
    await pause(LOOK_EVERY_MS, stop)
    if (stop.aborted) break
    try {
      if (worker !== null && worker.failure() !== null) {
        onError(worker.failure(), 'jobs')
        const ended: Worker = worker
        worker = null
        await endWorker(ended, onError)
      }
      worker ??= await startWorker(options)
      if (performance.now() - freedAtMs > FREE_EVERY_MS) {
        freedAtMs = performance.now()
        await freeDeadWorkers(db)
        await removeFailedJobs(db)
      }
    } catch (error) {
      onError(error, 'jobs')
    }
  }
  if (worker !== null) await endWorker(worker, onError)
}

async function startWorker({ db, databaseUrl, version, concurrency, tasks, onError }: JobsOptions): Promise<Worker> {
  const connections = new pg.Pool({
    connectionString: databaseUrl,
    application_name: 'waybill jobs',
    max: CONNECTIONS_MAX,
    connectionTimeoutMillis: 5_000,
    keepAlive: true,
  })
  // A session that breaks is replaced; without listeners on the pool and on sessions in use the process would die.
  connections.on('error', () => {})
  connections.on('connect', (session) => session.on('error', () => {}))
  // The library keeps the outcome of its first query for ever, an error too: first see that there is a session to be had.
  await connections.query('select')
  const events = new EventEmitter()
  events.on('job:failed', ({ error, job }: JobFailed) => onError(error, `job ${job.task_identifier}`))
  const pool = runTaskList(
    {
      concurrency,
      events,
      logger: loggerTo(onError),
      noHandleSignals: true,
      pollInterval: POLL_MS,
      preset: {
        worker: {
          localQueue: { size: concurrency * FETCHED_PER_SLOT },
          completeJobBatchDelay: 0,
          failJobBatchDelay: 0,
        },
      },
    },
    taskList(tasks),
    connections,
  )
  let failure: unknown = null
  pool.promise.then(
    () => (failure ??= new Error('the job worker has ended')),
    (error: unknown) => (failure ??= error),
  )
  try {
    const heartbeat = await registerProcess({
      db,
      kind: 'worker',
      version,
      worker: pool.id,
      onError: (error) => onError(error, 'heartbeat'),
    })
    return { pool, connections, heartbeat, failure: () => failure }
  } catch (error) {
    await pool.gracefulShutdown()
    await connections.end()
    throw error
  }
}

async function endWorker(
  { pool, connections, heartbeat, failure }: Worker,
  onError: JobsOptions['onError'],
): Promise<void> {
  try {
    if (failure() === null) await pool.gracefulShutdown()
  } catch (error) {
    onError(error, 'jobs')
  }
  await connections.end()
  // Only now: while its row is there, nobody frees jobs that may still run.
  await heartbeat.stop().catch((error: unknown) => onError(error, 'heartbeat'))
}

function taskList(tasks: Readonly<Record<string, JobTask>>): TaskList {
  const list: TaskList = {}
  for (const [name, task] of Object.entries(tasks)) {
    list[name] = (payload: unknown, helpers) => task(payload, helpers.abortSignal)
  }
  return list
}

interface JobFailed {
  readonly error: unknown
  readonly job: { readonly task_identifier: string }
}

/** Failed jobs are told by their event; what is left are troubles of the worker itself. */
function loggerTo(onError: JobsOptions['onError']): Logger {
  return new Logger(() => (level, message, meta) => {
    if ((level === 'error' || level === 'warning') && meta['failure'] !== true) onError(new Error(message), 'jobs')
  })
}
