/** Whose is it: an id of somebody else's, wherever it is sent, is answered like one that nobody has. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { formatId, newId, prefixByKind, type IdKind } from '../../server/kernel/id.ts'
import { must } from '../../server/kernel/invariant.ts'
import { encodeCursor } from '../../server/platform/http/index.ts'
import type { Answer, ApiRequest } from '../support/api-client.ts'
import { faultOf, faultsOf, withoutRequestId } from '../support/api-judge.ts'
import type { ApiOperation } from '../support/api-operations.ts'
import { openShop, type Scene, type Shop } from '../support/api-scenes.ts'
import { newKey, SKU } from '../support/api-words.ts'
import { openTestApi, readTables, type TestApi } from '../support/api.ts'

let api: TestApi
let shop: Shop
/** A key of another channel's head. */
let tillKey: string

before(async () => {
  api = await openTestApi()
  shop = await openShop(api)
  const { json: channels } = await shop.admin('GET', '/v1/admin/channels')
  const till = must(
    (channels.items as { id: string; code: string }[]).find(({ code }) => code === 'store-pos'),
    'the tills',
  )
  tillKey = (await shop.admin('POST', '/v1/admin/api-keys', { kind: 'publishable', name: 'till', channelId: till.id }))
    .json.key
})
after(() => api.close())

/** Ids that nobody has: one of the right form, one of another kind, and what is none at all. */
function unknownIds(prefix: string): string[] {
  const id = formatId('order', newId<'order'>()).slice(prefixByKind.order.length)
  return [
    `${prefix}${id}`,
    `${prefix === 'key' ? 'ord' : 'key'}${id}`,
    `${prefix}${id}`.toUpperCase(),
    `${prefix}_`,
    'nothing',
    '0',
    '-1',
    newId(),
    "' or 1=1 --",
    '../../../etc/passwd',
    '__proto__',
    `${prefix}${id}\0`,
    '%',
    '*',
    '💥',
    'x'.repeat(190),
    'x'.repeat(4_000),
  ]
}

const emptyHanded = { 'waybill-access-token': 'nobody gave this out', 'if-match': '"1"' }

test('an id in the path that nobody has: 404 not_found, always the same body, nothing written', async () => {
  // Whoever asks for an address of somebody else's is somebody.
  const { headers: customer = {} } = await shop.sceneOf(shop.operation('GET /v1/store/customer'))
  const before = await readTables(api)
  const withId = api.operations.filter(({ path }) => path.includes('{id}'))
  const found = await faultsOf(withId, async (operation) => {
    const [, prefix = 'cart'] = /^\^([a-z]+)_/.exec(operation.pathParameters[0]?.schema.pattern ?? '') ?? []
    const answers = await Promise.all(
      unknownIds(prefix).map((id) => {
        const signedIn = operation.path.startsWith('/v1/store/customer/') ? customer : {}
        const scene = {
          parameters: { id, lineId: id, paymentId: id, codeId: id },
          headers: { ...emptyHanded, ...signedIn },
        }
        return api.send(shop.exampleIn(operation, scene))
      }),
    )
    const bodies = new Set(answers.map((answer) => JSON.stringify(withoutRequestId(answer))))
    return [
      ...answers.map((answer) => (answer.status === 404 ? null : `${answer.status} ${answer.text}`)),
      bodies.size === 1 ? null : `tells ids apart: ${[...bodies].join(' ')}`,
    ]
  })
  assert.deepEqual(found, [])
  assert.deepEqual(await readTables(api), before, 'nothing was written')
})

test("a guest's cart or order opens to its own token under its own channel, and to nothing else", async () => {
  const guarded = api.operations.filter(({ scope, path }) => scope === 'store' && /\/(carts|orders)\/\{id\}/.test(path))
  assert.ok(guarded.length >= 8, 'carts and orders have their operations')
  const scenes = new Map<string, readonly [own: Scene, others: Scene]>()
  for (const operation of guarded)
    scenes.set(operation.name, [await shop.sceneOf(operation), await shop.sceneOf(operation)])

  const before = await readTables(api)
  const found = await faultsOf(guarded, async (operation) => {
    const [own, others] = must(scenes.get(operation.name), 'the scene of an operation')
    const nobodys = await api.send(shop.exampleIn(operation, strangersScene(operation)))
    return Promise.all(
      Object.entries(attacksOn(operation, own, others)).map(async ([attack, request]) => {
        const answer = await api.send(request)
        const isSame = JSON.stringify(withoutRequestId(answer)) === JSON.stringify(withoutRequestId(nobodys))
        return answer.status === 404 && isSame ? null : `${attack}: ${answer.status} ${answer.text}`
      }),
    )
  })
  assert.deepEqual(found, [])
  assert.deepEqual(await readTables(api), before, 'nothing was written')

  const closed = await faultsOf(guarded, async (operation) => {
    const answer = await api.send(shop.exampleIn(operation, must(scenes.get(operation.name), 'its scene')[0]))
    return [answer.status < 300 ? null : `closed to its owner: ${answer.status} ${answer.text}`]
  })
  assert.deepEqual(closed, [])
})

/** An id and a token of the right form that belong to nobody. */
function strangersScene({ path, name }: ApiOperation): Scene {
  const kind = path.includes('/carts/') ? 'cart' : 'order'
  const token = `1.${'A'.repeat(43)}`
  const parameters = {
    id: formatId(kind, newId()),
    lineId: formatId('cartLine', newId()),
    paymentId: formatId('attempt', newId()),
  }
  const body = name.endsWith('/order') ? { total: { amount: 1, currency: 'USD' } } : {}
  return { parameters, headers: { 'waybill-access-token': token, 'if-match': '"1"' }, body }
}

function attacksOn(operation: ApiOperation, own: Scene, others: Scene): Record<string, ApiRequest> {
  const request = (scene: Scene): ApiRequest => shop.exampleIn(operation, { ...scene, body: own.body ?? {} })
  const withHeaders = (changed: ApiRequest, headers: Record<string, string | undefined>): ApiRequest => ({
    ...changed,
    headers: Object.fromEntries(
      Object.entries({ ...changed.headers, ...headers }).filter(
        (each): each is [string, string] => each[1] !== undefined,
      ),
    ),
  })
  const token = own.headers?.['waybill-access-token'] ?? ''
  const parameters = { ...own.parameters }
  return {
    "another guest's id with my token": request({ ...own, parameters: { ...others.parameters } }),
    "my id with another guest's token": request({ ...own, headers: { ...own.headers, ...others.headers } }),
    'my id without a token': withHeaders(request(own), { 'waybill-access-token': undefined }),
    'my id with an empty token': withHeaders(request(own), { 'waybill-access-token': '' }),
    'my id with half my token': withHeaders(request(own), { 'waybill-access-token': token.slice(0, -1) }),
    'my id with my token of another key version': withHeaders(request(own), {
      'waybill-access-token': token.replace('1.', '2.'),
    }),
    "my id and token with another channel's key": withHeaders(request(own), { authorization: `Bearer ${tillKey}` }),
    'my id as one of another kind': request({
      ...own,
      parameters: { ...parameters, id: asOtherKind(parameters['id'] ?? '') },
    }),
    ...(operation.path.includes('{lineId}')
      ? {
          "another's line in my cart": request({
            ...own,
            parameters: { ...parameters, lineId: others.parameters?.['lineId'] ?? '' },
          }),
        }
      : {}),
    ...(operation.path.includes('{paymentId}')
      ? {
          "another's payment of my order": request({
            ...own,
            parameters: { ...parameters, paymentId: others.parameters?.['paymentId'] ?? '' },
          }),
        }
      : {}),
  }
}

/** The same UUID under the prefix of the other thing that tokens are given out for. */
function asOtherKind(id: string): string {
  return id.startsWith('cart_') ? id.replace('cart_', 'ord_') : id.replace('ord_', 'cart_')
}

test('the token of a cart does not open its order, nor the other way round', async () => {
  const operation = shop.operation('POST /v1/store/carts/{id}/order')
  const scene = await shop.sceneOf(operation)
  const { json: order } = await api.send(shop.exampleIn(operation, scene))
  const cartToken = must(scene.headers?.['waybill-access-token'], 'a token')
  const read = (path: string, token: string) =>
    api.send({
      method: 'GET',
      path,
      headers: { authorization: `Bearer ${api.keys.publishableKey}`, 'waybill-access-token': token },
    })
  const cart = `/v1/store/carts/${scene.parameters?.['id']}`
  const rows = [
    [await read(cart, cartToken), 200],
    [await read(`/v1/store/orders/${order.id}`, order.accessToken), 200],
    [await read(cart, order.accessToken), 404],
    [await read(`/v1/store/orders/${order.id}`, cartToken), 404],
  ] as const
  assert.deepEqual(
    rows.map(([answer]) => answer.status),
    rows.map(([, status]) => status),
  )
})

test("a partner counts at its own locations: another's is answered like one that does not exist, whole or in part", async () => {
  const { json: locations } = await shop.admin('GET', '/v1/admin/locations')
  const reno = must(
    (locations.items as { id: string; code: string }[]).find(({ code }) => code === 'wh-reno'),
    'the other warehouse',
  )
  const own = { sku: SKU, location: 'wh-columbus', quantity: 5 }
  const at = (location: string) => ({ sku: SKU, location, quantity: 5 })
  const rows = [
    // entries                                            why
    [[at('wh-nowhere')], 'unknown'],
    [[at('wh-reno')], "another's by code"],
    [[at(reno.id)], "another's by id"],
    [[at(formatId('location', newId()))], 'unknown by id'],
    [[own, at('wh-reno')], 'in part'],
    [[at('wh-reno'), own], 'in part, first'],
  ] as const
  const before = await readTables(api)
  const answers: Answer[] = []
  for (const [index, [entries]] of rows.entries()) {
    answers.push(
      await api.send({
        method: 'PUT',
        path: '/v1/partner/counts',
        headers: { authorization: `Bearer ${api.keys.partnerKeys['wh-columbus']}` },
        body: { messageId: `foreign-${index}`, asOf: new Date().toISOString(), meaning: 'physical', entries },
      }),
    )
  }
  assert.deepEqual(
    answers.map(({ status }, index) => [rows[index]?.[1], status]),
    rows.map(([, why]) => [why, 404]),
  )
  assert.equal(new Set(answers.map((answer) => JSON.stringify(withoutRequestId(answer)))).size, 1)
  assert.deepEqual(await readTables(api), before, 'nothing was written')
})

test('an id in a body or a filter that nobody has: refused or an empty list, nothing written', async () => {
  const requests = new Map<string, ApiRequest>()
  for (const operation of api.operations) requests.set(operation.name, await shop.example(operation))
  const before = await readTables(api)
  let sent = 0
  const found = await faultsOf(api.operations, async (operation) => {
    const request = must(requests.get(operation.name), 'the request of an operation')
    return Promise.all(
      idKindsIn(request).map(async (kind) => {
        sent++
        const answer = await api.send(withUnknownIds(request, kind))
        const isEmpty = answer.status === 200 && answer.json.items?.length === 0
        const isRefused = answer.status === 404 || answer.status === 422
        // A batch answers row by row: what is refused is the row.
        const rows = (answer.json.results ?? []) as readonly { status: string }[]
        const isLeftOut = rows.length > 0 && rows.every(({ status }) => status === 'error')
        return isEmpty || isRefused || isLeftOut
          ? faultOf(operation, answer)
          : `${kind}: ${answer.status} ${answer.text}`
      }),
    )
  })
  assert.ok(sent >= 5, `only ${sent} ids stand in bodies and filters`)
  assert.deepEqual(found, [])
  assert.deepEqual(await readTables(api), before, 'nothing was written')
})

const kinds = Object.keys(prefixByKind) as IdKind[]
const idOf = (kind: IdKind): RegExp => new RegExp(`\\b${prefixByKind[kind]}_[0-7][0-9a-hjkmnp-tv-z]{25}\\b`, 'g')
const queryOf = ({ path }: ApiRequest): string => (path.includes('?') ? path.slice(path.indexOf('?')) : '')

/** The kinds of ids that a request carries besides its path. */
function idKindsIn(request: ApiRequest): IdKind[] {
  const said = `${JSON.stringify(request.body) ?? ''} ${queryOf(request)}`
  return kinds.filter((kind) => idOf(kind).test(said))
}

function withUnknownIds(request: ApiRequest, kind: IdKind): ApiRequest {
  const unknown = formatId(kind, newId())
  const [path = ''] = request.path.split('?')
  const body = JSON.stringify(request.body)?.replaceAll(idOf(kind), unknown)
  return {
    ...request,
    headers: { ...request.headers, 'idempotency-key': newKey() },
    path: path + queryOf(request).replaceAll(idOf(kind), unknown),
    ...(body === undefined ? {} : { body: JSON.parse(body) as unknown }),
  }
}

const forgedCursors: readonly (readonly [cursor: string, why: string])[] = [
  ['AAAA', 'not JSON'],
  [Buffer.from('{"a":1}').toString('base64url'), 'an object'],
  [encodeCursor([]), 'nothing in it'],
  [encodeCursor([null]), 'null'],
  [encodeCursor([0]), 'a number'],
  [encodeCursor(['']), 'an empty text'],
  [encodeCursor(["' or 1=1 --"]), 'SQL'],
  [encodeCursor([newId()]), 'an id that nobody has'],
  [encodeCursor([newId(), newId()]), 'two of them'],
  [encodeCursor(['2026-11-22T00:00:00.000Z', newId()]), 'a time and an id'],
  [encodeCursor(['9999-12-31T23:59:59.999Z', newId()]), 'the end of time'],
  [encodeCursor(['+012345-01-01T00:00:00.000Z', newId()]), 'after it'],
  [encodeCursor([Date.now(), newId()]), 'milliseconds and an id'],
  [encodeCursor([Number.MAX_SAFE_INTEGER, newId()]), 'milliseconds beyond the end of time'],
  [encodeCursor([-Number.MAX_SAFE_INTEGER, newId()]), 'milliseconds before its beginning'],
  [encodeCursor([Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER]), 'two large numbers'],
  [encodeCursor([-1, -1]), 'two numbers below zero'],
  [Buffer.from('["\\u0000"]').toString('base64url'), 'NUL'],
  [Buffer.from('["\\ud800"]').toString('base64url'), 'half a surrogate pair'],
  [Buffer.from('[1e308,1.5]').toString('base64url'), 'no whole numbers'],
  [Buffer.from(`${'['.repeat(300)}${']'.repeat(300)}`).toString('base64url'), 'deep'],
  ['A'.repeat(1_024), 'long'],
]

test("a cursor that the list did not give out: refused, or a page of the list's own", async () => {
  const lists = api.operations.filter(({ queryParameters }) => queryParameters.some(({ name }) => name === 'cursor'))
  assert.ok(lists.length >= 10, 'lists are paged')
  const scenes = new Map<string, Scene>()
  for (const operation of lists) scenes.set(operation.name, await shop.sceneOf(operation))
  const found = await faultsOf(lists, async (operation) => {
    const request = shop.exampleIn(operation, must(scenes.get(operation.name), 'its scene'), { optional: 0 })
    return Promise.all(
      forgedCursors.map(async ([cursor, why]) => {
        const path = `${request.path}${request.path.includes('?') ? '&' : '?'}cursor=${cursor}`
        const answer = await api.send({ ...request, path })
        const fault = faultOf(operation, answer)
        if (fault !== null) return `${why}: ${fault}`
        return answer.status === 422 || Array.isArray(answer.json?.items)
          ? null
          : `${why}: ${answer.status} ${answer.text}`
      }),
    )
  })
  assert.deepEqual(found, [])
})

const wrongVersions = [
  // If-Match              status  code
  ['"999999999"', 412, ['version_mismatch', 'cart_version']],
  ['"0"', 412, ['version_mismatch', 'cart_version']],
  ['*', 400, ['if_match_invalid']],
  ['1', 400, ['if_match_invalid']],
  ['W/"1"', 400, ['if_match_invalid']],
  ['"1", "2"', 400, ['if_match_invalid']],
  [`"${'9'.repeat(400)}"`, 400, ['if_match_invalid']],
  [undefined, 428, ['if_match_required']],
] as const

test('an edit decided on another version changes nothing: 412, and 428 without one', async () => {
  const edits = api.operations.filter(({ takesVersion }) => takesVersion === 'required')
  const requests = new Map<string, ApiRequest>()
  for (const operation of edits) requests.set(operation.name, await shop.example(operation))
  const before = await readTables(api)
  const found = await faultsOf(edits, async (operation) => {
    const request = must(requests.get(operation.name), 'its request')
    return Promise.all(
      wrongVersions.map(async ([ifMatch, status, codes]) => {
        const { 'if-match': _, ...headers } = request.headers ?? {}
        const answer = await api.send({
          ...request,
          headers: ifMatch === undefined ? headers : { ...headers, 'if-match': ifMatch },
        })
        const isRight = answer.status === status && (codes as readonly string[]).includes(answer.json.code)
        return isRight ? faultOf(operation, answer) : `${ifMatch}: ${answer.status} ${answer.text}`
      }),
    )
  })
  assert.deepEqual(found, [])
  assert.deepEqual(await readTables(api), before, 'nothing was written')
})
