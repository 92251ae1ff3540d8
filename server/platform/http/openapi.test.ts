import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Type } from 'typebox'
import {
  AddressJson,
  createHttpServer,
  describeOpenApi,
  idJson,
  mountPlatform,
  MoneyJson,
  page,
  pageQuery,
  strict,
  type App,
} from './index.ts'

interface Described {
  readonly operationId: string
  readonly 'x-scope': string
  readonly 'x-idempotent': string
  readonly security: readonly object[]
  readonly parameters: readonly ({ name: string; in: string; required: boolean; schema: object } | { $ref: string })[]
  readonly requestBody?: { readonly content: Readonly<Record<string, { schema: object }>> }
  readonly responses: Readonly<
    Record<string, { readonly $ref?: string; readonly description?: string; readonly content?: object }>
  >
}

function openShop(): App {
  return createHttpServer({ authenticate: () => null })
}

/** The description as a reader gets it: JSON. */
function describe(app: App) {
  const document = JSON.parse(JSON.stringify(describeOpenApi(app, '1.2.3'))) as {
    paths: Record<string, Record<string, Described>>
    components: Record<string, Record<string, unknown>>
    tags: { name: string }[]
  }
  const operation = (method: string, path: string): Described => {
    const described = document.paths[path]?.[method]
    assert.ok(described, `${method} ${path}`)
    return described
  }
  return { document, operation }
}

const OrderJson = strict({ id: idJson('order'), total: MoneyJson }, { title: 'Order' })

test('a route is described with all the platform adds to it', () => {
  const app = openShop()
  const refusals = {
    out_of_stock: { status: 409, meaning: 'None is left.' },
    sku_unknown: { status: 422, meaning: 'No such SKU.' },
  } as const
  app.post(
    '/v1/store/orders',
    {
      schema: {
        summary: 'Place',
        tags: ['orders'],
        body: strict({ address: AddressJson }),
        response: { 201: OrderJson },
      },
      config: { scope: 'store', idempotent: 'key', refusals },
    },
    () => {},
  )
  app.patch(
    '/v1/admin/orders/:id',
    {
      schema: {
        summary: 'Edit',
        tags: ['orders'],
        params: strict({ id: idJson('order') }),
        body: strict({}),
        response: { 200: OrderJson },
      },
      config: { scope: 'orders:write', idempotent: 'natural', ifMatch: 'required' },
    },
    () => {},
  )
  app.get(
    '/v1/admin/orders',
    {
      schema: {
        summary: 'List',
        tags: ['orders'],
        querystring: strict({ ...pageQuery, sku: Type.String() }),
        response: { 200: page(OrderJson) },
      },
      config: { scope: 'orders:read' },
    },
    () => {},
  )
  app.put(
    '/v1/partner/orders/:id/seen',
    {
      schema: { summary: 'Seen', tags: ['orders'], response: { 204: Type.Null() } },
      config: { scope: 'partner', idempotent: 'natural' },
    },
    () => {},
  )
  const { document, operation } = describe(app)

  const place = operation('post', '/v1/store/orders')
  assert.deepEqual([place.operationId, place['x-scope'], place['x-idempotent']], ['postStoreOrders', 'store', 'key'])
  assert.deepEqual(place.security, [{ publishableKey: [] }, { publishableKey: [], customerToken: [] }])
  assert.deepEqual(place.parameters, [{ $ref: '#/components/parameters/IdempotencyKey' }])
  assert.deepEqual(place.requestBody?.content['application/json']?.schema, {
    type: 'object',
    required: ['address'],
    properties: { address: { $ref: '#/components/schemas/Address' } },
    additionalProperties: false,
  })
  assert.deepEqual(Object.keys(place.responses), [
    '201',
    '400',
    '401',
    '403',
    '404',
    '409',
    '413',
    '415',
    '422',
    '429',
    '500',
    '503',
  ])
  assert.equal(place.responses['401']?.$ref, '#/components/responses/Problem401')
  assert.match(place.responses['409']?.description ?? '', /^`out_of_stock`: None is left\.\n\n`request_in_progress`: /)
  assert.match(place.responses['422']?.description ?? '', /^`sku_unknown`: No such SKU\.\n\n`invalid_request`: /)

  const edit = operation('patch', '/v1/admin/orders/{id}')
  assert.deepEqual([edit.operationId, edit['x-scope']], ['patchAdminOrdersById', 'orders:write'])
  assert.deepEqual(edit.security, [{ secretKey: [] }])
  assert.deepEqual(
    edit.parameters.map((parameter) => ('name' in parameter ? parameter.name : parameter.$ref)),
    ['id', '#/components/parameters/IfMatch'],
  )
  assert.ok('404' in edit.responses && '412' in edit.responses && '428' in edit.responses)

  const list = operation('get', '/v1/admin/orders')
  assert.deepEqual(
    list.parameters.map((parameter) => 'name' in parameter && [parameter.name, parameter.required]),
    [
      ['limit', false],
      ['cursor', false],
      ['sku', true],
    ],
  )
  assert.equal(list.requestBody, undefined)

  const seen = operation('put', '/v1/partner/orders/{id}/seen')
  assert.equal(seen.requestBody, undefined)
  assert.equal(seen.responses['204']?.content, undefined)
  assert.deepEqual(seen.security, [{ partnerKey: [] }])

  assert.deepEqual(Object.keys(document.components.schemas ?? {}), ['Address', 'Money', 'Order', 'Problem'])
  assert.deepEqual(Object.keys(document.components.parameters ?? {}), ['IdempotencyKey', 'IfMatch'])
  assert.deepEqual(document.tags, [{ name: 'orders' }])
})

test('every reference leads somewhere, and the order of mounting does not show', () => {
  const routes = [
    (app: App): unknown => mountPlatform(app, { version: '1', ready: () => null, metrics: async () => '' }),
    (app: App): unknown =>
      app.get(
        '/v1/store/a',
        { schema: { summary: 'A', tags: ['a'], response: { 200: OrderJson } }, config: { scope: 'store' } },
        () => {},
      ),
    (app: App): unknown =>
      app.get(
        '/v1/store/b',
        { schema: { summary: 'B', tags: ['b'], response: { 200: MoneyJson } }, config: { scope: 'store' } },
        () => {},
      ),
  ]
  const [forwards, backwards] = [routes, routes.toReversed()].map((order) => {
    const app = openShop()
    for (const mount of order) mount(app)
    return JSON.stringify(describeOpenApi(app, '1'))
  })
  assert.equal(forwards, backwards)
  const { components } = JSON.parse(forwards ?? '') as { components: Record<string, Record<string, object>> }
  for (const [, kind = '', name = ''] of (forwards ?? '').matchAll(/"#\/components\/(\w+)\/(\w+)"/g)) {
    assert.ok(components[kind]?.[name], `${kind} ${name}`)
  }
})

test('two schemas of one name are a mistake', () => {
  const app = openShop()
  const config = { scope: 'store' } as const
  app.get(
    '/v1/store/a',
    { schema: { summary: 'A', response: { 200: strict({ a: Type.String() }, { title: 'Thing' }) } }, config },
    () => {},
  )
  app.get(
    '/v1/store/b',
    { schema: { summary: 'B', response: { 200: strict({ b: Type.String() }, { title: 'Thing' }) } }, config },
    () => {},
  )
  assert.throws(() => describeOpenApi(app, '1'), /two different schemas are called Thing/)
})
