import assert from 'node:assert/strict'
import { test } from 'node:test'
import { must } from '../../kernel/invariant.ts'
import { parseDecimal } from '../../kernel/money.ts'
import { instantFromMs } from '../../kernel/time.ts'
import { formatThousandths, isBalanced, planRetailImport, renderBooks, type RetailInput } from './plan-retail-import.ts'
import { amountThousandths, type RetailInvoice, type RetailLine } from './plan-retail-invoice.ts'

const target = { channel: 'trade', location: 'london' }

/** Invoices as `number customer: code quantity price description; …`; `-` for no customer and no description. */
function inputOf(...invoices: readonly string[]): RetailInput {
  let lineNumber = 1
  const read = invoices.map((text, day): RetailInvoice => {
    const [, invoiceNo = '', customerText = '', items = ''] = must(/^(\w+) (\S+): (.+)$/.exec(text), text)
    const customer = customerText === '-' ? null : customerText
    const at = instantFromMs(Date.UTC(2010, 11, 1 + day))
    const lines = items.split('; ').map((item): RetailLine => {
      const [, code = '', quantity = '', price = '', words = ''] = must(/^(.+?) (-?\d+) (\S+) (.+)$/.exec(item), item)
      return {
        lineNumber: (lineNumber += 1),
        raw: item,
        invoiceNo,
        code,
        description: words === '-' ? null : words,
        quantity: Number(quantity),
        priceThousandths: must(parseDecimal(price, 3), price),
        at,
        customer,
      }
    })
    return { invoiceNo, placedAt: at, customer, lines }
  })
  const lines = read.flatMap((invoice) => invoice.lines)
  const sum = lines.reduce((total, line) => total + amountThousandths(line), 0n)
  return { invoices: read, malformedCount: 0, lineCount: lines.length, amountThousandths: sum }
}

// oxfmt-ignore
const skus = [
  // what                    the invoices                                                  sku title price sold opening
  ['sold twice',             '1 -: A1 6 2.55 LAMP; A1 2 2.55 LAMP',                          'A1 LAMP 255 8 8'],
  ['what most sales say',    '1 -: A1 1 2 LAMP · 2 -: A1 1 3 TORCH · 3 -: A1 1 3 TORCH',     'A1 TORCH 300 3 3'],
  ['the earlier on a tie',   '1 -: A1 1 2 LAMP · 2 -: A1 1 3 TORCH',                         'A1 LAMP 200 2 2'],
  ['two cases of a code',    '1 -: a1b 1 2 LAMP; A1B 4 2 LAMP',                              'A1B LAMP 200 5 5'],
  ['spaces, stars and dots', '1 -: A1 1 2 *RED  LAMP ,.',                                    'A1 RED LAMP 200 1 1'],
  ['a free one has no say',  '1 -: A1 1 2 LAMP · 2 7: A1 9 0 GIFT; A1 9 0 GIFT',             'A1 LAMP 200 19 19'],
  ['only ever given away',   '1 7: A1 3 0 LAMP',                                             'A1 LAMP - 3 3'],
  ['a remark is no title',   '1 -: A1 -3 0 thrown away',                                     'A1 A1 - 0 3'],
  ['written off and found',  '1 -: A1 5 2 LAMP · 2 -: A1 -3 0 damages · 3 -: A1 40 0 found', 'A1 LAMP 200 5 8'],
  ['taken back: not needed', 'C1 7: A1 -5 2 LAMP',                                           'A1 LAMP - 0 0'],
  ['rejected: not needed',   '1 7: A1 5 0.001 LAMP; B1 1 1 B',                               'A1 LAMP - 0 0'],
  ['a charge is no SKU',     '1 7: POST 1 18 POSTAGE; A1 1 2 LAMP',                          'A1 LAMP 200 1 1'],
] as const

for (const [what, invoices, expected] of skus) {
  test(`catalog and opening stock, ${what}: ${invoices} → ${expected}`, () => {
    const { catalog } = planRetailImport(inputOf(...invoices.split(' · ')), target)
    const { sku, title, priceMinor, soldUnits, openingUnits } = must(catalog[0], 'a SKU')
    assert.equal(`${sku} ${title} ${priceMinor ?? '-'} ${soldUnits} ${openingUnits}`, expected)
  })
}

test('SKUs are sorted, each once, with the codes as the file writes them', () => {
  const { catalog } = planRetailImport(inputOf('1 -: b1 1 2 B; A1 1 2 A; B1 1 2 B; POST 1 2 P; b1 1 2 B'), target)
  assert.deepEqual(
    catalog.map(({ sku, codes }) => [sku, codes]),
    [
      ['A1', ['A1']],
      ['B1', ['b1', 'B1']],
    ],
  )
})

test('stock adjustments are facts by date, charges among them are none', () => {
  const input = inputOf(
    '1 -: A1 -3 0 damages',
    '2 -: POST 1000 0 -',
    '3 -: a1 40 0 -; B1 0 0 check',
    '4 7: A1 1 2 LAMP',
  )
  const { stockAdjustments } = planRetailImport(input, target)
  assert.deepEqual(
    stockAdjustments.map(({ lineNumber, invoiceNo, sku, delta, reason }) => [
      lineNumber,
      invoiceNo,
      sku,
      delta,
      reason,
    ]),
    [
      [2, '1', 'A1', -3, 'damages'],
      [4, '3', 'A1', 40, null],
    ],
  )
})

test('the opening stock is enough for all orders and write-offs, in whatever order they come', () => {
  const input = inputOf(
    '1 -: A1 5 2 L',
    '2 -: A1 -3 0 damages',
    '3 -: A1 100 0 found',
    '4 -: A1 7 2 L',
    'C5 7: A1 -5 2 L',
  )
  const { catalog, stockAdjustments } = planRetailImport(input, target)
  const [{ openingUnits, soldUnits } = assert.fail()] = catalog
  const writtenOff = stockAdjustments.reduce((sum, { delta }) => sum + Math.min(0, delta), 0)
  assert.equal(openingUnits - soldUnits + writtenOff, 0)
})

test('books: everything is somewhere, to the thousandth of a pound', () => {
  const input = inputOf(
    '1 17850: A1 6 2.55 LAMP; POST 3 18 POSTAGE; PADS 1 0.001 PADS',
    'C2 17850: A1 -1 2.55 LAMP',
    'A3 -: B 1 -11062.06 Adjust bad debt',
    '4 -: A1 -10 0 damages',
    '5 17850: M 1 1.25 Manual',
    '6 13047: A1 1 2.55 LAMP',
    '7 -: A1 1 2.55 LAMP',
  )
  const plan = planRetailImport({ ...input, malformedCount: 1, lineCount: input.lineCount + 1 }, target)
  assert.deepEqual(renderBooks(plan.books), {
    balanced: true,
    total: { lines: 10, pounds: '-10988.959' },
    accepted: { lines: 4, pounds: '74.400' },
    rejected: { lines: 2, pounds: '0.001' },
    setAside: { lines: 4, pounds: '-11063.360' },
    byReason: {
      'rejected malformed': { lines: 1, pounds: '0.000' },
      'accepted order_line': { lines: 3, pounds: '20.400' },
      'accepted charge': { lines: 1, pounds: '54.000' },
      'rejected sub_minor_price': { lines: 1, pounds: '0.001' },
      'set_aside cancellation': { lines: 1, pounds: '-2.550' },
      'set_aside bad_debt': { lines: 1, pounds: '-11062.060' },
      'set_aside stock_adjustment': { lines: 1, pounds: '0.000' },
      'set_aside no_goods': { lines: 1, pounds: '1.250' },
    },
  })
  assert.equal(plan.orderCount, 3)
  assert.equal(plan.customers.size, 2)
})

test('books that miss a line or a thousandth are seen', () => {
  const input = inputOf('1 17850: A1 6 2.55 LAMP')
  assert.ok(isBalanced(planRetailImport(input, target).books))
  assert.ok(!isBalanced(planRetailImport({ ...input, lineCount: 2 }, target).books))
  const more = { ...input, amountThousandths: input.amountThousandths + 1n }
  assert.ok(!isBalanced(planRetailImport(more, target).books))
  assert.ok(!renderBooks(planRetailImport(more, target).books).balanced)
})

const decimals = [
  [0n, '0.000'],
  [1n, '0.001'],
  [-1n, '-0.001'],
  [9_747_747_934n, '9747747.934'],
  [-1_000n, '-1.000'],
] as const
for (const [thousandths, text] of decimals) {
  test(`${thousandths} thousandths are ${text}`, () => assert.equal(formatThousandths(thousandths), text))
}
