import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, beforeEach, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { must } from '../../kernel/invariant.ts'
import { createTestDatabase, type TestDatabase } from '../../../test/support/database.ts'
import { BusyError, createDb, type Db, type Tx } from '../db.ts'
import { announceEvents } from './announce.ts'
import { appendEvents } from './append.ts'
import { EventHorizon } from './horizon.ts'
import {
  readFinal,
  retryParked,
  startReader,
  type EventReader,
  type ReaderOptions,
  type StoredEvent,
} from './reader.ts'
import { Wake } from './wake.ts'

let database: TestDatabase
let db: Db
let wake: Wake
let horizon: EventHorizon

before(async () => {
  database = await createTestDatabase()
  ;({ db, wake, horizon } = open('test'))
  await db.execute({
    name: 'test.effect',
    text: 'create table public.effect (number bigserial primary key, what text not null)',
  })
})
after(async () => {
  await db.close()
  await database.drop()
})
beforeEach(() =>
  db.execute({
    name: 'test.clear',
    text: 'truncate platform.event, platform.event_reader, platform.parked_event, public.effect',
  }),
)

function open(applicationName: string): { db: Db; wake: Wake; horizon: EventHorizon } {
  const signals = new Wake()
  const announcing = announceEvents(createDb({ databaseUrl: database.url, poolMax: 10, applicationName }), {
    wake: signals,
    onError: () => {},
  })
  return { db: announcing, wake: signals, horizon: new EventHorizon({ source: announcing, onBlocked: () => {} }) }
}

/** `a1 b1 a2!` is written as three events of two things, the last one cannot be handled. */
async function write(story: string): Promise<void> {
  await db.inTransaction(async (tx) => {
    appendEvents(
      tx,
      story.split(' ').map((word) => {
        const [, letter = '', version = '', mark = ''] = must(/^([a-z])(\d+)(!?)$/.exec(word), word)
        return {
          type: letter === 'x' ? 'other.changed' : 'thing.changed',
          aggregateKind: 'thing',
          aggregateId: idOf(letter),
          version: Number(version),
          data: { word: `${letter}${version}`, fails: mark === '!' },
          occurredAt: tx.at,
        }
      }),
    )
  })
}

function idOf(letter: string): string {
  return `00000000-0000-7000-8000-0000000000${letter.charCodeAt(0).toString(16)}`
}

const wordOf = (event: StoredEvent): string => String(event.data['word'])

/** Writes what it handled, then throws if one event is marked: the writing must not stay. */
async function handle(tx: Tx, events: readonly StoredEvent[]): Promise<void> {
  await writeEffect(tx, events.map(wordOf))
  const failing = events.find(({ data }) => data['fails'] === true && !repaired)
  if (failing !== undefined) throw new Error(`cannot handle ${wordOf(failing)}`)
}
let repaired = false

async function writeEffect(tx: Tx, words: readonly string[]): Promise<void> {
  await tx.execute({
    name: 'test.write_effect',
    text: 'insert into public.effect (what) select unnest($1::text[])',
    values: [words],
  })
}

async function effects(): Promise<string> {
  const rows = await db.rows<{ what: string }>({
    name: 'test.effects',
    text: 'select what from public.effect order by number',
  })
  return rows.map(({ what }) => what).join(' ')
}

async function parked(): Promise<string> {
  const rows = await db.rows<{ word: string }>({
    name: 'test.parked',
    text: `select data->>'word' as word from platform.parked_event join platform.event using (position) order by position`,
  })
  return rows.map(({ word }) => word).join(' ')
}

async function withReader(
  options: Partial<ReaderOptions>,
  work: (reader: EventReader) => Promise<void>,
): Promise<void> {
  const reader = startReader({
    db,
    horizon,
    wake,
    name: 'journey',
    handle,
    onParked: async () => {},
    onError: () => {},
    ...options,
  })
  try {
    await work(reader)
  } finally {
    await reader.stop()
  }
}

// oxfmt-ignore
const stories = [
  // written                  batch  handled              set aside
  ['a1 b1 a2 c1',               500, 'a1 b1 a2 c1',       ''],
  ['a1 b1 a2 c1',                 1, 'a1 b1 a2 c1',       ''],
  ['a1!',                       500, '',                  'a1'],
  ['a1 b1! c1',                 500, 'a1 c1',             'b1'],
  ['a1! a2 b1 a3 b2',           500, 'b1 b2',             'a1 a2 a3'],
  ['a1! a2 b1 a3 b2',             2, 'b1 b2',             'a1 a2 a3'],
  ['a1 b1! c1! b2 a2 c2 d1',    500, 'a1 a2 d1',          'b1 c1 b2 c2'],
  ['a1! b1! c1! d1!',           500, '',                  'a1 b1 c1 d1'],
  ['a1 a2 a3 a4 a5 a6 a7!',     500, 'a1 a2 a3 a4 a5 a6', 'a7'],
] as const

for (const [story, batchMax, handled, setAside] of stories) {
  test(`${story} in batches of ${batchMax}: handles ${handled || 'nothing'}, sets aside ${setAside || 'nothing'}`, async () => {
    await write(story)
    await withReader({ batchMax }, (reader) => reader.caughtUp())
    assert.equal(await effects(), handled)
    assert.equal(await parked(), setAside)
  })
}

test('an aggregate is reported once when it is set aside, in the same commit', async () => {
  await write('a1! a2 b1 a3!')
  const reports: string[] = []
  await withReader(
    {
      onParked: async (tx, { reader, event, reason }) => {
        await writeEffect(tx, ['reported'])
        reports.push(`${reader} ${wordOf(event)}: ${reason}`)
      },
    },
    (reader) => reader.caughtUp(),
  )
  assert.deepEqual(reports, ['journey a1: Error: cannot handle a1'])
  assert.equal(await effects(), 'reported b1')
})

test('retrying handles what was set aside in order, and the aggregate is with the others again', async () => {
  repaired = false
  await write('a1! a2 b1')
  await withReader({}, async (reader) => {
    await reader.caughtUp()
    assert.deepEqual(await retryParked({ db, name: 'journey', handle }, idOf('a')), {
      kind: 'failed_again',
      reason: 'Error: cannot handle a1',
    })
    assert.equal(await parked(), 'a1 a2')
    repaired = true
    assert.deepEqual(await retryParked({ db, name: 'journey', handle, batchMax: 1 }, idOf('a')), {
      kind: 'handled',
      eventCount: 2,
    })
    assert.deepEqual(await retryParked({ db, name: 'journey', handle }, idOf('a')), { kind: 'not_parked' })
    await write('a3')
    await reader.caughtUp()
  })
  assert.equal(await effects(), 'b1 a1 a2 a3')
  repaired = false
})

test('a new reader begins with the first event, a known one goes on where it was', async () => {
  await write('a1 a2')
  await withReader({}, (reader) => reader.caughtUp())
  await write('a3')
  await withReader({}, (reader) => reader.caughtUp())
  await withReader({ name: 'other' }, (reader) => reader.caughtUp())
  assert.equal(await effects(), 'a1 a2 a3 a1 a2 a3')
})

test('a reader of some types passes over the others', async () => {
  await write('x1 a1 x2 x3 a2 x4')
  await withReader({ types: ['thing.changed'], batchMax: 2 }, async (reader) => {
    await reader.caughtUp()
    await write('x5 a3')
    await reader.caughtUp()
  })
  assert.equal(await effects(), 'a1 a2 a3')
})

test('the state of the database is nobody’s fault: nothing is set aside, the reader tries again', async () => {
  await write('a1 b1')
  let calls = 0
  const errors: unknown[] = []
  await withReader(
    {
      onError: (error) => void errors.push(error),
      handle: async (tx, events) => {
        if (++calls === 1) throw new BusyError('contended')
        // 53100 is a full disk.
        if (calls === 2)
          await tx.execute({
            name: 'test.full',
            text: `do $$ begin raise exception 'full' using errcode = '53100'; end $$`,
          })
        await handle(tx, events)
      },
    },
    (reader) => reader.caughtUp(),
  )
  assert.equal(await effects(), 'a1 b1')
  assert.equal(await parked(), '')
  assert.equal(errors.length, 2)
})

test('killed sessions lose and double nothing', async () => {
  const victim = open('victim')
  let isKilling = true
  let writtenCount = 0
  const writing = (async () => {
    while (isKilling) await write(`a${++writtenCount}`)
  })()
  let errorCount = 0
  await withReader(
    { db: victim.db, horizon: victim.horizon, batchMax: 10, onError: () => void errorCount++ },
    async (reader) => {
      // An idle session that is killed is replaced without a word: until some were hit at work.
      for (let kill = 0; kill < 10 || errorCount < 3; kill++) {
        assert.ok(kill < 500, 'no session was ever killed at work')
        await sleep(40)
        await db.rows({
          name: 'test.kill',
          text: `select pg_terminate_backend(pid) from pg_stat_activity
                where datname = current_database() and application_name = 'victim' and random() < 0.5`,
        })
      }
      isKilling = false
      await writing
      await untilEffects(writtenCount)
      await reader.stop()
    },
  )
  await victim.db.close()
  const [row] = await db.rows<{ isRight: boolean }>({
    name: 'test.compare',
    text: `select (select array_agg(what order by number) from public.effect)
                  = (select array_agg(data->>'word' order by position) from platform.event) as "isRight"`,
  })
  assert.ok(row?.isRight)
  assert.ok(writtenCount > 20, `${writtenCount} events`)
})

async function untilEffects(count: number): Promise<void> {
  for (let waitedMs = 0; waitedMs < 10_000; waitedMs += 20) {
    const [row] = await db.rows<{ count: bigint }>({ name: 'test.count', text: 'select count(*) from public.effect' })
    if (row?.count === BigInt(count)) return
    await sleep(20)
  }
}

test('one process works, the other stands by and takes over', async () => {
  const workers = new Set<string>()
  const by =
    (worker: string): ReaderOptions['handle'] =>
    async (tx, events) => {
      workers.add(worker)
      await handle(tx, events)
    }
  await withReader({ handle: by('first') }, async (first) => {
    await withReader({ handle: by('second') }, async (second) => {
      for (let version = 1; version <= 40; version++) await write(`a${version}`)
      await Promise.all([first.caughtUp(), second.caughtUp()])
      await first.stop()
      workers.clear()
      await write('a41')
      await second.caughtUp()
      assert.deepEqual([...workers], ['second'])
    })
  })
  assert.equal(await effects(), Array.from({ length: 41 }, (_, index) => `a${index + 1}`).join(' '))
})

test('whoever waits for a stopped reader is told', async () => {
  const reader = startReader({
    db,
    horizon,
    wake,
    name: 'journey',
    onParked: async () => {},
    onError: () => {},
    handle: async () => {
      throw new BusyError('for ever')
    },
  })
  await write('a1')
  const waiting = assert.rejects(reader.caughtUp(), /was stopped/)
  await sleep(50)
  await reader.stop()
  await waiting
  await assert.rejects(reader.caughtUp(), /was stopped/, 'also whoever asks, or learns how far to wait, after it')
})

test('readFinal pages up to the horizon and says how far it looked', async () => {
  await write('a1 x1 a2')
  const final = await horizon.look()
  const first = await readFinal(db, { after: 0n, horizon: final, limit: 2 })
  assert.deepEqual(first.events.map(wordOf), ['a1', 'x1'])
  assert.equal(first.through, first.events[1]?.position)
  const rest = await readFinal(db, { after: first.through, horizon: final, limit: 2 })
  assert.deepEqual([rest.events.map(wordOf), rest.through], [['a2'], final.position])
  const none = await readFinal(db, { after: 0n, horizon: final, limit: 2, types: ['never.happened'] })
  assert.deepEqual(none, { events: [], through: final.position })
})

test('an event comes back as it was appended', async () => {
  const aggregateId = randomUUID()
  const data = { quote: '"\\ \n', unicode: 'ü🧵\u2028', list: [1, null, { deep: true }], empty: {} }
  const at = await db.inTransaction(async (tx) => {
    appendEvents(tx, [])
    appendEvents(tx, [
      { type: 'thing.made_up', aggregateKind: 'thing', aggregateId, version: 7, data, occurredAt: tx.at },
    ])
    return tx.at
  })
  const { events } = await readFinal(db, { after: 0n, horizon: await horizon.look(), limit: 10 })
  const { position, recordedAt, ...event } = must(events[0], 'the event')
  assert.deepEqual(event, {
    type: 'thing.made_up',
    aggregateKind: 'thing',
    aggregateId,
    version: 7,
    data,
    occurredAt: at,
  })
  assert.ok(position > 0n && Math.abs(recordedAt - at) < 5_000)
})

test('a version that is taken fails the transaction', async () => {
  await write('a1')
  await assert.rejects(write('b1 a1'), { code: '23505' })
  assert.equal((await readFinal(db, { after: 0n, horizon: await horizon.look(), limit: 10 })).events.length, 1)
})
