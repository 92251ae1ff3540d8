import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { createTestDatabase, type TestDatabase } from '../../test/support/database.ts'
import { BusyError, createDb, DatabaseAwayError, type Db, type Queryable } from './db.ts'

let database: TestDatabase
let db: Db
let other: Db

before(async () => {
  database = await createTestDatabase()
  db = createDb({ databaseUrl: database.url, poolMax: 2, applicationName: 'patient', statementTimeoutMs: 200 })
  other = createDb({ databaseUrl: database.url, poolMax: 2, applicationName: 'other' })
  await other.execute({ name: 'test.notes', text: 'create table public.note (text text not null)' })
})
after(async () => {
  await db.close()
  await other.close()
  await database.drop()
})

const note = (text: string) => ({ name: 'test.note', text: 'insert into public.note values ($1)', values: [text] })
const notes = async (): Promise<string[]> =>
  (
    await other.rows<{ text: string }>({ name: 'test.read_notes', text: 'select text from public.note order by text' })
  ).map(({ text }) => text)
const raise = (source: Queryable, code: string) =>
  source.execute({
    name: `test.raise_${code}`,
    text: `do $$ begin raise exception 'planted' using errcode = '${code}'; end $$`,
  })
const endSession = (source: Queryable) =>
  source.execute({ name: 'test.end_session', text: 'select pg_terminate_backend(pg_backend_pid())' })

test('a transaction whose connection breaks before COMMIT runs again, and writes once', async () => {
  let runs = 0
  await db.inTransaction(async (tx) => {
    await tx.execute(note('once'))
    if (++runs < 3) await endSession(tx)
  })
  assert.deepEqual([runs, await notes()], [3, ['once']])
})

test('one whose connection breaks every time is given up, and nothing is written', async () => {
  let runs = 0
  const broken = db.inTransaction(async (tx) => {
    runs++
    await tx.execute(note('never'))
    await endSession(tx)
  })
  await assert.rejects(broken, DatabaseAwayError)
  assert.deepEqual([runs, await notes()], [4, ['once']])
})

test('a database that cannot be reached is told at once', async () => {
  const away = createDb({
    databaseUrl: database.url.replace(/\/[^/]*$/, '/nowhere'),
    poolMax: 1,
    applicationName: 'away',
  })
  let runs = 0
  await assert.rejects(
    away.inTransaction(async () => void runs++),
    DatabaseAwayError,
  )
  assert.equal(runs, 0)
  await away.close()
})

// oxfmt-ignore
const states = [
  // SQLSTATE  what it says             runs  told as
  ['55P03',    'lock not available',    4,    BusyError],
  ['40P01',    'deadlock',              4,    BusyError],
  ['40001',    'serialisation failure', 4,    BusyError],
  ['53100',    'disk full',             1,    BusyError],
  ['53200',    'out of memory',         1,    BusyError],
  ['57014',    'statement timeout',     1,    BusyError],
] as const
for (const [code, words, expectedRuns, expected] of states) {
  test(`${words} is told as ${expected.name} after ${expectedRuns} runs`, async () => {
    let runs = 0
    await assert.rejects(
      db.inTransaction(async (tx) => {
        runs++
        await raise(tx, code)
      }),
      expected,
    )
    assert.equal(runs, expectedRuns)
    if (expectedRuns === 1) await assert.rejects(raise(db, code), expected)
  })
}

test('a statement past its time is a busy database', async () => {
  await assert.rejects(db.rows({ name: 'test.sleep', text: 'select pg_sleep(5)' }), BusyError)
})

test('what a failed transaction began and did not wait for is not done behind its back', async () => {
  let later: Promise<unknown> = Promise.resolve()
  const failed = db.inTransaction(async (tx) => {
    later = (async () => {
      await sleep(20)
      tx.send(note('forgotten'))
    })()
    later.catch(() => {})
    throw new Error('planted')
  })
  await assert.rejects(failed, /planted/)
  await assert.rejects(later, /after its transaction ended/)
  await sleep(50)
  assert.deepEqual(await notes(), ['once'])
})

test('inside a transaction the pool answers nobody: a second connection would be waited for with one in hand', async () => {
  const asks: readonly (readonly [what: string, ask: () => Promise<unknown>])[] = [
    ['rows', () => db.rows({ name: 'test.one', text: 'select 1' })],
    ['execute', () => db.execute({ name: 'test.one', text: 'select 1' })],
    ['clock', () => db.clock()],
    ['inTransaction', () => db.inTransaction(async () => {})],
  ]
  for (const [what, ask] of asks) {
    await assert.rejects(db.inTransaction(ask), /second connection/, what)
    await assert.doesNotReject(ask(), what)
  }
})
