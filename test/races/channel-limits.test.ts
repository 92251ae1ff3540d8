import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { must } from '../../server/kernel/invariant.ts'
import { race } from '../support/barrier.ts'
import { assertBooks } from '../support/books.ts'
import { Cleanup } from '../support/cleanup.ts'
import { newKey, storeOrder, type Answer } from '../support/head.ts'
import { openTestShop, type TestShop } from '../support/test-shop.ts'
import { startTwoNodes, type TwoNodes } from '../support/two-nodes.ts'
import { Windows } from '../support/windows.ts'

/*
 * A channel that sells a SKU under limits, and many buyers who want it at once, on two nodes: it sells exactly what the
 * cap allows, exactly what the buffer leaves, wherever the units lie and however the orders come together.
 */

const cleanup = new Cleanup()
let shop: TestShop
let nodes: TwoNodes
before(async () => {
  shop = cleanup.after(await openTestShop({ skus: 4, locations: 3 }), (opened) => opened.close())
  await shop.bundle('PAIR', { 'SKU-4': 2 })
  nodes = cleanup.after(await startTwoNodes(shop), (started) => started.stop())
})

const booksAgree = (): Promise<void> => assertBooks({ databaseUrl: shop.databaseUrl, providerUrl: shop.provider.url })

async function limit(sku: string, { buffer = 0, cap = null }: { buffer?: number; cap?: number | null }): Promise<void> {
  const entries = [{ sku, channel: 'web', buffer, cap }]
  assert.deepEqual(await shop.rooms.inventory.setChannelLimits({ actor: 'test', entries }), { kind: 'set' })
}

/** Eighty buyers of one basket each, from one start line. */
async function sell(basket: (buyer: number) => readonly { readonly sku: string; readonly quantity: number }[]) {
  const windows = new Windows(['bought', 'refused'])
  const answers = await race(nodes.clients(80), async (head, start) => {
    await start()
    return head
  })
  const bought: { answer: Answer; units: number }[] = []
  await Promise.all(
    answers.map(async (head, buyer) => {
      const lines = basket(buyer)
      const answer = await head.ask({ path: '/v1/store/orders', key: newKey(), body: storeOrder(lines) })
      if (answer.status === 201) {
        windows.hit('bought')
        bought.push({ answer, units: lines.reduce((sum, { quantity }) => sum + quantity, 0) })
        return
      }
      assert.deepEqual([answer.status, answer.body.code], [409, 'out_of_stock'], JSON.stringify(answer))
      windows.hit('refused')
    }),
  )
  return { windows, bought, units: bought.reduce((sum, each) => sum + each.units, 0) }
}

async function unitsHeld(sku: string): Promise<number> {
  const [row] = await shop.db.rows<{ units: number }>({
    name: 'test.units_held',
    text: `select coalesce(sum(claim.quantity), 0)::int as units
             from inventory.claim join inventory.supply on supply.id = claim.supply_id
             join catalog.variant on variant.id = supply.variant_id where claim.live and sku = $1`,
    values: [sku],
  })
  return must(row, 'a sum').units
}

test('plenty on three shelves, a cap of 25, eighty buyers: exactly 25 are sold', async (t) => {
  await shop.stock({ 'SKU-1': { l1: 40, l2: 40, l3: 40 } })
  await limit('SKU-1', { cap: 25 })
  const { windows, units } = await sell(() => [{ sku: 'SKU-1', quantity: 1 }])
  t.diagnostic(windows.describe())
  assert.equal(units, 25)
  assert.equal(await unitsHeld('SKU-1'), 25)
  windows.assertAllHit()
  await booksAgree()
})

test('sixty on three shelves, a buffer of 17, eighty buyers: the rest is sold, 43 units', async (t) => {
  await shop.stock({ 'SKU-2': { l1: 20, l2: 20, l3: 20 } })
  await limit('SKU-2', { buffer: 17 })
  const { windows, units } = await sell(() => [{ sku: 'SKU-2', quantity: 1 }])
  t.diagnostic(windows.describe())
  assert.equal(units, 43)
  assert.equal(await unitsHeld('SKU-2'), 43)
  windows.assertAllHit()
  await booksAgree()
})

test('baskets of one to three: never above the cap, and nobody is refused who would have fitted', async (t) => {
  await shop.stock({ 'SKU-3': { l1: 90, l2: 90, l3: 90 } })
  await limit('SKU-3', { cap: 50, buffer: 100 })
  const { windows, units } = await sell((buyer) => [{ sku: 'SKU-3', quantity: 1 + (buyer % 3) }])
  t.diagnostic(windows.describe())
  // A basket of one fits as long as anything is left, and there are enough of them.
  assert.equal(units, 50)
  assert.equal(await unitsHeld('SKU-3'), 50)
  windows.assertAllHit()
  await booksAgree()
})

test('a bundle takes of what its component may be sold: 31 may, two in each, fifteen are sold', async (t) => {
  await shop.stock({ 'SKU-4': { l1: 50, l2: 50 } })
  await limit('SKU-4', { cap: 31 })
  const { windows, bought } = await sell(() => [{ sku: 'PAIR', quantity: 1 }])
  t.diagnostic(windows.describe())
  assert.equal(bought.length, 15)
  assert.equal(await unitsHeld('SKU-4'), 30)
  windows.assertAllHit()
  await booksAgree()
})

test('what a cancelled order gives back may be sold again', async () => {
  const [head] = nodes.clients(1)
  const asker = must(head, 'a node')
  const order = (): Promise<Answer> =>
    asker.ask({ path: '/v1/store/orders', key: newKey(), body: storeOrder([{ sku: 'SKU-4', quantity: 1 }]) })
  const { status, body } = await order()
  assert.equal(status, 201, JSON.stringify(body))
  assert.equal((await order()).status, 409)
  const cancelled = await asker.ask({
    path: `/v1/store/orders/${body.id}/cancel`,
    key: newKey(),
    token: body.accessToken,
    body: {},
  })
  assert.equal(cancelled.status, 200, JSON.stringify(cancelled))
  assert.equal((await order()).status, 201)
  await booksAgree()
})
