import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { invariant, must } from '../kernel/invariant.ts'

/** The database was migrated by a newer Waybill; this one does not know what its tables mean. */
export class NewerDatabaseError extends Error {
  override readonly name = 'NewerDatabaseError'
}

export interface MigrateOptions {
  readonly databaseUrl: string
  readonly log: (message: string) => void
  /** Plain SQL files `0001_orders_opened.sql`, applied in the order of their numbers. */
  readonly dir?: string
}

const MIGRATIONS_DIR = fileURLToPath(new URL('../migrations', import.meta.url))
const FILE_NAME = /^(\d{4})_[a-z0-9_]+\.sql$/
const HISTORY = { migrationsSchema: 'platform', migrationsTable: 'migrations' } as const
/** node-pg-migrate's own key, so that its command line and we exclude each other. */
const LOCK_KEY = '7241865325823964'
const LOCK_POLL_MS = 50

/**
 * Brings the database to this code's schema. All pending migrations commit together or none does. Several nodes may
 * call this at once: one migrates, the others wait and find nothing left to do.
 *
 * Needs no right but `create` on the database.
 *
 * @returns the names applied, oldest first; empty when the schema was up to date
 * @throws NewerDatabaseError  it has migrations that this code does not know; nothing was changed
 */
export async function migrate({
  databaseUrl,
  log,
  dir = MIGRATIONS_DIR,
}: MigrateOptions): Promise<{ applied: string[] }> {
  const known = readMigrationNames(dir)
  const client = new pg.Client({ connectionString: databaseUrl, application_name: 'waybill migrate' })
  await client.connect()
  try {
    // The usual start has nothing to migrate: one short look, no lock.
    if ((await findPending(client, known)).length === 0) return { applied: [] }
    await takeLock(client, log)
    try {
      const pending = await findPending(client, known)
      if (pending.length === 0) return { applied: [] }
      log(`migrating: ${pending.join(', ')}`)
      return { applied: await applyMigrations(client, dir) }
    } finally {
      await client.query('select pg_advisory_unlock($1::bigint)', [LOCK_KEY])
    }
  } finally {
    await client.end()
  }
}

async function applyMigrations(client: pg.Client, dir: string): Promise<string[]> {
  const { runner } = await import('node-pg-migrate')
  let current = ''
  const logger = {
    info: (line: string) => (current = /^### MIGRATION (\S+)/.exec(line)?.[1] ?? current),
    warn: () => {},
    error: () => {},
  }
  const options = { ...HISTORY, createMigrationsSchema: true, singleTransaction: true, noLock: true, logger }
  try {
    const applied = await runner({ ...options, dbClient: client, dir, direction: 'up' })
    return applied.map(({ name }) => name)
  } catch (error) {
    if (!(error instanceof pg.DatabaseError) || current === '') throw error
    const sql = readFileSync(join(dir, `${current}.sql`), 'utf8')
    const line = sql.slice(0, Number(error.position ?? 0)).split('\n').length
    throw new Error(`${current}.sql, line ${line}: ${error.message}. Nothing was migrated.`, { cause: error })
  }
}

/** A migration with a smaller number than one already applied is refused by the runner. */
async function findPending(client: pg.Client, known: readonly string[]): Promise<string[]> {
  const { migrationsSchema, migrationsTable } = HISTORY
  const table = `${migrationsSchema}.${migrationsTable}`
  const { rows: found } = await client.query<{ exists: boolean }>('select to_regclass($1) is not null as exists', [
    table,
  ])
  if (!must(found[0], 'an answer').exists) return [...known]
  const { rows: applied } = await client.query<{ name: string }>(`select name from ${table} order by id`)
  const unknown = applied.map(({ name }) => name).filter((name) => !known.includes(name))
  if (unknown.length > 0) {
    throw new NewerDatabaseError(
      `the database was migrated by a newer Waybill (${unknown.join(', ')}). Nothing was changed: start that version, ` +
        'or restore a backup made before the upgrade.',
    )
  }
  return known.filter((name) => !applied.some((migration) => migration.name === name))
}

/** Asks again and again rather than waits: a waiting statement's snapshot would hold up `create index concurrently`. */
async function takeLock(client: pg.Client, log: (message: string) => void): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    const { rows } = await client.query<{ taken: boolean }>('select pg_try_advisory_lock($1::bigint) as taken', [
      LOCK_KEY,
    ])
    if (must(rows[0], 'an answer').taken) return
    if (attempt === 0) log('waiting for another process that migrates this database')
    await sleep(LOCK_POLL_MS)
  }
}

function readMigrationNames(dir: string): string[] {
  const files = readdirSync(dir)
    .filter((name) => !name.startsWith('.'))
    .toSorted()
  const numbers = files.map((name) => must(FILE_NAME.exec(name), `a number and a name in ${name}`)[1])
  invariant(new Set(numbers).size === numbers.length, 'no two migrations have one number')
  return files.map((name) => name.slice(0, -'.sql'.length))
}
