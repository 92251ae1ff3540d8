import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RetailBooks, Tally } from './plan-retail-import.ts'
import { areBooksBalanced, renderImportedBooks } from './render-import.ts'

const tally = (lines: number, thousandths: bigint): Tally => ({ lines, thousandths })

const books: RetailBooks = {
  total: tally(1_003, 1_234_567_891n),
  accepted: tally(1_000, 1_234_570_390n),
  rejected: tally(1, 1n),
  setAside: tally(2, -2_500n),
  byReason: new Map([
    ['accepted order_line', tally(1_000, 1_234_570_390n)],
    ['rejected sub_minor_price', tally(1, 1n)],
    ['set_aside cancellation', tally(2, -2_500n)],
  ]),
}
const imported = { books, orderCount: 40, ordersThousandths: 1_234_570_390n }

test('the books as a person reads them', () => {
  assert.deepEqual(renderImportedBooks(imported, books), [
    '                                       lines            pounds',
    'accepted                               1,000     1,234,570.390',
    'rejected                                   1             0.001',
    'set aside                                  2            -2.500',
    'total                                  1,003     1,234,567.891',
    'of these',
    '  accepted order line                  1,000     1,234,570.390',
    '  rejected sub minor price                 1             0.001',
    '  set aside cancellation                   2            -2.500',
    '40 orders in the database come to 1,234,570.390',
    'The books balance to the thousandth of a pound: accepted + rejected + set aside = total, and orders = accepted.',
  ])
})

const wrongs = [
  ['a line is missing', { ...imported, books: { ...books, rejected: tally(0, 1n) } }],
  ['a thousandth is missing', { ...imported, books: { ...books, rejected: tally(1, 0n) } }],
  ['the orders come to something else', { ...imported, ordersThousandths: 1_234_570_380n }],
] as const
for (const [what, wrong] of wrongs) {
  test(`books are out of balance when ${what}`, () => {
    assert.ok(areBooksBalanced(imported))
    assert.ok(!areBooksBalanced(wrong))
    assert.ok(renderImportedBooks(wrong, books).some((line) => line.startsWith('THE BOOKS DO NOT BALANCE')))
  })
}

test('what came out otherwise than foretold is told by reason', () => {
  const byReason = new Map([
    ['accepted order_line', tally(999, 1_234_569_390n)],
    ['rejected sub_minor_price', tally(1, 1n)],
    ['rejected reference_reused', tally(1, 1_000n)],
    ['set_aside cancellation', tally(2, -2_500n)],
  ])
  const lines = renderImportedBooks({ ...imported, books: { ...books, byReason } }, books)
  assert.deepEqual(lines.slice(-2), [
    'Not as the file foretold: accepted order line, 1,000 lines of 1,234,570.390; is 999 of 1,234,569.390.',
    'Not as the file foretold: rejected reference reused, 0 lines of 0.000; is 1 of 1.000.',
  ])
})
