import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { eachAtOnce } from './each-at-once.ts'

for (const atOnce of [1, 2, 3, 20]) {
  test(`ten items, ${atOnce} at once: each once, in their order, never more under way`, async () => {
    const begun: number[] = []
    let underWay = 0
    let underWayMost = 0
    await eachAtOnce(Array(10).keys(), atOnce, async (item) => {
      begun.push(item)
      underWayMost = Math.max(underWayMost, ++underWay)
      for (let turns = item % 3; turns >= 0; turns--) await turn()
      underWay--
    })
    assert.deepEqual(begun, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    assert.equal(underWayMost, Math.min(atOnce, 10))
  })
}

test('after a failure no more are begun, and what was begun is waited for', async () => {
  const done: number[] = []
  const failing = eachAtOnce(Array(10).keys(), 3, async (item) => {
    await turn()
    if (item === 1) throw new Error('the second')
    if (item === 2) throw new Error('the third')
    for (let turns = 0; turns < 5; turns++) await turn()
    done.push(item)
  })
  await assert.rejects(failing, { message: 'the second' })
  assert.deepEqual(done, [0])
})
