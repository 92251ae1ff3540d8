import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { newId } from '../../kernel/id.ts'
import { DatabaseAwayError } from '../../platform/db.ts'
import { createHttpServer } from '../../platform/http/index.ts'
import { createTelemetry } from '../../platform/telemetry.ts'
import type { Answering } from './answer.ts'
import { everybody } from './audience.ts'
import { mountBrowse } from './browse.http.ts'

const channelId = newId<'channel'>()
/** What the room was asked, and what it is to answer. */
let asked: unknown = null
let answering: () => Answering = () => ({ kind: 'not_found' })
const answer = (question: unknown): Answering => {
  asked = question
  return answering()
}

const app = createHttpServer({
  authenticate: () => ({ kind: 'publishable', keyId: newId(), channelId }),
  telemetry: createTelemetry({ logLevel: 'silent' }),
})
mountBrowse(app, {
  browse: {
    start: async () => {},
    stop: async () => {},
    audienceOf: async () => everybody,
    listProducts: answer,
    readProduct: answer,
    listCategories: answer,
    checkAvailability: answer,
    checkSku: answer,
    readFeed: async () => ({ kind: 'not_found' }),
  },
})
after(() => app.close())

const get = (path: string, headers: Record<string, string> = {}) =>
  app.inject({ url: `/v1/store/${path}`, headers: { authorization: 'Bearer x', ...headers } })

const questions = [
  // asked                                                    what the room hears
  ['products', { limit: 50 }],
  ['products?limit=20&query=tee&category=tops', { limit: 20, query: 'tee', category: 'tops' }],
  ['products?locale=de-AT&currency=EUR&cursor=ab_-9', { limit: 50, locale: 'de-AT', currency: 'EUR', cursor: 'ab_-9' }],
  ['products/merino-tee?locale=de', { idOrHandle: 'merino-tee', locale: 'de' }],
  ['availability?skus=A', { skus: ['A'] }],
  ['availability?skus=A,b,A,,%20c%20d&country=DE', { skus: ['A', 'b', ' c d'], country: 'DE' }],
  ['availability?skus=4111111111111111&postalCode=SW1Y%204JH', { skus: ['4111111111111111'], postalCode: 'SW1Y 4JH' }],
] as const
for (const [path, question] of questions) {
  test(`${path} asks ${JSON.stringify(question)}`, async () => {
    await get(path)
    assert.deepEqual(asked, { channelId, ...question })
  })
}

const refused = [
  ['products?limit=0', 422],
  ['products?limit=101', 422],
  ['products?limit=ten', 422],
  ['products?colour=red', 422],
  ['products?currency=usd', 422],
  ['products?query=', 422],
  ['products?category=a%0Ab', 422],
  ['products?cursor=%25', 422],
  ['products?query=4111%201111%201111%201111', 422],
  ['products/A%0AB', 404],
  [`products/${'x'.repeat(201)}`, 404],
  ['availability', 422],
  ['availability?skus=', 422],
  ['availability?skus=,,', 422],
  [`availability?skus=${'x'.repeat(65)}`, 422],
  [`availability?skus=${Array.from({ length: 51 }, (_, n) => n).join(',')}`, 422],
  ['availability?skus=A&country=us', 422],
] as const
for (const [path, status] of refused) {
  test(`${path.slice(0, 60)} is not asked: ${status}`, async () => {
    asked = null
    const { statusCode, body, headers } = await get(path)
    assert.deepEqual([statusCode, asked], [status, null], body)
    assert.equal(headers['content-type'], 'application/problem+json')
  })
}

const answers = [
  ['not_found', { kind: 'not_found' }, 404, 'not_found'],
  ['cursor_unknown', { kind: 'cursor_unknown' }, 422, 'invalid_request'],
  ['refused', { kind: 'refused', refusal: { code: 'currency_unknown', currencies: [] } }, 422, 'currency_unknown'],
] as const
for (const [kind, given, status, code] of answers) {
  for (const [when, wrap] of [
    ['at once', () => given],
    ['later', async () => given],
  ] as const) {
    test(`${kind} ${when} is ${status} ${code}`, async () => {
      answering = wrap
      const answered = await get('products')
      assert.deepEqual([answered.statusCode, (answered.json() as { code: string }).code], [status, code])
    })
  }
}

test('what is found is sent as it was written, named by its tag; who has it hears that it is still so', async () => {
  const json = '{"items":[],"title":"ünïcødé – 長"}'
  for (const wrap of [(found: Answering) => found, async (found: Answering) => found]) {
    answering = () => wrap({ kind: 'found', json, tag: 'W/"one"' })
    const first = await get('products')
    assert.deepEqual([first.statusCode, first.body, first.headers['etag']], [200, json, 'W/"one"'])
    assert.equal(first.headers['content-type'], 'application/json; charset=utf-8')
    assert.equal(first.headers['cache-control'], 'private, no-cache')
    const again = await get('products', { 'if-none-match': '"zero", W/"one"' })
    assert.deepEqual([again.statusCode, again.body, again.headers['etag']], [304, '', 'W/"one"'])
    assert.equal((await get('products', { 'if-none-match': 'W/"two"' })).statusCode, 200)
  }
  answering = () => ({ kind: 'found', json, tag: null })
  const { headers } = await get('availability?skus=A', { 'if-none-match': 'null' })
  assert.deepEqual([headers['etag'], headers['cache-control']], [undefined, 'no-store'])
})

test('with the database away, what must be asked is a 503 with the time to try again', async () => {
  answering = async () => Promise.reject(new DatabaseAwayError('gone'))
  const { statusCode, headers, body } = await get('products')
  assert.deepEqual([statusCode, headers['retry-after']], [503, '2'], body)
})
