import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import { shopperOrder } from '../../../bench/support/shopper-order.ts'
import { assertBooks } from '../../../test/support/books.ts'
import { openTestShop, type TestShop } from '../../../test/support/test-shop.ts'
import { formatId, type Id } from '../../kernel/id.ts'
import { must } from '../../kernel/invariant.ts'
import type { CurrencyCode } from '../../kernel/money.ts'
import { addMs, DAY_MS, HOUR_MS, type Instant } from '../../kernel/time.ts'
import { setBusinessClock } from '../../platform/time/business-clock.ts'
import { cancelOrder, expireOrders } from '../changes/index.ts'
import type { Channel } from '../merchant/index.ts'
import { expireValue, issueGiftCard } from '../payments/index.ts'
import { payOrder } from './pay-order.ts'
import type { PlaceOutcome } from './place-orders.ts'

/* Orders that gift cards pay, whole or in part, and what becomes of the cards when something else happens. */

let shop: TestShop
let channel: Channel
/** What the order of `place` costs. */
let totalMinor: bigint

before(async () => {
  shop = await openTestShop({ skus: 2, locations: 1 })
  await shop.stock(Object.fromEntries(shop.skus.map((sku) => [sku, { l1: 1_000 }])))
  channel = must((await shop.rooms.merchant.currentBook()).channelByCode.get('web'), 'the channel')
  const outcome = await place([], 'tok_ok')
  assert.ok(outcome.kind === 'answered' && outcome.draft !== null)
  totalMinor = outcome.draft.order.totals.totalMinor
})
after(() => shop.close())

type CardId = Id<'giftCard'>

async function issue(amountMinor: bigint, { expiresAt = null }: { readonly expiresAt?: Instant | null } = {}) {
  const { codes } = shop.rooms.payments
  return shop.db.inTransaction(async (tx) =>
    issueGiftCard(
      tx,
      { codes, actor: 'test', reason: 'test' },
      { legalEntityId: channel.legalEntityId, currency: 'USD' as CurrencyCode, amountMinor, expiresAt },
    ),
  )
}

function place(
  cards: readonly (CardId | readonly [CardId, bigint])[],
  token: string | null,
  { seenDueMinor = null }: { readonly seenDueMinor?: bigint | null } = {},
): Promise<PlaceOutcome> {
  return shop.rooms.checkout.placeOrder({
    ...shopperOrder(channel, shop.skus, 1),
    lines: [{ sku: must(shop.skus[0], 'a SKU'), quantity: 1, group: 1 }],
    payment: token === null ? null : { provider: 'sandbox', token },
    tenders: cards.map((card) =>
      typeof card === 'string' ? { accountId: card, amountMinor: null } : { accountId: card[0], amountMinor: card[1] },
    ),
    seenDueMinor,
  })
}

interface Worth {
  readonly balance: bigint
  readonly reserved: bigint
}

async function worth(id: CardId): Promise<Worth> {
  const [row] = await shop.db.rows<Worth>({
    name: 'test.worth',
    text: 'select balance_minor as balance, reserved_minor as reserved from payments.value_account where id = $1',
    values: [id],
  })
  return must(row, 'a card')
}

async function statusOf(orderId: Id<'order'>): Promise<string> {
  const [row] = await shop.db.rows<{ status: string }>({
    name: 'test.status',
    text: 'select status from orders.orders where id = $1',
    values: [orderId],
  })
  return must(row, 'an order').status
}

function answered(outcome: PlaceOutcome): Extract<PlaceOutcome, { kind: 'answered' }> {
  assert.ok(
    outcome.kind === 'answered',
    JSON.stringify(outcome, (_, each) => (typeof each === 'bigint' ? `${each}` : each)),
  )
  return outcome
}

const booksAgree = () => assertBooks({ databaseUrl: shop.databaseUrl, providerUrl: shop.provider.url })

test('a card that covers everything pays at once; no provider is asked', async () => {
  const card = await issue(totalMinor + 1_000n)
  const { orderId, payment } = answered(await place([card], null))
  assert.equal(payment, null)
  assert.equal(await statusOf(orderId), 'open')
  assert.deepEqual(await worth(card), { balance: 1_000n, reserved: 0n })
  await booksAgree()
})

test('a card and a provider share an order: reserved while the provider thinks, posted when it says yes', async () => {
  const card = await issue(1_000n)
  const { orderId, payment } = answered(await place([card], 'tok_ok'))
  assert.equal(payment?.result.kind, 'placed')
  assert.equal(await statusOf(orderId), 'open')
  assert.deepEqual(await worth(card), { balance: 0n, reserved: 0n })
  const held = await shop.db.rows({
    name: 'test.attempt',
    text: `select amount_minor + 1000 = $2 as fits from payments.attempt where order_id = $1`,
    values: [orderId, totalMinor],
  })
  assert.deepEqual(held, [{ fits: true }])
  await booksAgree()
})

test('two cards of one order are taken in the order they were named', async () => {
  const [first, second] = [await issue(700n), await issue(totalMinor)]
  answered(await place([first, second], null))
  assert.deepEqual(await worth(first), { balance: 0n, reserved: 0n })
  assert.deepEqual(await worth(second), { balance: 700n, reserved: 0n })
  await booksAgree()
})

test('a declined card leaves the value reserved; another card pays the rest only', async () => {
  const card = await issue(1_000n)
  const { orderId, payment } = answered(await place([card], 'tok_declined'))
  assert.equal(payment?.result.kind, 'declined')
  assert.deepEqual(await worth(card), { balance: 1_000n, reserved: 1_000n })
  const key = { id: randomUUID(), fingerprint: randomUUID(), run: randomUUID() }
  const paid = await payOrder(shop.rooms.checkout, { orderId, key, provider: 'sandbox', token: 'tok_ok' })
  assert.ok(paid.kind === 'answered' && paid.payment?.result.kind === 'placed')
  assert.deepEqual(await worth(card), { balance: 0n, reserved: 0n })
  await booksAgree()
})

test('an order that nobody paid in time gives the value back', async () => {
  const card = await issue(1_000n)
  const { orderId } = answered(await place([card], 'tok_declined'))
  const { at } = await shop.db.clock()
  await setBusinessClock(shop.db, { rate: 1, at: addMs(at, HOUR_MS) })
  for (;;) if ((await expireOrders(shop.db)) === 0) break
  assert.equal(await statusOf(orderId), 'expired')
  assert.deepEqual(await worth(card), { balance: 1_000n, reserved: 0n })
  await booksAgree()
})

test('cancelling gives back to the card what the card paid', async () => {
  const card = await issue(1_000n)
  const { orderId, payment } = answered(await place([card], 'tok_ok'))
  const outcome = await shop.db.inTransaction((tx) => cancelOrder(tx, { orderId, reason: 'no longer', actor: 'buyer' }))
  assert.equal(outcome.kind, 'cancelled')
  assert.deepEqual(await worth(card), { balance: 1_000n, reserved: 0n })
  await shop.askPayment(formatId('attempt', must(payment, 'a payment').attemptId))
  await booksAgree()
})

test('value that comes back to an expired card waits for a person', async () => {
  const { at } = await shop.db.clock()
  const card = await issue(1_500n, { expiresAt: addMs(at, DAY_MS) })
  const { orderId } = answered(await place([[card, 1_000n]], 'tok_ok'))
  await setBusinessClock(shop.db, { rate: 1, at: addMs(at, 2 * DAY_MS) })
  assert.equal(await expireValue(shop.db, 10), 1)
  assert.equal(await expireValue(shop.db, 10), 0)
  assert.deepEqual(await worth(card), { balance: 0n, reserved: 0n })
  await shop.db.inTransaction((tx) => cancelOrder(tx, { orderId, reason: 'late', actor: 'buyer' }))
  assert.deepEqual(await worth(card), { balance: 1_000n, reserved: 0n })
  assert.equal(await expireValue(shop.db, 10), 0)
  const raised = await shop.db.rows({
    name: 'test.raised',
    text: 'select reason from exceptions.exception where object_id = $1',
    values: [card],
  })
  assert.deepEqual(raised, [{ reason: 'value_returned_expired' }])
  const late = await place([card], 'tok_ok')
  assert.ok(late.kind === 'refused' && late.refusal.code === 'gift_card_unusable')
})

const refusals = [
  // on the card   of it    provider  seen due  → refusal
  [1_000n, null, null, null, 'gift_card_insufficient'],
  [1_000n, 1_500n, 'tok_ok', null, 'gift_card_insufficient'],
  [1_000n, null, 'tok_ok', 1n, 'due_changed'],
] as const
for (const [onCard, amount, token, seenDueMinor, code] of refusals) {
  test(`a card of ${onCard}, ${amount ?? 'whatever'} of it, ${token ?? 'no provider'}: ${code}`, async () => {
    const card = await issue(onCard)
    const outcome = await place([amount === null ? card : [card, amount]], token, { seenDueMinor })
    assert.ok(outcome.kind === 'refused')
    assert.equal(outcome.refusal.code, code)
    assert.deepEqual(await worth(card), { balance: onCard, reserved: 0n })
  })
}
