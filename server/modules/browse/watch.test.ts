import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { createTestDatabase, type TestDatabase } from '../../../test/support/database.ts'
import { newId, type Id } from '../../kernel/id.ts'
import { createDb, DatabaseAwayError, type Db } from '../../platform/db.ts'
import { EventHorizon } from '../../platform/events/horizon.ts'
import { Wake } from '../../platform/events/wake.ts'
import { raiseRevision } from '../../platform/revision.ts'
import { openCatalog } from '../catalog/index.ts'
import { announceSupplyChange } from '../inventory/index.ts'
import { openMerchant } from '../merchant/index.ts'
import { openPricing } from '../pricing/index.ts'
import { openShipping } from '../shipping/index.ts'
import { openSourcing } from '../sourcing/index.ts'
import { Watch } from './watch.ts'

let database: TestDatabase
let db: Db
let watch: Watch
let isOut = false
let skewMs = 0
const errors: unknown[] = []
const changed: Id<'variant'>[] = []

before(async () => {
  database = await createTestDatabase()
  db = createDb({ databaseUrl: database.url, poolMax: 6, applicationName: 'test' })
  const source: Db = {
    ...{ inTransaction: db.inTransaction.bind(db), poolUse: () => db.poolUse(), close: async () => db.close() },
    rows: async (statement) => (isOut ? Promise.reject(new DatabaseAwayError('pulled out')) : db.rows(statement)),
    execute: async (statement) => db.execute(statement),
    clock: async () => (isOut ? Promise.reject(new DatabaseAwayError('pulled out')) : db.clock()),
  }
  const merchant = openMerchant({ db: source })
  const shipping = openShipping({ db: source })
  const rooms = {
    merchant,
    catalog: openCatalog({ db, merchant, onVariantsCreated: () => {}, findUnknownPlaces: async () => new Set() }),
    pricing: openPricing({
      db: source,
      merchant,
      shippingServices: async () => (await shipping.currentBook()).services,
      locations: async () => [],
      segments: async () => [],
    }),
    sourcing: openSourcing({ shipping, merchant }),
  }
  watch = new Watch({
    db: source,
    rooms,
    now: () => performance.now() + skewMs,
    onSupplyChanged: (variantIds) => void changed.push(...variantIds),
  })
  await watch.start({
    horizon: new EventHorizon({ source, onBlocked: () => {} }),
    wake: new Wake(),
    onError: (error) => void errors.push(error),
  })
})
after(async () => {
  await watch.stop()
  await db.close()
  await database.drop()
})

async function until(what: string, condition: () => boolean): Promise<void> {
  for (let waitedMs = 0; !condition(); waitedMs += 10) {
    assert.ok(waitedMs < 10_000, `in vain: ${what}`)
    await sleep(10)
  }
}

test('changed supply is told before the time after it is', async () => {
  const variantId = newId<'variant'>()
  await db.inTransaction(async (tx) => announceSupplyChange(tx, [variantId]))
  const { at } = await db.clock()
  await until('the time after', () => watch.asOf.at > at)
  assert.deepEqual(changed, [variantId])
})

test('a new revision makes a new world, and dates the old one; a key that was made does not', async () => {
  const first = watch.world
  await db.inTransaction((tx) => raiseRevision(tx, 'identity'))
  const { at } = await db.clock()
  await until('a reading after', () => watch.at > at)
  assert.equal(watch.world, first)
  assert.equal(first.outdatedAsOf, null)
  for (const room of ['merchant', 'catalog', 'pricing', 'inventory', 'shipping', 'sourcing'] as const) {
    const old = watch.world
    const revision = await db.inTransaction((tx) => raiseRevision(tx, room))
    await until(`the world of ${room} ${revision}`, () => watch.world.revisions[room] === revision)
    assert.ok(old.outdatedAsOf !== null && old.outdatedAsOf.at <= watch.at, room)
  }
})

test('while an older transaction hides what has happened, what is known stays as of before', async () => {
  const begun = Promise.withResolvers<void>()
  const released = Promise.withResolvers<void>()
  const old = db.inTransaction(() => {
    begun.resolve()
    return released.promise
  })
  await begun.promise
  await db.inTransaction(async (tx) => announceSupplyChange(tx, [newId()]))
  const { at } = await db.clock()
  await until('a reading after', () => watch.at > at)
  assert.ok(watch.asOf.at <= at)
  released.resolve()
  await old
  await until('what was hidden', () => watch.asOf.at > at)
})

test('an outage is told once, makes what is known old, and ends', async () => {
  assert.deepEqual(errors, [])
  assert.ok(watch.canAsk())
  isOut = true
  await until('the news', () => errors.length > 0)
  const { at, asOf } = watch
  await sleep(900)
  assert.equal(errors.length, 1)
  assert.deepEqual([watch.at, watch.asOf], [at, asOf])
  skewMs += 1_000
  assert.deepEqual([watch.canAsk(), watch.isLongAgo(watch.asOf)], [false, false])
  skewMs += 5_000
  assert.ok(watch.isLongAgo(watch.asOf))
  isOut = false
  await until('the end', () => watch.canAsk() && !watch.isLongAgo(watch.asOf))
  assert.equal(errors.length, 1)
})
