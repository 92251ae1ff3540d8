import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { createTestDatabase, type TestDatabase } from '../../../test/support/database.ts'
import { formatId, newId, type Id } from '../../kernel/id.ts'
import { addMs, formatInstant, HOUR_MS } from '../../kernel/time.ts'
import { createDb, type Db, type Tx } from '../../platform/db.ts'
import { closeException, closeExceptions } from './close-exceptions.ts'
import type { Exception } from './exception.ts'
import { readException } from './exceptions.sql.ts'
import { listExceptions } from './list-exceptions.ts'
import { raiseExceptions, type NewException } from './raise-exceptions.ts'

let database: TestDatabase
let db: Db

before(async () => {
  database = await createTestDatabase()
  db = createDb({ databaseUrl: database.url, poolMax: 40, applicationName: 'test' })
})
after(async () => {
  await db.close()
  await database.drop()
})
beforeEach(() => db.execute({ name: 'test.empty', text: 'truncate exceptions.exception, platform.event cascade' }))

const trouble = (objectId: Id<'order'>, reason = 'payment_unknown'): NewException => ({
  reason,
  objectKind: 'order',
  objectId,
  facts: { tries: 3 },
  nextAction: 'Ask the provider by telephone.',
})
const raise = (...exceptions: NewException[]) => db.inTransaction((tx) => raiseExceptions(tx, exceptions))
const close = (objectId: Id<'order'>, reason = 'payment_unknown') =>
  db.inTransaction((tx) => closeExceptions(tx, [{ objectId, reason, closedBy: 'sweep-payments', resolution: 'paid' }]))

async function listAll(status: 'open' | 'closed'): Promise<Exception[]> {
  return listExceptions(db, { status, reason: null, after: null, limit: 100 })
}

async function eventsOf(id: Id<'exception'>): Promise<{ type: string; version: number; data: unknown }[]> {
  return db.rows({
    name: 'test.events',
    text: 'select type, version, data from platform.event where aggregate_id = $1 order by position',
    values: [id],
  })
}

test('what is raised stands in the queue as it was raised, and is told', async () => {
  const orderId = newId<'order'>()
  const { id, at } = await db.inTransaction(async (tx) => {
    const [raised] = await raiseExceptions(tx, [
      { ...trouble(orderId), owner: 'payments desk', dueAt: addMs(tx.at, HOUR_MS) },
    ])
    assert.ok(raised !== undefined)
    return { id: raised, at: tx.at }
  })
  assert.deepEqual(await listAll('open'), [
    {
      id,
      reason: 'payment_unknown',
      objectKind: 'order',
      objectId: orderId,
      facts: { tries: 3 },
      owner: 'payments desk',
      nextAction: 'Ask the provider by telephone.',
      raisedAt: at,
      dueAt: addMs(at, HOUR_MS),
      closed: null,
    },
  ])
  assert.deepEqual(await eventsOf(id), [
    {
      type: 'exception.raised',
      version: 1,
      data: {
        id: formatId('exception', id),
        reason: 'payment_unknown',
        objectId: formatId('order', orderId),
        nextAction: 'Ask the provider by telephone.',
        dueAt: formatInstant(addMs(at, HOUR_MS)),
      },
    },
  ])
})

test('raising again while it is open adds nothing; after closing it is a new one', async () => {
  const orderId = newId<'order'>()
  const [first] = await raise(trouble(orderId), trouble(orderId))
  assert.ok(first !== undefined)
  assert.deepEqual(await raise(trouble(orderId)), [])
  assert.equal((await raise(trouble(orderId, 'stock_short'), trouble(newId()))).length, 2, 'other reasons and objects')
  assert.equal((await eventsOf(first)).length, 1)

  const [closed] = await close(orderId)
  assert.equal(closed?.id, first)
  const [second] = await raise(trouble(orderId))
  assert.ok(second !== undefined && second !== first)
})

test('closing tells who and why, passes over what is not open, and is told once', async () => {
  const orderId = newId<'order'>()
  const [id] = await raise(trouble(orderId))
  assert.ok(id !== undefined)
  assert.deepEqual(await close(orderId, 'stock_short'), [], 'another reason')
  assert.deepEqual(await close(newId()), [], 'another object')
  const [closed] = await close(orderId)
  assert.deepEqual(closed?.closed && { ...closed.closed, at: 'then' }, {
    at: 'then',
    by: 'sweep-payments',
    resolution: 'paid',
  })
  assert.deepEqual(await close(orderId), [])
  const events = (await eventsOf(id)).map(({ type, version }) => `${type} ${version}`)
  assert.deepEqual(events, ['exception.raised 1', 'exception.closed 2'])
  assert.deepEqual(await listAll('open'), [])
  assert.deepEqual(await listAll('closed'), [closed])
})

test('a person closes by id, once', async () => {
  const [id] = await raise(trouble(newId()))
  assert.ok(id !== undefined)
  const closeOne = (by: string) =>
    db.inTransaction((tx) => closeException(tx, { id, closedBy: by, resolution: 'called' }))
  assert.equal((await closeOne('key_a')).kind, 'closed')
  const refusal = { code: 'exception_closed', closedBy: 'key_a' }
  assert.deepEqual(await closeOne('key_b'), { kind: 'refused', refusal })
  const unknown = await db.inTransaction((tx) =>
    closeException(tx, { id: newId(), closedBy: 'key_a', resolution: 'called' }),
  )
  assert.deepEqual(unknown, { kind: 'unknown' })
})

test('forty transactions that raise the same hundred, each in its own order: each is raised once', async () => {
  const orders = Array.from({ length: 100 }, () => newId<'order'>())
  const barrier = Promise.withResolvers<void>()
  let ready = 0
  const raised = await Promise.all(
    Array.from({ length: 40 }, (_, n) => {
      const rotated = [...orders.slice(n), ...orders.slice(0, n)]
      const mine = (n % 2 === 0 ? rotated : rotated.toReversed()).map((orderId) => trouble(orderId))
      return db.inTransaction(async (tx) => {
        ready++
        if (ready === 40) barrier.resolve()
        await barrier.promise
        return raiseExceptions(tx, mine)
      })
    }),
  )
  assert.equal(raised.flat().length, 100)
  assert.equal((await listAll('open')).length, 100)
})

test('two that raise the same three in opposite orders wait for each other and not in a circle', async () => {
  const [first, middle, last] = Array.from({ length: 3 }, () => newId<'order'>()).toSorted((a, b) => (a < b ? -1 : 1))
  assert.ok(first !== undefined && middle !== undefined && last !== undefined)
  // Somebody who holds the middle one keeps both in the midst of their three, if they took their own first one.
  const holding = Promise.withResolvers<void>()
  const letGo = Promise.withResolvers<void>()
  const holder = db.inTransaction(async (tx) => {
    await raiseExceptions(tx, [trouble(middle)])
    holding.resolve()
    await letGo.promise
  })
  await holding.promise
  let attempts = 0
  const raiseCounting = (orderIds: readonly Id<'order'>[]) =>
    db.inTransaction((tx) => {
      attempts++
      return raiseExceptions(
        tx,
        orderIds.map((orderId) => trouble(orderId)),
      )
    })
  const raisers = [raiseCounting([first, middle, last]), raiseCounting([last, middle, first])]
  await untilWaiting(2)
  letGo.resolve()
  await holder
  assert.deepEqual(new Set((await Promise.all(raisers)).map(({ length }) => length)), new Set([0, 2]))
  assert.equal(attempts, 2, 'a circle is broken by an error, and the transaction repeated')
})

test('a raise that meets a close under way waits for it and is not lost', async () => {
  const orderId = newId<'order'>()
  await raise(trouble(orderId))
  const closing = Promise.withResolvers<void>()
  const commit = Promise.withResolvers<void>()
  const closer = db.inTransaction(async (tx) => {
    await closeExceptions(tx, [{ objectId: orderId, reason: 'payment_unknown', closedBy: 'sweep', resolution: 'paid' }])
    closing.resolve()
    await commit.promise
  })
  await closing.promise
  const raiser = raise(trouble(orderId))
  await untilWaiting(1)
  commit.resolve()
  await closer
  assert.equal((await raiser).length, 1)
  assert.equal((await listAll('open')).length, 1)
})

/** Returns once so many connections of this database wait for a lock. */
async function untilWaiting(count: number): Promise<void> {
  for (;;) {
    const [row] = await db.rows<{ waiting: bigint }>({
      name: 'test.waiting',
      text: `select count(*) as waiting from pg_stat_activity
              where datname = current_database() and wait_event_type = 'Lock'`,
    })
    if (row !== undefined && row.waiting >= BigInt(count)) return
  }
}

test('the queue is read page by page, longest waiting first; the closed ones newest first', async () => {
  const raisedAt = async (work: (tx: Tx) => Promise<Id<'exception'>[]>) => (await db.inTransaction(work))[0]
  const ids: (Id<'exception'> | undefined)[] = []
  // Two of them at the same instant: the id decides.
  for (const reasons of [['a'], ['b', 'c'], ['a']]) {
    for (const reason of reasons) ids.push(await raisedAt((tx) => raiseExceptions(tx, [trouble(newId(), reason)])))
  }
  await db.execute({
    name: 'test.same_instant',
    text: `update exceptions.exception
              set raised_at = (select min(raised_at) from exceptions.exception where reason = 'b')
            where reason = 'c'`,
  })
  const walk = async (status: 'open' | 'closed', reason: string | null): Promise<string[]> => {
    const seen: string[] = []
    let last: { raisedAt: Exception['raisedAt']; id: Exception['id'] } | null = null
    for (;;) {
      const page: Exception[] = await listExceptions(db, { status, reason, after: last, limit: 1 })
      const [item] = page
      if (item === undefined) return seen
      seen.push(item.id)
      last = item
    }
  }
  assert.deepEqual(await walk('open', null), ids)
  assert.deepEqual(await walk('open', 'a'), [ids[0], ids[3]])
  assert.deepEqual(await walk('closed', null), [])
  for (const exception of await listAll('open')) {
    await db.inTransaction((tx) => closeException(tx, { id: exception.id, closedBy: 'key_a', resolution: 'done' }))
  }
  assert.deepEqual(await walk('closed', null), ids.toReversed())
  assert.deepEqual(await walk('closed', 'a'), [ids[3], ids[0]])
  assert.deepEqual(await walk('open', null), [])
})

test('raising nothing and closing nothing is no statement', async () => {
  const none = { rows: () => assert.fail('asked'), execute: () => assert.fail('asked') } as unknown as Tx
  assert.deepEqual(await raiseExceptions(none, []), [])
  assert.deepEqual(await closeExceptions(none, []), [])
})

test('an exception that nobody raised is not found', async () => {
  assert.equal(await readException(db, newId()), undefined)
})
