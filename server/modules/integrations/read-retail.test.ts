import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { formatInstant } from '../../kernel/time.ts'
import { CsvFileError } from './csv.ts'
import { loadRetailFile, readRetailFile, RETAIL_COLUMNS } from './read-retail.ts'

let directory = ''
before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'waybill-retail-'))
})
after(() => rm(directory, { recursive: true }))

const header = RETAIL_COLUMNS.map((column) => `"${column}"`).join(',')

async function fileOf(...lines: string[]): Promise<string> {
  const path = join(directory, 'retail.csv')
  await writeFile(path, [header, ...lines].join('\n'))
  return path
}

/** The file as it is read, all of it. */
async function loadWhole(path: string) {
  const file = await loadRetailFile(path)
  try {
    return { ...file, invoices: [...file.invoices], malformed: [...file.malformed] }
  } finally {
    file.close()
  }
}

async function load(...lines: string[]) {
  return loadWhole(await fileOf(...lines))
}

test('a line is read as it stands', async () => {
  const raw = '"536477","22041","RECORD FRAME 7"" SINGLE SIZE",48,2010-12-01 12:27:00,2.1,16210,"United Kingdom"'
  const rows = await Array.fromAsync(readRetailFile(await fileOf(raw)))
  assert.deepEqual(rows, [
    { kind: 'columns', columns: RETAIL_COLUMNS },
    {
      kind: 'line',
      line: {
        lineNumber: 2,
        raw,
        invoiceNo: '536477',
        code: '22041',
        description: 'RECORD FRAME 7" SINGLE SIZE',
        quantity: 48,
        priceThousandths: 2_100n,
        at: Date.UTC(2010, 11, 1, 12, 27),
        customer: '16210',
      },
    },
  ])
})

test('NA is nobody and nothing', async () => {
  const { invoices } = await load('"536414","22139",NA,56,2010-12-01 11:52:00,0,NA,"United Kingdom"')
  const [line] = invoices[0]?.lines ?? []
  assert.equal(line?.customer, null)
  assert.equal(line?.description, null)
})

// oxfmt-ignore
const times = [
  // London’s clock  the instant
  ['2010-12-01 08:26:00', '2010-12-01T08:26:00.000Z'],
  ['2011-07-01 08:26:59', '2011-07-01T07:26:59.000Z'],
  ['2011-03-27 00:59:59', '2011-03-27T00:59:59.000Z'],
  ['2011-03-27 01:30:00', '2011-03-27T01:30:00.000Z'],  // skipped: half past two
  ['2011-03-27 02:00:00', '2011-03-27T01:00:00.000Z'],
  ['2011-10-30 01:30:00', '2011-10-30T00:30:00.000Z'],  // twice: the first
  ['2011-10-30 02:00:00', '2011-10-30T02:00:00.000Z'],
  ['2012-02-29 23:59:59', '2012-02-29T23:59:59.000Z'],
] as const

for (const [clock, instant] of times) {
  test(`${clock} in London is ${instant}`, async () => {
    const { invoices } = await load(`"1","A","B",1,${clock},1,NA,"X"`)
    assert.equal(formatInstant(invoices[0]?.placedAt ?? assert.fail()), instant)
  })
}

// oxfmt-ignore
const malformed = [
  // the line  what is wrong
  ['"1","A","B",1,2010-12-01 08:26:00,1,NA',               '7 fields instead of 8'],
  ['"1","A","B",1,2010-12-01 08:26:00,1,NA,"X",9',         '9 fields instead of 8'],
  ['"1","A","B,1,2010-12-01 08:26:00,1,NA,"X"',            'Invalid Closing Quote'],
  ['"","A","B",1,2010-12-01 08:26:00,1,NA,"X"',            "InvoiceNo ''"],
  ['"1 2","A","B",1,2010-12-01 08:26:00,1,NA,"X"',         "InvoiceNo '1 2'"],
  ['"1","","B",1,2010-12-01 08:26:00,1,NA,"X"',            "StockCode ''"],
  ['"1"," A","B",1,2010-12-01 08:26:00,1,NA,"X"',          "StockCode ' A'"],
  ['"1","A","B",1.5,2010-12-01 08:26:00,1,NA,"X"',         "Quantity '1.5'"],
  ['"1","A","B",1e3,2010-12-01 08:26:00,1,NA,"X"',         "Quantity '1e3'"],
  ['"1","A","B",9999999999,2010-12-01 08:26:00,1,NA,"X"',  "Quantity '9999999999'"],
  ['"1","A","B",1,2010-12-01 08:26:00,1.0001,NA,"X"',      "UnitPrice '1.0001'"],
  ['"1","A","B",1,2010-12-01 08:26:00,NaN,NA,"X"',         "UnitPrice 'NaN'"],
  ['"1","A","B",1,2010-12-01 08:26:00,,NA,"X"',            "UnitPrice ''"],
  ['"1","A","B",-2,2010-12-01 08:26:00,5000000000,NA,"X"', "Quantity '-2' at UnitPrice '5000000000'"],
  ['"1","A","B",1,12/1/2010 8:26,1,NA,"X"',                "InvoiceDate '12/1/2010 8:26'"],
  ['"1","A","B",1,2010-02-30 08:26:00,1,NA,"X"',           "InvoiceDate '2010-02-30 08:26:00'"],
  ['"1","A","B",1,2010-12-01 24:00:00,1,NA,"X"',           "InvoiceDate '2010-12-01 24:00:00'"],
  ['"1","A","B",1,2010-12-01 08:26:00,1,,"X"',             "CustomerID ''"],
] as const

for (const [line, fault] of malformed) {
  test(`${line} → ${fault}`, async () => {
    const good = '"2","A","B",2,2010-12-01 08:26:00,1.25,NA,"X"'
    const file = await load(good, line, good)
    const [only, ...others] = file.malformed
    assert.deepEqual(others, [])
    assert.equal(only?.lineNumber, 3)
    assert.equal(only.raw, line)
    assert.ok(only.fault.startsWith(fault), only.fault)
    assert.equal(file.lineCount, 3)
    assert.equal(file.amountThousandths, 5_000n)
    assert.equal(file.invoices[0]?.lines.length, 2)
  })
}

test('an invoice is gathered wherever its lines stand and placed at the earliest', async () => {
  const { invoices } = await load(
    '"3","A","B",1,2010-12-03 08:00:00,1,NA,"X"',
    '"1","A","B",1,2010-12-01 08:27:00,1,17850,"X"',
    '"2","A","B",1,2010-12-01 08:26:30,1,NA,"X"',
    '"1","C","D",1,2010-12-01 08:26:00,1,17850,"X"',
    '"0","A","B",1,2010-12-03 08:00:00,1,NA,"X"',
  )
  assert.deepEqual(
    invoices.map(({ invoiceNo, placedAt, lines }) => [
      invoiceNo,
      formatInstant(placedAt),
      lines.map((line) => line.code),
    ]),
    [
      ['1', '2010-12-01T08:26:00.000Z', ['A', 'C']],
      ['2', '2010-12-01T08:26:30.000Z', ['A']],
      ['3', '2010-12-03T08:00:00.000Z', ['A']],
      ['0', '2010-12-03T08:00:00.000Z', ['A']],
    ],
  )
})

test('the columns a reject file has more are not read', async () => {
  const path = join(directory, 'rejects.csv')
  await writeFile(path, `${header},Line,Reason,Detail\n"1","A","B",1,2010-12-01 08:26:00,1,NA,"X",7,sub_minor_price,\n`)
  const { invoices, malformed: bad } = await loadWhole(path)
  assert.equal(invoices.length, 1)
  assert.deepEqual(bad, [])
})

const headers = [
  '',
  'InvoiceNo,StockCode\n',
  '"536365","85123A","X",6,2010-12-01 08:26:00,2.55,17850,"United Kingdom"\n',
  '"a\n',
]
for (const content of headers) {
  test(`a file that begins with ${JSON.stringify(content.slice(0, 30))} is refused as a whole`, async () => {
    const path = join(directory, 'header.csv')
    await writeFile(path, content)
    await assert.rejects(loadRetailFile(path), CsvFileError)
  })
}

test('progress is told', async () => {
  const told: number[] = []
  const lines = Array.from({ length: 100_001 }, () => '"1","A","B",1,2010-12-01 08:26:00,1,NA,"X"')
  await loadRetailFile(await fileOf(...lines), (count) => told.push(count))
  assert.deepEqual(told, [50_000, 100_000])
})
