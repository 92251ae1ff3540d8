import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  linesOf,
  minorOf,
  offerCart,
  plainPromotion,
  promotionOf,
  type DrawnLine,
} from '../../../test/support/offer-cart.ts'
import type { Id } from '../../kernel/id.ts'
import { must } from '../../kernel/invariant.ts'
import { formatMoney, sumMinor, type CurrencyCode } from '../../kernel/money.ts'
import { instantFromMs } from '../../kernel/time.ts'
import { addDeliveries, deliveryAmount, priceCart, type CartToPrice, type PricedCart } from './price-cart.ts'
import { anonymousBuyer } from './price-choice.ts'
import type { CodeAtHand, Promotion } from './promotion.ts'

// A merchant's reading. Offers may be given together where they say so; taxes are contained.
// oxfmt-ignore
const cases = [
  // on offer                                              cart                           delivery  off each line  delivery  total
  ['10% off',                                              '2 tee à 10.00, 1 mug à 5.00', '4.00',   '2.00 0.50',   '4.00',   '26.50'],
  ['10% off tee',                                          '2 tee à 10.00, 1 mug à 5.00', '4.00',   '2.00 0.00',   '4.00',   '27.00'],
  // Rounded once over the lines, then split to the cent.
  ['10% off',                                              '1 cap à 0.05, 1 mug à 0.05',  '-',      '0.01 0.00',   '0.00',   '0.09'],
  ['33% off',                                              '1 cap à 0.01, 1 mug à 0.01, 1 tee à 0.01', '-', '0.01 0.00 0.00', '0.00', '0.02'],
  ['5.00 off',                                             '2 tee à 10.00, 1 mug à 5.00', '-',      '4.00 1.00',   '0.00',   '20.00'],
  ['30.00 off',                                            '2 tee à 10.00, 1 mug à 5.00', '4.00',   '20.00 5.00',  '4.00',   '4.00'],
  ['100% off',                                             '2 tee à 10.00',               '-',      '20.00',       '0.00',   '0.00'],
  ['5.00 off from 25.00',                                  '2 tee à 10.00, 1 mug à 5.00', '-',      '4.00 1.00',   '0.00',   '20.00'],
  ['5.00 off from 25.01',                                  '2 tee à 10.00, 1 mug à 5.00', '-',      '0.00 0.00',   '0.00',   '25.00'],
  ['10% off from 3',                                       '3 tee à 10.00',               '-',      '3.00',        '0.00',   '27.00'],
  ['10% off from 4',                                       '3 tee à 10.00',               '-',      '0.00',        '0.00',   '30.00'],
  // A bundle as often as it is there; dearer than its parts it takes nothing off.
  ['tee+mug for 12.00',                                    '1 tee à 10.00, 1 mug à 5.00', '-',      '2.00 1.00',   '0.00',   '12.00'],
  ['tee+mug for 12.00',                                    '3 tee à 10.00, 2 mug à 5.00', '-',      '4.00 2.00',   '0.00',   '34.00'],
  ['tee+mug for 12.00',                                    '3 tee à 10.00',               '-',      '0.00',        '0.00',   '30.00'],
  ['tee+mug for 15.01',                                    '1 tee à 10.00, 1 mug à 5.00', '-',      '0.00 0.00',   '0.00',   '15.00'],
  // Every third the cheapest of three, dearest first.
  ['buy 2 get 1 100%',                                     '3 tee à 10.00',               '-',      '10.00',       '0.00',   '20.00'],
  ['buy 2 get 1 100%',                                     '2 tee à 10.00, 1 mug à 5.00', '-',      '0.00 5.00',   '0.00',   '20.00'],
  ['buy 1 get 1 100%',                                     '2 tee à 10.00, 2 mug à 1.00', '-',      '10.00 1.00',  '0.00',   '11.00'],
  ['buy 1 get 1 50%',                                      '5 tee à 9.99',                '-',      '9.99',        '0.00',   '39.96'],
  ['buy 2 get 1 100% tee',                                 '2 tee à 10.00, 4 mug à 5.00', '-',      '0.00 0.00',   '0.00',   '40.00'],
  ['delivery 100% off',                                    '1 tee à 10.00',               '4.00',   '0.00',        '0.00',   '10.00'],
  ['delivery 100% off from 20.00',                         '1 tee à 10.00',               '4.00',   '0.00',        '4.00',   '14.00'],
  ['delivery 1.50 off',                                    '1 tee à 10.00',               '4.00',   '0.00',        '2.50',   '12.50'],
  ['delivery 9.00 off',                                    '1 tee à 10.00',               '4.00',   '0.00',        '0.00',   '10.00'],
  // A gift card is money: nothing is taken off it, it counts towards no minimum and is no part of a bundle.
  ['10% off',                                              '1 giftcard à 25.00, 1 tee à 10.00', '-', '0.00 1.00',  '0.00',   '34.00'],
  ['10% off giftcard',                                     '1 giftcard à 25.00',          '-',      '0.00',        '0.00',   '25.00'],
  ['30.00 off',                                            '1 giftcard à 25.00, 1 tee à 10.00', '-', '0.00 10.00', '0.00',   '25.00'],
  ['5.00 off from 25.00',                                  '1 giftcard à 25.00, 1 tee à 10.00', '-', '0.00 0.00',  '0.00',   '35.00'],
  ['10% off from 2',                                       '1 giftcard à 25.00, 1 tee à 10.00', '-', '0.00 0.00',  '0.00',   '35.00'],
  ['buy 1 get 1 100%',                                     '2 giftcard à 25.00, 1 tee à 10.00', '-', '0.00 0.00',  '0.00',   '60.00'],
  ['giftcard+tee for 30.00',                               '1 giftcard à 25.00, 1 tee à 10.00', '-', '0.00 0.00',  '0.00',   '35.00'],
  // Alone: the better one for the buyer, whatever its priority.
  ['10% off priority 9; 3.00 off',                         '2 tee à 10.00',               '-',      '3.00',        '0.00',   '17.00'],
  ['10% off; delivery 100% off',                           '2 tee à 10.00',               '4.00',   '0.00',        '0.00',   '20.00'],
  ['25% off; delivery 100% off',                           '2 tee à 10.00',               '4.00',   '5.00',        '4.00',   '19.00'],
  // Together: each from prices before any discount, and no more than there is.
  ['10% off together; 3.00 off together',                  '2 tee à 10.00',               '-',      '5.00',        '0.00',   '15.00'],
  ['10% off together; delivery 100% off together',         '2 tee à 10.00',               '4.00',   '2.00',        '0.00',   '18.00'],
  ['60% off together; 50% off together',                   '2 tee à 10.00',               '-',      '20.00',       '0.00',   '0.00'],
  ['10% off together; 3.00 off together; 6.00 off',        '2 tee à 10.00',               '-',      '6.00',        '0.00',   '14.00'],
  ['10% off together; 5.00 off together; 6.00 off',        '2 tee à 10.00',               '-',      '7.00',        '0.00',   '13.00'],
] as const

for (const [offers, cart, delivery, off, left, total] of cases) {
  test(`[${offers}] on ${cart} with delivery ${delivery}: ${total}`, () => {
    const priced = price({
      lines: linesOf(cart),
      promotions: offers.split('; ').map(promotionOf),
      deliveryMinor: delivery === '-' ? null : minorOf(delivery),
    })
    assert.equal(priced.lines.map((line) => tell(line.discountMinor)).join(' '), off)
    assert.equal(tell(priced.totals.deliveryMinor), left)
    assert.equal(tell(priced.totals.totalMinor), total)
    assertAddsUp(priced)
  })
}

// What an order of 2 tees à 10.00 is told about the code AUTUMN of a promotion with these terms.
const tomorrow = instantFromMs(2_000)
const yesterday = instantFromMs(500)
const vip = 'vip' as Id<'segment'>
// oxfmt-ignore
const missed: readonly (readonly [terms: Partial<Promotion>, code: Partial<NonNullable<CodeAtHand['found']>> | null, reason: string])[] = [
  [{},                                                       {},                  'given'],
  [{},                                                       null,                'code_unknown'],
  [{},                                                       { active: false },   'not_active'],
  [{ active: false },                                        {},                  'not_active'],
  [{ validFrom: tomorrow },                                  {},                  'not_yet_valid'],
  [{ validUntil: yesterday },                                {},                  'expired'],
  [{ validUntil: instantFromMs(1_000) },                     {},                  'expired'],
  [{ validFrom: instantFromMs(1_000) },                      {},                  'given'],
  [{ channelIds: ['till' as Id<'channel'>] },                {},                  'not_in_this_channel'],
  [{ currency: 'EUR' as CurrencyCode },                      {},                  'not_in_this_currency'],
  [{ marketIds: ['eu' as Id<'market'>] },                    {},                  'not_in_this_market'],
  [{ segmentIds: ['staff' as Id<'segment'>] },               {},                  'not_for_this_segment'],
  [{ segmentIds: [vip] },                                    {},                  'given'],
  [{ goods: { variantIds: ['mug' as Id<'variant'>], productIds: [], categories: [] } }, {}, 'goods_missing'],
  [{ goods: { variantIds: [], productIds: ['p-tee' as Id<'product'>], categories: [] } }, {}, 'given'],
  [{ goods: { variantIds: [], productIds: [], categories: ['camping'] } }, {},    'goods_missing'],
  [{ itemsMinMinor: 2_001n },                                {},                  'minimum_not_reached'],
  [{ itemsMinMinor: 2_000n },                                {},                  'given'],
  [{ quantityMin: 3 },                                       {},                  'quantity_not_reached'],
  [{},                                                       { usesLeft: 0 },     'used_up'],
  [{},                                                       { usesLeft: 1 },     'given'],
  [{ usesMax: 5 },                                           {},                  'given'],
  [{ usesMax: 6 },                                           {},                  'given'],
  [{ id: 'worn' as Id<'promotion'>, usesMax: 5 },            {},                  'used_up'],
  [{ usesPerCustomerMax: 1 },                                {},                  'given'],
  [{ id: 'worn' as Id<'promotion'>, usesPerCustomerMax: 1 }, {},                  'used_up_by_customer'],
  [{ effect: { kind: 'delivery_percent_off', ratePpm: 1, tariffIds: [] } }, {},   'delivery_not_chosen'],
  [{ effect: { kind: 'percent_off', ratePpm: 1 } },          {},                  'nothing_to_discount'],
]

for (const [terms, code, reason] of missed) {
  test(`a code of a promotion ${JSON.stringify(terms, bigText)}${JSON.stringify(code)}: ${reason}`, () => {
    const promotion = plainPromotion('autumn', {
      needsCode: true,
      effect: { kind: 'percent_off', ratePpm: 100_000 },
      ...terms,
    })
    const known = { id: 'code' as Id<'promotionCode'>, promotionId: promotion.id, active: true, usesLeft: null }
    const cart = offerCart({
      lines: linesOf('2 tee à 10.00'),
      promotions: [promotion],
      offers: {
        codes: [{ code: 'AUTUMN', found: code === null ? null : { ...known, ...code } }],
        uses: {
          byPromotion: new Map([['autumn' as Id<'promotion'>, 1]]),
          ofCustomer: new Map([['autumn' as Id<'promotion'>, 1]]),
        },
      },
    })
    const priced = mustBePriced({ ...cart, buyer: { ...anonymousBuyer, segmentIds: new Set([vip]) } })
    if (reason === 'given') {
      assert.deepEqual(priced.missed, [])
      assert.deepEqual(
        priced.applied.map((offer) => [offer.code?.code, offer.lines, offer.goodsMinor, offer.deliveryMinor]),
        [['AUTUMN', [{ lineKey: 'tee', discountMinor: 200n }], 200n, 0n]],
      )
    } else {
      assert.deepEqual(priced.applied, [])
      assert.deepEqual(
        priced.missed.map((offer) => [offer.code, offer.reason.code]),
        [['AUTUMN', reason]],
      )
    }
  })
}

test('who is unknown gets no offer that is limited by customer, and without its code nobody gets it', () => {
  const limited = plainPromotion('autumn', { usesPerCustomerMax: 1, effect: { kind: 'percent_off', ratePpm: 100_000 } })
  const open = price({ lines: linesOf('2 tee à 10.00'), promotions: [limited] })
  assert.deepEqual(
    open.missed.map(({ reason }) => reason),
    [{ code: 'customer_unknown' }],
  )
  const hidden = price({ lines: linesOf('2 tee à 10.00'), promotions: [{ ...limited, needsCode: true }] })
  assert.deepEqual([hidden.applied, hidden.missed], [[], []])
})

test('of two codes of one promotion the second is told so; the worse of two offers is told which', () => {
  const promotion = promotionOf('10% off')
  const other = promotionOf('1.00 off')
  const found = { id: 'a' as Id<'promotionCode'>, promotionId: promotion.id, active: true, usesLeft: null }
  const priced = price({
    lines: linesOf('2 tee à 10.00'),
    promotions: [promotion, other],
    offers: {
      codes: [
        { code: 'ONE', found },
        { code: 'TWO', found: { ...found, id: 'b' as Id<'promotionCode'> } },
      ],
    },
  })
  assert.deepEqual(
    priced.missed.map(({ code, promotion: of, reason }) => [code, of?.name, reason.code]),
    [
      ['TWO', '10% off', 'code_repeated'],
      [null, '1.00 off', 'other_offer_better'],
    ],
  )
})

test('the better offer is the one by which the buyer pays less with tax, not the one that takes off more', () => {
  const lines = [
    { sku: 'tee', quantity: 1, priceMinor: 1_000n, taxClass: 'high' },
    { sku: 'book', quantity: 1, priceMinor: 1_000n, taxClass: 'none' },
  ]
  const priced = price({
    lines,
    promotions: [promotionOf('1.00 off tee'), promotionOf('1.05 off book')],
    taxIncluded: false,
    taxRates: { high: 200_000, none: 0 },
  })
  assert.deepEqual(
    priced.applied.map(({ name }) => name),
    ['1.00 off tee'],
  )
  assert.equal(priced.totals.totalMinor, 2_080n)
})

test('a tariff that is free from a total stays free when an offer lowers what is paid', () => {
  const priced = price({
    lines: linesOf('2 tee à 10.00'),
    promotions: [promotionOf('50% off')],
    deliveryMinor: 500n,
    freeFromMinor: 2_000n,
  })
  assert.equal(priced.totals.totalMinor, 1_000n)
})

// oxfmt-ignore
const orderTaxes = [
  // tax        rates                  cart                                       delivery  of it tax, each line    total
  ['added',    { standard: 100_000 },  '1 a à 0.05, 1 b à 0.05, 1 c à 0.05',       '-',      '0.01 0.01 0.00',       '0.17'],
  ['included', { standard: 190_000 },  '1 a à 0.03, 1 b à 0.03, 1 c à 0.03',       '-',      '0.01 0.00 0.00',       '0.09'],
  ['added',    { standard: 88_750 },   '1 a à 19.99, 1 b à 19.99',                 '4.99',   '1.78 1.77',            '48.96'],
] as const

for (const [tax, rates, cart, delivery, taxes, total] of orderTaxes) {
  test(`tax ${tax}, rounded once an order: ${cart} with delivery ${delivery} is ${total}`, () => {
    const priced = price({
      lines: linesOf(cart),
      promotions: [],
      taxIncluded: tax === 'included',
      taxRounding: 'order',
      taxRates: rates,
      deliveryMinor: delivery === '-' ? null : minorOf(delivery),
    })
    assert.equal(priced.lines.map((line) => tell(line.taxMinor)).join(' '), taxes)
    assert.equal(tell(priced.totals.totalMinor), total)
    assertAddsUp(priced)
  })
}

test('who is tax-exempt pays no tax, also where prices contain it', () => {
  const exempt = { ...anonymousBuyer, taxExempt: true }
  const lines = linesOf('2 tee à 11.90')
  const wanted = { lines, promotions: [], deliveryMinor: 595n, taxRates: { standard: 190_000 } }
  const included = mustBePriced({ ...offerCart(wanted), buyer: exempt })
  assert.deepEqual(included.totals, {
    itemsMinor: 2_000n,
    discountMinor: 0n,
    deliveryMinor: 500n,
    taxMinor: 0n,
    totalMinor: 2_500n,
  })
  const added = mustBePriced({ ...offerCart({ ...wanted, taxIncluded: false }), buyer: exempt })
  assert.equal(added.totals.totalMinor, 2_380n + 595n)
})

// — properties —

const seed = 20261122
const skus = ['cap', 'hat', 'mug', 'tee', 'tie']
const drawnLine = fc.record({
  sku: fc.constantFrom(...skus),
  quantity: fc.integer({ min: 1, max: 40 }),
  priceMinor: fc.bigInt({ min: 0n, max: 20_000n }),
  taxClass: fc.constantFrom('standard', 'reduced', 'none'),
})
const goods = fc.oneof(fc.constant([]), fc.subarray(skus, { minLength: 1 })).map((names) => ({
  variantIds: names as string[] as Id<'variant'>[],
  productIds: [],
  categories: [],
}))
const ratePpm = fc.oneof(fc.integer({ min: 1, max: 1_000_000 }), fc.constantFrom(100_000, 333_333, 1_000_000))
const amountMinor = fc.bigInt({ min: 1n, max: 30_000n })
const effect: fc.Arbitrary<Promotion['effect']> = fc.oneof(
  fc.record({ kind: fc.constant('percent_off' as const), ratePpm }),
  fc.record({ kind: fc.constant('amount_off' as const), amountMinor }),
  fc.record({
    kind: fc.constant('bundle_price' as const),
    parts: fc
      .subarray(skus, { minLength: 2, maxLength: 3 })
      .map((names) => names.map((name, index) => ({ variantId: name as Id<'variant'>, units: index + 1 }))),
    priceMinor: amountMinor,
    timesMax: fc.option(fc.integer({ min: 1, max: 5 })),
  }),
  fc.record({
    kind: fc.constant('buy_x_get_y' as const),
    buyUnits: fc.integer({ min: 1, max: 5 }),
    getUnits: fc.integer({ min: 1, max: 3 }),
    ratePpm,
    timesMax: fc.option(fc.integer({ min: 1, max: 5 })),
  }),
  fc.record({ kind: fc.constant('delivery_percent_off' as const), ratePpm, tariffIds: fc.constant([]) }),
  fc.record({ kind: fc.constant('delivery_amount_off' as const), amountMinor, tariffIds: fc.constant([]) }),
)
const promotionTerms = fc.record({
  effect,
  goods,
  combinable: fc.boolean(),
  priority: fc.integer({ min: 0, max: 3 }),
  itemsMinMinor: fc.option(fc.bigInt({ min: 1n, max: 50_000n })),
  quantityMin: fc.option(fc.integer({ min: 1, max: 30 })),
})
const sales = fc.record({
  lines: fc.uniqueArray(drawnLine, { selector: ({ sku }) => sku, minLength: 1, maxLength: 5 }),
  promotions: fc
    .array(promotionTerms, { maxLength: 6 })
    .map((all) =>
      all.map((terms, index) => plainPromotion(`p${index}`, { ...terms, currency: 'USD' as CurrencyCode })),
    ),
  deliveryMinor: fc.option(fc.bigInt({ min: 0n, max: 2_000n })),
  freeFromMinor: fc.option(fc.bigInt({ min: 1n, max: 60_000n })),
  taxIncluded: fc.boolean(),
  taxRounding: fc.constantFrom('line' as const, 'order' as const),
  taxRates: fc.record({ standard: fc.integer({ min: 0, max: 300_000 }), reduced: fc.integer({ min: 0, max: 90_000 }) }),
})
type Sale = typeof sales extends fc.Arbitrary<infer Drawn> ? Drawn : never

test(`properties of 10,000 carts with offers (seed ${seed})`, async (t) => {
  const check = (property: (priced: PricedCart, sale: Sale) => void): void =>
    fc.assert(
      fc.property(sales, (sale) => property(price(sale), sale)),
      { seed, numRuns: 10_000 },
    )

  await t.test('no cent is lost', () => check(assertAddsUp))
  await t.test('nothing is negative, and nothing is taken off twice', () =>
    check(({ lines, deliveries, totals }, sale) => {
      assert.ok(Object.values(totals).every((minor) => minor >= 0n))
      for (const [index, line] of lines.entries()) {
        const { quantity } = must(sale.lines[index], 'a line')
        assert.ok(line.discountMinor <= line.unitPriceMinor * BigInt(quantity) && line.totalMinor >= 0n)
      }
      assert.ok(deliveries.every(({ amountMinor: left, totalMinor }) => left >= 0n && totalMinor >= 0n))
    }),
  )
  await t.test('the order of the lines and of the promotions is irrelevant', () =>
    check((priced, sale) => {
      const turned = price({
        ...sale,
        lines: sale.lines.toReversed(),
        promotions: sale.promotions.toReversed(),
      })
      assert.deepEqual(turned.totals, priced.totals)
      assert.deepEqual(turned.lines.toReversed(), priced.lines)
      assert.deepEqual(
        turned.applied.map(({ name }) => name),
        priced.applied.map(({ name }) => name),
      )
    }),
  )
  await t.test('one more promotion never makes a cart dearer', () =>
    check((priced, sale) => {
      const fewer = price({ ...sale, promotions: sale.promotions.slice(1) })
      assert.ok(priced.totals.totalMinor <= fewer.totals.totalMinor)
    }),
  )
  await t.test('no set of offers that may be given together would be better', () =>
    check((priced, sale) => {
      for (let bits = 0; bits < 1 << sale.promotions.length; bits++) {
        const promotions = sale.promotions.filter((_, index) => (bits >> index) & 1)
        const may = promotions.length === 1 || promotions.every(({ combinable }) => combinable)
        if (may) assert.ok(price({ ...sale, promotions }).totals.totalMinor >= priced.totals.totalMinor)
      }
    }),
  )
  await t.test('one more unit never lowers what it costs before discounts', () =>
    check((priced, sale) => {
      const lines = sale.lines.map((line, index) => (index === 0 ? { ...line, quantity: line.quantity + 1 } : line))
      assert.ok(price({ ...sale, lines }).totals.itemsMinor >= priced.totals.itemsMinor)
    }),
  )
  await t.test('offers tell what they took off, to the cent', () =>
    check(({ applied, totals, deliveries }) => {
      assert.equal(sumMinor(applied.map(({ goodsMinor }) => goodsMinor)), totals.discountMinor)
      assert.equal(
        sumMinor(applied.map(({ deliveryMinor }) => deliveryMinor)),
        sumMinor(deliveries.map(({ discountMinor }) => discountMinor)),
      )
      for (const offer of applied) {
        assert.equal(sumMinor(offer.lines.map(({ discountMinor }) => discountMinor)), offer.goodsMinor)
      }
    }),
  )
  await t.test('delivery added afterwards comes to the same as delivery priced with the goods', () =>
    check((priced, sale) => {
      if (sale.deliveryMinor === null) return
      const cart = offerCart(sale)
      const alone = { ...cart, deliveries: [] }
      const goodsOnly = mustBePriced(alone)
      assert.deepEqual(addDeliveries(goodsOnly, cart.deliveries, alone).totals, priced.totals)
      const delivery = must(cart.deliveries[0], 'the delivery')
      assert.equal(deliveryAmount(goodsOnly, delivery, alone), priced.totals.deliveryMinor)
    }),
  )
})

function price(wanted: Parameters<typeof offerCart>[0] & { readonly lines: readonly DrawnLine[] }): PricedCart {
  return mustBePriced(offerCart(wanted))
}

function mustBePriced(cart: CartToPrice): PricedCart {
  const outcome = priceCart(cart)
  assert.ok(outcome.kind === 'priced', outcome.kind)
  return outcome
}

function assertAddsUp({ lines, deliveries, totals }: PricedCart): void {
  const parts = [...lines, ...deliveries]
  assert.equal(totals.totalMinor, sumMinor(parts.map((part) => part.totalMinor)))
  assert.equal(totals.taxMinor, sumMinor(parts.map((part) => part.taxMinor)))
  assert.equal(totals.discountMinor, sumMinor(lines.map((line) => line.discountMinor)))
  const addedMinor = parts.every((part) => part.taxIncluded) ? 0n : totals.taxMinor
  assert.equal(totals.totalMinor, totals.itemsMinor - totals.discountMinor + totals.deliveryMinor + addedMinor)
}

function tell(minor: bigint): string {
  return formatMoney({ minor, currency: 'USD' as CurrencyCode }).replace(' USD', '')
}

function bigText(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value
}
