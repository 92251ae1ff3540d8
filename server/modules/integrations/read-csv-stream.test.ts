import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { FileRefusedError, readCsvStream, type CsvRecord } from './read-csv-stream.ts'

async function read(bytes: string | Buffer, packed = false, chunkBytes = 7): Promise<CsvRecord[]> {
  const all = Buffer.from(bytes)
  const chunks = Array.from({ length: Math.ceil(all.length / chunkBytes) }, (_, part) =>
    all.subarray(part * chunkBytes, (part + 1) * chunkBytes),
  )
  return Array.fromAsync(readCsvStream(Readable.from(chunks), { packed }))
}

const plain = [
  { line: 1, cells: ['sku', 'price'] },
  { line: 2, cells: ['TEE', '19.99'] },
]
const files = [
  // what                            the file                                             what is read
  ['LF', 'sku,price\nTEE,19.99\n', plain],
  ['CRLF', 'sku,price\r\nTEE,19.99\r\n', plain],
  ['CR', 'sku,price\rTEE,19.99\r', plain],
  ['no line end at the end', 'sku,price\nTEE,19.99', plain],
  ['a byte order mark', '\uFEFFsku,price\nTEE,19.99\n', plain],
  ['semicolons', 'sku;price\nTEE;19.99\n', plain],
  ['tabs', 'sku\tprice\nTEE\t19.99\n', plain],
  ['rows without text', 'sku,price\n,\n\n  , \nTEE,19.99\n', [plain[0], { line: 5, cells: ['TEE', '19.99'] }]],
  [
    'quotes',
    'a,b\n"x ""y""","1,5"\n',
    [
      { line: 1, cells: ['a', 'b'] },
      { line: 2, cells: ['x "y"', '1,5'] },
    ],
  ],
  [
    'quoted line breaks',
    'a,b\n"x\r\ny",1\nz,2\n',
    [
      { line: 1, cells: ['a', 'b'] },
      { line: 2, cells: ['x\r\ny', '1'] },
      { line: 4, cells: ['z', '2'] },
    ],
  ],
  [
    'no cell for a column',
    'a,b\n1\n',
    [
      { line: 1, cells: ['a', 'b'] },
      { line: 2, cells: ['1'] },
    ],
  ],
] as const

for (const [what, file, records] of files) {
  test(`reads ${what}`, async () => {
    assert.deepEqual(await read(file), records)
    assert.deepEqual(await read(gzipSync(file), true), records)
  })
}

const refused = [
  ['nothing at all', '', false, 'file_empty', undefined],
  ['blanks', ' \n\n', false, 'file_empty', undefined],
  ['Latin-1', Buffer.from('sku,title\nTEE,Gr\u00f6\u00dfe\n', 'latin1'), false, 'file_not_utf8', /line 2; save it as/],
  ['UTF-16', Buffer.from('\uFEFFsku,price\n', 'utf16le'), false, 'file_not_utf8', /line 1/],
  ['NUL', 'sku,price\nTE\0E,1\n', false, 'file_not_utf8', /NUL near line/],
  ['a stray quote', 'sku,price\nT"EE,1\n', false, 'file_not_csv', /line 2: a quote stands within a cell/],
  ['text behind a quote', 'sku,price\n"T"EE,1\n', false, 'file_not_csv', /line 2: something follows the quote/],
  ['an open quote', 'sku,price\n"TEE,1\nMUG,2\n', false, 'file_not_csv', /never closed/],
  ['no gzip', 'sku,price\nTEE,1\n', true, 'file_not_gzip', undefined],
  ['half a gzip', gzipSync('sku,price\nTEE,1\n').subarray(0, 25), true, 'file_not_gzip', undefined],
] as const

for (const [what, file, packed, code, detail] of refused) {
  test(`refuses ${what}`, async () => {
    await assert.rejects(read(file, packed), (error) => {
      assert(error instanceof FileRefusedError)
      assert.equal(error.refusal.code, code)
      if (detail !== undefined) assert.match('detail' in error.refusal ? error.refusal.detail : '', detail)
      return true
    })
  })
}
