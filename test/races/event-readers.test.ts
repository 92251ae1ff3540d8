import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { must } from '../../server/kernel/invariant.ts'
import { BusyError, createDb, type Db, type Tx } from '../../server/platform/db.ts'
import { announceEvents } from '../../server/platform/events/announce.ts'
import { appendEvents } from '../../server/platform/events/append.ts'
import { followEvents } from '../../server/platform/events/follow.ts'
import { EventHorizon } from '../../server/platform/events/horizon.ts'
import { startReader } from '../../server/platform/events/reader.ts'
import { Wake } from '../../server/platform/events/wake.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { openTestServer, withDatabase, type TestServer } from '../support/server.ts'

/**
 * Readers must receive every event once, in order within its aggregate, whatever the interleaving of writers. The
 * cursors one would write first do not: each is kept here and shown to lose or to reorder events on the same
 * interleavings on which ours do not.
 */

interface Seen {
  readonly aggregateId: string
  readonly version: number
}

/* The obvious cursors */

interface Cursor {
  readonly received: readonly Seen[]
  /** Takes what it sees now. A first step can be held apart, for what happens between the two. */
  look(): Promise<void>
  firstStep(): Promise<void>
}

const noFirstStep = async (): Promise<void> => {}

const cursors: Readonly<Record<string, (session: pg.Client) => Cursor>> = {
  position: (session) => {
    const received: Seen[] = []
    let position = '0'
    const look = async (): Promise<void> => {
      const { rows } = await session.query('select * from platform.event where position > $1 order by position', [
        position,
      ])
      for (const row of rows) received.push({ aggregateId: row.aggregate_id, version: row.version })
      position = rows.at(-1)?.position ?? position
    }
    return { received, firstStep: noFirstStep, look }
  },

  'position, of transactions older than any running': (session) => {
    const received: Seen[] = []
    let position = '0'
    const look = async (): Promise<void> => {
      const { rows } = await session.query(
        `select * from platform.event where position > $1 and ${writerId} < ${oldestRunning} order by position`,
        [position],
      )
      for (const row of rows) received.push({ aggregateId: row.aggregate_id, version: row.version })
      position = rows.at(-1)?.position ?? position
    }
    return { received, firstStep: noFirstStep, look }
  },

  'transaction and position, of transactions older than any running': (session) => {
    const received: Seen[] = []
    let [id, position] = ['0', '0']
    const look = async (): Promise<void> => {
      const { rows } = await session.query(
        `select *, ${writerId} as writer from platform.event
          where (${writerId}, position) > ($1, $2) and ${writerId} < ${oldestRunning} order by ${writerId}, position`,
        [id, position],
      )
      for (const row of rows) received.push({ aggregateId: row.aggregate_id, version: row.version })
      id = rows.at(-1)?.writer ?? id
      position = rows.at(-1)?.position ?? position
    }
    return { received, firstStep: noFirstStep, look }
  },

  'position, once everything before the snapshot is over': (session) => {
    const received: Seen[] = []
    let position = '0'
    const look = async (): Promise<void> => {
      const {
        rows: [noted],
      } = await session.query(
        `select pg_snapshot_xmax(pg_current_snapshot())::text as gate, max(position) as horizon from platform.event`,
      )
      const {
        rows: [{ isOpen }],
      } = await session.query(`select pg_snapshot_xmin(pg_current_snapshot()) >= $1::xid8 as "isOpen"`, [noted.gate])
      if (!isOpen || noted.horizon === null) return
      const { rows } = await session.query(
        'select * from platform.event where position > $1 and position <= $2 order by position',
        [position, noted.horizon],
      )
      for (const row of rows) received.push({ aggregateId: row.aggregate_id, version: row.version })
      position = noted.horizon
    }
    return { received, firstStep: noFirstStep, look }
  },

  'our gate, taken before the horizon': (session) => {
    const received: Seen[] = []
    let position = '0'
    let gate: string | undefined
    const firstStep = async (): Promise<void> => {
      const {
        rows: [taken],
      } = await session.query('select pg_current_xact_id()::text as id')
      gate = taken.id
    }
    const look = async (): Promise<void> => {
      if (gate === undefined) await firstStep()
      const {
        rows: [horizon],
      } = await session.query(
        'select case when is_called then last_value else 0 end as position from platform.event_position',
      )
      const {
        rows: [{ isOpen }],
      } = await session.query(`select pg_snapshot_xmin(pg_current_snapshot()) >= $1::xid8 as "isOpen"`, [gate])
      gate = undefined
      if (!isOpen) return
      const { rows } = await session.query(
        'select * from platform.event where position > $1 and position <= $2 order by position',
        [position, horizon.position],
      )
      for (const row of rows) received.push({ aggregateId: row.aggregate_id, version: row.version })
      position = horizon.position
    }
    return { received, firstStep, look }
  },
}

const writerId = 'xmin::text::bigint'
const oldestRunning = 'pg_snapshot_xmin(pg_current_snapshot())::text::bigint'

/* Ours */

interface OurReaders {
  readonly db: Db
  readonly wake: Wake
  readonly durable: readonly Seen[]
  readonly follower: readonly Seen[]
  /** Waits until both have received all that was appended. */
  finish(eventCount: number): Promise<void>
  stop(): Promise<void>
}

async function startOurs(databaseUrl: string, onHandled: () => void = () => {}): Promise<OurReaders> {
  const durable: Seen[] = []
  const follower: Seen[] = []
  const plain = createDb({ databaseUrl, poolMax: 14, applicationName: 'readers' })
  const errors: unknown[] = []
  const onError = (error: unknown): void => void (error instanceof BusyError || errors.push(error))
  const wake = new Wake()
  const db = announceEvents(plain, { wake, onError })
  const horizon = new EventHorizon({ source: db, onBlocked: () => {} })
  await db.execute({
    name: 'test.received',
    text: `create table if not exists public.received (number bigserial primary key, position bigint not null unique,
                                                       aggregate_id uuid not null, version int not null)`,
  })
  // Two of the same name, as two nodes would run it: together they handle each event once.
  const readers = [1, 2].map(() =>
    startReader({
      db,
      horizon,
      wake,
      name: 'ours',
      batchMax: 20,
      onError,
      onParked: async () => assert.fail('nothing fails here'),
      handle: async (tx, events) => {
        await insertReceived(tx, events)
        onHandled()
      },
    }),
  )
  const following = await followEvents({
    source: db,
    horizon,
    wake,
    onIdle: () => {},
    onError,
    onEvents: (events) => void follower.push(...events.map(({ aggregateId, version }) => ({ aggregateId, version }))),
  })
  return {
    db,
    wake,
    durable,
    follower,
    async finish(eventCount) {
      await Promise.all(readers.map((reader) => reader.caughtUp()))
      for (let waitedMs = 0; follower.length < eventCount && waitedMs < 2_000; waitedMs += 5) await sleep(5)
      durable.push(
        ...(await db.rows<Seen>({
          name: 'test.read_received',
          text: 'select aggregate_id as "aggregateId", version from public.received order by number',
        })),
      )
    },
    async stop() {
      await Promise.all([...readers.map((reader) => reader.stop()), following.stop()])
      await db.close()
      assert.deepEqual(errors, [])
    },
  }
}

async function insertReceived(tx: Tx, events: readonly (Seen & { readonly position: bigint })[]): Promise<void> {
  await tx.execute({
    name: 'test.insert_received',
    text: `insert into public.received (position, aggregate_id, version)
           select * from unnest($1::bigint[], $2::uuid[], $3::int[])`,
    values: [events.map((e) => String(e.position)), events.map((e) => e.aggregateId), events.map((e) => e.version)],
  })
}

/* Verdicts */

type Verdict = 'right' | 'lost' | 'reordered' | 'doubled'

function judge(received: readonly Seen[], written: readonly Seen[]): Verdict {
  const versions = new Map<string, number[]>()
  for (const { aggregateId, version } of received) {
    versions.set(aggregateId, [...(versions.get(aggregateId) ?? []), version])
  }
  for (const seen of versions.values()) {
    if (new Set(seen).size !== seen.length) return 'doubled'
    if (seen.some((version, index) => index > 0 && version < must(seen[index - 1], 'one before'))) return 'reordered'
  }
  const keys = new Set(received.map(({ aggregateId, version }) => `${aggregateId} ${version}`))
  return written.every(({ aggregateId, version }) => keys.has(`${aggregateId} ${version}`)) ? 'right' : 'lost'
}

/* Interleavings, step by step */

class Writer {
  readonly #session: pg.Client
  readonly #written: Seen[]
  #pending: Seen[] = []

  constructor(session: pg.Client, written: Seen[]) {
    this.#session = session
    this.#written = written
  }

  async begin(): Promise<void> {
    await this.#session.query('begin')
    await this.#session.query('select pg_current_xact_id()')
  }

  /** As a writer that has not taken its transaction id yet. */
  async beginWithoutId(): Promise<void> {
    await this.#session.query('begin')
  }

  async takePosition(): Promise<string> {
    return (await this.#session.query(`select nextval('platform.event_position')`)).rows[0].nextval
  }

  async append(aggregate: string, version: number, position?: string): Promise<void> {
    const aggregateId = must(aggregates[aggregate], 'a known aggregate')
    await this.#session.query(
      `insert into platform.event (position, type, aggregate_kind, aggregate_id, version, data, occurred_at)
       values (coalesce($1, nextval('platform.event_position')), 'thing.changed', 'thing', $2, $3, '{}', clock_timestamp())`,
      [position ?? null, aggregateId, version],
    )
    this.#pending.push({ aggregateId, version })
  }

  async commit(): Promise<void> {
    await this.#session.query('commit')
    this.#written.push(...this.#pending)
    this.#pending = []
  }

  async rollback(): Promise<void> {
    await this.#session.query('rollback')
    this.#pending = []
  }
}

const aggregates: Readonly<Record<string, string>> = { tee: randomUUID(), mug: randomUUID(), cap: randomUUID() }

interface Scene {
  readonly old: Writer
  readonly young: Writer
  /** Every reader looks; ours run by themselves and are given the time to. */
  readonly look: () => Promise<void>
  readonly firstStep: () => Promise<void>
}

interface Script {
  readonly title: string
  readonly play: (scene: Scene) => Promise<void>
  /** What becomes of the readers; those not named are right. */
  readonly verdicts: Readonly<Record<string, Verdict>>
}

const scripts: readonly Script[] = [
  {
    title: 'the lower position commits after the higher one',
    async play({ old, young, look }) {
      await old.begin()
      await young.begin()
      await old.append('tee', 1)
      await young.append('mug', 1)
      await young.commit()
      await look()
      await old.commit()
      await look()
    },
    verdicts: { position: 'lost' },
  },
  {
    title: 'the younger transaction holds the lower position',
    async play({ old, young, look }) {
      await old.begin()
      await young.begin()
      await young.append('mug', 1)
      await old.append('tee', 1)
      await old.commit()
      await look()
      await young.commit()
      await look()
    },
    verdicts: {
      position: 'lost',
      'position, of transactions older than any running': 'lost',
      'position, once everything before the snapshot is over': 'lost',
    },
  },
  {
    title: 'an older transaction changes an aggregate after a younger one',
    async play({ old, young, look }) {
      await old.begin()
      await young.begin()
      await young.append('tee', 1)
      await young.commit()
      await old.append('tee', 2)
      await old.commit()
      await look()
    },
    verdicts: { 'transaction and position, of transactions older than any running': 'reordered' },
  },
  {
    title: 'a transaction begins and takes a position between the two steps of a look',
    async play({ young, look, firstStep }) {
      await firstStep()
      await young.begin()
      await young.append('mug', 1)
      await look()
      await young.commit()
      await look()
    },
    // Nothing above the open position was committed yet, so the simpler cursors are not tempted.
    verdicts: { 'our gate, taken before the horizon': 'lost' },
  },
  {
    title: 'the last position is rolled back, then the log goes on',
    async play({ old, young, look }) {
      await old.begin()
      await old.append('tee', 1)
      await old.commit()
      await young.begin()
      await young.append('mug', 1)
      await young.rollback()
      await look()
      await old.begin()
      await old.append('tee', 2)
      await old.commit()
      await look()
    },
    verdicts: {},
  },
  {
    title: 'a writer that takes its position before its transaction id deceives every reader, ours too',
    async play({ old, young, look }) {
      await old.begin()
      await old.append('cap', 1)
      await old.commit()
      await young.beginWithoutId()
      const position = await young.takePosition()
      await old.begin()
      await old.append('tee', 1)
      await old.commit()
      await look()
      await young.append('mug', 1, position)
      await young.commit()
      await look()
    },
    verdicts: {
      position: 'lost',
      'position, of transactions older than any running': 'lost',
      'position, once everything before the snapshot is over': 'lost',
      'our gate, taken before the horizon': 'lost',
      'ours, durable': 'lost',
      'ours, following': 'lost',
    },
  },
]

/** A server of its own: what other tests commit meanwhile would let some of the cursors be right by chance. */
let server: TestServer
let database: TestDatabase
before(async () => {
  server = await openTestServer(undefined)
  database = await createTestDatabase()
})
after(async () => {
  await database.drop()
  await server.close()
})

let made = 0

async function withSessions<Result>(
  count: number,
  work: (url: string, sessions: pg.Client[]) => Promise<Result>,
): Promise<Result> {
  const name = `scene_${++made}`
  const admin = new pg.Client({ connectionString: server.url })
  await admin.connect()
  await admin.query(`create database ${name} template ${server.template}`)
  await admin.end()
  const url = withDatabase(server.url, name)
  const sessions = Array.from({ length: count }, () => new pg.Client({ connectionString: url }))
  await Promise.all(sessions.map((session) => session.connect()))
  try {
    return await work(url, sessions)
  } finally {
    await Promise.all(sessions.map((session) => session.end()))
  }
}

for (const { title, play, verdicts } of scripts) {
  test(title, async () => {
    const names = Object.keys(cursors)
    const found: Record<string, Verdict> = {}
    await withSessions(2 + names.length, async (_url, [oldSession, youngSession, ...readerSessions]) => {
      const written: Seen[] = []
      const candidates = names.map((name, index) => must(cursors[name], name)(must(readerSessions[index], 'a session')))
      const look = async (): Promise<void> => {
        for (const candidate of candidates) await candidate.look()
      }
      await play({
        old: new Writer(must(oldSession, 'a session'), written),
        young: new Writer(must(youngSession, 'a session'), written),
        firstStep: async () => {
          for (const candidate of candidates) await candidate.firstStep()
        },
        look,
      })
      await look()
      for (const [index, name] of names.entries()) found[name] = judge(must(candidates[index], name).received, written)
    })
    // A scene of their own: the transaction ids that ours take would let some of the cursors be right by chance.
    await withSessions(2, async (url, [oldSession, youngSession]) => {
      const written: Seen[] = []
      const ours = await startOurs(url)
      try {
        await play({
          old: new Writer(must(oldSession, 'a session'), written),
          young: new Writer(must(youngSession, 'a session'), written),
          firstStep: noFirstStep,
          async look() {
            // Time to read on if they (wrongly) think they may.
            ours.wake.signal()
            await sleep(60)
          },
        })
        await ours.finish(written.length)
      } finally {
        await ours.stop()
      }
      found['ours, durable'] = judge(ours.durable, written)
      found['ours, following'] = judge(ours.follower, written)
    })
    const expected = Object.fromEntries(Object.keys(found).map((name) => [name, verdicts[name] ?? 'right']))
    assert.deepEqual(found, expected)
  })
}

test('every cursor that is not ours is fooled by at least one interleaving', () => {
  for (const name of Object.keys(cursors)) {
    assert.ok(
      scripts.some(({ verdicts }) => (verdicts[name] ?? 'right') !== 'right'),
      name,
    )
  }
})

/* And at random */

test('ten writers with rollbacks, savepoints and slow commits: ours receive everything once and in order', async (t) => {
  const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000)
  t.diagnostic(`seed ${seed}`)
  const random = seeded(seed)
  const things = Array.from({ length: 12 }, () => randomUUID()).toSorted()
  const written: Seen[] = []
  let handled = 0
  // Now and then the effect is written and the transaction then fails: it must not count.
  const ours = await startOurs(database.url, () => {
    if (++handled % 7 === 0) throw new BusyError('planted')
  })
  await ours.db.execute({
    name: 'test.thing',
    text: 'create table public.thing (id uuid primary key, version int not null)',
  })
  await ours.db.execute({
    name: 'test.insert_things',
    text: 'insert into public.thing select id, 0 from unnest($1::uuid[]) as t (id)',
    values: [things],
  })
  const sessions = Array.from(
    { length: Object.keys(cursors).length },
    () => new pg.Client({ connectionString: database.url }),
  )
  await Promise.all(sessions.map((session) => session.connect()))
  const candidates = Object.entries(cursors).map(([name, cursor], index) => ({
    name,
    ...cursor(must(sessions[index], 'a session')),
  }))

  const writers = Array.from({ length: 10 }, async () => {
    for (let round = 0; round < 60; round++) {
      const [waitBefore, waitAfter, fate] = [random() * 8, random() < 0.08 ? 60 : random() * 8, random()]
      const chosen = things.filter(() => random() < 0.2)
      try {
        const appended = await ours.db.inTransaction(async (tx) => {
          await sleep(waitBefore)
          const rows = await tx.rows<{ id: string; version: number }>({
            name: 'test.change',
            text: `with locked as (select id from public.thing where id = any($1::uuid[]) order by id for update)
                   update public.thing set version = version + 1 from locked where thing.id = locked.id
                   returning thing.id, thing.version`,
            values: [chosen],
          })
          const events = rows.map(({ id, version }) => ({
            type: 'thing.changed',
            aggregateKind: 'thing',
            aggregateId: id,
            version,
            data: {},
            occurredAt: tx.at,
          }))
          if (fate < 0.1) {
            // Positions taken and given up inside the transaction that goes on.
            await tx.execute({ name: 'test.savepoint', text: 'savepoint s' })
            appendEvents(tx, events)
            await tx.execute({ name: 'test.rollback_to', text: 'rollback to savepoint s' })
          }
          appendEvents(tx, events)
          await sleep(waitAfter)
          if (fate > 0.85) throw new Error('planted rollback')
          return events
        })
        written.push(...appended)
      } catch (error) {
        if (!(error instanceof Error) || error.message !== 'planted rollback') throw error
      }
    }
  })
  let isWriting = true
  const looking = candidates.map(async (candidate) => {
    while (isWriting) {
      await candidate.look()
      await sleep(1)
    }
    await candidate.look()
  })
  await Promise.all(writers)
  isWriting = false
  await Promise.all(looking)
  await ours.finish(written.length)
  await ours.stop()
  await Promise.all(sessions.map((session) => session.end()))

  t.diagnostic(
    `${written.length} events; the reader's transaction failed ${Math.floor(handled / 7)} times after its effect`,
  )
  for (const { name, received } of candidates)
    t.diagnostic(`${name}: ${judge(received, written)}, ${received.length} received`)
  assert.ok(written.length > 500 && handled > 7, 'the run was long enough to mean something')
  assert.deepEqual([judge(ours.durable, written), ours.durable.length], ['right', written.length])
  assert.deepEqual([judge(ours.follower, written), ours.follower.length], ['right', written.length])
})

/** Mulberry32: small, and the same everywhere. */
function seeded(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}
