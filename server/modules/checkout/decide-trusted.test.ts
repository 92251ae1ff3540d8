import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newId } from '../../kernel/id.ts'
import { must } from '../../kernel/invariant.ts'
import { MONEY_MINOR_MAX, type CurrencyCode } from '../../kernel/money.ts'
import { instantFromMs } from '../../kernel/time.ts'
import type { SellingWorld } from '../carts/index.ts'
import type { Offer } from '../catalog/index.ts'
import type { Channel } from '../merchant/index.ts'
import type { Node } from '../sourcing/index.ts'
import { decideTrusted } from './decide-trusted.ts'
import type { TrustedPlacement } from './placement.ts'
import { CounterPool, SupplyPool } from './supply-pool.ts'

const lamp: Offer = {
  variantId: newId<'variant'>(),
  productId: newId<'product'>(),
  sku: 'LAMP',
  title: 'Lamp',
  kind: 'physical',
  stocked: true,
  status: 'active',
  taxClass: 'standard',
  channelIds: new Set(),
  rules: [],
  categories: [],
  weightGrams: null,
  components: [],
  separable: true,
}
const download: Offer = { ...lamp, variantId: newId<'variant'>(), sku: 'BOOK', kind: 'digital', stocked: false }
const crate: Offer = {
  ...lamp,
  variantId: newId<'variant'>(),
  sku: 'CRATE',
  stocked: false,
  kind: 'bundle',
  components: [
    { variantId: lamp.variantId, sku: 'LAMP', title: 'Lamp', quantity: 100_000, stocked: true, weightGrams: null },
  ],
}
const locationId = newId<'location'>()
const counter = { code: 'store', locationId } as Node
const world = {
  at: instantFromMs(Date.UTC(2026, 0, 1)),
  offers: new Map([
    ['LAMP', lamp],
    ['CRATE', crate],
    ['BOOK', download],
  ]),
  prices: new Map(),
  sourcing: {
    revision: 1n,
    routes: new Map(),
    shipping: { services: [], postalPrefixLengthMax: 0 },
    network: { nodes: [], rankings: new Map(), nodeById: new Map(), nodeByCode: new Map([['store', counter]]) },
  },
} as unknown as SellingWorld

/** Lines as `quantity × unit price in minor units`. */
function placement(lines: string, locationCode: string | null = 'store'): TrustedPlacement {
  return {
    kind: 'trusted',
    actor: null,
    channel: { id: newId<'channel'>(), currencies: ['GBP'] as readonly string[] } as Channel,
    reference: '1',
    fingerprint: '',
    placedAt: null,
    currency: 'GBP' as CurrencyCode,
    taxIncluded: true,
    lines: lines.split(', ').map((line) => {
      const [quantity = '', price = ''] = line.split(' × ')
      return {
        sku: 'LAMP',
        quantity: Number(quantity),
        unitPriceMinor: BigInt(price),
        discountMinor: 0n,
        taxMinor: 0n,
      }
    }),
    charges: [],
    buyer: { email: null, address: null },
    shipTo: null,
    method: 'carried_out',
    locationCode,
    paymentState: 'paid',
    tenders: [],
  }
}

function decide(request: TrustedPlacement, unclaimed = 100) {
  const rows = [{ variantId: lamp.variantId, locationId, supplyId: 1n, unclaimed, lastCount: null }]
  return decideTrusted(request, world, new SupplyPool([]), new CounterPool(rows))
}

// oxfmt-ignore
const amounts = [
  // the lines                                       the answer
  ['1 × 999999999999',                               'accepted'],
  ['1 × 999999999999, 1 × 1',                        'amount_too_large'],
  ['1000000 × 999999999999',                         'amount_too_large'],
  // Their sum does not fit into the database's 64 bits.
  [Array(100).fill('1000000 × 999999999999').join(', '), 'amount_too_large'],
] as const
for (const [lines, answer] of amounts) {
  test(`a counter sale of ${lines.slice(0, 40)} is ${answer}`, () => {
    const decision = decide(placement(lines))
    assert.equal(decision.kind === 'refused' ? decision.refusal.code : decision.kind, answer)
    if (decision.kind === 'accepted') assert.equal(decision.totals.totalMinor, MONEY_MINOR_MAX)
  })
}

// oxfmt-ignore
const sizes = [
  // crates of 100,000 lamps           the answer
  [[10_000],                           'accepted'],
  [[10_001],                           'too_many_units'],
  [[5_000, 5_000],                     'accepted'],
  // Each line could be counted; together they look like none at all in 32 bits, or are more than a column holds.
  [[5_000, 5_001],                     'too_many_units'],
  [[15_000, 15_000],                   'too_many_units'],
  [[1_000_000],                        'too_many_units'],
] as const
for (const [crates, answer] of sizes) {
  for (const method of ['carried_out', 'pickup'] as const) {
    test(`${crates.join(' and ')} crates of 100,000 lamps, ${method}: ${answer}`, () => {
      const free = { unitPriceMinor: 0n, discountMinor: 0n, taxMinor: 0n }
      const lines = crates.map((quantity) => ({ sku: 'CRATE', quantity, ...free }))
      const decision = decide({ ...placement('1 × 0'), lines, method })
      assert.equal(decision.kind === 'refused' ? decision.refusal.code : decision.kind, answer)
      if (decision.kind === 'refused') {
        assert.deepEqual(decision.refusal, { code: answer, skus: ['LAMP'], unitsMax: 1_000_000_000 })
      }
    })
  }
}

// oxfmt-ignore
const charges = [
  // what                                   amount  tax     the answer
  ['a voucher',                             -50n,   0n,     'voucher',  'accepted'],
  ['delivery',                              50n,    10n,    'delivery', 'accepted'],
  ['delivery given back',                   -50n,   0n,     'delivery', 'charges_below_zero'],
  ['tax given back that nobody took',       0n,     -1n,    'fee',      'charges_below_zero'],
] as const
for (const [what, amountMinor, taxMinor, type, answer] of charges) {
  test(`an order with ${what} is ${answer}`, () => {
    const decision = decide({ ...placement('1 × 100'), charges: [{ type, amountMinor, taxMinor }] })
    assert.equal(decision.kind === 'refused' ? decision.refusal.code : decision.kind, answer)
  })
}

// oxfmt-ignore
const told = [
  // of 200     the tenders     the answer
  ['paid',       [],            'accepted'],
  ['paid',       [150n, 50n],   'accepted'],
  ['paid',       [150n],        'tenders_differ'],
  ['paid',       [150n, 51n],   'tenders_differ'],
  ['due',        [150n],        'accepted'],
  ['authorized', [200n],        'accepted'],
  ['due',        [201n],        'tenders_differ'],
] as const
for (const [paymentState, amounts, answer] of told) {
  test(`an order of 200 that is ${paymentState}, of it ${amounts.join(' and ') || 'nothing'} by tender, is ${answer}`, () => {
    const tenders = amounts.map((amountMinor) => ({ kind: 'gift_card', amountMinor }) as const)
    const decision = decide({ ...placement('2 × 100'), paymentState, tenders })
    assert.equal(decision.kind === 'refused' ? decision.refusal.code : decision.kind, answer)
  })
}

test('a channel sells in its own currencies', () => {
  const decision = decide({ ...placement('1 × 100'), currency: 'JPY' as CurrencyCode })
  assert.ok(decision.kind === 'refused')
  assert.deepEqual(decision.refusal, { code: 'currency_unknown', currencies: ['GBP'] })
})

// oxfmt-ignore
const counters = [
  // on the shelf  carried out        taken from the books, found beside them
  [100,            '2 × 100',          '2 0'],
  [1,              '2 × 100',          '2 1'],
  [3,              '2 × 100, 2 × 90',  '2 0, 2 1'],
  [0,              '5 × 0',            '5 5'],
] as const
for (const [unclaimed, lines, takes] of counters) {
  test(`${lines} carried out of a store with ${unclaimed}: ${takes}`, () => {
    const decision = decide(placement(lines), unclaimed)
    assert.ok(decision.kind === 'accepted')
    assert.equal(decision.carriedOut.map(({ units, found }) => `${units} ${found}`).join(', '), takes)
  })
}

const somewhere = { country: 'GB', region: null, postalCode: 'N1 9GU' }
// oxfmt-ignore
const destinations = [
  // how it leaves  what     where to    the answer
  ['ship',          'LAMP',  somewhere,  'accepted'],
  ['ship',          'LAMP',  null,       'address_missing'],
  ['ship',          'CRATE', null,       'address_missing'],
  ['ship',          'BOOK',  null,       'accepted'],
  ['pickup',        'LAMP',  null,       'accepted'],
  ['carried_out',   'LAMP',  null,       'accepted'],
] as const
for (const [method, sku, shipTo, answer] of destinations) {
  test(`${method} a ${sku} ${shipTo === null ? 'without' : 'to'} an address: ${answer}`, () => {
    const [line] = placement('1 × 100').lines
    const lines = [{ ...must(line, 'a line'), sku }]
    const decision = decide({ ...placement('1 × 100'), lines, method, shipTo })
    assert.equal(decision.kind === 'refused' ? decision.refusal.code : decision.kind, answer)
  })
}

test('a counter that the network does not know sells nothing', () => {
  const decision = decide(placement('1 × 100', 'elsewhere'))
  assert.ok(decision.kind === 'refused')
  assert.deepEqual(must(decision.refusal, 'a refusal'), { code: 'location_unknown', location: 'elsewhere' })
})
