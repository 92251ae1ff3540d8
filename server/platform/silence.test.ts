import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { createTestDatabase, type TestDatabase } from '../../test/support/database.ts'
import { databaseUrlAt, startProxy, upstreamOf, type Proxy } from '../../test/support/proxy.ts'
import { CommitUnknownError, createDb, DatabaseAwayError, type Db } from './db.ts'

/** A second and a half beyond the statements' time, and the look that ends it. */
const TOLD_WITHIN_MS = 200 + 2_000 + 500

let database: TestDatabase
let proxy: Proxy
let db: Db
let other: Db
/** From now on nothing comes back, and nobody hangs up. */
let isSilent = false

before(async () => {
  database = await createTestDatabase()
  proxy = await startProxy(upstreamOf(database.url), {
    toClient: (bytes, { client }) => void (isSilent || client.write(bytes)),
  })
  const databaseUrl = databaseUrlAt(database.url, proxy)
  db = createDb({ databaseUrl, poolMax: 2, applicationName: 'watched', statementTimeoutMs: 200 })
  other = createDb({ databaseUrl: database.url, poolMax: 1, applicationName: 'other' })
  await other.execute({ name: 'test.notes', text: 'create table public.note (text text not null)' })
})
after(async () => {
  await db.close()
  await proxy.close()
  await other.close()
  await database.drop()
})

beforeEach(() => {
  isSilent = false
})

const note = (text: string) => ({ name: 'test.note', text: 'insert into public.note values ($1)', values: [text] })
const one = { name: 'test.one', text: 'select 1 as one' }
const notes = async (): Promise<string[]> =>
  (
    await other.rows<{ text: string }>({ name: 'test.read_notes', text: 'select text from public.note order by text' })
  ).map(({ text }) => text)

const kinds = [
  {
    name: 'a statement',
    expected: DatabaseAwayError,
    ask: () => {
      isSilent = true
      return db.rows(one)
    },
  },
  {
    name: 'a transaction that is beginning',
    expected: DatabaseAwayError,
    ask: () => {
      isSilent = true
      return db.inTransaction((tx) => tx.execute(note('never begun')))
    },
  },
  {
    name: 'a transaction under way',
    expected: DatabaseAwayError,
    ask: () =>
      db.inTransaction(async (tx) => {
        await tx.execute(note('never'))
        isSilent = true
        await tx.execute(note('never either'))
      }),
  },
  {
    name: 'COMMIT',
    expected: CommitUnknownError,
    ask: () =>
      db.inTransaction(async (tx) => {
        await tx.execute(note('committed'))
        isSilent = true
      }),
  },
]
for (const { name, expected, ask } of kinds) {
  test(
    `${name} that a silent database does not answer is told as ${expected.name}, and no connection is kept`,
    { timeout: 30_000 },
    async () => {
      await db.rows(one)
      const startedMs = performance.now()
      await assert.rejects(ask(), expected)
      const tookMs = performance.now() - startedMs
      assert.ok(tookMs < TOLD_WITHIN_MS, `${Math.round(tookMs)} ms`)
      isSilent = false
      assert.deepEqual(await db.rows(one), [{ one: 1 }])
    },
  )
}

test('a refusal that cannot be rolled back, because nobody answers, is told', async () => {
  await assert.rejects(
    db.inTransaction(async (tx) => {
      await tx.execute(note('rolled back'))
      isSilent = true
      throw new Error('planted')
    }),
    /planted/,
  )
})

test('what was committed is there, the rest is not', async () => {
  assert.deepEqual(await notes(), ['committed'])
})

test('a connection that is slow to answer, and one that is idle, are left alone', async () => {
  const sessionOf = async (): Promise<unknown> =>
    (await db.rows({ name: 'test.session', text: 'select pg_backend_pid() as pid' }))[0]
  const before_ = await sessionOf()
  await db.inTransaction(async (tx) => {
    // Together longer than silence is borne.
    for (let times = 0; times < 16; times++) tx.send({ name: 'test.nap', text: 'select pg_sleep(0.15)' })
    await tx.rows(one)
  })
  await sleep(TOLD_WITHIN_MS)
  assert.deepEqual(await sessionOf(), before_)
})

test('while the event loop is held up nobody is thought silent', async () => {
  const slow = db.rows({ name: 'test.nap_once', text: 'select pg_sleep(0.1)' })
  const untilMs = performance.now() + TOLD_WITHIN_MS
  await sleep(10)
  while (performance.now() < untilMs);
  await slow
})
