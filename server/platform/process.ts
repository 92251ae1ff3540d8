import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import process from 'node:process'
import type { Db, Queryable } from './db.ts'
import { pause } from './time/pause.ts'

export interface RegisterOptions {
  readonly db: Db
  /** `serve`, `work`, `worker` … */
  readonly kind: string
  readonly version: string
  /** The name under which this process holds jobs, if it does. */
  readonly worker?: string
  readonly onError: (error: unknown) => void
}

export interface RegisteredProcess {
  readonly id: string
  /** Strikes the process off. */
  stop(): Promise<void>
}

const HEARTBEAT_EVERY_MS = 5_000

/** What this process has entered. */
const ownIds = new Set<string>()

/** Enters this process into `platform.process` and gives a sign of life every five seconds. */
export async function registerProcess(options: RegisterOptions): Promise<RegisteredProcess> {
  const id = randomUUID()
  ownIds.add(id)
  await beat(options, id)
  const stop = new AbortController()
  const ended = keepBeating(options, id, stop.signal)
  return {
    id,
    async stop() {
      stop.abort()
      await ended
      await removeProcesses(options.db, [id])
      ownIds.delete(id)
    },
  }
}

async function keepBeating(options: RegisterOptions, id: string, stop: AbortSignal): Promise<void> {
  while (!stop.aborted) {
    await pause(HEARTBEAT_EVERY_MS, stop)
    if (!stop.aborted) await beat(options, id).catch(options.onError)
  }
}

/** Writes the whole row: whoever took us for dead meanwhile has removed it. */
async function beat({ db, kind, version, worker }: RegisterOptions, id: string): Promise<void> {
  await db.execute({
    name: 'platform.heartbeat',
    text: `insert into platform.process (id, kind, worker, host, pid, version, started_at, heartbeat_at)
           select $1, $2, $3, $4, $5, $6, wall_at, wall_at from (select clock_timestamp() as wall_at) as wall
           on conflict (id) do update set heartbeat_at = excluded.heartbeat_at`,
    values: [id, kind, worker ?? null, hostname(), process.pid, version],
  })
}

export interface DeadProcess {
  readonly id: string
  readonly kind: string
  readonly worker: string | null
}

/**
 * Processes that cannot be alive: silent for `silentMs`, or of this machine and without a process of that number.
 * The second lets a restart after kill -9 go on at once. In a container every process may have the number 1: one of
 * our own number that this one has not entered is dead too.
 */
export async function readDeadProcesses(source: Queryable, silentMs: number): Promise<DeadProcess[]> {
  const rows = await source.rows<DeadProcess & { host: string; pid: number; isSilent: boolean }>({
    name: 'platform.read_processes',
    text: `select id, kind, worker, host, pid,
                  heartbeat_at < clock_timestamp() - $1::float8 * interval '1 millisecond' as "isSilent"
             from platform.process`,
    values: [silentMs],
  })
  return rows
    .filter(({ id, host, pid, isSilent }) => isSilent || (host === hostname() && !ownIds.has(id) && !isRunning(pid)))
    .map(({ id, kind, worker }) => ({ id, kind, worker }))
}

export async function removeProcesses(source: Queryable, ids: readonly string[]): Promise<void> {
  await source.execute({
    name: 'platform.remove_processes',
    text: 'delete from platform.process where id = any($1::uuid[])',
    values: [ids],
  })
}

function isRunning(pid: number): boolean {
  if (pid === process.pid) return false
  try {
    return process.kill(pid, 0)
  } catch (error) {
    // It runs, as another user.
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
