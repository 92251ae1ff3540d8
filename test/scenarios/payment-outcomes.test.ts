import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { newYork, openShop, pay, type Shop } from './shop.ts'

/* A tent, paid in every way that a provider may answer. */

const tent = { lines: [{ sku: 'NF-RIDGE2-MOS', quantity: 1 }], email: 'ada@example.com', shippingAddress: newYork }
let shop: Shop

before(async () => {
  shop = await openShop()
})
after(() => shop.close())

test('the card is good: the order is open at once', async () => {
  const free = await shop.free('NF-RIDGE2-MOS')
  const placed = await shop.buy({ ...tent, payment: pay('tok_ok') })
  assert.equal(placed.status, 201)
  assert.equal(placed.json.status, 'open')
  assert.equal(await shop.free('NF-RIDGE2-MOS'), free - 1)
  const order = await shop.asMerchant('GET', `/orders/${placed.json.id}`)
  assert.equal(order.json.paymentStatus, 'authorised')
  assert.equal(order.json.lines[0].units.allocated, 1)
})

test('the card is declined: the order keeps its goods, another card pays it', async () => {
  const free = await shop.free('NF-RIDGE2-MOS')
  const declined = await shop.buy({ ...tent, payment: pay('tok_declined') })
  assert.equal(declined.status, 402)
  assert.equal(declined.json.code, 'payment_declined')
  assert.equal(await shop.free('NF-RIDGE2-MOS'), free - 1)

  const { id, accessToken } = declined.json.order
  const paid = await shop.asBuyer('POST', `/orders/${id}/payments`, { token: accessToken, body: pay('tok_ok') })
  assert.equal(paid.status, 201)
  const again = await shop.asBuyer('POST', `/orders/${id}/payments`, { token: accessToken, body: pay('tok_ok') })
  assert.equal(again.status, 409)
  assert.equal(again.json.code, 'not_payable')
})

test('the bank wants to see the buyer: approved on its page, the order opens', async () => {
  const waiting = await shop.buy({ ...tent, payment: pay('tok_3ds') })
  assert.equal(waiting.status, 202)
  const { id, accessToken, paymentId, nextAction } = waiting.json
  assert.equal(nextAction.type, 'redirect')
  await shop.challenge(nextAction.url, 'approve')
  const done = await shop.asBuyer('POST', `/orders/${id}/payments/${paymentId}/continue`, { token: accessToken })
  assert.equal(done.status, 201)
  assert.equal(done.json.status, 'open')
})

test('the buyer says no on the bank’s page: declined, the goods are kept until payBy', async () => {
  const waiting = await shop.buy({ ...tent, payment: pay('tok_3ds') })
  const { id, accessToken, paymentId, nextAction } = waiting.json
  await shop.challenge(nextAction.url, 'decline')
  const done = await shop.asBuyer('POST', `/orders/${id}/payments/${paymentId}/continue`, { token: accessToken })
  assert.equal(done.status, 402)
  assert.equal(done.json.order.id, id)
})

test('the provider falls silent after it took the money: asked again under the same key, it says so', async () => {
  // To ask again is to ask for the same, also where the buyer is sent back to: else the key is another payment's.
  const returnUrl = 'https://shop.example/back'
  const unknown = await shop.buy({ ...tent, payment: { ...pay('tok_timeout'), returnUrl } })
  assert.equal(unknown.status, 202)
  assert.equal(unknown.json.nextAction.type, 'wait')
  await shop.retryNow()
  const order = await shop.eventually(
    () => shop.asMerchant('GET', `/orders/${unknown.json.id}`),
    ({ json }) => json.status === 'open',
  )
  assert.equal(order.json.status, 'open')
  assert.equal(order.json.payments.length, 1)
})

test('the provider is slow: the order waits, then opens by itself', async () => {
  const slow = await shop.buy({ ...tent, payment: pay('tok_slow') })
  assert.equal(slow.status, 202)
  const order = await shop.eventually(
    () => shop.asMerchant('GET', `/orders/${slow.json.id}`),
    ({ json }) => json.status === 'open',
  )
  assert.equal(order.json.status, 'open')
})

test('nobody pays: the order expires and the goods are free again', async () => {
  const free = await shop.free('NF-RIDGE4-SAN')
  const lines = [{ sku: 'NF-RIDGE4-SAN', quantity: 1 }]
  const declined = await shop.buy({ ...tent, lines, payment: pay('tok_declined') })
  assert.equal(await shop.free('NF-RIDGE4-SAN'), free - 1)
  const { id, accessToken } = declined.json.order
  await shop.later(31)
  const order = await shop.eventually(
    () => shop.asBuyer('GET', `/orders/${id}`, { token: accessToken }),
    ({ json }) => json.status === 'expired',
  )
  assert.equal(order.json.status, 'expired')
  assert.equal(order.json.lines[0].units.cancelled, 1)
  assert.equal(await shop.free('NF-RIDGE4-SAN'), free)
  const late = await shop.asBuyer('POST', `/orders/${id}/payments`, { token: accessToken, body: pay('tok_ok') })
  assert.equal(late.json.code, 'not_payable')
})

test('the buyer is on the bank’s page when the time is over: what they approve is given back', async () => {
  const waiting = await shop.buy({ ...tent, payment: pay('tok_3ds') })
  const { id, nextAction } = waiting.json
  await shop.later(31)
  await shop.eventually(
    () => shop.asMerchant('GET', `/orders/${id}`),
    ({ json }) => json.status === 'expired',
  )
  const order = await shop.eventually(
    () => shop.asMerchant('GET', `/orders/${id}`),
    ({ json }) => json.payments[0].status === 'voided',
  )
  assert.equal(order.json.status, 'expired')
  assert.equal(order.json.payments[0].status, 'voided')
  // Whatever the buyer still presses: the order stays expired, the payment voided.
  await shop.challenge(nextAction.url, 'approve')
  await shop.retryNow()
  const told = await shop.asMerchant('GET', `/orders/${id}`)
  assert.deepEqual([told.json.status, told.json.payments[0].status], ['expired', 'voided'])
})

test('afterwards every invariant holds', async () => {
  assert.deepEqual(await shop.violations(), [])
})
