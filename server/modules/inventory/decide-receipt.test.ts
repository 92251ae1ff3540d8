import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { decideReceipt, type Receipt } from './decide-receipt.ts'

// Expected and on hand: units (claimed). `counted`: a count newer than the arrival has found the goods already.
// oxfmt-ignore
const rows = [
  // came  expected   on hand    told late?   books gain  settled  short  claims: served  freed
  [10,     '10 (0)',  '0 (0)',   '',          10,         10,      0,             0,      0],
  [10,     '10 (4)',  '0 (0)',   '',          10,         10,      0,             4,      0],
  [6,      '10 (4)',  '0 (0)',   '',          6,          6,       0,             4,      0],
  [3,      '10 (8)',  '0 (0)',   '',          3,          3,       0,             3,      0],
  [12,     '10 (8)',  '5 (5)',   '',          12,         10,      0,             8,      0],
  [6,      '10 (4)',  '0 (0)',   'complete',  6,          6,       4,             4,      0],
  [6,      '10 (9)',  '0 (0)',   'complete',  6,          6,       4,             6,      3],
  [0,      '10 (9)',  '0 (0)',   'complete',  0,          0,       10,            0,      9],
  [4,      '0 (0)',   '0 (0)',   '',          4,          0,       0,             0,      0],
  [10,     '10 (4)',  '12 (2)',  'counted',   0,          10,      0,             4,      0],
  [10,     '10 (4)',  '3 (2)',   'counted',   0,          10,      0,             1,      3],
  [6,      '10 (8)',  '3 (3)',   'counted',   0,          6,       0,             0,      4],
  [6,      '10 (8)',  '9 (0)',   'counted',   0,          6,       0,             6,      0],
] as const

for (const [arrived, expected, there, how, gained, settled, short, served, excess] of rows) {
  test(`${arrived} of ${expected} come to ${there}${how && `, ${how}`}`, () => {
    const decision = decideReceipt({
      arrived,
      isCounted: how === 'counted',
      isComplete: how === 'complete',
      inbound: rowOf(expected),
      onHand: rowOf(there),
    })
    assert.deepEqual(decision, { gained, settled, short, served, excess })
  })
}

test('no row ever promises more than it has, and every claim is served, freed or still expected', () => {
  const row = fc.tuple(fc.nat({ max: 12 }), fc.nat({ max: 12 })).map(([quantity, claimed]) => ({
    quantity,
    claimed: Math.min(quantity, claimed),
  }))
  const receipt: fc.Arbitrary<Receipt> = fc.record({
    arrived: fc.nat({ max: 15 }),
    isCounted: fc.boolean(),
    isComplete: fc.boolean(),
    inbound: row,
    onHand: row,
  })
  fc.assert(
    fc.property(receipt, ({ inbound, onHand, ...how }) => {
      const { gained, settled, short, served, excess } = decideReceipt({ inbound, onHand, ...how })
      assert.ok(onHand.claimed + served <= onHand.quantity + gained)
      const stillExpected = inbound.quantity - settled - short
      const stillClaimed = inbound.claimed - served - excess
      assert.ok(stillClaimed >= 0 && stillClaimed <= stillExpected)
      // Nobody loses what could have been served or can still come.
      if (excess > 0) assert.equal(stillClaimed, stillExpected)
    }),
    { seed: 20261123, numRuns: 1_000 },
  )
})

function rowOf(text: string): { quantity: number; claimed: number } {
  const [, quantity, claimed] = /^(\d+) \((\d+)\)$/.exec(text) ?? []
  return { quantity: Number(quantity), claimed: Number(claimed) }
}
