import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { text } from 'node:stream/consumers'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { must } from '../../server/kernel/invariant.ts'
import { generateRetailCsv } from '../../tools/generate-retail-csv.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { query } from '../support/server.ts'
import { readRetailState, type RetailState } from './retail-state.ts'

/* `waybill import orders`, as a person types it, killed where it hurts. */

/** More than the three batches of 3,000 lines that are under way at once. */
const LINES = 12_000

let directory = ''
let file = ''
/** What an import leaves that nobody disturbed. */
let undisturbed: RetailState = {}

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'waybill-import-'))
  file = join(directory, 'retail.csv')
  await writeFile(file, [...generateRetailCsv({ lines: LINES, seed: 5 })].join(''))
})
after(() => rm(directory, { recursive: true }))

test('the command takes a file in, prints books that balance, and is told apart from its repetition', async () => {
  await withDatabase(async ({ url }) => {
    const first = await finish(begin(url))
    assert.equal(first.code, 0, first.output)
    assert.match(first.output, /^The books balance to the thousandth of a pound/m)
    assert.match(first.output, /^total +12,000 /m)
    undisturbed = await readRetailState(url)
    assert.deepEqual(await rejectedNumbers(), rejectedIn(undisturbed))

    const again = await finish(begin(url))
    assert.equal(again.code, 0, again.output)
    assert.match(again.output, /^This file is in already: nothing is changed\.$/m)
    assert.deepEqual(await readRetailState(url), undisturbed)
  })
})

/** Where the command is killed. `shows` tells from the database that it was hit there. */
interface Window {
  readonly name: string
  /** Whether it is left alone until this run of the command has recorded lines. */
  readonly afterFirstLines: boolean
  /** Tables it is made to wait at by a lock, one after the other. */
  readonly waitsAt: readonly string[]
  readonly shows: string
}

const windows: readonly Window[] = [
  {
    name: 'the catalog is there, the stock is not',
    afterFirstLines: false,
    waitsAt: ['inventory.command'],
    shows: 'select exists (select from catalog.product) and not exists (select from inventory.command)',
  },
  {
    name: 'the stock is there, and the run does not know it',
    afterFirstLines: false,
    waitsAt: ['inventory.command', 'integrations.import_run'],
    shows: `select (select count(*) from inventory.command) = 2
               and (select status from integrations.import_run) = 'preparing'`,
  },
  {
    name: 'orders are in, and no line is recorded',
    afterFirstLines: false,
    waitsAt: ['integrations.import_line'],
    shows: 'select exists (select from orders.orders) and not exists (select from integrations.import_line)',
  },
  {
    name: 'some lines are recorded',
    afterFirstLines: true,
    waitsAt: ['integrations.import_line'],
    shows: `select count(*) between 1 and ${LINES - 1} from integrations.import_line`,
  },
  {
    name: 'all is in, and the run is not closed',
    afterFirstLines: false,
    waitsAt: ['integrations.import_line', 'integrations.import_run'],
    shows: `select (select count(*) from integrations.import_line) = ${LINES}
               and (select status from integrations.import_run) = 'placing'`,
  },
]

test('killed in each of its windows and given again, it ends where an undisturbed one does', async () => {
  await withDatabase(async ({ url }) => {
    await rm(rejectsFile(), { force: true })
    for (const window of windows) {
      await killIn(url, window)
      assert.ok(!existsSync(rejectsFile()), window.name)
    }
    const last = await finish(begin(url))
    assert.equal(last.code, 0, last.output)
    assert.match(last.output, /^going on: 12,000 lines were done before$/m)
    const state = await readRetailState(url)
    for (const section of Object.keys(undisturbed)) {
      assert.deepEqual(state[section], undisturbed[section], section)
    }
    assert.deepEqual(await rejectedNumbers(), rejectedIn(undisturbed))
  })
})

async function withDatabase(use: (database: TestDatabase) => Promise<void>): Promise<void> {
  const database = await createTestDatabase()
  try {
    await use(database)
  } finally {
    await database.drop()
  }
}

async function killIn(url: string, { name, afterFirstLines, waitsAt, shows }: Window): Promise<void> {
  const [recorded] = await query<{ lines: number }>(url, 'select count(*)::int as lines from integrations.import_line')
  const importing = begin(url)
  const isOver = once(importing, 'exit')
  const barriers: pg.Client[] = []
  try {
    if (afterFirstLines) {
      await until(url, `select count(*) > ${must(recorded, 'a count').lines} from integrations.import_line`, name)
    }
    for (const table of waitsAt) {
      const last = barriers.at(-1)
      barriers.push(await hold(url, table))
      await last?.query('rollback')
      await until(
        url,
        `select exists (select from pg_locks where relation = '${table}'::regclass and not granted)`,
        name,
      )
    }
    importing.kill('SIGKILL')
    await isOver
    await endSessions(url, name)
    assert.ok(isTrueRow(await query(url, shows)), `${name}: hit`)
  } finally {
    importing.kill('SIGKILL')
    await isOver
    for (const barrier of barriers) await barrier.end()
  }
}

/** Of the dead: a session that waits for a lock does not notice, and would do its last statement once it gets it. */
async function endSessions(url: string, name: string): Promise<void> {
  const sessions = `from pg_stat_activity where application_name = 'waybill' and datname = current_database()`
  await query(url, `select pg_terminate_backend(pid) ${sessions}`)
  await until(url, `select not exists (select ${sessions})`, name)
}

/** Others may read the table, and whoever would write waits. */
async function hold(url: string, table: string): Promise<pg.Client> {
  const barrier = new pg.Client({ connectionString: url })
  await barrier.connect()
  await barrier.query('begin')
  await barrier.query(`lock table ${table} in exclusive mode`)
  return barrier
}

/** Longer than any machine needs; the import gives up waiting for a lock only after that. */
const UNTIL_MS = 20_000

async function until(url: string, sql: string, what: string): Promise<void> {
  const endsAt = performance.now() + UNTIL_MS
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    for (;;) {
      if (isTrueRow((await client.query<object>(sql)).rows)) return
      if (performance.now() > endsAt) assert.fail(`never: ${what}`)
      await sleep(2)
    }
  } finally {
    await client.end()
  }
}

function isTrueRow([row]: readonly object[]): boolean {
  return Object.values(must(row, 'a row'))[0] === true
}

/** The command itself, without the installer around it: a kill must hit the process that works. */
function begin(url: string): ChildProcess {
  const cli = join(import.meta.dirname, '..', '..', 'server', 'cli.ts')
  return spawn(process.execPath, [cli, 'import', 'orders', file, '--rejects', rejectsFile()], {
    env: { ...process.env, DATABASE_URL: url, WAYBILL_DATA_DIR: directory },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

async function finish(importing: ChildProcess): Promise<{ readonly code: number | null; readonly output: string }> {
  const [stdout, stderr] = [must(importing.stdout, 'its output'), must(importing.stderr, 'its errors')]
  const [output, errors] = await Promise.all([text(stdout), text(stderr), once(importing, 'close')])
  return { code: importing.exitCode, output: output + errors }
}

function rejectsFile(): string {
  return join(directory, 'rejects.csv')
}

/** Line number and reason, as the reject file tells them. */
async function rejectedNumbers(): Promise<string[]> {
  const [, ...lines] = (await readFile(rejectsFile(), 'utf8')).trimEnd().split('\n')
  return lines.map((line) => line.split(',').slice(8, 10).join(' '))
}

function rejectedIn({ lines = [] }: RetailState): string[] {
  const rejected = lines.filter((row) => Reflect.get(row, 'outcome') === 'rejected')
  return rejected.map((row) => `${Reflect.get(row, 'line')} ${Reflect.get(row, 'reason')}`)
}
