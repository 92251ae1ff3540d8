import { createHash, randomBytes } from 'node:crypto'
import { chmodSync, chownSync, existsSync, lstatSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { EmbeddedPostgresError } from './error.ts'
import { canReach, type ServerUser } from './server-user.ts'
import type { PostgresSettings } from './settings.ts'

/** Where the server listens; stays the same as long as the handle lives, through every restart. */
export type Endpoint = SocketEndpoint | TcpEndpoint

/** A Unix socket in a directory only the server's user can enter: being able to connect is the permission. */
interface SocketEndpoint {
  readonly kind: 'socket'
  readonly dir: string
}

/** Loopback with a password, where there are no Unix sockets. */
interface TcpEndpoint {
  readonly kind: 'tcp'
  readonly port: number
  readonly password: string
}

export const SUPERUSER = 'waybill'

const SOCKET_PORT = 5432
const SOCKET_NAME = `.s.PGSQL.${SOCKET_PORT}`
/** The system's limit is 104 bytes on macOS and 108 on Linux, with a final zero. */
const SOCKET_PATH_MAX = 103

/** @param dataDir absolute and real: two names of one directory must give one socket */
export function chooseSocket(dataDir: string, serverUser: ServerUser | null): SocketEndpoint {
  const name = `waybill-${createHash('sha256').update(dataDir).digest('hex').slice(0, 12)}`
  for (const parent of [tmpdir(), '/tmp']) {
    const dir = join(parent, name)
    const isReachable = serverUser === null || canReach(serverUser, parent)
    if (isReachable && Buffer.byteLength(join(dir, SOCKET_NAME)) <= SOCKET_PATH_MAX) return { kind: 'socket', dir }
  }
  throw new EmbeddedPostgresError(
    'The directory for temporary files is out of reach for the database server: set TMPDIR.',
  )
}

/** The password is kept beside the data directory, readable by its owner only; the port is a free one each time. */
export async function chooseTcp(dataDir: string): Promise<TcpEndpoint> {
  const path = `${dataDir}.password`
  if (!existsSync(path)) writeFileSync(path, randomBytes(24).toString('base64url'), { flag: 'wx', mode: 0o600 })
  return { kind: 'tcp', port: await findFreePort(), password: readFileSync(path, 'utf8') }
}

/** An empty socket directory: what a killed server left there would only stand in the next one's way. */
export function prepareEndpoint(endpoint: Endpoint, serverUser: ServerUser | null): void {
  if (endpoint.kind === 'tcp') return
  const { dir } = endpoint
  mkdirSync(dir, { recursive: true, mode: 0o700 })
  const stat = lstatSync(dir)
  const isOurs = stat.isDirectory() && (stat.uid === process.getuid?.() || stat.uid === serverUser?.uid)
  if (!isOurs)
    throw new EmbeddedPostgresError(`${dir} belongs to somebody else. Remove it, or set TMPDIR to another directory.`)
  chmodSync(dir, 0o700)
  if (serverUser !== null) chownSync(dir, serverUser.uid, serverUser.gid)
  for (const name of [SOCKET_NAME, `${SOCKET_NAME}.lock`]) rmSync(join(dir, name), { force: true })
}

/** To be called when the server has ended. */
export function removeEndpoint(endpoint: Endpoint): void {
  if (endpoint.kind === 'socket') rmSync(endpoint.dir, { recursive: true, force: true })
}

/** False when the socket was deleted under a running server, as a cleaner of temporary files does. */
export function endpointExists(endpoint: Endpoint): boolean {
  return endpoint.kind === 'tcp' || existsSync(join(endpoint.dir, SOCKET_NAME))
}

export function endpointSettings(endpoint: Endpoint): PostgresSettings {
  return endpoint.kind === 'tcp'
    ? { listen_addresses: '127.0.0.1', port: endpoint.port, unix_socket_directories: '' }
    : {
        listen_addresses: '',
        port: SOCKET_PORT,
        unix_socket_directories: `"${endpoint.dir.replaceAll('"', '""')}"`,
        unix_socket_permissions: '0700',
      }
}

/** The text of `pg_hba.conf`. */
export function accessRules(endpoint: Endpoint): string {
  return endpoint.kind === 'tcp' ? 'host all all 127.0.0.1/32 scram-sha-256\n' : 'local all all trust\n'
}

export function endpointUrl(endpoint: Endpoint, database: string): string {
  // Said outright, because PGSSLMODE in the environment would otherwise ask this server for TLS.
  return endpoint.kind === 'tcp'
    ? `postgresql://${SUPERUSER}:${endpoint.password}@127.0.0.1:${endpoint.port}/${database}?sslmode=disable`
    : `postgresql://${SUPERUSER}@${encodeURIComponent(endpoint.dir)}/${database}?sslmode=disable`
}

function findFreePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}
