import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { must } from '../../kernel/invariant.ts'
import { DAY_MS, parseInstant } from '../../kernel/time.ts'
import { createTestDatabase, type TestDatabase } from '../../../test/support/database.ts'
import { createDb, type Db } from '../db.ts'
import { setBusinessClock } from './business-clock.ts'

let database: TestDatabase
let db: Db

before(async () => {
  database = await createTestDatabase()
  db = createDb({ databaseUrl: database.url, poolMax: 4, applicationName: 'test' })
})
after(async () => {
  await db.close()
  await database.drop()
})

test('business time is the database’s until somebody changes its rate, and does not jump then', async () => {
  const { at, wallAt } = await db.clock()
  assert.ok(Math.abs(at - wallAt) <= 1)
  const changedAt = await setBusinessClock(db, { rate: 3_600 })
  assert.ok(changedAt - at >= 0 && changedAt - at < 1_000)
  const began = await db.clock()
  await sleep(200)
  const ended = await db.clock()
  const hours = (ended.at - began.at) / (ended.wallAt - began.wallAt)
  assert.ok(Math.abs(hours - 3_600) < 60, `${hours} seconds a second`)
  const slowedAt = await setBusinessClock(db, { rate: 1 })
  assert.ok(slowedAt >= ended.at)
  const slow = await db.clock()
  assert.ok(slow.at >= slowedAt && slow.at - slowedAt < 1_000)
})

test('a day can be set; transactions read it once', async () => {
  const noon = must(parseInstant('2027-03-14T06:59:00Z'), 'a time')
  assert.equal(await setBusinessClock(db, { rate: 100_000, at: noon }), noon)
  const { at, wallAt } = await db.inTransaction(async (tx) => {
    await sleep(30)
    return { at: tx.at, wallAt: tx.wallAt }
  })
  assert.ok(at >= noon && at - noon < DAY_MS, new Date(at).toISOString())
  const later = await db.clock()
  assert.ok(later.at - at >= 30 * 100_000)
  assert.ok(later.wallAt - wallAt < 5_000, 'wall time goes its own way')
})

test('time does not stand still or run back', async () => {
  for (const rate of [0, -1, Number.NaN, Infinity]) await assert.rejects(setBusinessClock(db, { rate }), /runs forward/)
  await assert.rejects(db.execute({ name: 'test.rate', text: 'update platform.clock set rate = 0' }), { code: '23514' })
})
