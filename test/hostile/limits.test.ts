/** How much of anything: pages, lists and callers have their limits, and who keeps to them does not suffer from who does not. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { must } from '../../server/kernel/invariant.ts'
import type { ApiRequest } from '../support/api-client.ts'
import { faultOf, faultsOf } from '../support/api-judge.ts'
import type { JsonSchema } from '../support/api-operations.ts'
import { openShop, orderBody, type Shop } from '../support/api-scenes.ts'
import { newKey } from '../support/api-words.ts'
import { openTestApi, readTables, type TestApi } from '../support/api.ts'

let api: TestApi
let shop: Shop
/** The same house, where a key may send so much and no more. */
let limited: TestApi

before(async () => {
  api = await openTestApi()
  shop = await openShop(api)
  limited = await openTestApi({ rateLimitPerSecond: PER_SECOND })
})
after(async () => {
  await api.close()
  await limited.close()
})

const pageLimits = [
  // limit      status
  ['0', 422],
  ['-1', 422],
  ['101', 422],
  ['1000000', 422],
  ['1e2', 422],
  ['1.5', 422],
  ['0x10', 422],
  ['%20', 422],
  ['', 422],
  ['all', 422],
  ['1', 200],
  ['100', 200],
] as const

test('a page has 1 to 100 rows, 50 unless told', async () => {
  const paged = api.operations.filter(({ queryParameters }) => queryParameters.some(({ name }) => name === 'limit'))
  assert.ok(paged.length >= 12, 'lists are paged')
  const found = await faultsOf(paged, async (operation) => {
    const request = await shop.example(operation, { optional: 0 })
    const ask = async (limit: string | null) =>
      api.send({
        ...request,
        path: limit === null ? request.path : `${request.path}${request.path.includes('?') ? '&' : '?'}limit=${limit}`,
      })
    const asked = await Promise.all(
      pageLimits.map(async ([limit, status]) => {
        const answer = await ask(limit)
        if (answer.status !== status) return `limit=${limit}: ${answer.status} ${answer.text.slice(0, 200)}`
        if (status === 200 && answer.json.items.length > Number(limit))
          return `limit=${limit}: ${answer.json.items.length} rows`
        return faultOf(operation, answer)
      }),
    )
    const usual = await ask(null)
    return [...asked, usual.json.items.length <= 50 ? null : `${usual.json.items.length} rows without a limit`]
  })
  assert.deepEqual(found, [])
})

test('page by page every row is told once, however small the pages', async () => {
  for (const list of [
    '/v1/admin/variants',
    '/v1/admin/products',
    '/v1/admin/zones',
    '/v1/admin/inventory/levels',
    '/v1/admin/api-keys',
    '/v1/admin/locations',
  ]) {
    const told: string[] = []
    let cursor: string | null = null
    do {
      const { json } = await shop.admin('GET', `${list}?limit=37${cursor === null ? '' : `&cursor=${cursor}`}`)
      for (const row of json.items) told.push(JSON.stringify(row))
      cursor = json.nextCursor
    } while (cursor !== null)
    assert.equal(new Set(told).size, told.length, list)
    const { json: first } = await shop.admin('GET', `${list}?limit=100`)
    assert.deepEqual(
      told.slice(0, first.items.length),
      first.items.map((row: unknown) => JSON.stringify(row)),
      list,
    )
  }
})

/** Every array in a schema that says how long it may be, with the names that lead to it. */
function boundedArrays(schema: JsonSchema, path: readonly string[] = []): { path: readonly string[]; most: number }[] {
  const alternatives = schema.anyOf ?? [schema]
  return alternatives.flatMap((alternative) => [
    ...(alternative.type === 'array' && alternative.maxItems !== undefined
      ? [{ path, most: alternative.maxItems }]
      : []),
    ...(alternative.items === undefined ? [] : boundedArrays(alternative.items, [...path, '0'])),
    ...Object.entries(alternative.properties ?? {}).flatMap(([name, property]) =>
      boundedArrays(property, [...path, name]),
    ),
  ])
}

/** The places of a schema where an array or a text may be of any length. */
function boundless(schema: JsonSchema, path: readonly string[] = []): string[] {
  const alternatives = schema.anyOf ?? [schema]
  return alternatives.flatMap((alternative) => [
    ...(alternative.type === 'array' && alternative.maxItems === undefined ? [path.join('.')] : []),
    ...(alternative.type === 'string' &&
    !['maxLength', 'pattern', 'format', 'const', 'enum'].some((bound) => bound in alternative)
      ? [path.join('.')]
      : []),
    ...(alternative.items === undefined ? [] : boundless(alternative.items, [...path, '0'])),
    ...Object.entries(alternative.properties ?? {}).flatMap(([name, property]) => boundless(property, [...path, name])),
  ])
}

test('every list and every text of every body has a limit in the description', () => {
  const found = api.operations.flatMap(({ name, body }) =>
    body === null ? [] : boundless(body).map((path) => `${name}: ${path}`),
  )
  assert.deepEqual(found, [])
})

test('a list with one item more than it takes: 422, whichever list of whichever body', async () => {
  const withLists = api.operations.filter(({ body }) => body !== null && boundedArrays(body).length > 0)
  const requests = new Map<string, ApiRequest>()
  for (const operation of withLists) requests.set(operation.name, await shop.example(operation))
  const before = await readTables(api)
  const found = await faultsOf(withLists, async (operation) => {
    const request = must(requests.get(operation.name), 'its request')
    const faults: (string | null)[] = []
    for (const { path, most } of boundedArrays(operation.body ?? {})) {
      const body = structuredClone(request.body) as Record<string, unknown>
      if (!makeTooLong(body, path, most)) continue
      const answer = await api.send({ ...request, headers: { ...request.headers, 'idempotency-key': newKey() }, body })
      const isTold = answer.status === 200 && answer.json.results?.[0].status === 'error'
      faults.push(
        answer.status === 422 || answer.status === 413 || isTold
          ? faultOf(operation, answer)
          : `${path.join('.')}: ${answer.status} ${answer.text.slice(0, 200)}`,
      )
    }
    return faults
  })
  assert.deepEqual(found, [])
  assert.deepEqual(await readTables(api), before, 'nothing was written')
})

/** @returns whether the body has that list */
function makeTooLong(body: Record<string, unknown>, path: readonly string[], most: number): boolean {
  let place: Record<string, unknown> = body
  for (const name of path.slice(0, -1)) {
    const next = place[name]
    if (typeof next !== 'object' || next === null) return false
    place = next as Record<string, unknown>
  }
  const list = place[path.at(-1) ?? '']
  if (!Array.isArray(list)) return false
  place[path.at(-1) ?? ''] = Array.from({ length: most + 1 }, () => (list[0] ?? 'x') as unknown)
  return true
}

const PER_SECOND = 5

test('a caller who floods is told to wait, and the orders of the others go through', async () => {
  const { secretKey, publishableKey } = limited.keys
  const list = { method: 'GET', path: '/v1/admin/locations', headers: { authorization: `Bearer ${secretKey}` } }
  const flood = Array.from({ length: 300 }, () => limited.send(list))
  const orders = await Promise.all(Array.from({ length: 3 }, () => limited.send(orderOf(publishableKey, newKey()))))
  const answers = await Promise.all(flood)
  const refused = answers.filter(({ status }) => status === 429)
  assert.ok(refused.length >= 100, `${refused.length} of 300 were refused`)
  assert.deepEqual(
    [...new Set(answers.map(({ status }) => status))].toSorted(),
    [200, 429],
    'the flooder has its share',
  )
  for (const { headers, json } of refused) {
    assert.deepEqual([json.code, Number(headers['retry-after']) >= 1], ['rate_limited', true])
    assert.match(String(headers.ratelimit), /^"key";r=0;t=1$/)
  }
  assert.deepEqual(
    orders.map(({ status, text }) => (status === 201 ? 201 : text)),
    [201, 201, 201],
  )

  await afterTheSecond()
  assert.equal((await limited.send(list)).status, 200, 'a second later it may go on')
})

test('guessing keys is limited as well', async () => {
  const guesses = Array.from({ length: 60 }, (_, index) => {
    const authorization = `Bearer wb_sk_${String(index).padStart(43, '0')}`
    return limited.send({ method: 'GET', path: '/v1/admin/orders', headers: { authorization } })
  })
  const statuses = (await Promise.all(guesses)).map(({ status }) => status)
  assert.deepEqual([...new Set(statuses)].toSorted(), [401, 429])
})

test('a refusal for want of room is not kept: the same request goes through later', async () => {
  await afterTheSecond()
  const order = orderOf(limited.keys.publishableKey, newKey())
  const answers = await Promise.all(Array.from({ length: 60 }, () => limited.send(order)))
  assert.ok(
    answers.some(({ status }) => status === 429),
    'some were refused',
  )
  await afterTheSecond()
  const again = await limited.send(order)
  assert.equal(again.status, 201, again.text)
  const placed = answers.filter(({ status }) => status === 201)
  assert.deepEqual([...new Set([...placed, again].map(({ json }) => json.id))], [again.json.id], 'and is one order')
})

function orderOf(publishableKey: string, key: string): ApiRequest {
  const headers = { authorization: `Bearer ${publishableKey}`, 'idempotency-key': key }
  return { method: 'POST', path: '/v1/store/orders', headers, body: orderBody() }
}

function afterTheSecond(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1_100))
}
