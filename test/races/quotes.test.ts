import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { expireQuotes } from '../../server/modules/checkout/index.ts'
import { race } from '../support/barrier.ts'
import { assertBooks } from '../support/books.ts'
import { Cleanup } from '../support/cleanup.ts'
import { newKey, shippingAddress, storeOrder, type Answer, type Head } from '../support/head.ts'
import { openTestShop, type TestShop } from '../support/test-shop.ts'
import { startTwoNodes, type TwoNodes } from '../support/two-nodes.ts'
import { Windows } from '../support/windows.ts'

/* Carts that hold goods against orders that want them, on two nodes, from one start line. */

const cleanup = new Cleanup()
let shop: TestShop
let nodes: TwoNodes
before(async () => {
  shop = cleanup.after(await openTestShop({ skus: 6, locations: 2 }), (opened) => opened.close())
  await shop.db.execute({
    name: 'test.claims_at_checkout',
    text: `update merchant.channel set claims_at = 'checkout', quote_ttl_s = 60`,
  })
  nodes = cleanup.after(await startTwoNodes(shop), (started) => started.stop())
})

const booksAgree = (): Promise<void> => assertBooks({ databaseUrl: shop.databaseUrl, providerUrl: shop.provider.url })

interface MadeCart {
  readonly id: string
  readonly token: string
  readonly total: object
}

async function makeCart(head: Head, sku: string): Promise<MadeCart> {
  const { status, body } = await head.ask({
    path: '/v1/store/carts',
    key: newKey(),
    body: { lines: [{ sku, quantity: 1 }], shippingAddress: shippingAddress() },
  })
  assert.equal(status, 201, JSON.stringify(body))
  return { id: body.id, token: body.accessToken, total: body.totals.total }
}

const quote = (head: Head, { id, token }: MadeCart): Promise<Answer> =>
  head.ask({ path: `/v1/store/carts/${id}/quote`, token })
const orderCart = (head: Head, { id, token, total }: MadeCart): Promise<Answer> =>
  head.ask({
    path: `/v1/store/carts/${id}/order`,
    key: newKey(),
    token,
    body: { total, payment: { provider: 'sandbox', token: 'tok_ok' } },
  })
const buy = (head: Head, sku: string): Promise<Answer> =>
  head.ask({ path: '/v1/store/orders', key: newKey(), body: storeOrder([{ sku, quantity: 1 }]) })

async function claimedUnits(sku: string): Promise<number> {
  const [row] = await shop.db.rows<{ claimed: number }>({
    name: 'test.claimed',
    text: `select coalesce(sum(claimed), 0)::int as claimed from inventory.supply
             join catalog.variant on variant.id = variant_id where sku = $1`,
    values: [sku],
  })
  return row?.claimed ?? 0
}

test('the last three units between sixty carts and sixty orders: three have them, cart or order', async (t) => {
  const clients = nodes.clients(120)
  await shop.stock({ 'SKU-1': { l1: 1, l2: 2 } })
  const made = await Promise.all(clients.filter((_, index) => index % 2 === 0).map((head) => makeCart(head, 'SKU-1')))
  const carts = clients.map((_, index) => (index % 2 === 0 ? (made[index / 2] ?? null) : null))
  const windows = new Windows(['held', 'bought', 'refused'])
  const answers = await race(clients, async (head, start, index) => {
    const cart = carts[index] ?? null
    await start()
    return cart === null ? buy(head, 'SKU-1') : quote(head, cart)
  })
  const holders: number[] = []
  for (const [index, { status, body }] of answers.entries()) {
    if (status === 200) holders.push(index)
    else assert.ok(status === 201 || body.code === 'out_of_stock', JSON.stringify(body))
    windows.hit(status === 200 ? 'held' : status === 201 ? 'bought' : 'refused')
  }
  t.diagnostic(windows.describe())
  assert.equal(windows.count('held') + windows.count('bought'), 3)
  assert.equal(await claimedUnits('SKU-1'), 3)

  // Who holds a unit gets it, whoever else asks at the same time.
  const ordered = await race(clients, async (head, start, index) => {
    const cart = carts[index] ?? null
    await start()
    return cart !== null && holders.includes(index) ? orderCart(head, cart) : buy(head, 'SKU-1')
  })
  for (const [index, { status, body }] of ordered.entries()) {
    assert.equal(status, holders.includes(index) ? 201 : 409, JSON.stringify(body))
  }
  assert.equal(await claimedUnits('SKU-1'), 3)
  await booksAgree()
})

test('quotes that have expired: ordered, swept and snatched at once, every unit ends with one of them', async (t) => {
  const UNITS = 48
  await shop.stock({ 'SKU-2': { l1: UNITS / 2, l2: UNITS / 2 } })
  const clients = nodes.clients(2 * UNITS)
  const carts = await Promise.all(clients.slice(0, UNITS).map((head) => makeCart(head, 'SKU-2')))
  for (const [index, cart] of carts.entries()) {
    const held = await quote(clients[index] as Head, cart)
    assert.deepEqual([held.status, held.body.quote?.holdsGoods], [200, true], JSON.stringify(held.body))
  }
  assert.equal(await claimedUnits('SKU-2'), UNITS)
  await shop.db.execute({
    name: 'test.later',
    text: `update platform.clock set anchor_business = anchor_business + interval '2 minutes'`,
  })
  const windows = new Windows(['converted or bought again by its cart', 'snatched', 'too late'])
  let sweeping = true
  const swept = (async () => {
    let count = 0
    while (sweeping) count += await expireQuotes(shop.db)
    return count
  })()
  const answers = await race(clients, async (head, start, index) => {
    const cart = carts[index]
    await start()
    return cart === undefined ? buy(head, 'SKU-2') : orderCart(head, cart)
  })
  sweeping = false
  t.diagnostic(`swept ${await swept}`)
  for (const [index, { status, body }] of answers.entries()) {
    assert.ok(status === 201 || body.code === 'out_of_stock', JSON.stringify(body))
    const isCart = index < UNITS
    windows.hit(status !== 201 ? 'too late' : isCart ? 'converted or bought again by its cart' : 'snatched')
  }
  t.diagnostic(windows.describe())
  while ((await expireQuotes(shop.db)) > 0);
  const sold = answers.filter(({ status }) => status === 201).length
  assert.equal(await claimedUnits('SKU-2'), sold)
  assert.equal(sold, UNITS, 'nobody was refused what somebody else gave up in vain')
  await booksAgree()
})

test('one cart, forty requests to quote, edit and order it: one order at most, and no unit is held twice', async () => {
  await shop.stock({ 'SKU-3': { l1: 100 } })
  const clients = nodes.clients(40)
  const cart = await makeCart(clients[0] as Head, 'SKU-3')
  const answers = await race(clients, async (head, start, index) => {
    await start()
    if (index % 4 === 0) return orderCart(head, cart)
    if (index % 4 === 1) {
      const { id, token } = cart
      return head.ask({
        path: `/v1/store/carts/${id}/lines`,
        key: newKey(),
        token,
        body: { sku: 'SKU-3', quantity: 1 },
      })
    }
    return quote(head, cart)
  })
  for (const { status, body } of answers) {
    const isAnswered = status < 300 || ['cart_changed', 'order_exists', 'total_changed'].includes(body.code)
    assert.ok(isAnswered, JSON.stringify(body))
  }
  assert.ok(answers.filter(({ status }) => status === 201).length <= 1)
  await booksAgree()
})
