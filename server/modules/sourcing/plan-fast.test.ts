import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Id } from '../../kernel/id.ts'
import type { Instant } from '../../kernel/time.ts'
import { planFast, type Demand, type FastPlan, type PlanSupply } from './plan-fast.ts'

const channelId = 'web' as Id<'channel'>

// oxfmt-ignore
const rows = [
  // wanted          near                     far                  third        plan                              missing
  ['tee 3',          'tee 5',                 'tee 9',             '',          'near tee 3',                     ''],
  ['tee 3',          'tee 2',                 'tee 9',             '',          'far tee 3',                      ''],
  ['tee 3',          'tee 2',                 'tee 1',             '',          'near tee 2, far tee 1',          ''],
  ['tee 3',          'tee 1',                 'tee 1',             '',          'near tee 1, far tee 1',          'tee 1'],
  ['tee 1, mug 1',   'tee 1',                 'tee 1, mug 1',      '',          'far tee 1, far mug 1',           ''],
  ['tee 1, mug 1',   'tee 1',                 '',                  'mug 1',     'near tee 1, third mug 1',        ''],
  ['tee 2, mug 1',   'mug 1',                 'tee 1',             'tee 1',     'far tee 1, third tee 1, near mug 1', ''],
  ['tee 1, tee 2',   'tee 3',                 '',                  '',          'near tee 1, near tee 2',         ''],
  ['tee 2, tee 2',   'tee 3',                 '',                  '',          'near tee 2, near tee 1',         'tee 1'],
  ['tee 2',          'tee 2 at web',          '',                  '',          'near tee 2',                     ''],
  ['tee 2',          'tee 2 at pos',          '',                  '',          '',                               'tee 2'],
  ['tee 2',          'tee 5, tee 1 at web',   '',                  '',          'near tee 1, near tee 1',         ''],
  ['tee 2',          'tee 9 inbound',         'tee 2',             '',          'far tee 2',                      ''],
  ['tee 2',          'tee 9 inbound',         'tee 1',             '',          'near tee 2',                     ''],
  ['tee 2',          'tee 9 backorder',       '',                  '',          'near tee 2',                     ''],
  ['tee 2',          '',                      '',                  '',          '',                               'tee 2'],
] as const

for (const [wanted, near, far, third, plan, missing] of rows) {
  test(`${wanted} from near [${near}], far [${far}], third [${third}]`, () => {
    const supply = [...readSupply('near', near, 1), ...readSupply('far', far, 11), ...readSupply('third', third, 21)]
    const decided = planFast({
      demands: readDemands(wanted),
      candidates: ['near', 'far', 'third'] as Id<'location'>[],
      supply: Map.groupBy(supply, (row) => row.variantId),
      channelId,
    })
    assert.equal(write(decided), plan)
    assert.equal(writeMissing(decided), missing)
  })
}

/** What the channel may sell of tees: on hand, by the day that `inbound` comes, in all. */
// oxfmt-ignore
const limited = [
  // wanted          near                     far                  may sell  plan                                    missing
  ['tee 3',          'tee 5',                 'tee 9',             [3, 3, 3], 'near tee 3',                          ''],
  ['tee 3',          'tee 5',                 'tee 9',             [2, 2, 2], 'near tee 2',                          'tee 1'],
  ['tee 3',          'tee 5',                 'tee 9',             [0, 0, 0], '',                                    'tee 3'],
  // One may still be sold of the shelves, the rest of what comes.
  ['tee 3',          'tee 5, tee 9 inbound',  '',                  [1, 8, 8], 'near tee 1, near tee 2',              ''],
  ['tee 3',          'tee 5',                 'tee 9 inbound',     [1, 8, 8], 'far tee 3',                           ''],
  ['tee 3',          'tee 2, tee 2 inbound',  'tee 9 backorder',   [0, 1, 9], 'far tee 3',                           ''],
  // Limits are of one SKU: mugs are not touched.
  ['tee 1, mug 2',   'tee 5, mug 5',          '',                  [0, 0, 0], 'near mug 2',                          'tee 1'],
  // Two demands of one SKU are one.
  ['tee 2, tee 2',   'tee 9',                 '',                  [3, 3, 3], 'near tee 2, near tee 1',              'tee 1'],
] as const

for (const [wanted, near, far, [onHand, dated, all], plan, missing] of limited) {
  test(`${wanted} from near [${near}], far [${far}] where ${onHand}, ${dated}, ${all} may be sold`, () => {
    const supply = [...readSupply('near', near, 1), ...readSupply('far', far, 11)]
    const allowance = { onHand, dated: [{ eta: 1_000 as Instant, units: dated }], all }
    const decided = planFast({
      demands: readDemands(wanted),
      candidates: ['near', 'far'] as Id<'location'>[],
      supply: Map.groupBy(supply, (row) => row.variantId),
      channelId,
      allowances: new Map([['tee' as Id<'variant'>, allowance]]),
    })
    assert.equal(write(decided), plan)
    assert.equal(writeMissing(decided), missing)
  })
}

/** A few; a line of a million bundles with a million in each; and what looks like less in 32 bits. */
const wantedUnits = fc.oneof(
  fc.integer({ min: 1, max: 9 }),
  fc.integer({ min: 1, max: 1e12 }),
  fc.integer({ min: 2 ** 31 - 9, max: 2 ** 32 + 9 }),
)
/** As much as a row of supply can hold. */
const freeUnits = fc.oneof(fc.integer({ min: 0, max: 12 }), fc.integer({ min: 2 ** 31 - 12, max: 2 ** 31 - 1 }))

test('any plan gives every demand its units once, from rows that have them', () => {
  const seed = 20261122
  fc.assert(
    fc.property(
      fc.array(fc.record({ variant: fc.integer({ min: 0, max: 3 }), units: wantedUnits }), {
        minLength: 1,
        maxLength: 6,
      }),
      fc.array(
        fc.record({
          variant: fc.integer({ min: 0, max: 3 }),
          location: fc.integer({ min: 0, max: 5 }),
          free: freeUnits,
        }),
        { maxLength: 24 },
      ),
      (wanted, free) => {
        const demands = wanted.map(({ variant, units }) => ({ variantId: `v${variant}` as Id<'variant'>, units }))
        const supply = free.map(({ variant, location, free: units }, index): PlanSupply => ({
          supplyId: BigInt(index),
          variantId: `v${variant}` as Id<'variant'>,
          locationId: `l${location}` as Id<'location'>,
          kind: 'on_hand',
          channelId: null,
          eta: null,
          leadDays: null,
          free: units,
        }))
        const candidates = [0, 1, 2, 3, 4, 5].map((index) => `l${index}` as Id<'location'>)
        const plan = planFast({ demands, candidates, supply: Map.groupBy(supply, (row) => row.variantId), channelId })
        checkUnits(plan, demands, supply)
      },
    ),
    { seed, numRuns: 3_000 },
  )
})

function checkUnits(plan: FastPlan, demands: readonly Demand[], supply: readonly PlanSupply[]): void {
  const given = demands.map(() => 0)
  const taken = new Map<bigint, number>()
  for (const { demand, supply: row, units } of plan.allotments) {
    assert.equal(row.variantId, demands[demand]?.variantId)
    given[demand] = (given[demand] ?? 0) + units
    taken.set(row.supplyId, (taken.get(row.supplyId) ?? 0) + units)
  }
  for (const row of supply) assert.ok((taken.get(row.supplyId) ?? 0) <= row.free, 'a row gives at most what it has')
  const total = (variantId: string) =>
    supply.reduce((sum, row) => sum + (row.variantId === variantId ? row.free : 0), 0)
  const wanted = Map.groupBy(demands, (demand) => demand.variantId)
  const isEnough = [...wanted].every(([id, all]) => total(id) >= all.reduce((sum, demand) => sum + demand.units, 0))
  assert.equal(plan.kind, isEnough ? 'planned' : 'short')
  if (plan.kind === 'planned')
    assert.deepEqual(
      given,
      demands.map((demand) => demand.units),
    )
}

function readDemands(text: string): Demand[] {
  return text.split(', ').map((part) => {
    const [sku = '', units = ''] = part.split(' ')
    return { variantId: sku as Id<'variant'>, units: Number(units) }
  })
}

/** `tee 5, tee 1 at web, mug 2 inbound` */
function readSupply(location: string, text: string, firstId: number): PlanSupply[] {
  if (text === '') return []
  return text.split(', ').map((part, index) => {
    const [sku = '', units = '', word, channel] = part.split(' ')
    return {
      supplyId: BigInt(firstId + index),
      variantId: sku as Id<'variant'>,
      locationId: location as Id<'location'>,
      kind: word === 'inbound' || word === 'backorder' ? word : 'on_hand',
      channelId: word === 'at' ? (channel as Id<'channel'>) : null,
      eta: word === 'inbound' ? (1_000 as Instant) : null,
      leadDays: word === 'backorder' ? 7 : null,
      free: Number(units),
    }
  })
}

function write(plan: FastPlan): string {
  return plan.allotments.map(({ supply, units }) => `${supply.locationId} ${supply.variantId} ${units}`).join(', ')
}

function writeMissing(plan: FastPlan): string {
  if (plan.kind === 'planned') return ''
  return plan.shortages.map(({ variantId, requested, available }) => `${variantId} ${requested - available}`).join(', ')
}
