/** Who may call what: every operation of the description, those that are added later included. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { describeApi } from '../../server/main.ts'
import { adminScopes } from '../../server/modules/identity/index.ts'
import { operationsOf as mountedOn } from '../../server/platform/http/server.ts'
import { faultOf, faultsOf, problemFault } from '../support/api-judge.ts'
import { fillPath, type ApiOperation } from '../support/api-operations.ts'
import { openShop, type Shop } from '../support/api-scenes.ts'
import { openTestApi, readTables, type TestApi } from '../support/api.ts'

let api: TestApi
let shop: Shop

before(async () => {
  api = await openTestApi()
  shop = await openShop(api)
})
after(() => api.close())

/** A path of the operation that names nothing. */
function anyPath({ path, pathParameters }: ApiOperation): string {
  return fillPath(path, Object.fromEntries(pathParameters.map(({ name }) => [name, 'nothing'])))
}

test('every operation is described with who may call it and why a repeat is safe', () => {
  assert.ok(api.operations.length > 50, 'the description was read')
  const silent = api.operations.filter(({ scope, idempotent }) => scope === undefined || idempotent === undefined)
  assert.deepEqual(
    silent.map(({ name }) => name),
    [],
  )
  const hidden = mountedOn(describeApi()).filter(({ isHidden }) => isHidden)
  assert.deepEqual(
    hidden.filter(({ method, scope }) => method !== 'GET' || scope !== 'public').map(({ path }) => path),
    [],
  )
})

test('every operation has an example that succeeds', async () => {
  const found: string[] = []
  for (const operation of api.operations) {
    const answer = await api.send(await shop.example(operation))
    const fault = answer.status < 300 ? faultOf(operation, answer) : `${answer.status} ${answer.text}`
    if (fault !== null) found.push(`${operation.name}: ${fault}`)
  }
  assert.deepEqual(found, [], 'teach test/support/api-words.ts or api-scenes.ts what the operation wants')
})

const badTokens = [
  // bearer                                                      why
  [undefined, 'no header at all'],
  ['Bearer', 'no key'],
  ['Bearer wb_sk_0000000000000000000000000000000000000000000', 'a key that was never given out'],
  ['Bearer undefined', 'what a careless head sends'],
  ['Basic d2I6a2V5', 'another scheme'],
  ["Bearer ' or 1=1 --", 'a fragment of SQL'],
  [`Bearer ${'x'.repeat(8_000)}`, 'a long one'],
] as const

test('without a key nothing but what is public opens: 401 with WWW-Authenticate', async () => {
  const closed = api.operations.filter(({ scope }) => scope !== 'public')
  const found = await faultsOf(closed, async (operation) =>
    Promise.all(
      badTokens.map(async ([authorization, why]) => {
        const answer = await api.send({
          method: operation.method,
          path: anyPath(operation),
          headers: authorization === undefined ? {} : { authorization },
        })
        if (answer.status !== 401) return `${why}: ${answer.status} ${answer.text}`
        if (!/^Bearer realm="waybill"/.test(String(answer.headers['www-authenticate'])))
          return `${why}: no WWW-Authenticate`
        return faultOf(operation, answer)
      }),
    ),
  )
  assert.deepEqual(found, [])
})

test('a key of another kind opens nothing: 403, whatever else it holds', async () => {
  const { publishableKey, secretKey, partnerKeys } = api.keys
  const keyByArea = { store: publishableKey, admin: secretKey, partner: Object.values(partnerKeys)[0] ?? '' }
  const before = await readTables(api)
  const found = await faultsOf(api.operations, async (operation) => {
    if (operation.scope === 'public') return []
    const own = operation.scope === 'store' || operation.scope === 'partner' ? operation.scope : 'admin'
    const others = Object.entries(keyByArea).filter(([area]) => area !== own)
    return Promise.all(others.map(([area, key]) => refusedAsForeign(operation, key, area)))
  })
  assert.deepEqual(found, [])
  assert.deepEqual(await readTables(api), before, 'nothing was written')
})

test('a key with every scope but one: 403 where that one is asked for', async () => {
  const scopes = new Set(api.operations.flatMap(({ scope = '' }) => (scope.includes(':') ? [scope] : [])))
  const keyWithout = new Map<string, string>()
  for (const scope of scopes) {
    const others = adminScopes.filter((each) => each !== scope)
    assert.equal(others.length, adminScopes.length - 1, `${scope} is one that a key can hold`)
    const made = await shop.admin('POST', '/v1/admin/api-keys', {
      kind: 'secret',
      name: `all but ${scope}`,
      scopes: others,
    })
    keyWithout.set(scope, made.json.key)
  }
  const before = await readTables(api)
  const found = await faultsOf(api.operations, async (operation) => {
    const key = keyWithout.get(operation.scope ?? '')
    return key === undefined ? [] : [await refusedAsForeign(operation, key, 'all other scopes')]
  })
  assert.deepEqual(found, [])
  assert.deepEqual(await readTables(api), before, 'nothing was written')
})

/** Sent with everything right but the key. */
async function refusedAsForeign(operation: ApiOperation, key: string, whose: string): Promise<string | null> {
  const parameters = Object.fromEntries(operation.pathParameters.map(({ name }) => [name, 'nothing']))
  const request = shop.exampleIn(operation, { parameters })
  const answer = await api.send({ ...request, headers: { ...request.headers, authorization: `Bearer ${key}` } })
  return answer.status === 403 && answer.json.code === 'scope_missing' && answer.json.scope === operation.scope
    ? faultOf(operation, answer)
    : `a key with ${whose}: ${answer.status} ${answer.text}`
}

test('a key revoked a moment ago opens nothing', async () => {
  const made = await shop.admin('POST', '/v1/admin/api-keys', {
    kind: 'secret',
    name: 'soon gone',
    scopes: ['orders:read'],
  })
  const list = { method: 'GET', path: '/v1/admin/orders', headers: { authorization: `Bearer ${made.json.key}` } }
  assert.equal((await api.send(list)).status, 200)
  await shop.admin('DELETE', `/v1/admin/api-keys/${made.json.id}`)
  const answer = await api.send(list)
  assert.deepEqual([answer.status, answer.json.code], [401, 'unauthenticated'])
})

test('nobody gives a key more than they hold', async () => {
  const made = await shop.admin('POST', '/v1/admin/api-keys', {
    kind: 'secret',
    name: 'keeper',
    scopes: ['identity:write'],
  })
  const answer = await api.send({
    ...shop.exampleIn(shop.operation('POST /v1/admin/api-keys'), {}),
    headers: { authorization: `Bearer ${made.json.key}`, 'idempotency-key': 'a-key-that-wants-more-than-it-has' },
    body: { kind: 'secret', name: 'heir', scopes: ['orders:write'] },
  })
  assert.equal(faultOf(shop.operation('POST /v1/admin/api-keys'), answer), null)
  assert.ok(answer.status >= 400, answer.text)
})

const everyMethod = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'TRACE', 'PROPFIND', 'SEARCH', 'LOCK', 'REPORT']

test('a method that a path does not have: 405, and Allow names those it has', async () => {
  const methodsByPath = new Map<string, string[]>()
  for (const { method, path } of api.operations) methodsByPath.set(path, [...(methodsByPath.get(path) ?? []), method])
  const found: string[] = []
  for (const [path, methods] of methodsByPath) {
    for (const method of everyMethod.filter((each) => !methods.includes(each))) {
      const answer = await api.send({
        method,
        path: path.replaceAll(/\{\w+\}/g, 'nothing'),
        headers: { authorization: `Bearer ${api.keys.secretKey}` },
      })
      const allowed = String(answer.headers.allow ?? '').split(', ')
      const others = methodsOf(methodsByPath, path)
      const isRight =
        answer.status === 405 && others.every((each) => allowed.includes(each)) && !allowed.includes(method)
      // `/orders/batch` also fits `/orders/{id}`, whose methods it then answers for.
      if (!isRight && !others.includes(method))
        found.push(`${method} ${path}: ${answer.status} allow ${allowed.join(' ')}`)
      if (answer.status === 405 && problemFault(answer) !== null)
        found.push(`${method} ${path}: ${problemFault(answer)}`)
    }
  }
  assert.deepEqual(found, [])
})

/** The methods of every template that a path fits, since a word also fits where a parameter stands. */
function methodsOf(methodsByPath: ReadonlyMap<string, readonly string[]>, path: string): string[] {
  return [...methodsByPath].flatMap(([template, methods]) =>
    new RegExp(`^${template.replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(path) ? methods : [],
  )
}

const unknownPaths = [
  '/',
  '/v1',
  '/v1/',
  '/v1/admin',
  '/v1/store/',
  '/v2/store/orders',
  '/v1//store/orders',
  '/V1/STORE/ORDERS',
  '/v1/admin/orders/x/y/z',
  '/v1/store/../admin/orders',
  '/v1/store/%2e%2e/admin/orders',
  '/.env',
  '/admin',
  '/v1/admin/orders%00',
  '/v1/admin/orders;a=b',
  '/__proto__',
  '/constructor',
  '/v1/admin/__proto__',
  '//evil.example/v1/store/orders',
]

test('a path that nothing is mounted on: 404, whoever asks', async () => {
  for (const path of unknownPaths) {
    for (const key of [api.keys.secretKey, api.keys.publishableKey]) {
      const answer = await api.send({ method: 'GET', path, headers: { authorization: `Bearer ${key}` } })
      assert.deepEqual([path, answer.status, answer.json?.code], [path, 404, 'not_found'])
      assert.equal(problemFault(answer), null)
    }
  }
})
