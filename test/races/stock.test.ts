import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { must } from '../../server/kernel/invariant.ts'
import { race } from '../support/barrier.ts'
import { assertBooks } from '../support/books.ts'
import { newKey, openHead, storeOrder, type Head } from '../support/head.ts'
import { Random } from '../support/random.ts'
import { findFreePort, startServer, type ShopServer } from '../support/shop-server.ts'
import { openTestShop, type TestShop } from '../support/test-shop.ts'
import { Windows } from '../support/windows.ts'

/** Two processes on one database, each with its own batches: what they agree on stands in the database alone. */
let shop: TestShop
let servers: readonly ShopServer[]
let heads: readonly Head[]
before(async () => {
  shop = await openTestShop({ skus: 12, locations: 3 })
  await shop.bundle('PACK', { 'SKU-4': 1, 'SKU-5': 2 })
  await shop.bundle('TRIO', { 'SKU-5': 1, 'SKU-6': 1, 'SKU-7': 1 })
  servers = await Promise.all([1, 2].map(async () =>
    startServer({ command: 'serve', port: await findFreePort(), env: shop.env }),
  ))
  console.error('booted', performance.now(), servers.map((s) => s.readyMs))
  heads = servers.map(({ url }) => openHead({ url, apiKey: shop.publishableKey, connections: 64 }))
  await Promise.all(heads.map((head) => head.warm()))
})
after(async () => {
  await Promise.all(heads.map((head) => head.close()))
  await Promise.all(servers.map((server) => server.stop()))
  await shop.close()
})

test('one unit, sixty buyers on two nodes: one gets it, the others hear it at once', async () => {
  await shop.stock({ 'SKU-1': { l1: 1 } })
  console.error('begin', performance.now()); const windows = new Windows(['bought', 'told of the first node', 'told of the second node'])
  const buyers = Array.from({ length: 60 }, (_, index) => must(heads[index % 2], 'a node'))
  const answers = await race(buyers, async (head, start) => {
    await start()
    return head.ask({ path: '/v1/store/orders', key: newKey(), body: storeOrder([{ sku: 'SKU-1', quantity: 1 }]) })
  })
  for (const [index, { status, body }] of answers.entries()) {
    if (status === 201) windows.hit('bought')
    else {
      assert.deepEqual([status, body.code, body.shortages], [409, 'out_of_stock', [{ sku: 'SKU-1', requested: 1, available: 0 }]])
      windows.hit(index % 2 === 0 ? 'told of the first node' : 'told of the second node')
    }
  }
  assert.equal(windows.count('bought'), 1, windows.describe())
  windows.assertAllHit(); console.error('raced', performance.now())
  await assertBooks({ databaseUrl: shop.databaseUrl, providerUrl: shop.provider.url }); console.error('audited', performance.now())
})
void Random
