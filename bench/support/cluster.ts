import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { migrateJobs } from '../../server/platform/jobs/jobs.ts'
import { migrate } from '../../server/platform/migrate.ts'
import { startEmbeddedPostgres } from '../../server/platform/postgres/embedded.ts'

/** An embedded PostgreSQL with its default, durable settings, for one run of a benchmark. */
export interface Cluster {
  readonly pid: number
  readonly version: string
  /** A migrated, empty database. */
  createMigrated(name: string): Promise<string>
  /** A copy of a database nobody is connected to. */
  copy(from: string, name: string): Promise<string>
  drop(name: string): Promise<void>
  stop(): Promise<void>
}

export async function startCluster(log: (message: string) => void): Promise<Cluster> {
  const dir = mkdtempSync(join(tmpdir(), 'waybill-bench-'))
  chmodSync(dir, 0o711)
  const server = await startEmbeddedPostgres({ dataDir: join(dir, 'postgres'), log })
  const urlOf = (database: string): string => {
    const url = new URL(server.url)
    url.pathname = `/${database}`
    return url.href
  }
  const administer = async (text: string): Promise<pg.QueryResult> => {
    const client = new pg.Client({ connectionString: server.url })
    await client.connect()
    try {
      return await client.query(text)
    } finally {
      await client.end()
    }
  }
  const { rows } = await administer("select current_setting('server_version') as version")
  return {
    pid: server.pid,
    version: (rows[0] as { version: string }).version,
    async createMigrated(name) {
      await administer(`create database ${name}`)
      await migrate({ databaseUrl: urlOf(name), log: () => {} })
      await migrateJobs(urlOf(name))
      return urlOf(name)
    },
    async copy(from, name) {
      await administer(`create database ${name} template ${from}`)
      return urlOf(name)
    },
    async drop(name) {
      await administer(`drop database if exists ${name} with (force)`)
    },
    async stop() {
      await server.stop()
      rmSync(dir, { recursive: true, force: true })
    },
  }
}
