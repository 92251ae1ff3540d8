import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Instant } from '../../kernel/time.ts'
import { decideAllowance } from './decide-allowance.ts'

/** `+5@2` are five units that come on day 2. */
// oxfmt-ignore
const rows = [
  // on hand  to come         ahead  buffer  cap   held  may sell  by date          in all
  [10,        '',             0,     0,      null, 0,    10,       '',              10],
  [10,        '',             0,     3,      null, 0,     7,       '',               7],
  [10,        '',             0,     12,     null, 0,     0,       '',               0],
  [10,        '',             0,     0,      4,    0,     4,       '',               4],
  [10,        '',             0,     0,      4,    3,     1,       '',               1],
  [10,        '',             0,     0,      4,    6,     0,       '',               0],
  [10,        '',             0,     0,      0,    0,     0,       '',               0],
  [10,        '',             0,     8,      4,    1,     2,       '',               2],
  // The buffer is kept of what comes as well, and only once.
  [2,         '+5@2',         0,     3,      null, 0,     0,       '4@2',            4],
  [0,         '+3@2 +100@9',  0,     3,      null, 0,     0,       '0@2 100@9',    100],
  [5,         '+5@9 +5@2',    0,     3,      8,    0,     2,       '7@2 8@9',        8],
  [5,         '+5@2 +5@2',    0,     0,      null, 0,     5,       '15@2',          15],
  // What is sold ahead is no goods: no buffer is kept of it, but it counts against the cap.
  [2,         '',             50,    3,      null, 0,     0,       '',              50],
  [2,         '+5@2',         50,    3,      20,   1,     0,       '4@2',           19],
] as const

for (const [onHand, coming, ahead, buffer, cap, claimed, now, dated, all] of rows) {
  test(`${onHand} on hand ${coming} and ${ahead} ahead, buffer ${buffer}, cap ${cap} of which ${claimed} are held`, () => {
    const toCome = [...coming.matchAll(/\+(\d+)@(\d+)/g)].map(([, units, day]) => {
      return { units: Number(units), eta: Number(day) as Instant }
    })
    const allowance = decideAllowance({ onHand, toCome, ahead }, { buffer, cap, claimed })
    const told = allowance.dated.map(({ eta, units }) => `${units}@${eta}`).join(' ')
    assert.deepEqual([allowance.onHand, told, allowance.all], [now, dated, all])
  })
}

test('without a limit everything may be sold', () => {
  const allowance = decideAllowance({ onHand: 2, toCome: [{ eta: 5 as Instant, units: 3 }], ahead: 4 }, null)
  assert.deepEqual(allowance, { onHand: 2, dated: [{ eta: 5, units: 5 }], all: 9 })
})
