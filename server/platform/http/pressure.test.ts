import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openPressure } from './pressure.ts'

const limits = { readsInFlightMax: 2, inFlightMax: 4, readsLagMaxMs: 50, lagMaxMs: 200 }

test('reads are turned away before writes', () => {
  const pressure = openPressure(limits, () => performance.now())
  const rows: readonly [inFlight: number, reads: boolean, writes: boolean][] = [
    [0, false, false],
    [2, false, false],
    [3, true, false],
    [4, true, false],
    [5, true, true],
  ]
  for (const [inFlight, reads, writes] of rows) {
    pressure.inFlight = inFlight
    assert.deepEqual([pressure.refuses(true), pressure.refuses(false)], [reads, writes], `${inFlight} in flight`)
  }
  pressure.close()
})

test('a late event loop is noticed, and its recovery too', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  let now = 0
  const pressure = openPressure(limits, () => now)
  const sampleAt = (at: number): void => {
    now = at
    t.mock.timers.tick(100)
  }
  sampleAt(100)
  assert.deepEqual([pressure.refuses(true), pressure.refuses(false)], [false, false])
  sampleAt(300)
  assert.deepEqual([pressure.refuses(true), pressure.refuses(false)], [true, false])
  sampleAt(800)
  assert.deepEqual([pressure.refuses(true), pressure.refuses(false)], [true, true])
  sampleAt(900)
  assert.deepEqual([pressure.refuses(true), pressure.refuses(false)], [false, false])
  pressure.close()
})
