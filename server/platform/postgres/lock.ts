import { randomUUID } from 'node:crypto'
import { linkSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { hasErrorCode } from './error.ts'
import { isAlive, ownIdentity, type ProcessIdentity } from './process.ts'

interface Holder extends ProcessIdentity {
  readonly token: string
}

const POLL_MS = 10
const TELL_AFTER_MS = 1_000
/** A file without content this old belongs to a process that died between creating and writing it. */
const UNWRITTEN_MAX_MS = 2_000

/**
 * Runs `work` while no other process on this machine holds the lock file `path`. A lock whose process has died is
 * taken over, so a kill -9 blocks nobody.
 */
export async function withFileLock<Result>(
  path: string,
  { log, purpose }: { readonly log: (message: string) => void; readonly purpose: string },
  work: () => Promise<Result>,
): Promise<Result> {
  const mine: Holder = { ...ownIdentity(), token: randomUUID() }
  let tellAt = Date.now() + TELL_AFTER_MS
  while (!tryCreate(path, mine)) {
    const holder = readHolder(path)
    if (holder === 'gone') continue
    if (holder === 'dead') removeDead(path)
    else {
      if (Date.now() > tellAt) {
        log(`waiting for process ${holder.pid}, which is ${purpose}`)
        tellAt = Infinity
      }
      await sleep(POLL_MS)
    }
  }
  try {
    return await work()
  } finally {
    rmSync(path, { force: true })
  }
}

function tryCreate(path: string, mine: Holder): boolean {
  try {
    writeFileSync(path, JSON.stringify(mine), { flag: 'wx', mode: 0o644 })
    return true
  } catch (error) {
    if (hasErrorCode(error, 'EEXIST')) return false
    throw error
  }
}

function readHolder(path: string): Holder | 'gone' | 'dead' {
  try {
    const text = readFileSync(path, 'utf8')
    if (text === '') {
      const isAbandoned = Date.now() - statSync(path).mtimeMs > UNWRITTEN_MAX_MS
      return isAbandoned ? 'dead' : { pid: 0, startedAt: '', token: '' }
    }
    const holder = JSON.parse(text) as Holder
    return isAlive(holder) ? holder : 'dead'
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT')) return 'gone'
    throw error
  }
}

/**
 * Renamed first: of several processes that saw the same dead holder only one can move a file away. If the file moved
 * is a fresh lock, taken since we looked, it is put back. Even if that came too late two holders do no harm to data:
 * PostgreSQL's own lock on the data directory lets one server in.
 */
function removeDead(path: string): void {
  const aside = `${path}.${randomUUID()}`
  try {
    renameSync(path, aside)
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT')) return
    throw error
  }
  try {
    if (readHolder(aside) !== 'dead') linkSync(aside, path)
  } catch (error) {
    if (!hasErrorCode(error, 'EEXIST')) throw error
  } finally {
    rmSync(aside, { force: true })
  }
}
