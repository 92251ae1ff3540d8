import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { startTicker } from './ticker.ts'

const quiet = (): void => {}

test('ticks at once and then at its period, never two runs at a time', async () => {
  let running = 0
  const beganAt: number[] = []
  const ticker = startTicker({
    name: 'seal',
    everyMs: 60,
    onError: quiet,
    async run() {
      assert.equal(++running, 1)
      beganAt.push(performance.now())
      // The second run takes longer than a period.
      await sleep(beganAt.length === 2 ? 100 : 5)
      running--
    },
  })
  await sleep(400)
  await ticker.stop()
  const gaps = beganAt.slice(1).map((at, index) => at - (beganAt[index] ?? 0))
  assert.ok(beganAt.length >= 4 && beganAt.length <= 7, `${beganAt.length} runs`)
  assert.ok(
    gaps.every((gap, index) => gap >= (index === 1 ? 95 : 55)),
    String(gaps),
  )
})

test('an error is told and does not end it', async () => {
  const errors: string[] = []
  let runs = 0
  const ticker = startTicker({
    name: 'sweep',
    everyMs: 10,
    onError: (error, name) => void errors.push(`${name}: ${(error as Error).message}`),
    run: async () => {
      if (++runs % 2 === 1) throw new Error('away')
    },
  })
  assert.equal(ticker.idleMs(), null)
  await sleep(100)
  await ticker.stop()
  assert.ok(runs >= 3 && errors.length >= 2 && errors.every((error) => error === 'sweep: away'))
  assert.ok((ticker.idleMs() ?? Infinity) < 1_000)
})

test('only the leader works; one that loses the lead stops, one that gains it begins', async () => {
  let isHeld = false
  let runs = 0
  const ticker = startTicker({
    name: 'sweep',
    everyMs: 10,
    leader: { isHeld: () => isHeld },
    onError: quiet,
    run: async () => void runs++,
  })
  await sleep(50)
  assert.equal(runs, 0)
  isHeld = true
  await sleep(80)
  assert.ok(runs >= 2)
  isHeld = false
  await sleep(30)
  const before = runs
  await sleep(50)
  assert.equal(runs, before)
  assert.equal(ticker.idleMs(), null, 'nothing is expected of a process that does not lead')
  await ticker.stop()
})

test('stopping waits for the run in hand and cuts the pause short', async () => {
  const release = Promise.withResolvers<void>()
  let hasEnded = false
  const ticker = startTicker({
    name: 'sweep',
    everyMs: 60_000,
    onError: quiet,
    async run() {
      await release.promise
      hasEnded = true
    },
  })
  await sleep(10)
  const stopping = ticker.stop()
  await sleep(10)
  assert.equal(hasEnded, false)
  release.resolve()
  await stopping
  assert.equal(hasEnded, true)
  const began = performance.now()
  const resting = startTicker({ name: 'rest', everyMs: 60_000, onError: quiet, run: async () => {} })
  await sleep(10)
  await resting.stop()
  assert.ok(performance.now() - began < 1_000)
})
