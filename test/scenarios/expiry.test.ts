import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { shopperOrder } from '../../bench/support/shopper-order.ts'
import { must } from '../../server/kernel/invariant.ts'
import { expireOrders } from '../../server/modules/changes/index.ts'
import { openTestShop, type TestShop } from '../support/test-shop.ts'

/* Orders whose time to pay is over, while the provider does not say what became of some of them. */

let shop: TestShop
before(async () => {
  shop = await openTestShop({ skus: 1, locations: 1 })
  await shop.stock({ 'SKU-1': { l1: 1_000 } })
})
after(() => shop.close())

async function order(token: string, index: number): Promise<string> {
  const book = await shop.rooms.merchant.currentBook()
  const channel = must(
    [...book.channelById.values()].find(({ code }) => code === 'web'),
    'the channel',
  )
  const placement = { ...shopperOrder(channel, shop.skus, index), payment: { provider: 'sandbox', token } }
  const outcome = await shop.rooms.checkout.placeOrder(placement)
  assert.equal(outcome.kind, 'answered')
  return outcome.orderId
}

const countByStatus = async (): Promise<Record<string, number>> => {
  const rows = await shop.db.rows<{ status: string; count: number }>({
    name: 'test.statuses',
    text: 'select status, count(*)::int as count from orders.orders group by status order by status',
  })
  return Object.fromEntries(rows.map(({ status, count }) => [status, count]))
}

/** A full batch of the sweep, and one more. */
const UNANSWERED = 101

test('an unanswered payment keeps its order, and a hundred of them keep no other order from expiring', async () => {
  await Promise.all(Array.from({ length: UNANSWERED }, (_, index) => order('tok_slow', index)))
  await order('tok_declined', UNANSWERED)
  await shop.db.execute({
    name: 'test.overdue',
    text: `update orders.orders set pay_by = placed_at - case when id in (select order_id from payments.attempt where status = 'pending')
                                                         then interval '2 days' else interval '1 day' end`,
  })
  assert.deepEqual(await countByStatus(), { awaiting_payment: UNANSWERED + 1 })

  assert.equal(await expireOrders(shop.db), 100, 'the oldest')
  assert.equal(await expireOrders(shop.db), 2, 'the rest of them, and the one that nobody waits for')
  assert.deepEqual(await countByStatus(), { awaiting_payment: UNANSWERED, expired: 1 })

  assert.equal(await expireOrders(shop.db), 0, 'they are not looked at again at once')
  await shop.db.execute({
    name: 'test.declined',
    text: "update payments.attempt set status = 'declined', next_try_at = null where status = 'pending'",
  })
  await shop.db.execute({
    name: 'test.a_minute_later',
    text: "update orders.orders set expiry_not_before = expiry_not_before - interval '1 minute'",
  })
  assert.equal(await expireOrders(shop.db), 100)
  assert.equal(await expireOrders(shop.db), 1)
  assert.deepEqual(await countByStatus(), { expired: UNANSWERED + 1 })
})
