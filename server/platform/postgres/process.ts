import { spawnSync } from 'node:child_process'
import { readFileSync, readlinkSync } from 'node:fs'
import process from 'node:process'
import { hasErrorCode } from './error.ts'

/** A process told apart from a later one that was given the same pid. */
export interface ProcessIdentity {
  readonly pid: number
  /** Opaque; equal for one process whoever asks. Empty where the system does not say (Windows). */
  readonly startedAt: string
}

/** Null when no process has this pid, or only a zombie that nobody has reaped yet. */
export function identifyProcess(pid: number): ProcessIdentity | null {
  if (process.platform === 'linux') {
    const stat = readProcFile(`/proc/${pid}/stat`)
    if (stat === null) return null
    // The name in parentheses may hold spaces and parentheses itself: fields count from the last one, state is the 3rd.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return fields[0] === 'Z' || fields[0] === 'X' ? null : { pid, startedAt: fields[19] ?? '' }
  }
  if (!hasPid(pid)) return null
  if (process.platform === 'win32') return { pid, startedAt: '' }
  const [state = '', ...start] = askPs(pid, 'state=,lstart=').split(/\s+/)
  return state === '' || state.startsWith('Z') ? null : { pid, startedAt: start.join('-').replaceAll(':', '-') }
}

export function ownIdentity(): ProcessIdentity {
  return identifyProcess(process.pid) ?? { pid: process.pid, startedAt: '' }
}

export function isAlive(identity: ProcessIdentity): boolean {
  return identifyProcess(identity.pid)?.startedAt === identity.startedAt
}

/** Whether `pid` is a PostgreSQL process that works in `dataDir` (an absolute, real path). */
export function isPostgresOf(pid: number, dataDir: string): boolean {
  if (identifyProcess(pid) === null) return false
  if (process.platform === 'linux') {
    // Every PostgreSQL process stays in its data directory, whatever path it was started with.
    const program = readProcLink(`/proc/${pid}/exe`) ?? ''
    return readProcLink(`/proc/${pid}/cwd`) === dataDir && /\/(postgres|initdb)( \(deleted\))?$/.test(program)
  }
  if (process.platform === 'win32') {
    return spawnSync('tasklist', ['/FI', `PID eq ${pid}`, '/NH'], { encoding: 'utf8' }).stdout.includes('postgres.exe')
  }
  const command = askPs(pid, 'command=')
  return command.includes('postgres') && command.includes(dataDir)
}

/** Cheaper than `identifyProcess`, and fooled by zombies and by a pid given anew. */
export function hasPid(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return hasErrorCode(error, 'EPERM')
  }
}

function askPs(pid: number, columns: string): string {
  const env = { LC_ALL: 'C', PATH: '/bin:/usr/bin' }
  return spawnSync('ps', ['-o', columns, '-p', String(pid)], { encoding: 'utf8', env }).stdout.trim()
}

function readProcFile(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT', 'ESRCH')) return null
    throw error
  }
}

function readProcLink(path: string): string | null {
  try {
    return readlinkSync(path)
  } catch (error) {
    // Another user's process is not ours; a process that is ending has no links any more.
    if (hasErrorCode(error, 'ENOENT', 'ESRCH', 'EACCES', 'EPERM')) return null
    throw error
  }
}
