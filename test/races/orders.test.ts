import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { must } from '../../server/kernel/invariant.ts'
import { race } from '../support/barrier.ts'
import { assertBooks } from '../support/books.ts'
import { Cleanup } from '../support/cleanup.ts'
import { newKey, shippingAddress, storeOrder, type Answer } from '../support/head.ts'
import { seededRandom } from '../support/random-seed.ts'
import { openTestShop, TRUSTED_CHANNEL, type TestShop } from '../support/test-shop.ts'
import { startTwoNodes, type TwoNodes } from '../support/two-nodes.ts'
import { Windows } from '../support/windows.ts'

/*
 * Who wins when many want the same: the last units, one cart, one key, one reference. Every race runs on two nodes at
 * once, from a start line, and says how often it hit what it is about.
 */

const LOCATIONS = ['l1', 'l2', 'l3'] as const
const random = seededRandom()

const cleanup = new Cleanup()
let shop: TestShop
let nodes: TwoNodes
before(async () => {
  shop = cleanup.after(await openTestShop({ skus: 16, locations: LOCATIONS.length }), (opened) => opened.close())
  await shop.bundle('PACK', { 'SKU-4': 1, 'SKU-5': 2 })
  await shop.bundle('TRIO', { 'SKU-5': 1, 'SKU-6': 1, 'SKU-7': 1 })
  await shop.db.execute({
    name: 'test.digital',
    text: `update catalog.variant set kind = 'digital', stocked = false where sku = 'SKU-12'`,
  })
  nodes = cleanup.after(await startTwoNodes(shop), (started) => started.stop())
})

const booksAgree = (): Promise<void> => assertBooks({ databaseUrl: shop.databaseUrl, providerUrl: shop.provider.url })

interface Line {
  readonly sku: string
  readonly quantity: number
}

/** Buyers who come as fast as both nodes answer, from one start line. @returns each one's basket and answer */
async function sell(
  baskets: readonly (readonly Line[])[],
  clientCount: number,
): Promise<{ basket: readonly Line[]; answer: Answer }[]> {
  const waiting = baskets.values()
  const sold: { basket: readonly Line[]; answer: Answer }[] = []
  await race(nodes.clients(clientCount), async (head, start) => {
    await start()
    for (const basket of waiting) {
      sold.push({
        basket,
        answer: await head.ask({ path: '/v1/store/orders', key: newKey(), body: storeOrder(basket) }),
      })
    }
  })
  return sold
}

/** Units that nobody has claimed, by SKU. */
async function readFree(): Promise<Map<string, number>> {
  const rows = await shop.db.rows<{ sku: string; free: number }>({
    name: 'test.free',
    text: `select sku, sum(quantity - claimed)::int as free from inventory.supply
             join catalog.variant on variant.id = supply.variant_id group by sku`,
  })
  return new Map(rows.map(({ sku, free }) => [sku, free]))
}

async function countOrders(where: string, value: string): Promise<number> {
  const [row] = await shop.db.rows<{ count: number }>({
    name: `test.count_orders_${where.length}`,
    text: `select count(*)::int from orders.orders where ${where}`,
    values: [value],
  })
  return must(row, 'a count').count
}

test('one unit, sixty buyers: one gets it, the others hear that it is gone', async () => {
  await shop.stock({ 'SKU-1': { l2: 1 } })
  const windows = new Windows(['bought', 'refused by the first node', 'refused by the second node'])
  const answers = await race(nodes.clients(60), async (head, start) => {
    await start()
    return head.ask({ path: '/v1/store/orders', key: newKey(), body: storeOrder([{ sku: 'SKU-1', quantity: 1 }]) })
  })
  for (const [index, { status, body }] of answers.entries()) {
    if (status === 201) {
      windows.hit('bought')
      continue
    }
    const shortages = [{ sku: 'SKU-1', requested: 1, available: 0 }]
    assert.deepEqual([status, body.code, body.shortages], [409, 'out_of_stock', shortages])
    windows.hit(index % 2 === 0 ? 'refused by the first node' : 'refused by the second node')
  }
  assert.equal(windows.count('bought'), 1, windows.describe())
  windows.assertAllHit()
  await booksAgree()
})

test('a hundred units, a thousand buyers: exactly a hundred are sold', async (t) => {
  await shop.stock({ 'SKU-2': { l1: 34, l2: 33, l3: 33 } })
  const windows = new Windows(['bought', 'refused'])
  const sold = await sell(
    Array.from({ length: 1_000 }, () => [{ sku: 'SKU-2', quantity: 1 }]),
    128,
  )
  for (const { answer } of sold) {
    assert.ok(answer.status === 201 || answer.body.code === 'out_of_stock', JSON.stringify(answer))
    windows.hit(answer.status === 201 ? 'bought' : 'refused')
  }
  t.diagnostic(windows.describe())
  assert.equal(windows.count('bought'), 100)
  windows.assertAllHit()
  await booksAgree()
})

/** What a basket takes from the shelves; bundles are what they are made of. */
const componentsOf: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  PACK: { 'SKU-4': 1, 'SKU-5': 2 },
  TRIO: { 'SKU-5': 1, 'SKU-6': 1, 'SKU-7': 1 },
}

function demandOf(basket: readonly Line[]): Map<string, number> {
  const demand = new Map<string, number>()
  for (const { sku, quantity } of basket) {
    for (const [component, units] of Object.entries(componentsOf[sku] ?? { [sku]: 1 })) {
      demand.set(component, (demand.get(component) ?? 0) + units * quantity)
    }
  }
  return demand
}

test('baskets and bundles that share components: nothing is oversold, nobody is refused what was there', async (t) => {
  const skus = ['SKU-3', 'SKU-4', 'SKU-5', 'SKU-6', 'SKU-7']
  await shop.stock(
    Object.fromEntries(
      skus.map((sku) => [sku, Object.fromEntries(LOCATIONS.map((location) => [location, random.integer(15, 45)]))]),
    ),
  )
  const offered = [...skus, 'PACK', 'TRIO']
  const baskets = Array.from({ length: 400 }, () => {
    const first = random.pick(offered)
    const second = random.pick(offered.filter((sku) => sku !== first))
    return [first, second].map((sku) => ({ sku, quantity: random.integer(1, 3) }))
  })
  const before = await readFree()
  const sold = await sell(baskets, 80)
  const free = await readFree()
  const windows = new Windows(['bought', 'bought a bundle', 'refused', 'refused a bundle', 'short of one of two'])
  const taken = new Map<string, number>()
  for (const { basket, answer } of sold) {
    const hasBundle = basket.some(({ sku }) => sku in componentsOf)
    const demand = [...demandOf(basket)]
    if (answer.status === 201) {
      windows.hit(hasBundle ? 'bought a bundle' : 'bought')
      for (const [sku, units] of demand) taken.set(sku, (taken.get(sku) ?? 0) + units)
      continue
    }
    assert.equal(answer.body.code, 'out_of_stock', JSON.stringify(answer))
    windows.hit(hasBundle ? 'refused a bundle' : 'refused')
    const missing = demand.filter(([sku, units]) => units > (free.get(sku) ?? 0))
    assert.notEqual(
      missing.length,
      0,
      `${JSON.stringify(basket)} was refused and could be filled from ${JSON.stringify([...free])}`,
    )
    if (missing.length < demand.length) windows.hit('short of one of two')
  }
  t.diagnostic(windows.describe())
  for (const sku of skus) assert.equal(free.get(sku), (before.get(sku) ?? 0) - (taken.get(sku) ?? 0), `units of ${sku}`)
  windows.assertAllHit()
  await booksAgree()
})

test('sixty try to order one cart: one order, and the others are told which', async () => {
  await shop.stock({ 'SKU-8': { l1: 500 } })
  const windows = new Windows(['ordered', 'told by the node that ordered', 'told by the other node'])
  for (let round = 0; round < 3; round++) {
    const [head] = nodes.clients(1)
    const cart = await must(head, 'a node').ask({
      path: '/v1/store/carts',
      key: newKey(),
      body: { lines: [{ sku: 'SKU-8', quantity: 2 }], email: 'ada@example.com', shippingAddress: shippingAddress() },
    })
    assert.equal(cart.status, 201, JSON.stringify(cart))
    const { id, accessToken: token, totals } = cart.body
    const answers = await race(nodes.clients(60), async (client, start) => {
      await start()
      return client.ask({
        path: `/v1/store/carts/${id}/order`,
        key: newKey(),
        token,
        body: { total: totals.total, payment: { provider: 'sandbox', token: 'tok_ok' } },
      })
    })
    const winner = answers.findIndex(({ status }) => status === 201)
    const order = must(answers[winner], `an order among ${JSON.stringify(answers.slice(0, 3))}`).body
    for (const [index, { status, body }] of answers.entries()) {
      if (index === winner) {
        windows.hit('ordered')
        continue
      }
      assert.deepEqual([status, body.code, body.orderId], [409, 'order_exists', order.id])
      windows.hit(index % 2 === winner % 2 ? 'told by the node that ordered' : 'told by the other node')
    }
  }
  assert.equal(windows.count('ordered'), 3)
  windows.assertAllHit()
  await booksAgree()
})

test('one request sent sixty times at once under its key: one order, one answer', async (t) => {
  await shop.stock({ 'SKU-9': { l1: 500 } })
  const windows = new Windows(['answered', 'in progress', 'repeated later'])
  for (let round = 0; round < 4; round++) {
    const request = {
      path: '/v1/store/orders',
      key: newKey(),
      body: storeOrder([{ sku: 'SKU-9', quantity: round + 1 }], { token: round % 2 === 0 ? 'tok_ok' : 'tok_slow' }),
    }
    const answers = await race(nodes.clients(60), async (head, start) => {
      await start()
      return head.ask(request)
    })
    const answered = answers.filter(({ status }) => status === 201 || status === 202)
    const first = must(answered[0], `an answer among ${JSON.stringify(answers.slice(0, 3))}`)
    for (const { status, body } of answers) {
      if (status === 409) {
        assert.equal(body.code, 'request_in_progress')
        windows.hit('in progress')
      } else {
        assert.deepEqual({ status, body }, first)
        windows.hit('answered')
      }
    }
    for (const head of nodes.heads) {
      assert.deepEqual(await head.ask(request), first)
      windows.hit('repeated later')
    }
    const other = await must(nodes.heads[0], 'a node').ask({
      ...request,
      body: storeOrder([{ sku: 'SKU-9', quantity: 9 }]),
    })
    assert.deepEqual([other.status, other.body.code], [422, 'idempotency_key_reused'])
  }
  t.diagnostic(windows.describe())
  assert.equal(await countOrders('id in (select order_id from orders.order_line where sku = $1)', 'SKU-9'), 4)
  windows.assertAllHit()
  await booksAgree()
})

function trustedOrder(reference: string, quantity: number, sku = 'SKU-10') {
  return {
    channel: TRUSTED_CHANNEL,
    reference,
    currency: 'USD',
    taxIncluded: false,
    lines: [{ sku, quantity, unitPrice: { amount: 1_000, currency: 'USD' } }],
    shippingAddress: shippingAddress(),
    fulfillment: { method: 'ship' },
    payment: { state: 'paid' },
  }
}

test('a marketplace sends one order forty times at once: it is taken over once', async (t) => {
  const windows = new Windows(['taken over', 'known already', 'another order under its name'])
  for (let round = 0; round < 4; round++) {
    const reference = `m-${round}`
    // Beyond supply on purpose: what has been sold is taken over, and what is missing waits before a person.
    const answers = await race(nodes.clients(40), async (head, start, index) => {
      await start()
      const quantity = index % 10 === 9 ? 2 : 1
      return head.ask({ path: '/v1/admin/orders', apiKey: shop.secretKey, body: trustedOrder(reference, quantity) })
    })
    const order = must(
      answers.find(({ status }) => status === 201),
      `an order among ${JSON.stringify(answers.slice(0, 3))}`,
    ).body
    for (const { status, body } of answers) {
      if (status === 201) windows.hit('taken over')
      if (status === 200) windows.hit('known already')
      if (status === 422) windows.hit('another order under its name')
      const told = status === 422 ? [body.code, body.orderId] : [body.reference, body.id]
      assert.deepEqual(
        told,
        [status === 422 ? 'reference_reused' : reference, order.id],
        JSON.stringify({ status, body }),
      )
    }
    assert.equal(await countOrders('reference = $1', reference), 1)
  }
  t.diagnostic(windows.describe())
  assert.equal(windows.count('taken over'), 4)
  windows.assertAllHit()
  await booksAgree()
})

// oxfmt-ignore
const sameNames = [
  // what is sent under one reference         its SKUs
  ['one order of digital goods',              ['SKU-12']],
  ['orders of goods that nobody else wants',  ['SKU-10', 'SKU-11', 'SKU-12', 'SKU-13', 'SKU-14', 'SKU-15', 'SKU-16']],
] as const
for (const [what, skus] of sameNames) {
  // Without a SKU in common no gate keeps them apart: only the reference does.
  for (const nodeCount of [1, 2]) {
    test(`${what}, sent forty times at once to ${nodeCount} of two nodes: one is taken over`, async (t) => {
      const windows = new Windows(['taken over', 'known already', ...(skus.length > 1 ? ['another order'] : [])])
      for (let round = 0; round < 6; round++) {
        const reference = `n-${skus.length}-${nodeCount}-${round}`
        const clients =
          nodeCount === 2 ? nodes.clients(40) : nodes.clients(80).filter((head) => head === nodes.heads[0])
        const answers = await race(clients, async (head, start, index) => {
          const sku = must(skus[index % skus.length], 'a SKU')
          await start()
          const body = trustedOrder(reference, 1, sku)
          return { sku, ...(await head.ask({ path: '/v1/admin/orders', apiKey: shop.secretKey, body })) }
        })
        const first = must(
          answers.find(({ status }) => status === 201),
          `an order among ${JSON.stringify(answers.slice(0, 3))}`,
        )
        for (const { sku, status, body } of answers.filter((answer) => answer !== first)) {
          const told = [status, body.code ?? body.reference, body.orderId ?? body.id]
          const isSame = sku === first.sku
          const expected = isSame ? [200, reference, first.body.id] : [422, 'reference_reused', first.body.id]
          assert.deepEqual(told, expected, JSON.stringify(body))
          windows.hit(isSame ? 'known already' : 'another order')
        }
        windows.hit('taken over')
        assert.equal(await countOrders('reference = $1', reference), 1)
      }
      t.diagnostic(windows.describe())
      windows.assertAllHit()
      await booksAgree()
    })
  }
}

test('a marketplace repeats an order within a batch and in two batches at once', async () => {
  const batches = [
    ['b-1', 'b-2', 'b-1', 'b-3'],
    ['b-3', 'b-4', 'b-2', 'b-1'],
  ]
  const answers = await race(
    batches.flatMap((batch) => nodes.heads.map((head) => ({ batch, head }))),
    async ({ batch, head }, start) => {
      await start()
      return head.ask({
        path: '/v1/admin/orders/batch',
        apiKey: shop.secretKey,
        body: { orders: batch.map((reference) => trustedOrder(reference, 1)) },
      })
    },
  )
  const results = answers.flatMap(({ status, body }) => {
    assert.equal(status, 200, JSON.stringify(body))
    return body.results as { readonly status: string; readonly id: string }[]
  })
  assert.deepEqual(
    Object.entries(Object.groupBy(results, (result) => result.status))
      .map(([status, each]) => [status, each?.length])
      .toSorted(),
    [
      ['placed', 4],
      ['placed_before', 12],
    ],
  )
  assert.equal(new Set(results.map(({ id }) => id)).size, 4)
  await booksAgree()
})

test('a revoked key is refused at once by its node and within a second by the other', async (t) => {
  await shop.stock({ 'SKU-11': { l1: 5_000 } })
  const [first, second] = nodes.heads
  const windows = new Windows(['sold before', 'refused by its node', 'refused by the other node'])
  const channelId = must(await shop.rooms.merchant.currentBook(), 'the book').channelByCode.get('web')?.id
  const { id, key: apiKey } = await shop.createKey({
    kind: 'publishable',
    name: 'to be revoked',
    channelId: must(channelId, 'a channel'),
  })
  let revokedAtMs = Infinity
  let lastSaleMs = 0
  const isOver = (): boolean => performance.now() > revokedAtMs + 1_500
  const buyers = race(nodes.clients(40), async (head, start) => {
    await start()
    while (!isOver()) {
      const sentAtMs = performance.now()
      const { status, body } = await head.ask({
        path: '/v1/store/orders',
        key: newKey(),
        apiKey,
        body: storeOrder([{ sku: 'SKU-11', quantity: 1 }]),
      })
      if (status === 201) {
        assert.ok(head !== first || sentAtMs < revokedAtMs, 'sold through a node that had answered the revocation')
        lastSaleMs = Math.max(lastSaleMs, sentAtMs)
        windows.hit('sold before')
        continue
      }
      assert.deepEqual([status, body.code], [401, 'unauthenticated'])
      windows.hit(head === first ? 'refused by its node' : 'refused by the other node')
      // Refused once is refused for good: no point in asking on.
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  })
  while (windows.count('sold before') < 80) await new Promise((resolve) => setTimeout(resolve, 5))
  const revoked = await must(first, 'a node').ask({
    method: 'DELETE',
    path: `/v1/admin/api-keys/${id}`,
    apiKey: shop.secretKey,
  })
  revokedAtMs = performance.now()
  assert.ok(revoked.status < 300, JSON.stringify(revoked))
  await buyers
  t.diagnostic(
    `${windows.describe()}; the other node sold for ${Math.round(Math.max(0, lastSaleMs - revokedAtMs))} ms more`,
  )
  assert.ok(lastSaleMs - revokedAtMs < 1_000, `sold ${lastSaleMs - revokedAtMs} ms after the revocation`)
  assert.equal(
    (
      await must(second, 'a node').ask({
        path: '/v1/store/orders',
        key: newKey(),
        apiKey,
        body: storeOrder([{ sku: 'SKU-11', quantity: 1 }]),
      })
    ).status,
    401,
  )
  windows.assertAllHit()
  await booksAgree()
})
