import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openRateLimit } from './rate-limit.ts'

test('each key has its own count, and every second a new one', () => {
  const limit = openRateLimit(2)
  const rows: readonly [at: number, key: string, left: number][] = [
    [0, 'a', 1],
    [10, 'a', 0],
    [20, 'a', -1],
    [20, 'b', 1],
    [999, 'a', -2],
    [1_000, 'a', 1],
    [1_001, 'b', 1],
    [5_000, 'a', 1],
  ]
  for (const [at, key, left] of rows) assert.equal(limit.take(key, at), left, `${key} at ${at}`)
  assert.equal(limit.policy, '"key";q=2;w=1')
})

test('zero is no limit', () => {
  const limit = openRateLimit(0)
  assert.equal(limit.take('a', 0), Number.POSITIVE_INFINITY)
})
