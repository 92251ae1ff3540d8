import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { addMs, DAY_MS, type Instant } from '../../kernel/time.ts'
import { decideSuccess, decideThrottle, type Throttle } from './decide-throttle.ts'

const start = 1_800_000_000_000 as Instant
const nothing: Throttle = { failures: 0, blockedUntil: start, countedAt: start }

// oxfmt-ignore
const pauses = [
  // kind        failures before   pause after the next one, s
  ['account',    0,                0],
  ['account',    3,                0],
  ['account',    4,                1],
  ['account',    5,                2],
  ['account',    6,                4],
  ['account',    13,               512],
  ['account',    14,               900],
  ['account',    1_000_000,        900],
  ['address',    4,                0],
  ['address',    98,               0],
  ['address',    99,               1],
  ['address',    109,              900],
] as const

for (const [kind, failures, pauseS] of pauses) {
  test(`after ${failures} failures of an ${kind} another one costs ${pauseS} s`, () => {
    const decision = decideThrottle(kind, { ...nothing, failures }, start)
    assert.ok(decision.kind === 'go_on')
    assert.equal(decision.counted.blockedUntil - start, pauseS * 1_000)
    assert.equal(decision.counted.failures, failures + 1)
  })
}

test('who is told to wait may go on exactly then, and is told how long', () => {
  const blocked = { ...nothing, failures: 9, blockedUntil: addMs(start, 4_000) }
  assert.deepEqual(decideThrottle('account', blocked, addMs(start, 1_000)), { kind: 'wait', retryAfterMs: 3_000 })
  assert.equal(decideThrottle('account', blocked, addMs(start, 3_999)).kind, 'wait')
  assert.equal(decideThrottle('account', blocked, addMs(start, 4_000)).kind, 'go_on')
})

test('a day without a failure forgets them all', () => {
  const before = { ...nothing, failures: 40 }
  const soon = decideThrottle('account', before, addMs(start, DAY_MS))
  const later = decideThrottle('account', before, addMs(start, DAY_MS + 1))
  assert.ok(soon.kind === 'go_on' && later.kind === 'go_on')
  assert.deepEqual([soon.counted.failures, later.counted.failures], [41, 1])
})

test('of an address a failure is forgotten every nine seconds, however close they come', () => {
  let throttle = { ...nothing, failures: 50 }
  let at = start
  for (let second = 0; second < 90; second += 5) {
    at = addMs(start, second * 1_000)
    const decision = decideThrottle('address', throttle, at)
    assert.ok(decision.kind === 'go_on')
    throttle = decision.counted
  }
  // Eighteen came, nine leaked.
  assert.equal(throttle.failures, 50 + 18 - 9)
  const quiet = decideThrottle('address', throttle, addMs(at, 15 * 60_000))
  assert.equal(quiet.kind === 'go_on' && quiet.counted.failures, 1)
})

test('a success clears the account and takes one back from the address', () => {
  const counted = { ...nothing, failures: 7, blockedUntil: addMs(start, 4_000) }
  assert.deepEqual(decideSuccess('account', counted), { ...nothing, failures: 0 })
  assert.deepEqual(decideSuccess('address', counted), { ...nothing, failures: 6 })
})

test('whoever guesses all day at one account gets 106 guesses at most', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 120_000 }), { minLength: 100, maxLength: 400 }), (pausesMs) => {
      let throttle = nothing
      let at = start
      let guesses = 0
      for (let turn = 0; at - start < DAY_MS; turn++) {
        const decision = decideThrottle('account', throttle, at)
        if (decision.kind === 'wait') {
          at = addMs(at, decision.retryAfterMs)
        } else {
          throttle = decision.counted
          guesses++
        }
        at = addMs(at, pausesMs[turn % pausesMs.length] ?? 0)
      }
      assert.ok(guesses <= 106, `${guesses} guesses`)
    }),
    { seed: 20_261_122, numRuns: 200 },
  )
})
