import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import {
  chownSync,
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import process from 'node:process'
import { promisify } from 'node:util'
import { accessRules, endpointSettings, SUPERUSER, type Endpoint } from './endpoint.ts'
import { EmbeddedPostgresError, hasErrorCode } from './error.ts'
import { clearRemains, serverSpawnOptions, type Installation } from './postmaster.ts'
import { canReach, type ServerUser } from './server-user.ts'
import { defaultSettings, renderSettings, type PostgresSettings } from './settings.ts'

/**
 * @returns false when the data directory is still to be made
 * @throws EmbeddedPostgresError when something else is there, or data of another version
 */
export function dataDirExists(dataDir: string, majorVersion: string): boolean {
  try {
    const names = readdirSync(dataDir)
    if (names.length === 0) return false
    if (!names.includes('PG_VERSION')) {
      throw new EmbeddedPostgresError(
        `${dataDir} is neither empty nor a PostgreSQL data directory. Nothing was changed.`,
      )
    }
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT')) return false
    if (!hasErrorCode(error, 'EACCES', 'EPERM')) throw error
    throw new EmbeddedPostgresError(
      `${dataDir} belongs to another user. Run Waybill as that user or as root, or set DATABASE_URL.`,
    )
  }
  const foundVersion = readFileSync(join(dataDir, 'PG_VERSION'), 'utf8').trim()
  if (foundVersion === majorVersion) return true
  throw new EmbeddedPostgresError(
    `${dataDir} holds data of PostgreSQL ${foundVersion}, and this Waybill brings PostgreSQL ${majorVersion}. ` +
      'Nothing was changed.\nMove the data over with pg_dump and pg_restore, or set DATABASE_URL to a server that ' +
      'reads it, or move the directory away to start empty.',
  )
}

/**
 * Makes the data directory, or nothing: it is built beside its place and moved there when complete.
 * @param isThrowAway  skips writing it through to the disk
 */
export async function createDataDir(
  installation: Installation,
  { endpoint, isThrowAway }: { readonly endpoint: Endpoint; readonly isThrowAway: boolean },
): Promise<void> {
  const { dataDir, serverUser, binaries } = installation
  await removeUnfinished(dataDir)
  const unfinished = `${dataDir}.new-${randomUUID()}`
  mkdirSync(unfinished, { mode: 0o700 })
  if (serverUser !== null) chownSync(unfinished, serverUser.uid, serverUser.gid)
  const passwordFile = endpoint.kind === 'tcp' ? writePasswordFile(endpoint.password, serverUser) : null
  const args = [
    `--pgdata=${nameForServer(unfinished, serverUser)}`,
    `--username=${SUPERUSER}`,
    '--encoding=UTF8',
    // The builtin provider sorts by code point on every system and never changes under an index.
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    '--locale=C',
    '--data-checksums',
    ...(isThrowAway ? ['--no-sync'] : []),
    ...(passwordFile === null ? ['--auth=trust'] : ['--auth=scram-sha-256', `--pwfile=${passwordFile}`]),
  ]
  try {
    await promisify(execFile)(binaries.initdb, args, serverSpawnOptions({ dataDir: unfinished, serverUser }))
  } catch (error) {
    rmSync(unfinished, { recursive: true, force: true })
    throw new EmbeddedPostgresError(`The database could not be created: ${initdbReason(error)}`, { cause: error })
  } finally {
    if (passwordFile !== null) rmSync(passwordFile)
  }
  renameSync(unfinished, dataDir)
  if (!isThrowAway && process.platform !== 'win32') syncDir(dirname(dataDir))
}

/**
 * The path under which the server finds its data directory. Root may keep a clone where the server's user cannot walk
 * to (`/root`): there the server is started inside the directory and, on Linux, can name it without walking.
 */
export function nameForServer(dataDir: string, serverUser: ServerUser | null): string {
  if (serverUser === null || canReach(serverUser, dirname(dataDir))) return dataDir
  if (process.platform === 'linux') return '/proc/self/cwd'
  throw new EmbeddedPostgresError(
    `PostgreSQL does not run as root, and its user cannot reach ${dataDir}.\n` +
      'Put the repository where everybody may enter, run Waybill as a normal user, or set DATABASE_URL.',
  )
}

/** Written at each start, so that a newer Waybill or a larger machine takes effect. */
export function writeServerFiles(
  { dataDir, serverUser }: Installation,
  { endpoint, settings }: { readonly endpoint: Endpoint; readonly settings: PostgresSettings },
): void {
  const files = {
    'postgresql.conf': renderSettings(defaultSettings(), endpointSettings(endpoint), settings),
    'pg_hba.conf': accessRules(endpoint),
  }
  for (const [name, text] of Object.entries(files)) {
    // Made beside and renamed: as root we must not write through a link that the server's user put there.
    const unfinished = join(dataDir, `${name}.${randomUUID()}`)
    writeFileSync(unfinished, text, { flag: 'wx', mode: 0o600 })
    if (serverUser !== null) chownSync(unfinished, serverUser.uid, serverUser.gid)
    renameSync(unfinished, join(dataDir, name))
  }
}

/** What a creation left behind whose process was killed; its `initdb` may still be at work. */
async function removeUnfinished(dataDir: string): Promise<void> {
  const parent = dirname(dataDir)
  for (const name of readdirSync(parent).filter((sibling) => sibling.startsWith(`${basename(dataDir)}.new-`))) {
    await clearRemains(join(parent, name))
    rmSync(join(parent, name), { recursive: true, force: true, maxRetries: 5 })
  }
}

function writePasswordFile(password: string, serverUser: ServerUser | null): string {
  const path = join(tmpdir(), `waybill-${randomUUID()}`)
  writeFileSync(path, password, { flag: 'wx', mode: 0o600 })
  if (serverUser !== null) chownSync(path, serverUser.uid, serverUser.gid)
  return path
}

function initdbReason(error: unknown): string {
  const { stderr = '' } = error as { readonly stderr?: string }
  return stderr.trim() || (error instanceof Error ? error.message : String(error))
}

/** A rename is on disk only once its directory is. */
function syncDir(dir: string): void {
  const fd = openSync(dir, 'r')
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}
