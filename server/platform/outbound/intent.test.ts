import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseInstant, formatInstant, type Instant } from '../../kernel/time.ts'
import { must } from '../../kernel/invariant.ts'
import { createTestDatabase, type TestDatabase } from '../../../test/support/database.ts'
import { createDb, type Db, type Tx } from '../db.ts'
import { announceEvents } from '../events/announce.ts'
import { EventHorizon } from '../events/horizon.ts'
import { runJourney } from '../events/journey.ts'
import { Wake } from '../events/wake.ts'
import { migrateJobs, startJobs } from '../jobs/jobs.ts'
import { addJobFor, nextTryAt, sweepDue, type DueIntents } from './intent.ts'

/** A call may take 3 s. */
// oxfmt-ignore
const schedule = [
  // tries  jitter  due at 12:00 plus
  [0,       0,      '00:00:04.000'],
  [0,       0.999,  '00:00:04.000'],
  [1,       0,      '00:00:06.500'],
  [1,       0.5,    '00:00:07.750'],
  [2,       0,      '00:00:09.000'],
  [3,       0,      '00:00:14.000'],
  [7,       0,      '00:02:44.000'],
  [8,       0,      '00:05:24.000'],
  [9,       0,      '00:07:34.000'],
  [9,       0.5,    '00:11:19.000'],
  [500,     0.999,  '00:15:03.550'],
] as const

for (const [tries, jitter, due] of schedule) {
  test(`after ${tries} tries, jitter ${jitter}: due in ${due}`, () => {
    const wallAt = must(parseInstant('2026-11-22T12:00:00Z'), 'noon')
    const at = nextTryAt({ tries, wallAt, deadlineMs: 3_000, jitter })
    assert.equal(formatInstant((at - 12 * 3_600_000) as Instant).slice(11, 23), due)
  })
}

/* An intent table as a room has it, and the whole way from due to done. */

let database: TestDatabase
let db: Db
const wake = new Wake()

before(async () => {
  database = await createTestDatabase()
  await migrateJobs(database.url)
  db = announceEvents(createDb({ databaseUrl: database.url, poolMax: 8, applicationName: 'test' }), {
    wake,
    onError: (error) => assert.fail(String(error)),
  })
  await db.execute({
    name: 'test.create',
    text: `create table public.call (id uuid primary key default gen_random_uuid(), tries int not null default 0,
             next_try_at timestamptz, leased_until timestamptz, version int not null default 1)`,
  })
})
after(async () => {
  await db.close()
  await database.drop()
})

const dueCalls: DueIntents<{ id: string; version: number; tries: number }> = {
  type: 'call.due',
  aggregateKind: 'call',
  take: (tx, limit) =>
    tx.rows({
      name: 'test.take_due',
      text: `update public.call set next_try_at = $1::timestamptz + interval '30 seconds', version = version + 1
            where id in (select id from public.call where next_try_at <= $1 order by next_try_at limit $2
                            for update skip locked)
           returning id, version, tries`,
      values: [new Date(tx.wallAt), limit],
    }),
  dataOf: ({ tries }) => ({ tries }),
}

test('what is due is announced once, in bounded sweeps; what is not due is left', async () => {
  await db.execute({
    name: 'test.insert_calls',
    text: `insert into public.call (next_try_at)
           select clock_timestamp() + due from (select interval '-1 second' as due from generate_series(1, 25)
             union all select interval '1 hour' from generate_series(1, 5) union all select null) as t`,
  })
  // Two leaders by mistake: they share the work and announce nothing twice.
  const counts = await Promise.all(
    [1, 2].map(async () => {
      let total = 0
      for (let count = 10; count === 10; total += count) count = await sweepDue(db, dueCalls, 10)
      return total
    }),
  )
  assert.equal(
    counts.reduce((sum, count) => sum + count, 0),
    25,
  )
  assert.equal(await sweepDue(db, dueCalls, 10), 0)
  const [row] = await db.rows<{ count: bigint; ids: bigint }>({
    name: 'test.events',
    text: `select count(*), count(distinct aggregate_id) as ids from platform.event where type = 'call.due'`,
  })
  assert.deepEqual([row?.count, row?.ids], [25n, 25n])
})

test('from due to done: sweep, journey, job; a call that fails comes again when it is due', async () => {
  await db.execute({ name: 'test.empty', text: 'truncate public.call, platform.event, platform.parked_event' })
  await db.execute({
    name: 'test.insert_due',
    text: `insert into public.call (next_try_at) select clock_timestamp() from generate_series(1, 20)`,
  })
  const calls = new Map<string, number>()
  const done = (id: string, next: Date | null) => (tx: Tx) =>
    tx.execute({
      name: 'test.record',
      text: 'update public.call set tries = tries + 1, next_try_at = $2 where id = $1',
      values: [id, next],
    })
  const jobs = await startJobs({
    db,
    databaseUrl: database.url,
    version: 'test',
    concurrency: 4,
    onError: () => {},
    tasks: {
      async call(payload) {
        const { id } = payload as { id: string }
        calls.set(id, (calls.get(id) ?? 0) + 1)
        // The first call of each is lost with its worker, the second has no answer, the third succeeds.
        if (calls.get(id) === 1) throw new Error('as if killed')
        const { wallAt } = await db.clock()
        await db.inTransaction(done(id, calls.get(id) === 2 ? new Date(wallAt) : null))
      },
    },
  })
  const journey = runJourney({
    db,
    wake,
    name: 'journey',
    leader: { isHeld: () => true },
    horizon: new EventHorizon({ source: db, onBlocked: () => {} }),
    onParked: async () => assert.fail('nothing is set aside'),
    onError: (error) => assert.fail(String(error)),
    reactions: { 'call.due': addJobFor('call') },
    dues: [
      {
        name: 'sweep calls',
        everyMs: 20,
        limit: 7,
        run: (announcing, limit) =>
          sweepDue(announcing, { ...dueCalls, take: takeSoon, dataOf: ({ id }) => ({ id }) }, limit),
      },
    ],
  })
  try {
    for (let waitedMs = 0; ; waitedMs += 20) {
      const [row] = await db.rows<{ open: bigint }>({
        name: 'test.open',
        text: 'select count(*) as open from public.call where next_try_at is not null',
      })
      if (row?.open === 0n) break
      assert.ok(waitedMs < 15_000, 'in vain')
      await sleep(20)
    }
  } finally {
    await journey.stop()
    await jobs.stop()
  }
  assert.equal(calls.size, 20)
  // A job that waits longer than its intent's lease is added again: a call may be made once more, never once less.
  assert.ok([...calls.values()].every((count) => count >= 3))
})

/** As above, but a call whose job was lost is due again after half a second. */
const takeSoon: (typeof dueCalls)['take'] = (tx, limit) =>
  tx.rows({
    name: 'test.take_soon',
    text: `update public.call set next_try_at = $1::timestamptz + interval '500 milliseconds', version = version + 1
          where id in (select id from public.call where next_try_at <= $1 order by next_try_at limit $2 for update skip locked)
         returning id, version, tries`,
    values: [new Date(tx.wallAt), limit],
  })
