import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { CsvFileError, readCsv, type CsvLine } from './csv.ts'

let directory = ''
before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'waybill-csv-'))
})
after(() => rm(directory, { recursive: true }))

async function read(content: string | Uint8Array, name = 'file.csv'): Promise<CsvLine[]> {
  const path = join(directory, name)
  await writeFile(path, content)
  return Array.fromAsync(readCsv(path))
}

function told({ lineNumber, fields }: CsvLine): string {
  return `${lineNumber} ${fields === null ? 'not CSV' : fields.join('|')}`
}

// oxfmt-ignore
const rows = [
  // what                          the file                     its lines
  ['plain',                        'a,b\n1,2\n',                ['1 a|b', '2 1|2']],
  ['no line end at the end',       'a,b\n1,2',                  ['1 a|b', '2 1|2']],
  ['lines of Windows',             'a,b\r\n1,2\r\n',            ['1 a|b', '2 1|2']],
  ['a byte order mark',            '\uFEFFa,b\n1,2\n',          ['1 a|b', '2 1|2']],
  ['empty lines',                  'a,b\n\n1,2\n\n\n',          ['1 a|b', '3 1|2']],
  ['empty fields',                 'a,b\n,\n',                  ['1 a|b', '2 |']],
  ['quoted commas and quotes',     'a,b\n"1,5","7"" SINGLE"\n', ['1 a|b', '2 1,5|7" SINGLE']],
  ['too few and too many fields',  'a,b\n1\n1,2,3\n',           ['1 a|b', '2 1', '3 1|2|3']],
  ['a quote that never closes',    'a,b\n"1,2\n3,4\n',          ['1 a|b', '2 not CSV', '3 3|4']],
  ['two of them, closing another', 'a,b\n"1,2\n3,4"\n5,6\n',    ['1 a|b', '2 not CSV', '3 not CSV', '4 5|6']],
  ['a quote in the middle',        'a,b\n1"x,2\n3,4\n',         ['1 a|b', '2 not CSV', '3 3|4']],
  ['text after a closing quote',   'a,b\n"1"x,2\n3,4\n',        ['1 a|b', '2 not CSV', '3 3|4']],
  ['NUL',                          'a,b\n1\0,2\n3,4\n',         ['1 a|b', '2 not CSV', '3 3|4']],
  ['a formula stays what it is',   'a,b\n=1+1,@x\n',            ['1 a|b', '2 =1+1|@x']],
  ['nothing',                      '',                          []],
] as const

for (const [what, content, lines] of rows) {
  test(what, async () => assert.deepEqual((await read(content)).map(told), lines))
}

test('a packed file reads like the plain one', async () => {
  const content = 'a,b\n"1,5",2\n'
  assert.deepEqual(await read(gzipSync(content), 'file.csv.gz'), await read(content))
})

test('raw is what stands in the file, without the line end, even of a line that is not CSV', async () => {
  const lines = await read('a,b\r\n"1,2\r\n"x", y\r\n')
  assert.deepEqual(
    lines.map(({ raw }) => raw),
    ['a,b', '"1,2', '"x", y'],
  )
})

test('what PostgreSQL cannot store is replaced in raw and told', async () => {
  const [, nul, latin1] = await read(Buffer.concat([Buffer.from('a,b\n1\0,2\n\u00A3'), Buffer.from([0xa3, 0x0a])]))
  assert.equal(nul?.raw, '1\uFFFD,2')
  assert.equal(latin1?.raw, '\u00A3\uFFFD')
  assert.equal(latin1?.fault, 'holds bytes that are not text')
})

test('characters of several bytes survive wherever the file is cut into chunks', async () => {
  const line = `£€ß,${'x'.repeat(61)}`
  const content = `a,b\n${`${line}\n`.repeat(5_000)}`
  const lines = await read(content)
  assert.equal(lines.length, 5_001)
  assert.ok(lines.slice(1).every(({ raw }) => raw === line))
})

test('a stray quote costs its own lines only, wherever in the batch it is', async () => {
  // 256 bytes a line, so that the reader's chunks of 256 KiB end with line 1,024.
  const good = Array.from({ length: 2_500 }, (_, index) => `${index},"`.padEnd(254, 'x') + '"')
  for (const at of [0, 1, 1_022, 1_023, 1_024, 1_025, 2_499]) {
    const lines = await read(good.with(at, '7,"broken').join('\n'))
    assert.equal(lines.length, good.length)
    const bad = lines.filter(({ fields }) => fields === null).map(({ lineNumber }) => lineNumber)
    assert.deepEqual(bad, [at + 1])
  }
})

const unreadable = [
  ['a file that is not there', 'missing.csv', null, /ENOENT/],
  ['a packed file that is not there', 'missing.csv.gz', null, /ENOENT/],
  ['a packed file cut short', 'cut.csv.gz', gzipSync('a,b\n1,2\n'.repeat(1_000)).subarray(0, 40), /unexpected end/],
  ['a plain file named as packed', 'plain.csv.gz', 'a,b\n1,2\n', /incorrect header/],
  ['a file without line ends', 'endless.csv', 'x'.repeat(2_000_000), /line 1 is over 1000000 characters/],
] as const

for (const [what, name, content, message] of unreadable) {
  test(`${what} is refused as a whole`, async () => {
    if (content !== null) await writeFile(join(directory, name), content)
    await assert.rejects(Array.fromAsync(readCsv(join(directory, name))), (error) => {
      assert.ok(error instanceof CsvFileError)
      assert.match(error.message, message)
      return error.message.includes(name)
    })
  })
}

test('a reader may stop early', async () => {
  const path = join(directory, 'early.csv')
  await writeFile(path, 'a,b\n'.repeat(100_000))
  let count = 0
  for await (const { lineNumber } of readCsv(path)) {
    count += 1
    if (lineNumber === 10) break
  }
  assert.equal(count, 10)
})

test('whatever is written by the rules is read back, and whatever else is one line each', async () => {
  const field = fc.string({ unit: fc.constantFrom('a', '"', ',', ' ', '£', ';', "'", '='), maxLength: 6 })
  const sound = fc.array(field, { minLength: 2, maxLength: 4 })
  const wild = fc.string({ unit: fc.constantFrom('a', '"', ',', ' '), minLength: 1, maxLength: 8 })
  await fc.assert(
    fc.asyncProperty(fc.array(fc.oneof(sound, wild), { maxLength: 20 }), async (lines) => {
      const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`
      const texts = lines.map((line) => (typeof line === 'string' ? line : line.map(quoted).join(',')))
      const readBack = await read(texts.join('\n'))
      assert.deepEqual(
        readBack.map(({ raw }) => raw),
        texts,
      )
      for (const [index, line] of lines.entries()) {
        if (typeof line !== 'string') assert.deepEqual(readBack[index]?.fields, line)
      }
    }),
    { seed: 4_180, numRuns: 200 },
  )
})
