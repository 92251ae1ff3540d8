import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import { shopperOrder } from '../../../bench/support/shopper-order.ts'
import { assertBooks } from '../../../test/support/books.ts'
import { openTestShop, type TestShop } from '../../../test/support/test-shop.ts'
import { formatId, type Id } from '../../kernel/id.ts'
import { must } from '../../kernel/invariant.ts'
import { openMerchant, type Channel } from '../merchant/index.ts'
import type { AuthoriseAnswer } from '../payments/index.ts'
import { payOrder } from './pay-order.ts'
import { placeOrder, type PlaceDeps } from './place-orders.ts'
import { settlePayments, type Settlable } from './settle-payments.ts'

/*
 * What comes together in one settle transaction under load, put together on purpose: a payment that was given up beside
 * the one that took its place, and one payment asked about by several at once.
 */

let shop: TestShop
let channel: Channel
before(async () => {
  shop = await openTestShop({ skus: 2, locations: 1 })
  await shop.stock(Object.fromEntries(shop.skus.map((sku) => [sku, { l1: 100 }])))
  channel = must((await shop.rooms.merchant.currentBook()).channelByCode.get('web'), 'the channel')
})
after(() => shop.close())

const requestKey = () => ({ id: randomUUID(), fingerprint: randomUUID(), run: randomUUID() })

/** Places or pays up to where the provider has answered, and settles nothing. @returns what was to be settled */
async function upToSettling(work: (deps: PlaceDeps) => Promise<unknown>): Promise<Settlable> {
  const { db, payments, prepare, settle } = shop.rooms.checkout
  const held = Promise.withResolvers<Settlable>()
  const submit = (request: Settlable) => {
    held.resolve(request)
    return new Promise<never>(() => {})
  }
  void work({
    db,
    payments,
    prepare,
    settle: { ...settle, depth: () => settle.depth(), drained: async () => {}, submit },
  })
  return held.promise
}

const place = (token: string): Promise<Settlable> =>
  upToSettling((deps) => {
    const order = shopperOrder(channel, shop.skus, 1)
    return placeOrder(deps, { ...order, payment: { provider: 'sandbox', token } })
  })
const pay = ({ orderId }: Settlable, token: string): Promise<Settlable> =>
  upToSettling((deps) => payOrder(deps, { orderId, key: requestKey(), provider: 'sandbox', token }))

async function settle(...requests: readonly Settlable[]): Promise<string[]> {
  const settled = await settlePayments({ db: shop.db, merchant: shop.rooms.merchant }, requests)
  return settled.map(({ result }) => result.kind)
}

async function readStatus(orderId: Id<'order'>): Promise<string | undefined> {
  const [row] = await shop.db.rows<{ status: string }>({
    name: 'test.status',
    text: 'select status from orders.orders where id = $1',
    values: [orderId],
  })
  return row?.status
}

/** The buyer says yes on the bank's page, and the provider tells. */
async function approve(waiting: Settlable): Promise<Settlable> {
  const { answer } = waiting
  assert.ok(answer?.kind === 'requires_action')
  await (await fetch(`${answer.url}/approve`, { method: 'POST' })).arrayBuffer()
  const { providerReference } = answer
  const [row] = await shop.db.rows<{ minor: bigint; number: string }>({
    name: 'test.total',
    text: `select total_minor as minor, 'W-' || number as number from orders.orders where id = $1`,
    values: [waiting.orderId],
  })
  const { minor, number: reference } = must(row, 'the order')
  const approved: AuthoriseAnswer = await shop.rooms.payments
    .provider('sandbox')
    .continue(
      { attemptId: waiting.attemptId, providerReference, reference, amount: { minor, currency: channel.currency } },
      { deadlineMs: 5_000 },
    )
  assert.equal(approved.kind, 'authorised')
  return { ...waiting, answer: approved, key: null }
}

test('a card that was given up does not take the place of the one that pays', async () => {
  const first = await place('tok_3ds')
  assert.deepEqual(await settle(first), ['awaiting_payment'])
  const second = await pay(first, 'tok_ok')
  assert.deepEqual(await settle(await approve(first), second), ['declined', 'placed'])
  assert.equal(await readStatus(first.orderId), 'open')
  await shop.askPayment(formatId('attempt', first.attemptId))
  await assertBooks({ databaseUrl: shop.databaseUrl, providerUrl: shop.provider.url })
})

test('one payment asked about by three at once is booked once', async () => {
  const first = await place('tok_3ds')
  await settle(first)
  const approved = await approve(first)
  assert.deepEqual(await settle(approved, approved, approved), ['placed', 'placed', 'placed'])
  assert.deepEqual(await settle(approved), ['placed'])
  assert.equal(await readStatus(first.orderId), 'open')
  await assertBooks({ databaseUrl: shop.databaseUrl, providerUrl: shop.provider.url })
})

test('a node that has never heard of the channel settles its orders all the same', async () => {
  const book = must(shop.rooms.merchant.peek(), 'the book')
  const merchant = { ...openMerchant({ db: shop.db }), peek: () => ({ ...book, channelById: new Map() }) }
  const unknown = { kind: 'unknown', cause: 'deadline', detail: 'no answer' } as const
  const [settled] = await settlePayments({ db: shop.db, merchant }, [{ ...(await place('tok_ok')), answer: unknown }])
  assert.equal(settled?.result.kind, 'awaiting_payment')
})
