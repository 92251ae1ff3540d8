import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { after, before, test, type TestContext } from 'node:test'
import { Type } from 'typebox'
import { newId } from '../../kernel/id.ts'
import { BusyError, CommitUnknownError, DatabaseAwayError } from '../db.ts'
import { createTelemetry } from '../telemetry.ts'
import {
  createHttpServer,
  expectedVersion,
  idJson,
  pageQuery,
  Quantity,
  refuse,
  sendVersion,
  Sku,
  strict,
  type App,
  type Caller,
  type HttpServerOptions,
} from './index.ts'

const shopper: Caller = { kind: 'publishable', keyId: newId(), channelId: newId() }
const clerk: Caller = { kind: 'secret', keyId: newId(), scopes: ['orders:read'] }
const warehouse: Caller = { kind: 'partner', keyId: newId(), locationIds: [newId()] }
const callers: Readonly<Record<string, Caller>> = { shop: shopper, clerk, house: warehouse }

const KEY = 'key-of-one-request-0123456789'
const orderId = 'ord_01h2xcejqtf2nbrexx3vqjhp41'
const OrderJson = strict({ id: Type.String(), units: Type.Integer() })

/** What the log said, by server. */
const logged: string[] = []

/** A little shop with one route of every kind. */
function openShop(options: Partial<HttpServerOptions> = {}): App {
  const app = createHttpServer({
    authenticate: (token) => callers[token] ?? null,
    telemetry: createTelemetry({ logLevel: 'info', destination: { write: (line) => void logged.push(line) } }),
    checkResponses: true,
    ...options,
  })
  const body = strict({ sku: Sku, quantity: Quantity, note: Type.Optional(Type.String()) })
  app.post(
    '/v1/store/orders',
    {
      schema: { summary: 'Place', body, response: { 201: OrderJson } },
      config: { scope: 'store', idempotent: 'key' },
    },
    async (request, reply) => {
      const { sku, quantity: units } = request.body
      if (sku === 'GONE') {
        const refusals = { out_of_stock: { status: 409, meaning: 'None is left.' } } as const
        return refuse(reply, refusals, { code: 'out_of_stock', shortages: [{ sku, available: 0 }] } as const)
      }
      if (sku === 'LEAK') return reply.code(201).send({ id: orderId, units, margin: 5 } as never)
      if (sku === 'CRASH') throw new Error('the cellar is flooded')
      if (sku === 'BUSY') throw new BusyError('contended')
      if (sku === 'AWAY') throw new DatabaseAwayError('gone')
      if (sku === 'UNKNOWN') throw new CommitUnknownError('gone while committing')
      return reply.code(201).send({ id: orderId, units })
    },
  )
  app.get(
    '/v1/store/orders/:id',
    {
      schema: { summary: 'Read', params: strict({ id: idJson('order') }), response: { 200: OrderJson } },
      config: { scope: 'store' },
    },
    async (request, reply) => sendVersion(reply, 3).send({ id: request.params.id, units: 1 }),
  )
  app.get(
    '/v1/admin/orders',
    {
      schema: { summary: 'List', querystring: strict(pageQuery), response: { 200: strict({ limit: Type.Integer() }) } },
      config: { scope: 'orders:read' },
    },
    async (request) => ({ limit: request.query.limit }),
  )
  app.patch(
    '/v1/admin/orders/:id',
    {
      schema: { summary: 'Edit', body: strict({}), response: { 200: strict({ decidedOn: Type.Integer() }) } },
      config: { scope: 'orders:write', idempotent: 'natural', ifMatch: 'required' },
    },
    async (request) => ({ decidedOn: expectedVersion(request) }),
  )
  app.put(
    '/v1/partner/counts',
    {
      schema: { summary: 'Count', response: { 204: Type.Null() } },
      bodyLimit: 2_000_000,
      config: { scope: 'partner', idempotent: 'natural' },
    },
    async (_request, reply) => reply.code(204).send(null),
  )
  app.get(
    '/ping',
    {
      schema: { summary: 'Ping', response: { 200: strict({ pong: Type.Boolean() }) } },
      config: { scope: 'public' },
    },
    async () => ({ pong: true }),
  )
  return app
}

interface Sent {
  readonly method?: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'OPTIONS'
  readonly url: string
  readonly key?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

async function send(app: App, { method = 'GET', url, key, headers = {}, body }: Sent) {
  const answer = await app.inject({
    method,
    url,
    headers: {
      ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json', 'idempotency-key': KEY }),
      ...headers,
    },
    ...(body === undefined ? {} : { payload: body }),
  })
  const isJson = String(answer.headers['content-type']).includes('json') && answer.body !== ''
  return {
    status: answer.statusCode,
    headers: answer.headers,
    json: isJson ? answer.json<Record<string, unknown>>() : {},
  }
}

let shop: App
before(() => {
  shop = openShop()
})
after(() => shop.close())

test('who may do what', async () => {
  const order = '{"sku":"TEE","quantity":2}'
  const rows: readonly [sent: Sent, status: number, code?: string][] = [
    [{ url: '/ping' }, 200],
    [{ url: '/ping', key: 'nobody' }, 200],
    [{ method: 'POST', url: '/v1/store/orders', body: order }, 401, 'unauthenticated'],
    [{ method: 'POST', url: '/v1/store/orders', body: order, key: 'nobody' }, 401, 'unauthenticated'],
    [
      { method: 'POST', url: '/v1/store/orders', body: order, headers: { authorization: 'Basic c2hvcA==' } },
      401,
      'unauthenticated',
    ],
    [{ method: 'POST', url: '/v1/store/orders', body: order, headers: { authorization: 'bearer shop' } }, 201],
    [{ method: 'POST', url: '/v1/store/orders', body: order, key: 'shop' }, 201],
    [{ method: 'POST', url: '/v1/store/orders', body: order, key: 'clerk' }, 403, 'scope_missing'],
    [{ method: 'POST', url: '/v1/store/orders', body: order, key: 'house' }, 403, 'scope_missing'],
    [{ url: '/v1/admin/orders', key: 'clerk' }, 200],
    [{ url: '/v1/admin/orders', key: 'shop' }, 403, 'scope_missing'],
    [
      { method: 'PATCH', url: '/v1/admin/orders/1', key: 'clerk', body: '{}', headers: { 'if-match': '"1"' } },
      403,
      'scope_missing',
    ],
    [{ method: 'PUT', url: '/v1/partner/counts', key: 'house' }, 204],
    [{ method: 'PUT', url: '/v1/partner/counts', key: 'shop' }, 403, 'scope_missing'],
  ]
  for (const [sent, status, code] of rows) {
    const answer = await send(shop, sent)
    assert.deepEqual([answer.status, answer.json.code], [status, code], JSON.stringify(sent))
  }
})

test('what a body may be', async () => {
  const place = (body: string, headers: Record<string, string> = {}): Sent => ({
    method: 'POST',
    url: '/v1/store/orders',
    key: 'shop',
    body,
    headers,
  })
  const invalid = (path: string, message: string): [number, unknown] => [422, [{ path, message }]]
  const rows: readonly [sent: Sent, status: number, errorsOrCode: unknown][] = [
    [place('{"sku":"TEE"'), 400, 'malformed_json'],
    [place(''), ...invalid('', 'must be object')],
    [place('{"sku":"TEE","quantity":2,"price":1}'), ...invalid('/price', 'is not a property of this object')],
    [place('{"sku":"TEE","quantity":"2"}'), ...invalid('/quantity', 'must be integer')],
    [place('{"sku":"TEE","quantity":2,"quantity":3}'), ...invalid('', 'holds a key twice')],
    [place('{"sku":"TEE","quantity":1e400}'), ...invalid('/quantity', 'is beyond 2^53 - 1')],
    [place('{"sku":"TEE\\u0000","quantity":2}'), ...invalid('/sku', 'holds the character NUL')],
    [
      place('{"sku":"TEE","quantity":2,"note":"4111 1111 1111 1111"}'),
      ...invalid('/note', 'looks like the number of a payment card, which is not to be sent here'),
    ],
    [place('{"sku":"4111111111111111","quantity":2}'), 201, undefined],
    [place('{"sku":"TEE","quantity":2}', { 'content-type': 'text/plain' }), 415, 'unsupported_media_type'],
    [
      place('{"sku":"TEE","quantity":2}', { 'content-type': 'application/json; charset=latin1' }),
      415,
      'unsupported_media_type',
    ],
    [place('{"sku":"TEE","quantity":2}', { 'content-type': 'Application/JSON; charset=UTF-8' }), 201, undefined],
    [place('{"sku":"TEE","quantity":2}', { 'content-encoding': 'gzip' }), 415, 'unsupported_media_type'],
    [place(`{"sku":"TEE","quantity":2,"note":"${'x'.repeat(1_048_576)}"}`), 413, 'body_too_large'],
    [{ method: 'PUT', url: '/v1/partner/counts', key: 'house', body: '{}' }, 204, undefined],
    [
      { method: 'PUT', url: '/v1/partner/counts', key: 'house', body: '{"a":1}' },
      ...invalid('/a', 'is not a property of this object'),
    ],
    [
      { method: 'PUT', url: '/v1/partner/counts', key: 'house', body: `{"a":"${'x'.repeat(1_500_000)}"}` },
      ...invalid('/a', 'is not a property of this object'),
    ],
  ]
  for (const [sent, status, errorsOrCode] of rows) {
    const { status: got, json } = await send(shop, sent)
    assert.deepEqual([got, json.errors ?? json.code], [status, errorsOrCode], sent.body?.slice(0, 60))
  }
})

test('a key is asked for where a write has one', async () => {
  const body = '{"sku":"TEE","quantity":2}'
  const rows: readonly [key: string, status: number, code?: string][] = [
    ['x'.repeat(22), 201],
    ['x'.repeat(255), 201],
    [' ', 400, 'idempotency_key_invalid'],
    ['x'.repeat(21), 400, 'idempotency_key_invalid'],
    ['x'.repeat(256), 400, 'idempotency_key_invalid'],
    [`${'x'.repeat(22)} y`, 400, 'idempotency_key_invalid'],
  ]
  for (const [idempotencyKey, status, code] of rows) {
    const answer = await send(shop, {
      method: 'POST',
      url: '/v1/store/orders',
      key: 'shop',
      body,
      headers: { 'idempotency-key': idempotencyKey },
    })
    assert.deepEqual([answer.status, answer.json.code], [status, code], idempotencyKey)
  }
  const without = await send(shop, {
    method: 'POST',
    url: '/v1/store/orders',
    key: 'shop',
    headers: { 'content-type': 'application/json' },
  })
  assert.deepEqual([without.status, without.json.code], [400, 'idempotency_key_required'])
})

test('an edit says which version it was decided on', async (t) => {
  const app = openShop({ authenticate: () => ({ kind: 'secret', keyId: newId(), scopes: ['orders:write'] }) })
  t.after(() => app.close())
  const rows: readonly [ifMatch: string | null, status: number, told: unknown][] = [
    ['"7"', 200, 7],
    [null, 428, 'if_match_required'],
    ['7', 400, 'if_match_invalid'],
    ['*', 400, 'if_match_invalid'],
    ['W/"7"', 400, 'if_match_invalid'],
    ['"7", "8"', 400, 'if_match_invalid'],
    ['"9999999999"', 400, 'if_match_invalid'],
  ]
  for (const [ifMatch, status, told] of rows) {
    const headers: Record<string, string> = ifMatch === null ? {} : { 'if-match': ifMatch }
    const answer = await send(app, { method: 'PATCH', url: '/v1/admin/orders/1', key: 'x', body: '{}', headers })
    assert.deepEqual([answer.status, answer.json.decidedOn ?? answer.json.code], [status, told], String(ifMatch))
  }
  const read = await send(shop, { url: `/v1/store/orders/${orderId}`, key: 'shop' })
  assert.equal(read.headers.etag, '"3"')
})

test('what is not there, and what is there under another method', async () => {
  const order = `/v1/store/orders/${orderId}`
  const rows: readonly [sent: Sent, status: number, allow?: string][] = [
    [{ url: '/nowhere' }, 404],
    [{ url: '/v1/store/orders/', key: 'shop' }, 404],
    [{ url: '/v1/store/' }, 404],
    [{ url: '/v1/store/ORDERS' }, 404],
    [{ url: '/v1/store/orders/prd_01h2xcejqtf2nbrexx3vqjhp41', key: 'shop' }, 404],
    [{ url: '/v1/store/orders/1%00', key: 'shop' }, 404],
    [{ url: `/v1/store/orders/${'x'.repeat(300)}`, key: 'shop' }, 404],
    [{ url: '/v1/store/orders/%zz', key: 'shop' }, 400],
    [{ method: 'DELETE', url: order }, 405, 'GET, HEAD, OPTIONS'],
    [{ method: 'GET', url: '/v1/store/orders?x=1' }, 405, 'POST, OPTIONS'],
    [{ method: 'POST', url: '/v1/partner/counts' }, 405, 'PUT, OPTIONS'],
    [{ method: 'OPTIONS', url: order }, 204, 'GET, HEAD, OPTIONS'],
    [{ method: 'OPTIONS', url: '/nowhere' }, 404],
    [{ method: 'HEAD', url: order, key: 'shop' }, 200],
    [{ method: 'HEAD', url: order }, 401],
  ]
  for (const [sent, status, allow] of rows) {
    const answer = await send(shop, sent)
    assert.deepEqual([answer.status, answer.headers.allow], [status, allow], `${sent.method ?? 'GET'} ${sent.url}`)
  }
})

test('the answer for an id of another kind is the one for an unknown path, but for its request id', async () => {
  const kinds = await Promise.all(
    ['prd_01h2xcejqtf2nbrexx3vqjhp41', 'x'].map((id) => send(shop, { url: `/v1/store/orders/${id}`, key: 'shop' })),
  )
  const nowhere = await send(shop, { url: '/nowhere', key: 'shop' })
  const [first, ...others] = [...kinds, nowhere].map(({ json: { requestId: _requestId, ...rest } }) => rest)
  for (const other of others) assert.deepEqual(other, first)
})

test('every answer carries the same headers, also the refusals', async () => {
  const answers = await Promise.all([
    send(shop, { url: '/ping' }),
    send(shop, { url: '/nowhere' }),
    send(shop, { url: `/v1/store/orders/${orderId}` }),
    send(shop, { url: `/v1/store/orders/${orderId}`, key: 'shop' }),
    send(shop, { url: '/%zz' }),
    send(shop, { method: 'POST', url: '/nowhere', body: '{' }),
  ])
  for (const { headers } of answers) {
    assert.equal(headers['x-content-type-options'], 'nosniff')
    assert.equal(headers['x-frame-options'], 'DENY')
    assert.equal(headers['referrer-policy'], 'no-referrer')
    assert.equal(headers['cache-control'], 'no-store')
    assert.match(String(headers['waybill-request-id']), /^req_[0-9a-z]{26}$/)
  }
})

test('request ids and traces are echoed when they are ones', async () => {
  const trace = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
  const given = 'req_01h2xcejqtf2nbrexx3vqjhp41'
  const echoed = await send(shop, { url: '/nowhere', headers: { 'waybill-request-id': given, traceparent: trace } })
  assert.equal(echoed.headers['waybill-request-id'], given)
  assert.equal(echoed.json.requestId, given)
  assert.equal(echoed.headers.traceparent, trace)
  const replaced = await send(shop, { url: '/nowhere', headers: { 'waybill-request-id': 'x"y', traceparent: 'x' } })
  assert.match(String(replaced.headers['waybill-request-id']), /^req_/)
  assert.equal(replaced.headers.traceparent, undefined)
})

test('browsers of other origins may read the store, and nothing else', async () => {
  const headers = { origin: 'https://shop.example' }
  const store = await send(shop, { url: `/v1/store/orders/${orderId}`, key: 'shop', headers })
  assert.equal(store.headers['access-control-allow-origin'], '*')
  const admin = await send(shop, { url: '/v1/admin/orders', key: 'clerk', headers })
  assert.equal(admin.headers['access-control-allow-origin'], undefined)
  const preflight = await send(shop, {
    method: 'OPTIONS',
    url: '/v1/store/orders',
    headers: { ...headers, 'access-control-request-method': 'POST' },
  })
  assert.equal(preflight.headers['access-control-allow-methods'], 'POST, OPTIONS')
  assert.match(String(preflight.headers['access-control-allow-headers']), /Idempotency-Key/)
  assert.equal(
    (await send(shop, { method: 'OPTIONS', url: '/v1/admin/orders', headers })).headers['access-control-allow-headers'],
    undefined,
  )
})

test('a refusal is a problem with its own fields', async () => {
  const { status, headers, json } = await send(shop, {
    method: 'POST',
    url: '/v1/store/orders',
    key: 'shop',
    body: '{"sku":"GONE","quantity":1}',
  })
  assert.equal(status, 409)
  assert.equal(headers['content-type'], 'application/problem+json')
  const { requestId: _requestId, ...rest } = json
  assert.deepEqual(rest, {
    type: 'urn:waybill:problem:out_of_stock',
    title: 'Out of stock',
    status: 409,
    code: 'out_of_stock',
    detail: 'None is left.',
    shortages: [{ sku: 'GONE', available: 0 }],
  })
})

test('a failure is told to the caller as far as it helps, and to the log whole', async () => {
  const rows: readonly [sku: string, status: number, code: string, retryAfter: string | undefined, inLog: RegExp][] = [
    [
      'CRASH',
      500,
      'internal',
      undefined,
      /the cellar is flooded.*server\.test\.ts.*"route":"POST \/v1\/store\/orders"/,
    ],
    ['LEAK', 500, 'internal', undefined, /POST \/v1\/store\/orders 201: \/margin is not a property/],
    ['BUSY', 503, 'busy', '1', /contended/],
    ['AWAY', 503, 'database_away', '2', /gone/],
    ['UNKNOWN', 503, 'outcome_unknown', '2', /gone while committing/],
  ]
  for (const [sku, status, code, retryAfter, inLog] of rows) {
    logged.length = 0
    const answer = await send(shop, {
      method: 'POST',
      url: '/v1/store/orders',
      key: 'shop',
      body: `{"sku":"${sku}","quantity":1}`,
    })
    assert.deepEqual([answer.status, answer.json.code, answer.headers['retry-after']], [status, code, retryAfter])
    assert.doesNotMatch(JSON.stringify(answer.json), /cellar|margin|server\.ts/)
    assert.match(logged.join(''), inLog)
    assert.ok(logged.join('').includes(String(answer.json.requestId)))
  }
})

test('keys and callers that take time to look up', async (t) => {
  const app = openShop({
    authenticate: async (token) => {
      if (token === 'away') throw new DatabaseAwayError('nobody to ask')
      return callers[token] ?? null
    },
  })
  t.after(() => app.close())
  const url = `/v1/store/orders/${orderId}`
  assert.equal((await send(app, { url, key: 'shop' })).status, 200)
  assert.equal((await send(app, { url, key: 'nobody' })).status, 401)
  assert.equal((await send(app, { url, key: 'away' })).json.code, 'database_away')
})

test('one key may send so much; another key goes on', async (t) => {
  let now = 0
  const app = openShop({ rateLimitPerSecond: 2, now: () => now })
  t.after(() => app.close())
  const read = (key: string): ReturnType<typeof send> => send(app, { url: `/v1/store/orders/${orderId}`, key })
  const first = await read('shop')
  assert.deepEqual(
    [first.status, first.headers.ratelimit, first.headers['ratelimit-policy']],
    [200, '"key";r=1;t=1', '"key";q=2;w=1'],
  )
  assert.equal((await read('shop')).status, 200)
  const third = await read('shop')
  assert.deepEqual(
    [third.status, third.json.code, third.headers['retry-after'], third.headers.ratelimit],
    [429, 'rate_limited', '1', '"key";r=0;t=1'],
  )
  assert.equal((await read('clerk')).status, 403)
  assert.equal((await send(app, { url: '/ping' })).status, 200)
  for (const status of [401, 401, 429]) assert.equal((await read('guess')).status, status)
  now = 1_000
  assert.equal((await read('shop')).status, 200)
})

test('under pressure reads are turned away first, and health answers still', async (t) => {
  const pressure = { readsInFlightMax: 0, inFlightMax: 1, readsLagMaxMs: 1e9, lagMaxMs: 1e9 }
  const app = openShop({ pressure })
  t.after(() => app.close())
  const shed = await send(app, { url: `/v1/store/orders/${orderId}`, key: 'shop' })
  assert.deepEqual([shed.status, shed.json.code, shed.headers['retry-after']], [503, 'overloaded', '1'])
  assert.equal(
    (await send(app, { method: 'POST', url: '/v1/store/orders', key: 'shop', body: '{"sku":"TEE","quantity":1}' }))
      .status,
    201,
  )
  assert.equal((await send(app, { url: '/ping' })).status, 200)
})

test('a route that does not say who may call it does not start', () => {
  const schema = { summary: 'x' }
  const rows: readonly [method: 'GET' | 'POST', url: string, config: object | undefined, complaint: RegExp][] = [
    ['GET', '/v1/store/x', undefined, /GET \/v1\/store\/x: declares no scope/],
    ['GET', '/v1/store/x', {}, /declares no scope/],
    ['GET', '/v1/store/x', { scope: 'orders:read' }, /does not belong to this part/],
    ['GET', '/v1/admin/x', { scope: 'store' }, /does not belong to this part/],
    ['GET', '/v1/admin/x', { scope: 'public' }, /does not belong to this part/],
    ['GET', '/v1/partner/x', { scope: 'store' }, /does not belong to this part/],
    ['GET', '/x', { scope: 'store' }, /does not belong to this part/],
    ['POST', '/v1/store/x', { scope: 'store' }, /declares no idempotent/],
    ['GET', '/v1/store/x', { scope: 'store', idempotent: 'key' }, /a read is safe/],
    ['POST', '/x', { scope: 'public', idempotent: 'key' }, /a key belongs to a caller/],
  ]
  for (const [method, url, config, complaint] of rows) {
    const app = createHttpServer({ authenticate: () => null })
    assert.throws(
      () => app.route({ method, url, schema, config: config as never, handler: () => ({}) }),
      complaint,
      url,
    )
  }
  const app = createHttpServer({ authenticate: () => null })
  assert.throws(() => app.get('/x', { config: { scope: 'public' } }, () => ({})), /has no summary/)
})

/** Sends bytes over a socket of its own; resolves with all that came back, once the server has closed or gone quiet. */
function overSocket(port: number, bytes: string, quietMs = 300): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1')
    let received = ''
    socket.setEncoding('latin1').setTimeout(quietMs, () => socket.destroy())
    socket.on('data', (text: string) => (received += text))
    socket.on('error', reject).on('close', () => resolve(received))
    socket.write(bytes)
  })
}

async function listening(
  t: TestContext,
  options: Partial<HttpServerOptions> = {},
): Promise<{ app: App; port: number }> {
  const app = openShop(options)
  await app.listen({ host: '127.0.0.1', port: 0 })
  t.after(() => app.close())
  const address = app.server.address()
  assert.ok(typeof address === 'object' && address !== null)
  return { app, port: address.port }
}

test('what is not HTTP is answered with a problem too', async (t) => {
  const { port } = await listening(t)
  const rows: readonly [bytes: string, status: number, code: string][] = [
    ['GET /ping HTTP/1.1\r\nbroken header\r\n\r\n', 400, 'malformed_request'],
    [`GET /ping HTTP/1.1\r\nhost: x\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`, 431, 'headers_too_large'],
    [
      'POST /v1/store/orders HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nabcdef',
      400,
      'malformed_request',
    ],
    ['BREW /ping HTTP/1.1\r\nhost: x\r\n\r\n', 400, 'malformed_request'],
  ]
  for (const [bytes, status, code] of rows) {
    const answer = await overSocket(port, bytes)
    assert.match(answer, new RegExp(`^HTTP/1\\.1 ${status} `), bytes.slice(0, 40))
    assert.match(answer, new RegExp(`"code":"${code}"`))
  }
})

test('a client that hangs up in the middle of its body leaves nothing behind', async (t) => {
  const pressure = { readsInFlightMax: 0, inFlightMax: 100, readsLagMaxMs: 1e9, lagMaxMs: 1e9 }
  const { port, app } = await listening(t, { pressure: { ...pressure, readsInFlightMax: 3 } })
  const head = [
    'POST /v1/store/orders HTTP/1.1',
    'host: x',
    'authorization: Bearer shop',
    'content-type: application/json',
    `idempotency-key: ${KEY}`,
    'content-length: 100',
    '',
    '{"sku"',
  ].join('\r\n')
  await Promise.all(Array.from({ length: 10 }, () => overSocket(port, head, 50)))
  // More than three requests under way would have reads turned away.
  assert.equal((await send(app, { url: `/v1/store/orders/${orderId}`, key: 'shop' })).status, 200)
})

test('closing lets requests under way finish', async (t) => {
  const entered = Promise.withResolvers<void>()
  const release = Promise.withResolvers<void>()
  const { port, app } = await listening(t, {
    authenticate: async () => {
      entered.resolve()
      await release.promise
      return shopper
    },
  })
  const read = `GET /v1/store/orders/${orderId} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer shop\r\n\r\n`
  const answered = overSocket(port, read, 5_000)
  await entered.promise
  const closed = app.close()
  await assert.rejects(overSocket(port, read), /ECONNREFUSED|ECONNRESET/)
  const began = performance.now()
  release.resolve()
  assert.match(await answered, /^HTTP\/1\.1 200 [^]*connection: close/i)
  await closed
  assert.ok(performance.now() - began < 2_000, 'nobody waits for a connection that could be kept alive')
})

test('closing cuts off what does not finish', async (t) => {
  const entered = Promise.withResolvers<void>()
  const { port, app } = await listening(t, {
    drainMs: 100,
    authenticate: () => {
      entered.resolve()
      return new Promise(() => {})
    },
  })
  const cut = overSocket(port, 'GET /v1/admin/orders HTTP/1.1\r\nhost: x\r\nauthorization: Bearer shop\r\n\r\n', 5_000)
  await entered.promise
  const began = performance.now()
  await app.close()
  assert.ok(performance.now() - began < 2_000)
  assert.equal(await cut, '')
})
