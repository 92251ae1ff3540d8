import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { openRejectFile } from './csv-reject-file.ts'
import { readCsv } from './csv.ts'

let directory = ''
before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'waybill-rejects-'))
})
after(() => rm(directory, { recursive: true }))

const columns = ['InvoiceNo', 'StockCode', 'Quantity']

// oxfmt-ignore
const rows = [
  // the rejected line     in the file
  ['536365,PADS,1',        '536365|PADS|1|7|sub_minor_price|'],
  ['"536365","A ""B""",1', '536365|A "B"|1|7|sub_minor_price|'],
  ['536365,PADS',          '536365|PADS||7|sub_minor_price|'],
  ['536365,PADS,1,2',      '536365,PADS,1,2|||7|sub_minor_price|'],
  ['"536365,PADS,1',       '"536365,PADS,1|||7|sub_minor_price|'],
  ['=HYPERLINK("x"),A,1',  '=HYPERLINK("x"),A,1|||7|sub_minor_price|'],
] as const

for (const [raw, expected] of rows) {
  test(`${raw} stands as ${expected}`, async () => {
    const rejects = await openRejectFile(join(directory, 'rejects.csv'), columns)
    await rejects.write({ lineNumber: 7, raw, reason: 'sub_minor_price' })
    const path = await rejects.close()
    const lines = await Array.fromAsync(readCsv(String(path)))
    assert.deepEqual(
      lines.map(({ fields }) => fields?.join('|')),
      ['InvoiceNo|StockCode|Quantity|Line|Reason|Detail', expected],
    )
  })
}

test('nothing rejected: no file, and none left from an earlier run', async () => {
  const path = join(directory, 'stale.csv')
  await writeFile(path, 'from an earlier run')
  const rejects = await openRejectFile(path, columns)
  assert.equal(await rejects.close(), null)
  await assert.rejects(readFile(path), /ENOENT/)
})

test('thousands of lines keep their order and are all there', async () => {
  const rejects = await openRejectFile(join(directory, 'many.csv'), columns)
  for (let lineNumber = 2; lineNumber <= 2_001; lineNumber++) {
    await rejects.write({
      lineNumber,
      raw: `${lineNumber},X,1`,
      reason: 'malformed',
      detail: `Quantity '${lineNumber}'`,
    })
  }
  assert.equal(rejects.count, 2_000)
  const [, ...lines] = await Array.fromAsync(readCsv(String(await rejects.close())))
  assert.deepEqual(
    lines.map(({ fields }) => fields?.[3]),
    Array.from({ length: 2_000 }, (_, index) => `${index + 2}`),
  )
  assert.equal(lines.at(-1)?.fields?.[5], "Quantity '2001'")
})

test('a place that cannot be written is told', async () => {
  const rejects = await openRejectFile(join(directory, 'no-such-directory', 'rejects.csv'), columns)
  await rejects.write({ lineNumber: 2, raw: 'a,b,1', reason: 'malformed' })
  await assert.rejects(rejects.close(), /ENOENT/)
})
