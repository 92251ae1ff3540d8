import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { generateRetailCsv, RETAIL_CSV_LINES_MIN } from '../../../tools/generate-retail-csv.ts'
import { isBalanced, planRetailImport, type RetailBooks } from './plan-retail-import.ts'
import { skuOf, type RetailInvoice } from './plan-retail-invoice.ts'
import { loadRetailFile, type MalformedLine, type RetailFile } from './read-retail.ts'

/** All of it in memory. */
type WholeFile = RetailFile & {
  readonly invoices: readonly RetailInvoice[]
  readonly malformed: readonly MalformedLine[]
}

let directory = ''
before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'waybill-generated-'))
})
after(() => rm(directory, { recursive: true }))

async function readGenerated(lines: number, seed: number): Promise<{ file: WholeFile; books: RetailBooks }> {
  const path = join(directory, `${lines}-${seed}.csv`)
  await writeFile(path, [...generateRetailCsv({ lines, seed })].join(''))
  const loaded = await loadRetailFile(path)
  const file = { ...loaded, invoices: [...loaded.invoices], malformed: [...loaded.malformed] }
  return { file, books: planRetailImport(file, { channel: 'trade', location: 'london' }).books }
}

const oddities: readonly (readonly [string, (invoice: RetailInvoice) => boolean])[] = [
  ['cancellations', ({ invoiceNo }) => invoiceNo.startsWith('C')],
  ['entries of bad debts', ({ invoiceNo }) => invoiceNo.startsWith('A')],
  ['two timestamps', ({ lines }) => new Set(lines.map(({ at }) => at)).size === 2],
  ['not in one piece', ({ lines }) => Number(lines.at(-1)?.lineNumber) - Number(lines[0]?.lineNumber) >= lines.length],
  ['guests', ({ customer }) => customer === null],
  [
    'one code in two cases',
    ({ lines }) => new Set(lines.map(({ code }) => code)).size > new Set(lines.map(({ code }) => skuOf(code))).size,
  ],
  ['the same goods twice', ({ lines }) => new Set(lines.map(({ code }) => skuOf(code))).size < lines.length],
  [
    'given to a customer',
    ({ customer, lines }) =>
      customer !== null && lines.every(({ priceThousandths, quantity }) => priceThousandths === 0n && quantity > 0),
  ],
  ['quotes and pound signs', ({ lines }) => lines.some(({ description }) => /["£]/.test(description ?? ''))],
  ['double spaces', ({ lines }) => lines.some(({ description }) => description?.includes('  '))],
  ['no description', ({ lines }) => lines.some(({ description }) => description === null)],
  ['tens of thousands of units', ({ lines }) => lines.some(({ quantity }) => quantity > 50_000)],
]

const reasons = [
  'accepted charge',
  'accepted order_line',
  'rejected negative_price',
  'rejected sub_minor_price',
  'set_aside bad_debt',
  'set_aside cancellation',
  'set_aside no_goods',
  'set_aside stock_adjustment',
]

for (const [lines, seed] of [
  [RETAIL_CSV_LINES_MIN, 1],
  [777, 2],
  [2_000, 3],
  [10_000, 4],
] as const) {
  test(`${lines} lines, seed ${seed}: that many, every oddity, and the books balance`, async () => {
    const { file, books } = await readGenerated(lines, seed)
    assert.equal(file.lineCount, lines)
    assert.deepEqual(file.malformed, [])
    for (const [what, has] of oddities) assert.ok(file.invoices.some(has), what)
    assert.deepEqual([...books.byReason.keys()].toSorted(), reasons)
    assert.ok(isBalanced(books))
    assert.equal(
      file.invoices.some((invoice) => invoice.lines.length > 500),
      lines >= 2_000,
    )
  })
}
