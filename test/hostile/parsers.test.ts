/** What is not what it says it is: bytes, JSON, HTTP and texts that are meant to trip their reader. */
import assert from 'node:assert/strict'
import { after, afterEach, before, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { must } from '../../server/kernel/invariant.ts'
import type { Answer, ApiRequest } from '../support/api-client.ts'
import { faultOf, faultsOf, problemFault } from '../support/api-judge.ts'
import type { ApiOperation } from '../support/api-operations.ts'
import { openShop, orderBody, type Shop } from '../support/api-scenes.ts'
import { newKey } from '../support/api-words.ts'
import { openTestApi, readTables, type TestApi } from '../support/api.ts'

let api: TestApi
let shop: Shop
/** A request of each operation with a body; what it is about has been made. */
const requests = new Map<string, ApiRequest>()
const requestOf = ({ name }: Pick<ApiOperation, 'name'>): ApiRequest =>
  must(requests.get(name), `the request of ${name}`)
let withBody: readonly ApiOperation[]

before(async () => {
  api = await openTestApi()
  shop = await openShop(api)
  withBody = api.operations.filter(({ body }) => body !== null)
  for (const operation of withBody) requests.set(operation.name, await shop.example(operation))
})
after(() => api.close())

const ANSWERED_WITHIN_MS = 1_000
const TRIES = 4
const slow: ApiRequest[] = []

/** Sends a request that must be answered within a second; one that took longer is asked again by `quickAlone`. */
async function sendQuickly(request: ApiRequest): Promise<Answer> {
  const answer = await api.send({ ...request, headers: { ...request.headers, 'idempotency-key': newKey() } })
  if (answer.ms >= ANSWERED_WITHIN_MS) slow.push(request)
  return answer
}

/** A request among many may have waited for its neighbours; what is slow by itself is so without them too. */
async function quickAlone(): Promise<void> {
  for (const request of slow.splice(0)) {
    const took: number[] = []
    while (took.length < TRIES && took.every((ms) => ms >= ANSWERED_WITHIN_MS))
      took.push((await sendQuickly(request)).ms)
    slow.length = 0
    const what = `${request.method} ${request.path} ${String(request.raw ?? JSON.stringify(request.body)).slice(0, 300)}`
    assert.ok(Math.min(...took) < ANSWERED_WITHIN_MS, `${what} took ${took.map(Math.round).join(', ')} ms`)
  }
}
afterEach(quickAlone)

const BOM = Buffer.from([0xef, 0xbb, 0xbf])
/** As `@` stands for the example's own text. */
const bodies: readonly (readonly [why: string, raw: (text: string) => string | Buffer, statuses: readonly number[]])[] =
  [
    ['nothing at all', () => '', [422]],
    ['blanks', () => '   ', [400]],
    ['null', () => 'null', [422]],
    ['a text', () => '"text"', [422]],
    ['a number', () => '17', [422]],
    ['true', () => 'true', [422]],
    ['an array around it', (text) => `[${text}]`, [422]],
    ['half of it', (text) => text.slice(0, -1), [400]],
    ['it twice', (text) => text + text, [400]],
    ['a comma at its end', (text) => `${text.slice(0, -1)},}`, [400]],
    ['single quotes', (text) => text.replaceAll('"', "'"), [400]],
    ['a comment', (text) => `/* hello */${text}`, [400]],
    ['NaN', () => '{"a":NaN}', [400]],
    ['Infinity', () => '{"a":-Infinity}', [400]],
    ['a hexadecimal number', () => '{"a":0x10}', [400]],
    ['a number with leading zeros', () => '{"a":007}', [400]],
    ['a line break in a text', () => '{"a":"x\ny"}', [400]],
    ['a tab in a text', () => '{"a":"x\ty"}', [400]],
    ['NUL after it', (text) => `${text}\0`, [400]],
    ['NUL before it', (text) => `\0${text}`, [400]],
    ['a byte order mark', (text) => Buffer.concat([BOM, Buffer.from(text)]), [400]],
    ['UTF-16', (text) => Buffer.from(text, 'utf16le'), [400]],
    [
      'a byte that UTF-8 does not have',
      (text) => Buffer.concat([Buffer.from(text.slice(0, -1)), Buffer.from([0xff]), Buffer.from('}')]),
      [400],
    ],
    ['an overlong slash', () => Buffer.from([0x7b, 0x22, 0xc0, 0xaf, 0x22, 0x3a, 0x31, 0x7d]), [400]],
    ['a surrogate in UTF-8', () => Buffer.from([0x7b, 0x22, 0xed, 0xa0, 0x80, 0x22, 0x3a, 0x31, 0x7d]), [400]],
    ['a cut emoji', () => Buffer.from([0x7b, 0x22, 0xf0, 0x9f, 0x92, 0x22, 0x3a, 0x31, 0x7d]), [400]],
    ['100,000 brackets', () => '['.repeat(100_000), [400]],
    ['100,000 arrays within each other', () => '['.repeat(100_000) + ']'.repeat(100_000), [422]],
    ['50,000 objects within each other', () => '{"a":'.repeat(50_000) + '1' + '}'.repeat(50_000), [422]],
    ['XML', () => '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>', [400]],
    ['a form', () => 'lines[0][sku]=A&lines[0][quantity]=1', [400]],
    ['compressed bytes', (text) => gzipSync(text), [400]],
  ]

test('a body that is not JSON is malformed (400), one that is something else is invalid (422)', async () => {
  const before = await readTables(api)
  const found = await faultsOf(withBody, async (operation) => {
    const { body, ...request } = requestOf(operation)
    const faults: (string | null)[] = []
    for (const [why, raw, statuses] of bodies) {
      const answer = await sendQuickly({ ...request, raw: raw(JSON.stringify(body)) })
      faults.push(
        statuses.includes(answer.status) ? faultOf(operation, answer) : `${why}: ${answer.status} ${answer.text}`,
      )
    }
    return faults
  })
  assert.deepEqual(found, [])
  assert.deepEqual(await readTables(api), before, 'nothing was written')
})

const types = [
  // content-type                                     content-encoding   status
  ['text/plain', undefined, 415],
  ['application/x-www-form-urlencoded', undefined, 415],
  ['multipart/form-data; boundary=x', undefined, 415],
  ['application/xml', undefined, 415],
  ['application/json; charset=utf-16', undefined, 415],
  ['application/json; charset=latin1', undefined, 415],
  ['application/jsonx', undefined, 415],
  ['application/json', 'gzip', 415],
  ['application/json', 'br', 415],
  ['application/json', 'x-made-up', 415],
  ['nonsense', undefined, 415],
  ['', undefined, 415],
  [`application/json;${' '.repeat(4_000)}charset=x`, undefined, 415],
] as const

test('a body of another type, or compressed: 415', async () => {
  const found = await faultsOf(withBody, async (operation) => {
    const { body, ...request } = requestOf(operation)
    const faults: (string | null)[] = []
    for (const [type, encoding, status] of types) {
      const answer = await sendQuickly({
        ...request,
        raw: JSON.stringify(body),
        headers: {
          ...request.headers,
          'content-type': type,
          ...(encoding === undefined ? {} : { 'content-encoding': encoding }),
        },
      })
      faults.push(
        answer.status === status ? faultOf(operation, answer) : `${type} ${encoding}: ${answer.status} ${answer.text}`,
      )
    }
    return faults
  })
  assert.deepEqual(found, [])
})

const MEGABYTE = 1_048_576

test('10 MB: 413, before they are read', async () => {
  const found = await faultsOf(withBody, async (operation) => {
    const { method, path, headers = {} } = requestOf(operation)
    const head = Object.entries({
      ...headers,
      'content-type': 'application/json',
      'content-length': String(10 * MEGABYTE),
    })
    const began = performance.now()
    const told = await api.sendBytes([
      `${method} ${path} HTTP/1.1\r\nhost: x\r\n${head.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n{`,
    ])
    const ms = performance.now() - began
    return [
      /^HTTP\/1\.1 413 /.test(told) && told.includes('"body_too_large"')
        ? null
        : `after ${ms} ms: ${told.slice(0, 200)}`,
    ]
  })
  assert.deepEqual(found, [])
  // Sent whole, and without saying how long it is.
  const { method, path, headers = {} } = requestOf({ name: 'POST /v1/store/orders' })
  const chunk = `${MEGABYTE.toString(16)}\r\n${' '.repeat(MEGABYTE)}\r\n`
  const told = await api.sendBytes([
    `${method} ${path} HTTP/1.1\r\nhost: x\r\n${Object.entries(headers)
      .map(([name, value]) => `${name}: ${value}\r\n`)
      .join('')}` + 'content-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n',
    ...Array.from({ length: 10 }, () => chunk),
    '0\r\n\r\n',
  ])
  assert.match(told, /^HTTP\/1\.1 413 /)
})

/** Texts that slow readers down: as long as the body may be, or as deep. */
const heavy: readonly (readonly [why: string, part: string])[] = [
  ['letters', 'a'],
  ['digits', '1'],
  ['digits apart', '1 '],
  ['digits and dashes', '4-'],
  ['blanks', ' '],
  ['at signs', '@'],
  ['dots', '.'],
  ['an e-mail over and over', 'a@b.c'],
  ['escapes', '\\\\'],
  ['quotes', '\\"'],
  ['escaped letters', '\\u0061'],
  ['accents', 'é'],
  ['emoji', '💥'],
  ['joined emoji', '👨‍👩‍👧'],
  ['combining marks', 'a\u0301'],
  ['percent signs', '%'],
  ['slashes', '/'],
  ['a scheme over and over', 'http://'],
  ['brackets', '[('],
]
const weights: readonly (readonly [why: string, text: string])[] = [
  ['a million keys', `{${Array.from({ length: 70_000 }, (_, index) => `"k${index}":1`).join(',')}}`],
  ['a key over and over', `{${Array.from({ length: 90_000 }, () => '"k":1').join(',')}}`],
  ['a list of numbers', `[${'1,'.repeat(400_000)}1]`],
  ['a list of nothing', `[${'{},'.repeat(300_000)}{}]`],
  ['one long number', '1'.repeat(900_000)],
  ['a long fraction', `0.${'0'.repeat(900_000)}1`],
  ['a large exponent', `1e${'9'.repeat(900_000)}`],
  ...heavy.map(([why, part]) => [why, `"${part.repeat(Math.floor(800_000 / Buffer.byteLength(part)))}"`] as const),
]

test('a megabyte of whatever is slow to read: refused within a second', async () => {
  const operation = shop.operation('POST /v1/store/orders')
  const request = requestOf(operation)
  const places = ['lines', 'email', 'deliveryOption', 'payment']
  for (const [index, [why, text]] of weights.entries()) {
    // Every text somewhere, and the slowest kinds of text everywhere.
    for (const place of text.startsWith('"')
      ? ['email', places[index % places.length] ?? '']
      : [places[index % places.length] ?? '']) {
      const raw = JSON.stringify({ ...orderBody(), [place]: '@' }).replace(`"${place}":"@"`, `"${place}":${text}`)
      const answer = await sendQuickly({ ...request, raw })
      assert.deepEqual([why, answer.status], [why, 422])
      assert.equal(faultOf(operation, answer), null)
    }
  }
  const nested = { ...orderBody(), payment: { provider: 'sandbox', token: 'tok_ok', returnUrl: '@' } }
  for (const part of ['a', 'http://', '%', '/', '.', ':', 'http://a.', '[', 'http://[::']) {
    const raw = JSON.stringify(nested).replace('"@"', JSON.stringify(part.repeat(Math.floor(900_000 / part.length))))
    assert.equal((await sendQuickly({ ...request, raw })).status, 422, part)
  }
})

test('eight megabytes of rows that are none: answered, each row with its errors, within a second', async () => {
  const rows = [
    ['POST /v1/admin/products/batch', 'products', 500],
    ['POST /v1/admin/orders/batch', 'orders', 500],
    ['PUT /v1/admin/price-lists/{id}/prices', 'prices', 1_000],
  ] as const
  for (const [name, list, most] of rows) {
    const operation = shop.operation(name)
    for (const item of ['{}', '[]', 'null', '"x"', '{"handle":"a","variants":[{}]}', `"${'x'.repeat(1_000)}"`]) {
      const raw = `{"${list}":[${Array.from({ length: most }, () => item).join(',')}]}`
      const answer = await sendQuickly({ ...requestOf(operation), raw })
      assert.equal(faultOf(operation, answer), null, `${name} ${item.slice(0, 40)}`)
      assert.ok(
        answer.status === 422 || answer.json.results.every(({ status }: { status: string }) => status !== 'created'),
        answer.text.slice(0, 300),
      )
    }
    const tooMany = await sendQuickly({ ...requestOf(operation), raw: `{"${list}":[${'{},'.repeat(most)}{}]}` })
    assert.equal(tooMany.status, 422, `${name}: one more than it takes`)
  }
})

/** Texts that somebody may well send, and that only a careless reader takes for orders. */
const literals = [
  "Robert'); drop table orders.orders;--",
  "' or '1'='1",
  '"; select pg_sleep(5); --',
  '$1',
  '${process.env.HOME}',
  '{{7*7}}',
  '%s%n%x',
  '\\',
  '\\\\',
  '\\x',
  "\\'",
  '{}',
  '{a,b}',
  '"a","b"',
  '(1,2)',
  'NULL',
  'null',
  'undefined',
  'true',
  '<script>alert(1)</script>',
  '<img src=x onerror=alert(1)>',
  '&lt;b&gt;',
  '=1+1',
  '+1+1',
  '-1+1',
  '@SUM(A1:A9)',
  "=cmd|' /C calc'!A0",
  '../../etc/passwd',
  '%2e%2e%2f',
  'C:\\CON',
  '${jndi:ldap://x/a}',
  '\u202Eright to left',
  'Ａ full width',
  '💥👨‍👩‍👧',
  'İstanbul ß ſ',
  'e\u0301',
  '\uFEFFmark',
  '\u200Bnothing',
  'a\u00A0b',
  '中文',
  'x'.repeat(64),
]

test('a text is a text: stored and told as it was sent, or refused, never run', async () => {
  const name = 'POST /v1/admin/products'
  const operation = shop.operation(name)
  const { body, ...request } = requestOf(operation)
  for (const text of literals) {
    const made = await sendQuickly({
      ...request,
      body: {
        ...(body as object),
        title: text,
        brand: text,
        description: text,
        handle: newKey(),
        variants: [{ sku: newKey(), title: text, options: { size: text } }],
      },
    })
    assert.deepEqual([text, made.status], [text, 201], made.text)
    const { json } = await shop.admin('GET', `/v1/admin/products/${made.json.id}`)
    assert.deepEqual(
      [json.title, json.brand, json.description, json.variants[0].title, json.variants[0].options.size],
      [text, text, text, text, text],
    )
    for (const query of [`query=${encodeURIComponent(text)}`, `category=${encodeURIComponent(text)}`]) {
      const answer = await sendQuickly({
        method: 'GET',
        path: `/v1/admin/products?${query}`,
        headers: { ...request.headers },
      })
      assert.equal(faultOf(shop.operation('GET /v1/admin/products'), answer), null, query)
    }
  }
})

test('each text in each place that takes one: the answer tells it as it was sent, or refuses it', async () => {
  const found = await faultsOf(withBody, async (operation) => {
    const { body, ...request } = requestOf(operation)
    const faults: (string | null)[] = []
    for (const [name, value] of Object.entries(body as Record<string, unknown>)) {
      if (typeof value !== 'string') continue
      // A sixth of the texts each, so that all are somewhere and none takes long.
      for (const [index, text] of literals.entries()) {
        if (index % 6 !== name.length % 6) continue
        const answer = await sendQuickly({ ...request, body: { ...(body as object), [name]: text } })
        const told: unknown = answer.json?.[name]
        const isLiteral = answer.status >= 400 || told === undefined || told === null || told === text
        faults.push(isLiteral ? faultOf(operation, answer) : `${name}: ${text} became ${String(told)}`)
      }
    }
    return faults
  })
  assert.deepEqual(found, [])
})

/** Bytes on the line that are not quite HTTP. */
const lines: readonly (readonly [why: string, chunks: readonly (string | Buffer)[]])[] = [
  ['not HTTP', ['hello\r\n\r\n']],
  ['TLS', [Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc, 0x03, 0x03])]],
  ['random bytes', [Buffer.from(Array.from({ length: 999 }, (_, index) => (index * 73) % 256))]],
  ['HTTP/0.9', ['GET /healthz\r\n']],
  ['HTTP/9.9', ['GET /healthz HTTP/9.9\r\nhost: x\r\n\r\n']],
  ['HTTP/2', ['PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n']],
  ['no host', ['GET /healthz HTTP/1.1\r\n\r\n']],
  ['a method of its own', ['HACK /healthz HTTP/1.1\r\nhost: x\r\n\r\n']],
  ['CONNECT', ['CONNECT evil.example:443 HTTP/1.1\r\nhost: evil.example\r\n\r\n']],
  ['an upgrade', ['GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n']],
  ['an absolute address', ['GET http://evil.example/v1/store/orders HTTP/1.1\r\nhost: x\r\n\r\n']],
  ['an asterisk', ['OPTIONS * HTTP/1.1\r\nhost: x\r\n\r\n']],
  ['a blank in the path', ['GET /v1/store/ orders HTTP/1.1\r\nhost: x\r\n\r\n']],
  ['a broken escape in the path', ['GET /v1/store/carts/%zz HTTP/1.1\r\nhost: x\r\n\r\n']],
  ['NUL in the path', ['GET /v1/store/\0 HTTP/1.1\r\nhost: x\r\n\r\n']],
  ['a path of 9,000 characters', [`GET /${'a'.repeat(9_000)} HTTP/1.1\r\nhost: x\r\n\r\n`]],
  [
    'a query of 100,000 characters',
    [`GET /v1/admin/orders?reference=${'a'.repeat(100_000)} HTTP/1.1\r\nhost: x\r\n\r\n`],
  ],
  ['a header of 100,000 characters', [`GET /healthz HTTP/1.1\r\nhost: x\r\nx-long: ${'a'.repeat(100_000)}\r\n\r\n`]],
  [
    '5,000 headers',
    [
      `GET /healthz HTTP/1.1\r\nhost: x\r\n${Array.from({ length: 5_000 }, (_, index) => `x-${index}: 1\r\n`).join('')}\r\n`,
    ],
  ],
  ['NUL in a header', ['GET /healthz HTTP/1.1\r\nhost: x\r\nx-a: a\0b\r\n\r\n']],
  ['a folded header', ['GET /healthz HTTP/1.1\r\nhost: x\r\nx-a: a\r\n b\r\n\r\n']],
  [
    'a line break alone in a header',
    ['GET /healthz HTTP/1.1\r\nhost: x\r\nwaybill-request-id: a\nset-cookie: b=c\r\n\r\n'],
  ],
  [
    'a carriage return in a header',
    ['GET /healthz HTTP/1.1\r\nhost: x\r\nwaybill-request-id: a\rset-cookie: b=c\r\n\r\n'],
  ],
  ['a header without a name', ['GET /healthz HTTP/1.1\r\nhost: x\r\n: a\r\n\r\n']],
  ['a blank before the colon', ['GET /healthz HTTP/1.1\r\nhost: x\r\ncontent-length : 5\r\n\r\nhello']],
  ['two lengths', ['POST /v1/store/orders HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello']],
  ['a length below zero', ['POST /v1/store/orders HTTP/1.1\r\nhost: x\r\ncontent-length: -5\r\n\r\nhello']],
  ['a length of letters', ['POST /v1/store/orders HTTP/1.1\r\nhost: x\r\ncontent-length: five\r\n\r\nhello']],
  [
    'a length beyond all',
    ['POST /v1/store/orders HTTP/1.1\r\nhost: x\r\ncontent-length: 99999999999999999999\r\n\r\nhello'],
  ],
  [
    'a length and chunks',
    [
      'POST /v1/store/orders HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\nGET /metrics HTTP/1.1\r\nhost: x\r\n\r\n',
    ],
  ],
  ['chunks in disguise', ['POST /v1/store/orders HTTP/1.1\r\nhost: x\r\ntransfer-encoding: xchunked\r\n\r\n0\r\n\r\n']],
  [
    'chunks of garbage',
    ['POST /v1/store/orders HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nhello\r\n'],
  ],
  [
    'a chunk of endless length',
    ['POST /v1/store/orders HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nffffffffffffffffff\r\nhello\r\n'],
  ],
  [
    'a chunk longer than it says',
    ['POST /v1/store/orders HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhello\r\n0\r\n\r\n'],
  ],
  [
    'a chunk with a long extension',
    [
      `POST /v1/store/orders HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n1;${'a'.repeat(20_000)}\r\n{\r\n0\r\n\r\n`,
    ],
  ],
  ['a body that does not come', ['POST /v1/store/orders HTTP/1.1\r\nhost: x\r\ncontent-length: 500\r\n\r\n{']],
  ['a request that does not end', ['GET /healthz HTTP/1.1\r\nhost: x\r\nx-a: ']],
]

test('bytes that are not quite HTTP: a refusal or silence, never a failure, and nobody else notices', async () => {
  const [answers, healthy] = await Promise.all([
    Promise.all(lines.map(async ([why, chunks]) => [why, await api.sendBytes(chunks)] as const)),
    Promise.all(Array.from({ length: 20 }, () => api.send({ method: 'GET', path: '/healthz' }))),
  ])
  for (const [why, told] of answers) {
    const statuses = [...told.matchAll(/^HTTP\/1\.1 (\d{3}) /gm)].map(([, status]) => Number(status))
    assert.ok(
      statuses.every((status) => status < 500),
      `${why}: ${told.slice(0, 400)}`,
    )
    assert.doesNotMatch(told, /^set-cookie/im, why)
    assert.doesNotMatch(told, /^# HELP/m, `${why}: a second request was smuggled in`)
  }
  assert.deepEqual([...new Set(healthy.map(({ status }) => status))], [200])
})

test('a body that drips in keeps its own connection, and nobody else waits', async () => {
  const { method, path, headers = {} } = shop.exampleIn(shop.operation('POST /v1/store/orders'), {})
  const body = JSON.stringify(orderBody())
  const head = Object.entries({
    ...headers,
    'content-type': 'application/json',
    'content-length': String(body.length),
    // The server hangs up once it has answered, however long that takes.
    connection: 'close',
  })
  const pieces = Array.from({ length: 12 }, (_, index) =>
    body.slice((index * body.length) / 12, ((index + 1) * body.length) / 12),
  )
  const dripping = Array.from({ length: 20 }, (_, index) =>
    api.sendBytes(
      [
        `${method} ${path} HTTP/1.1\r\nhost: x\r\n${head.map(([name, value]) => `${name}: ${value}${name === 'idempotency-key' ? index : ''}\r\n`).join('')}\r\n`,
        ...pieces,
      ],
      { everyMs: 50, silenceMs: 10_000 },
    ),
  )
  const order = await sendQuickly({ ...shop.exampleIn(shop.operation('POST /v1/store/orders'), {}), body: orderBody() })
  assert.equal(order.status, 201, order.text)
  for (const told of await Promise.all(dripping)) assert.match(told, /^HTTP\/1\.1 (201|422) /)
})

const headerValues = [
  '\x80\xff',
  'x'.repeat(6_000),
  '"',
  '\\',
  "' or 1=1 --",
  '<script>',
  '%0d%0aset-cookie:%20a=b',
  '{}',
  '__proto__',
  '\t',
  'null',
  '-1',
  '💥'.replaceAll(/./gsu, '?'),
] as const
const headerNames = [
  'waybill-access-token',
  'waybill-request-id',
  'traceparent',
  'origin',
  'if-none-match',
  'accept',
  'accept-encoding',
  'accept-language',
  'user-agent',
  'cookie',
  'x-forwarded-for',
  'x-http-method-override',
  'x-original-url',
  'range',
  'expect-ct',
  'content-language',
  '__proto__',
  'constructor',
] as const

test('headers that make no sense: taken for none, never echoed, never a failure', async () => {
  const operation = shop.operation('GET /v1/store/carts/{id}')
  const scene = await shop.sceneOf(operation)
  for (const name of headerNames) {
    for (const value of headerValues) {
      const request = shop.exampleIn(operation, scene)
      const answer = await sendQuickly({ ...request, headers: { ...request.headers, [name]: value } })
      const expected = name === 'waybill-access-token' ? 404 : 200
      assert.deepEqual([name, value, answer.status], [name, value, expected], answer.text)
      if (expected === 404) assert.equal(problemFault(answer), null)
      const echoed = Object.entries(answer.headers).filter(
        ([, told]) => value.length > 3 && String(told).includes(value),
      )
      assert.deepEqual(echoed, [], `${name}: ${value}`)
    }
  }
})
