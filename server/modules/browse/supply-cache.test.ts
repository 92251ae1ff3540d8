import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Id } from '../../kernel/id.ts'
import type { Instant } from '../../kernel/time.ts'
import { DatabaseAwayError } from '../../platform/db.ts'
import { momentOf, type Moment } from './moment.ts'
import { SupplyCache } from './supply-cache.ts'
import type { Supply } from './supply.ts'

type VariantId = Id<'variant'>
const tee = 'tee' as VariantId
const cap = 'cap' as VariantId

/** A database that answers when the test says so: a load sees what was there when it began. */
class Shelves {
  readonly units = new Map<VariantId, number>()
  readonly loads: {
    readonly variantIds: readonly VariantId[]
    readonly finish: () => void
    readonly fail: (error: Error) => void
  }[] = []
  asOf: Moment = momentOf(1_000 as Instant, 1)
  isUp = true
  readonly cache: SupplyCache

  constructor({ placesMax = 1_000 } = {}) {
    this.cache = new SupplyCache({
      placesMax,
      asOf: () => this.asOf,
      canLoad: () => this.isUp,
      load: (variantIds) => {
        const seen = new Map(variantIds.map((variantId) => [variantId, supplyOf(this.units.get(variantId) ?? 0)]))
        const { promise, resolve, reject } = Promise.withResolvers<ReadonlyMap<VariantId, Supply>>()
        this.loads.push({ variantIds, finish: () => resolve(seen), fail: reject })
        if (!this.isUp) reject(new DatabaseAwayError('gone'))
        return promise
      },
    })
  }

  /** Somebody changed a SKU; the node is told, then knows the time after. */
  change(variantId: VariantId, units: number): void {
    this.units.set(variantId, units)
    this.cache.invalidate([variantId])
    this.asOf = momentOf((this.asOf.at + 1_000) as Instant, this.asOf.ms + 1)
  }

  async read(...variantIds: VariantId[]): Promise<(number | undefined)[]> {
    const found = await this.cache.read(variantIds)
    return variantIds.map((variantId) => found.get(variantId)?.shelves[1])
  }
}

function supplyOf(units: number): Supply {
  return { shelves: Int32Array.from([0, units]), others: [], limits: [], outdatedAsOf: null }
}

async function begun(shelves: Shelves, count: number): Promise<void> {
  await nextTurn()
  assert.equal(shelves.loads.length, count, 'loads begun')
}

test('many who ask at once share one load; who asks later is told from memory', async () => {
  const shelves = new Shelves()
  shelves.units.set(tee, 5).set(cap, 7)
  const asked = [shelves.read(tee), shelves.read(tee, cap), shelves.read(cap, tee)]
  await begun(shelves, 1)
  assert.deepEqual(shelves.loads[0]?.variantIds, [tee, cap])
  asked.push(shelves.read(tee))
  await begun(shelves, 1)
  shelves.loads[0]?.finish()
  assert.deepEqual(await Promise.all(asked), [[5], [5, 7], [7, 5], [5]])
  assert.deepEqual(await shelves.read(tee, cap), [5, 7])
  assert.equal(shelves.loads.length, 1)
})

test('a load takes a hundred SKUs, two go on at once, and the rest waits together', async () => {
  const shelves = new Shelves()
  const ids = Array.from({ length: 350 }, (_, n) => `v${n}` as VariantId)
  const all = shelves.read(...ids)
  await begun(shelves, 2)
  const late = shelves.read(tee)
  shelves.loads[0]?.finish()
  await begun(shelves, 3)
  shelves.loads[1]?.finish()
  await begun(shelves, 4)
  assert.deepEqual(
    shelves.loads.map(({ variantIds }) => variantIds.length),
    [100, 100, 100, 51],
  )
  shelves.loads[2]?.finish()
  shelves.loads[3]?.finish()
  assert.equal((await all).length, 350)
  await late
})

test('a change outdates what is kept, and only that', async () => {
  const shelves = new Shelves()
  shelves.units.set(tee, 5).set(cap, 7)
  const first = shelves.read(tee, cap)
  await begun(shelves, 1)
  shelves.loads[0]?.finish()
  await first
  const held = shelves.cache.peek(tee)
  shelves.change(tee, 4)
  assert.equal(held?.outdatedAsOf?.at, 1_000, 'right until the change was told')
  const second = shelves.read(tee, cap)
  await begun(shelves, 2)
  assert.deepEqual(shelves.loads[1]?.variantIds, [tee])
  shelves.loads[1]?.finish()
  assert.deepEqual(await second, [4, 7])
  assert.equal(shelves.cache.peek(tee)?.outdatedAsOf, null)
})

test('a change that arrives during a load: what was loaded is told with the time before, and not kept as current', async () => {
  const shelves = new Shelves()
  shelves.units.set(tee, 5)
  const first = shelves.cache.read([tee])
  await begun(shelves, 1)
  shelves.change(tee, 4)

  // Who asks after the change must not be handed the load that began before it.
  const second = shelves.cache.read([tee])
  await begun(shelves, 2)
  shelves.loads[0]?.finish()
  const early = (await first).get(tee)
  assert.deepEqual([early?.shelves[1], early?.outdatedAsOf?.at], [5, 1_000])
  shelves.loads[1]?.finish()
  const late = (await second).get(tee)
  assert.deepEqual([late?.shelves[1], late?.outdatedAsOf], [4, null])
  assert.equal(shelves.cache.peek(tee), late)
})

test('an overtaken load that ends last does not bury the younger one', async () => {
  const shelves = new Shelves()
  shelves.units.set(tee, 5)
  const first = shelves.read(tee)
  await begun(shelves, 1)
  shelves.change(tee, 4)
  const second = shelves.read(tee)
  await begun(shelves, 2)
  shelves.loads[1]?.finish()
  assert.deepEqual(await second, [4])
  shelves.loads[0]?.finish()
  assert.deepEqual(await first, [5])
  const kept = shelves.cache.peek(tee)
  assert.deepEqual([kept?.shelves[1], kept?.outdatedAsOf], [4, null])
})

test('two changes during one load count as the first: it saw neither for sure', async () => {
  const shelves = new Shelves()
  const read = shelves.cache.read([tee])
  await begun(shelves, 1)
  shelves.change(tee, 1)
  shelves.change(tee, 2)
  shelves.loads[0]?.finish()
  assert.equal((await read).get(tee)?.outdatedAsOf?.at, 1_000)
})

test('what leaves the cache is outdated: nobody tells it of changes any more', async () => {
  const shelves = new Shelves({ placesMax: 10 })
  const first = shelves.read(tee)
  await begun(shelves, 1)
  shelves.loads[0]?.finish()
  await first
  const held = shelves.cache.peek(tee)
  const others = shelves.read(...Array.from({ length: 40 }, (_, n) => `v${n}` as VariantId))
  await begun(shelves, 2)
  shelves.loads[1]?.finish()
  await others
  assert.equal(shelves.cache.peek(tee), undefined)
  assert.equal(held?.outdatedAsOf?.at, 1_000)
})

test('with the database away what is kept is told, outdated or not; what is not kept is an error', async () => {
  const shelves = new Shelves()
  shelves.units.set(tee, 5)
  const first = shelves.read(tee)
  await begun(shelves, 1)
  shelves.loads[0]?.finish()
  await first
  shelves.change(tee, 4)

  // It went away a moment ago: the load is tried and fails.
  const second = shelves.read(tee)
  await begun(shelves, 2)
  shelves.loads[1]?.fail(new DatabaseAwayError('gone'))
  assert.deepEqual(await second, [5])

  // It is known to be away: nobody waits for what will not come.
  shelves.isUp = false
  assert.deepEqual(await shelves.read(tee), [5])
  assert.equal(shelves.loads.length, 2)
  await assert.rejects(shelves.read(tee, cap), DatabaseAwayError)

  shelves.isUp = true
  const again = shelves.read(tee)
  await begun(shelves, 4)
  shelves.loads[3]?.finish()
  assert.deepEqual(await again, [4])
})

test('a defect of a load is told to those who asked, and the next one begins', async () => {
  const shelves = new Shelves()
  const failing = shelves.read(tee)
  await begun(shelves, 1)
  shelves.loads[0]?.fail(new Error('a defect'))
  await assert.rejects(failing, /a defect/)
  const next = shelves.read(tee)
  await begun(shelves, 2)
  shelves.loads[1]?.finish()
  assert.deepEqual(await next, [0])
})
