import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { assertBooks } from '../support/books.ts'
import { Cleanup } from '../support/cleanup.ts'
import { startCommitProxy } from '../support/commit-proxy.ts'
import { newKey, openHead, storeOrder, type Head } from '../support/head.ts'
import { findFreePort, startServer } from '../support/shop-server.ts'
import { openTestShop, type TestShop } from '../support/test-shop.ts'

/*
 * The random cuts of connection.test.ts cannot tell who settled a lost COMMIT: its clients ask again until they are
 * told, and after the lease anybody's repeat takes the key over. Here each buyer asks once.
 */

const ROUNDS = 8

const cleanup = new Cleanup()
let shop: TestShop
let head: Head
let isArmed = false
let lost = 0

before(async () => {
  shop = cleanup.after(await openTestShop({ skus: 1, locations: 1 }), (opened) => opened.close())
  await shop.stock({ 'SKU-1': { l1: 100 } })
  const proxy = await startCommitProxy(shop.databaseUrl, {
    decide() {
      const fate = isArmed ? 'lose_answer' : 'pass'
      isArmed = false
      return fate
    },
    onCut: () => lost++,
  })
  cleanup.after(proxy, (started) => started.close())
  const env = { ...shop.env, DATABASE_URL: proxy.databaseUrl }
  const started = await startServer({ command: 'serve', port: await findFreePort(), env })
  const server = cleanup.after(started, (running) => running.stop())
  head = cleanup.after(openHead({ url: server.url, apiKey: shop.publishableKey, connections: 2 }), (opened) =>
    opened.close(),
  )
})

test("an order whose COMMIT was answered to nobody is settled by its own key: its buyer hears 'placed'", async () => {
  const body = storeOrder([{ sku: 'SKU-1', quantity: 1 }])
  for (let round = 1; round <= ROUNDS; round++) {
    const request = { path: '/v1/store/orders', key: newKey(), body }
    isArmed = true
    const placed = await head.ask(request)
    assert.equal(placed.status, 201, JSON.stringify(placed.body))
    assert.equal(lost, round, 'a COMMIT went through and its answer was lost')
    assert.deepEqual(await head.ask(request), placed, 'a repeat hears the same')
  }
  await assertBooks({ databaseUrl: shop.databaseUrl, providerUrl: shop.provider.url })
})
