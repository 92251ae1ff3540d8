import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { readCell, writeCell } from './cell.ts'

const cells = [
  ['19.99', '19.99'],
  ['=1+1', "'=1+1"],
  ['+49 30 1', "'+49 30 1"],
  ['-5', "'-5"],
  ['@SUM(A1)', "'@SUM(A1)"],
  ['\tx', "'\tx"],
  ["'tis", "'tis"],
  ["'=1", "''=1"],
  ["''", "'''"],
  ["'", "'"],
  ['', ''],
] as const

for (const [text, cell] of cells) {
  test(`${JSON.stringify(text)} is written ${JSON.stringify(cell)} and read back`, () => {
    assert.equal(writeCell(text), cell)
    assert.equal(readCell(cell), text)
  })
}

test('any text survives, and none comes out as a formula', () => {
  const begin = fc.constantFrom('', "'", "''", '=', '-', '+', '@', '\t', '\r', '＝')
  fc.assert(
    fc.property(fc.array(begin, { maxLength: 4 }), fc.string(), (begins, rest) => {
      const text = begins.join('') + rest
      assert.equal(readCell(writeCell(text)), text)
      assert.doesNotMatch(writeCell(text), /^[=+\-@\t\r\n＝＋－＠]/)
    }),
    { seed: 20_261_122, numRuns: 2_000 },
  )
})
