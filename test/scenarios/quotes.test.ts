import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Answer } from '../support/api-client.ts'
import { query } from '../support/server.ts'
import { newYork, openShop, pay, type Shop } from './shop.ts'

/* A quote holds: its price, its promise and, where the channel says so, its goods; until it expires or the cart changes. */

const TARP = 'KW-TARP-OCH'
const TENT = 'NF-RIDGE2-MOS'
let shop: Shop

before(async () => {
  shop = await openShop()
})
after(() => shop.close())

interface Quoted {
  readonly id: string
  readonly token: string
  readonly cart: Answer['json']
}

async function quoteCart(body: object): Promise<Quoted> {
  const made = await shop.asBuyer('POST', '/carts', { body: { shippingAddress: newYork, ...body } })
  assert.equal(made.status, 201, JSON.stringify(made.json))
  const { id, accessToken: token } = made.json
  const quoted = await shop.asBuyer('POST', `/carts/${id}/quote`, { token })
  assert.equal(quoted.status, 200, JSON.stringify(quoted.json))
  return { id, token, cart: quoted.json }
}

const order = ({ id, token }: Quoted, total: object) =>
  shop.asBuyer('POST', `/carts/${id}/order`, { token, body: { total, payment: pay('tok_ok') } })

async function setPrice(sku: string, amount: number): Promise<void> {
  const lists = await shop.asMerchant('GET', '/price-lists')
  const usd = lists.json.items.find((list: Answer['json']) => list.currency === 'USD')
  const set = await shop.asMerchant('PUT', `/price-lists/${usd.id}/prices`, {
    prices: [{ sku, price: { amount, currency: 'USD' } }],
  })
  assert.equal(set.status, 200, JSON.stringify(set.json))
  assert.equal(set.json.results[0].errors?.length ?? 0, 0, JSON.stringify(set.json))
}

async function claimAtCheckout(): Promise<void> {
  const channels = await shop.asMerchant('GET', '/channels')
  for (const { id, version, trusted } of channels.json.items) {
    if (trusted) continue
    const set = await shop.asMerchant('PATCH', `/channels/${id}`, { claimsAt: 'checkout' }, version)
    assert.equal(set.status, 200, JSON.stringify(set.json))
  }
}

test('prices that change after the quote do not change the cart, nor the order', async () => {
  const quoted = await quoteCart({ lines: [{ sku: TARP, quantity: 1 }] })
  const { total, expiresAt, holdsGoods } = quoted.cart.quote
  assert.deepEqual([total, holdsGoods], [quoted.cart.totals.total, false])
  await setPrice(TARP, 19_900)
  const unquoted = await shop.asBuyer('POST', '/carts', {
    body: { lines: [{ sku: TARP, quantity: 1 }], shippingAddress: newYork },
  })
  assert.ok(unquoted.json.totals.total.amount > total.amount, 'who has no quote pays the new price')
  const read = await shop.asBuyer('GET', `/carts/${quoted.id}`, { token: quoted.token })
  assert.deepEqual([read.json.totals, read.json.quote.expiresAt], [quoted.cart.totals, expiresAt])
  const again = await shop.asBuyer('POST', `/carts/${quoted.id}/quote`, { token: quoted.token })
  assert.deepEqual(again.json.quote, quoted.cart.quote, 'asked for again it is the same quote')

  const placed = await order(quoted, total)
  assert.equal(placed.status, 201, JSON.stringify(placed.json))
  assert.deepEqual([placed.json.totals, placed.json.promise.latest], [quoted.cart.totals, quoted.cart.quote.latest])
})

test('an expired quote, and one of another version of the cart, bind nobody', async () => {
  await setPrice(TARP, 15_000)
  const late = await quoteCart({ lines: [{ sku: TARP, quantity: 1 }] })
  const edited = await quoteCart({ lines: [{ sku: TARP, quantity: 1 }] })
  await setPrice(TARP, 16_000)
  const email = { token: edited.token, version: edited.cart.version, body: { email: 'ada@example.com' } }
  const changed = await shop.asBuyer('PATCH', `/carts/${edited.id}`, email)
  assert.equal(changed.json.quote, null)
  const refused = await order(edited, edited.cart.quote.total)
  assert.deepEqual([refused.status, refused.json.code], [409, 'total_changed'])
  assert.deepEqual(refused.json.current.total, changed.json.totals.total)

  await shop.later(16)
  const overdue = await order(late, late.cart.quote.total)
  assert.deepEqual([overdue.status, overdue.json.code], [409, 'total_changed'])
  const placed = await order(late, overdue.json.current.total)
  assert.equal(placed.status, 201, JSON.stringify(placed.json))
})

test('a channel that claims at checkout keeps the goods for the cart, and gives them back at change and expiry', async () => {
  await claimAtCheckout()
  const free = await shop.free(TENT)
  const body = { lines: [{ sku: TENT, quantity: 2 }] }
  const first = await quoteCart(body)
  assert.deepEqual([first.cart.quote.holdsGoods, await shop.free(TENT)], [true, free - 2])
  await shop.asBuyer('POST', `/carts/${first.id}/lines`, { token: first.token, body: { sku: TENT, quantity: 1 } })
  assert.equal(await shop.free(TENT), free, 'an edit gives them back')

  const second = await quoteCart(body)
  const claims = await claimsOf(TENT)
  const placed = await order(second, second.cart.quote.total)
  assert.equal(placed.status, 201, JSON.stringify(placed.json))
  assert.equal(await shop.free(TENT), free - 2, 'the order takes over what was claimed')
  assert.deepEqual(await claimsOf(TENT), claims, 'by the same rows')

  await quoteCart(body)
  assert.equal(await shop.free(TENT), free - 4)
  await shop.later(16)
  const after = await shop.eventually(
    () => shop.free(TENT),
    (units) => units === free - 2,
  )
  assert.equal(after, free - 2, 'expiry gives them back')
  assert.deepEqual(await shop.violations(), [])
})

test('what a bundle and two groups need is held and converted piece by piece', async () => {
  const quoted = await quoteCart({
    lines: [
      { sku: TENT, quantity: 1 },
      { sku: TENT, quantity: 1, group: 2 },
      { sku: TARP, quantity: 1, group: 2 },
    ],
    groups: [{ number: 2, deliveryOption: 'pickup:store-brooklyn' }],
  })
  const placed = await order(quoted, quoted.cart.quote.total)
  assert.equal(placed.status, 201, JSON.stringify(placed.json))
  assert.deepEqual(
    placed.json.groups.map(({ method }: Answer['json']) => method),
    ['ship', 'pickup'],
  )
  assert.deepEqual(await shop.violations(), [])
})

test('a count that takes held goods away makes the order find others, or none', async () => {
  const free = await shop.free(TENT)
  const quoted = await quoteCart({ lines: [{ sku: TENT, quantity: 2 }] })
  const [held] = await query<{ id: string; code: string; sku: string }>(
    shop.api.databaseUrl,
    `select claim.id, location.code from inventory.claim
       join inventory.supply on supply.id = supply_id join inventory.location on location.id = location_id
      where demand_kind = 'cart_line' and live`,
    [],
  )
  assert.ok(held)
  const counted = await shop.asMerchant('PUT', '/inventory/counts', {
    asOf: new Date().toISOString(),
    meaning: 'physical',
    entries: [{ sku: TENT, location: held.code, quantity: 0 }],
  })
  assert.equal(counted.status, 200, JSON.stringify(counted.json))
  const outcome = await order(quoted, quoted.cart.quote.total)
  assert.ok(
    outcome.status === 201 || outcome.json.code === 'promise_changed' || outcome.json.code === 'out_of_stock',
    JSON.stringify([outcome.json, free]),
  )
  assert.deepEqual(
    (await shop.violations()).filter((name) => name !== 'cart-claims-end-with-their-reservation'),
    [],
  )
})

test('a cart is quoted so many times and no more', async () => {
  const { id, token } = await quoteCart({ lines: [{ sku: TARP, quantity: 1 }] })
  await query(shop.api.databaseUrl, `update carts.cart set quotes_made = 20 where status = 'active'`, [])
  await shop.asBuyer('POST', `/carts/${id}/lines`, { token, body: { sku: TARP, quantity: 1 } })
  const refused = await shop.asBuyer('POST', `/carts/${id}/quote`, { token })
  assert.deepEqual([refused.status, refused.json.code, refused.json.quotesMax], [409, 'too_many_quotes', 20])
})

async function claimsOf(sku: string): Promise<string[]> {
  const rows = await query<{ id: string }>(
    shop.api.databaseUrl,
    `select claim.id from inventory.claim join inventory.supply on supply.id = supply_id
       join catalog.variant on variant.id = variant_id where sku = $1 and live order by claim.id`,
    [sku],
  )
  return rows.map(({ id }) => id)
}
