import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { createReadStream, existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { createGunzip } from 'node:zlib'
import { generateRetailCsv, RETAIL_CSV_LINES_MIN } from './generate-retail-csv.ts'

let directory = ''
before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'waybill-generate-'))
})
after(() => rm(directory, { recursive: true }))

test('the same seed gives the same file, another seed another', () => {
  const text = (seed: number): string => [...generateRetailCsv({ lines: 500, seed })].join('')
  assert.equal(text(7), text(7))
  assert.notEqual(text(7), text(8))
})

test('too few lines for every oddity are refused', () => {
  assert.throws(() => [...generateRetailCsv({ lines: RETAIL_CSV_LINES_MIN - 1, seed: 1 })], RangeError)
})

/** One line of the real file, as R writes it: texts quoted, NA and numbers not, no trailing zeros. */
const shape = new RegExp(
  [
    /^"[CA]?\d{6}"/,
    /"[\w ]+"/,
    /(NA|"([^"]|"")*")/,
    /-?\d+/,
    /\d{4}-\d\d-\d\d \d\d:\d\d:00/,
    /(0|-?\d+(\.\d{0,2}[1-9])?)/,
    /(NA|\d{5})/,
    /"[\w ]+"$/,
  ]
    .map(({ source }) => source)
    .join(','),
)
const header = '"InvoiceNo","StockCode","Description","Quantity","InvoiceDate","UnitPrice","CustomerID","Country"'

test('every line has the shape of the real file', () => {
  const [first, ...lines] = [...generateRetailCsv({ lines: 3_000, seed: 5 })].join('').trimEnd().split('\n')
  assert.equal(first, header)
  assert.deepEqual(
    lines.filter((line) => !shape.test(line)),
    [],
  )
})

const real = fileURLToPath(new URL('../../shared/data/online-retail.csv.gz', import.meta.url))
const skip = existsSync(real) ? false : 'needs online-retail.csv.gz (UCI Online Retail), which is not in ../shared/data'

test('and the shape is that of the real file', { skip }, async () => {
  const lines = createInterface({ input: createReadStream(real).pipe(createGunzip()), crlfDelay: Infinity })
  let lineNumber = 0
  for await (const line of lines) {
    lineNumber += 1
    assert.ok(lineNumber === 1 ? line === header : shape.test(line), `line ${lineNumber}: ${line}`)
  }
  assert.equal(lineNumber, 541_910)
})

const tool = fileURLToPath(new URL('./generate-retail-csv.ts', import.meta.url))

test('as a command it writes a file, or to its output', () => {
  const out = join(directory, 'command.csv')
  const toFile = spawnSync(process.execPath, [tool, '--lines', '300', '--seed', '9', '--out', out])
  const toOutput = spawnSync(process.execPath, [tool, '--lines', '300', '--seed', '9'])
  assert.equal(toFile.status, 0)
  assert.equal(toOutput.stdout.toString(), [...generateRetailCsv({ lines: 300, seed: 9 })].join(''))
  assert.ok(existsSync(out))
  assert.equal(spawnSync(process.execPath, [tool, '--lines', '3']).status, 2)
})
