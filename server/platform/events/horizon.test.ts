import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { must } from '../../kernel/invariant.ts'
import { createTestDatabase, type TestDatabase } from '../../../test/support/database.ts'
import { createDb, type Db, type Queryable, type Statement } from '../db.ts'
import { appendEvents } from './append.ts'
import { EventHorizon, type BlockedGate } from './horizon.ts'

let database: TestDatabase
let db: Db

before(async () => {
  database = await createTestDatabase()
  // The suite's server commits without waiting for its log; here that is what one test is about.
  await withSession(database.url, 'setup', async (session) => {
    await session.query(`alter database ${new URL(database.url).pathname.slice(1)} set synchronous_commit = on`)
  })
  db = createDb({ databaseUrl: database.url, poolMax: 6, applicationName: 'test' })
})
after(async () => {
  await db.close()
  await database.drop()
})

async function withSession(
  databaseUrl: string,
  name: string,
  work: (session: pg.Client) => Promise<void>,
): Promise<void> {
  const session = new pg.Client({ connectionString: databaseUrl, application_name: name })
  await session.connect()
  try {
    await work(session)
  } finally {
    await session.end()
  }
}

async function append(): Promise<void> {
  await db.inTransaction(async (tx) =>
    appendEvents(tx, [
      {
        type: 'thing.made',
        aggregateKind: 'thing',
        aggregateId: randomUUID(),
        version: 1,
        data: {},
        occurredAt: tx.at,
      },
    ]),
  )
}

async function appendInVain(): Promise<void> {
  await assert.rejects(
    db.inTransaction(async (tx) => {
      appendEvents(tx, [
        {
          type: 'thing.made',
          aggregateKind: 'thing',
          aggregateId: randomUUID(),
          version: 1,
          data: {},
          occurredAt: tx.at,
        },
      ])
      throw new Error('planted rollback')
    }),
    /planted/,
  )
}

/** Counts statements by name. */
function counting(): { source: Queryable; count: (name: string) => number } {
  const counts = new Map<string, number>()
  const note = ({ name }: Statement): void => void counts.set(name, (counts.get(name) ?? 0) + 1)
  return {
    source: {
      rows(statement) {
        note(statement)
        return db.rows(statement)
      },
      execute(statement) {
        note(statement)
        return db.execute(statement)
      },
    },
    count: (name) => counts.get(`platform.${name}`) ?? 0,
  }
}

const unblocked = (gate: BlockedGate): never => assert.fail(JSON.stringify(gate))

test('a log without events ends at 0', async () => {
  const horizon = new EventHorizon({ source: db, onBlocked: unblocked })
  assert.equal((await horizon.look()).position, 0n)
})

test('looking without news takes no transaction id', async () => {
  await append()
  const { source, count } = counting()
  const horizon = new EventHorizon({ source, onBlocked: unblocked })
  const { position } = await horizon.look()
  for (let look = 0; look < 20; look++) assert.equal((await horizon.look()).position, position)
  assert.deepEqual([count('read_last_event_position'), count('take_transaction_id')], [21, 1])
})

test('a crowd shares looks', async () => {
  const { source, count } = counting()
  const horizon = new EventHorizon({ source, onBlocked: unblocked })
  await Promise.all(Array.from({ length: 100 }, () => horizon.look()))
  assert.equal(count('read_last_event_position'), 1)
})

test('a look that has begun is not shared with somebody who brings news', async () => {
  await append()
  const horizon = new EventHorizon({ source: db, onBlocked: unblocked })
  const looks = Array.from({ length: 30 }, async (_, index) => {
    await sleep(index)
    await append()
    const [row] = await db.rows<{ position: bigint }>({
      name: 'test.max',
      text: 'select max(position) as position from platform.event',
    })
    assert.ok((await horizon.look()).position >= must(row, 'a row').position)
  })
  await Promise.all(looks)
})

test('a failed look is told to those who asked, the next one works', async () => {
  const { source } = counting()
  let isAway = true
  const horizon = new EventHorizon({
    onBlocked: unblocked,
    source: { ...source, rows: (statement) => (isAway ? Promise.reject(new Error('away')) : source.rows(statement)) },
  })
  const first = horizon.look()
  await assert.rejects(first, /away/)
  isAway = false
  assert.ok((await horizon.look()).position > 0n)
})

test('positions at the end that were rolled back are made durable, others need not be', async () => {
  const { source, count } = counting()
  const horizon = new EventHorizon({ source, onBlocked: unblocked })
  await append()
  await horizon.look()
  assert.equal(count('flush_log'), 0)
  for (let round = 0; round < 20; round++) {
    await appendInVain()
    const [logged] = await db.rows<{ lsn: string }>({
      name: 'test.insert_lsn',
      text: 'select pg_current_wal_insert_lsn()::text as lsn',
    })
    await horizon.look()
    const [row] = await db.rows<{ isFlushed: boolean }>({
      name: 'test.flushed',
      text: 'select pg_current_wal_flush_lsn() >= $1::pg_lsn as "isFlushed"',
      values: [logged?.lsn],
    })
    assert.ok(row?.isFlushed)
  }
  assert.equal(count('flush_log'), 20)
})

test('a transaction that stays open raises an alarm that names it, in this database and in another', async () => {
  const other = await createTestDatabase()
  for (const { url } of [database, other]) {
    await withSession(url, 'forgetful report', async (session) => {
      const alarms: BlockedGate[] = []
      const horizon = new EventHorizon({ source: db, onBlocked: (gate) => void alarms.push(gate), blockedAfterMs: 40 })
      await horizon.look()
      alarms.length = 0
      const {
        rows: [{ pid }],
      } = await session.query('select pg_backend_pid() as pid')
      await session.query('begin')
      await session.query('select pg_current_xact_id()')
      await append()
      let isFinal = false
      const look = horizon.look().then((final) => {
        isFinal = true
        return final
      })
      while (alarms.length < 2) await sleep(10)
      assert.equal(isFinal, false)
      // One that fires while this commits may find nobody any more.
      const { waitedMs, holders } = must(alarms.at(-1), 'an alarm')
      await session.query('commit')
      await look
      assert.ok(waitedMs >= 80)
      const { openMs, ...holder } = must(
        holders.find((candidate) => candidate.pid === pid),
        'the forgetful session',
      )
      assert.deepEqual(holder, {
        pid,
        database: new URL(url).pathname.slice(1),
        application: 'forgetful report',
        state: 'idle in transaction',
      })
      assert.ok(openMs >= 80)
    })
  }
  await other.drop()
})

test('a reading transaction that stays open blocks nothing', async () => {
  await withSession(database.url, 'long report', async (session) => {
    await session.query('begin isolation level repeatable read')
    await session.query('select count(*) from platform.event')
    await append()
    const horizon = new EventHorizon({ source: db, onBlocked: unblocked, blockedAfterMs: 3_000 })
    assert.ok((await horizon.look()).position > 0n)
  })
})

test('closing ends a look that waits', async () => {
  await withSession(database.url, 'forgetful report', async (session) => {
    await session.query('begin')
    await session.query('select pg_current_xact_id()')
    await append()
    const horizon = new EventHorizon({ source: db, onBlocked: () => {} })
    const look = assert.rejects(horizon.look(), /was closed/)
    await sleep(20)
    horizon.close()
    await look
  })
})

test('the clocks are those from before the sequence was read', async () => {
  const horizon = new EventHorizon({ source: db, onBlocked: unblocked })
  const earlier = await db.clock()
  const { at, wallAt } = await horizon.look()
  const later = await db.clock()
  assert.ok(earlier.at <= at && at <= later.at)
  assert.ok(earlier.wallAt <= wallAt && wallAt <= later.wallAt)
})
