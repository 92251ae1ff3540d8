import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Id } from '../../kernel/id.ts'
import { must } from '../../kernel/invariant.ts'
import { DAY_MS, MINUTE_MS, type Instant } from '../../kernel/time.ts'
import { byGivingWay, planFreeing, planServing, type ClaimPart, type FreeableClaim } from './plan-freeing.ts'

// Ann's cart of 2 expires in 10 minutes; Bob's order of 3 was promised in 2 days; `unpaid` waits for its payment.
// oxfmt-ignore
const freeing = [
  // claims                                                   lost  who gives way
  ['ann cart 2 10m, bob order 3 2d',                             1, 'ann 1'],
  ['ann cart 2 10m, bob order 3 2d',                             2, 'ann 2'],
  ['ann cart 2 10m, bob order 3 2d',                             4, 'ann 2, bob 2'],
  ['ann cart 2 10m, bob order 3 2d',                             5, 'ann 2, bob 3'],
  ['ann cart 2 10m, bob order 3 2d',                             6, 'not enough'],
  ['ann cart 2 10m, bob order 3 2d',                             0, ''],
  ['ann cart 1 30m, bob cart 1 5m, cy cart 1 20m',               2, 'bob 1, cy 1'],
  ['ann order 1 2d, bob order 1 5d, cy order 1 3d',              2, 'bob 1, cy 1'],
  ['ann order 4 5d, bob order 4 2d',                             3, 'ann 3'],
  ['ann order 1 2d, bob unpaid 1 2d',                            1, 'bob 1'],
  ['ann order 1 9d, bob unpaid 1 2d',                            1, 'ann 1'],
  ['ann order 1 2d, bob order 1 ?',                              1, 'bob 1'],
  ['ann transfer 1 ?, bob order 1 9d, cy cart 1 5m',             2, 'cy 1, ann 1'],
  ['ann order 1 2d, bob order 1 2d',                             1, 'bob 1'], // the younger claim
] as const

for (const [claims, units, expected] of freeing) {
  test(`${units} of “${claims}” lost: ${expected || 'nobody gives way'}`, () => {
    assert.equal(render(planFreeing(claims.split(', ').map(claimOf), units)), expected)
  })
}

// oxfmt-ignore
const serving = [
  // claims                                                   came  who is served
  ['ann cart 2 10m, bob order 3 2d',                             1, 'bob 1'],
  ['ann cart 2 10m, bob order 3 2d',                             4, 'bob 3, ann 1'],
  ['ann order 1 2d, bob order 1 5d, cy order 1 3d',              2, 'ann 1, cy 1'],
  ['ann cart 1 30m, bob cart 1 5m',                              1, 'ann 1'],
  ['ann order 1 2d',                                             0, ''],
] as const

for (const [claims, units, expected] of serving) {
  test(`${units} come for “${claims}”: ${expected || 'nobody is served'}`, () => {
    assert.equal(render(planServing(claims.split(', ').map(claimOf), units)), expected)
  })
}

const anyClaim = fc
  .record({
    kind: fc.constantFrom('cart', 'order', 'unpaid', 'transfer'),
    units: fc.integer({ min: 1, max: 5 }),
    time: fc.constantFrom('5', '10', '20', '?'),
  })
  .map(({ kind, units, time }) => `${kind} ${units} ${time === '?' ? time : `${time}${kind === 'cart' ? 'm' : 'd'}`}`)

test('what is freed adds up, nobody loses more than they hold, and only the last in line keeps a part', () => {
  fc.assert(
    fc.property(fc.array(anyClaim, { maxLength: 12 }), fc.nat({ max: 40 }), (texts, units) => {
      const claims = texts.map((text, index) => claimOf(`c${index} ${text}`, index))
      const parts = planFreeing(claims, units)
      const held = claims.reduce((sum, claim) => sum + claim.units, 0)
      assert.equal(parts === null, held < units)
      if (parts === null) return
      assert.equal(
        parts.reduce((sum, part) => sum + part.units, 0),
        units,
      )
      for (const [index, part] of parts.entries()) {
        assert.ok(part.units > 0 && part.units <= part.claim.units)
        if (index < parts.length - 1) assert.equal(part.units, part.claim.units)
      }
      const kept = claims.filter((claim) => !parts.some((part) => part.claim === claim))
      for (const { claim } of parts) for (const keeper of kept) assert.ok(byGivingWay(claim, keeper) < 0)
    }),
    { seed: 20261123, numRuns: 500 },
  )
})

test('the claims that are served and those that give way are never the same', () => {
  fc.assert(
    fc.property(fc.array(anyClaim, { minLength: 1, maxLength: 12 }), fc.nat(), (texts, split) => {
      const claims = texts.map((text, index) => claimOf(`c${index} ${text}`, index))
      const held = claims.reduce((sum, claim) => sum + claim.units, 0)
      const servedUnits = split % (held + 1)
      const served = planServing(claims, servedUnits)
      const freed = must(planFreeing(claims, held - servedUnits), 'the rest can be freed')
      const together = new Map<string, number>()
      for (const { claim, units } of [...served, ...freed]) {
        together.set(claim.claimId, units + (together.get(claim.claimId) ?? 0))
      }
      for (const claim of claims) assert.equal(together.get(claim.claimId), claim.units)
    }),
    { seed: 20261123, numRuns: 500 },
  )
})

function claimOf(text: string, index: number): FreeableClaim {
  const [name = '', kind = '', units = '', time = ''] = text.split(' ')
  const amount = time === '?' ? null : Number(time.slice(0, -1))
  const isCart = kind === 'cart'
  return {
    claimId: `${String(index).padStart(2, '0')} ${name}` as Id<'claim'>,
    supplyId: 1n,
    demandKind: isCart ? 'cart_line' : kind === 'transfer' ? 'transfer_line' : 'demand_line',
    demandId: name,
    stage: isCart || kind === 'unpaid' ? 'reserved' : 'allocated',
    units: Number(units),
    promisedBy: isCart || amount === null ? null : ((amount * DAY_MS) as Instant),
    reservedUntil: isCart && amount !== null ? ((amount * MINUTE_MS) as Instant) : null,
  }
}

function render(parts: readonly ClaimPart<FreeableClaim>[] | null): string {
  return parts === null ? 'not enough' : parts.map(({ claim, units }) => `${claim.demandId} ${units}`).join(', ')
}
