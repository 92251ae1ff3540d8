import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Type } from 'typebox'
import { createTestDatabase, type TestDatabase } from '../../../test/support/database.ts'
import { newId } from '../../kernel/id.ts'
import { addMs, DAY_MS, type Instant } from '../../kernel/time.ts'
import { CommitUnknownError, createDb, DatabaseAwayError, type Db, type Tx } from '../db.ts'
import { createTelemetry } from '../telemetry.ts'
import { fingerprintOf, keyOf } from './idempotency.ts'
import {
  completeKeys,
  createHttpServer,
  deleteOldKeys,
  once,
  strict,
  takeKeys,
  Quantity,
  type App,
  type Caller,
  type KeyRequest,
} from './index.ts'

const head: Caller = { kind: 'publishable', keyId: newId(), channelId: newId() }
const otherHead: Caller = { kind: 'publishable', keyId: newId(), channelId: newId() }
const callers: Readonly<Record<string, Caller>> = { head, other: otherHead }

let database: TestDatabase
let db: Db

before(async () => {
  database = await createTestDatabase()
  db = createDb({ databaseUrl: database.url, poolMax: 45, applicationName: 'test' })
  await db.execute({ name: 'test.effects', text: 'create table effect (id uuid primary key, units int not null)' })
})
after(async () => {
  await db.close()
  await database.drop()
})

async function effects(): Promise<number> {
  const [row] = await db.rows<{ count: number }>({
    name: 'test.count',
    text: 'select count(*)::int as count from effect',
  })
  return row?.count ?? 0
}

interface Shop {
  readonly app: App
  /** Settles inside of `work`, before its effect. */
  pause: () => Promise<void>
}

/** One keyed route that writes a row. Zero units stand for a refusal, 402 for a declined payment. */
function openShop(source: Db = db): Shop {
  const app = createHttpServer({
    authenticate: (token) => callers[token] ?? null,
    checkResponses: true,
    telemetry: createTelemetry({ logLevel: 'silent' }),
  })
  const shop: Shop = { app, pause: async () => {} }
  const refusals = { nothing_left: { status: 409, meaning: 'Nothing is left.' } } as const
  const answer = strict({ id: Type.String(), units: Type.Integer() })
  app.post(
    '/v1/store/things',
    {
      schema: {
        summary: 'Make',
        body: strict({ units: Type.Union([Quantity, Type.Literal(0)]) }),
        response: { 201: answer, 202: answer },
      },
      config: { scope: 'store', idempotent: 'key' },
    },
    async (request, reply) =>
      once({ db: source }, request, reply, {
        refusals,
        async work(tx) {
          await shop.pause()
          const { units } = request.body
          if (units === 0) return { refuse: { code: 'nothing_left' } }
          const id = newId()
          await tx.execute({ name: 'test.effect', text: 'insert into effect values ($1, $2)', values: [id, units] })
          return { status: units === 402 ? 202 : 201, stored: { id, units } }
        },
        render: ({ id, units }) => ({ id, units }),
      }),
  )
  return shop
}

let keys = 0
function newKey(): string {
  return `key-of-a-test-${String(++keys).padStart(12, '0')}`
}

interface Make {
  readonly key: string
  readonly units?: number
  readonly caller?: string
  readonly accessToken?: string
}

async function make({ app }: Shop, { key, units = 1, caller = 'head', accessToken }: Make) {
  const { statusCode, headers, body } = await app.inject({
    method: 'POST',
    url: '/v1/store/things',
    payload: { units },
    headers: {
      authorization: `Bearer ${caller}`,
      'idempotency-key': key,
      ...(accessToken === undefined ? {} : { 'waybill-access-token': accessToken }),
    },
  })
  const json = JSON.parse(body) as { id?: string; code?: string }
  return { status: statusCode, retryAfter: headers['retry-after'], ...json }
}

test('the same request again has the same answer and no second effect', async (t) => {
  const shop = openShop()
  t.after(() => shop.app.close())
  const effectsBefore = await effects()
  const key = newKey()
  const first = await make(shop, { key })
  assert.equal(first.status, 201)
  assert.deepEqual(await make(shop, { key }), first)
  const accepted = await make(shop, { key: newKey(), units: 402 })
  assert.equal(accepted.status, 202)
  assert.equal(await effects(), effectsBefore + 2)
})

test('the same key of another request, caller or guest', async (t) => {
  const shop = openShop()
  t.after(() => shop.app.close())
  const key = newKey()
  const first = await make(shop, { key })
  assert.deepEqual(await make(shop, { key, units: 2 }).then(({ status, code }) => [status, code]), [
    422,
    'idempotency_key_reused',
  ])
  const ofAnother = await make(shop, { key, caller: 'other' })
  assert.equal(ofAnother.status, 201)
  const ofGuest = await make(shop, { key, accessToken: 'guest-1' })
  assert.equal(ofGuest.status, 201)
  assert.equal(new Set([first.id, ofAnother.id, ofGuest.id]).size, 3)
})

test('a refusal leaves the key free: with the reason gone the same request succeeds', async (t) => {
  const shop = openShop()
  t.after(() => shop.app.close())
  const key = newKey()
  const refused = await make(shop, { key, units: 0 })
  assert.deepEqual([refused.status, refused.code], [409, 'nothing_left'])
  assert.equal((await make(shop, { key, units: 0 })).status, 409)
  assert.equal((await make(shop, { key, units: 3 })).status, 201)
})

test('forty at once: one effect, and each of the others is told to wait or given its answer', async (t) => {
  const shop = openShop()
  t.after(() => shop.app.close())
  const effectsBefore = await effects()
  const inside = Promise.withResolvers<void>()
  const release = Promise.withResolvers<void>()
  shop.pause = async () => {
    inside.resolve()
    await release.promise
  }
  const key = newKey()
  const first = make(shop, { key })
  await inside.promise
  const others = await Promise.all(Array.from({ length: 39 }, () => make(shop, { key })))
  for (const { status, code, retryAfter } of others) {
    assert.deepEqual([status, code, retryAfter], [409, 'request_in_progress', '1'])
  }
  release.resolve()
  const { id, status } = await first
  assert.equal(status, 201)
  const late = await Promise.all(Array.from({ length: 40 }, () => make(shop, { key })))
  for (const answer of late) if (answer.status === 201) assert.equal(answer.id, id)
  assert.equal((await make(shop, { key })).id, id)
  assert.equal(await effects(), effectsBefore + 1)
})

test('a work that throws leaves nothing behind', async (t) => {
  const shop = openShop()
  t.after(() => shop.app.close())
  const key = newKey()
  shop.pause = () => Promise.reject(new DatabaseAwayError('in the middle'))
  assert.equal((await make(shop, { key })).code, 'database_away')
  shop.pause = async () => {}
  assert.equal((await make(shop, { key })).status, 201)
})

/** What becomes of a COMMIT whose answer was lost. */
type Fate = 'committed' | 'rolled back' | 'still committing'

/** A database whose connection breaks with COMMIT on its way, the first `times`. */
function losingCommits(fate: Fate, times: number): Db {
  let left = times
  return {
    ...db,
    rows: (statement) => db.rows(statement),
    execute: (statement) => db.execute(statement),
    async inTransaction(work) {
      if (left === 0) return db.inTransaction(work)
      left--
      if (fate === 'committed') await db.inTransaction(work)
      if (fate === 'still committing') await workThenCommitLater(work)
      throw new CommitUnknownError('broke while committing')
    },
  }
}

/** Returns while the transaction has done its work and goes on to commit. */
async function workThenCommitLater(work: (tx: Tx) => Promise<unknown>): Promise<void> {
  const worked = Promise.withResolvers<void>()
  void db.inTransaction(async (tx) => {
    await work(tx)
    worked.resolve()
    await new Promise((resolve) => setTimeout(resolve, 200))
  })
  await worked.promise
}

test('a lost answer to COMMIT is settled by taking the key again', async (t) => {
  const rows: readonly [fate: Fate, times: number, status: number, effects: number][] = [
    ['committed', 1, 201, 1],
    ['rolled back', 1, 201, 1],
    ['still committing', 1, 201, 1],
    ['committed', 2, 503, 1],
    ['rolled back', 2, 503, 0],
  ]
  for (const [fate, times, status, made] of rows) {
    const shop = openShop(losingCommits(fate, times))
    t.after(() => shop.app.close())
    const effectsBefore = await effects()
    const key = newKey()
    const answer = await make(shop, { key })
    assert.deepEqual([answer.status, (await effects()) - effectsBefore], [status, made], `${fate} ${times}`)
    if (status === 503) assert.equal(answer.code, 'outcome_unknown')
    const again = await make(shop, { key })
    assert.deepEqual([again.status, (await effects()) - effectsBefore], [201, 1])
    if (status === 201) assert.equal(again.id, answer.id)
  }
})

// The set-based functions of the hot road.

function askFor(id: string = newId(), fingerprint: string = newId(), objectId: string | null = null): KeyRequest {
  return { id, fingerprint, run: newId(), objectId }
}

const LOCK_MS = 30_000

function take(requests: readonly KeyRequest[], lockMs = LOCK_MS): Promise<string[]> {
  return db.inTransaction(async (tx) => (await takeKeys(tx, requests, lockMs)).map(({ kind }) => kind))
}

test('a batch takes its keys, each with its own outcome, in the order asked', async () => {
  const [done, dead, alive] = [askFor(newId(), newId(), newId()), askFor(newId(), newId(), newId()), askFor()]
  await take([done, alive])
  await take([dead], -1)
  const answer = { status: 201, stored: { id: 'ord_1', line: 'one\ntwo "three" \\' } }
  await db.inTransaction((tx) => completeKeys(tx, [{ id: done.id, run: done.run, answer }]))

  const [fresh, twice] = [askFor(), askFor()]
  const again = ({ id, fingerprint }: KeyRequest): KeyRequest => askFor(id, fingerprint)
  const batch = [again(done), fresh, again(alive), again(dead), twice, again(twice), askFor(twice.id), askFor(done.id)]
  const takings = await db.inTransaction((tx) => takeKeys(tx, batch, LOCK_MS))
  assert.deepEqual(takings, [
    { kind: 'completed', objectId: done.objectId, answer },
    { kind: 'taken' },
    { kind: 'in_progress' },
    { kind: 'taken_over', objectId: dead.objectId },
    { kind: 'taken' },
    { kind: 'in_progress' },
    { kind: 'reused' },
    { kind: 'reused' },
  ])
})

test('only the attempt that holds a key completes it', async () => {
  const first = askFor()
  await take([first], -1)
  const second = askFor(first.id, first.fingerprint)
  assert.deepEqual(await take([second]), ['taken_over'])
  const complete = (run: string): Promise<Set<string>> =>
    db.inTransaction((tx) => completeKeys(tx, [{ id: first.id, run, answer: { status: 201, stored: run } }]))
  assert.equal((await complete(first.run)).size, 0)
  assert.deepEqual([...(await complete(second.run))], [first.id])
  assert.equal((await complete(second.run)).size, 0, 'and only once')
})

test('forty batches over the same keys in any order: each key is taken once, none deadlocks', async () => {
  const wanted = Array.from({ length: 100 }, () => askFor())
  const start = Promise.withResolvers<void>()
  let attempts = 0
  // Connections first: opening them would keep the batches from meeting.
  await Promise.all(Array.from({ length: 40 }, () => db.clock()))
  const batches = Array.from({ length: 40 }, async (_, batch) => {
    const mine = wanted.map(({ id, fingerprint }) => askFor(id, fingerprint))
    await start.promise
    return db.inTransaction((tx) => {
      attempts++
      return takeKeys(tx, batch % 2 === 0 ? mine : mine.toReversed(), LOCK_MS)
    })
  })
  start.resolve()
  const kinds = (await Promise.all(batches)).flat().map(({ kind }) => kind)
  assert.equal(kinds.filter((kind) => kind === 'taken').length, 100)
  assert.equal(kinds.filter((kind) => kind === 'in_progress').length, 100 * 39)
  // A deadlock would be repeated and go unseen in the outcome.
  assert.equal(attempts, 40)
})

test('whoever takes over goes on with the first object, however often attempts die', async () => {
  const first = askFor(newId(), newId(), newId())
  await take([first], -1)
  await take([askFor(first.id, first.fingerprint, newId())], -1)
  const [taking] = await db.inTransaction((tx) => takeKeys(tx, [askFor(first.id, first.fingerprint, newId())], LOCK_MS))
  assert.deepEqual(taking, { kind: 'taken_over', objectId: first.objectId })
})

test('forty repeats of an attempt that died: one takes over', async () => {
  const dead = askFor()
  await take([dead], -1)
  const kinds = await Promise.all(Array.from({ length: 40 }, () => take([askFor(dead.id, dead.fingerprint)])))
  assert.deepEqual(kinds.flat().toSorted(), [...Array.from({ length: 39 }, () => 'in_progress'), 'taken_over'])
})

test('an attempt whose COMMIT went through unheard recognises its own key, nobody else does', async () => {
  const ours = askFor(newId(), newId(), newId())
  await take([ours])
  const takings = await db.inTransaction((tx) => takeKeys(tx, [ours], LOCK_MS))
  assert.deepEqual(takings, [{ kind: 'taken_over', objectId: ours.objectId }])
  assert.deepEqual(await take([askFor(ours.id, ours.fingerprint)]), ['in_progress'])
})

test('a repeat that waits for its key holds none of the locks that are sent behind it', async () => {
  const first = askFor()
  const gate = newId()
  await take([first])
  await db.execute({ name: 'test.gate', text: 'insert into effect values ($1, 1)', values: [gate] })
  const again = (): KeyRequest => askFor(first.id, first.fingerprint)
  const held = Promise.withResolvers<void>()
  const release = Promise.withResolvers<void>()
  const holder = db.inTransaction(async (tx) => {
    await takeKeys(tx, [again()], LOCK_MS)
    held.resolve()
    await release.promise
  })
  await held.promise
  const lockGate = { name: 'test.lock_gate', text: 'select id from effect where id = $1 for update', values: [gate] }
  const waiter = db.inTransaction((tx) => Promise.all([takeKeys(tx, [again()], LOCK_MS), tx.rows(lockGate)]))
  await untilSomebodyWaits()
  const free = await db.rows({
    name: 'test.free_gate',
    text: 'select id from effect where id = $1 for update skip locked',
    values: [gate],
  })
  release.resolve()
  await Promise.all([holder, waiter])
  assert.equal(free.length, 1, 'the gate is free for others')
})

async function untilSomebodyWaits(): Promise<void> {
  for (let waiting = 0; waiting === 0;) {
    const [row] = await db.rows<{ count: number }>({
      name: 'test.waiting',
      text: `select count(*)::int from pg_stat_activity
              where datname = current_database() and wait_event_type = 'Lock'`,
    })
    waiting = row?.count ?? 0
  }
}

test('old answers are deleted in portions, keys in progress stay', async () => {
  const past = addMs(Date.UTC(2020, 0, 1) as Instant, 0)
  const [old, young, stuck] = [[askFor(), askFor(), askFor()], [askFor()], [askFor()]]
  await db.inTransaction(async (tx) => {
    await takeKeys(tx, [...old, ...young, ...stuck], LOCK_MS)
    await completeKeys(
      tx,
      [...old, ...young].map(({ id, run }) => ({ id, run, answer: { status: 201, stored: null } })),
    )
    await backdate(
      tx,
      [...old, ...stuck].map(({ id }) => id),
      past,
    )
  })
  const monthLater = addMs(past, 30 * DAY_MS)
  assert.deepEqual(
    [
      await deleteOldKeys(db, monthLater, 2),
      await deleteOldKeys(db, monthLater, 2),
      await deleteOldKeys(db, monthLater, 2),
    ],
    [2, 1, 0],
  )
  assert.deepEqual(await take([...old, ...young, ...stuck].map(({ id, fingerprint }) => askFor(id, fingerprint))), [
    'taken',
    'taken',
    'taken',
    'completed',
    'in_progress',
  ])
})

async function backdate(tx: Tx, ids: readonly string[], at: Instant): Promise<void> {
  await tx.execute({
    name: 'test.backdate',
    text: 'update platform.idempotency_key set created_at = $2 where id = any($1::uuid[])',
    values: [ids, new Date(at).toISOString()],
  })
}

test('keys and fingerprints tell apart what is different', () => {
  const raw = (text: string): Buffer => Buffer.from(text)
  const ids = [keyOf(head, 'k'), keyOf(head, 'K'), keyOf(otherHead, 'k'), keyOf(head, 'k', 't'), keyOf(head, 't', 'k')]
  assert.equal(new Set(ids).size, ids.length)
  const prints = [
    fingerprintOf('POST', '/a', raw('{}')),
    fingerprintOf('PUT', '/a', raw('{}')),
    fingerprintOf('POST', '/a?b', raw('{}')),
    fingerprintOf('POST', '/a', raw('{ }')),
    fingerprintOf('POST', '/a', null),
  ]
  assert.equal(new Set(prints).size, prints.length)
  for (const id of [...ids, ...prints])
    assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/)
})
