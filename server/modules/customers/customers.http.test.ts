import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import { createTestDatabase, type TestDatabase } from '../../../test/support/database.ts'
import { newId } from '../../kernel/id.ts'
import { createDb, type Db } from '../../platform/db.ts'
import { createHttpServer, type App, type Caller } from '../../platform/http/index.ts'
import { mountCustomers } from './customers.http.ts'
import { openTestCustomers } from '../../../test/support/customers.ts'
import type { Customers } from './open-customers.ts'

let database: TestDatabase
let db: Db
let customers: Customers
let app: App
let scopes: string[] = ['customers:read', 'customers:write']

before(async () => {
  database = await createTestDatabase()
  db = createDb({ databaseUrl: database.url, poolMax: 8, applicationName: 'test' })
  customers = openTestCustomers(db)
  const keyId = newId<'apiKey'>()
  app = createHttpServer({ authenticate: (): Caller => ({ kind: 'secret', keyId, scopes }), checkResponses: true })
  mountCustomers(app, { db, customers, records: [] })
  await post({ email: 'taken@example.com' })
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
  method: 'GET' | 'POST',
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
const post = (body: object, key: string = randomUUID()) =>
  send('POST', '/v1/admin/customers', body, { 'idempotency-key': key })
const search = (body: object) => send('POST', '/v1/admin/customers/search', body)

const home = {
  name: 'Ada Lovelace',
  line1: '1 Main St',
  city: 'Springfield',
  region: 'IL',
  postalCode: '62701',
  country: 'US',
}

/** Of which nothing is known but that it is one. */
const account = {
  kind: 'account',
  email: null,
  name: null,
  phone: null,
  erasedAt: null,
  mergedInto: null,
  version: 1,
  emailVerified: false,
  hasPassword: false,
  locale: null,
  defaultAddressId: null,
  taxExempt: false,
  taxExemptUntil: null,
  taxId: null,
  tags: [],
}

test('an account is made once, repeated, read, found, erased and then known by its id only', async () => {
  const key = randomUUID()
  const made = await post({ email: 'ada@example.com', phone: '+12125550100', address: home }, key)
  assert.equal(made.status, 201)
  const { id, createdAt, addresses, ...rest } = made.body
  assert.deepEqual(rest, {
    ...account,
    email: 'ada@example.com',
    name: 'Ada Lovelace',
    phone: '+12125550100',
    defaultAddressId: (addresses as { id: string }[])[0]?.id,
  })
  assert.deepEqual(addresses, [{ id: (addresses as { id: string }[])[0]?.id, ...home, line2: null, phone: null }])
  assert.deepEqual(await post({ email: 'ada@example.com', phone: '+12125550100', address: home }, key), made)
  assert.deepEqual(await send('GET', `/v1/admin/customers/${String(id)}`), { status: 200, body: made.body })
  for (const wanted of [{ email: 'ADA@example.com' }, { phone: '(212) 555-0100', country: 'US' }]) {
    const { items } = (await search(wanted)).body as { items: { id: string }[] }
    assert.deepEqual(
      items.map((item) => item.id),
      [id],
    )
  }

  const erased = await send('POST', `/v1/admin/customers/${String(id)}/erase`)
  assert.equal(erased.status, 200)
  const nobody = {
    line1: null,
    name: null,
    city: null,
    postalCode: null,
    line2: null,
    phone: null,
    country: 'US',
    region: 'IL',
  }
  assert.deepEqual(erased.body, {
    ...account,
    id,
    version: 2,
    createdAt,
    erasedAt: erased.body['erasedAt'],
    addresses: [{ id: (addresses as { id: string }[])[0]?.id, ...nobody }],
  })
  assert.ok(erased.body['erasedAt'])
  assert.deepEqual(await send('POST', `/v1/admin/customers/${String(id)}/erase`), erased)
  assert.deepEqual(await post({ email: 'ada@example.com', phone: '+12125550100', address: home }, key), {
    status: 201,
    body: erased.body,
  })
  assert.deepEqual((await search({ email: 'ada@example.com' })).body, { items: [] })
})

test('what is kept for a repeat holds no personal data', async () => {
  await post({ email: 'kept@example.com', name: 'Kept Secret' })
  const [row] = await db.rows<{ text: string }>({
    name: '',
    text: "select string_agg(answer::text, '') as text from platform.idempotency_key",
  })
  assert.match(row?.text ?? '', /per_/)
  assert.doesNotMatch(row?.text ?? '', /kept|Kept|Secret|Main St/)
})

test('customers are listed newest first, page by page', async () => {
  const ids: unknown[] = []
  for (const name of ['one', 'two', 'three']) ids.unshift((await post({ email: `${name}@list.example` })).body['id'])
  const first = (await send('GET', '/v1/admin/customers?limit=2')).body as {
    items: { id: string }[]
    nextCursor: string
  }
  assert.deepEqual(
    first.items.map(({ id }) => id),
    ids.slice(0, 2),
  )
  const second = (await send('GET', `/v1/admin/customers?limit=1&cursor=${first.nextCursor}`)).body as {
    items: { id: string }[]
  }
  assert.deepEqual(
    second.items.map(({ id }) => id),
    ids.slice(2),
  )
})

type RefusalRow = readonly [what: string, answer: () => Promise<Answer>, status: number, code: string]
const unknownId = 'per_01h2xcejqtf2nbrexx3vqjhp41'
const refused: readonly RefusalRow[] = [
  ['an e-mail that is taken', () => post({ email: 'TAKEN@example.com' }), 409, 'email_taken'],
  [
    'an address nobody lives at',
    () => post({ email: 'a@example.com', address: { ...home, postalCode: '1' } }),
    422,
    'address_invalid',
  ],
  [
    'a country that is none',
    () => post({ email: 'a@example.com', address: { ...home, country: 'ZZ' } }),
    422,
    'address_invalid',
  ],
  ['a telephone number too short', () => post({ email: 'a@example.com', phone: '+1212555' }), 422, 'phone_invalid'],
  ['no e-mail', () => post({ name: 'Ada' }), 422, 'invalid_request'],
  ['an e-mail that is none', () => post({ email: 'ada' }), 422, 'invalid_request'],
  [
    'a card number as a name',
    () => post({ email: 'a@example.com', name: '4111 1111 1111 1111' }),
    422,
    'invalid_request',
  ],
  ['a read-only property', () => post({ email: 'a@example.com', kind: 'guest' }), 422, 'invalid_request'],
  ['no key', () => send('POST', '/v1/admin/customers', { email: 'a@example.com' }), 400, 'idempotency_key_required'],
  ['an unknown customer', () => send('GET', `/v1/admin/customers/${unknownId}`), 404, 'not_found'],
  ['erasing an unknown customer', () => send('POST', `/v1/admin/customers/${unknownId}/erase`), 404, 'not_found'],
  ['a search for nothing', () => search({}), 422, 'invalid_request'],
  ['a cursor of our own making', () => send('GET', '/v1/admin/customers?cursor=WyJ4Il0'), 422, 'invalid_request'],
]
for (const [what, answer, status, code] of refused) {
  test(`${what}: ${status} ${code}`, async () => {
    const { status: answered, body } = await answer()
    assert.deepEqual([answered, body['code']], [status, code])
  })
}

test('reading and writing are let in apart', async () => {
  scopes = ['customers:write']
  assert.equal((await send('GET', '/v1/admin/customers')).status, 403)
  scopes = ['customers:read']
  assert.equal((await send('POST', `/v1/admin/customers/${unknownId}/erase`)).status, 403)
  assert.equal((await search({ email: 'a@example.com' })).status, 200)
  scopes = ['customers:read', 'customers:write']
})
