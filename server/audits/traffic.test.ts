import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { instantProvider } from '../../bench/support/instant-provider.ts'
import { createShop, type Shop } from '../../bench/support/shop.ts'
import { shopperOrder } from '../../bench/support/shopper-order.ts'
import { createTestDatabase, type TestDatabase } from '../../test/support/database.ts'
import { must } from '../kernel/invariant.ts'
import { cancelOrder } from '../modules/changes/index.ts'
import type { Channel } from '../modules/merchant/index.ts'
import { openAuditDb } from '../platform/audits/open-audit-db.ts'
import { runAudits } from '../platform/audits/run-audits.ts'
import { createDb, type Db } from '../platform/db.ts'
import { migrateJobs } from '../platform/jobs/jobs.ts'
import { openRooms, type Rooms } from '../rooms.ts'

let database: TestDatabase
let db: Db
let auditDb: Db
let rooms: Rooms
let shop: Shop
let channel: Channel

before(async () => {
  database = await createTestDatabase()
  await migrateJobs(database.url)
  db = createDb({ databaseUrl: database.url, poolMax: 6, applicationName: 'test' })
  auditDb = openAuditDb(database.url)
  shop = await createShop(db, { skus: 5, locations: 3, unitsEach: 100_000 })
  rooms = openRooms({ db, masterKey: new Uint8Array(32).fill(7), providers: [instantProvider] })
  channel = must((await rooms.merchant.currentBook()).channelById.get(shop.channelId), 'the web channel')
})
after(async () => {
  await rooms.checkout.drained()
  await Promise.all([db.close(), auditDb.close()])
  await database.drop()
})

const SHOPPERS = 40
/** Runs during which orders were placed; one without traffic proves nothing. */
const BUSY_RUNS = 5
/** A machine on which nothing comes in for so long is not a fast enough one for this test. */
const RUNS_MAX = 100

test(`${BUSY_RUNS} runs while ${SHOPPERS} shoppers order and cancel find nothing`, async () => {
  let isOver = false
  let placed = 0
  const shopping = Array.from({ length: SHOPPERS }, async (_, shopper) => {
    for (let round = 0; !isOver; round++) {
      const outcome = await rooms.checkout.placeOrder(shopperOrder(channel, shop.skus, round * SHOPPERS + shopper))
      assert.ok(outcome.kind === 'answered')
      placed += 1
      if (round % 4 !== 0) continue
      const { orderId } = outcome
      const cancelled = await db.inTransaction((tx) =>
        cancelOrder(tx, { orderId, reason: 'no longer', actor: 'buyer' }),
      )
      assert.equal(cancelled.kind, 'cancelled')
    }
  })
  try {
    let busyRuns = 0
    for (let runs = 0; busyRuns < BUSY_RUNS; runs++) {
      assert.ok(runs < RUNS_MAX, `${placed} orders placed during ${runs} runs`)
      const placedBefore = placed
      const violated = (await runAudits(auditDb)).filter(({ violations }) => violations > 0)
      assert.deepEqual(violated, [])
      if (placed > placedBefore) busyRuns += 1
    }
  } finally {
    isOver = true
    await Promise.all(shopping)
  }
})
