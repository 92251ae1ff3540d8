import assert from 'node:assert/strict'
import { AsyncLocalStorage } from 'node:async_hooks'
import { test } from 'node:test'
import fc from 'fast-check'
import pg from 'pg'
import { must } from '../../kernel/invariant.ts'
import { BusyError, CommitUnknownError, DatabaseAwayError, sqlState } from '../db.ts'
import { createBatcher, type Batcher, type BatcherOptions, type FinishedBatch, type Lane } from './batch.ts'

/** `s3` is a shopper's request of three lines, `b3` one of bulk; what follows the number is its name. */
type Word = string

const linesOf = (word: Word): number => Number(must(/^[sb](\d+)/.exec(word)?.[1], word))
const laneOf = (word: Word): Lane => (word.startsWith('s') ? 'shopper' : 'bulk')

interface Run {
  readonly words: readonly Word[]
  readonly settle: boolean
  /** Answers every request with its own name, or fails. */
  finish(error?: Error): Promise<void>
}

/** A batcher whose runs end when the test says so. */
function manual(options: Partial<BatcherOptions<Word, string>> = {}) {
  const runs: Run[] = []
  const batcher = createBatcher<Word, string>({
    name: 'place',
    batchLinesMax: 8,
    concurrency: 1,
    queueMax: 1_000,
    linesOf,
    run(words, { settle }) {
      const { promise, resolve, reject } = Promise.withResolvers<string[]>()
      runs.push({
        words,
        settle,
        async finish(error) {
          if (error === undefined) resolve(words.map((word) => `did ${word}`))
          else reject(error)
          await turn()
        },
      })
      return promise
    },
    ...options,
  })
  return { batcher, runs, last: () => must(runs.at(-1), 'a run') }
}

/** Long enough for a batch to be formed and for answers to arrive. */
async function turn(): Promise<void> {
  for (let hop = 0; hop < 3; hop++) await new Promise((resolve) => setImmediate(resolve))
}

/** Whoever is interested looks at the answers; the others may fail unseen. */
async function submitAll(
  batcher: Batcher<Word, string>,
  words: readonly Word[],
): Promise<{ answers: Promise<string>[] }> {
  const answers = words.map((word) => batcher.submit(word, { lane: laneOf(word) }))
  for (const answer of answers) answer.catch(() => {})
  await turn()
  return { answers }
}

const databaseError = (code: string): Error =>
  Object.assign(new pg.DatabaseError(`planted ${code}`, 0, 'error'), { code })

/* What is gathered into one run. Batches hold 8 lines; one run at a time; `now` is what the first, idle run takes. */

// oxfmt-ignore
const gatherings = [
  // now             then, while it runs         next runs
  ['s1',             '',                         []],
  ['s1 s1 s1',       '',                         []],
  ['s1',             's1 s2 s3',                 ['s1 s2 s3']],
  ['s1',             's3 s3 s3',                 ['s3 s3', 's3']],
  ['s1',             's8 s1',                    ['s8', 's1']],
  ['s1',             's30 s1',                   ['s30', 's1']],
  ['s1',             's1 s30 s1',                ['s1', 's30', 's1']],
  // Bulk takes a quarter, two lines, while shoppers wait …
  ['s1',             'b1 b1 b1 b1 s1',           ['s1 b1', 'b1 b1', 'b1']],
  ['s1',             'b1 b1 b1 b1 s3 s3 s3',     ['s3 s3 b1 b1', 's3 b1', 'b1']],
  // … also when shoppers would fill the batch alone …
  ['s1',             's1 s1 s1 s1 s1 s1 s1 s1 s1 b1 b1 b1', ['s1 s1 s1 s1 s1 s1 b1 b1', 's1 s1 s1 b1']],
  // … but never in the place of the first shopper …
  ['s1',             's8 b2 s1',                 ['s8', 's1 b2']],
  ['s1',             's7 b2 b1 s1',              ['s7 s1', 'b2', 'b1']],
  // … and all of it when none wait, nor were here a moment ago.
  ['b1',             'b4 b4 b4',                 ['b4 b4', 'b4']],
  // A larger bulk request passes up turns until they add up to it.
  ['s1',             'b4 s8 s4 s4',              ['s8', 's4 b4', 's4']],
  ['s1',             'b4 s8 s8 s4',              ['s8', 'b4', 's8', 's4']],
  ['s1',             'b8 s8 s8 s8 s8 s8',        ['s8', 's8', 's8', 'b8', 's8', 's8']],
] as const

for (const [now, then, expected] of gatherings) {
  test(`while ${now} runs come ${then || 'none'}`, async () => {
    const { batcher, runs } = manual()
    await submitAll(batcher, now.split(' '))
    const { answers } = await submitAll(batcher, then.split(' ').filter(Boolean))
    assert.deepEqual(
      runs.map(({ words }) => words.join(' ')),
      [now],
      'an idle batcher begins at once with what is there',
    )
    for (const run of runs) await run.finish()
    assert.deepEqual(
      runs.slice(1).map(({ words }) => words.join(' ')),
      expected,
    )
    assert.deepEqual(
      await Promise.all(answers),
      then
        .split(' ')
        .filter(Boolean)
        .map((word) => `did ${word}`),
    )
  })
}

test('with two slots, bulk keeps to its quarter while a shopper is in a run', async () => {
  const { batcher, runs } = manual({ concurrency: 2 })
  await submitAll(batcher, ['s1'])
  await submitAll(batcher, ['b1a', 'b1b', 'b1c', 'b4d'])
  assert.deepEqual(
    runs.map(({ words }) => words.join(' ')),
    ['s1', 'b1a b1b'],
  )
  await must(runs[0], 'the first').finish()
  assert.deepEqual(runs.at(-1)?.words, ['b1c'])
})

test('bulk keeps to its quarter for a moment after the last shopper came, and is never kept from going', async () => {
  let nowMs = 0
  const { batcher, runs, last } = manual({ clock: () => nowMs })
  await submitAll(batcher, ['s1', 'b4a', 'b2b', 'b1c', 'b1d', 'b1e', 'b1f'])
  await last().finish()
  // Larger than the quarter: it goes alone, as there is nobody to go with.
  assert.deepEqual(last().words, ['b4a'])
  nowMs = 249
  await last().finish()
  assert.deepEqual(last().words, ['b2b'])
  nowMs = 250
  await last().finish()
  assert.deepEqual(
    runs.map(({ words }) => words.join(' ')),
    ['s1', 'b4a', 'b2b', 'b1c b1d b1e b1f'],
  )
})

test('as many runs as there are slots, no more', async () => {
  const { batcher, runs } = manual({ concurrency: 3 })
  for (const word of ['s1a', 's1b', 's1c', 's1d', 's1e']) await submitAll(batcher, [word])
  assert.deepEqual(
    runs.map(({ words }) => words.join(' ')),
    ['s1a', 's1b', 's1c'],
  )
  assert.deepEqual(batcher.depth(), { shopper: 2, bulk: 0, running: 3 })
  await must(runs[1], 'the second').finish()
  assert.deepEqual(runs.at(-1)?.words, ['s1d', 's1e'])
})

/** A burst of shoppers at an idle batcher with two slots. */
const bursts = [
  [1, [1]],
  [63, [63]],
  [64, [32, 32]],
  [101, [51, 50]],
] as const

for (const [shoppers, runSizes] of bursts) {
  test(`${shoppers} at once are shared out as ${runSizes.join(' and ')}`, async () => {
    const { batcher, runs } = manual({ concurrency: 2, batchLinesMax: 1_000 })
    await submitAll(
      batcher,
      Array.from({ length: shoppers }, () => 's1'),
    )
    assert.deepEqual(
      runs.map(({ words }) => words.length),
      runSizes,
    )
  })
}

test('the next run is on its way before the answers of the last are given', async () => {
  const order: string[] = []
  const { batcher, runs } = manual({ onBatch: () => {} })
  const {
    answers: [first],
  } = await submitAll(batcher, ['s1a'])
  void first?.then(() => order.push(`answered, ${runs.length} runs begun`))
  await submitAll(batcher, ['s1b'])
  await must(runs[0], 'the first').finish()
  assert.deepEqual(order, ['answered, 2 runs begun'])
})

test('a full lane refuses with the time to wait; the other lane goes on', async () => {
  let nowMs = 0
  const { batcher, last } = manual({ queueMax: 3, clock: () => nowMs, batchLinesMax: 1 })
  await submitAll(batcher, ['s1'])
  nowMs += 1_000
  await last().finish()
  await submitAll(batcher, ['s1', 'b1', 'b1', 'b1'])
  const {
    answers: [refused, taken],
  } = await submitAll(batcher, ['b1', 's1'])
  // One request takes a slot 0.8 × 1 ms + 0.2 × 1000 ms by the moving average; half of three wait before us.
  await assert.rejects(must(refused, 'bulk'), { name: 'QueueFullError', retryAfterMs: 301 })
  for (let run = 0; run < 2; run++) await last().finish()
  assert.equal(await taken, 'did s1')
})

test('a request that waited too long is refused, not begun', async () => {
  let nowMs = 0
  const { batcher, runs, last } = manual({ clock: () => nowMs, waitMaxMs: 100 })
  await submitAll(batcher, ['s1a'])
  const {
    answers: [late],
  } = await submitAll(batcher, ['s1late'])
  nowMs = 101
  const {
    answers: [inTime],
  } = await submitAll(batcher, ['s1b'])
  await last().finish()
  await assert.rejects(must(late, 'the late one'), { name: 'QueueFullError', message: 'waited 100 ms for place' })
  assert.deepEqual(
    runs.map(({ words }) => words),
    [['s1a'], ['s1b']],
  )
  await last().finish()
  assert.equal(await inTime, 'did s1b')
})

test('the same key twice is refused while the first waits or runs, and free again after its answer', async () => {
  const { batcher, last } = manual({ keyOf: (word) => /key(.*)/.exec(word)?.[1] ?? null })
  await submitAll(batcher, ['s1keyA'])
  const {
    answers: [whileRunning, waiting, whileWaiting, other],
  } = await submitAll(batcher, ['s1keyA', 's1keyB', 's1keyB', 's1keyC'])
  await assert.rejects(must(whileRunning, 'A again'), { name: 'DuplicateInFlightError' })
  await assert.rejects(must(whileWaiting, 'B again'), { name: 'DuplicateInFlightError' })
  await last().finish(new BusyError('contended'))
  await last().finish()
  assert.deepEqual(await Promise.all([waiting, other]), ['did s1keyB', 'did s1keyC'])
  const {
    answers: [again],
  } = await submitAll(batcher, ['s1keyA', 's1', 's1'])
  await last().finish()
  assert.equal(await again, 'did s1keyA')
})

/* Who is told what when a run fails. Six requests of one line; `!` marks the one that causes the error. */

// oxfmt-ignore
const faults = [
  // six requests            the error                         told the error       runs
  ['a b c d e f',            null,                             '',                  1],
  ['a b c! d e f',           databaseError('23505'),           'c!',                7],
  ['a! b c d e f',           databaseError('22P05'),           'a!',                5],
  ['a! b c d e! f!',         databaseError('22003'),           'a! e! f!',          9],
  ['a! b! c! d! e! f!',      databaseError('23514'),           'a! b! c! d! e! f!', 11],
  ['a b c d! e f',           new TypeError('a decision threw'), 'd!',               5],
  ['a b c! d e f',           databaseError('42P01'),           'a b c! d e f',      1],
  ['a b c! d e f',           databaseError('53100'),           'a b c! d e f',      1],
  ['a b c! d e f',           databaseError('57014'),           'a b c! d e f',      1],
  ['a b c! d e f',           new BusyError('contended'),       'a b c! d e f',      1],
  ['a b c! d e f',           new DatabaseAwayError('away'),    'a b c! d e f',      1],
] as const

for (const [story, error, told, runCount] of faults) {
  const title = error === null ? 'no error' : `${error.name} ${sqlState(error) ?? ''}`
  test(`${story}: ${title} is told to ${told || 'nobody'}`, async () => {
    let runs = 0
    const batcher = createBatcher<string, string>({
      name: 'place',
      batchLinesMax: 100,
      concurrency: 1,
      queueMax: 100,
      linesOf: () => 1,
      async run(names) {
        runs++
        await Promise.resolve()
        if (error !== null && names.some((name) => name.endsWith('!'))) throw error
        return names.map((name) => `did ${name}`)
      },
    })
    const names = story.split(' ')
    const answers = await Promise.allSettled(names.map((name) => batcher.submit(name, { lane: 'shopper' })))
    const failed = names.filter((_, index) => answers[index]?.status === 'rejected')
    assert.equal(failed.join(' '), told)
    for (const [index, answer] of answers.entries()) {
      if (answer.status === 'rejected') assert.equal(answer.reason, error)
      else assert.equal(answer.value, `did ${must(names[index], 'a name')}`)
    }
    assert.equal(runs, runCount)
  })
}

/** What becomes of a batch when its commit was unknown; each word is the fate of one more run. */
// oxfmt-ignore
const settlements = [
  // fates of the runs                     answer
  ['unknown done',                         'outcome'],
  ['unknown away busy unknown done',       'outcome'],
  ['unknown away away away away away',     'CommitUnknownError'],
  ['unknown broken',                       'InvalidPlan'],
] as const

for (const [fates, answer] of settlements) {
  test(`an unknown commit is settled with the same requests: ${fates}`, { timeout: 20_000 }, async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] })
    const errors: Record<string, Error> = {
      unknown: new CommitUnknownError('cut'),
      away: new DatabaseAwayError('away'),
      busy: new BusyError('busy'),
      broken: databaseError('42601'),
    }
    const seen: { names: readonly string[]; settle: boolean }[] = []
    const left = fates.split(' ')
    const batcher = createBatcher<string, string>({
      name: 'place',
      batchLinesMax: 100,
      concurrency: 1,
      queueMax: 100,
      linesOf: () => 1,
      async run(names, { settle }) {
        seen.push({ names, settle })
        const error = errors[must(left.shift(), 'a fate')]
        if (error !== undefined) throw error
        return names.map((name) => `did ${name}`)
      },
    })
    let isAnswered = false
    const answering = Promise.allSettled(['a', 'b'].map((name) => batcher.submit(name, { lane: 'shopper' }))).finally(
      () => {
        isAnswered = true
      },
    )
    while (!isAnswered) {
      await turn()
      t.mock.timers.tick(2_500)
    }
    for (const [index, result] of (await answering).entries()) {
      if (answer === 'outcome') assert.deepEqual(result, { status: 'fulfilled', value: `did ${'ab'.charAt(index)}` })
      else
        assert.equal(
          result.status === 'rejected' && result.reason,
          answer === 'InvalidPlan' ? errors['broken'] : errors['unknown'],
        )
    }
    assert.deepEqual(
      seen,
      fates.split(' ').map((_, index) => ({ names: ['a', 'b'], settle: index > 0 })),
    )
    assert.deepEqual(left, [])
  })
}

test('a poison request among unsettled ones: the others are settled, it alone fails', async () => {
  const seen: string[] = []
  const batcher = createBatcher<string, string>({
    name: 'place',
    batchLinesMax: 100,
    concurrency: 1,
    queueMax: 100,
    linesOf: () => 1,
    async run(names, { settle }) {
      seen.push(`${names.join('')}${settle ? ' again' : ''}`)
      if (!settle) throw new CommitUnknownError('cut')
      if (names.includes('x')) throw databaseError('23514')
      return names.map((name) => `did ${name}`)
    },
  })
  const answers = await Promise.allSettled(['a', 'x', 'b'].map((name) => batcher.submit(name, { lane: 'shopper' })))
  assert.deepEqual(
    answers.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
  )
  assert.deepEqual(seen, ['axb', 'axb again', 'a again', 'xb again', 'x again', 'b again'])
})

test('answers that do not match the requests are an error of all, and nothing is run again', async () => {
  let runs = 0
  const batcher = createBatcher<string, string>({
    name: 'place',
    batchLinesMax: 100,
    concurrency: 1,
    queueMax: 100,
    linesOf: () => 1,
    async run() {
      runs++
      return ['only one']
    },
  })
  const answers = await Promise.allSettled(['a', 'b'].map((name) => batcher.submit(name, { lane: 'shopper' })))
  assert.ok(answers.every((answer) => answer.status === 'rejected' && /answered 1 of 2/.test(answer.reason.message)))
  assert.equal(runs, 1)
})

test('a run belongs to no request’s async context', async () => {
  const context = new AsyncLocalStorage<string>()
  const seen: (string | undefined)[] = []
  const batcher = createBatcher<string, string>({
    name: 'place',
    batchLinesMax: 1,
    concurrency: 1,
    queueMax: 100,
    linesOf: () => 1,
    async run(names) {
      seen.push(context.getStore())
      return names
    },
  })
  await Promise.all(
    ['a', 'b'].map((name) =>
      context.run(name, async () => {
        await batcher.submit(name, { lane: 'shopper' })
        assert.equal(context.getStore(), name)
      }),
    ),
  )
  assert.deepEqual(seen, [undefined, undefined])
})

test('drained waits for what runs and for what waits', async () => {
  const { batcher, last } = manual()
  await batcher.drained()
  await submitAll(batcher, ['s1', 's1'])
  await submitAll(batcher, ['s1'])
  let isDrained = false
  const draining = batcher.drained().then(() => {
    isDrained = true
  })
  await last().finish()
  assert.equal(isDrained, false)
  await last().finish()
  await draining
  assert.deepEqual(batcher.depth(), { shopper: 0, bulk: 0, running: 0 })
})

test('whatever comes, in whatever order: each is answered once, batches keep their bounds', async (t) => {
  const seed = Number(process.env['SEED'] ?? 20_261_122)
  t.diagnostic(`seed ${seed}`)
  const request = fc.record({
    lane: fc.constantFrom<Lane>('shopper', 'bulk'),
    lines: fc.integer({ min: 1, max: 12 }),
    isPoison: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
    pause: fc.integer({ min: 0, max: 2 }),
  })
  await fc.assert(
    fc.asyncProperty(
      fc.array(request, { minLength: 1, maxLength: 60 }),
      fc.record({ batchLinesMax: fc.integer({ min: 4, max: 16 }), concurrency: fc.integer({ min: 1, max: 3 }) }),
      async (requests, { batchLinesMax, concurrency }) => {
        type Numbered = (typeof requests)[number] & { readonly number: number }
        let running = 0
        const done = new Map<number, number>()
        const begun: Record<Lane, number[]> = { shopper: [], bulk: [] }
        const batches: FinishedBatch[] = []
        const batcher = createBatcher<Numbered, number>({
          name: 'any',
          batchLinesMax,
          concurrency,
          queueMax: 1_000,
          linesOf: ({ lines }) => lines,
          onBatch: (batch) => void batches.push(batch),
          async run(items) {
            assert.ok(++running <= concurrency, 'too many runs')
            const lines = items.reduce((sum, item) => sum + item.lines, 0)
            assert.ok(items.length === 1 || lines <= batchLinesMax, 'too many lines')
            const bulkLines = items.filter(({ lane }) => lane === 'bulk').reduce((sum, item) => sum + item.lines, 0)
            const bulkCount = items.filter(({ lane }) => lane === 'bulk').length
            const share = Math.max(1, Math.floor(batchLinesMax / 4))
            if (bulkCount < items.length && bulkCount > 1)
              assert.ok(bulkLines <= share, 'too much bulk beside shoppers')
            for (const { lane, number } of items) if (!begun[lane].includes(number)) begun[lane].push(number)
            await turn()
            running--
            if (items.some(({ isPoison }) => isPoison)) throw databaseError('23505')
            for (const { number } of items) done.set(number, (done.get(number) ?? 0) + 1)
            return items.map(({ number }) => number)
          },
        })
        const answers: Promise<number>[] = []
        for (const [number, item] of requests.entries()) {
          for (let hop = 0; hop < item.pause; hop++) await new Promise((resolve) => setImmediate(resolve))
          answers.push(batcher.submit({ ...item, number }, { lane: item.lane }))
          answers.at(-1)?.catch(() => {})
        }
        for (const [number, answer] of (await Promise.allSettled(answers)).entries()) {
          const isPoison = must(requests[number], 'a request').isPoison
          assert.deepEqual([answer.status, done.get(number) ?? 0], isPoison ? ['rejected', 0] : ['fulfilled', 1])
          if (answer.status === 'fulfilled') assert.equal(answer.value, number)
        }
        for (const order of Object.values(begun))
          assert.deepEqual(
            order,
            order.toSorted((a, b) => a - b),
            'first come, first served',
          )
        await turn()
        assert.equal(
          batches.reduce((sum, { requestCount }) => sum + requestCount, 0),
          requests.length,
        )
        assert.equal(
          batches.reduce((sum, { failedCount }) => sum + failedCount, 0),
          requests.filter(({ isPoison }) => isPoison).length,
        )
        assert.deepEqual(batcher.depth(), { shopper: 0, bulk: 0, running: 0 })
      },
    ),
    { seed, numRuns: 150 },
  )
})
