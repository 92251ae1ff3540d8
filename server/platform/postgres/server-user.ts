import { spawnSync } from 'node:child_process'
import { statSync } from 'node:fs'
import process from 'node:process'
import { EmbeddedPostgresError, hasErrorCode } from './error.ts'

/** The system user PostgreSQL runs as when we are root: it refuses to run as root itself. */
export interface ServerUser {
  readonly uid: number
  readonly gid: number
}

/** Debian's and Red Hat's own user first, then the one we make where there is none, as in a bare container. */
const USER_NAMES = ['postgres', 'waybill'] as const

const CREATE_USER_COMMANDS = [
  ['useradd', '--system', '--user-group', '--no-create-home', '--shell', '/usr/sbin/nologin', 'waybill'],
  ['adduser', '-S', '-D', '-H', 'waybill'],
] as const

/**
 * Whoever owns an existing data directory goes on running it, so `sudo npm start` once does not lock its owner out.
 * @returns null when PostgreSQL runs as the user we are
 */
export function chooseServerUser(dataDir: string): ServerUser | null {
  if (process.getuid?.() !== 0) return null
  const owner = ownerOf(dataDir)
  if (owner?.uid === 0) {
    throw new EmbeddedPostgresError(
      `${dataDir} belongs to root, and PostgreSQL does not run as root. Nothing was changed.\n` +
        `Give it to another user, for example: chown -R postgres '${dataDir}'`,
    )
  }
  return owner ?? findServerUser() ?? createServerUser()
}

/** Whether `user` can enter (a directory) or run (a file) `path`, as the kernel sees it, access lists included. */
export function canReach(user: ServerUser, path: string): boolean {
  return spawnSync('/bin/sh', ['-c', 'test -x "$1"', 'sh', path], { ...user, cwd: '/' }).status === 0
}

function ownerOf(path: string): ServerUser | null {
  try {
    const { uid, gid } = statSync(path)
    return { uid, gid }
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT')) return null
    throw error
  }
}

function findServerUser(): ServerUser | null {
  for (const name of USER_NAMES) {
    const [uid, gid] = [askId('-u', name), askId('-g', name)]
    if (uid !== null && gid !== null) return { uid, gid }
  }
  return null
}

function askId(flag: '-u' | '-g', name: string): number | null {
  const { status, stdout } = spawnSync('id', [flag, name], { encoding: 'utf8' })
  return status === 0 ? Number(stdout) : null
}

function createServerUser(): ServerUser {
  for (const [command, ...args] of CREATE_USER_COMMANDS) {
    if (spawnSync(command, args).status !== 0) continue
    const user = findServerUser()
    if (user !== null) return user
  }
  throw new EmbeddedPostgresError(
    'PostgreSQL does not run as root, there is no user named postgres, and a user named waybill could not be created.\n' +
      'Run Waybill as a normal user, or create that user, or set DATABASE_URL to a server of your own.',
  )
}
