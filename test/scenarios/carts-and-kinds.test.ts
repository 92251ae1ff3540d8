import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import { newYork, openShop, pay, type Shop } from './shop.ts'

/* From a cart to an order, for everything that can be in one. */

const berlin = { name: 'Grete', line1: 'Allee 1', city: 'Berlin', postalCode: '10115', country: 'DE' }
let shop: Shop

before(async () => {
  shop = await openShop()
})
after(() => shop.close())

test('what was withdrawn stays in sight, so that its buyer can take it out', async () => {
  const lines = ['NF-RIDGE2-MOS', 'KW-TARP-SLA'].map((sku) => ({ sku, quantity: 1 }))
  const { json: made } = await shop.asBuyer('POST', '/carts', { body: { lines } })
  const archive = async (status: string) => {
    const { json } = await shop.asMerchant('POST', '/products/batch', {
      products: [{ handle: 'featherlite-tarp', variants: [{ sku: 'KW-TARP-SLA', status }] }],
    })
    assert.equal(json.results[0].errors, undefined, JSON.stringify(json))
  }
  await archive('archived')
  const token = made.accessToken
  const read = await shop.asBuyer('GET', `/carts/${made.id}`, { token })
  assert.deepEqual(
    read.json.lines.map(({ sku, total }: { sku: string; total: unknown }) => [sku, total]),
    [
      ['NF-RIDGE2-MOS', null],
      ['KW-TARP-SLA', null],
    ],
  )
  const line = read.json.lines[1].id
  const left = await shop.asBuyer('DELETE', `/carts/${made.id}/lines/${line}`, { token })
  assert.equal(left.status, 200)
  assert.ok(left.json.totals.total.amount > 0)
  await archive('active')
})

test('a cart grows, gets an address, is quoted and becomes an order of exactly that total', async () => {
  const made = await shop.asBuyer('POST', '/carts', { body: { lines: [{ sku: 'NF-RIDGE2-MOS', quantity: 1 }] } })
  assert.equal(made.status, 201)
  const { id, accessToken: token } = made.json
  await shop.asBuyer('POST', `/carts/${id}/lines`, { token, body: { sku: 'KW-TARP-SLA', quantity: 2 } })
  const read = await shop.asBuyer('GET', `/carts/${id}`, { token })
  assert.equal(read.json.lines.length, 2)

  const stale = await shop.asBuyer('PATCH', `/carts/${id}`, { token, version: 1, body: { email: 'ada@example.com' } })
  assert.equal(stale.status, 412)
  const quoted = await shop.asBuyer('PATCH', `/carts/${id}`, {
    token,
    version: read.json.version,
    body: { email: 'ada@example.com', shippingAddress: newYork },
  })
  assert.equal(quoted.status, 200)
  assert.ok(quoted.json.totals.tax.amount > 0, 'New York taxes tents')
  assert.ok(quoted.json.deliveryOptions.some((option: { method: string }) => option.method === 'pickup'))
  const cheapest = quoted.json.deliveryOptions.find((option: { method: string }) => option.method === 'ship')
  assert.equal(quoted.json.totals.delivery.amount, cheapest.price.amount)

  const wrong = await shop.asBuyer('POST', `/carts/${id}/order`, {
    token,
    body: { total: { amount: 1, currency: 'USD' }, payment: pay('tok_ok') },
  })
  assert.equal(wrong.status, 409)
  assert.equal(wrong.json.code, 'total_changed')
  assert.deepEqual(wrong.json.current.total, quoted.json.totals.total)

  const placed = await shop.asBuyer('POST', `/carts/${id}/order`, {
    token,
    body: { total: quoted.json.totals.total, payment: pay('tok_ok') },
  })
  assert.equal(placed.status, 201)
  assert.deepEqual(placed.json.totals, quoted.json.totals)

  const again = await shop.asBuyer('POST', `/carts/${id}/order`, {
    token,
    body: { total: quoted.json.totals.total, payment: pay('tok_ok') },
  })
  assert.equal(again.status, 409)
  assert.equal(again.json.code, 'order_exists')
  assert.equal(again.json.orderId, placed.json.id)
  const frozen = await shop.asBuyer('PATCH', `/carts/${id}`, {
    token,
    version: quoted.json.version,
    body: { email: 'eve@example.com' },
  })
  assert.equal(frozen.status, 409)
  assert.equal(frozen.json.code, 'order_exists')

  // The order is cancelled: the cart is the buyer's again, and can be ordered again.
  const cancelled = await shop.asBuyer('POST', `/orders/${placed.json.id}/cancel`, {
    token: placed.json.accessToken,
    body: {},
  })
  assert.equal(cancelled.status, 200)
  const back = await shop.eventually(
    () => shop.asBuyer('GET', `/carts/${id}`, { token }),
    ({ json }) => json.status === 'active',
  )
  assert.equal(back.json.status, 'active')
  const second = await shop.asBuyer('POST', `/carts/${id}/order`, {
    token,
    body: { total: back.json.totals.total, payment: pay('tok_ok') },
  })
  assert.equal(second.status, 201, second.text)
})

test('in euros, prices contain the tax of the country they go to', async () => {
  const placed = await shop.buy({
    currency: 'EUR',
    lines: [{ sku: 'NF-RIDGE2-MOS', quantity: 1 }],
    email: 'grete@example.com',
    shippingAddress: berlin,
    payment: pay('tok_ok'),
  })
  assert.equal(placed.status, 201)
  const [line] = placed.json.lines
  assert.equal(line.total.amount, line.unitPrice.amount)
  assert.equal(line.tax.amount, Math.round((line.total.amount * 19) / 119))
})

test('a bundle takes its components from the shelf, its money is one line', async () => {
  const bundle = 'BD-WEEKEND'
  const placed = await shop.buy({
    lines: [{ sku: bundle, quantity: 1 }],
    email: 'ada@example.com',
    shippingAddress: newYork,
    payment: pay('tok_ok'),
  })
  assert.equal(placed.status, 201)
  assert.equal(placed.json.lines.length, 1)
  const order = await shop.asMerchant('GET', `/orders/${placed.json.id}`)
  assert.equal(order.json.lines[0].units.allocated, 1)
})

test('what is sold ahead of any goods is promised by its lead time, as it was told before', async () => {
  const sku = 'FJ-GLOVE-M'
  const { json: told } = await shop.asBuyer('GET', `/availability/${sku}?country=US&postalCode=10001`)
  assert.equal(told.backorder.leadDays, 21)
  const placed = await shop.buy({
    lines: [{ sku, quantity: told.dates.at(-1).quantity + 1 }],
    email: 'ada@example.com',
    shippingAddress: newYork,
    payment: pay('tok_ok'),
  })
  assert.equal(placed.status, 201, placed.text)
  const days = (Date.parse(placed.json.promise.latest) - Date.parse(placed.json.placedAt ?? told.asOf)) / 86_400_000
  assert.ok(days > 21 && days < 45, `promised in ${days} days`)
})

test('a gift card needs no address and no delivery', async () => {
  const variants = await shop.asMerchant('GET', '/variants?limit=100&sku=WB-GIFT')
  const card = variants.json.items?.find(({ kind }: { kind: string }) => kind === 'gift_card')?.sku ?? 'WB-GIFT-25'
  const placed = await shop.buy({
    lines: [{ sku: card, quantity: 1 }],
    email: 'ada@example.com',
    payment: pay('tok_ok'),
  })
  assert.equal(placed.status, 201, placed.text)
  assert.equal(placed.json.totals.delivery.amount, 0)
})

test('shipped without an address, to a country nobody ships to, or an unknown option: told before anything is taken', async () => {
  const tent = { lines: [{ sku: 'NF-RIDGE2-MOS', quantity: 1 }], payment: pay('tok_ok') }
  const cases = [
    [{ ...tent }, 'address_missing'],
    [
      { ...tent, shippingAddress: { ...newYork, country: 'JP', region: 'Tokyo', postalCode: '100-0001' } },
      'address_not_served',
    ],
    [{ ...tent, shippingAddress: newYork, deliveryOption: 'by-drone' }, 'delivery_option_unknown'],
    [{ ...tent, deliveryOption: 'pickup:wh-reno' }, 'delivery_option_unknown'],
    [{ ...tent, shippingAddress: { ...newYork, postalCode: 'ABC' } }, 'address_invalid'],
    [
      { ...tent, shippingAddress: newYork, payment: pay('tok_ok'), lines: [{ sku: 'NO-SUCH', quantity: 1 }] },
      'sku_unknown',
    ],
    [{ ...tent, shippingAddress: newYork, payment: { provider: 'nobody', token: 'tok_ok' } }, 'provider_unknown'],
    [{ ...tent, shippingAddress: newYork, lines: [{ sku: 'NF-RIDGE2-MOS', quantity: 100_000 }] }, 'out_of_stock'],
  ] as const
  for (const [order, code] of cases) {
    const answer = await shop.buy(order)
    assert.equal(answer.json.code, code, answer.text)
  }
})

test('a till sells more than the books hold: found, sold, and somebody is asked to count', async () => {
  const reference = `till-${randomUUID()}`
  const sale = {
    channel: 'store-pos',
    reference,
    currency: 'USD',
    taxIncluded: false,
    lines: [{ sku: 'KW-TARP-SLA', quantity: 500, unitPrice: { amount: 12_900, currency: 'USD' } }],
    fulfillment: { method: 'carried_out', location: 'store-chicago' },
    payment: { state: 'paid' },
  }
  const sold = await shop.asMerchant('POST', '/orders', sale)
  assert.equal(sold.status, 201, sold.text)
  assert.equal(sold.json.status, 'completed')
  const repeated = await shop.asMerchant('POST', '/orders', sale)
  assert.equal(repeated.status, 200)
  assert.equal(repeated.json.id, sold.json.id)
  const inAnotherOrder = Object.fromEntries(Object.entries(sale).toReversed())
  const reordered = await shop.asMerchant('POST', '/orders', inAnotherOrder)
  assert.deepEqual([reordered.status, reordered.json.id], [200, sold.json.id], 'an object is the same in any order')
  const other = await shop.asMerchant('POST', '/orders', { ...sale, lines: [{ ...sale.lines[0], quantity: 1 }] })
  assert.equal(other.status, 422)
  assert.equal(other.json.code, 'reference_reused')
  const queue = await shop.asMerchant('GET', '/exceptions?reason=count_wrong')
  assert.equal(queue.json.items.length, 1)
})

test('a till reports a sale from before the last count: the shelf was counted without it, nothing is taken twice', async () => {
  const sku = 'KW-TARP-OCH'
  const anHourAgo = new Date(Date.now() - 3_600_000).toISOString()
  const counted = await shop.api.send({
    method: 'PUT',
    path: '/v1/admin/inventory/counts',
    headers: { authorization: `Bearer ${shop.api.keys.secretKey}` },
    body: {
      asOf: new Date(Date.now() - 60_000).toISOString(),
      meaning: 'physical',
      entries: [{ sku, location: 'store-chicago', quantity: 7 }],
    },
  })
  assert.equal(counted.status, 200, counted.text)
  const free = await shop.free(sku)
  const sold = await shop.asMerchant('POST', '/orders', {
    channel: 'store-pos',
    reference: `till-${randomUUID()}`,
    placedAt: anHourAgo,
    currency: 'USD',
    taxIncluded: false,
    lines: [{ sku, quantity: 2, unitPrice: { amount: 12_900, currency: 'USD' } }],
    fulfillment: { method: 'carried_out', location: 'store-chicago' },
    payment: { state: 'paid' },
  })
  assert.equal(sold.status, 201, sold.text)
  assert.equal(await shop.free(sku), free)
})

test('a marketplace sells beyond stock: the order is taken, the missing units wait before a person', async () => {
  const free = await shop.free('NF-RIDGE4-MOS')
  const sold = await shop.asMerchant('POST', '/orders', {
    channel: 'marketplace',
    reference: `mp-${randomUUID()}`,
    currency: 'EUR',
    taxIncluded: true,
    lines: [{ sku: 'NF-RIDGE4-MOS', quantity: free + 1_000, unitPrice: { amount: 47_900, currency: 'EUR' } }],
    shippingAddress: berlin,
    fulfillment: { method: 'ship' },
    payment: { state: 'paid' },
  })
  assert.equal(sold.status, 201, sold.text)
  const order = await shop.asMerchant('GET', `/orders/${sold.json.id}`)
  const { pending, allocated } = order.json.lines[0].units
  assert.equal(pending + allocated, free + 1_000)
  assert.ok(pending > 0)
  const queue = await shop.asMerchant('GET', '/exceptions?reason=units_missing')
  assert.equal(queue.json.items.length, 1)
})

test('a marketplace that does not say where goods go is refused; a download goes nowhere', async () => {
  const order = {
    channel: 'marketplace',
    currency: 'EUR',
    taxIncluded: true,
    fulfillment: { method: 'ship' },
    payment: { state: 'paid' },
  }
  const unitPrice = { amount: 2_500, currency: 'EUR' }
  const nowhere = await shop.asMerchant('POST', '/orders', {
    ...order,
    reference: `mp-${randomUUID()}`,
    lines: [{ sku: 'NF-RIDGE4-MOS', quantity: 1, unitPrice }],
  })
  assert.deepEqual([nowhere.status, nowhere.json.code], [422, 'address_missing'], nowhere.text)
  const card = await shop.asMerchant('POST', '/orders', {
    ...order,
    reference: `mp-${randomUUID()}`,
    lines: [{ sku: 'WB-GIFT-25', quantity: 1, unitPrice }],
  })
  assert.equal(card.status, 201, card.text)
})

test('a buyer changes their mind: money and goods go back; twice is too late', async () => {
  const free = await shop.free('NF-RIDGE2-SAN')
  const placed = await shop.buy({
    lines: [{ sku: 'NF-RIDGE2-SAN', quantity: 2 }],
    email: 'ada@example.com',
    shippingAddress: newYork,
    payment: pay('tok_ok'),
  })
  const { id, accessToken: token } = placed.json
  const cancelled = await shop.asBuyer('POST', `/orders/${id}/cancel`, { token, body: {} })
  assert.equal(cancelled.status, 200)
  assert.equal(await shop.free('NF-RIDGE2-SAN'), free)
  const order = await shop.eventually(
    () => shop.asMerchant('GET', `/orders/${id}`),
    ({ json }) => json.payments[0].status === 'voided',
  )
  assert.equal(order.json.payments[0].status, 'voided')
  const again = await shop.asBuyer('POST', `/orders/${id}/cancel`, { token, body: {} })
  assert.equal(again.status, 409)
  assert.equal(again.json.code, 'already_ended')
})

test('the list of orders follows, and finds by number, SKU, customer and status', async () => {
  const placed = await shop.buy({
    lines: [{ sku: 'NF-RIDGE2-SAN', quantity: 1 }],
    email: 'unusual.name@example.com',
    shippingAddress: newYork,
    payment: pay('tok_ok'),
  })
  for (const filter of [
    `number=${placed.json.number}`,
    'customer=Unusual.Name%40example.com',
    'sku=NF-RIDGE2-SAN&status=open',
  ]) {
    const list = await shop.eventually(
      () => shop.asMerchant('GET', `/orders?${filter}`),
      ({ json }) => json.items?.some(({ id }: { id: string }) => id === placed.json.id),
    )
    assert.ok(
      list.json.items.some(({ id }: { id: string }) => id === placed.json.id),
      `${filter}: ${list.text}`,
    )
  }
})

test('afterwards every invariant holds', async () => {
  assert.deepEqual(await shop.violations(), [])
})
