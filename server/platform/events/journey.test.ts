import assert from 'node:assert/strict'
import { after, before, test, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import fc from 'fast-check'
import { instantFromMs } from '../../kernel/time.ts'
import { createTestDatabase, type TestDatabase } from '../../../test/support/database.ts'
import { createDb, type Db } from '../db.ts'
import { announceEvents } from './announce.ts'
import { appendEvents } from './append.ts'
import { EventHorizon } from './horizon.ts'
import { planSteps, runJourney, type Journey, type JourneyOptions } from './journey.ts'
import type { StoredEvent } from './reader.ts'
import { Wake } from './wake.ts'

/** `A.placed` is an event of aggregate A. */
function batch(story: string): StoredEvent[] {
  return story
    .split(' ')
    .filter(Boolean)
    .map((word, index) => {
      const [aggregateId = '', type = ''] = word.split('.')
      const at = instantFromMs(0)
      return {
        position: BigInt(index + 1),
        type,
        aggregateKind: 'order',
        aggregateId,
        version: index + 1,
        data: {},
        occurredAt: at,
        recordedAt: at,
      }
    })
}

// oxfmt-ignore
const plans = [
  // the batch                                     the steps
  ['',                                             []],
  ['A.placed B.placed C.placed',                   ['placed A B C']],
  ['A.placed A.paid B.placed B.paid',              ['placed A B', 'paid A B']],
  ['A.placed B.paid A.paid B.placed',              ['placed A', 'paid B A', 'placed B']],
  ['A.held A.freed A.held',                        ['held A', 'freed A', 'held A']],
  ['A.held A.freed A.held B.freed B.held',         ['held A', 'freed A B', 'held A B']],
  ['A.placed A.placed',                            ['placed A A']],
] as const

for (const [story, steps] of plans) {
  test(`${story || 'an empty batch'} is done in ${steps.length} steps`, () => {
    const planned = planSteps(batch(story)).map(({ type, events }) =>
      [type, ...events.map((e) => e.aggregateId)].join(' '),
    )
    assert.deepEqual(planned, steps)
  })
}

test('whatever the batch: every event is in one step of its type, in order within its aggregate', () => {
  const word = fc.tuple(fc.constantFrom('A', 'B', 'C'), fc.constantFrom('placed', 'paid', 'held'))
  fc.assert(
    fc.property(fc.array(word, { maxLength: 60 }), (words) => {
      const events = batch(words.map((pair) => pair.join('.')).join(' '))
      const steps = planSteps(events)
      const flat = steps.flatMap((step) => step.events.map((event) => ({ event, type: step.type })))
      assert.equal(flat.length, events.length)
      assert.ok(flat.every(({ event, type }) => event.type === type))
      for (const aggregateId of ['A', 'B', 'C']) {
        assert.deepEqual(
          flat.map(({ event }) => event).filter((event) => event.aggregateId === aggregateId),
          events.filter((event) => event.aggregateId === aggregateId),
        )
      }
      for (const step of steps) {
        const positions = step.events.map(({ position }) => Number(position))
        assert.deepEqual(
          positions,
          positions.toSorted((a, b) => a - b),
        )
      }
    }),
    { seed: 20_261_122 },
  )
})

let database: TestDatabase
let db: Db
const wake = new Wake()

before(async () => {
  database = await createTestDatabase()
  db = announceEvents(createDb({ databaseUrl: database.url, poolMax: 6, applicationName: 'test' }), {
    wake,
    onError: (error) => assert.fail(String(error)),
  })
})
after(async () => {
  await db.close()
  await database.drop()
})

const idOf = (number: number): string => `00000000-0000-7000-8000-${String(number).padStart(12, '0')}`

function journeyOf(t: TestContext, options: Partial<JourneyOptions>): Journey {
  const journey = runJourney({
    db,
    wake,
    name: 'journey',
    leader: { isHeld: () => true },
    dues: [],
    reactions: {},
    horizon: new EventHorizon({ source: db, onBlocked: () => {} }),
    onParked: async () => {},
    onError: () => {},
    ...options,
  })
  t.after(() => journey.stop())
  return journey
}

test('reactions get the events of their type at once, after all locks; other types are passed over', async (t) => {
  await db.inTransaction(async (tx) =>
    appendEvents(
      tx,
      [1, 2, 3].flatMap((number) => [
        {
          type: 'order.placed',
          aggregateKind: 'order',
          aggregateId: idOf(number),
          version: 1,
          data: {},
          occurredAt: tx.at,
        },
        {
          type: 'order.viewed',
          aggregateKind: 'order',
          aggregateId: idOf(number),
          version: 2,
          data: {},
          occurredAt: tx.at,
        },
        {
          type: 'order.paid',
          aggregateKind: 'order',
          aggregateId: idOf(number),
          version: 3,
          data: {},
          occurredAt: tx.at,
        },
      ]),
    ),
  )
  const calls: string[] = []
  const note = (what: string) => async (_tx: unknown, events: readonly StoredEvent[]) =>
    void calls.push(`${what} ${events.length}`)
  const journey = journeyOf(t, {
    reactions: { 'order.placed': note('placed'), 'order.paid': note('paid') },
    lockAll: note('lock'),
  })
  await journey.caughtUp()
  assert.ok(journey.lagMs() < 5_000)
  assert.deepEqual(calls, ['lock 6', 'placed 3', 'paid 3'])
})

test('one order that cannot be handled is set aside; retrying it goes through the same reactions', async (t) => {
  await db.inTransaction(async (tx) =>
    appendEvents(
      tx,
      [11, 12, 13].map((number) => ({
        type: 'order.released',
        aggregateKind: 'order',
        aggregateId: idOf(number),
        version: 1,
        data: { number },
        occurredAt: tx.at,
      })),
    ),
  )
  const handled: unknown[] = []
  let isRepaired = false
  const journey = journeyOf(t, {
    name: 'releases',
    reactions: {
      'order.released': async (_tx, events) => {
        const numbers = events.map(({ data }) => data['number'])
        if (numbers.includes(12) && !isRepaired) throw new Error('no such location')
        handled.push(...numbers)
      },
    },
  })
  await journey.caughtUp()
  assert.deepEqual(handled, [11, 13])
  assert.deepEqual(await journey.retry(idOf(12)), { kind: 'failed_again', reason: 'Error: no such location' })
  isRepaired = true
  assert.deepEqual(await journey.retry(idOf(12)), { kind: 'handled', eventCount: 1 })
  assert.deepEqual(handled, [11, 13, 12])
})

test('dues run while this process leads; a full run is followed by the next at once; errors are told by name', async (t) => {
  let isLeader = false
  let open = 25
  const runs: number[] = []
  const errors: string[] = []
  const journey = journeyOf(t, {
    leader: { isHeld: () => isLeader },
    onError: (error, where) => void errors.push(`${where}: ${(error as Error).message}`),
    dues: [
      {
        name: 'expire carts',
        everyMs: 50,
        limit: 10,
        async run(_db, limit) {
          const count = Math.min(open, limit)
          open -= count
          runs.push(count)
          return count
        },
      },
      { name: 'broken', everyMs: 50, limit: 1, run: () => Promise.reject(new Error('planted')) },
    ],
  })
  await sleep(120)
  assert.deepEqual(runs, [])
  isLeader = true
  await sleep(250)
  await journey.stop()
  assert.deepEqual(runs.slice(0, 3), [10, 10, 5])
  assert.ok(runs.length >= 4 && runs.length <= 9, `${runs.length} runs`)
  assert.ok(errors.length >= 2 && errors.every((error) => error === 'broken: planted'))
})
