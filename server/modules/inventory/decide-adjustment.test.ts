import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decideAdjustment, UNITS_MAX } from './decide-adjustment.ts'

// Rows: units (claimed). Entries: row and difference.
// oxfmt-ignore
const rows = [
  // rows               entries                    comes to
  ['5 (0)',             '0 +3',                    '8'],
  ['5 (0)',             '0 -5',                    '0'],
  ['5 (0)',             '0 -6',                    'refused: stock_below_zero, entry 0, 5 on hand'],
  ['5 (4)',             '0 -3',                    '2 (2 too many claimed)'],
  ['5 (0), 7 (7)',      '0 +1, 1 -7',              '6, 0 (7 too many claimed)'],
  ['5 (0), 7 (0)',      '0 +1, 1 -8',              'refused: stock_below_zero, entry 1, 7 on hand'],
  ['0 (0)',             '0 -2, 0 +5',              '3'], // only the end counts
  ['0 (0)',             '0 -5, 0 +2',              'refused: stock_below_zero, entry 0, 0 on hand'],
  [`${UNITS_MAX} (0)`,  '0 +1',                    `refused: stock_too_large, entry 0, ${UNITS_MAX} on hand`],
  [`${UNITS_MAX} (0)`,  '0 +1, 0 -1',              `${UNITS_MAX}`],
] as const

for (const [stored, entries, expected] of rows) {
  test(`${stored}: ${entries} → ${expected}`, () => {
    const decision = decideAdjustment(
      stored.split(', ').map((text) => {
        const [, quantity, claimed] = /^(\d+) \((\d+)\)$/.exec(text) ?? []
        return { quantity: Number(quantity), claimed: Number(claimed) }
      }),
      entries.split(', ').map((text) => {
        const [row, delta] = text.split(' ').map(Number)
        return { row: row ?? 0, delta: delta ?? 0 }
      }),
    )
    const text =
      decision.kind === 'refused'
        ? `refused: ${decision.code}, entry ${decision.entry}, ${decision.onHand} on hand`
        : decision.rows
            .map(({ quantity, excess }) => `${quantity}${excess > 0 ? ` (${excess} too many claimed)` : ''}`)
            .join(', ')
    assert.equal(text, expected)
  })
}
