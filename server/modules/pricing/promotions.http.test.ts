import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import { openPricingShop, type Answer } from '../../../test/support/pricing-shop.ts'

let shop: Awaited<ReturnType<typeof openPricingShop>>

before(async () => {
  shop = await openPricingShop()
})
after(() => shop.close())

const usd = (amount: number) => ({ amount, currency: 'USD' })
type Shop = typeof shop
const send: Shop['send'] = (...request) => shop.send(...request)
const post: Shop['post'] = (...request) => shop.post(...request)
const patch: Shop['patch'] = (...request) => shop.patch(...request)

const offer = (effect: object) => ({ name: 'Autumn', effect })

test('a promotion is added once, repeated, read, edited and listed; what is absent is told', async () => {
  const key = randomUUID()
  const body = {
    ...offer({
      type: 'bundle_price',
      parts: [
        { sku: 'TEE', quantity: 2 },
        { sku: 'MUG', quantity: 1 },
      ],
      price: usd(3_000),
    }),
    channels: ['web'],
    segments: ['vip'],
    goods: { skus: ['TEE'], categories: ['camping'] },
    minimum: { items: usd(2_000), quantity: 2 },
    limits: { uses: 10 },
  }
  const made = await post('promotions', body, key)
  assert.equal(made.status, 201, JSON.stringify(made.body))
  const { id, ...rest } = made.body
  assert.deepEqual(rest, {
    ...body,
    effect: { ...body.effect, timesMax: null },
    goods: { ...body.goods, products: [] },
    limits: { uses: 10, usesPerCustomer: null },
    active: true,
    priority: 0,
    combinable: false,
    needsCode: false,
    validFrom: null,
    validUntil: null,
    markets: [],
    version: 1,
  })
  assert.deepEqual(await post('promotions', body, key), made)
  const path = `promotions/${String(id)}`
  assert.deepEqual((await send('GET', path)).body, made.body)
  const changes = {
    combinable: true,
    effect: { type: 'buy_x_get_y', buyUnits: 2, getUnits: 1, ratePpm: 1_000_000, timesMax: 3 },
    minimum: { items: null, quantity: null },
    limits: { uses: 20, usesPerCustomer: null },
  }
  const edited = await patch(path, 1, changes)
  assert.deepEqual(edited, { status: 200, body: { ...made.body, ...changes, version: 2 } })
  const { items } = (await send('GET', 'promotions')).body as { items: { id: unknown }[] }
  assert.deepEqual(
    items.filter((item) => item.id === id),
    [edited.body],
  )
})

const yen = (amount: number) => ({ amount, currency: 'JPY' })
const unknownProduct = 'prd_01h2xcejqtf2nbrexx3vqjhp41'
const senseless: readonly (readonly [what: string, body: object, reasons: readonly string[]])[] = [
  [
    'turned inside out',
    {
      ...offer({ type: 'percent_off', ratePpm: 1 }),
      validFrom: '2027-01-02T00:00:00Z',
      validUntil: '2027-01-01T00:00:00Z',
    },
    ['/validUntil validity_reversed'],
  ],
  [
    'for nobody',
    { ...offer({ type: 'percent_off', ratePpm: 1 }), channels: ['moon'], markets: ['sea'], segments: ['cats'] },
    ['/channels/0 channel_unknown', '/markets/0 market_unknown', '/segments/0 segment_unknown'],
  ],
  [
    'of nothing',
    { ...offer({ type: 'percent_off', ratePpm: 1 }), goods: { skus: ['NOTHING'] }, name: '   x' },
    ['/goods/skus/0 sku_unknown'],
  ],
  [
    'of money',
    { ...offer({ type: 'percent_off', ratePpm: 1 }), goods: { skus: ['TEE', 'CARD'] } },
    ['/goods/skus/1 gift_card'],
  ],
  [
    'of a product that is none',
    { ...offer({ type: 'percent_off', ratePpm: 1 }), goods: { products: [unknownProduct] } },
    ['/goods/products product_unknown'],
  ],
  [
    'in a currency that nobody sells in',
    offer({ type: 'amount_off', amount: { amount: 5, currency: 'SEK' } }),
    ['/effect currency_not_sold_in'],
  ],
  [
    'in two currencies',
    { ...offer({ type: 'amount_off', amount: usd(5) }), minimum: { items: yen(5) } },
    ['/minimum/items currencies_differ'],
  ],
  [
    'of a bundle of one',
    offer({ type: 'bundle_price', parts: [{ sku: 'TEE', quantity: 1 }], price: usd(1) }),
    ['/effect/parts bundle_of_one'],
  ],
  [
    'of a bundle with a part twice',
    offer({
      type: 'bundle_price',
      parts: [
        { sku: 'TEE', quantity: 1 },
        { sku: 'TEE', quantity: 1 },
      ],
      price: usd(1),
    }),
    ['/effect/parts repeated'],
  ],
  [
    'of a tariff that is none',
    offer({ type: 'delivery_percent_off', ratePpm: 1, tariffs: ['rocket'] }),
    ['/effect/tariffs/0 tariff_unknown'],
  ],
]
for (const [what, body, reasons] of senseless) {
  test(`a promotion ${what} is refused with ${reasons.join(', ')}`, async () => {
    const answer = await post('promotions', body)
    assert.deepEqual([answer.status, answer.body['code']], [422, 'promotion_invalid'], JSON.stringify(answer.body))
    const told = answer.body['reasons'] as { path: string; code: string }[]
    assert.deepEqual(
      told.map(({ path, code }) => `${path} ${code}`),
      reasons,
    )
  })
}

test('more than 100 % does not get past the schema', async () => {
  const answer = await post('promotions', offer({ type: 'percent_off', ratePpm: 1_000_001 }))
  assert.deepEqual([answer.status, answer.body['code']], [422, 'invalid_request'])
})

test('a limit stays a limit, and is not lowered below what was used', async () => {
  const { body } = await post('promotions', { ...offer({ type: 'percent_off', ratePpm: 1 }), limits: { uses: 5 } })
  const path = `promotions/${String(body['id'])}`
  const lifted = await patch(path, 1, { limits: { uses: null } })
  assert.deepEqual(lifted.body['reasons'], [{ path: '/limits/uses', code: 'limit_stays' }])
  await shop.db.inTransaction((tx) =>
    tx.execute({ name: 'test.use', text: 'update pricing.promotion_uses set used = 3 where uses_max = 5' }),
  )
  const lowered = await patch(path, 1, { limits: { uses: 2 } })
  assert.deepEqual(lowered.body['reasons'], [{ path: '/limits/uses', code: 'limit_below_used' }])
  assert.equal((await patch(path, 1, { limits: { uses: 3 } })).status, 200)
})

test('codes are added all or none, generated, listed page by page, and switched off', async () => {
  const { body } = await post('promotions', { ...offer({ type: 'percent_off', ratePpm: 1 }), needsCode: true })
  const path = `promotions/${String(body['id'])}/codes`
  const key = randomUUID()
  const named = await post(path, { codes: ['welcome10', 'Hello-10'], usesMax: 1 }, key)
  assert.equal(named.status, 201, JSON.stringify(named.body))
  const codesOf = (answer: Answer) => (answer.body['items'] as { code: string }[]).map(({ code }) => code).toSorted()
  assert.deepEqual(codesOf(named), ['HELLO-10', 'WELCOME10'])
  assert.deepEqual(await post(path, { codes: ['welcome10', 'Hello-10'], usesMax: 1 }, key), named)
  const taken = await post(path, { codes: ['WELCOME10', 'FREE-ONE'] })
  assert.deepEqual([taken.status, taken.body['code'], taken.body['codes']], [409, 'codes_taken', ['WELCOME10']])
  const generated = await post(path, { generate: { count: 5, prefix: 'fall-' } })
  assert.ok(codesOf(generated).every((code) => /^FALL-[2-9A-HJ-NP-Z]{12}$/.test(code)))
  const both = await post(path, { codes: ['ABC'], generate: { count: 1 } })
  assert.deepEqual([both.status, both.body['code']], [422, 'invalid_request'])

  const listed: string[] = []
  let cursor = ''
  do {
    const page = await send('GET', `${path}?limit=3${cursor}`)
    listed.push(...codesOf(page))
    cursor = typeof page.body['nextCursor'] === 'string' ? `&cursor=${page.body['nextCursor']}` : ''
  } while (cursor !== '')
  assert.deepEqual(listed.toSorted(), [...codesOf(named), ...codesOf(generated)].toSorted())
  const [first] = named.body['items'] as { id: string }[]
  const off = await patch(`${path}/${first?.id}`, 1, { active: false })
  assert.deepEqual([off.status, off.body['active'], off.body['version']], [200, false, 2])
  assert.equal((await patch(`${path}/${first?.id}`, 1, { active: true })).status, 412)
})
