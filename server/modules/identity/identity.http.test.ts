import assert from 'node:assert/strict'
import { randomBytes, randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import { createTestDatabase, type TestDatabase } from '../../../test/support/database.ts'
import { formatId, newId } from '../../kernel/id.ts'
import { createDb, type Db } from '../../platform/db.ts'
import { createHttpServer, type App } from '../../platform/http/index.ts'
import { openMerchant } from '../merchant/index.ts'
import { mountIdentity } from './identity.http.ts'
import { openIdentity, type Identity } from './open-identity.ts'

let database: TestDatabase
let db: Db
let app: App
let identity: Identity
/** Holds `identity:read`, `identity:write` and `orders:read`. */
let adminKey: string
const locationId = newId<'location'>()

before(async () => {
  database = await createTestDatabase()
  db = createDb({ databaseUrl: database.url, poolMax: 8, applicationName: 'test' })
  identity = openIdentity({
    db,
    merchant: openMerchant({ db }),
    locations: { unknownLocations: async (_source, ids) => ids.filter((id) => id !== locationId) },
    masterKeys: [{ version: 1, secret: randomBytes(32) }],
  })
  app = createHttpServer({ authenticate: identity.authenticate, checkResponses: true })
  mountIdentity(app, { db, identity })
  const made = await db.inTransaction((tx) =>
    identity.createApiKey(
      tx,
      { actor: 'operator', scopes: null },
      {
        kind: 'secret',
        name: 'admin',
        scopes: ['identity:read', 'identity:write', 'orders:read'],
      },
    ),
  )
  assert.ok(made.kind === 'created')
  adminKey = made.key
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

async function send(
  method: 'GET' | 'POST' | 'DELETE',
  url: string,
  {
    body,
    bearer = adminKey,
    key,
  }: {
    body?: object
    bearer?: string
    key?: string
  } = {},
): Promise<Answer> {
  const answer = await app.inject({
    method,
    url,
    headers: { authorization: `Bearer ${bearer}`, ...(key === undefined ? {} : { 'idempotency-key': key }) },
    ...(body === undefined ? {} : { payload: body }),
  })
  return { status: answer.statusCode, body: answer.json() }
}
const make = (body: object, key: string = randomUUID()) => send('POST', '/v1/admin/api-keys', { body, key })
const reader = { kind: 'secret', name: 'reader', scopes: ['identity:read'] }

test('a key opens what it was made for, until it is revoked', async () => {
  const made = await make(reader)
  assert.equal(made.status, 201)
  const { key: bearer, id } = made.body as { key: string; id: string }
  assert.match(bearer, /^wb_sk_/)

  const url = `/v1/admin/api-keys/${id}`
  assert.equal((await send('GET', url, { bearer })).status, 200)
  const forbidden = await send('DELETE', url, { bearer })
  assert.deepEqual([forbidden.status, forbidden.body['code']], [403, 'scope_missing'])

  const revoked = await send('DELETE', url)
  assert.equal(revoked.status, 200)
  assert.ok(revoked.body['revokedAt'] !== null)
  const refused = await send('GET', url, { bearer })
  assert.deepEqual([refused.status, refused.body['code']], [401, 'unauthenticated'])
  assert.deepEqual(await send('DELETE', url), revoked, 'again: the same')
})

test('the key is shown once: a repeat answers without it, and nothing read later has it', async () => {
  const key = randomUUID()
  const first = await make(reader, key)
  const again = await make(reader, key)
  assert.equal(again.status, 201)
  assert.ok(first.body['key'] !== null)
  assert.deepEqual(again.body, { ...first.body, key: null })
  const { key: _shown, ...known } = first.body
  assert.deepEqual((await send('GET', `/v1/admin/api-keys/${String(first.body['id'])}`)).body, known)
  const stored = await db.rows<{ answer: string }>({
    name: 'test.answers',
    text: 'select answer::text as answer from platform.idempotency_key',
  })
  assert.ok(stored.length > 0 && stored.every(({ answer }) => !answer.includes(String(first.body['key']).slice(6))))
})

test('a partner key names its locations', async () => {
  const location = formatId('location', locationId)
  const made = await make({ kind: 'partner', name: 'Dallas', locationIds: [location] })
  assert.deepEqual([made.status, made.body['locationIds']], [201, [location]])
})

test('keys are listed newest first, page by page, each once', async () => {
  await make(reader)
  const ids: string[] = []
  let cursor: string | null = ''
  while (cursor !== null) {
    const query: string = cursor === '' ? 'limit=2' : `limit=2&cursor=${cursor}`
    const { body } = await send('GET', `/v1/admin/api-keys?${query}`)
    const page = body as unknown as { items: { id: string }[]; nextCursor: string | null }
    ids.push(...page.items.map(({ id }) => id))
    cursor = page.nextCursor
  }
  assert.ok(ids.length >= 4)
  assert.deepEqual(
    ids,
    [...new Set(ids)].toSorted((a, b) => (a > b ? -1 : 1)),
  )
})

type RefusalRow = readonly [body: object, status: number, code: string]
const rows: readonly RefusalRow[] = [
  [{ kind: 'secret', name: 'x', scopes: ['payments:write'] }, 403, 'scope_not_held'],
  [{ kind: 'secret', name: 'x', scopes: ['all'] }, 422, 'scope_unknown'],
  [{ kind: 'secret', name: 'x', scopes: [] }, 422, 'scopes_missing'],
  [{ kind: 'secret', name: ' ', scopes: ['orders:read'] }, 422, 'key_name_blank'],
  [{ kind: 'publishable', name: 'x', channelId: 'chn_01h2xcejqtf2nbrexx3vqjhp41' }, 422, 'channel_unknown'],
  [{ kind: 'partner', name: 'x', locationIds: ['loc_01h2xcejqtf2nbrexx3vqjhp41'] }, 422, 'location_unknown'],
  [{ kind: 'partner', name: 'x', locationIds: [] }, 422, 'locations_missing'],
  [{ kind: 'publishable', name: 'x', channelId: 'chn_01h2xcejqtf2nbrexx3vqjhp41', scopes: [] }, 422, 'invalid_request'],
  [{ kind: 'root', name: 'x' }, 422, 'invalid_request'],
]
for (const [body, status, code] of rows) {
  test(`${JSON.stringify(body)}: ${status} ${code}`, async () => {
    const answer = await make(body)
    assert.deepEqual([answer.status, answer.body['code']], [status, code], JSON.stringify(answer.body))
  })
}

test('an unknown key id is not found, a cursor of our own making is not taken', async () => {
  assert.equal((await send('GET', '/v1/admin/api-keys/key_01h2xcejqtf2nbrexx3vqjhp41')).status, 404)
  assert.equal((await send('DELETE', '/v1/admin/api-keys/key_01h2xcejqtf2nbrexx3vqjhp41')).status, 404)
  assert.equal((await send('GET', '/v1/admin/api-keys?cursor=WyJ4Il0')).status, 422)
})
