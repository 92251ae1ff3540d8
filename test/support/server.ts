import { randomUUID } from 'node:crypto'
import { chmodSync, globSync, mkdtempSync, readdirSync, realpathSync, renameSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import process from 'node:process'
import pg from 'pg'
import { migrate } from '../../server/platform/migrate.ts'
import { startEmbeddedPostgres } from '../../server/platform/postgres/embedded.ts'
import { hasErrorCode } from '../../server/platform/postgres/error.ts'
import { clearRemains, readListening } from '../../server/platform/postgres/postmaster.ts'
import { isAlive, ownIdentity } from '../../server/platform/postgres/process.ts'

/** A PostgreSQL for tests with a migrated database to copy. */
export interface TestServer {
  /** Of a database to give orders from: `create database …` */
  readonly url: string
  /** The migrated, empty database; also the beginning of the name of every copy. */
  readonly template: string
  /** `PostgreSQL 18.4`, for the person who reads the report. */
  readonly version: string
  /** Drops the template and its copies, or the whole server where it was made for the tests. */
  close(): Promise<void>
}

/** Nothing in it survives a crash of the machine, and need not: commits take a tenth of the time. */
const throwAwaySettings = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  // Races use forty clients each, in several test files at once.
  max_connections: 400,
  shared_buffers: '128MB',
  max_wal_size: '4GB',
  checkpoint_timeout: '1h',
}

/** @param databaseUrl  a real server, whose user may create databases; without one an embedded server is started */
export async function openTestServer(databaseUrl: string | undefined): Promise<TestServer> {
  const server = databaseUrl === undefined ? await startThrowAway() : { url: databaseUrl, stop: async () => {} }
  const template = `waybill_test_${randomUUID().slice(0, 8)}`
  const close = async (): Promise<void> => {
    if (databaseUrl !== undefined) await dropAll(databaseUrl, template)
    await server.stop()
  }
  try {
    const [about] = await query<{ version: string }>(server.url, "select current_setting('server_version') as version")
    await query(server.url, `create database ${template}`)
    await migrate({ databaseUrl: withDatabase(server.url, template), log: () => {} })
    return { url: server.url, template, version: `PostgreSQL ${about?.version ?? ''}`, close }
  } catch (error) {
    await close()
    throw error
  }
}

/** The same server and user, another database. */
export function withDatabase(serverUrl: string, database: string): string {
  const url = new URL(serverUrl)
  url.pathname = `/${database}`
  return url.href
}

export async function query<Row extends pg.QueryResultRow>(
  url: string,
  sql: string,
  values?: unknown[],
): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query<Row>(sql, values)).rows
  } finally {
    await client.end()
  }
}

async function startThrowAway(): Promise<{ url: string; stop(): Promise<void> }> {
  await removeAbandoned()
  const dir = makeThrowAwayDir()
  const remove = (): void => rmSync(dir, { recursive: true, force: true, maxRetries: 5 })
  try {
    const dataDir = join(dir, 'postgres')
    const postgres = await startEmbeddedPostgres({ dataDir, log: () => {}, settings: throwAwaySettings })
    return { url: postgres.url, stop: () => postgres.stop().finally(remove) }
  } catch (error) {
    remove()
    throw error
  }
}

/** A directory for data directories of PostgreSQL that a later test run clears away should this process be killed. */
export function makeThrowAwayDir(): string {
  const { pid, startedAt } = ownIdentity()
  const dir = realpathSync(mkdtempSync(join(tmpdir(), `waybill-test-${pid}-${startedAt}-`)))
  // The server's user walks through it where that is not us; the data directory itself is closed.
  chmodSync(dir, 0o711)
  return dir
}

/** Servers and files of test runs that were killed. */
async function removeAbandoned(): Promise<void> {
  for (const name of readdirSync(tmpdir())) {
    const [, pid, startedAt = ''] = /^waybill-test-(\d+)-([\w-]*)-\w{6}$/.exec(name) ?? []
    if (pid === undefined || isAlive({ pid: Number(pid), startedAt })) continue
    const dir = claim(join(tmpdir(), name))
    if (dir === null) continue
    for (const pidFile of globSync(['*/postmaster.pid', '*/*/postmaster.pid'], { cwd: dir })) {
      await endAbandoned(join(dir, dirname(pidFile)))
    }
    rmSync(dir, { recursive: true, force: true, maxRetries: 5 })
  }
}

/** Of several runs that begin at once one gets it, under a name of its own. */
function claim(abandoned: string): string | null {
  if (statSync(abandoned, { throwIfNoEntry: false })?.uid !== process.getuid?.()) return null
  const dir = makeThrowAwayDir()
  try {
    renameSync(abandoned, dir)
    return dir
  } catch (error) {
    if (!hasErrorCode(error, 'ENOENT')) throw error
    rmSync(dir, { recursive: true })
    return null
  }
}

async function endAbandoned(dataDir: string): Promise<void> {
  const { socketDir } = readListening(dataDir)
  await clearRemains(dataDir)
  if (socketDir !== '') rmSync(socketDir, { recursive: true, force: true })
}

async function dropAll(serverUrl: string, template: string): Promise<void> {
  const list = 'select datname as name from pg_database where starts_with(datname, $1)'
  for (const { name } of await query<{ name: string }>(serverUrl, list, [template])) {
    await query(serverUrl, `drop database if exists ${name} with (force)`)
  }
}
