import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import type { Answer } from '../support/api-client.ts'
import { newYork, openShop, pay, type Shop } from './shop.ts'

/* Gift cards from the counter to the last cent: bought, shown, spent, and given back. */

const TENT = 'NF-RIDGE2-MOS'
const CARD = 'WB-GIFT-50'
const tent = { lines: [{ sku: TENT, quantity: 1 }], email: 'ada@example.com', shippingAddress: newYork }

let shop: Shop
let legalEntityId: string
let tentCents: number
before(async () => {
  shop = await openShop()
  const { json } = await shop.asMerchant('GET', '/legal-entities')
  const ofUsd = (json.items as { id: string; currency: string }[]).find(({ currency }) => currency === 'USD')
  assert.ok(ofUsd)
  legalEntityId = ofUsd.id
  tentCents = (await shop.buy({ ...tent, payment: pay('tok_ok') })).json.totals.total.amount
})
after(async () => {
  try {
    assert.deepEqual(await shop.violations(), [])
  } finally {
    await shop.close()
  }
})

const usd = (amount: number) => ({ amount, currency: 'USD' })

/** A card made by hand. */
async function makeCard(amount: number): Promise<{ readonly id: string; readonly code: string }> {
  const made = await shop.asMerchant('POST', '/gift-cards', { legalEntityId, amount: usd(amount), reason: 'a present' })
  assert.equal(made.status, 201, made.text)
  return made.json as { id: string; code: string }
}

async function readCard(id: string) {
  return (await shop.asMerchant('GET', `/gift-cards/${id}`)).json
}

/** Sends a request of the web shop under a key of the test's. */
function asBuyer(path: string, body: object, token?: string, key = randomUUID()): Promise<Answer> {
  return shop.asBuyer('POST', path, { body, key, ...(token === undefined ? {} : { token }) })
}

test('a card that was bought is made once, shown once, and pays for the next order', async () => {
  const bought = await shop.buy({
    lines: [{ sku: CARD, quantity: 2 }],
    email: 'ada@example.com',
    shippingAddress: newYork,
    payment: pay('tok_ok'),
  })
  assert.equal(bought.status, 201, bought.text)
  const { id, accessToken: token } = bought.json
  const order = await shop.eventually(
    () => shop.asBuyer('GET', `/orders/${id}`, { token }),
    ({ json }) => json.giftCards.length === 2,
  )
  const [first, second] = order.json.giftCards as { id: string; codeShown: boolean; sku: string }[]
  assert.ok(first !== undefined && second !== undefined)
  assert.deepEqual([first.codeShown, first.sku], [false, CARD])
  assert.equal(order.json.lines[0].units.delivered, 2)

  const key = randomUUID()
  const path = `/orders/${id}/gift-cards/${first.id}/show-code`
  const shown = await asBuyer(path, {}, token, key)
  assert.equal(shown.status, 200, shown.text)
  assert.match(shown.json.code, /^[2-9A-Z]{6}-[2-9A-Z]{6}-[2-9A-Z]{6}$/)
  assert.deepEqual((await asBuyer(path, {}, token, key)).json, shown.json, 'the lost answer, asked for again')
  const again = await asBuyer(path, {}, token)
  assert.deepEqual([again.status, again.json.code], [409, 'code_shown_before'])
  const stranger = await asBuyer(path, {}, 'not.a-token')
  assert.equal(stranger.status, 404)
  const byKey = await shop.asMerchant('POST', `/gift-cards/${second.id}/show-code`)
  assert.match(byKey.json.code, /^[2-9A-Z]{6}-/)

  const balance = await asBuyer('/gift-cards/balance', {
    code: ` ${shown.json.code.toLowerCase().replaceAll('-', ' ')}`,
  })
  assert.equal(balance.status, 422, 'a code does not begin with a space')
  const asked = await asBuyer('/gift-cards/balance', { code: shown.json.code.toLowerCase().replaceAll('-', ' ') })
  assert.deepEqual(asked.json.available, usd(5_000))

  const paid = await shop.buy({
    ...tent,
    due: usd(tentCents - 5_000),
    payment: {
      tenders: [
        { kind: 'gift_card', code: shown.json.code },
        { kind: 'provider', ...pay('tok_ok') },
      ],
    },
  })
  assert.equal(paid.status, 201, paid.text)
  const read = await shop.asBuyer('GET', `/orders/${paid.json.id}`, { token: paid.json.accessToken })
  assert.deepEqual(read.json.tenders, [
    { kind: 'gift_card', last4: shown.json.code.slice(-4), amount: usd(5_000), status: 'posted', refunded: usd(0) },
  ])
  assert.equal(read.json.payments[0].amount.amount, tentCents - 5_000)
  assert.deepEqual((await readCard(first.id)).available, usd(0))

  const cancelled = await asBuyer(`/orders/${id}/cancel`, {}, token)
  assert.deepEqual([cancelled.status, cancelled.json.code], [409, 'already_in_work'])
})

test('a card that covers everything leaves nothing to ask a provider for; cancelling puts it back', async () => {
  const { id, code } = await makeCard(tentCents + 100)
  const placed = await shop.buy({ ...tent, payment: { tenders: [{ kind: 'gift_card', code }] } })
  assert.equal(placed.status, 201, placed.text)
  const token = placed.json.accessToken
  const read = await shop.asBuyer('GET', `/orders/${placed.json.id}`, { token })
  assert.deepEqual([read.json.status, read.json.paymentStatus, read.json.payments], ['open', 'paid', []])
  assert.deepEqual((await readCard(id)).balance, usd(100))
  assert.equal((await asBuyer(`/orders/${placed.json.id}/cancel`, {}, token)).status, 200)
  assert.deepEqual((await readCard(id)).balance, usd(tentCents + 100))
  const entries = await shop.asMerchant('GET', `/gift-cards/${id}/entries`)
  assert.deepEqual(
    (entries.json.items as { reason: string }[]).map(({ reason }) => reason),
    ['refunded', 'posted', 'reserved', 'issued'],
  )
})

test('what is left to pay is agreed to, or refused with the offer as it is', async () => {
  const { code } = await makeCard(1_000)
  const tenders = [
    { kind: 'gift_card', code },
    { kind: 'provider', ...pay('tok_ok') },
  ]
  const rows: readonly (readonly [string, object, number, string])[] = [
    ['another amount due', { due: usd(1), payment: { tenders } }, 409, 'due_changed'],
    [
      'more from the card than it has',
      { payment: { tenders: [{ kind: 'gift_card', code, amount: usd(2_000) }, tenders[1]] } },
      409,
      'gift_card_insufficient',
    ],
    ['nobody to pay the rest', { payment: { tenders: [tenders[0]] } }, 409, 'gift_card_insufficient'],
    ['the same card twice', { payment: { tenders: [tenders[0], ...tenders] } }, 422, 'tender_twice'],
    ['two providers', { payment: { tenders: [tenders[1], tenders[1]] } }, 422, 'tender_twice'],
    [
      'a typing error',
      { payment: { tenders: [{ kind: 'gift_card', code: code.replace(/.$/, '2') + '2' }, tenders[1]] } },
      422,
      'gift_card_unknown',
    ],
    ['credit of nobody', { payment: { tenders: [{ kind: 'store_credit' }, tenders[1]] } }, 422, 'customer_missing'],
  ]
  for (const [what, order, status, refusal] of rows) {
    const answer = await shop.buy({ ...tent, ...order })
    assert.deepEqual([answer.status, answer.json.code], [status, refusal], what)
    if (status === 409) assert.deepEqual(answer.json.current.due.amount, tentCents - 1_000, what)
  }
})

test('a blocked card pays nothing until it is unblocked; a correction never takes what an order holds', async () => {
  const { id, code } = await makeCard(1_000)
  const version = (await readCard(id)).version as number
  const edit = (body: object, seen: number) =>
    shop.api.send({
      method: 'PATCH',
      path: `/v1/admin/gift-cards/${id}`,
      headers: { authorization: `Bearer ${shop.api.keys.secretKey}`, 'if-match': `"${seen}"` },
      body,
    })
  assert.equal((await edit({ blocked: true }, version)).status, 200)
  assert.equal((await edit({ blocked: false }, version)).status, 412)
  const tenders = [
    { kind: 'gift_card', code },
    { kind: 'provider', ...pay('tok_declined') },
  ]
  const refused = await shop.buy({ ...tent, payment: { tenders } })
  assert.deepEqual([refused.status, refused.json.reason], [422, 'blocked'])
  assert.equal((await edit({ blocked: false }, version + 1)).status, 200)

  const declined = await shop.buy({ ...tent, payment: { tenders } })
  assert.equal(declined.status, 402)
  const taken = await shop.asMerchant('POST', `/gift-cards/${id}/adjustments`, { amount: usd(-1), reason: 'error' })
  assert.deepEqual([taken.status, taken.json.code], [409, 'value_insufficient'])
  const { id: orderId, accessToken: token } = declined.json.order
  assert.equal((await asBuyer(`/orders/${orderId}/cancel`, {}, token)).status, 200)
  const corrected = await shop.asMerchant('POST', `/gift-cards/${id}/adjustments`, { amount: usd(-1), reason: 'error' })
  assert.deepEqual(corrected.json.available, usd(999))
})

test('store credit is spent by who proved the e-mail, not by who typed it first', async () => {
  const channels = await shop.asMerchant('GET', '/channels')
  const channelId = channels.json.items.find(({ code }: { code: string }) => code === 'web').id
  const spend = async (email: string, proof: object) => {
    const { json: customer } = await shop.asMerchant('POST', '/customers', { email, ...proof })
    const given = await shop.asMerchant('POST', '/store-credits', {
      customerId: customer.id,
      legalEntityId,
      amount: usd(tentCents),
      reason: 'late parcel',
    })
    assert.equal(given.status, 200, given.text)
    const session = await shop.asMerchant('POST', `/customers/${customer.id}/sessions`, { channelId })
    return shop.api.send({
      method: 'POST',
      path: '/v1/store/orders',
      headers: {
        authorization: `Bearer ${shop.api.keys.publishableKey}`,
        'waybill-customer-token': session.json.customerToken,
        'idempotency-key': randomUUID(),
      },
      body: {
        lines: [{ sku: TENT, quantity: 1 }],
        shippingAddress: newYork,
        payment: { tenders: [{ kind: 'store_credit' }] },
      },
    })
  }
  const typed = await spend('typed@example.com', {})
  assert.deepEqual([typed.status, typed.json.code], [422, 'email_unproved'])
  const proved = await spend('proved@example.com', { emailVerified: true })
  assert.equal(proved.status, 201, proved.text)
})

test('store credit is given, taken back and listed by its customer', async () => {
  const { json: customer } = await shop.asMerchant('POST', '/customers', { email: 'credit@example.com' })
  const grant = (amount: number) =>
    shop.asMerchant('POST', '/store-credits', {
      customerId: customer.id,
      legalEntityId,
      amount: usd(amount),
      reason: 'late parcel',
    })
  assert.equal((await grant(-5)).json.code, 'value_insufficient')
  assert.deepEqual((await grant(1_500)).json.available, usd(1_500))
  assert.deepEqual((await grant(-500)).json.available, usd(1_000))
  assert.equal((await grant(-1_001)).json.code, 'value_insufficient')
  assert.equal((await grant(0)).json.code, 'amount_zero')
  const listed = await shop.asMerchant('GET', `/store-credits?customerId=${customer.id}`)
  assert.deepEqual(
    (listed.json.items as { balance: object }[]).map(({ balance }) => balance),
    [usd(1_000)],
  )
})

test('a cart shows what its card pays and what is left; ordering holds to it', async () => {
  const { id, code } = await makeCard(1_000)
  const made = await shop.asBuyer('POST', '/carts', { body: { ...tent, deliveryOption: 'standard' } })
  assert.equal(made.status, 201, made.text)
  const { id: cartId, accessToken: token } = made.json
  assert.deepEqual([made.json.giftCards, made.json.due], [[], made.json.totals.total])
  const put = await asBuyer(`/carts/${cartId}/gift-cards`, { code }, token)
  assert.equal(put.status, 200, put.text)
  const due = usd(made.json.totals.total.amount - 1_000)
  assert.deepEqual(put.json.giftCards, [{ id, last4: code.slice(-4), covered: usd(1_000), unusable: null }])
  assert.deepEqual(put.json.due, due)
  assert.deepEqual((await readCard(id)).reserved, usd(0), 'a cart holds nothing of it')

  const order = (body: object) => asBuyer(`/carts/${cartId}/order`, { total: made.json.totals.total, ...body }, token)
  const unsaid = await order({ payment: pay('tok_ok') })
  assert.deepEqual([unsaid.status, unsaid.json.code, unsaid.json.current.due], [409, 'due_changed', due])
  const alone = await order({ due })
  assert.deepEqual([alone.status, alone.json.code], [409, 'gift_card_insufficient'])
  const twice = await order({ due, payment: { tenders: [{ kind: 'gift_card', code }] } })
  assert.deepEqual([twice.status, twice.json.code], [422, 'tender_twice'])

  const taken = await shop.asMerchant('POST', `/gift-cards/${id}/adjustments`, { amount: usd(-400), reason: 'error' })
  assert.equal(taken.status, 200)
  const changed = await order({ due, payment: pay('tok_ok') })
  assert.deepEqual([changed.status, changed.json.code], [409, 'due_changed'])
  assert.deepEqual(changed.json.current.due, usd(due.amount + 400))

  const placed = await order({ due: changed.json.current.due, payment: pay('tok_ok') })
  assert.equal(placed.status, 201, placed.text)
  assert.deepEqual((await readCard(id)).balance, usd(0))
  const after = await shop.asBuyer('GET', `/carts/${cartId}`, { token })
  assert.equal(after.json.status, 'ordered')
})

test('a card is taken out of a cart again; one that pays everything needs no provider', async () => {
  const { id, code } = await makeCard(tentCents * 2)
  const made = await shop.asBuyer('POST', '/carts', { body: { ...tent, deliveryOption: 'standard' } })
  const { id: cartId, accessToken: token } = made.json
  const put = await asBuyer(`/carts/${cartId}/gift-cards`, { code }, token)
  assert.deepEqual(put.json.due, usd(0))
  const out = await shop.asBuyer('DELETE', `/carts/${cartId}/gift-cards/${id}`, { token })
  assert.deepEqual([out.status, out.json.giftCards], [200, []])
  assert.equal((await shop.asBuyer('DELETE', `/carts/${cartId}/gift-cards/${id}`, { token })).status, 404)
  await asBuyer(`/carts/${cartId}/gift-cards`, { code }, token)
  const placed = await asBuyer(`/carts/${cartId}/order`, { total: made.json.totals.total, due: usd(0) }, token)
  assert.equal(placed.status, 201, placed.text)
  assert.deepEqual((await readCard(id)).balance, usd(tentCents * 2 - made.json.totals.total.amount))
})

test('a till tells how it was paid; the order shows it and our own value is left alone', async () => {
  const sale = (tenders: readonly object[]) =>
    shop.asMerchant('POST', '/orders', {
      channel: 'store-pos',
      reference: randomUUID(),
      currency: 'USD',
      taxIncluded: true,
      lines: [{ sku: TENT, quantity: 1, unitPrice: usd(5_000) }],
      fulfillment: { method: 'carried_out', location: 'store-brooklyn' },
      payment: { state: 'paid', tenders },
    })
  const told = await sale([
    { kind: 'gift_card', amount: usd(3_000) },
    { kind: 'cash', amount: usd(2_000) },
  ])
  assert.equal(told.status, 201, told.text)
  const order = await shop.asMerchant('GET', `/orders/${told.json.id}`)
  assert.deepEqual(
    (order.json.tenders as { kind: string; amount: object; status: string }[]).map(({ kind, amount, status }) => [
      kind,
      amount,
      status,
    ]),
    [
      ['gift_card', usd(3_000), 'reported'],
      ['cash', usd(2_000), 'reported'],
    ],
  )
  const short = await sale([{ kind: 'cash', amount: usd(4_999) }])
  assert.deepEqual([short.status, short.json.code, short.json.total], [422, 'tenders_differ', usd(5_000)])
})
