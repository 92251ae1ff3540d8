import { parseId } from '../../server/kernel/id.ts'
import { invariant, must } from '../../server/kernel/invariant.ts'
import type { Answer, ApiRequest } from './api-client.ts'
import { exampleOf, type ExampleOptions, type Words } from './api-examples.ts'
import { fillPath, writeQuery, type ApiOperation } from './api-operations.ts'
import type { TestApi } from './api.ts'
import { GIFT_CARD_SKU, newKey, OTHER_SKU, PASSWORD, shopWords, SKU, TRUSTED_CHANNEL, unique } from './api-words.ts'
import { Random } from './random.ts'

/** What has to be there before an operation can succeed. */
export interface Scene {
  readonly parameters?: Readonly<Record<string, string>>
  readonly headers?: Readonly<Record<string, string>>
  /** Properties of the body that only the scene can know. */
  readonly body?: Readonly<Record<string, unknown>>
}

export interface ExampleWish {
  readonly random?: Random
  /** How often an optional property is there; 1, the default, says everything that can be said. */
  readonly optional?: number
  readonly itemsMax?: number
}

/** The demo merchant's people: who can make a request of every operation that succeeds. */
export interface Shop {
  readonly api: TestApi
  readonly words: Words
  /** The bearer key that opens an operation. */
  readonly keyFor: (operation: ApiOperation) => string | null
  readonly operation: (name: string) => ApiOperation
  /** Makes what the operation needs, then the request itself. Each call is a new one, with a new key. */
  readonly example: (operation: ApiOperation, wish?: ExampleWish) => Promise<ApiRequest>
  /** A request of the operation in a scene that is there already. */
  readonly exampleIn: (operation: ApiOperation, scene: Scene, wish?: ExampleWish) => ApiRequest
  readonly sceneOf: (operation: ApiOperation, wish?: ExampleWish) => Promise<Scene>
  /** Sends an admin request that must succeed. */
  readonly admin: (method: string, path: string, body?: unknown) => Promise<Answer>
  /** Sends a request of the web shop that must come to `status`. */
  readonly store: (
    status: number,
    method: string,
    path: string,
    body?: unknown,
    headers?: Readonly<Record<string, string>>,
  ) => Promise<Answer>
}

/**
 * Opens the shop for any number of requests: with plenty of one SKU on hand.
 * @param ownWords  to be preferred to the shop's usual ones
 */
export async function openShop(api: TestApi, ownWords: Words = {}): Promise<Shop> {
  const { keys, operations } = api
  const call = async (status: number, request: ApiRequest & { readonly key: string }): Promise<Answer> => {
    const { key, headers, ...rest } = request
    const answer = await api.send({
      ...rest,
      headers: { authorization: `Bearer ${key}`, 'idempotency-key': newKey(), ...headers },
    })
    const expected = status === 0 ? answer.status >= 200 && answer.status < 300 : answer.status === status
    invariant(expected, `${request.method} ${request.path} succeeds: ${answer.status} ${answer.text}`)
    return answer
  }
  const admin = (method: string, path: string, body?: unknown) => call(0, { method, path, body, key: keys.secretKey })
  const store: Shop['store'] = (status, method, path, body, headers = {}) =>
    call(status, { method, path, body, headers, key: keys.publishableKey })

  const byPrefix: Record<string, string> = {}
  for (const list of ['channels', 'legal-entities', 'markets', 'locations', 'products', 'variants']) {
    const [first] = (await admin('GET', `/v1/admin/${list}?limit=1`)).json.items as readonly { id: string }[]
    if (first !== undefined) byPrefix[first.id.slice(0, 3)] = first.id
  }
  await admin('POST', '/v1/admin/inventory/adjustments', {
    commandKey: unique('stock'),
    entries: [{ sku: SKU, location: 'wh-columbus', delta: 1_000_000, reason: 'hostile' }],
  })

  const customer = await admin('POST', '/v1/admin/customers', { email: `${unique('customer')}@example.com` })
  byPrefix['per'] = customer.json.id as string
  const { json: channels } = await admin('GET', '/v1/admin/channels?limit=100')
  const web = must(
    (channels.items as { code: string; legalEntityId: string }[]).find(({ code }) => code === 'web'),
    'the web shop',
  )
  // Whose value shoppers of the web shop can pay with.
  byPrefix['seller'] = web.legalEntityId

  const words = { ...shopWords({ byPrefix }), ...ownWords }
  const operation = (name: string) =>
    must(
      operations.find((each) => each.name === name),
      `the operation ${name}`,
    )
  const keyFor = ({ scope }: ApiOperation): string | null => {
    if (scope === 'public') return null
    if (scope === 'store') return keys.publishableKey
    return scope === 'partner' ? must(keys.partnerKeys['wh-columbus'], "the warehouse's key") : keys.secretKey
  }
  const optionsOf = ({ random = new Random(1), optional = 1, itemsMax = 1 }: ExampleWish): ExampleOptions => ({
    random,
    words,
    optional,
    itemsMax,
  })

  const exampleIn: Shop['exampleIn'] = (wanted, scene, wish = {}) => {
    const options = optionsOf(wish)
    const resource = must(
      wanted.path.split('/').findLast((word) => !word.startsWith('{')),
      'a word in the path',
    )
    const query = exampleOf(
      {
        type: 'object',
        properties: Object.fromEntries(wanted.queryParameters.map(({ name, schema }) => [name, schema])),
        required: wanted.queryParameters.filter(({ required }) => required).map(({ name }) => name),
      },
      [resource, 'query'],
      options,
    ) as Record<string, unknown>
    const path = Object.fromEntries(
      wanted.pathParameters.map(({ name, schema }) => [
        name,
        scene.parameters?.[name] ?? String(exampleOf(schema, [resource, 'path', name], options)),
      ]),
    )
    const key = keyFor(wanted)
    return {
      method: wanted.method,
      path: fillPath(wanted.path, path) + writeQuery(query),
      headers: {
        ...(key === null ? {} : { authorization: `Bearer ${key}` }),
        ...(wanted.takesKey ? { 'idempotency-key': newKey() } : {}),
        ...(wanted.takesFile ? { 'content-type': 'text/csv' } : {}),
        ...scene.headers,
      },
      ...(wanted.takesFile ? { raw: fileOf(resource) } : {}),
      ...(wanted.body === null
        ? {}
        : { body: { ...(exampleOf(wanted.body, [resource], options) as object), ...scene.body } }),
    }
  }

  const sceneOf = async (wanted: ApiOperation, wish: ExampleWish = {}): Promise<Scene> => {
    const [, special] = scenes.find(([path]) => path.test(wanted.path)) ?? []
    if (special !== undefined) return special(shop, wanted)
    const [, collection] = /^(.*)\/\{id\}/.exec(wanted.path) ?? []
    return collection === undefined ? {} : madeObject(shop, operation(`POST ${collection}`), wish)
  }
  const shop: Shop = {
    api,
    words,
    keyFor,
    operation,
    exampleIn,
    sceneOf,
    admin,
    store,
    example: async (wanted, wish) => exampleIn(wanted, await sceneOf(wanted, wish), wish),
  }
  return shop
}

/** A small file of a kind, of which nobody had one yet. */
function fileOf(kind: string): string {
  const name = unique('file')
  switch (kind) {
    case 'products':
      return `handle,sku,title\n${name},${name.toUpperCase()},From a file\n`
    case 'prices':
      return `price_list,sku,price\nus,${name},1.00\n`
    case 'stock':
      return `sku,location,quantity\n${name},wh-columbus,1\n`
    default:
      return `email,name\n${name}@example.com,From a file\n`
  }
}

async function fileImport(shop: Shop): Promise<Scene> {
  const answer = await shop.api.send(await shop.example(shop.operation('POST /v1/admin/imports/products')))
  invariant(answer.status === 202, `handing in a file succeeds: ${answer.status} ${answer.text}`)
  return { parameters: { id: answer.json.id as string } }
}

/** An object of the collection, made a moment ago. */
async function madeObject(shop: Shop, create: ApiOperation, wish: ExampleWish): Promise<Scene> {
  const answer = await shop.api.send(await shop.example(create, wish))
  invariant(answer.status === 201, `${create.name} succeeds: ${answer.status} ${answer.text}`)
  const { id, version } = answer.json as { id: string; version?: number }
  return { parameters: { id }, headers: version === undefined ? {} : { 'if-match': `"${version}"` } }
}

type SceneMaker = (shop: Shop, wanted: ApiOperation) => Scene | Promise<Scene>

/** Where an operation is about something that no collection makes by itself. The first path that fits is taken. */
const scenes: readonly (readonly [RegExp, SceneMaker])[] = [
  [/^\/v1\/store\/customer\/(sessions|password)$/, (shop, { name }) => customerWithPassword(shop, name)],
  [/^\/v1\/store\/customer\/email-verifications$/, (shop) => withMail(shop, 'verify_email')],
  [/^\/v1\/store\/customer\/password-resets$/, (shop) => withMail(shop, 'reset_password')],
  [/^\/v1\/store\/customer\/(sign-up|.*-requests)$/, () => ({})],
  [/^\/v1\/store\/customer/, (shop, { path }) => customer(shop, path)],
  [/^\/v1\/admin\/customer-messages\/\{id\}/, unreadMail],
  [/^\/v1\/store\/carts\/\{id\}/, storeCart],
  [/gift-cards\/\{\w+\}\/show-code$/, soldGiftCard],
  [/\/gift-cards\/(balance|search)$/, async (shop) => ({ body: { code: (await giftCard(shop)).code } })],
  [/^\/v1\/admin\/store-credits\/\{id\}/, storeCredit],
  [/^\/v1\/store\/orders\/\{id\}/, storeOrder],
  [
    /^\/v1\/store\/products\/\{\w+\}/,
    () => ({ parameters: { id: 'ridgeline-2-tent', idOrHandle: 'ridgeline-2-tent' } }),
  ],
  [/^\/v1\/admin\/orders\/\{id\}/, async (shop) => ({ parameters: { id: (await trustedOrder(shop)).id } })],
  [/^\/v1\/admin\/orders$/, () => ({ body: { fulfillment: { method: 'ship' }, payment: { state: 'due' } } })],
  [/^\/v1\/admin\/exceptions\/\{id\}/, openException],
  [/^\/v1\/admin\/payments\/\{id\}/, slowPayment],
  [/^\/v1\/admin\/imports\/\{id\}/, fileImport],
  [/^\/v1\/admin\/promotions\/\{id\}/, promotion],
  [/^\/v1\/admin\/locations\/\{id\}\/network$/, locationInNetwork],
  [/^\/v1\/admin\/inventory\/inbound\/\{id\}/, (shop, { name }) => inbound(shop, name)],
]

/** Somebody signed in, with an address of theirs where the path asks for one. */
async function customer(shop: Shop, path: string): Promise<Scene> {
  const { id } = await madeCustomer(shop)
  const headers = { 'waybill-customer-token': await tokenOf(shop, id) }
  if (!path.includes('{id}')) return { headers: { ...headers, 'if-match': '"1"' } }
  const { json } = await shop.store(201, 'POST', '/v1/store/customer/addresses', address, headers)
  return { headers, parameters: { id: json.items[0].id } }
}

async function madeCustomer(shop: Shop): Promise<{ readonly id: string; readonly email: string }> {
  const email = `${unique('customer')}@example.com`
  const { json } = await shop.admin('POST', '/v1/admin/customers', { email, emailVerified: true })
  return { id: json.id as string, email }
}

async function tokenOf(shop: Shop, id: string): Promise<string> {
  const { json } = await shop.admin('GET', '/v1/admin/channels?limit=100')
  const web = must(
    (json.items as { id: string; code: string }[]).find(({ code }) => code === 'web'),
    'the channel of the publishable key',
  )
  const session = await shop.admin('POST', `/v1/admin/customers/${id}/sessions`, { channelId: web.id })
  return session.json.customerToken as string
}

async function customerWithPassword(shop: Shop, name: string): Promise<Scene> {
  const email = `${unique('customer')}@example.com`
  await shop.store(202, 'POST', '/v1/store/customer/sign-up', { email, password: PASSWORD })
  if (name.startsWith('POST')) return { body: { email } }
  const session = await shop.store(201, 'POST', '/v1/store/customer/sessions', { email, password: PASSWORD })
  return { headers: { 'waybill-customer-token': session.json.customerToken } }
}

/** A token as it lies in the mailbox of somebody who signed up. */
async function withMail(shop: Shop, kind: 'verify_email' | 'reset_password'): Promise<Scene> {
  const email = `${unique('customer')}@example.com`
  await shop.store(202, 'POST', '/v1/store/customer/sign-up', { email, password: PASSWORD })
  if (kind === 'reset_password') await shop.store(202, 'POST', '/v1/store/customer/password-reset-requests', { email })
  const { json } = await shop.admin('POST', `/v1/admin/customer-messages/${await messageOf(shop, email, kind)}/reveal`)
  return { body: { token: json.token } }
}

async function unreadMail(shop: Shop): Promise<Scene> {
  const email = `${unique('customer')}@example.com`
  await shop.store(202, 'POST', '/v1/store/customer/sign-up', { email, password: PASSWORD })
  return { parameters: { id: await messageOf(shop, email, 'verify_email') } }
}

async function messageOf(shop: Shop, email: string, kind: string): Promise<string> {
  const { json: found } = await shop.admin('POST', '/v1/admin/customers/search', { email })
  const customerId = (found.items as { id: string }[])[0]?.id
  let cursor = ''
  for (;;) {
    const { json } = await shop.admin('GET', `/v1/admin/customer-messages?limit=100${cursor}`)
    const items = json.items as { id: string; kind: string; customerId: string }[]
    const wanted = items.find((item) => item.kind === kind && item.customerId === customerId)
    if (wanted !== undefined) return wanted.id
    cursor = `&cursor=${must(json.nextCursor as string | null, `a message to ${email}`)}`
  }
}

async function storeCart(shop: Shop, { name }: ApiOperation): Promise<Scene> {
  const { json: cart } = await shop.store(201, 'POST', '/v1/store/carts', {
    lines: [{ sku: SKU, quantity: 2 }],
    email: 'buyer@example.com',
    shippingAddress: address,
    ...(name.includes('/codes') && name.startsWith('DELETE') ? { codes: ['WELCOME10'] } : {}),
  })
  const card = name.includes('/gift-cards') ? await giftCard(shop) : null
  if (card !== null && name.startsWith('DELETE')) {
    const headers = { 'waybill-access-token': cart.accessToken as string }
    await shop.store(200, 'POST', `/v1/store/carts/${cart.id}/gift-cards`, { code: card.code }, headers)
  }
  return {
    parameters: {
      id: cart.id,
      lineId: cart.lines[0].id,
      code: 'WELCOME10',
      ...(card === null ? {} : { giftCardId: card.id }),
    },
    headers: {
      'waybill-access-token': cart.accessToken,
      ...(name.startsWith('PATCH') ? { 'if-match': `"${cart.version}"` } : {}),
    },
    ...(name.endsWith('/order') ? { body: { total: cart.totals.total } } : {}),
    ...(card !== null && name.startsWith('POST') ? { body: { code: card.code } } : {}),
  }
}

/** Paid, unless what is asked for is paying. */
async function storeOrder(shop: Shop, { name }: ApiOperation): Promise<Scene> {
  const [status, token] = name.endsWith('/payments')
    ? [402, 'tok_declined']
    : name.endsWith('/continue')
      ? [202, 'tok_3ds']
      : [201, 'tok_ok']
  const { json } = await shop.store(status, 'POST', '/v1/store/orders', orderBody({ token }))
  const { id, accessToken, paymentId = '' } = status === 402 ? json.order : json
  return { parameters: { id, paymentId }, headers: { 'waybill-access-token': accessToken } }
}

/** A gift card made a moment ago, with its code. */
async function giftCard(shop: Shop): Promise<{ readonly id: string; readonly code: string }> {
  const answer = await shop.api.send(await shop.example(shop.operation('POST /v1/admin/gift-cards')))
  invariant(answer.status === 201, `making a gift card succeeds: ${answer.status} ${answer.text}`)
  return answer.json as { id: string; code: string }
}

/** A gift card that an order bought; its code was not shown yet. What the journey would do is done here. */
async function soldGiftCard(shop: Shop, { path }: ApiOperation): Promise<Scene> {
  const { json: placed } = await shop.store(201, 'POST', '/v1/store/orders', orderBody({ sku: GIFT_CARD_SKU }))
  const { db, rooms } = shop.api.node
  const orderId = must(parseId('order', placed.id as string), 'the id of an order')
  await db.inTransaction((tx) => rooms.checkout.issueSoldCards(tx, [orderId]))
  const headers = { 'waybill-access-token': placed.accessToken as string }
  const { json: order } = await shop.store(200, 'GET', `/v1/store/orders/${placed.id}`, undefined, headers)
  const giftCardId = order.giftCards[0].id as string
  return path.startsWith('/v1/store/')
    ? { parameters: { id: placed.id, giftCardId }, headers }
    : { parameters: { id: giftCardId } }
}

async function storeCredit(shop: Shop): Promise<Scene> {
  const answer = await shop.api.send(await shop.example(shop.operation('POST /v1/admin/store-credits')))
  invariant(answer.status === 200, `giving credit succeeds: ${answer.status} ${answer.text}`)
  return { parameters: { id: answer.json.id as string } }
}

/** A location that was made a moment ago, and of whose part in the network something was said once. */
async function locationInNetwork(shop: Shop): Promise<Scene> {
  const { parameters = {} } = await madeObject(shop, shop.operation('POST /v1/admin/locations'), {})
  const first = { parameters, headers: { 'if-match': '"0"' } }
  const saved = await shop.api.send(
    shop.exampleIn(shop.operation('PUT /v1/admin/locations/{id}/network'), first, { optional: 0 }),
  )
  invariant(saved.status === 200, `a location joins the network: ${saved.status} ${saved.text}`)
  return { parameters, headers: { 'if-match': '"1"' } }
}

async function openException(shop: Shop): Promise<Scene> {
  await trustedOrder(shop, { quantity: 1_000_000, sku: OTHER_SKU })
  const { json } = await shop.admin('GET', '/v1/admin/exceptions?limit=100')
  return {
    parameters: { id: must((json.items as { id: string }[]).at(-1), 'the exception of an order beyond supply').id },
  }
}

/** A payment that its provider is still thinking about. */
async function slowPayment(shop: Shop, { name }: ApiOperation): Promise<Scene> {
  const { json: order } = await shop.store(202, 'POST', '/v1/store/orders', orderBody({ token: 'tok_slow' }))
  const id = order.paymentId as string
  const { json: payment } = await shop.admin('GET', `/v1/admin/payments/${id}`)
  if (!name.startsWith('PUT')) return { parameters: { id } }
  const { version, providerReference } = payment as { version: number; providerReference: string }
  return { parameters: { id }, headers: { 'if-match': `"${version}"` }, body: { providerReference } }
}

/** With a code; both are as they were made. */
async function promotion(shop: Shop): Promise<Scene> {
  const { parameters: { id = '' } = {} } = await madeObject(shop, shop.operation('POST /v1/admin/promotions'), {})
  const { json } = await shop.admin('POST', `/v1/admin/promotions/${id}/codes`, { codes: [unique('CODE')] })
  const [code] = json.items as { id: string }[]
  const { id: codeId } = must(code, 'the code')
  return { parameters: { id, codeId }, headers: { 'if-match': '"1"' } }
}

async function inbound(shop: Shop, name: string): Promise<Scene> {
  const made = await madeObject(shop, shop.operation('POST /v1/admin/inventory/inbound'), { optional: 0 })
  const lines = name.endsWith('receive') ? [{ sku: SKU, quantity: 1 }] : [{ sku: SKU, expected: 900 }]
  return { ...made, body: { lines } }
}

export const address = {
  name: 'Ada Buyer',
  line1: '1 Main Street',
  city: 'New York',
  region: 'NY',
  postalCode: '10001',
  country: 'US',
} as const

/** A shopper's order in one call. */
export function orderBody({
  token = 'tok_ok',
  quantity = 1,
  sku = SKU,
}: { readonly token?: string; readonly quantity?: number; readonly sku?: string } = {}) {
  return {
    lines: [{ sku, quantity }],
    email: 'buyer@example.com',
    shippingAddress: address,
    payment: { provider: 'sandbox', token },
  }
}

export async function trustedOrder(
  shop: Shop,
  wanted: TrustedWish = {},
): Promise<{ readonly id: string; readonly reference: string }> {
  const { json } = await shop.admin('POST', '/v1/admin/orders', trustedBody(wanted))
  return json as { id: string; reference: string }
}

interface TrustedWish {
  readonly quantity?: number
  readonly sku?: string
  /** Of a unit, in cents. */
  readonly amount?: number
}

export function trustedBody({ quantity = 1, sku = SKU, amount = 1_000 }: TrustedWish = {}) {
  return {
    channel: TRUSTED_CHANNEL,
    reference: unique('till'),
    currency: 'USD',
    taxIncluded: false,
    lines: [{ sku, quantity, unitPrice: { amount, currency: 'USD' } }],
    fulfillment: { method: 'ship' },
    payment: { state: 'paid' },
    shippingAddress: address,
  }
}
