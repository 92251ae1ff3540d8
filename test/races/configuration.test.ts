import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { race } from '../support/barrier.ts'
import { Cleanup } from '../support/cleanup.ts'
import { newKey, type Answer } from '../support/head.ts'
import { openTestShop, type TestShop } from '../support/test-shop.ts'
import { startTwoNodes, type TwoNodes } from '../support/two-nodes.ts'

/*
 * Forty people who configure prices at once, on nodes of ten connections each: every one is served in turn, and shoppers
 * beside them. It holds only while nobody waits for a second connection with one in hand.
 */

const WRITERS = 40
const SHOPPERS = 20

const cleanup = new Cleanup()
let shop: TestShop
let nodes: TwoNodes
before(async () => {
  shop = cleanup.after(await openTestShop({ skus: 1, locations: 2 }), (opened) => opened.close())
  nodes = cleanup.after(await startTwoNodes(shop), (started) => started.stop())
})

/** Who writes, and who shops meanwhile, from one start line. @returns the answers that were not 201 */
async function refusedOf(path: string, body: (writer: number) => object): Promise<Answer[]> {
  const answers = await race(nodes.clients(WRITERS + SHOPPERS), async (head, start, index) => {
    await start()
    const request =
      index < WRITERS
        ? { path, body: body(index), apiKey: shop.secretKey }
        : { path: '/v1/store/carts', body: { lines: [{ sku: 'SKU-1', quantity: 1 }] } }
    return head.ask({ ...request, key: newKey() })
  })
  return answers.filter(({ status }) => status !== 201)
}

test(`${WRITERS} new price lists at once are all saved, and ${SHOPPERS} carts beside them`, async () => {
  const list = (writer: number) => ({ code: `list-${writer}`, name: 'List', currency: 'USD', taxIncluded: false })
  assert.deepEqual(await refusedOf('/v1/admin/price-lists', list), [])
})

test(`${WRITERS} new promotions at once are all saved, and ${SHOPPERS} carts beside them`, async () => {
  const promotion = () => ({ name: 'Ten off', needsCode: true, effect: { type: 'percent_off', ratePpm: 100_000 } })
  assert.deepEqual(await refusedOf('/v1/admin/promotions', promotion), [])
})

test(`${WRITERS} new tariffs at once are all saved, and ${SHOPPERS} carts beside them`, async () => {
  const tariff = (writer: number) => ({
    code: `pickup-${writer}`,
    name: 'Pickup',
    method: 'pickup',
    countries: ['US'],
    price: { amount: 100, currency: 'USD' },
  })
  assert.deepEqual(await refusedOf('/v1/admin/delivery-tariffs', tariff), [])
})
