import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { createTestDatabase, type TestDatabase } from '../../../test/support/database.ts'
import { createDb, type Db } from '../db.ts'
import { announceEvents } from './announce.ts'
import { appendEvents } from './append.ts'
import { followEvents, type EventFollower, type FollowOptions } from './follow.ts'
import { EventHorizon, type Horizon } from './horizon.ts'
import { listenForEvents } from './listen.ts'
import { Wake } from './wake.ts'

let database: TestDatabase

before(async () => {
  database = await createTestDatabase()
})
after(() => database.drop())

/** A node as it would run: its own pool, wake and horizon. */
interface Node {
  readonly db: Db
  readonly wake: Wake
  readonly horizon: EventHorizon
}

async function withNodes(count: number, work: (...nodes: Node[]) => Promise<void>): Promise<void> {
  const nodes = Array.from({ length: count }, () => {
    const wake = new Wake()
    const onError = (error: unknown): void => assert.fail(String(error))
    const db = announceEvents(createDb({ databaseUrl: database.url, poolMax: 4, applicationName: 'node' }), {
      wake,
      onError,
    })
    return { db, wake, horizon: new EventHorizon({ source: db, onBlocked: () => {} }) }
  })
  try {
    await work(...nodes)
  } finally {
    for (const { db } of nodes) await db.close()
  }
}

async function append({ db }: Node, types: readonly string[]): Promise<void> {
  await db.inTransaction(async (tx) =>
    appendEvents(
      tx,
      types.map((type) => ({
        type,
        aggregateKind: 'thing',
        aggregateId: randomUUID(),
        version: 1,
        data: {},
        occurredAt: tx.at,
      })),
    ),
  )
}

async function follow({ db, wake, horizon }: Node, options: Partial<FollowOptions> = {}): Promise<EventFollower> {
  return followEvents({
    source: db,
    wake,
    horizon,
    onEvents: () => {},
    onIdle: () => {},
    onError: (error) => assert.fail(String(error)),
    ...options,
  })
}

async function until(condition: () => boolean): Promise<void> {
  for (let waitedMs = 0; !condition(); waitedMs += 5) {
    assert.ok(waitedMs < 5_000, `in vain: ${String(condition)}`)
    await sleep(5)
  }
}

test('a follower sees what comes after it began, in order', () =>
  withNodes(1, async (node) => {
    await append(node, ['before.began'])
    const seen: string[] = []
    const follower = await follow(node, {
      onEvents: (events) => void seen.push(...events.map(({ type }) => type)),
      batchMax: 2,
    })
    await append(node, ['a.made', 'b.made', 'c.made', 'd.made', 'e.made'])
    await until(() => seen.length === 5)
    await follower.stop()
    await append(node, ['after.stopped'])
    await sleep(20)
    assert.deepEqual(seen, ['a.made', 'b.made', 'c.made', 'd.made', 'e.made'])
  }))

test('a transaction under way when the follower begins is waited for: a load after that sees it', () =>
  withNodes(1, async (node) => {
    const appended = Promise.withResolvers<void>()
    const release = Promise.withResolvers<void>()
    let isCommitted = false
    const slow = node.db
      .inTransaction(async (tx) => {
        appendEvents(tx, [
          {
            type: 'slow.made',
            aggregateKind: 'thing',
            aggregateId: randomUUID(),
            version: 1,
            data: {},
            occurredAt: tx.at,
          },
        ])
        await tx.rows({ name: 'test.one', text: 'select 1' })
        appended.resolve()
        await release.promise
      })
      .then(() => {
        isCommitted = true
      })
    await appended.promise
    const starting = follow(node).then((follower) => {
      assert.ok(isCommitted, 'the follower began too early')
      return follower
    })
    await sleep(50)
    release.resolve()
    await slow
    await (await starting).stop()
  }))

test('"as of" goes on while nothing happens, and covers what was committed before it', () =>
  withNodes(1, async (node) => {
    const idles: Horizon[] = []
    const committedAt = new Map<string, number>()
    const seen = new Set<string>()
    let missed = 0
    const follower = await follow(node, {
      types: ['thing.made'],
      onEvents: (events) => {
        for (const { aggregateId } of events) seen.add(aggregateId)
      },
      onIdle: (horizon) => {
        idles.push(horizon)
        for (const [id, at] of committedAt) if (at < horizon.wallAt && !seen.has(id)) missed++
      },
    })
    for (let round = 0; round < 40; round++) {
      const id = randomUUID()
      await node.db.inTransaction(async (tx) =>
        appendEvents(tx, [
          { type: 'thing.made', aggregateKind: 'thing', aggregateId: id, version: 1, data: {}, occurredAt: tx.at },
          { type: 'thing.ignored', aggregateKind: 'thing', aggregateId: id, version: 2, data: {}, occurredAt: tx.at },
        ]),
      )
      committedAt.set(id, (await node.db.clock()).wallAt)
      if (round % 10 === 0) await sleep(30)
    }
    await until(() => seen.size === 40)
    const count = idles.length
    await sleep(600)
    assert.ok(idles.length >= count + 2, 'a heartbeat at least every 250 ms')
    assert.equal(missed, 0)
    assert.deepEqual(
      idles.map(({ wallAt }) => wallAt),
      idles.map(({ wallAt }) => wallAt).toSorted((a, b) => a - b),
    )
    await follower.stop()
  }))

test('when handling throws, the same events come again', () =>
  withNodes(1, async (node) => {
    const attempts: string[][] = []
    const errors: unknown[] = []
    const follower = await follow(node, {
      onError: (error) => void errors.push(error),
      onEvents: (events) => {
        attempts.push(events.map(({ type }) => type))
        if (attempts.length === 1) throw new Error('cache is confused')
      },
    })
    await append(node, ['a.made'])
    await until(() => attempts.length === 2)
    assert.deepEqual([attempts, errors.length], [[['a.made'], ['a.made']], 1])
    await follower.stop()
  }))

test('another node is woken by NOTIFY, sooner than by its poll, also after its session was ended', () =>
  withNodes(2, async (here, there) => {
    const errors: unknown[] = []
    const listener = listenForEvents({
      databaseUrl: database.url,
      applicationName: 'listener',
      wake: there.wake,
      onError: (error) => void errors.push(error),
    })
    const session = async (): Promise<number[]> =>
      (
        await here.db.rows<{ pid: number }>({
          name: 'test.listener',
          text: `select pid from pg_stat_activity where application_name = 'listener' and query ilike 'listen %'
              and datname = current_database()`,
        })
      ).map(({ pid }) => pid)
    for (const round of [1, 2]) {
      let [pid] = await session()
      while (pid === undefined) {
        await sleep(10)
        ;[pid] = await session()
      }
      // Past the signal of the new session itself.
      await sleep(80)
      const heard = there.wake.count
      await append(here, ['a.made'])
      await until(() => there.wake.count > heard)
      if (round === 1) {
        await here.db.rows({ name: 'test.end_listener', text: 'select pg_terminate_backend($1)', values: [pid] })
        await until(() => errors.length > 0)
      }
    }
    await listener.stop()
  }))

test('a burst of commits is announced at most every 50 ms, the last one too', () =>
  withNodes(1, async (node) => {
    const listener = new pg.Client({ connectionString: database.url })
    await listener.connect()
    const heardAt: number[] = []
    listener.on('notification', () => heardAt.push(performance.now()))
    await listener.query('listen waybill_event')
    const began = performance.now()
    let count = 0
    while (performance.now() - began < 300) {
      await append(node, ['a.made'])
      count++
    }
    const ended = performance.now()
    await sleep(120)
    await listener.end()
    assert.ok(count > 20)
    assert.ok(
      heardAt.length >= 2 && heardAt.length <= 300 / 50 + 2,
      `${heardAt.length} notifications for ${count} commits`,
    )
    assert.ok((heardAt.at(-1) ?? 0) >= ended - 5, 'the last commit was announced')
  }))

test('a transaction that appends nothing, or is rolled back, wakes nobody', () =>
  withNodes(1, async (node) => {
    await node.db.inTransaction(async (tx) => appendEvents(tx, []))
    await assert.rejects(
      node.db.inTransaction(async (tx) => {
        appendEvents(tx, [
          {
            type: 'a.made',
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
    assert.equal(node.wake.count, 0)
    await append(node, ['a.made'])
    assert.equal(node.wake.count, 1)
  }))

test('a signal given while the reader was at work is not missed', async () => {
  const wake = new Wake()
  const stop = new AbortController()
  const since = wake.count
  wake.signal()
  const began = performance.now()
  await wake.wait(since, 5_000, stop.signal)
  const waiting = wake.wait(wake.count, 5_000, stop.signal)
  wake.signal()
  await waiting
  const last = wake.wait(wake.count, 5_000, stop.signal)
  stop.abort()
  await last
  assert.ok(performance.now() - began < 1_000)
})
