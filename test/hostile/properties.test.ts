/** What may stand in a request: everything that the description does not allow is refused, and nothing is written. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { must } from '../../server/kernel/invariant.ts'
import type { ApiRequest } from '../support/api-client.ts'
import { faultOf, faultsOf } from '../support/api-judge.ts'
import { mutantsOf } from '../support/api-mutants.ts'
import type { ApiOperation } from '../support/api-operations.ts'
import { openShop, type Shop } from '../support/api-scenes.ts'
import { newKey } from '../support/api-words.ts'
import { openTestApi, readTables, type TestApi } from '../support/api.ts'

let api: TestApi
let shop: Shop
/** A request of each operation that would succeed; what it is about has been made. */
const requests = new Map<string, ApiRequest>()
const requestOf = ({ name }: ApiOperation): ApiRequest => must(requests.get(name), `the request of ${name}`)

before(async () => {
  api = await openTestApi()
  shop = await openShop(api)
  for (const operation of api.operations) requests.set(operation.name, await shop.example(operation))
})
after(() => api.close())

test('a body with one thing wrong: 422, and nothing is written', async () => {
  const withBody = api.operations.filter(({ body }) => body !== null)
  const before = await readTables(api)
  let sent = 0
  const found = await faultsOf(withBody, async (operation) => {
    const faults: (string | null)[] = []
    const { body, ...request } = requestOf(operation)
    for (const { what, text, isInRow } of mutantsOf(operation.body ?? {}, body)) {
      sent++
      const answer = await api.send({
        ...request,
        headers: { ...request.headers, 'idempotency-key': newKey() },
        raw: text,
      })
      const isTold = isInRow && answer.status === 200 && answer.json.results[0].status === 'error'
      faults.push(
        answer.status === 422 || isTold
          ? faultOf(operation, answer)
          : `${what}: ${answer.status} ${answer.text.slice(0, 300)}`,
      )
    }
    return faults
  })
  assert.ok(sent > 1_000, `only ${sent} bodies were wrong`)
  assert.deepEqual(found, [])
  assert.deepEqual(await readTables(api), before, 'nothing was written')
})

const claims = [
  // what a shopper would like to say
  ['price', { amount: 1, currency: 'USD' }],
  ['unitPrice', { amount: 1, currency: 'USD' }],
  ['discount', { amount: 1_000, currency: 'USD' }],
  ['tax', { amount: 0, currency: 'USD' }],
  ['totals', { total: { amount: 1, currency: 'USD' } }],
  ['status', 'open'],
  ['paymentState', 'paid'],
  ['taxIncluded', true],
  ['channel', 'store-pos'],
  ['channelId', 'chn_01h2xcejqtf2nbrexx3vqjhp41'],
  ['personId', 'per_01h2xcejqtf2nbrexx3vqjhp41'],
  ['placedAt', '2020-01-01T00:00:00Z'],
  ['reference', 'mine'],
  ['number', 'W-1'],
  ['expiresAt', '2099-01-01T00:00:00Z'],
  ['accessToken', 'mine'],
] as const

test('a head does not say what the shop decides: prices, states, people, times', async () => {
  const writes = api.operations.filter(({ scope, body }) => scope === 'store' && body !== null)
  const before = await readTables(api)
  const found = await faultsOf(writes, async (operation) => {
    const { body, ...request } = requestOf(operation)
    const within = (claim: object): unknown[] => [
      { ...(body as object), ...claim },
      ...['lines', 'payment', 'shippingAddress'].flatMap((name) => {
        const part: unknown = (body as Record<string, unknown>)[name]
        if (part === undefined) return []
        return [
          {
            ...(body as object),
            [name]: Array.isArray(part) ? [{ ...part[0], ...claim }] : { ...(part as object), ...claim },
          },
        ]
      }),
    ]
    const claimed = claims.flatMap(([name, value]) => within({ [name]: value }))
    return Promise.all(
      claimed.map(async (wrong) => {
        const answer = await api.send({
          ...request,
          headers: { ...request.headers, 'idempotency-key': newKey() },
          body: wrong,
        })
        return answer.status === 422
          ? faultOf(operation, answer)
          : `${JSON.stringify(wrong)}: ${answer.status} ${answer.text}`
      }),
    )
  })
  assert.deepEqual(found, [])
  assert.deepEqual(await readTables(api), before, 'nothing was written')
})

/** Queries that no operation allows, whatever it takes. */
const foreignQueries = [
  'hostile=1',
  '__proto__=1',
  '__proto__[isAdmin]=1',
  'constructor=1',
  'constructor.prototype.isAdmin=1',
  'a[b]=c',
  '=',
  '&=&',
  '%00=1',
  '%F0%9F%92%A5=1',
  'expand=orders',
  'include=customer',
  'fields=secret',
  '$where=1',
  "'=1",
] as const

test('a query that the operation does not take: 422', async () => {
  const asking = api.operations.filter(({ queryParameters }) => queryParameters.length > 0)
  const found = await faultsOf(asking, async (operation) => {
    const request = requestOf(operation)
    return Promise.all(
      foreignQueries.map(async (query) => {
        const answer = await api.send({
          ...request,
          path: `${request.path}${request.path.includes('?') ? '&' : '?'}${query}`,
        })
        return answer.status === 422
          ? faultOf(operation, answer)
          : `${query}: ${answer.status} ${answer.text.slice(0, 200)}`
      }),
    )
  })
  assert.deepEqual(found, [])
})

/** For any parameter, percent-encoded: never more than a refusal, an unknown thing or a page. */
const doubtfulValues = [
  '',
  '%00',
  'a%00b',
  '%0d%0aSet-Cookie:%20a=b',
  "'%20or%201=1%20--",
  '%25',
  '*',
  '(a%2b)%2b$',
  '%F0%9F%92%A5',
  '%ED%A0%80',
  '%FF',
  '%',
  '%zz',
  '%5Cu0000',
  '../../etc/passwd',
  '<script>',
  '-1',
  '0',
  '1e400',
  '9007199254740993',
  'NaN',
  'null',
  'undefined',
  'true',
  '[]',
  '{}',
  '[object%20Object]',
  'x'.repeat(2_000),
]

test('a parameter of a query that makes no sense, or is said twice: refused or harmless', async () => {
  const asking = api.operations.filter(({ queryParameters }) => queryParameters.length > 0)
  const found = await faultsOf(asking, async (operation) => {
    const [path = '', asked = ''] = requestOf(operation).path.split('?')
    const faults: (string | null)[] = []
    for (const { name, schema } of operation.queryParameters) {
      const others = asked.split('&').filter((each) => each !== '' && !each.startsWith(`${name}=`))
      const own = asked.split('&').find((each) => each.startsWith(`${name}=`)) ?? `${name}=1`
      const queries = [
        ...doubtfulValues.map((value) => [...others, `${name}=${value}`]),
        [...others, own, own],
        [...others, `${name}[]=1`],
        [...others, `${name}[a]=1`],
      ]
      for (const query of queries) {
        const answer = await api.send({ ...requestOf(operation), path: `${path}?${query.join('&')}` })
        const isTwice = query.length > others.length + 1
        const mustRefuse = isTwice || (schema.type === 'integer' && answer.status === 200)
        faults.push(
          mustRefuse && answer.status !== 422 ? `${query.join('&')}: ${answer.status}` : faultOf(operation, answer),
        )
      }
    }
    return faults
  })
  assert.deepEqual(found, [])
})
