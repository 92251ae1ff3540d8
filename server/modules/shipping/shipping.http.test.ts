import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import { createTestDatabase, type TestDatabase } from '../../../test/support/database.ts'
import { newId } from '../../kernel/id.ts'
import { createDb, type Db } from '../../platform/db.ts'
import { createHttpServer, type App, type Caller } from '../../platform/http/index.ts'
import { openMerchant } from '../merchant/index.ts'
import { openShipping } from './open-shipping.ts'
import { mountShipping } from './shipping.http.ts'

let database: TestDatabase
let db: Db
let app: App

before(async () => {
  database = await createTestDatabase()
  db = createDb({ databaseUrl: database.url, poolMax: 8, applicationName: 'test' })
  const caller: Caller = { kind: 'secret', keyId: newId(), scopes: ['shipping:read', 'shipping:write'] }
  app = createHttpServer({ authenticate: () => caller, checkResponses: true })
  mountShipping(app, { db, shipping: openShipping({ db }), merchant: openMerchant({ db }) })
  await put('swift', { name: 'Swiftline' })
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
  method: 'GET' | 'POST' | 'PUT' | 'PATCH',
  url: string,
  body?: object,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const answer = await app.inject({
    method,
    url,
    headers: { authorization: 'Bearer x', ...headers },
    ...(body === undefined ? {} : { payload: body }),
  })
  return { status: answer.statusCode, body: answer.json() }
}
const put = (code: string, body: object) => send('PUT', `/v1/admin/carriers/${code}`, body)
const post = (body: object, key: string = randomUUID()) =>
  send('POST', '/v1/admin/shipping-services', body, { 'idempotency-key': key })
const patch = (id: unknown, version: number, body: object) =>
  send('PATCH', `/v1/admin/shipping-services/${String(id)}`, body, { 'if-match': `"${version}"` })

const service = (code: string) => ({
  code,
  name: 'Ground',
  carrier: 'swift',
  transit: [{ from: 'US', to: 'US', daysMin: 2, daysMax: 5 }],
})

test('a service is added, repeated, read, edited and listed', async () => {
  const key = randomUUID()
  const made = await post(service('story'), key)
  assert.equal(made.status, 201)
  const { id, ...rest } = made.body
  const transit = [{ ...service('').transit[0], fromPostalPrefix: '', toPostalPrefix: '' }]
  assert.deepEqual(rest, { ...service('story'), calendarId: null, active: true, transit, version: 1 })
  assert.deepEqual(await post(service('story'), key), made)
  assert.deepEqual(await send('GET', `/v1/admin/shipping-services/${String(id)}`), { status: 200, body: made.body })

  const edited = await patch(id, 1, { active: false, transit: [] })
  assert.deepEqual(edited, { status: 200, body: { ...made.body, active: false, transit: [], version: 2 } })
  const { items } = (await send('GET', '/v1/admin/shipping-services')).body as unknown as { items: Answer['body'][] }
  assert.deepEqual(
    items.filter(({ code }) => code === 'story'),
    [edited.body],
  )
})

test('carriers are put by code and listed page by page', async () => {
  await put('a-post', { name: 'A Post' })
  assert.deepEqual(await put('a-post', { name: 'A-Post' }), { status: 200, body: { code: 'a-post', name: 'A-Post' } })
  const first = (await send('GET', '/v1/admin/carriers?limit=1')).body
  assert.deepEqual(first['items'], [{ code: 'a-post', name: 'A-Post' }])
  const second = (await send('GET', `/v1/admin/carriers?limit=1&cursor=${String(first['nextCursor'])}`)).body
  assert.deepEqual(second, { items: [{ code: 'swift', name: 'Swiftline' }], nextCursor: null })
})

type RefusalRow = readonly [what: string, answer: () => Promise<Answer>, status: number, code: string]
const unknownId = 'svc_01h2xcejqtf2nbrexx3vqjhp41'
const days = (daysMin: number, daysMax: number) => [{ from: 'US', to: 'US', daysMin, daysMax }]
const rows: readonly RefusalRow[] = [
  ['an unknown service', () => send('GET', `/v1/admin/shipping-services/${unknownId}`), 404, 'not_found'],
  ['an edit of an unknown service', () => patch(unknownId, 1, { name: 'X' }), 404, 'not_found'],
  ['an unknown carrier', () => post({ ...service('x'), carrier: 'pigeon' }), 422, 'carrier_unknown'],
  ['a carrier code in capitals', () => put('UPS', { name: 'UPS' }), 422, 'shipping_code_invalid'],
  ['a cursor of our own making', () => send('GET', '/v1/admin/carriers?cursor=abc'), 422, 'invalid_request'],
  ['half a day', () => post({ ...service('x'), transit: days(0.5, 1) }), 422, 'invalid_request'],
  ['days the wrong way round', () => post({ ...service('x'), transit: days(3, 1) }), 422, 'transit_days_invalid'],
]
for (const [what, answer, status, code] of rows) {
  test(`${what}: ${status} ${code}`, async () => {
    const { status: seen, body } = await answer()
    assert.deepEqual([seen, body['code']], [status, code], JSON.stringify(body))
  })
}

test('a stale version is refused with the current one; code and carrier cannot be edited', async () => {
  const { id } = (await post(service('stale'))).body
  const stale = await patch(id, 9, { name: 'X' })
  assert.deepEqual([stale.status, stale.body['code'], stale.body['currentVersion']], [412, 'version_mismatch', 1])
  for (const fixed of [{ code: 'other' }, { carrier: 'swift' }]) {
    assert.equal((await patch(id, 1, fixed)).body['code'], 'invalid_request')
  }
})
