/** Numbers that lie: what an order costs and how much of what it moves is refused or exact, never rounded or overflowing. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { runAudits } from '../../server/platform/audits/run-audits.ts'
import { query } from '../support/server.ts'
import type { Answer } from '../support/api-client.ts'
import { faultOf } from '../support/api-judge.ts'
import { openShop, orderBody, trustedBody, type Shop } from '../support/api-scenes.ts'
import { newKey, OTHER_SKU, SKU } from '../support/api-words.ts'
import { openTestApi, readTables, type TestApi } from '../support/api.ts'

let api: TestApi
let shop: Shop

before(async () => {
  api = await openTestApi()
  shop = await openShop(api)
})
after(() => api.close())

/** What an operation answers to a body; `@name@` in its text stands for a number that JSON has no value for. */
async function send(name: string, body: object): Promise<Answer> {
  const operation = shop.operation(name)
  const raw = JSON.stringify(body).replaceAll(/"@([^"@]+)@"/g, '$1')
  const { body: _, ...request } = shop.exampleIn(operation, {})
  const answer = await api.send({ ...request, raw })
  assert.equal(faultOf(operation, answer), null)
  return answer
}

const MOST = 999_999_999_999
const usd = (amount: unknown, currency = 'USD') => ({ amount, currency })

const quantities = [
  0,
  -1,
  -0.5,
  0.5,
  1.5,
  1_000_001,
  1_000_000_000,
  2 ** 31,
  2 ** 53,
  '1',
  '@1e400@',
  '@-1e400@',
  '@1e-400@',
  '@0.0000000000001@',
  null,
  true,
  [1],
  {},
] as const

test('a quantity is a whole number from 1 to 1,000,000', async () => {
  const before = await readTables(api)
  for (const quantity of quantities) {
    const rows = [
      await send('POST /v1/store/carts', { lines: [{ sku: SKU, quantity }] }),
      await send('POST /v1/store/orders', { ...orderBody(), lines: [{ sku: SKU, quantity }] }),
      await send('POST /v1/admin/orders', { ...trustedBody(), lines: [{ sku: SKU, quantity, unitPrice: usd(1) }] }),
      await send('POST /v1/admin/inventory/inbound', {
        reference: 'r',
        location: 'wh-reno',
        eta: '2027-01-01T00:00:00Z',
        lines: [{ sku: SKU, quantity }],
      }),
    ]
    assert.deepEqual(
      rows.map(({ status }) => status),
      [422, 422, 422, 422],
      `quantity ${JSON.stringify(quantity)}`,
    )
  }
  assert.deepEqual(await readTables(api), before, 'nothing was written')
})

test('numbers that say the same are the same: -0, 1.0, 1e2', async () => {
  const rows = [
    ['@1.0@', 1],
    ['@1e0@', 1],
    ['@2E0@', 2],
    ['@20e-1@', 2],
    ['@1e2@', 100],
  ] as const
  for (const [written, quantity] of rows) {
    const { status, json } = await send('POST /v1/store/carts', { lines: [{ sku: SKU, quantity: written }] })
    assert.deepEqual([written, status, json.lines[0].quantity], [written, 201, quantity])
  }
  assert.equal((await send('POST /v1/store/carts', { lines: [{ sku: SKU, quantity: '@-0@' }] })).status, 422)
})

const amounts = [
  -1,
  0.5,
  19.99,
  1_000_000_000_000,
  2 ** 53,
  2 ** 63,
  '1999',
  '19,99',
  '@1e400@',
  '@-1e400@',
  '@1e300@',
  null,
  true,
  {},
  [1999],
] as const

test('an amount is whole minor units from 0 on, in a currency of the order', async () => {
  const before = await readTables(api)
  for (const amount of amounts) {
    const rows = [
      await send('POST /v1/store/orders', { ...orderBody(), total: usd(amount) }),
      await send('POST /v1/admin/orders', {
        ...trustedBody(),
        lines: [{ sku: SKU, quantity: 1, unitPrice: usd(amount) }],
      }),
      await send('POST /v1/admin/orders', {
        ...trustedBody(),
        lines: [{ sku: SKU, quantity: 1, unitPrice: usd(100), discount: usd(amount) }],
      }),
      await send('POST /v1/admin/orders', {
        ...trustedBody(),
        lines: [{ sku: SKU, quantity: 1, unitPrice: usd(100), tax: usd(amount) }],
      }),
    ]
    assert.deepEqual(
      rows.map(({ status }) => status),
      [422, 422, 422, 422],
      `amount ${JSON.stringify(amount)}`,
    )
  }
  for (const currency of ['EUR', 'XXX', 'usd', 'US', 'USDD', '', 'U$D', null, 840]) {
    const rows = [
      await send('POST /v1/store/orders', { ...orderBody(), total: { amount: 1, currency } }),
      await send('POST /v1/admin/orders', {
        ...trustedBody(),
        lines: [{ sku: SKU, quantity: 1, unitPrice: { amount: 1, currency } }],
      }),
      await send('POST /v1/admin/orders', {
        ...trustedBody(),
        charges: [{ type: 'delivery', amount: { amount: 1, currency } }],
      }),
    ]
    assert.deepEqual(
      rows.map(({ status }) => status),
      [422, 422, 422],
      `currency ${JSON.stringify(currency)}`,
    )
  }
  for (const currency of ['JPY', 'XXX', 'ZZZ']) {
    const rows = [
      await send('POST /v1/store/carts', { currency, lines: [{ sku: SKU, quantity: 1 }] }),
      await send('POST /v1/store/orders', { ...orderBody(), currency }),
      await send('POST /v1/admin/orders', {
        ...trustedBody(),
        currency,
        lines: [{ sku: SKU, quantity: 1, unitPrice: { amount: 1, currency } }],
      }),
    ]
    assert.deepEqual(
      rows.map(({ status, json }) => [status, json.code]),
      rows.map(() => [422, 'currency_unknown']),
      currency,
    )
  }
  assert.deepEqual(await readTables(api), before, 'nothing was written')
})

test('a total that the buyer did not see is not taken: 409 with what it is now, and nothing is claimed', async () => {
  const before = await readTables(api)
  for (const amount of [0, 1, MOST]) {
    const answer = await send('POST /v1/store/orders', { ...orderBody(), total: usd(amount) })
    assert.deepEqual([answer.status, answer.json.code], [409, 'total_changed'])
    assert.ok(answer.json.current.total.amount > 1 && answer.json.current.total.currency === 'USD', answer.text)
  }
  assert.deepEqual(await readTables(api), before, 'nothing was written')
})

const hugeLines = (lines: number, quantity: number, amount: number) =>
  Array.from({ length: lines }, () => ({ sku: SKU, quantity, unitPrice: usd(amount) }))

const hugeTrusted = [
  // what                                  lines                              more
  ['one unit at the most', hugeLines(1, 1, MOST), {}],
  ['two units at the most', hugeLines(1, 2, MOST), {}],
  ['a million units at the most', hugeLines(1, 1_000_000, MOST), {}],
  ['2,000 lines at the most', hugeLines(2_000, 1, MOST), {}],
  ['2,000 lines of a million at the most', hugeLines(2_000, 1_000_000, MOST), {}],
  ['units beyond 2^31', hugeLines(2_000, 1_000_000, 0), {}],
  ['a tax at the most', [{ sku: SKU, quantity: 1, unitPrice: usd(MOST), tax: usd(MOST) }], {}],
  [
    'charges at the most',
    hugeLines(1, 1, MOST),
    { charges: Array.from({ length: 100 }, () => ({ type: 'fee', amount: usd(MOST), tax: usd(MOST) })) },
  ],
  [
    'charges at the least',
    hugeLines(1, 1, 0),
    { charges: Array.from({ length: 100 }, () => ({ type: 'fee', amount: usd(-MOST), tax: usd(-MOST) })) },
  ],
  [
    'a charge that leaves less than nothing',
    hugeLines(1, 1, 100),
    { charges: [{ type: 'voucher', amount: usd(-101) }] },
  ],
  [
    'a tax below zero on a charge',
    hugeLines(1, 1, 100),
    { charges: [{ type: 'delivery', amount: usd(10), tax: usd(-10_000) }] },
  ],
  ['a discount above the line', [{ sku: SKU, quantity: 1, unitPrice: usd(100), discount: usd(101) }], {}],
  [
    'a contained tax above the line',
    [{ sku: SKU, quantity: 1, unitPrice: usd(100), tax: usd(101) }],
    { taxIncluded: true },
  ],
] as const

/** In each way that goods can leave. */
const methods = [{ method: 'ship' }, { method: 'carried_out', location: 'store-brooklyn' }] as const

test('sums beyond what the API can say exactly: taken exactly or refused by 422, alone and in a batch', async () => {
  for (const [what, lines, more] of hugeTrusted) {
    for (const fulfillment of methods) {
      const body = () => ({ ...trustedBody(), lines, ...more, fulfillment })
      const alone = await send('POST /v1/admin/orders', body())
      assert.ok(
        alone.status === 201 || alone.status === 422,
        `${what}, ${fulfillment.method}: ${alone.status} ${alone.text}`,
      )
      const batch = await send('POST /v1/admin/orders/batch', { orders: [body(), trustedBody()] })
      assert.equal(batch.status, 200, batch.text)
      const { results } = batch.json
      assert.deepEqual(
        results.map(({ status }: { status: string }) => status),
        [alone.status === 201 ? 'placed' : 'refused', 'placed'],
        `${what}: its neighbour is not in danger`,
      )
      if (alone.status === 201) {
        const read = await shop.admin('GET', `/v1/admin/orders/${alone.json.id}`)
        assert.ok(
          Object.values<{ amount: number }>(read.json.totals).every(({ amount }) => Number.isSafeInteger(amount)),
          read.text,
        )
        assert.equal((await shop.admin('GET', `/v1/admin/orders/${alone.json.id}/timeline`)).status, 200)
      }
    }
  }
})

test("a shopper's order that would cost more than can be said: amount_too_large, in the cart and at the order", async () => {
  const product = await shop.admin('POST', '/v1/admin/products', {
    handle: 'moon',
    title: 'Moon',
    channels: ['web'],
    taxClass: 'standard',
    status: 'active',
    variants: [{ sku: 'MOON', kind: 'digital' }],
  })
  assert.equal(product.status, 201)
  const [list] = (await shop.admin('GET', '/v1/admin/price-lists')).json.items.filter(
    ({ currency }: { currency: string }) => currency === 'USD',
  )
  await shop.admin('PUT', `/v1/admin/price-lists/${list.id}/prices`, { prices: [{ sku: 'MOON', price: usd(MOST) }] })
  const line = { sku: 'MOON', quantity: 1_000_000 }
  const many = Array.from({ length: 500 }, () => line)
  for (const lines of [[line], many]) {
    const order = await send('POST /v1/store/orders', { ...orderBody(), lines })
    assert.deepEqual(
      [order.status, order.json.code],
      [422, lines === many ? order.json.code : 'amount_too_large'],
      order.text,
    )
    const cart = await send('POST /v1/store/carts', { lines })
    assert.ok([201, 422].includes(cart.status), cart.text)
  }
  const one = await send('POST /v1/store/orders', { ...orderBody(), lines: [{ sku: 'MOON', quantity: 1 }] })
  assert.ok([201, 402, 422].includes(one.status), one.text)
})

// oxfmt-ignore
const pallets = [
  // pallets of 100,000     a shopper's           a marketplace's    a till's
  [[10_000],                'out_of_stock',       'placed',          'placed'],
  [[5_000, 5_001],          'too_many_units',     'too_many_units',  'too_many_units'],
  // Three thousand million, which 32 bits take for less than nothing.
  [[15_000, 15_000],        'too_many_units',     'too_many_units',  'too_many_units'],
  [[30_000],                'too_many_units',     'too_many_units',  'too_many_units'],
  [[1_000_000],             'too_many_units',     'too_many_units',  'too_many_units'],
] as const

test('bundles that ask for more units than can be counted are refused, and never taken for a few', async () => {
  const product = await shop.admin('POST', '/v1/admin/products', {
    handle: 'pallet',
    title: 'Pallet',
    channels: null,
    taxClass: 'standard',
    status: 'active',
    variants: [{ sku: 'PEN' }, { sku: 'PALLET', kind: 'bundle', components: [{ sku: 'PEN', quantity: 100_000 }] }],
  })
  assert.equal(product.status, 201, product.text)
  const [list] = (await shop.admin('GET', '/v1/admin/price-lists')).json.items.filter(
    ({ currency }: { currency: string }) => currency === 'USD',
  )
  await shop.admin('PUT', `/v1/admin/price-lists/${list.id}/prices`, { prices: [{ sku: 'PALLET', price: usd(1) }] })
  await send('POST /v1/admin/inventory/adjustments', {
    commandKey: newKey(),
    entries: [{ sku: 'PEN', location: 'wh-reno', delta: 5, reason: 'hostile' }],
  })
  for (const [quantities, ...expected] of pallets) {
    const lines = quantities.map((quantity) => ({ sku: 'PALLET', quantity }))
    const sold = lines.map((line) => ({ ...line, unitPrice: usd(1) }))
    const answers = [
      await send('POST /v1/store/orders', { ...orderBody(), lines }),
      await send('POST /v1/admin/orders', { ...trustedBody(), lines: sold }),
      await send('POST /v1/admin/orders', { ...trustedBody(), lines: sold, fulfillment: methods[1] }),
    ]
    assert.deepEqual(
      answers.map(({ status, json }) => (status === 201 ? 'placed' : json.code)),
      expected,
      `${quantities.join(' and ')} pallets`,
    )
    for (const { json } of answers.filter((answer) => answer.json.code === 'too_many_units')) {
      assert.deepEqual([json.status, json.skus, json.unitsMax], [422, ['PEN'], 1_000_000_000])
    }
  }
})

test('stock moved to and beyond what a shelf can hold', async () => {
  const adjust = (delta: number, count = 1) =>
    send('POST /v1/admin/inventory/adjustments', {
      commandKey: newKey(),
      entries: Array.from({ length: count }, () => ({ sku: OTHER_SKU, location: 'wh-reno', delta, reason: 'hostile' })),
    })
  const rows = [
    // delta, entries   status
    [100_000_000, 1, [200]],
    [100_000_000, 1_000, [409, 422]],
    [-100_000_000, 1_000, [200, 409, 422]],
    [-1, 1, [200, 409, 422]],
    [100_000_000, 21, [200, 409, 422]],
    [100_000_000, 21, [409, 422]],
    [-100_000_001, 1, [422]],
  ] as const
  for (const [delta, count, statuses] of rows) {
    const answer = await adjust(delta, count)
    assert.ok(
      (statuses as readonly number[]).includes(answer.status),
      `${delta} × ${count}: ${answer.status} ${answer.text.slice(0, 300)}`,
    )
  }
  const limits = await send('PUT /v1/admin/inventory/limits', {
    entries: [
      {
        sku: OTHER_SKU,
        location: 'wh-reno',
        backorderLimit: 100_000_000,
        backorderLeadDays: 7,
        safetyStock: 100_000_000,
      },
    ],
  })
  assert.equal(limits.status, 200, limits.text)
  const far = await send('POST /v1/store/orders', { ...orderBody({ quantity: 1_000_000, sku: OTHER_SKU }) })
  assert.ok(far.status < 500, far.text)
})

test('the books still balance after all of this', async () => {
  await query(api.databaseUrl, 'select pg_sleep(0)')
  const violated = (await runAudits(api.node.db)).filter(({ violations }) => violations > 0)
  assert.deepEqual(
    violated.map(({ name, sample }) => [name, JSON.stringify(sample[0])]),
    [],
  )
})
