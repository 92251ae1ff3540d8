import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, test, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { createTestDatabase, type TestDatabase } from '../../test/support/database.ts'
import { createDb, type Db } from './db.ts'
import { startLease, type Lease } from './lease.ts'

let database: TestDatabase
let db: Db

before(async () => {
  database = await createTestDatabase()
  db = createDb({ databaseUrl: database.url, poolMax: 10, applicationName: 'test' })
})
after(async () => {
  await db.close()
  await database.drop()
})

/** Ended with the test, also when it fails: a lease that goes on renewing would keep the process alive. */
function open(t: TestContext, name: string, source: Db = db): Lease {
  const lease = startLease({ db: source, name, holder: randomUUID(), heldMs: 300, onError: () => {} })
  t.after(() => lease.stop())
  return lease
}

async function until(condition: () => boolean): Promise<number> {
  const began = performance.now()
  while (!condition()) {
    assert.ok(performance.now() - began < 5_000, `in vain: ${String(condition)}`)
    await sleep(2)
  }
  return performance.now() - began
}

test('of many one leads at a time; when it lets go another follows soon', async (t) => {
  const leases = Array.from({ length: 8 }, () => open(t, 'crowd'))
  for (let left = leases.length; left > 0; left--) {
    await until(() => leases.some((lease) => lease.isHeld()))
    for (let look = 0; look < 20; look++) {
      assert.ok(leases.filter((lease) => lease.isHeld()).length <= 1)
      await sleep(5)
    }
    const leader = leases.find((lease) => lease.isHeld())
    assert.ok(leader)
    await leader.stop()
    assert.equal(leader.isHeld(), false)
    leases.splice(leases.indexOf(leader), 1)
  }
})

test('a leader stays the leader for as long as it lives', async (t) => {
  const [first, second] = [open(t, 'steady'), open(t, 'steady')]
  await until(() => first.isHeld() || second.isHeld())
  const [leader, other] = first.isHeld() ? [first, second] : [second, first]
  for (let look = 0; look < 60; look++) {
    assert.deepEqual([leader.isHeld(), other.isHeld()], [true, false])
    await sleep(15)
  }
})

test('a leader cut off from the database stops leading before another begins', async (t) => {
  let isCut = false
  const cutOff: Db = Object.create(db, {
    execute: {
      value: (statement: Parameters<Db['execute']>[0]) =>
        isCut ? Promise.reject(new Error('cut')) : db.execute(statement),
    },
  })
  const first = open(t, 'cut', cutOff)
  await until(() => first.isHeld())
  const second = open(t, 'cut')
  isCut = true
  let overlap = false
  await until(() => {
    overlap ||= first.isHeld() && second.isHeld()
    return second.isHeld()
  })
  assert.equal(overlap, false)
  assert.equal(first.isHeld(), false)
  isCut = false
  await sleep(150)
  assert.equal(first.isHeld(), false, 'back again, it waits its turn')
})

test('leases of different names do not know each other', async (t) => {
  const leases = [open(t, 'sweeps'), open(t, 'sealing')]
  await until(() => leases.every((lease) => lease.isHeld()))
  for (const lease of leases) await lease.stop()
  const left = await db.rows({ name: 'test.leases', text: 'select from platform.lease' })
  assert.equal(left.length, 0)
})
