/** What must never stand anywhere: card numbers, and people outside of the vault. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { must } from '../../server/kernel/invariant.ts'
import { hasCardNumber } from '../../server/platform/http/card-number.ts'
import type { ApiRequest } from '../support/api-client.ts'
import { faultOf, faultsOf } from '../support/api-judge.ts'
import type { JsonSchema } from '../support/api-operations.ts'
import { openShop, orderBody, trustedBody, type Shop } from '../support/api-scenes.ts'
import { newKey, OTHER_SKU, SKU, unique } from '../support/api-words.ts'
import { openTestApi, untilSettled, type TestApi } from '../support/api.ts'
import { query } from '../support/server.ts'

let api: TestApi
let shop: Shop

before(async () => {
  api = await openTestApi({ works: true })
  shop = await openShop(api)
})
after(() => api.close())

/** Of networks' own test ranges, and one of each length that cards have. */
const cards = [
  '4111111111111111',
  '4111 1111 1111 1111',
  '5500-0000-0000-0004',
  '378282246310005',
  '4222222222222',
  '6304000000000000000',
  'card 4111111111111111 exp 12/29',
  '4111\u00a01111\u00a01111\u00a01111',
  '1 4111 1111 1111 1111',
] as const

test('the numbers that are tried here are ones that cards can have', () => {
  assert.deepEqual(
    cards.filter((card) => !hasCardNumber(card)),
    [],
  )
})

interface TextPlace {
  readonly pointer: string
  readonly replaced: (text: string) => unknown
}

/** Every text of the body that people write, by the schema. */
function textPlaces(
  schema: JsonSchema,
  value: unknown,
  pointer = '',
  replaced: (value: unknown) => unknown = (other) => other,
): TextPlace[] {
  if (typeof value === 'string') {
    const own = (schema.anyOf ?? [schema]).find(({ type }) => type === 'string') ?? schema
    const isText = own['x-machine-code'] !== true && own.const === undefined && own.enum === undefined
    return isText ? [{ pointer, replaced }] : []
  }
  if (Array.isArray(value)) {
    const { items = {} } = (schema.anyOf ?? [schema]).find(({ type }) => type === 'array') ?? schema
    return value.slice(0, 1).flatMap((item) => textPlaces(items, item, `${pointer}/0`, (other) => replaced([other])))
  }
  if (typeof value !== 'object' || value === null) return []
  const fitting =
    (schema.anyOf ?? [schema]).find(({ properties = {} }) => Object.keys(value).every((name) => name in properties)) ??
    schema
  return Object.entries(value).flatMap(([name, property]: [string, unknown]) =>
    textPlaces(fitting.properties?.[name] ?? {}, property, `${pointer}/${name}`, (other) =>
      replaced({ ...value, [name]: other }),
    ),
  )
}

test('a card number in any text that people write: 422, not stored, not logged, not echoed', async () => {
  const withBody = api.operations.filter(({ body }) => body !== null)
  const requests = new Map<string, ApiRequest>()
  for (const operation of withBody) requests.set(operation.name, await shop.example(operation))
  await untilSettled(api)
  let sent = 0
  const found = await faultsOf(withBody, async (operation) => {
    const { body, ...request } = must(requests.get(operation.name), 'its request')
    const faults: (string | null)[] = []
    for (const [index, { pointer, replaced }] of textPlaces(operation.body ?? {}, body).entries()) {
      // Each place meets three of the numbers, and each number is tried in a third of all places.
      for (const card of [0, 1, 2].map((step) => cards[(index + step * 3) % cards.length] ?? '')) {
        sent++
        const answer = await api.send({
          ...request,
          headers: { ...request.headers, 'idempotency-key': newKey() },
          body: replaced(card),
        })
        if (answer.status !== 422) faults.push(`${pointer}: ${answer.status} ${answer.text.slice(0, 200)}`)
        else if (holdsCard(answer.text)) faults.push(`${pointer} is echoed: ${answer.text}`)
        else faults.push(faultOf(operation, answer))
      }
    }
    return faults
  })
  assert.ok(sent > 300 && api.log.length > sent, `only ${sent} were sent, ${api.log.length} lines logged`)
  assert.deepEqual(found, [])
  assert.deepEqual(api.log.filter(holdsCard), [])
  assert.deepEqual(await tablesHolding(['4111111111111111', '4111 1111 1111 1111', '5500-0000-0000-0004']), [])
})

test('a card number as a property, in a query, a path or a header: not logged, not stored', async () => {
  const [card = ''] = cards
  const authorization = `Bearer ${api.keys.secretKey}`
  const shopper = `Bearer ${api.keys.publishableKey}`
  const rows: readonly (readonly [request: ApiRequest, statuses: readonly number[]])[] = [
    [
      {
        method: 'POST',
        path: '/v1/store/orders',
        headers: { authorization: shopper, 'idempotency-key': newKey() },
        body: { ...orderBody(), [card]: 1 },
      },
      [422],
    ],
    [
      {
        method: 'POST',
        path: '/v1/admin/products',
        headers: { authorization, 'idempotency-key': newKey() },
        body: { handle: 'card', title: 'Card', texts: { [card]: { title: 'x' } }, variants: [{ sku: 'CARD' }] },
      },
      [422],
    ],
    [
      {
        method: 'POST',
        path: '/v1/admin/products',
        headers: { authorization, 'idempotency-key': newKey() },
        body: { handle: 'card', title: 'Card', variants: [{ sku: 'CARD', options: { [`a ${card}`]: 'x' } }] },
      },
      [422],
    ],
    [{ method: 'GET', path: `/v1/store/carts/${card}`, headers: { authorization: shopper } }, [404]],
    [{ method: 'GET', path: `/v1/nowhere/${card}`, headers: { authorization } }, [404]],
    [
      { method: 'PUT', path: `/v1/admin/carriers/${card}`, headers: { authorization }, body: { name: 'Card' } },
      [404, 422],
    ],
    [{ method: 'GET', path: '/v1/admin/locations', headers: { authorization, 'waybill-request-id': card } }, [200]],
    [
      {
        method: 'GET',
        path: '/v1/admin/locations',
        headers: { authorization, traceparent: card, 'user-agent': card, referer: card },
      },
      [200],
    ],
    [{ method: 'GET', path: '/v1/admin/locations', headers: { authorization: `Bearer ${card}` } }, [401]],
    [
      {
        method: 'POST',
        path: '/v1/store/orders',
        headers: { authorization: shopper, 'idempotency-key': `key of ${card}`.replaceAll(' ', '-') },
        body: orderBody(),
      },
      [201],
    ],
  ]
  for (const [request, statuses] of rows) {
    const answer = await api.send(request)
    assert.ok(statuses.includes(answer.status), `${request.method} ${request.path}: ${answer.status} ${answer.text}`)
  }
  const texts = api.operations
    .flatMap((operation) => operation.queryParameters.map((parameter) => ({ operation, parameter })))
    .filter(
      ({ parameter: { schema } }) =>
        schema.type === 'string' && schema['x-machine-code'] !== true && schema.enum === undefined,
    )
  assert.ok(texts.length >= 5, 'queries have texts')
  for (const { operation, parameter } of texts) {
    const request = await shop.example(operation, { optional: 0 })
    const answer = await api.send({
      ...request,
      path: `${request.path}${request.path.includes('?') ? '&' : '?'}${parameter.name}=${encodeURIComponent(card)}`,
    })
    assert.equal(answer.status, 422, `${operation.name} ${parameter.name}: ${answer.text}`)
  }
  await untilSettled(api)
  assert.deepEqual(api.log.filter(holdsCard), [])
  assert.deepEqual(await tablesHolding([card]), [])
})

test('digits that are no card pass: SKUs, references, telephone numbers, ids', async () => {
  const made = await shop.admin('POST', '/v1/admin/products', {
    handle: 'barcodes',
    title: 'Barcodes',
    variants: [{ sku: '4111111111111111', barcode: '4222222222222' }],
  })
  assert.equal(made.json.variants[0].sku, '4111111111111111')
  const order = await shop.admin('POST', '/v1/admin/orders', { ...trustedBody(), reference: '5500000000000004' })
  assert.equal(order.json.reference, '5500000000000004')
  await untilSettled(api)
  const list = await shop.admin('GET', '/v1/admin/orders?reference=5500000000000004')
  assert.deepEqual(
    list.json.items.map(({ id }: { id: string }) => id),
    [order.json.id],
  )
  assert.deepEqual(
    api.log.filter((line) => line.includes('5500000000000004') || line.includes('4222222222222')),
    [],
    'the log spares them too',
  )
})

/** Nobody else is called like this. */
const marker = {
  email: 'Qxzmail.Ada@qxzdomain.example',
  name: 'Qxzname Lovelace',
  line1: '7 Qxzstreet',
  line2: 'Qxzfloor 3',
  city: 'Qxztown',
  phone: '+12125550199',
} as const
const traces = ['qxzmail', 'qxzdomain', 'qxzname', 'qxzstreet', 'qxzfloor', 'qxztown', '2125550199'] as const
const markedAddress = {
  name: marker.name,
  line1: marker.line1,
  line2: marker.line2,
  city: marker.city,
  region: 'NY',
  postalCode: '10001',
  country: 'US',
  phone: marker.phone,
}
const markedOrder = (token = 'tok_ok') => ({
  ...orderBody({ token }),
  email: marker.email,
  shippingAddress: markedAddress,
})

test('a person stands in the vault, encrypted, and nowhere else: not in a table, an event, a job, a log, a metric or at the provider', async () => {
  // Everything that is done with a buyer: carts, orders, payments that fail or wait, cancellation, trusted orders, search.
  const cart = await shop.store(201, 'POST', '/v1/store/carts', {
    lines: [{ sku: SKU, quantity: 1 }],
    email: marker.email,
    shippingAddress: markedAddress,
  })
  const token = { 'waybill-access-token': cart.json.accessToken as string }
  const edited = await shop.store(
    200,
    'PATCH',
    `/v1/store/carts/${cart.json.id}`,
    { shippingAddress: { ...markedAddress, line1: '8 Qxzstreet' }, email: `second.${marker.email}` },
    { ...token, 'if-match': `"${cart.json.version}"` },
  )
  assert.equal(edited.json.shippingAddress.line1, '8 Qxzstreet', 'the buyer reads what the buyer wrote')
  await shop.store(
    201,
    'POST',
    `/v1/store/carts/${cart.json.id}/order`,
    { total: edited.json.totals.total, payment: { provider: 'sandbox', token: 'tok_ok' } },
    token,
  )
  const paid = await shop.store(201, 'POST', '/v1/store/orders', markedOrder())
  await shop.store(
    200,
    'POST',
    `/v1/store/orders/${paid.json.id}/cancel`,
    {},
    { 'waybill-access-token': paid.json.accessToken },
  )
  await shop.store(402, 'POST', '/v1/store/orders', markedOrder('tok_declined'))
  await shop.store(202, 'POST', '/v1/store/orders', markedOrder('tok_3ds'))
  await shop.store(409, 'POST', '/v1/store/orders', {
    ...markedOrder(),
    lines: [{ sku: OTHER_SKU, quantity: 1_000_000 }],
  })
  const trusted = {
    ...trustedBody({ quantity: 1_000_000, sku: OTHER_SKU }),
    customer: { email: marker.email },
    shippingAddress: markedAddress,
  }
  const taken = await shop.admin('POST', '/v1/admin/orders', trusted)
  await shop.admin('POST', '/v1/admin/orders/batch', {
    orders: [
      { ...trusted, reference: unique('marked') },
      { ...trusted, channel: 'nowhere' },
    ],
  })
  await shop.admin('POST', '/v1/admin/customers', {
    email: `third.${marker.email}`,
    name: marker.name,
    phone: marker.phone,
    address: markedAddress,
  })
  const people = await shop.admin('POST', '/v1/admin/customers/search', { email: marker.email })
  const emails = (people.json.items as { email: string }[]).map(({ email }) => email)
  assert.ok(emails.includes(marker.email), 'the merchant finds them')
  await shop.admin('POST', '/v1/admin/customers/search', { phone: marker.phone })
  await shop.admin('GET', `/v1/admin/orders?customer=${encodeURIComponent(marker.email)}`)
  // What is refused is not remembered either.
  for (const body of [
    { ...markedOrder(), hostile: 1 },
    { ...markedOrder(), shippingAddress: { ...markedAddress, country: 'XX' } },
  ])
    await shop.store(422, 'POST', '/v1/store/orders', body)
  const broken = await api.send({
    method: 'POST',
    path: '/v1/store/orders',
    headers: { authorization: `Bearer ${api.keys.publishableKey}`, 'idempotency-key': newKey() },
    raw: JSON.stringify(markedOrder()).slice(0, -1),
  })
  assert.equal(broken.status, 400)
  await untilSettled(api)

  assert.deepEqual(await tablesHolding(traces), [])
  assert.deepEqual(
    api.log.filter((line) => traces.some((trace) => line.toLowerCase().includes(trace))),
    [],
  )
  const { text: metrics } = await api.send({ method: 'GET', path: '/metrics' })
  const told = [metrics]
  for (const path of [
    `/v1/admin/orders/${taken.json.id}/timeline`,
    `/v1/admin/orders/${taken.json.id}/sourcing`,
    '/v1/admin/exceptions',
    '/v1/admin/orders',
  ])
    told.push((await shop.admin('GET', path)).text)
  const books = readdirSync(api.providerDirectory).map((file) =>
    readFileSync(join(api.providerDirectory, file), 'utf8'),
  )
  assert.ok(books.join('').length > 1_000, 'the provider kept its book')
  told.push(...books)
  assert.deepEqual(
    told.filter((text) => traces.some((trace) => text.toLowerCase().includes(trace))),
    [],
  )
})

test('what the search for traces looks through is everything, clear or in bytes', async () => {
  await query(api.databaseUrl, 'create schema planted')
  await query(api.databaseUrl, 'create table planted.leak (id int, note jsonb, bytes bytea)')
  await query(
    api.databaseUrl,
    `insert into planted.leak values (1, '{"deep": ["QXZNAME"]}', null), (2, null, convert_to('at qxzstreet', 'UTF8'))`,
  )
  assert.deepEqual(await tablesHolding(['qxzname']), ['planted.leak holds qxzname'])
  assert.deepEqual(await tablesHolding(['qxzstreet']), ['planted.leak holds qxzstreet'])
  await query(api.databaseUrl, 'drop schema planted cascade')
})

function holdsCard(text: string): boolean {
  return cards.some((card) => text.includes(card) || text.includes(encodeURIComponent(card)))
}

/** Tables of any schema in whose rows one of the texts stands, in any case, also within bytes that are not encrypted. */
async function tablesHolding(texts: readonly string[]): Promise<string[]> {
  const tables = await query<{ name: string }>(
    api.databaseUrl,
    `
    select format('%I.%I', schemaname, tablename) as name from pg_tables
     where schemaname not in ('pg_catalog', 'information_schema') order by 1`,
  )
  const found: string[] = []
  for (const { name } of tables) {
    const rows = await query<{ text: string }>(
      api.databaseUrl,
      `
      select distinct trace.text from ${name} as row, unnest($1::text[], $2::text[]) as trace (text, hex)
       where position(lower(trace.text) in lower(row::text)) > 0 or position(trace.hex in row::text) > 0 order by 1`,
      [texts, texts.map((text) => Buffer.from(text.toLowerCase()).toString('hex'))],
    )
    found.push(...rows.map(({ text }) => `${name} holds ${text}`))
  }
  return found
}
