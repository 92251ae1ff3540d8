import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import { openPricingShop, type Answer } from '../../../test/support/pricing-shop.ts'

let shop: Awaited<ReturnType<typeof openPricingShop>>

before(async () => {
  shop = await openPricingShop()
})
after(() => shop.close())

type Shop = typeof shop
const send: Shop['send'] = (...request) => shop.send(...request)
const post: Shop['post'] = (...request) => shop.post(...request)
const patch: Shop['patch'] = (...request) => shop.patch(...request)

const usd = (amount: number) => ({ amount, currency: 'USD' })
const list = (code: string) => ({ code, name: 'Retail', currency: 'USD', taxIncluded: false })
const rate = (taxClass: string) => ({ zone: 'us-ny', taxClass, name: 'NY sales tax', ratePpm: 88_750 })
const tariff = (code: string) => ({
  code,
  name: 'Ground',
  method: 'ship',
  service: 'ground',
  countries: ['US'],
  price: usd(599),
})

const everywhere = { market: null, country: null, region: null, location: null, segment: null }

/** `told` is what the answer says besides; the edit changes what it names. */
const stories = [
  {
    path: 'price-lists',
    added: { ...list('story'), channel: 'web', priority: 3, validUntil: '2027-01-01T00:00:00.000Z' },
    told: { validFrom: null, ...everywhere },
    edit: { priority: 1, validUntil: null },
  },
  {
    path: 'price-lists',
    added: { ...list('story-2'), country: 'US', region: 'NY', location: 'store-brooklyn', segment: 'vip' },
    told: { channel: null, market: null, priority: 0, validFrom: null, validUntil: null },
    edit: { name: 'Sale' },
  },
  {
    path: 'tax-rates',
    added: rate('story'),
    told: { validFrom: null, validUntil: null },
    edit: { ratePpm: 0, validUntil: '2027-01-01T00:00:00.000Z' },
  },
  {
    path: 'delivery-tariffs',
    added: tariff('story'),
    told: { channel: null, freeFrom: null, taxClass: 'standard', active: true },
    edit: { price: usd(0), freeFrom: usd(5_000) },
  },
  {
    path: 'delivery-tariffs',
    added: {
      code: 'story-2',
      name: 'Pickup',
      method: 'pickup',
      channel: 'web',
      countries: ['US'],
      price: usd(0),
      freeFrom: usd(1),
      active: false,
      taxClass: 'x',
    },
    told: { service: null },
    edit: { freeFrom: null, active: true },
  },
]

for (const { path, added, told, edit } of stories) {
  test(`${path}: ${added.name} is added once, repeated, read, edited and listed`, async () => {
    const key = randomUUID()
    const made = await post(path, added, key)
    assert.equal(made.status, 201, JSON.stringify(made.body))
    const { id, ...rest } = made.body
    assert.deepEqual(rest, { ...added, ...told, version: 1 })
    assert.deepEqual(await post(path, added, key), made)
    assert.deepEqual(await send('GET', `${path}/${String(id)}`), { status: 200, body: made.body })
    const edited = await patch(`${path}/${String(id)}`, 1, edit)
    assert.deepEqual(edited, { status: 200, body: { ...made.body, ...edit, version: 2 } })
    const { items } = (await send('GET', path)).body as { items: { id: unknown }[] }
    assert.deepEqual(
      items.filter((item) => item.id === id),
      [edited.body],
    )
    const stale = await patch(`${path}/${String(id)}`, 1, edit)
    assert.deepEqual([stale.status, stale.body['code'], stale.body['currentVersion']], [412, 'version_mismatch', 2])
  })
}

test('prices are put row by row, listed page by page and withdrawn', async () => {
  const {
    body: { id },
  } = await post('price-lists', list('prices'))
  const path = `price-lists/${String(id)}/prices`
  const answer = await send('PUT', path, {
    prices: [
      { sku: 'TEE', price: usd(1999) },
      { sku: 'MUG', price: usd(0) },
      { sku: 'CAP', price: usd(999_999_999_999) },
      { sku: 'NOTHING', price: usd(1) },
      { sku: 'TEE', price: { amount: -1, currency: 'USD' } },
      { price: usd(1) },
      null,
      { sku: 'TEE', price: null },
      { sku: 'TEE', minQuantity: 10, price: usd(1899) },
      { sku: 'TEE', minQuantity: 100, price: usd(1900) },
    ],
  })
  const results = answer.body['results'] as {
    index: number
    status: string
    errors?: { path: string; code: string }[]
  }[]
  assert.deepEqual(
    results.map(({ index, status, errors }) => [
      index,
      status,
      ...(errors ?? []).slice(0, 1).map(({ path: place, code }) => `${place} ${code}`),
    ]),
    [
      [0, 'set'],
      [1, 'set'],
      [2, 'set'],
      [3, 'error', '/sku sku_unknown'],
      [4, 'error', '/price/amount invalid'],
      [5, 'error', ' invalid'],
      [6, 'error', ' invalid'],
      [7, 'error', '/sku sku_repeated'],
      [8, 'error', '/price break_dearer'],
      [9, 'error', '/price break_dearer'],
    ],
  )
  const listed: unknown[] = []
  let cursor = ''
  do {
    const page = (await send('GET', `${path}?limit=2${cursor}`)).body as { items: unknown[]; nextCursor: string | null }
    listed.push(...page.items)
    cursor = page.nextCursor === null ? '' : `&cursor=${page.nextCursor}`
  } while (cursor !== '')
  assert.deepEqual(listed, [
    { sku: 'TEE', minQuantity: 1, price: usd(1999) },
    { sku: 'MUG', minQuantity: 1, price: usd(0) },
    { sku: 'CAP', minQuantity: 1, price: usd(999_999_999_999) },
  ])
  const withdrawn = await send('PUT', path, {
    prices: [
      { sku: 'MUG', price: null },
      { sku: 'CAP', price: null },
    ],
  })
  assert.deepEqual(withdrawn.body, {
    results: [
      { index: 0, status: 'withdrawn' },
      { index: 1, status: 'withdrawn' },
    ],
  })
  assert.deepEqual((await send('GET', path)).body, {
    items: [{ sku: 'TEE', minQuantity: 1, price: usd(1999) }],
    nextCursor: null,
  })
})

type RefusalRow = readonly [what: string, answer: () => Promise<Answer>, status: number, code: string]
const unknownList = 'prl_01h2xcejqtf2nbrexx3vqjhp41'
const unknownTariff = 'dlt_01h2xcejqtf2nbrexx3vqjhp41'
const refused: readonly RefusalRow[] = [
  ['a price list with a code that is taken', () => post('price-lists', list('story')), 409, 'code_taken'],
  [
    'a price list of a channel that is none',
    () => post('price-lists', { ...list('x'), channel: 'moon' }),
    422,
    'channel_unknown',
  ],
  [
    'a price list in a currency nobody sells in',
    () => post('price-lists', { ...list('x'), currency: 'EUR' }),
    422,
    'currency_not_sold_in',
  ],
  [
    'a price list told the other way about tax',
    () => post('price-lists', { ...list('x'), taxIncluded: true }),
    422,
    'tax_mode_differs',
  ],
  [
    'a day that does not exist',
    () => post('price-lists', { ...list('x'), validFrom: '2026-02-30T00:00:00Z' }),
    422,
    'invalid_request',
  ],
  [
    'a currency that is edited',
    () => patch(`price-lists/${unknownList}`, 1, { currency: 'EUR' }),
    422,
    'invalid_request',
  ],
  ['an unknown price list', () => send('GET', `price-lists/${unknownList}`), 404, 'not_found'],
  ['prices of an unknown list', () => send('GET', `price-lists/${unknownList}/prices`), 404, 'not_found'],
  [
    'prices for an unknown list',
    () => send('PUT', `price-lists/${unknownList}/prices`, { prices: [{ sku: 'TEE', price: usd(1) }] }),
    404,
    'not_found',
  ],
  ['no prices', () => send('PUT', `price-lists/${unknownList}/prices`, { prices: [] }), 422, 'invalid_request'],
  [
    '1,001 prices',
    () => send('PUT', `price-lists/${unknownList}/prices`, { prices: Array.from({ length: 1_001 }, () => null) }),
    422,
    'invalid_request',
  ],
  ['a tax rate of a zone that is none', () => post('tax-rates', { ...rate('x'), zone: 'moon' }), 422, 'zone_unknown'],
  ['a second tax rate of zone and class', () => post('tax-rates', rate('story')), 409, 'tax_rates_overlap'],
  ['a tax rate above the whole', () => post('tax-rates', { ...rate('x'), ratePpm: 1_000_001 }), 422, 'invalid_request'],
  ['half a part per million', () => post('tax-rates', { ...rate('x'), ratePpm: 0.5 }), 422, 'invalid_request'],
  [
    'a tariff for a service that is none',
    () => post('delivery-tariffs', { ...tariff('x'), service: 'moon' }),
    422,
    'service_unknown',
  ],
  [
    'a tariff for shipping without a service',
    () => post('delivery-tariffs', { ...tariff('x'), service: null }),
    422,
    'service_required',
  ],
  [
    'a tariff for pickup with a service',
    () => post('delivery-tariffs', { ...tariff('x'), method: 'pickup' }),
    422,
    'service_not_allowed',
  ],
  [
    'free delivery told in another currency',
    () => post('delivery-tariffs', { ...tariff('x'), freeFrom: { amount: 1, currency: 'EUR' } }),
    422,
    'amount_currency_differs',
  ],
  [
    'free delivery from nothing on',
    () => post('delivery-tariffs', { ...tariff('x'), freeFrom: usd(0) }),
    422,
    'invalid_request',
  ],
  [
    'a negative price of delivery',
    () => post('delivery-tariffs', { ...tariff('x'), price: usd(-1) }),
    422,
    'invalid_request',
  ],
  [
    'a country that is none',
    () => post('delivery-tariffs', { ...tariff('x'), countries: ['ZZ'] }),
    422,
    'country_unknown',
  ],
  [
    'an edit of an unknown tariff',
    () => patch(`delivery-tariffs/${unknownTariff}`, 1, { name: 'X' }),
    404,
    'not_found',
  ],
  ['no key', () => send('POST', 'tax-rates', rate('keyless')), 400, 'idempotency_key_required'],
]
for (const [what, answer, status, code] of refused) {
  test(`${what}: ${status} ${code}`, async () => {
    const { status: answered, body } = await answer()
    assert.deepEqual([answered, body['code']], [status, code])
  })
}

const many: readonly (readonly [path: string, body: () => object, status: number, codes: readonly string[]])[] = [
  [
    'price-lists',
    () => ({ ...list('Story'), channel: 'moon', market: 'sea', country: 'US', region: 'ZZ', segment: 'cats' }),
    422,
    ['code_invalid', 'channel_unknown', 'market_unknown', 'region_invalid', 'segment_unknown'],
  ],
  [
    'price-lists',
    () => ({ ...list('x'), market: 'eu', country: 'US', location: 'moon' }),
    422,
    ['country_not_in_market', 'location_unknown'],
  ],
  ['tax-rates', () => ({ ...rate('x'), zone: 'moon', name: ' \u2003' }), 422, ['name_blank', 'zone_unknown']],
  [
    'delivery-tariffs',
    () => ({ ...tariff('x'), channel: 'moon', service: 'rocket', countries: ['ZZ', 'US', 'XX'] }),
    422,
    ['channel_unknown', 'service_unknown', 'country_unknown', 'country_unknown'],
  ],
]
for (const [path, body, status, codes] of many) {
  test(`${path} with ${codes.join(', ')} are told everything at once`, async () => {
    const answer = await post(path, body())
    const reasons = answer.body['reasons'] as { code: string }[]
    assert.deepEqual([answer.status, answer.body['code'], reasons.map(({ code }) => code)], [status, codes[0], codes])
  })
}

test("a tariff's price stays in its currency", async () => {
  const {
    body: { id },
  } = await post('delivery-tariffs', tariff('currency'))
  const answer = await patch(`delivery-tariffs/${String(id)}`, 1, { price: { amount: 1, currency: 'JPY' } })
  assert.deepEqual(
    [answer.status, answer.body['code'], answer.body['currency']],
    [422, 'amount_currency_differs', 'USD'],
  )
})
