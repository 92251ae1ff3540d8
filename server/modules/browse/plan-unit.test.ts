import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Id } from '../../kernel/id.ts'
import type { Instant } from '../../kernel/time.ts'
import { planFast, type PlanSupply } from '../sourcing/index.ts'
import { nearestShelf, shelvesWithUnit, unitsToCome } from './plan-unit.ts'
import { supplyOf } from './supply.ts'
import { Numbering } from './numbering.ts'

const seed = 20_261_122
const variantId = 'tee' as Id<'variant'>
const web = 'web' as Id<'channel'>
const locations = ['a', 'b', 'c', 'd', 'e', 'f'] as Id<'location'>[]

/** As the tables have them: one row a place and channel on hand and of limits, any number under way. */
const rowsArbitrary = fc.uniqueArray(
  fc
    .record({
      locationId: fc.constantFrom(...locations),
      kind: fc.constantFrom('on_hand' as const, 'inbound' as const, 'backorder' as const),
      channelId: fc.constantFrom(null, null, web, 'shop' as Id<'channel'>),
      eta: fc.constantFrom(...([1_000, 2_000, 3_000] as Instant[])),
      quantity: fc.integer({ min: 0, max: 9 }),
      claimed: fc.integer({ min: 0, max: 9 }),
      safetyStock: fc.integer({ min: 0, max: 3 }),
    })
    .map((row) => ({
      ...row,
      claimed: Math.min(row.claimed, row.quantity),
      eta: row.kind === 'inbound' ? row.eta : null,
      leadDays: row.kind === 'backorder' ? row.eta / 1_000 : null,
      safetyStock: row.kind === 'on_hand' && row.channelId === null ? row.safetyStock : 0,
    })),
  { maxLength: 8, selector: ({ locationId, kind, channelId, eta }) => `${locationId} ${kind} ${channelId} ${eta}` },
)

test(`one unit comes from where the planner of orders would take it (seed ${seed})`, () => {
  fc.assert(
    fc.property(rowsArbitrary, fc.shuffledSubarray(locations), (rows, candidates) => {
      const numbers = new Numbering<Id<'location'>>()
      const supply = supplyOf(rows, numbers)
      for (const location of locations) numbers.of(location)
      const ranks = new Int32Array(numbers.size).fill(-1)
      for (const [rank, location] of candidates.entries()) ranks[numbers.of(location)] = rank

      const planned = planFast({
        demands: [{ variantId, units: 1 }],
        candidates,
        channelId: web,
        supply: new Map([
          [
            variantId,
            rows.map(({ quantity, claimed, safetyStock, ...row }, index): PlanSupply => {
              return { ...row, supplyId: BigInt(index), variantId, free: quantity - claimed - safetyStock }
            }),
          ],
        ]),
      })
      const expected = planned.kind === 'planned' ? planned.allotments[0]?.supply : undefined
      const shelf = nearestShelf(supply, ranks, web)
      const later = shelf >= 0 ? undefined : unitsToCome(supply, ranks, web)[0]
      const location = shelf >= 0 ? shelf : later?.location
      assert.equal(location === undefined ? undefined : numbers.thingOf(location), expected?.locationId)
      assert.equal(shelf >= 0 ? 'on_hand' : later?.kind, expected?.kind)
      assert.equal(later?.eta ?? null, expected?.eta ?? null)
    }),
    { seed, numRuns: 3_000 },
  )
})

test(`every place that has one is named once, best first (seed ${seed})`, () => {
  fc.assert(
    fc.property(rowsArbitrary, fc.shuffledSubarray(locations), (rows, candidates) => {
      const numbers = new Numbering<Id<'location'>>()
      const supply = supplyOf(rows, numbers)
      for (const location of locations) numbers.of(location)
      const ranks = new Int32Array(numbers.size).fill(-1)
      for (const [rank, location] of candidates.entries()) ranks[numbers.of(location)] = rank
      const has = (location: Id<'location'>, isOnHand: boolean): boolean =>
        rows.some(
          (row) =>
            row.locationId === location &&
            (row.kind === 'on_hand') === isOnHand &&
            (row.channelId === null || row.channelId === web) &&
            row.quantity - row.claimed > row.safetyStock,
        )
      assert.deepEqual(
        shelvesWithUnit(supply, ranks, web).map((location) => numbers.thingOf(location)),
        candidates.filter((location) => has(location, true)),
      )
      assert.deepEqual(
        unitsToCome(supply, ranks, web).map(({ location }) => numbers.thingOf(location)),
        candidates.filter((location) => has(location, false)),
      )
    }),
    { seed, numRuns: 2_000 },
  )
})
