import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { closeSync, fstatSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { must } from '../../kernel/invariant.ts'
import type { Binaries } from './binaries.ts'
import { EmbeddedPostgresError, hasErrorCode } from './error.ts'
import { hasPid, isPostgresOf } from './process.ts'
import type { ServerUser } from './server-user.ts'

/** What it takes to run the server of one data directory. */
export interface Installation {
  /** Absolute, without symbolic links. */
  readonly dataDir: string
  readonly logFile: string
  readonly binaries: Binaries
  readonly serverUser: ServerUser | null
  /** The data directory as the server names it: see `nameForServer`. */
  readonly dataDirArgument: string
}

/** A running server: PostgreSQL's first process, parent of all others. */
export interface Postmaster {
  readonly pid: number
  /** Settles when the process has ended. */
  readonly ended: Promise<void>
  hasEnded(): boolean
}

const READY_POLL_MS = 5
const END_POLL_MS = 100
const TELL_EVERY_MS = 5_000
/** A fast shutdown writes a last checkpoint; a disk that takes longer than this gets a crash-safe immediate one. */
const FAST_SHUTDOWN_MS = 60_000

/** The environment is fixed: a stray `PG…` variable or an unknown locale of the caller must not change the server. */
const SERVER_ENV = { LC_ALL: 'C', PATH: '/usr/local/bin:/usr/bin:/bin' }

export function serverSpawnOptions({ dataDir, serverUser }: Pick<Installation, 'dataDir' | 'serverUser'>) {
  return { cwd: dataDir, ...serverUser, ...(process.platform === 'win32' ? {} : { env: SERVER_ENV }) }
}

/** The server of this data directory, whoever started it. */
export function findPostmaster(dataDir: string): Postmaster | null {
  const pid = Number(readPidFile(dataDir)?.[0])
  if (!Number.isInteger(pid)) return null
  if (pid < 0 && isPostgresOf(-pid, dataDir)) {
    throw new EmbeddedPostgresError(
      `${dataDir} is in use by a single-user PostgreSQL, process ${-pid}. End that first.`,
    )
  }
  return isPostgresOf(pid, dataDir) ? postmasterOf(pid, watchEnd(pid, dataDir)) : null
}

/**
 * Starts the server; the caller has made sure that none runs. It outlives this process.
 * @throws EmbeddedPostgresError with the server's own last words when it does not come up
 */
export async function launchPostmaster(
  installation: Installation,
  log: (message: string) => void,
): Promise<Postmaster> {
  const { logFile } = installation
  const logFd = openSync(logFile, 'a', 0o600)
  const logStart = fstatSync(logFd).size
  try {
    const launch = process.platform === 'win32' ? launchByPgCtl : launchDirectly
    const postmaster = await launch(installation, logFd)
    if (await becomesReady(installation, postmaster, log)) return postmaster
  } finally {
    closeSync(logFd)
  }
  const words = readFileSync(logFile).subarray(logStart).toString().trim().split('\n').slice(-8).join('\n')
  throw new EmbeddedPostgresError(`PostgreSQL did not start; its log ${logFile} ends with:\n${words}`)
}

/**
 * Waits until the server accepts connections, as long as a recovery takes.
 * @returns false when it ended instead
 */
export async function becomesReady(
  { dataDir }: Pick<Installation, 'dataDir'>,
  postmaster: Postmaster,
  log: (message: string) => void,
): Promise<boolean> {
  let tellAt = Date.now() + TELL_EVERY_MS
  while (!postmaster.hasEnded()) {
    const lines = readPidFile(dataDir)
    if (Number(lines?.[0]) === postmaster.pid && lines?.[7]?.trim() === 'ready') return true
    if (Date.now() > tellAt) {
      log('PostgreSQL is still recovering what was committed before it was ended')
      tellAt = Date.now() + TELL_EVERY_MS
    }
    await sleep(READY_POLL_MS)
  }
  return false
}

/** Ends the server: open transactions are rolled back, everything committed is on disk. */
export async function stopPostmaster(installation: Installation, postmaster: Postmaster): Promise<void> {
  if (postmaster.hasEnded()) return
  signal(installation, postmaster.pid, 'fast')
  const timer = setTimeout(() => signal(installation, postmaster.pid, 'immediate'), FAST_SHUTDOWN_MS)
  await postmaster.ended
  clearTimeout(timer)
}

/**
 * Removes what a killed server left in the way of a new one. To be called while no server runs and none can start.
 *
 * Its children end by themselves, but one that computes does so late, and while it lives the new server refuses. A pid
 * file whose pid now belongs to some other process of the same user makes the new server refuse too.
 */
export async function clearRemains(dataDir: string): Promise<void> {
  for (let strays = findStrays(dataDir); strays.length > 0; strays = findStrays(dataDir)) {
    for (const pid of strays) kill(pid, 'SIGKILL')
    await sleep(READY_POLL_MS)
  }
  rmSync(join(dataDir, 'postmaster.pid'), { force: true })
}

/** Linux only: elsewhere the new server refuses until they have ended, and the caller tries again. */
function findStrays(dataDir: string): number[] {
  if (process.platform !== 'linux') return []
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  return pids.map(Number).filter((pid) => isPostgresOf(pid, dataDir))
}

function launchDirectly(installation: Installation, logFd: number): Promise<Postmaster> {
  const { binaries, dataDirArgument } = installation
  return new Promise((resolve, reject) => {
    // A session of its own: Ctrl-C in a terminal must reach Waybill first, the database last.
    const child: ChildProcess = spawn(binaries.postgres, ['-D', dataDirArgument], {
      ...serverSpawnOptions(installation),
      detached: true,
      stdio: ['ignore', logFd, logFd],
    })
    child.once('error', reject)
    child.once('spawn', () => {
      child.unref()
      const ended = new Promise<void>((settle) => child.once('exit', () => settle()))
      resolve(postmasterOf(must(child.pid, 'the pid of a child'), ended))
    })
  })
}

/** Windows: an administrator's server must give up its rights first, which only `pg_ctl` does. */
async function launchByPgCtl({ binaries, dataDir }: Installation, logFd: number): Promise<Postmaster> {
  const args = ['start', '--no-wait', '--silent', '-D', dataDir]
  const { status } = spawnSync(binaries.pgCtl, args, { stdio: ['ignore', logFd, logFd], windowsHide: true })
  for (let waitedMs = 0; status === 0 && waitedMs < 10_000; waitedMs += READY_POLL_MS) {
    const postmaster = findPostmaster(dataDir)
    if (postmaster !== null) return postmaster
    await sleep(READY_POLL_MS)
  }
  throw new EmbeddedPostgresError('PostgreSQL did not start; see its log beside the data directory.')
}

function signal({ binaries, dataDir }: Installation, pid: number, mode: 'fast' | 'immediate'): void {
  if (process.platform === 'win32') spawnSync(binaries.pgCtl, ['stop', '--no-wait', '-m', mode, '-D', dataDir])
  else kill(pid, mode === 'fast' ? 'SIGINT' : 'SIGQUIT')
}

function kill(pid: number, name: 'SIGINT' | 'SIGQUIT' | 'SIGKILL'): void {
  try {
    process.kill(pid, name)
  } catch (error) {
    if (!hasErrorCode(error, 'ESRCH')) throw error
  }
}

/** For a server that is not our child: nobody tells us when it ends. */
async function watchEnd(pid: number, dataDir: string): Promise<void> {
  const isThere = process.platform === 'linux' ? () => isPostgresOf(pid, dataDir) : () => hasPid(pid)
  while (isThere()) await sleep(END_POLL_MS, undefined, { ref: false })
}

/** Where a server that is ready listens; the directory is empty when on TCP only. */
export function readListening(dataDir: string): { readonly port: number; readonly socketDir: string } {
  const lines = readPidFile(dataDir) ?? []
  return { port: Number(lines[3]), socketDir: lines[4] ?? '' }
}

function postmasterOf(pid: number, ended: Promise<void>): Postmaster {
  let isOver = false
  const seen = ended.then(() => void (isOver = true))
  return { pid, ended: seen, hasEnded: () => isOver }
}

/** Lines: pid, data directory, start, port, socket directory, address, shared memory, status. Null without a file. */
function readPidFile(dataDir: string): string[] | null {
  try {
    return readFileSync(join(dataDir, 'postmaster.pid'), 'utf8').split('\n')
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT')) return null
    throw error
  }
}
