import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import { createTestDatabase, type TestDatabase } from '../../../test/support/database.ts'
import { newId } from '../../kernel/id.ts'
import { createDb, type Db } from '../../platform/db.ts'
import { createHttpServer, type App, type Caller } from '../../platform/http/index.ts'
import { mountMerchant } from './merchant.http.ts'
import { openMerchant } from './open-merchant.ts'

let database: TestDatabase
let db: Db
let app: App

before(async () => {
  database = await createTestDatabase()
  db = createDb({ databaseUrl: database.url, poolMax: 8, applicationName: 'test' })
  const caller: Caller = { kind: 'secret', keyId: newId(), scopes: ['merchant:read', 'merchant:write'] }
  app = createHttpServer({ authenticate: () => caller, checkResponses: true })
  mountMerchant(app, { db, merchant: openMerchant({ db }), orphanedPriceLists: async () => [] })
})
after(async () => {
  await app.close()
  await db.close()
  await database.drop()
})

interface Answer {
  readonly status: number
  readonly etag: unknown
  readonly body: { readonly id: string; readonly code: string; readonly [field: string]: unknown }
}

async function send(
  method: 'GET' | 'POST' | 'PATCH',
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
  return { status: answer.statusCode, etag: answer.headers['etag'], body: answer.json() }
}
const post = (url: string, body: object, key: string = randomUUID()) =>
  send('POST', url, body, { 'idempotency-key': key })
const patch = (url: string, version: number, body: object) => send('PATCH', url, body, { 'if-match': `"${version}"` })

const entity = (code: string) => ({
  code,
  name: 'Fernway',
  country: 'US',
  currency: 'USD',
  timeZone: 'America/New_York',
})
const channel = (code: string, legalEntityId: string) => ({
  code,
  name: 'Web',
  kind: 'web',
  legalEntityId,
  currency: 'USD',
  currencies: ['USD', 'EUR'],
  locale: 'en-US',
  timeZone: 'America/New_York',
  taxIncluded: false,
})

const calendar = { code: 'x', name: 'Office', workingDays: [1] }

test('a channel from nothing: entity, market, channel with the usual terms, read, edited', async () => {
  const owner = await post('/v1/admin/legal-entities', entity('story'))
  assert.equal(owner.status, 201)
  const market = await post('/v1/admin/markets', { code: 'story', name: 'EU', countries: ['DE', 'FR'] })
  const made = await post('/v1/admin/channels', { ...channel('story', owner.body.id), marketId: market.body.id })
  assert.equal(made.status, 201)
  const { id, ...terms } = made.body
  assert.match(id, /^chn_/)
  assert.deepEqual(terms, {
    ...channel('story', owner.body.id),
    marketId: market.body.id,
    trusted: false,
    active: true,
    taxIncludedExcept: [],
    taxRounding: 'line',
    cartTtlS: 3_600,
    quoteTtlS: 900,
    claimsAt: 'order',
    paymentTtlS: 1_800,
    paymentCapS: 86_400,
    version: 1,
  })
  assert.deepEqual(await send('GET', `/v1/admin/channels/${id}`), { ...made, status: 200 })

  const edited = await patch(`/v1/admin/channels/${id}`, 1, {
    marketId: null,
    taxIncludedExcept: ['EUR'],
    taxRounding: 'order',
  })
  const expected = { ...made.body, marketId: null, taxIncludedExcept: ['EUR'], taxRounding: 'order', version: 2 }
  assert.deepEqual(edited, { status: 200, etag: '"2"', body: expected })
  assert.deepEqual((await send('GET', `/v1/admin/channels/${id}`)).body, edited.body)
})

test('every kind is added, read, edited and listed', async () => {
  const kinds = [
    ['legal-entities', entity('each'), { name: 'New' }],
    ['markets', { code: 'each', name: 'Each', countries: ['US'] }, { countries: ['US', 'CA'] }],
    ['zones', { code: 'each', name: 'Each', country: 'CA' }, { regions: ['ON'] }],
    ['calendars', { code: 'each', name: 'Each', workingDays: [1] }, { closedDates: ['2026-12-25'] }],
  ] as const
  for (const [path, body, changes] of kinds) {
    const made = await post(`/v1/admin/${path}`, body)
    assert.equal(made.status, 201, path)
    assert.equal(made.etag, '"1"')
    const edited = await patch(`/v1/admin/${path}/${made.body.id}`, 1, changes)
    assert.deepEqual(edited.body, { ...made.body, ...changes, version: 2 })
    assert.deepEqual((await send('GET', `/v1/admin/${path}/${made.body.id}`)).body, edited.body)
    const { items } = (await send('GET', `/v1/admin/${path}`)).body as unknown as { items: Answer['body'][] }
    assert.deepEqual(
      items.find(({ code }) => code === 'each'),
      edited.body,
    )
  }
})

test('the same key and body again: the same answer and one market; another body: refused', async () => {
  const key = randomUUID()
  const first = await post('/v1/admin/markets', { code: 'again', name: 'Again', countries: ['US'] }, key)
  assert.deepEqual(await post('/v1/admin/markets', { code: 'again', name: 'Again', countries: ['US'] }, key), first)
  const other = await post('/v1/admin/markets', { code: 'again', name: 'Other', countries: ['US'] }, key)
  assert.deepEqual([other.status, other.body.code], [422, 'idempotency_key_reused'])
})

test('lists go page by page in code order', async () => {
  for (const code of ['p-3', 'p-1', 'p-2']) await post('/v1/admin/calendars', { ...calendar, code })
  const codes: string[] = []
  let cursor: string | null = ''
  while (cursor !== null) {
    const query: string = cursor === '' ? 'limit=1' : `limit=1&cursor=${cursor}`
    const page = (await send('GET', `/v1/admin/calendars?${query}`)).body as unknown as {
      items: { code: string }[]
      nextCursor: string | null
    }
    assert.equal(page.items.length, 1)
    codes.push(...page.items.map(({ code }) => code))
    cursor = page.nextCursor
  }
  assert.deepEqual(codes, [...new Set(codes)].toSorted())
  assert.ok(['p-1', 'p-2', 'p-3'].every((code) => codes.includes(code)))
})

type RefusalRow = readonly [what: string, answer: () => Promise<Answer>, status: number, code: string]
const unknownId = 'mkt_01h2xcejqtf2nbrexx3vqjhp41'
const market = { code: 'refused', name: 'X', countries: ['US'] }
const rows: readonly RefusalRow[] = [
  ['an unknown market', () => send('GET', `/v1/admin/markets/${unknownId}`), 404, 'not_found'],
  ['an id of another kind', () => send('GET', '/v1/admin/markets/chn_01h2xcejqtf2nbrexx3vqjhp41'), 404, 'not_found'],
  ['an edit of an unknown market', () => patch(`/v1/admin/markets/${unknownId}`, 1, { name: 'Y' }), 404, 'not_found'],
  ['a cursor of our own making', () => send('GET', '/v1/admin/markets?cursor=abc'), 422, 'invalid_request'],
  ['no key', () => send('POST', '/v1/admin/markets', market), 400, 'idempotency_key_required'],
  ['a country that is none', () => post('/v1/admin/markets', { ...market, countries: ['XX'] }), 422, 'country_unknown'],
  ['no country', () => post('/v1/admin/markets', { ...market, countries: [] }), 422, 'list_empty'],
  ['a blank name', () => post('/v1/admin/markets', { ...market, name: '  ' }), 422, 'name_blank'],
  ['a code in capitals', () => post('/v1/admin/markets', { ...market, code: 'EU' }), 422, 'code_invalid'],
  ['an unknown property', () => post('/v1/admin/markets', { ...market, id: unknownId }), 422, 'invalid_request'],
  [
    'a month of 32 days',
    () => post('/v1/admin/calendars', { ...calendar, closedDates: ['2026-12-32'] }),
    422,
    'date_unknown',
  ],
  ['no working day', () => post('/v1/admin/calendars', { ...calendar, workingDays: [] }), 422, 'list_empty'],
]
for (const [what, answer, status, code] of rows) {
  test(`${what}: ${status} ${code}`, async () => {
    const { status: seen, body } = await answer()
    assert.deepEqual([seen, body.code], [status, code], JSON.stringify(body))
  })
}

test('what is fixed cannot be edited; a stale version and a missing one are told apart', async () => {
  const owner = await post('/v1/admin/legal-entities', entity('fixed'))
  const url = `/v1/admin/legal-entities/${owner.body.id}`
  for (const fixed of [{ currency: 'EUR' }, { country: 'DE' }, { code: 'other' }, { version: 9 }]) {
    const { status, body } = await patch(url, 1, fixed)
    assert.deepEqual([status, body.code], [422, 'invalid_request'], JSON.stringify(fixed))
  }
  assert.equal((await send('PATCH', url, { name: 'X' })).body.code, 'if_match_required')
  const stale = await patch(url, 7, { name: 'X' })
  assert.deepEqual([stale.status, stale.body.code, stale.body['currentVersion']], [412, 'version_mismatch', 1])
})

test('a code that is taken is refused, and its key may be used again', async () => {
  const key = randomUUID()
  await post('/v1/admin/markets', { ...market, code: 'taken' })
  const refused = await post('/v1/admin/markets', { ...market, code: 'taken' }, key)
  assert.deepEqual([refused.status, refused.body.code], [409, 'code_taken'])
  assert.equal((await post('/v1/admin/markets', { ...market, code: 'free' }, key)).status, 201)
})
