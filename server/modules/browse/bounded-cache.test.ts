import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BoundedCache } from './bounded-cache.ts'

test('what is asked for again and again stays, whatever else comes by', () => {
  const cache = new BoundedCache<string, number>({ weightMax: 10 })
  cache.set('hot', 0)
  for (let n = 1; n <= 1_000; n++) {
    cache.set(`once ${n}`, n)
    assert.equal(cache.get('hot'), 0)
    assert.ok(cache.size <= 11, `${cache.size} entries`)
  }
  assert.equal(cache.get('once 1'), undefined)
  assert.equal(cache.get('once 1000'), 1_000)
})

test('a value counts with its weight', () => {
  const cache = new BoundedCache<string, string>({ weightMax: 100, weightOf: (text) => text.length })
  for (let n = 0; n < 50; n++) cache.set(`small ${n}`, 'x')
  assert.equal(cache.size, 50)
  for (let n = 0; n < 20; n++) cache.set(`large ${n}`, 'x'.repeat(40))
  assert.ok(cache.size <= 3, `${cache.size} entries`)
})

test('a replaced value is gone, and its weight with it', () => {
  const cache = new BoundedCache<string, string>({ weightMax: 100, weightOf: (text) => text.length })
  cache.set('other', 'x'.repeat(20))
  for (let n = 0; n < 100; n++) cache.set('same', `${n}`.padStart(20))
  assert.equal(cache.get('same'), '99'.padStart(20))
  assert.equal(cache.get('other'), 'x'.repeat(20), 'nothing but a hundred versions of one value came by')
})

test('everything that is let go is told, once; what is kept or was replaced is not', () => {
  const evicted: number[] = []
  const cache = new BoundedCache<number, number>({ weightMax: 10, onEvicted: (value) => void evicted.push(value) })
  for (let n = 0; n < 100; n++) cache.set(n, n)
  const kept = Array.from({ length: 100 }, (_, n) => n).filter((n) => cache.get(n) !== undefined)
  assert.deepEqual(new Set([...evicted, ...kept]).size, 100)
  assert.equal(evicted.length + kept.length, 100)
})
