import { once } from 'node:events'
import { existsSync, mkdirSync, realpathSync, renameSync, statSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { findBinaries } from './binaries.ts'
import { createDataDir, dataDirExists, nameForServer, writeServerFiles } from './data-dir.ts'
import {
  chooseSocket,
  chooseTcp,
  endpointExists,
  endpointUrl,
  prepareEndpoint,
  removeEndpoint,
  type Endpoint,
} from './endpoint.ts'
import { EmbeddedPostgresError } from './error.ts'
import { withFileLock } from './lock.ts'
import {
  becomesReady,
  clearRemains,
  findPostmaster,
  launchPostmaster,
  readListening,
  stopPostmaster,
  type Installation,
  type Postmaster,
} from './postmaster.ts'
import { chooseServerUser } from './server-user.ts'
import type { PostgresSettings } from './settings.ts'
import { dismissUser, enrolUser } from './users.ts'

export interface EmbeddedPostgresOptions {
  /** Made when missing. Beside it, under names that begin with its own, stand its log, its lock and its users. */
  readonly dataDir: string
  readonly log: (message: string) => void
  /** Over the default ones; without effect on a running server. `fsync: 'off'` marks data to be thrown away. */
  readonly settings?: PostgresSettings
  /** A Unix socket where there are such, else loopback TCP. */
  readonly listen?: 'socket' | 'tcp'
}

export interface EmbeddedPostgres {
  /** Of the database `waybill`; its user may do everything in this cluster. Stays the same through restarts. */
  readonly url: string
  /** Of the server's first process; another one after a restart. */
  readonly pid: number
  /** Whether the server was running already: started by another process, or left by a killed one. */
  readonly reused: boolean
  /** Stops the server, unless another living process uses it too: the last one out turns off the light. */
  stop(): Promise<void>
}

interface Cluster {
  readonly installation: Installation
  readonly endpoint: Endpoint
  readonly settings: PostgresSettings
  readonly log: (message: string) => void
}

const DATABASE = 'waybill'
const RESTART_DELAY_MIN_MS = 100
const RESTART_DELAY_MAX_MS = 10_000
/** A server that lived this long was not ended by what its start met. */
const HEALTHY_AFTER_MS = 10_000
const SOCKET_CHECK_MS = 1_000
const LOG_BYTES_MAX = 10 * 1024 * 1024

/**
 * Brings up a real PostgreSQL on `dataDir` and keeps it up until `stop`: a server that dies is started again, clients
 * only reconnect. A server already running there is used as it is; of several processes that ask at once, a lock file
 * lets one start it. When this process is killed the server goes on, and the next one to ask uses it.
 *
 * @throws EmbeddedPostgresError  a person has to act; existing data is as it was
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const { log, settings = {}, listen = process.platform === 'win32' ? 'tcp' : 'socket' } = options
  const installation = locateInstallation(options.dataDir)
  const { dataDir, serverUser } = installation
  return locked(installation, log, async () => {
    const endpoint = listen === 'tcp' ? await chooseTcp(dataDir) : chooseSocket(dataDir, serverUser)
    const asked: Cluster = { installation, endpoint, settings, log }
    const running = await findRunning(asked)
    if (running === null) await createIfMissing(asked)
    const postmaster = running ?? (await boot(asked))
    const cluster = { ...asked, endpoint: endpointInUse(asked) }
    await ensureDatabase(cluster.endpoint)
    const userName = enrolUser(dataDir)
    return new SupervisedPostgres(cluster, postmaster, { userName, reused: running !== null })
  })
}

class SupervisedPostgres implements EmbeddedPostgres {
  readonly url: string
  readonly reused: boolean
  readonly #cluster: Cluster
  readonly #userName: string
  readonly #stopping = new AbortController()
  readonly #supervision: Promise<unknown>
  #postmaster: Postmaster
  #stopped: Promise<void> | null = null

  constructor(
    cluster: Cluster,
    postmaster: Postmaster,
    { userName, reused }: { readonly userName: string; readonly reused: boolean },
  ) {
    this.url = endpointUrl(cluster.endpoint, DATABASE)
    this.reused = reused
    this.#cluster = cluster
    this.#userName = userName
    this.#postmaster = postmaster
    this.#supervision = Promise.all([this.#superviseProcess(), this.#superviseSocket()])
  }

  get pid(): number {
    return this.#postmaster.pid
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop()
    return this.#stopped
  }

  async #stop(): Promise<void> {
    const { installation, endpoint, log } = this.#cluster
    this.#stopping.abort()
    await locked(installation, log, async () => {
      if (dismissUser(installation.dataDir, this.#userName) > 0) return
      await stopPostmaster(installation, this.#postmaster)
      removeEndpoint(endpoint)
    })
    await this.#supervision
  }

  async #superviseProcess(): Promise<void> {
    const { log } = this.#cluster
    let readyAt = Date.now()
    let delayMs = 0
    while (await endsUnasked(this.#postmaster, this.#stopping.signal)) {
      log('PostgreSQL has ended by itself; starting it again')
      const wasHealthy = Date.now() - readyAt > HEALTHY_AFTER_MS
      delayMs = wasHealthy ? 0 : Math.min(Math.max(delayMs * 2, RESTART_DELAY_MIN_MS), RESTART_DELAY_MAX_MS)
      await this.#pause(delayMs)
      if (await this.#startAgain()) readyAt = Date.now()
    }
  }

  /** A socket that a cleaner of temporary files deleted comes back only with a new server. */
  async #superviseSocket(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      await this.#pause(SOCKET_CHECK_MS)
      if (endpointExists(this.#cluster.endpoint)) continue
      await this.#underLock(async () => void (await findRunning(this.#cluster)))
    }
  }

  #startAgain(): Promise<boolean> {
    return this.#underLock(async () => {
      this.#postmaster = (await findRunning(this.#cluster)) ?? (await boot(this.#cluster))
      this.#cluster.log('PostgreSQL is running again')
    })
  }

  /** @returns false when `work` failed; that is logged and tried again, for as long as this process lives */
  async #underLock(work: () => Promise<void>): Promise<boolean> {
    const { installation, log } = this.#cluster
    try {
      await locked(installation, log, async () => {
        if (!this.#stopping.signal.aborted) await work()
      })
      return true
    } catch (error) {
      log(`PostgreSQL could not be started again: ${error instanceof Error ? error.message : String(error)}`)
      return false
    }
  }

  async #pause(ms: number): Promise<void> {
    const { signal } = this.#stopping
    await sleep(ms, undefined, { ref: false, signal }).catch(ignoreAbort)
  }
}

function locateInstallation(path: string): Installation {
  const parent = dirname(resolve(path))
  mkdirSync(parent, { recursive: true })
  const inParent = join(realpathSync(parent), basename(path))
  const dataDir = existsSync(inParent) ? realpathSync(inParent) : inParent
  const serverUser = chooseServerUser(dataDir)
  const binaries = findBinaries(serverUser)
  dataDirExists(dataDir, binaries.majorVersion)
  const dataDirArgument = nameForServer(dataDir, serverUser)
  return { dataDir, logFile: `${dataDir}.log`, binaries, serverUser, dataDirArgument }
}

async function locked<Result>(
  { dataDir }: Installation,
  log: (message: string) => void,
  work: () => Promise<Result>,
): Promise<Result> {
  mkdirSync(dirname(dataDir), { recursive: true })
  return withFileLock(`${dataDir}.lock`, { log, purpose: 'starting or stopping PostgreSQL' }, work)
}

/** Under the lock. A server whose socket is gone reaches nobody: it is ended. */
async function findRunning(cluster: Cluster): Promise<Postmaster | null> {
  const { installation, log } = cluster
  const running = findPostmaster(installation.dataDir)
  if (running === null || !(await becomesReady(installation, running, log))) return null
  if (endpointExists(endpointInUse(cluster))) return running
  log('the socket of PostgreSQL was deleted; starting it again')
  await stopPostmaster(installation, running)
  return null
}

/** Whoever started the running server chose its port, and may have had another directory for temporary files. */
function endpointInUse({ installation, endpoint }: Cluster): Endpoint {
  const { socketDir, port } = readListening(installation.dataDir)
  if (socketDir !== '') return { kind: 'socket', dir: socketDir }
  return endpoint.kind === 'tcp' ? { ...endpoint, port } : endpoint
}

/** Under the lock, while no server runs. */
async function createIfMissing({ installation, endpoint, settings, log }: Cluster): Promise<void> {
  if (dataDirExists(installation.dataDir, installation.binaries.majorVersion)) return
  log('creating the database')
  await createDataDir(installation, { endpoint, isThrowAway: settings['fsync'] === 'off' })
}

/** Under the lock, while no server runs. */
async function boot({ installation, endpoint, settings, log }: Cluster): Promise<Postmaster> {
  const { dataDir, binaries, serverUser } = installation
  if (!dataDirExists(dataDir, binaries.majorVersion)) throw new EmbeddedPostgresError(`${dataDir} is gone`)
  await clearRemains(dataDir)
  trimLog(installation.logFile)
  prepareEndpoint(endpoint, serverUser)
  writeServerFiles(installation, { endpoint, settings })
  return launchPostmaster(installation, log)
}

/** One old log is kept. The server says little, but for years. */
function trimLog(logFile: string): void {
  const { size } = statSync(logFile, { throwIfNoEntry: false }) ?? { size: 0 }
  if (size > LOG_BYTES_MAX) renameSync(logFile, `${logFile}.1`)
}

async function ensureDatabase(endpoint: Endpoint): Promise<void> {
  const client = new pg.Client({ connectionString: endpointUrl(endpoint, 'postgres') })
  await client.connect()
  try {
    const { rowCount } = await client.query('select from pg_database where datname = $1', [DATABASE])
    if (rowCount === 0) await client.query(`create database ${DATABASE}`)
  } finally {
    await client.end()
  }
}

async function endsUnasked(postmaster: Postmaster, stopping: AbortSignal): Promise<boolean> {
  await Promise.race([postmaster.ended, stopping.aborted || once(stopping, 'abort')])
  return !stopping.aborted
}

function ignoreAbort(error: unknown): void {
  if (!(error instanceof Error && error.name === 'AbortError')) throw error
}
