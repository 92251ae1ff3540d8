import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LineSet } from './line-set.ts'

// oxfmt-ignore
const sets = [
  // stretches        the lines in it, of 1 to 9
  ['',                ''],
  ['2–3',             '2'],
  ['2–5',             '2 3 4'],
  ['1–3 5–6 8–10',    '1 2 5 8 9'],
  ['2–3 4–5 6–7 8–9', '2 4 6 8'],
] as const

for (const [stretches, lines] of sets) {
  test(`the stretches "${stretches}" hold "${lines}"`, () => {
    const ranges = stretches
      .split(' ')
      .filter(Boolean)
      .map((stretch) => stretch.split('–').map(Number))
    const set = new LineSet(ranges.map(([from = 0, end = 0]) => ({ from, end })))
    const held = [1, 2, 3, 4, 5, 6, 7, 8, 9].filter((line) => set.has(line))
    assert.equal(held.join(' '), lines)
    assert.equal(set.size, held.length)
  })
}
