import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { createTestDatabase, type TestDatabase } from '../../../test/support/database.ts'
import { newId } from '../../kernel/id.ts'
import { createDb, type Db } from '../db.ts'
import { actorOf, createHttpServer, type App, type Caller } from '../http/index.ts'
import { migrateJobs } from '../jobs/jobs.ts'
import { mountAudit } from './audits.http.ts'
import { readPredicates } from './predicates.ts'

let database: TestDatabase
let db: Db
let app: App
const keyId = newId<'apiKey'>()
const callers: Readonly<Record<string, Caller>> = {
  reader: { kind: 'secret', keyId, scopes: ['audit:read'] },
  writer: { kind: 'secret', keyId, scopes: ['audit:write'] },
}

before(async () => {
  database = await createTestDatabase()
  await migrateJobs(database.url)
  db = createDb({ databaseUrl: database.url, poolMax: 8, applicationName: 'test' })
  app = createHttpServer({ authenticate: (key) => callers[key] ?? null, checkResponses: true })
  mountAudit(app, { db })
})
after(async () => {
  await app.close()
  await db.close()
  await database.drop()
})

async function send(method: 'GET' | 'POST', key: string) {
  const headers = { authorization: `Bearer ${key}` }
  const answer = await app.inject({ method, url: '/v1/admin/audit/invariants', headers })
  const body = answer.json<{ readonly code?: string; readonly results?: readonly Record<string, unknown>[] }>()
  return { status: answer.statusCode, body }
}

function count(text: string): Promise<{ count: number }[]> {
  return db.rows({ name: `test.${text}`, text: `select count(*)::int as count from ${text}` })
}

test('before the first run there are no results', async () => {
  assert.deepEqual(await send('GET', 'reader'), { status: 200, body: { results: [] } })
})

test('a run answers with what it found, and so does the next look', async () => {
  await db.execute({
    name: 'test.plant',
    text: `insert into inventory.stock_entry (supply_id, reason, quantity_delta, occurred_at)
           values (7, 'lost', -1, '2026-01-01')`,
  })
  const run = await send('POST', 'writer')
  assert.equal(run.status, 200)
  const names = readPredicates()
    .filter(({ given }) => given === null)
    .map(({ name }) => name)
  assert.deepEqual(
    run.body.results?.map(({ name }) => name),
    names,
  )
  const violated = run.body.results?.filter(({ violations }) => violations !== 0)
  assert.deepEqual(
    violated?.map(({ name, violations, sample }) => ({ name, violations, sample })),
    [
      {
        name: 'supply-quantity-is-the-sum-of-its-entries',
        violations: 1,
        sample: [{ object: 'supply 7', detail: { quantity: null, entries: -1 } }],
      },
    ],
  )
  assert.deepEqual(await send('GET', 'reader'), run)
  const [entry] = await db.rows({
    name: 'test.entry',
    text: 'select actor, action, object, detail from platform.audit_entry',
  })
  assert.deepEqual(entry, {
    actor: actorOf(callers['writer'] as Caller),
    action: 'invariants.checked',
    object: 'invariants',
    detail: { violated: ['supply-quantity-is-the-sum-of-its-entries'] },
  })
})

test('whoever asks while a run is under way gets its results', async () => {
  const [one, two] = await Promise.all([send('POST', 'writer'), send('POST', 'writer')])
  assert.deepEqual(one, two)
  assert.deepEqual(await count('platform.audit_entry'), [{ count: 3 }], 'and both are on record')
  assert.notDeepEqual((await send('POST', 'writer')).body, one.body, 'a later one looks again')
})

const refused = [
  ['GET', 'writer', 403, 'scope_missing'],
  ['POST', 'reader', 403, 'scope_missing'],
  ['GET', 'nobody', 401, 'unauthenticated'],
] as const
for (const [method, key, status, code] of refused) {
  test(`${method} by ${key}: ${status}`, async () => {
    const answer = await send(method, key)
    assert.deepEqual([answer.status, answer.body.code], [status, code])
  })
}
