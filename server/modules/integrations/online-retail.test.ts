import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { isBalanced, planRetailImport, renderBooks, type RetailImportPlan } from './plan-retail-import.ts'
import { chargeTypeOf, skuOf, type RetailInvoice, type RetailLine } from './plan-retail-invoice.ts'
import { loadRetailFile, type MalformedLine, type RetailFile } from './read-retail.ts'

/** All of it in memory. */
type WholeFile = RetailFile & {
  readonly invoices: readonly RetailInvoice[]
  readonly malformed: readonly MalformedLine[]
}

/** The file is not ours to hand on: it lies beside the repository where somebody has put it. */
const path = fileURLToPath(new URL('../../../../shared/data/online-retail.csv.gz', import.meta.url))
const skip = existsSync(path) ? false : 'needs online-retail.csv.gz (UCI Online Retail), which is not in ../shared/data'

test('the UCI Online Retail file', { skip }, async (suite) => {
  const loaded = await loadRetailFile(path)
  const file = { ...loaded, invoices: [...loaded.invoices], malformed: [...loaded.malformed] }
  const lines = file.invoices.flatMap((invoice) => invoice.lines)
  const plan = planRetailImport(file, { channel: 'trade', location: 'london' })

  for (const [what, expected, count] of facts) {
    await suite.test(`${what}: ${expected}`, () => assert.equal(count(file, lines, plan), expected))
  }

  await suite.test('the books balance in thousandths of a pound', () => {
    assert.ok(isBalanced(plan.books))
    assert.deepEqual(renderBooks(plan.books), books)
  })

  await suite.test('every invoice is in the order it was placed', () => {
    const placed = file.invoices.map(({ placedAt }) => placedAt)
    assert.deepEqual(
      placed,
      placed.toSorted((a, b) => a - b),
    )
  })

  await suite.test(
    'codes that differ by case alone are sold under the same description, or one that means the same',
    () => {
      const sold = Map.groupBy(lines.filter(isSale), ({ code }) => code)
      const titles = plan.catalog.map(({ codes }) =>
        codes.flatMap((code) => mostFrequentDescription(sold.get(code) ?? [])),
      )
      assert.deepEqual(
        titles.filter((texts) => new Set(texts).size > 1),
        [
          ['VINYL RECORD FRAME SILVER', 'SILVER RECORD COVER FRAME'],
          ['S/4 VALENTINE DECOUPAGE HEART BOX', 'SET 4 VALENTINE DECOUPAGE HEART BOX'],
        ],
      )
    },
  )
})

type Count = (file: WholeFile, lines: readonly RetailLine[], plan: RetailImportPlan) => number | bigint

function invoices(has: (invoice: RetailInvoice) => boolean): Count {
  return ({ invoices: all }) => all.filter(has).length
}

function sizeOf<Value>(values: Iterable<Value>): number {
  return new Set(values).size
}

/** Counted beforehand with other tools. */
const facts: readonly (readonly [string, number | bigint, Count])[] = [
  ['lines', 541_909, (file) => file.lineCount],
  ['malformed lines', 0, (file) => file.malformedCount],
  ['thousandths of a pound', 9_747_747_934n, (file) => file.amountThousandths],
  ['invoices', 25_900, invoices(() => true)],
  ['invoices that begin with C', 3_836, invoices(({ invoiceNo }) => invoiceNo.startsWith('C'))],
  ['invoices that begin with A', 3, invoices(({ invoiceNo }) => invoiceNo.startsWith('A'))],
  ['invoices of over 500 lines', 49, invoices(({ lines }) => lines.length > 500)],
  ['invoices of 1,114 lines', 1, invoices(({ lines }) => lines.length === 1_114)],
  ['invoices of more', 0, invoices(({ lines }) => lines.length > 1_114)],
  ['invoices with two timestamps', 43, invoices(({ lines }) => sizeOf(lines.map(({ at }) => at)) === 2)],
  ['invoices with more', 0, invoices(({ lines }) => sizeOf(lines.map(({ at }) => at)) > 2)],
  ['invoices not in one piece', 1, invoices(isInPieces)],
  ['invoices without C, all lines negative at price 0', 1_336, invoices(isWrittenOff)],
  ['invoices without C, any line negative', 1_336, invoices(isAnyNegative)],
  [
    'invoices with a negative price',
    2,
    invoices(({ lines }) => lines.some(({ priceThousandths }) => priceThousandths < 0n)),
  ],
  ['lines without a customer', 135_080, (_, lines) => lines.filter(({ customer }) => customer === null).length],
  ['lines at £0.001', 4, (_, lines) => lines.filter(({ priceThousandths }) => priceThousandths === 1n).length],
  [
    'lines at a fraction of a penny',
    4,
    (_, lines) => lines.filter(({ priceThousandths }) => priceThousandths % 10n !== 0n).length,
  ],
  ['codes', 4_070, (_, lines) => sizeOf(lines.map(({ code }) => code))],
  ['codes apart from case', 4_070 - 112, (_, lines) => sizeOf(lines.map(({ code }) => skuOf(code)))],
  [
    'codes of charges',
    13,
    (_, lines) => sizeOf(lines.map(({ code }) => code).filter((code) => chargeTypeOf(code) !== null)),
  ],
  ['SKUs', 3_946, (_, __, plan) => plan.catalog.length],
  [
    'SKUs never sold for money',
    145,
    (_, __, plan) => plan.catalog.filter(({ priceMinor }) => priceMinor === null).length,
  ],
  ['units sold', 5_592_189, (_, __, plan) => plan.catalog.reduce((sum, { soldUnits }) => sum + soldUnits, 0)],
  ['stock adjustments', 2_099, (_, __, plan) => plan.stockAdjustments.length],
  ['orders', 19_785, (_, __, plan) => plan.orderCount],
  ['customers', 4_335, (_, __, plan) => plan.customers.size],
]

const books = {
  balanced: true,
  total: { lines: 541_909, pounds: '9747747.934' },
  accepted: { lines: 530_310, pounds: '10557332.050' },
  rejected: { lines: 4, pounds: '0.004' },
  setAside: { lines: 11_595, pounds: '-809584.120' },
  byReason: {
    'accepted order_line': { lines: 528_096, pounds: '10270813.870' },
    'accepted charge': { lines: 2_214, pounds: '286518.180' },
    'rejected sub_minor_price': { lines: 4, pounds: '0.004' },
    'set_aside cancellation': { lines: 9_288, pounds: '-896812.490' },
    'set_aside stock_adjustment': { lines: 2_108, pounds: '0.000' },
    'set_aside no_goods': { lines: 196, pounds: '98290.430' },
    'set_aside bad_debt': { lines: 3, pounds: '-11062.060' },
  },
}

function isInPieces({ lines }: RetailInvoice): boolean {
  return lines.some(({ lineNumber }, index) => index > 0 && lineNumber !== Number(lines[index - 1]?.lineNumber) + 1)
}

function isWrittenOff({ invoiceNo, lines }: RetailInvoice): boolean {
  if (invoiceNo.startsWith('C')) return false
  return lines.every(({ quantity, priceThousandths }) => quantity < 0 && priceThousandths === 0n)
}

function isAnyNegative({ invoiceNo, lines }: RetailInvoice): boolean {
  return !invoiceNo.startsWith('C') && lines.some(({ quantity }) => quantity < 0)
}

function isSale({ quantity, priceThousandths }: RetailLine): boolean {
  return quantity > 0 && priceThousandths > 0n
}

/** @returns one description, none for no lines */
function mostFrequentDescription(lines: readonly RetailLine[]): string[] {
  const byDescription = Map.groupBy(lines, ({ description }) => description ?? '')
  return [...byDescription]
    .toSorted(([, a], [, b]) => b.length - a.length)
    .map(([description]) => description)
    .slice(0, 1)
}
