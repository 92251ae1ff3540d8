import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { must } from '../../kernel/invariant.ts'
import { formatMoney, parseDecimal } from '../../kernel/money.ts'
import { instantFromMs } from '../../kernel/time.ts'
import {
  amountThousandths,
  chargeTypeOf,
  ORDER_LINES_MAX,
  planRetailInvoice,
  skuOf,
  type RetailInvoice,
  type RetailInvoicePlan,
  type RetailLine,
} from './plan-retail-invoice.ts'

const target = { channel: 'trade', location: 'london' }
const placedAt = instantFromMs(Date.UTC(2010, 11, 1, 8, 26))

/** Lines as `code quantity price`, one customer for all unless a line names another after `@`. */
function invoiceOf(invoiceNo: string, customer: string | null, text: string): RetailInvoice {
  const lines = text.split(', ').map((item, index): RetailLine => {
    const [, code = '', quantity = '', price = '', other] = must(/^(.+) (-?\d+) (\S+?)(?: @(\w+))?$/.exec(item), item)
    return {
      lineNumber: index + 2,
      raw: item,
      invoiceNo,
      code,
      description: null,
      quantity: Number(quantity),
      priceThousandths: must(parseDecimal(price, 3), price),
      at: placedAt,
      customer: other ?? customer,
    }
  })
  return { invoiceNo, placedAt, customer, lines }
}

/** What became of each line: its reason, and what stands for it in the order. */
function becomesOf({ order, outcomes }: RetailInvoicePlan): string[][] {
  const lines = order?.lines.map(({ sku, quantity, unitPrice }) => `${quantity} ${sku} ${formatMoney(unitPrice)}`) ?? []
  const charges = order?.charges.map(({ type, amount }) => `${type} ${formatMoney(amount)}`) ?? []
  const becomes = outcomes.map(({ reason }) => {
    const inOrder = reason === 'order_line' ? lines.shift() : reason === 'charge' ? charges.shift() : ''
    return [reason, must(inOrder, reason).replace(' GBP', '')]
  })
  assert.deepEqual([lines, charges], [[], []], 'nothing in the order that is no line of the invoice')
  return becomes
}

// oxfmt-ignore
const rows = [
  // what it is                invoice    customer a line of it            becomes                  in the order
  ['a sale',               '536365',  '17850', '85123A 6 2.55',        'order_line',            '6 85123A 2.55'],
  ['',                     '',        '',      '71053 8 3.39',         'order_line',            '8 71053 3.39'],
  ['a guest’s sale',       '536544',  null,    '21773 1 2.51',         'order_line',            '1 21773 2.51'],
  ['the same goods twice', '536365',  '17850', '22423 2 10.95',        'order_line',            '2 22423 10.95'],
  ['',                     '',        '',      '22423 4 10.95',        'order_line',            '4 22423 10.95'],
  ['one code, two cases',  '536862',  '17850', '15056bl 2 12.72',      'order_line',            '2 15056BL 12.72'],
  ['',                     '',        '',      '15056BL 1 5.95',       'order_line',            '1 15056BL 5.95'],
  ['odd codes of goods',   '539492',  null,    'gift_0001_40 1 34.04', 'order_line',            '1 GIFT_0001_40 34.04'],
  ['',                     '',        '',      'DCGS0076 1 16.13',     'order_line',            '1 DCGS0076 16.13'],
  ['goods and charges',    '536370',  '12583', '22728 24 3.75',        'order_line',            '24 22728 3.75'],
  ['',                     '',        '',      'POST 3 18',            'charge',                'delivery 54.00'],
  ['',                     '',        '',      'DOT 1 2.5',            'charge',                'delivery 2.50'],
  ['',                     '',        '',      'C2 1 50',              'charge',                'delivery 50.00'],
  ['',                     '',        '',      '23444 1 15',           'charge',                'delivery 15.00'],
  ['',                     '',        '',      '23574 1 4.5',          'charge',                'packing 4.50'],
  ['',                     '',        '',      'm 12 1.25',            'charge',                'manual 15.00'],
  ['',                     '',        '',      'D 1 1',                'charge',                'discount 1.00'],
  ['',                     '',        '',      'S 1 33.05',            'charge',                'samples 33.05'],
  ['',                     '',        '',      'BANK CHARGES 1 15',    'charge',                'bank_charge 15.00'],
  ['',                     '',        '',      'AMAZONFEE 1 8',        'charge',                'marketplace_fee 8.00'],
  ['',                     '',        '',      'CRUK 1 9',             'charge',                'donation 9.00'],
  ['',                     '',        '',      'B 1 7',                'charge',                'bad_debt 7.00'],
  ['charges alone',        '538175',  '12471', 'POST 21 18',           'no_goods',              ''],
  ['',                     '',        '',      'M 1 0',                'no_goods',              ''],
  ['a cancellation',       'C536379', '14527', 'D -1 27.5',            'cancellation',          ''],
  ['',                     '',        '',      '35004C -1 4.65',       'cancellation',          ''],
  ['a bad debt',           'A563185', null,    'B 1 11062.06',         'bad_debt',              ''],
  ['and its reverse',      'A563186', null,    'B 1 -11062.06',        'bad_debt',              ''],
  ['written off',          '536589',  null,    '21777 -10 0',          'stock_adjustment',      ''],
  ['also with a customer', '536589',  '17850', '21777 -10 0',          'stock_adjustment',      ''],
  ['found',                '536414',  null,    '22139 56 0',           'stock_adjustment',      ''],
  ['',                     '',        '',      'POST 1000 0',          'stock_adjustment',      ''],
  ['given to a customer',  '564651',  '14646', '23270 96 0',           'order_line',            '96 23270 0.00'],
  ['given with a sale',    '540372',  '13081', '22090 24 0',           'order_line',            '24 22090 0.00'],
  ['',                     '',        '',      '22553 1 1.65',         'order_line',            '1 22553 1.65'],
  ['also to a guest',      '580366',  null,    '23169 6 0',            'order_line',            '6 23169 0.00'],
  ['',                     '',        '',      '21773 1 2.51',         'order_line',            '1 21773 2.51'],
  ['',                     '',        '',      'DOT 1 0',              'charge',                'delivery 0.00'],
  ['a tenth of a penny',   '550193',  '13952', '85132B 12 1.95',       'order_line',            '12 85132B 1.95'],
  ['',                     '',        '',      'PADS 1 0.001',         'sub_minor_price',       ''],
  ['ten times a tenth',    '550193',  '13952', 'PADS 10 0.001',        'sub_minor_price',       ''],
  ['',                     '',        '',      '21773 1 2',            'order_line',            '1 21773 2.00'],
  ['a tenth, no goods',    '568375',  '13405', 'BANK CHARGES 1 15',    'no_goods',              ''],
  ['',                     '',        '',      'BANK CHARGES 1 0.001', 'sub_minor_price',       ''],
  ['a negative price',     '536365',  '17850', '21773 1 -2.5',         'negative_price',        ''],
  ['',                     '',        '',      '21774 1 2.5',          'order_line',            '1 21774 2.50'],
  ['units taken back',     '536365',  '17850', '21773 -1 2.5',         'not_positive_quantity', ''],
  ['',                     '',        '',      '21774 1 2.5',          'order_line',            '1 21774 2.50'],
  ['no units',             '536365',  '17850', '21773 0 2.5',          'not_positive_quantity', ''],
  ['',                     '',        '',      '21774 1 2.5',          'order_line',            '1 21774 2.50'],
  ['too many units',       '536365',  '17850', '21773 1000001 2.5',    'quantity_too_large',    ''],
  ['',                     '',        '',      '21774 1000000 2.5',    'order_line',            '1000000 21774 2.50'],
  ['another one’s line',   '536365',  '17850', '21773 1 2.5',          'order_line',            '1 21773 2.50'],
  ['',                     '',        '',      '21774 1 2.5 @13047',   'conflicting_customer',  ''],
  ['only bad goods left',  '536365',  '17850', '21773 -1 2.5',         'not_positive_quantity', ''],
  ['',                     '',        '',      'POST 1 18',            'no_goods',              ''],
] as const

/** A row without a name is another line of the invoice above it. */
const cases: { what: string; invoiceNo: string; customer: string | null; lines: (typeof rows)[number][] }[] = []
for (const row of rows) {
  const [what, invoiceNo, customer] = row
  if (what !== '') cases.push({ what, invoiceNo, customer, lines: [] })
  must(cases.at(-1), 'a first row has a name').lines.push(row)
}

for (const { what, invoiceNo, customer, lines } of cases) {
  test(`${what}: ${lines.map(([, , , line, reason]) => `${line} → ${reason}`).join(', ')}`, () => {
    const plan = planRetailInvoice(invoiceOf(invoiceNo, customer, lines.map(([, , , line]) => line).join(', ')), target)
    assert.deepEqual(
      becomesOf(plan),
      lines.map(([, , , , reason, inOrder]) => [reason, inOrder]),
    )
    assert.equal(
      plan.order === null,
      lines.every(([, , , , reason]) => reason !== 'order_line'),
    )
  })
}

test('an order is a trusted order, carried out of the store and paid', () => {
  const { order } = planRetailInvoice(invoiceOf('536370', '12583', '22728 24 3.75, POST 3 18'), target)
  assert.deepEqual(order, {
    channel: 'trade',
    reference: '536370',
    placedAt,
    currency: 'GBP',
    taxIncluded: true,
    lines: [{ sku: '22728', quantity: 24, unitPrice: { minor: 375n, currency: 'GBP' } }],
    charges: [{ type: 'delivery', amount: { minor: 5_400n, currency: 'GBP' } }],
    customer: { reference: '12583' },
    fulfillment: { method: 'carried_out', location: 'london' },
    payment: { state: 'paid' },
  })
})

test('a guest is nobody: the order names no customer', () => {
  const { order } = planRetailInvoice(invoiceOf('536544', null, '21773 1 2.51'), target)
  assert.ok(order !== null && !('customer' in order))
})

for (const [lines, expected] of [
  [ORDER_LINES_MAX, 'order_line'],
  [ORDER_LINES_MAX + 1, 'too_many_lines'],
] as const) {
  test(`${lines} lines → ${expected}`, () => {
    const text = Array.from({ length: lines }, () => '21773 1 2.51').join(', ')
    const { order, outcomes } = planRetailInvoice(invoiceOf('536365', '17850', text), target)
    assert.equal(order?.lines.length ?? 0, expected === 'order_line' ? lines : 0)
    assert.ok(outcomes.every(({ reason }) => reason === expected))
  })
}

test('whatever the lines, each has one outcome and the order is worth what was accepted', () => {
  const line = fc.record({
    code: fc.constantFrom('21773', '15056bl', '15056BL', 'POST', 'M', 'PADS', 'gift_0001_20'),
    quantity: fc.integer({ min: -5, max: 500 }),
    priceThousandths: fc.oneof(
      fc.constant(0n),
      fc.bigInt(-100n, 100_000n),
      fc.bigInt(0n, 9_999n).map((p) => p * 10n),
    ),
    customer: fc.constantFrom(null, null, null, '17850'),
  })
  const invoiceNo = fc.constantFrom('536365', '536365', '536365', 'C536379', 'A563185')
  fc.assert(
    fc.property(fc.array(line, { minLength: 1, maxLength: 12 }), invoiceNo, (items, number) => {
      const lines = items.map((item, index): RetailLine => ({
        ...item,
        lineNumber: index + 2,
        raw: '',
        invoiceNo: number,
        description: null,
        at: placedAt,
      }))
      const invoice = { invoiceNo: number, placedAt, customer: must(lines[0], 'a line').customer, lines }
      const { order, outcomes } = planRetailInvoice(invoice, target)
      assert.equal(outcomes.length, lines.length)
      const accepted = lines.filter((_, index) => outcomes[index]?.outcome === 'accepted')
      assert.equal(order === null, accepted.length === 0)
      if (order === null) return
      assert.ok(order.lines.length > 0)
      assert.deepEqual(
        order.lines.map(({ sku }) => sku),
        accepted.filter(({ code }) => chargeTypeOf(code) === null).map(({ code }) => skuOf(code)),
      )
      const lineMinor = order.lines.reduce(
        (sum, { quantity, unitPrice }) => sum + BigInt(quantity) * unitPrice.minor,
        0n,
      )
      const chargeMinor = order.charges.reduce((sum, { amount }) => sum + amount.minor, 0n)
      const acceptedThousandths = accepted.reduce((sum, each) => sum + amountThousandths(each), 0n)
      assert.equal((lineMinor + chargeMinor) * 10n, acceptedThousandths)
    }),
    { seed: 20_101_201, numRuns: 500 },
  )
})
