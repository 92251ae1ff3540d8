import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Id } from '../../kernel/id.ts'
import { must } from '../../kernel/invariant.ts'
import { formatMoney, minorDigits, parseDecimal, sumMinor, type CurrencyCode } from '../../kernel/money.ts'
import { prorate, unitPart } from '../../kernel/prorate.ts'
import { parseInstant, type Instant } from '../../kernel/time.ts'
import { priceCart, type CartToPrice, type PriceCartOutcome, type PricedCart } from './price-cart.ts'
import { anonymousBuyer, type ListedPrice, type PriceList } from './price-choice.ts'
import type { DeliveryTariff } from './price-delivery.ts'
import { noTaxRates, priceLine, taxOf } from './price-line.ts'
import { noOffers } from './promotion.ts'

// A merchant's reading: `tee` and `tie` are standard goods, `book` is of the reduced class.
// oxfmt-ignore
const lineCases = [
  // currency tax    rate      cart                            delivery  lines' totals  of it tax    total
  ['USD', 'added',    '8.875%', '2 tee à 19.99',                 '-',      '43.53',       '3.55',      '43.53'],
  ['USD', 'added',    '8.875%', '1 tee à 0.05, 1 tie à 0.05',    '-',      '0.05 0.05',   '0.00 0.00', '0.10'],
  ['USD', 'added',    '10%',    '1 tee à 0.05',                  '-',      '0.06',        '0.01',      '0.06'],
  ['USD', 'added',    '7.25%',  '3 tee à 9.99, 1 tie à 5.00',    '7.00',   '32.14 5.36',  '2.17 0.36', '45.01'],
  ['USD', 'added',    '0%',     '1 tee à 10.00',                 '5.00',   '10.00',       '0.00',      '15.00'],
  ['USD', 'added',    'none',   '1 tee à 10.00',                 '5.00',   '10.00',       '0.00',      '15.00'],
  ['EUR', 'included', '19%',    '1 tee à 119.00',                '-',      '119.00',      '19.00',     '119.00'],
  ['EUR', 'included', '19%',    '3 tee à 0.01',                  '-',      '0.03',        '0.00',      '0.03'],
  ['EUR', 'included', '19%',    '1 tee à 19.99',                 '4.90',   '19.99',       '3.19',      '24.89'],
  ['EUR', 'included', '20%',    '1 tee à 0.03',                  '-',      '0.03',        '0.01',      '0.03'],
  ['EUR', 'included', '19%',    '1 tee à 20.00, 2 book à 10.70', '-',      '20.00 21.40', '3.19 1.40', '41.40'],
  ['EUR', 'included', '19%',    '1 tee à 0.00',                  '-',      '0.00',        '0.00',      '0.00'],
  ['JPY', 'included', '10%',    '3 tee à 1980',                  '-',      '5940',        '540',       '5940'],
  ['JPY', 'added',    '10%',    '1 tee à 1985',                  '550',    '2184',        '199',       '2789'],
  ['JPY', 'added',    '8%',     '1 tee à 6',                     '-',      '6',           '0',         '6'],
  ['KWD', 'added',    '5%',     '2 tee à 1.990',                 '-',      '4.179',       '0.199',     '4.179'],
  ['KWD', 'included', '5%',     '1 tee à 0.105',                 '0.500',  '0.105',       '0.005',     '0.605'],
  ['KWD', 'added',    '5%',     '1 tee à 0.010',                 '-',      '0.011',       '0.001',     '0.011'],
] as const

for (const [currency, tax, rate, text, delivery, totals, taxes, total] of lineCases) {
  test(`${text} at ${rate} ${tax} with delivery ${delivery} is ${total} ${currency}`, () => {
    const shop = shopFor(currency as CurrencyCode, tax === 'included', rate)
    const priced = mustBePriced(priceCart(shop.cart(text, delivery)))
    assert.equal(priced.lines.map((line) => shop.tell(line.totalMinor)).join(' '), totals, 'totals')
    assert.equal(priced.lines.map((line) => shop.tell(line.taxMinor)).join(' '), taxes, 'taxes')
    assert.equal(shop.tell(priced.totals.totalMinor), total, 'total')
    assertAddsUp(priced)
  })
}

// oxfmt-ignore
const choiceCases = [
  // at           lists that name a price for the tee                                   price
  ['2026-06-15', 'general 20.00',                                                       '20.00'],
  ['2026-06-15', 'general 20.00; general 18.00',                                        '18.00'],
  ['2026-06-15', 'general 20.00 priority 2; general 18.00 priority 1',                  '20.00'],
  ['2026-06-15', 'web 25.00; general 18.00 priority 9',                                 '25.00'],
  ['2026-06-15', 'web 25.00; web 24.00; general 1.00',                                  '24.00'],
  ['2026-06-15', 'store 9.00; general 18.00',                                           '18.00'],
  ['2026-06-15', 'general 18.00; web 9.00 from 2026-06-16',                             '18.00'],
  ['2026-06-16', 'general 18.00; web 9.00 from 2026-06-16',                             '9.00'],
  ['2026-06-16', 'general 18.00; web 9.00 until 2026-06-16',                            '18.00'],
  ['2026-06-15', 'general 18.00; web 9.00 until 2026-06-16',                            '9.00'],
  ['2026-06-15', 'general 18.00; web 9.00 from 2026-06-01 until 2026-06-15',            '18.00'],
  ['2026-06-15', 'general 18.00; web 9.00 EUR',                                         '18.00'],
  ['2026-06-15', 'general 18.00; web 9.00 gross',                                       '18.00'],
  ['2026-06-15', 'store 9.00',                                                          'price_missing'],
  ['2026-06-15', 'general 9.00 from 2026-07-01',                                        'price_missing'],
  ['2026-06-15', '',                                                                    'price_missing'],
] as const

// A buyer of the segment vip in the market us, of New York, who picks up in Brooklyn, in the channel web. Each condition
// outweighs all that come after it, whatever their price: segment, location, region, country, market, channel.
// oxfmt-ignore
const specificityCases = [
  // lists that name a price for the tee                                                                   units  price
  ['general 1.00; web 2.00',                                                                               1,    '2.00'],
  ['web 1.00; general 2.00 in-market us',                                                                  1,    '2.00'],
  ['web 1.00 in-market us; general 2.00 in-country US',                                                    1,    '2.00'],
  ['web 1.00 in-market us; general 2.00 in-country US in-region NY',                                       1,    '2.00'],
  ['web 1.00 in-country US in-market us; general 2.00 in-country US in-region NY',                         1,    '2.00'],
  ['web 1.00 in-country US in-region NY in-market us; general 2.00 at brooklyn',                           1,    '2.00'],
  ['web 1.00 at brooklyn in-country US in-region NY in-market us; general 2.00 for vip',                   1,    '2.00'],
  ['general 3.00 for vip; general 2.00 for vip at brooklyn; general 1.00',                                 1,    '2.00'],
  ['general 5.00; general 1.00 for staff; general 1.00 at queens; general 1.00 in-country DE',             1,    '5.00'],
  ['general 5.00; general 1.00 in-country US in-region CA; general 1.00 in-market eu',                     1,    '5.00'],
  ['general 5.00; general 1.00 for staff priority 9',                                                      1,    '5.00'],
  // Within a list the largest minimum that is reached; a list without a row for the quantity does not count.
  ['general 5.00 break 10 4.00 break 100 3.00',                                                            9,    '5.00'],
  ['general 5.00 break 10 4.00 break 100 3.00',                                                            10,   '4.00'],
  ['general 5.00 break 10 4.00 break 100 3.00',                                                            99,   '4.00'],
  ['general 5.00 break 10 4.00 break 100 3.00',                                                            1_000, '3.00'],
  ['general 5.00 break 10 3.00; general 4.00',                                                             9,    '4.00'],
  ['general 5.00 break 10 3.00; general 4.00',                                                             10,   '3.00'],
] as const

for (const [lists, quantity, expected] of specificityCases) {
  test(`${quantity} of [${lists}] cost ${expected} each`, () => {
    const shop = shopFor('USD' as CurrencyCode, false, 'none')
    const buyer = {
      ...anonymousBuyer,
      marketIds: ['us' as Id<'market'>],
      country: 'US',
      region: 'NY',
      locationId: 'brooklyn' as Id<'location'>,
      segmentIds: new Set(['vip' as Id<'segment'>]),
    }
    const cart = { ...shop.cart(`${quantity} tee à 0.00`, '-'), at: noon, buyer, ...listsOf(lists) }
    const priced = mustBePriced(priceCart(cart))
    assert.equal(shop.tell(must(priced.lines[0], 'the line').unitPriceMinor), expected)
  })
}

test('a quantity break counts all units of a variant, on whichever lines they stand', () => {
  const shop = shopFor('USD' as CurrencyCode, false, 'none')
  const cart = { ...shop.cart('6 tee à 0.00, 4 tee à 0.00', '-'), at: noon, ...listsOf('general 5.00 break 10 4.00') }
  assert.deepEqual(
    mustBePriced(priceCart(cart)).lines.map((line) => line.unitPriceMinor),
    [400n, 400n],
  )
})

for (const [day, lists, expected] of choiceCases) {
  test(`on ${day} with [${lists}] a tee costs ${expected}`, () => {
    const shop = shopFor('USD' as CurrencyCode, false, 'none')
    const outcome = priceCart({ ...shop.cart('1 tee à 0.00', '-'), at: dayOf(day), ...listsOf(lists) })
    if (outcome.kind === 'refused') assert.equal(outcome.code, expected)
    else assert.equal(shop.tell(must(outcome.lines[0], 'the line').unitPriceMinor), expected)
  })
}

test('every line without a price is named, and no price is made up', () => {
  const shop = shopFor('USD' as CurrencyCode, false, 'none')
  const cart = shop.cart('1 tee à 1.00, 1 tie à 1.00, 1 book à 1.00', '-')
  const prices = new Map([...cart.prices].filter(([variantId]) => variantId === 'tie'))
  assert.deepEqual(priceCart({ ...cart, prices }), {
    kind: 'refused',
    code: 'price_missing',
    lineKeys: ['1 tee', '3 book'],
  })
})

// oxfmt-ignore
const largeCases = [
  // quantity    unit price       delivery   outcome
  [1,           999_999_999_999n, 0n,        'priced'],
  [1,           999_999_999_999n, 1n,        'amount_too_large'],
  [2,           500_000_000_000n, 0n,        'amount_too_large'],
  [1_000_000,   999_999n,         0n,        'priced'],
  [1_000_000,   999_999_999_999n, 0n,        'amount_too_large'],
] as const

for (const [quantity, unitPriceMinor, deliveryMinor, expected] of largeCases) {
  test(`${quantity} × ${unitPriceMinor} and ${deliveryMinor} for delivery is ${expected}`, () => {
    const shop = shopFor('USD' as CurrencyCode, false, 'none')
    const cart = shop.cart('1 tee à 0.00', '-')
    const outcome = priceCart({
      ...cart,
      lines: cart.lines.map((line) => ({ ...line, quantity })),
      prices: new Map([
        ['tee' as Id<'variant'>, [{ priceListId: generalList.id, minQuantity: 1, amountMinor: unitPriceMinor }]],
      ]),
      deliveries: [{ tariff: { ...flatTariff, amountMinor: deliveryMinor } }],
    })
    assert.equal(outcome.kind === 'refused' ? outcome.code : outcome.kind, expected)
  })
}

// oxfmt-ignore
const discountCases = [
  // price × quantity   discount   rate      tax         total    of it tax
  ['10.00', 3,          '5.00',    '10%',    'added',    '27.50', '2.50'],
  ['10.00', 3,          '30.00',   '10%',    'added',    '0.00',  '0.00'],
  ['11.00', 1,          '0.01',    '10%',    'included', '10.99', '1.00'],
  ['0.99',  3,          '1.00',    '19%',    'included', '1.97',  '0.31'],
] as const

for (const [price, quantity, discount, rate, tax, total, ofItTax] of discountCases) {
  test(`${quantity} × ${price} less ${discount} at ${rate} ${tax} is ${total}`, () => {
    const line = priceLine({
      unitPriceMinor: must(parseDecimal(price, 2), 'a price'),
      quantity,
      discountMinor: must(parseDecimal(discount, 2), 'a discount'),
      taxRatePpm: ppmOf(rate),
      taxIncluded: tax === 'included',
    })
    assert.equal(line.totalMinor, parseDecimal(total, 2))
    assert.equal(line.taxMinor, parseDecimal(ofItTax, 2))
  })
}

test('a discount above the line, or a negative one, is our bug', () => {
  for (const discountMinor of [-1n, 101n]) {
    const line = { unitPriceMinor: 100n, quantity: 1, discountMinor, taxRatePpm: null, taxIncluded: true }
    assert.throws(() => priceLine(line), /a discount is at most what it discounts/)
  }
})

const seed = 20261122
const carts = fc.record({
  currency: fc.constantFrom('USD', 'EUR', 'JPY', 'KWD'),
  taxIncluded: fc.boolean(),
  ratePpm: fc.option(fc.integer({ min: 0, max: 1_000_000 })),
  lines: fc.array(
    fc.record({ priceMinor: fc.bigInt({ min: 0n, max: 9_999_999n }), quantity: fc.integer({ min: 1, max: 1_000 }) }),
    { maxLength: 12 },
  ),
  delivery: fc.option(fc.bigInt({ min: 0n, max: 99_999n })),
})

test(`properties of any cart (seed ${seed})`, async (t) => {
  const check = (property: (outcome: PricedCart, cart: CartToPrice) => void): void =>
    fc.assert(
      fc.property(carts, (drawn) => {
        const cart = cartOf(drawn)
        property(mustBePriced(priceCart(cart)), cart)
      }),
      { seed, numRuns: 3_000 },
    )

  await t.test('no cent is lost: the total is the sum of its parts', () => check(assertAddsUp))
  await t.test('nothing is negative and contained tax is at most its total', () =>
    check(({ lines, deliveries, totals }) => {
      const amounts = [
        ...Object.values(totals),
        ...lines.flatMap((line) => [line.unitPriceMinor, line.taxMinor, line.totalMinor]),
      ]
      for (const each of deliveries) amounts.push(each.amountMinor, each.taxMinor, each.totalMinor)
      assert.ok(amounts.every((amount) => amount >= 0n))
      assert.ok(totals.taxMinor <= totals.totalMinor)
    }),
  )
  await t.test('the order of the lines is irrelevant', () =>
    check((priced, cart) => {
      const reversed = mustBePriced(priceCart({ ...cart, lines: cart.lines.toReversed() }))
      assert.deepEqual(reversed.totals, priced.totals)
      assert.deepEqual(reversed.lines.toReversed(), priced.lines)
    }),
  )
  await t.test('tax is off the exact value by at most half a minor unit, away from zero when exactly half', () =>
    check(({ lines }) => {
      for (const { taxRatePpm, taxIncluded, taxMinor, totalMinor } of lines) {
        const rate = BigInt(taxRatePpm ?? 0)
        const base = taxIncluded ? 1_000_000n + rate : 1_000_000n
        const amount = taxIncluded ? totalMinor : totalMinor - taxMinor
        const doubledError = 2n * (taxMinor * base - amount * rate)
        assert.ok(doubledError > -base && doubledError <= base)
      }
    }),
  )
  await t.test('one more unit never makes a cart cheaper', () =>
    check((priced, cart) => {
      const lines = cart.lines.map((line, index) => (index === 0 ? { ...line, quantity: line.quantity + 1 } : line))
      assert.ok(mustBePriced(priceCart({ ...cart, lines })).totals.totalMinor >= priced.totals.totalMinor)
    }),
  )
  await t.test("a line's tax splits over its units without a rest", () =>
    check(({ lines }, cart) => {
      for (const [index, { taxMinor }] of lines.entries()) {
        const { quantity } = must(cart.lines[index], 'a line')
        const parts = prorate(
          taxMinor,
          Array.from({ length: quantity }, () => 1n),
        )
        assert.equal(sumMinor(parts), taxMinor)
        assert.equal(parts[quantity - 1], unitPart(taxMinor, quantity, quantity))
      }
    }),
  )
})

test(`included and added tax agree: adding the tax to a net price and taking it out again (seed ${seed})`, () => {
  const amounts = fc.bigInt({ min: 0n, max: 999_999_999n })
  fc.assert(
    fc.property(amounts, fc.integer({ min: 0, max: 1_000_000 }), (netMinor, taxRatePpm) => {
      const added = taxOf(netMinor, { taxRatePpm, taxIncluded: false })
      assert.equal(taxOf(netMinor + added, { taxRatePpm, taxIncluded: true }), added)
    }),
    { seed, numRuns: 3_000 },
  )
})

// — the shop of these tests —

const flatTariff: DeliveryTariff = {
  id: 'tariff' as Id<'deliveryTariff'>,
  code: 'standard',
  name: 'Standard',
  channelId: null,
  method: 'ship',
  serviceId: 'post' as Id<'shippingService'>,
  countries: ['US'],
  currency: 'USD' as CurrencyCode,
  amountMinor: 0n,
  freeFromMinor: null,
  taxClass: 'standard',
  active: true,
  version: 1,
}
const generalList: PriceList = {
  id: 'general' as Id<'priceList'>,
  code: 'general',
  name: 'General',
  channelId: null,
  marketId: null,
  country: null,
  region: null,
  locationId: null,
  segmentId: null,
  currency: 'USD' as CurrencyCode,
  taxIncluded: false,
  priority: 0,
  validFrom: null,
  validUntil: null,
  version: 1,
}
const noon = dayOf('2026-06-15')

function shopFor(currency: CurrencyCode, taxIncluded: boolean, rate: string) {
  const digits = minorDigits(currency)
  const minorOf = (text: string): bigint => must(parseDecimal(text, digits), `an amount in ${currency}, not ${text}`)
  const list = { ...generalList, currency, taxIncluded }
  return {
    tell: (minor: bigint): string => formatMoney({ minor, currency }).replace(` ${currency}`, ''),
    /** `2 tee à 19.99, 1 tie à 5.00` */
    cart(text: string, delivery: string): CartToPrice {
      const wanted = text.split(', ').map((part, index) => {
        const [, quantity = '', name = '', price = ''] = /^(\d+) (\w+) à ([\d.]+)$/.exec(part) ?? []
        return { lineKey: `${index + 1} ${name}`, variantId: name as Id<'variant'>, quantity: Number(quantity), price }
      })
      return {
        at: noon,
        channel: { id: 'web' as Id<'channel'>, currency, taxIncluded, taxRounding: 'line' },
        buyer: anonymousBuyer,
        offers: noOffers,
        priceLists: new Map([[list.id, list]]),
        lines: wanted.map(({ lineKey, variantId, quantity }) => {
          const taxClass = variantId === 'book' ? 'reduced' : 'standard'
          return {
            lineKey,
            variantId,
            productId: variantId as string as Id<'product'>,
            categories: [],
            isGiftCard: false,
            quantity,
            taxClass,
          }
        }),
        prices: new Map(
          wanted.map(({ variantId, price }) => [
            variantId,
            [{ priceListId: list.id, minQuantity: 1, amountMinor: minorOf(price) }],
          ]),
        ),
        taxRates:
          rate === 'none'
            ? noTaxRates
            : new Map([
                ['standard', must(ppmOf(rate), 'a rate')],
                ['reduced', 70_000],
              ]),
        deliveries: delivery === '-' ? [] : [{ tariff: { ...flatTariff, currency, amountMinor: minorOf(delivery) } }],
      }
    },
  }
}

/** `web 9.00 from 2026-06-01 until 2026-06-15; general 18.00 priority 9; general 5.00 for vip break 10 4.00` */
function listsOf(text: string): Pick<CartToPrice, 'priceLists' | 'prices'> {
  const parts = text === '' ? [] : text.split('; ')
  const lists = parts.map((part, index): [PriceList, string[]] => {
    const [terms = '', ...breaks] = part.split(' break ')
    const words = terms.split(' ')
    const after = (word: string): string | undefined =>
      words.includes(word) ? words[words.indexOf(word) + 1] : undefined
    const [channel = '', amount = ''] = words
    const from = after('from')
    const until = after('until')
    return [
      {
        ...generalList,
        id: `list ${index}` as Id<'priceList'>,
        channelId: channel === 'general' ? null : (channel as Id<'channel'>),
        currency: (words.includes('EUR') ? 'EUR' : 'USD') as CurrencyCode,
        taxIncluded: words.includes('gross'),
        priority: Number(after('priority') ?? 0),
        validFrom: from === undefined ? null : dayOf(from),
        validUntil: until === undefined ? null : dayOf(until),
        segmentId: (after('for') ?? null) as Id<'segment'> | null,
        locationId: (after('at') ?? null) as Id<'location'> | null,
        region: after('in-region') ?? null,
        country: after('in-country') ?? null,
        marketId: (after('in-market') ?? null) as Id<'market'> | null,
      },
      [`1 ${amount}`, ...breaks],
    ]
  })
  return {
    priceLists: new Map(lists.map(([list]) => [list.id, list])),
    prices: new Map([
      ['tee' as Id<'variant'>, lists.flatMap(([list, rows]) => rows.map((row) => listedPrice(list, row)))],
    ]),
  }
}

/** `10 4.00`: from ten units on, four each. */
function listedPrice({ id }: PriceList, row: string): ListedPrice {
  const [minQuantity, amount = ''] = row.split(' ')
  return {
    priceListId: id,
    minQuantity: Number(minQuantity),
    amountMinor: must(parseDecimal(amount, 2), 'an amount'),
  }
}

interface DrawnCart {
  readonly currency: string
  readonly taxIncluded: boolean
  readonly ratePpm: number | null
  readonly lines: readonly { readonly priceMinor: bigint; readonly quantity: number }[]
  readonly delivery: bigint | null
}

function cartOf({ currency: code, taxIncluded, ratePpm, lines, delivery }: DrawnCart): CartToPrice {
  const currency = code as CurrencyCode
  const list = { ...generalList, currency, taxIncluded }
  return {
    at: noon,
    channel: { id: 'web' as Id<'channel'>, currency, taxIncluded, taxRounding: 'line' },
    buyer: anonymousBuyer,
    offers: noOffers,
    priceLists: new Map([[list.id, list]]),
    lines: lines.map(({ quantity }, index) => {
      const variantId = `${index}` as Id<'variant'>
      const productId = `${index}` as Id<'product'>
      return {
        lineKey: `${index}`,
        variantId,
        productId,
        categories: [],
        isGiftCard: false,
        quantity,
        taxClass: 'standard',
      }
    }),
    prices: new Map(
      lines.map(({ priceMinor }, index) => [
        `${index}` as Id<'variant'>,
        [{ priceListId: list.id, minQuantity: 1, amountMinor: priceMinor }],
      ]),
    ),
    taxRates: ratePpm === null ? noTaxRates : new Map([['standard', ratePpm]]),
    deliveries: delivery === null ? [] : [{ tariff: { ...flatTariff, currency, amountMinor: delivery } }],
  }
}

function assertAddsUp({ lines, deliveries, totals }: PricedCart): void {
  const parts = [...lines, ...deliveries]
  assert.equal(totals.totalMinor, sumMinor(parts.map((part) => part.totalMinor)))
  assert.equal(totals.taxMinor, sumMinor(parts.map((part) => part.taxMinor)))
  const addedMinor = parts.every((part) => part.taxIncluded) ? 0n : totals.taxMinor
  assert.equal(totals.totalMinor, totals.itemsMinor - totals.discountMinor + totals.deliveryMinor + addedMinor)
}

function mustBePriced(outcome: PriceCartOutcome): PricedCart {
  assert.ok(outcome.kind === 'priced', outcome.kind)
  return outcome
}

function dayOf(day: string): Instant {
  return must(parseInstant(`${day}T00:00:00Z`), 'a day')
}

/** `8.875%` → 88750 */
function ppmOf(rate: string): number | null {
  return rate === 'none' ? null : Number(must(parseDecimal(rate.replace('%', ''), 4), 'a rate'))
}
