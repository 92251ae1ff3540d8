import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { formatId, newId, parseId, type Id } from '../../server/kernel/id.ts'
import { must } from '../../server/kernel/invariant.ts'
import { parseInstant, type Instant } from '../../server/kernel/time.ts'
import { expireOrders } from '../../server/modules/changes/index.ts'
import { setBusinessClock } from '../../server/platform/time/business-clock.ts'
import { race } from '../support/barrier.ts'
import { assertBooks } from '../support/books.ts'
import { Cleanup } from '../support/cleanup.ts'
import { answerChallenge, newKey, storeOrder, type Answer, type Head, type PaymentToken } from '../support/head.ts'
import { seededRandom } from '../support/random-seed.ts'
import { insertGiftCardProduct, openTestShop, TRUSTED_CHANNEL, type TestShop } from '../support/test-shop.ts'
import { startTwoNodes, type TwoNodes } from '../support/two-nodes.ts'
import { Windows } from '../support/windows.ts'

/*
 * One card in many hands at once. The oracle is arithmetic: what a card was issued with is what accepted orders took,
 * what waiting orders hold and what is left, and none of it is below zero; the predicates say so of every account.
 */

const random = seededRandom()
const CARD_SKU = 'CARD-50'
const CLIENTS = 60

const cleanup = new Cleanup()
let shop: TestShop
let nodes: TwoNodes
let legalEntityId: string
/** What one unit of the first SKU costs, delivered, in cents. */
let orderCents: number
before(async () => {
  shop = cleanup.after(await openTestShop({ skus: 2, locations: 2, providerArgs: ['--latency-ms', '10'] }), (opened) =>
    opened.close(),
  )
  await insertGiftCardProduct(shop.db, CARD_SKU, 5_000)
  await shop.stock(Object.fromEntries(shop.skus.map((sku) => [sku, { l1: 2_000, l2: 2_000 }])))
  nodes = cleanup.after(await startTwoNodes(shop), (started) => started.stop())
  const book = await shop.rooms.merchant.currentBook()
  legalEntityId = formatId('legalEntity', must(book.rows.legalEntity[0], 'a legal entity').id)
  orderCents = (await place(must(nodes.heads[0], 'a node'), [], 'tok_ok')).body.totals.total.amount
})

const booksAgree = () => assertBooks({ databaseUrl: shop.databaseUrl, providerUrl: shop.provider.url })

async function makeCard(amount: number): Promise<{ readonly id: string; readonly code: string }> {
  const { status, body } = await must(nodes.heads[0], 'a node').ask({
    path: '/v1/admin/gift-cards',
    apiKey: shop.secretKey,
    key: newKey(),
    body: { legalEntityId, amount: { amount, currency: 'USD' }, reason: 'a race' },
  })
  assert.equal(status, 201, JSON.stringify(body))
  return body
}

async function readCard(id: string): Promise<{ readonly balance: number; readonly reserved: number }> {
  const { body } = await must(nodes.heads[1], 'a node').ask({
    method: 'GET',
    path: `/v1/admin/gift-cards/${id}`,
    apiKey: shop.secretKey,
  })
  return { balance: body.balance.amount, reserved: body.reserved.amount }
}

/** An order of one unit, paid with these cards and, where a token is given, a provider. */
function place(head: Head, codes: readonly string[], token: PaymentToken | null): Promise<Answer> {
  const order = storeOrder([{ sku: must(shop.skus[0], 'a SKU'), quantity: 1 }])
  const tenders = [
    ...codes.map((code) => ({ kind: 'gift_card', code })),
    ...(token === null ? [] : [{ kind: 'provider', provider: 'sandbox', token }]),
  ]
  return head.ask({ path: '/v1/store/orders', key: newKey(), body: { ...order, payment: { tenders } } })
}

test(`${CLIENTS} buyers with one card: as many orders as it covers, not a cent more`, async (t) => {
  const windows = new Windows(['paid', 'told that it has too little'])
  for (let round = 0; round < 4; round++) {
    const covers = random.integer(1, 25)
    const rest = random.integer(0, orderCents - 1)
    const card = await makeCard(covers * orderCents + rest)
    const answers = await race(nodes.clients(CLIENTS), async (head, start) => {
      await start()
      return place(head, [card.code], null)
    })
    for (const { status, body } of answers) {
      if (status === 201) windows.hit('paid')
      else {
        assert.deepEqual([status, body.code], [409, 'gift_card_insufficient'], JSON.stringify(body))
        windows.hit('told that it has too little')
      }
    }
    assert.equal(answers.filter(({ status }) => status === 201).length, covers)
    assert.deepEqual(await readCard(card.id), { balance: rest, reserved: 0 })
  }
  t.diagnostic(windows.describe())
  windows.assertAllHit()
  await booksAgree()
})

test('two cards named in both orders by everybody: no deadlock, and every cent is taken once', async () => {
  const cards = [await makeCard(10 * orderCents), await makeCard(10 * orderCents)]
  const codes = cards.map(({ code }) => code)
  const answers = await race(nodes.clients(CLIENTS), async (head, start, index) => {
    await start()
    return place(head, index % 2 === 0 ? codes : codes.toReversed(), null)
  })
  const paid = answers.filter(({ status }) => status === 201)
  const refused = answers.filter(({ status, body }) => status === 409 && body.code === 'gift_card_insufficient')
  assert.deepEqual([paid.length, refused.length], [20, CLIENTS - 20])
  for (const { id } of cards) assert.deepEqual(await readCard(id), { balance: 0, reserved: 0 })
  await booksAgree()
})

test('a card and providers of every temper, cancelled meanwhile: what is taken is what accepted orders took', async (t) => {
  const windows = new Windows(['accepted', 'declined', 'waits', 'cancelled', 'paid by the card in part'])
  const card = await makeCard(Math.floor(20.5 * orderCents))
  await race(nodes.clients(CLIENTS), async (head, start, index) => {
    await start()
    const token = random.pick(['tok_ok', 'tok_declined', 'tok_3ds'] as const)
    const { status, body } = await place(head, [card.code], token)
    windows.hit(status === 201 ? 'accepted' : status === 402 ? 'declined' : 'waits')
    const order = status === 402 ? body.order : body
    if (index % 3 !== 0) return
    const other = must(nodes.heads[(index + 1) % 2], 'the other node')
    const cancelled = await other.ask({
      path: `/v1/store/orders/${order.id}/cancel`,
      key: newKey(),
      token: order.accessToken,
      body: {},
    })
    assert.equal(cancelled.status, 200, JSON.stringify(cancelled.body))
    windows.hit('cancelled')
  })
  const { balance, reserved } = await readCard(card.id)
  const [sums] = await shop.db.rows<{ posted: number; reserved: number; parts: number }>({
    name: 'test.tender_sums',
    text: `select coalesce(sum(tender.amount_minor - refunded_minor) filter (where tender.status = 'posted'), 0)::int as posted,
                  coalesce(sum(tender.amount_minor) filter (where tender.status = 'reserved'), 0)::int as reserved,
                  count(*) filter (where tender.amount_minor < orders.total_minor)::int as parts
             from payments.value_tender as tender
             join payments.value_account as account on account.id = tender.account_id
             join orders.orders on orders.id = tender.order_id
            where code_last4 = $1`,
    values: [card.code.slice(-4)],
  })
  const { posted, reserved: held, parts } = must(sums, 'sums')
  assert.deepEqual([balance, reserved], [Math.floor(20.5 * orderCents) - posted, held])
  windows.hit('paid by the card in part', parts)
  t.diagnostic(windows.describe())
  windows.assertAllHit()
  await giveBackAll()
  await booksAgree()
})

/** What the worker does with payments of orders that ended. */
async function giveBackAll(): Promise<void> {
  const due = await shop.db.rows<{ id: Id<'attempt'> }>({
    name: 'test.void_due',
    text: `select id from payments.attempt where status = 'void_due'`,
  })
  await Promise.all(due.map(({ id }) => shop.askPayment(formatId('attempt', id))))
}

test('payBy passes while the bank approves the rest: the card is spent or free, never both', async (t) => {
  const windows = new Windows(['paid in time', 'expired'])
  for (const spreadMs of [150, 500, 1_500]) {
    const card = await makeCard(40 * 100)
    const waiting = await Promise.all(
      nodes.clients(40).map(async (head, index) => {
        const placed = await head.ask({
          path: '/v1/store/orders',
          key: newKey(),
          body: {
            ...storeOrder([{ sku: must(shop.skus[0], 'a SKU'), quantity: 1 }]),
            payment: {
              tenders: [
                { kind: 'gift_card', code: card.code, amount: { amount: 100, currency: 'USD' } },
                { kind: 'provider', provider: 'sandbox', token: 'tok_3ds' },
              ],
            },
          },
        })
        assert.equal(placed.status, 202, JSON.stringify(placed.body))
        return { placed, other: must(nodes.heads[(index + 1) % 2], 'the other node') }
      }),
    )
    assert.deepEqual(await readCard(card.id), { balance: 4_000, reserved: 4_000 })
    const times = waiting.map(({ placed }) => must(parseInstant(placed.body.payBy), 'a time to pay by'))
    const [first, last] = [Math.min(...times) as Instant, Math.max(...times) as Instant]
    await setBusinessClock(shop.db, { at: first, rate: Math.max(1, last - first) / spreadMs })
    let isRacing = true
    const expiring = [1, 2].map(async () => {
      while (isRacing) await expireOrders(shop.db)
    })
    const answers = await race(waiting, async ({ placed, other }, start) => {
      await start()
      await sleep(random.integer(0, spreadMs))
      await answerChallenge(placed, 'approve')
      const { id, paymentId, accessToken: token } = placed.body
      return other.ask({ path: `/v1/store/orders/${id}/payments/${paymentId}/continue`, token })
    })
    await setBusinessClock(shop.db, { rate: 1 })
    isRacing = false
    await Promise.all(expiring)
    const paid = answers.filter(({ status }) => status === 201).length
    windows.hit('paid in time', paid)
    windows.hit('expired', 40 - paid)
    assert.deepEqual(await readCard(card.id), { balance: 4_000 - 100 * paid, reserved: 0 })
  }
  t.diagnostic(windows.describe())
  windows.assertAllHit()
  await giveBackAll()
  await booksAgree()
})

test('a sold card is made once, however often the journey comes by, and shown to one of sixty', async () => {
  const bought = await Promise.all(
    nodes
      .clients(10)
      .map((head) =>
        head.ask({ path: '/v1/store/orders', key: newKey(), body: storeOrder([{ sku: CARD_SKU, quantity: 3 }]) }),
      ),
  )
  for (const { status, body } of bought) assert.equal(status, 201, JSON.stringify(body))
  const orders = await shop.db.rows<{ id: Id<'order'> }>({
    name: 'test.card_orders',
    text: 'select distinct order_id as id from orders.order_line where sku = $1',
    values: [CARD_SKU],
  })
  const ids = orders.map(({ id }) => id)
  await race(Array.from({ length: 40 }), async (_, start) => {
    await start()
    await shop.db.inTransaction((tx) => shop.rooms.checkout.issueSoldCards(tx, ids))
  })
  const [made] = await shop.db.rows<{ cards: number; worth: number }>({
    name: 'test.cards_made',
    text: `select count(*)::int as cards, sum(balance_minor)::int as worth
             from payments.value_account where sold_unit is not null`,
  })
  assert.deepEqual(made, { cards: 30, worth: 30 * 5_000 })

  const { id, accessToken: token } = must(bought[0], 'an order').body
  const { body: order } = await must(nodes.heads[0], 'a node').ask({
    method: 'GET',
    path: `/v1/store/orders/${id}`,
    token,
  })
  const answers = await race(nodes.clients(CLIENTS), async (head, start) => {
    await start()
    return head.ask({
      path: `/v1/store/orders/${id}/gift-cards/${order.giftCards[0].id}/show-code`,
      key: newKey(),
      token,
      body: {},
    })
  })
  assert.deepEqual(
    [200, 409].map((wanted) => answers.filter(({ status }) => status === wanted).length),
    [1, CLIENTS - 1],
  )
  await booksAgree()
})

test('forty people give one customer their first credit at once: all of it is there', async () => {
  const head = must(nodes.heads[0], 'a node')
  const { body: customer } = await head.ask({
    path: '/v1/admin/customers',
    apiKey: shop.secretKey,
    key: newKey(),
    body: { email: `${newId<'person'>()}@example.com` },
  })
  const answers = await race(nodes.clients(40), async (each, start) => {
    await start()
    return each.ask({
      path: '/v1/admin/store-credits',
      apiKey: shop.secretKey,
      key: newKey(),
      body: {
        customerId: customer.id,
        legalEntityId,
        amount: { amount: 100, currency: 'USD' },
        reason: 'everybody is sorry',
      },
    })
  })
  for (const { status, body } of answers) assert.equal(status, 200, JSON.stringify(body))
  const balances = answers.map(({ body }) => body.balance.amount as number)
  assert.equal(Math.max(...balances), 4_000)
  await booksAgree()
})

test('cards that a person has to look at first are not made by themselves', async () => {
  const head = must(nodes.heads[0], 'a node')
  const many = await head.ask({
    path: '/v1/store/orders',
    key: newKey(),
    body: storeOrder([{ sku: CARD_SKU, quantity: 201 }]),
  })
  assert.equal(many.status, 201, JSON.stringify(many.body))
  const unpaid = await head.ask({
    path: '/v1/admin/orders',
    apiKey: shop.secretKey,
    body: {
      channel: TRUSTED_CHANNEL,
      reference: 'cards on account',
      currency: 'USD',
      taxIncluded: false,
      lines: [{ sku: CARD_SKU, quantity: 1, unitPrice: { amount: 5_000, currency: 'USD' } }],
      fulfillment: { method: 'ship' },
      payment: { state: 'due' },
    },
  })
  assert.equal(unpaid.status, 201, JSON.stringify(unpaid.body))
  const ids = [many, unpaid].map(({ body }) => must(parseId('order', body.id), 'the id of an order'))
  for (let again = 0; again < 2; again++) {
    await shop.db.inTransaction((tx) => shop.rooms.checkout.issueSoldCards(tx, ids))
  }
  const raised = await shop.db.rows({
    name: 'test.not_issued',
    text: `select facts ->> 'cause' as cause,
                  (select count(*)::int from payments.value_account where sold_order_id = object_id) as cards
             from exceptions.exception where reason = 'gift_cards_not_issued' and closed_at is null order by 1`,
  })
  assert.deepEqual(raised, [
    { cause: 'too_many', cards: 0 },
    { cause: 'unpaid', cards: 0 },
  ])
  await booksAgree()
})
