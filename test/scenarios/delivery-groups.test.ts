import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Answer } from '../support/api-client.ts'
import { newYork, openShop, pay, type Shop } from './shop.ts'

/* Ship some, pick up the rest: one cart, one total, one order with a promise for each delivery group. */

const boston = { name: 'Mum', line1: '2 Beacon St', city: 'Boston', region: 'MA', postalCode: '02108', country: 'US' }
const TENT = 'NF-RIDGE2-MOS'
const TARP = 'KW-TARP-SLA'
let shop: Shop

before(async () => {
  shop = await openShop()
})
after(() => shop.close())

async function makeCart(body: object): Promise<{ id: string; token: string; cart: Answer['json'] }> {
  const made = await shop.asBuyer('POST', '/carts', { body })
  assert.equal(made.status, 201, JSON.stringify(made.json))
  return { id: made.json.id, token: made.json.accessToken, cart: made.json }
}

const amounts = (parts: readonly { readonly amount: number }[]) => parts.reduce((sum, { amount }) => sum + amount, 0)

test('a head that says nothing of groups hears nothing of them', async () => {
  const { cart } = await makeCart({ lines: [{ sku: TENT, quantity: 1 }], shippingAddress: newYork })
  assert.equal(cart.groups, undefined)
  assert.deepEqual(
    cart.lines.map((line: { group: number }) => line.group),
    [1],
  )
})

test('a tent is shipped, a tarp is picked up: each group has its options, its delivery, its tax and its promise', async () => {
  const { id, token, cart } = await makeCart({
    lines: [
      { sku: TENT, quantity: 1 },
      { sku: TARP, quantity: 1, group: 2 },
      { sku: TARP, quantity: 2 },
    ],
    email: 'ada@example.com',
    shippingAddress: newYork,
    groups: [{ number: 2, deliveryOption: 'pickup:store-chicago' }],
  })
  assert.deepEqual(
    cart.lines.map(({ sku, group, quantity }: Answer['json']) => [sku, group, quantity]),
    [
      [TENT, 1, 1],
      [TARP, 1, 2],
      [TARP, 2, 1],
    ],
  )
  assert.deepEqual(
    cart.groups.map(({ number, deliveryOption }: Answer['json']) => [number, deliveryOption]),
    [
      [1, null],
      [2, 'pickup:store-chicago'],
    ],
  )
  for (const group of cart.groups) assert.ok(group.deliveryOptions.length > 1, `options of group ${group.number}`)
  assert.equal(cart.totals.delivery.amount, amounts(cart.groups.map((group: Answer['json']) => group.delivery)))
  assert.equal(cart.totals.total.amount - cart.totals.delivery.amount - taxOfDelivery(cart), amounts(totalsOf(cart)))
  const [, atHome, atStore] = cart.lines
  assert.notEqual(atHome.tax.amount, 2 * atStore.tax.amount, 'New York and Illinois tax tarps differently')

  const placed = await shop.asBuyer('POST', `/carts/${id}/order`, {
    token,
    body: { total: cart.totals.total, payment: pay('tok_ok') },
  })
  assert.equal(placed.status, 201, JSON.stringify(placed.json))
  assert.deepEqual(placed.json.totals, cart.totals)
  assert.deepEqual(
    placed.json.groups.map(({ number, method, deliveryOption }: Answer['json']) => [number, method, deliveryOption]),
    [
      [1, 'ship', placed.json.groups[0].deliveryOption],
      [2, 'pickup', 'pickup:store-chicago'],
    ],
  )
  const windows = placed.json.groups.map((group: Answer['json']) => group.promise)
  const last = windows
    .map(({ latest }: Answer['json']) => latest)
    .toSorted()
    .at(-1)
  assert.equal(placed.json.promise.latest, last, 'all is there when the last group is')

  const read = await shop.asBuyer('GET', `/orders/${placed.json.id}`, { token: placed.json.accessToken })
  assert.deepEqual(read.json.groups, placed.json.groups)
  assert.deepEqual(read.json.promise, placed.json.promise)
  assert.deepEqual(
    read.json.charges.map(({ type, group, amount }: Answer['json']) => [type, group, amount.amount]),
    cart.groups.map((group: Answer['json']) => ['delivery', group.number, group.delivery.amount]),
  )
  const sourcing = await shop.asMerchant('GET', `/orders/${placed.json.id}/sourcing`)
  assert.deepEqual(
    sourcing.json.decisions.map(({ group, words: [wanted] }: Answer['json']) => [group, wanted]),
    [
      [1, `Wanted: 1 × ${TENT}, 2 × ${TARP}, shipped to US-10001.`],
      [2, `Wanted: 1 × ${TARP}, picked up at store-chicago.`],
    ],
  )
})

const totalsOf = (cart: Answer['json']) => cart.lines.map((line: Answer['json']) => line.total)
/** What is left of the cart's tax when the lines' is taken away. */
const taxOfDelivery = (cart: Answer['json']) =>
  cart.totals.tax.amount - amounts(cart.lines.map((line: Answer['json']) => line.tax))

test('a group goes to its own address, or back to the first one', async () => {
  const { id, token } = await makeCart({
    lines: [
      { sku: TENT, quantity: 1 },
      { sku: TARP, quantity: 1, group: 3 },
    ],
    email: 'ada@example.com',
    shippingAddress: newYork,
    groups: [{ number: 3, shippingAddress: boston }],
  })
  const read = await shop.asBuyer('GET', `/carts/${id}`, { token })
  const [first, third] = read.json.groups
  assert.deepEqual([read.json.shippingAddress.city, first.shippingAddress.city], ['New York', 'New York'])
  assert.deepEqual([third.shippingAddress.name, third.shippingAddress.city], ['Mum', 'Boston'])

  const edit = { token, version: read.json.version, body: { groups: [{ number: 3, deliveryOption: 'express' }] } }
  const chosen = await shop.asBuyer('PATCH', `/carts/${id}`, edit)
  assert.equal(chosen.status, 200, JSON.stringify(chosen.json))
  assert.deepEqual(
    [chosen.json.groups[1].deliveryOption, chosen.json.groups[1].shippingAddress.city],
    ['express', 'Boston'],
    'what is not named stays',
  )
  const placed = await shop.asBuyer('POST', `/carts/${id}/order`, {
    token,
    body: { total: chosen.json.totals.total, payment: pay('tok_ok') },
  })
  assert.equal(placed.status, 201, JSON.stringify(placed.json))
  assert.deepEqual(
    placed.json.groups.map((group: Answer['json']) => [group.number, group.shipTo.region, group.deliveryOption]),
    [
      [1, 'NY', placed.json.groups[0].deliveryOption],
      [3, 'MA', 'express'],
    ],
  )
})

test('one call orders for two places', async () => {
  const placed = await shop.asBuyer('POST', '/orders', {
    body: {
      lines: [
        { sku: TARP, quantity: 1 },
        { sku: TARP, quantity: 1, group: 2 },
      ],
      shippingAddress: newYork,
      groups: [{ number: 2, shippingAddress: boston }],
      payment: pay('tok_ok'),
    },
  })
  assert.equal(placed.status, 201, JSON.stringify(placed.json))
  assert.deepEqual(
    placed.json.groups.map((group: Answer['json']) => group.shipTo.postalCode),
    ['10001', '02108'],
  )
  assert.deepEqual(
    placed.json.lines.map((line: Answer['json']) => [line.sku, line.group]),
    [
      [TARP, 1],
      [TARP, 2],
    ],
  )
})

test('what a group cannot have is refused, and told of which group', async () => {
  const order = (body: object) => shop.asBuyer('POST', '/orders', { body: { payment: pay('tok_ok'), ...body } })
  const both = [
    { sku: TENT, quantity: 1 },
    { sku: TARP, quantity: 1, group: 2 },
  ]
  const rows = [
    [{ lines: both }, 'address_missing', 1],
    [
      { lines: both, shippingAddress: newYork, groups: [{ number: 2, deliveryOption: 'pickup:nowhere' }] },
      'delivery_option_unknown',
      2,
    ],
    [{ lines: both, shippingAddress: newYork, groups: [{ number: 2 }, { number: 2 }] }, 'group_repeated', 2],
  ] as const
  for (const [body, code, group] of rows) {
    const refused = await order(body)
    assert.deepEqual([refused.status, refused.json.code, refused.json.group], [422, code, group])
  }
  const outside = await order({ lines: [{ sku: TENT, quantity: 1, group: 11 }], shippingAddress: newYork })
  assert.deepEqual([outside.status, outside.json.code], [422, 'invalid_request'])
})

test('five hundred lines over ten groups are one cart and one order, in the time of a click; one more is refused', async (t) => {
  const products = await shop.asBuyer('GET', '/products?limit=100')
  const skus: string[] = products.json.items
    .flatMap((product: Answer['json']) => product.variants)
    .filter(({ availability }: Answer['json']) => availability.status === 'in_stock' && availability.quantity >= 60)
    .map(({ sku }: Answer['json']) => sku)
    .slice(0, 50)
  assert.equal(skus.length, 50, 'the demo merchant has as many with enough of each')
  const groups = Array.from({ length: 10 }, (_, index) => index + 1)
  const began = performance.now()
  const { id, token, cart } = await makeCart({
    lines: groups.flatMap((group) => skus.map((sku) => ({ sku, quantity: 1, group }))),
    shippingAddress: newYork,
    groups: [{ number: 2, shippingAddress: boston }],
  })
  const cartMs = performance.now() - began
  assert.deepEqual([cart.lines.length, cart.groups.length], [500, 10])
  const full = await shop.asBuyer('POST', `/carts/${id}/lines`, { token, body: { sku: TENT, quantity: 1, group: 2 } })
  if (!skus.includes(TENT)) assert.deepEqual([full.status, full.json.code], [422, 'too_many_lines'])
  const read = await shop.asBuyer('GET', `/carts/${id}`, { token })
  const orderBegan = performance.now()
  const placed = await shop.asBuyer('POST', `/carts/${id}/order`, {
    token,
    body: { total: read.json.totals.total, payment: pay('tok_ok') },
  })
  const orderMs = performance.now() - orderBegan
  assert.equal(placed.status, 201, JSON.stringify(placed.json))
  t.diagnostic(`cart ${cartMs.toFixed(0)} ms, order ${orderMs.toFixed(0)} ms`)
  assert.deepEqual(placed.json.totals, read.json.totals)
  assert.ok(cartMs < 3_000 && orderMs < 3_000, `cart ${cartMs} ms, order ${orderMs} ms`)
  assert.deepEqual(await shop.violations(), [])
})

test('two groups never share a unit: what the first takes is gone for the second', async () => {
  const free = await stockAt('store-chicago', 'KW-TARP-OCH')
  const pickUp = (group: number) => ({ number: group, deliveryOption: 'pickup:store-chicago' })
  const refused = await shop.asBuyer('POST', '/orders', {
    body: {
      lines: [
        { sku: 'KW-TARP-OCH', quantity: free - 1, group: 2 },
        { sku: 'KW-TARP-OCH', quantity: 2, group: 3 },
      ],
      groups: [pickUp(2), pickUp(3)],
      payment: pay('tok_ok'),
    },
  })
  assert.equal(refused.status, 409, JSON.stringify(refused.json))
  assert.deepEqual(refused.json.shortages, [{ sku: 'KW-TARP-OCH', group: 3, requested: 2, available: 1 }])
})

async function stockAt(location: string, sku: string): Promise<number> {
  const levels = await shop.asMerchant('GET', `/inventory/levels?sku=${sku}&location=${location}`)
  assert.equal(levels.status, 200, JSON.stringify(levels.json))
  const [level] = levels.json.items
  return level.available
}

test('each group is priced by where its goods go: a store’s price is for what is picked up there', async () => {
  const list = await shop.asMerchant('POST', '/price-lists', {
    code: 'brooklyn-usd',
    name: 'In Brooklyn',
    currency: 'USD',
    taxIncluded: false,
    location: 'store-brooklyn',
    priority: 10,
  })
  assert.equal(list.status, 201, list.text)
  const set = await shop.asMerchant('PUT', `/price-lists/${list.json.id}/prices`, {
    prices: [{ sku: TARP, price: { amount: 5_000, currency: 'USD' } }],
  })
  assert.equal(set.status, 200, set.text)
  const pickup = 'pickup:store-brooklyn'
  const unitPrices = async (lines: object[], first: string | null, second: string | null) => {
    const { cart } = await makeCart({
      lines,
      shippingAddress: newYork,
      deliveryOption: first,
      groups: [{ number: 2, deliveryOption: second }],
    })
    return cart.lines.map(({ sku, unitPrice }: Answer['json']) => [sku, unitPrice.amount])
  }
  const tarps = [
    { sku: TARP, quantity: 1 },
    { sku: TARP, quantity: 1, group: 2 },
  ]
  const [[, shipped], [, fetched]] = await unitPrices(tarps, null, pickup)
  assert.ok(shipped > 5_000)
  assert.equal(fetched, 5_000)
  assert.deepEqual(await unitPrices(tarps, pickup, null), [
    [TARP, 5_000],
    [TARP, shipped],
  ])
})

test('a cart says what keeps it from being ordered, group by group', async () => {
  const { id, token, cart } = await makeCart({ lines: [] })
  assert.deepEqual(cart.problems, [{ code: 'cart_empty' }])
  const put = async (version: number, body: object) => {
    const changed = await shop.asBuyer('PATCH', `/carts/${id}`, { token, version, body })
    assert.equal(changed.status, 200, changed.text)
    return changed.json
  }
  const lines = [
    { sku: TENT, quantity: 1 },
    { sku: TARP, quantity: 1, group: 2 },
  ]
  const wished = await put(cart.version, { lines, groups: [{ number: 2, deliveryOption: 'teleport' }] })
  assert.deepEqual(
    wished.problems.map(({ code, group }: Answer['json']) => [code, group]),
    [
      ['address_missing', 1],
      ['address_missing', 2],
    ],
  )
  const addressed = await put(wished.version, { shippingAddress: newYork })
  assert.deepEqual(addressed.problems, [{ code: 'delivery_option_unknown', deliveryOption: 'teleport', group: 2 }])
  const chosen = await put(addressed.version, { groups: [{ number: 2, deliveryOption: 'pickup:store-chicago' }] })
  assert.deepEqual(chosen.problems, [])

  const setStatus = async (status: string) => {
    const saved = await shop.asMerchant('POST', '/products/batch', {
      products: [{ handle: 'featherlite-tarp', variants: [{ sku: TARP, status }] }],
    })
    assert.equal(saved.json.results[0].errors, undefined, saved.text)
  }
  await setStatus('archived')
  const read = await shop.asBuyer('GET', `/carts/${id}`, { token })
  assert.deepEqual(read.json.problems, [{ code: 'sku_unknown', skus: [TARP] }])
  await setStatus('active')
})

test('a channel that was switched off sells nothing more; what was ordered can be read', async () => {
  const { id, token, cart } = await makeCart({ lines: [{ sku: TENT, quantity: 1 }], shippingAddress: newYork })
  const order = { lines: [{ sku: TENT, quantity: 1 }], shippingAddress: newYork, payment: pay('tok_ok') }
  const placed = await shop.buy(order)
  assert.equal(placed.status, 201, placed.text)
  const channels = await shop.asMerchant('GET', '/channels')
  const web = channels.json.items.find(({ code }: Answer['json']) => code === 'web')
  const off = await shop.asMerchant('PATCH', `/channels/${web.id}`, { active: false }, web.version)
  assert.equal(off.status, 200, off.text)
  const body = { total: cart.totals.total, payment: pay('tok_ok') }
  const isClosed = async () =>
    (await shop.asBuyer('POST', `/carts/${id}/order`, { token, body })).status === 404 &&
    (await shop.buy(order)).status === 404 &&
    (await shop.asBuyer('POST', '/carts', { body: {} })).status === 404
  assert.ok(await shop.eventually(isClosed, (closed) => closed))
  const read = await shop.asBuyer('GET', `/orders/${placed.json.id}`, { token: placed.json.accessToken })
  assert.equal(read.status, 200)
  await shop.asMerchant('PATCH', `/channels/${web.id}`, { active: true }, off.json.version)
})
