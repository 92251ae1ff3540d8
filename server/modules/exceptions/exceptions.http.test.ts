import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import { createTestDatabase, type TestDatabase } from '../../../test/support/database.ts'
import { formatId, newId } from '../../kernel/id.ts'
import { must } from '../../kernel/invariant.ts'
import { createDb, type Db } from '../../platform/db.ts'
import { actorOf, createHttpServer, type App, type Caller } from '../../platform/http/index.ts'
import { mountExceptions } from './exceptions.http.ts'
import { raiseExceptions } from './raise-exceptions.ts'

let database: TestDatabase
let db: Db
let app: App
const caller: Caller = { kind: 'secret', keyId: newId(), scopes: ['exceptions:read', 'exceptions:write'] }

before(async () => {
  database = await createTestDatabase()
  db = createDb({ databaseUrl: database.url, poolMax: 8, applicationName: 'test' })
  app = createHttpServer({ authenticate: () => caller, checkResponses: true })
  mountExceptions(app, { db })
})
after(async () => {
  await app.close()
  await db.close()
  await database.drop()
})

interface Answer {
  readonly status: number
  readonly body: { readonly [field: string]: unknown }
}

async function send(method: 'GET' | 'POST', url: string, body?: object, key?: string): Promise<Answer> {
  const answer = await app.inject({
    method,
    url: `/v1/admin/exceptions${url}`,
    headers: { authorization: 'Bearer x', ...(key === undefined ? {} : { 'idempotency-key': key }) },
    ...(body === undefined ? {} : { payload: body }),
  })
  return { status: answer.statusCode, body: answer.json() }
}

async function raise(reason: string): Promise<{ id: string; objectId: string }> {
  const objectId = newId<'order'>()
  const [id] = await db.inTransaction((tx) =>
    raiseExceptions(tx, [
      { reason, objectKind: 'order', objectId, facts: { tries: 3 }, nextAction: 'Call the provider.' },
    ]),
  )
  return { id: formatId('exception', must(id, 'a new exception')), objectId: formatId('order', objectId) }
}

async function walk(query: string): Promise<string[]> {
  const ids: string[] = []
  let cursor: string | null = ''
  while (cursor !== null) {
    const { body } = await send('GET', `?limit=2&${query}${cursor === '' ? '' : `&cursor=${cursor}`}`)
    const page = body as unknown as { items: { id: string }[]; nextCursor: string | null }
    ids.push(...page.items.map(({ id }) => id))
    cursor = page.nextCursor
  }
  return ids
}

test('an exception is listed while open, closed once, and listed as closed', async () => {
  const { id, objectId } = await raise('story')
  const { body: open } = await send('GET', `/${id}`)
  assert.deepEqual(
    { ...open, raisedAt: 'then' },
    {
      id,
      status: 'open',
      reason: 'story',
      objectId,
      facts: { tries: 3 },
      owner: null,
      nextAction: 'Call the provider.',
      raisedAt: 'then',
      dueAt: null,
      closedAt: null,
      closedBy: null,
      resolution: null,
    },
  )
  assert.deepEqual(await walk('reason=story'), [id])

  const key = randomUUID()
  const closed = await send('POST', `/${id}/close`, { resolution: 'They had booked it.\nTwice.' }, key)
  assert.equal(closed.status, 200)
  const { status, closedBy, resolution } = closed.body
  assert.deepEqual([status, closedBy, resolution], ['closed', actorOf(caller), 'They had booked it.\nTwice.'])
  assert.deepEqual(await send('POST', `/${id}/close`, { resolution: 'They had booked it.\nTwice.' }, key), closed)
  const again = await send('POST', `/${id}/close`, { resolution: 'Me too.' }, randomUUID())
  const { code, closedBy: firstBy } = again.body
  assert.deepEqual([again.status, code, firstBy], [409, 'exception_closed', actorOf(caller)])

  assert.deepEqual(await walk('reason=story'), [])
  assert.deepEqual(await walk('status=closed&reason=story'), [id])
  const audit = await db.rows<{ action: string; actor: string }>({
    name: 'test.audit',
    text: 'select action, actor from platform.audit_entry where object = $1',
    values: [id],
  })
  assert.deepEqual(audit, [{ action: 'exception.closed', actor: actorOf(caller) }])
})

test('the queue goes page by page, longest waiting first', async () => {
  const ids: string[] = []
  for (let n = 0; n < 5; n++) ids.push((await raise('paged')).id)
  assert.deepEqual(await walk('reason=paged'), ids)
})

type RefusalRow = readonly [what: string, answer: () => Promise<Answer>, status: number, code: string]
const unknown = '/exc_01h2xcejqtf2nbrexx3vqjhp41'
const close = (body: object, key?: string) => send('POST', `${unknown}/close`, body, key)
const cursorOf = (...values: readonly unknown[]) => Buffer.from(JSON.stringify(values)).toString('base64url')
const rows: readonly RefusalRow[] = [
  ['an unknown exception', () => send('GET', unknown), 404, 'not_found'],
  ['closing an unknown exception', () => close({ resolution: 'x' }, randomUUID()), 404, 'not_found'],
  ['closing without a word', () => close({ resolution: '' }, randomUUID()), 422, 'invalid_request'],
  ['closing without a key', () => close({ resolution: 'x' }), 400, 'idempotency_key_required'],
  ['a status that is none', () => send('GET', '?status=pending'), 422, 'invalid_request'],
  ['a reason that cannot be', () => send('GET', '?reason=A%20B'), 422, 'invalid_request'],
  ['a cursor of our own making', () => send('GET', '?cursor=abc'), 422, 'invalid_request'],
  ['a cursor of a number', () => send('GET', `?cursor=${cursorOf(9e15, newId())}`), 422, 'invalid_request'],
  ['a cursor beyond time', () => send('GET', `?cursor=${cursorOf('9999-99-99', newId())}`), 422, 'invalid_request'],
]
for (const [what, answer, status, code] of rows) {
  test(`${what}: ${status} ${code}`, async () => {
    const { status: seen, body } = await answer()
    assert.deepEqual([seen, body['code']], [status, code], JSON.stringify(body))
  })
}
