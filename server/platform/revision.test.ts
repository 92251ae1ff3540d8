import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Queryable } from './db.ts'
import { RevisionedMap } from './revision.ts'

const nothing = { rows: async () => [], execute: async () => 0 }
/** What a pool of connections and a transaction are told apart by. */
const pool = { ...nothing, inTransaction: () => assert.fail('a cache only reads') } as Queryable
const tx = nothing as Queryable

interface Asked {
  readonly keys: readonly string[]
  answer(text: string): Promise<void>
  fail(): Promise<void>
}

/** A cache whose loads wait for the test to answer them: with the key and a text. */
function openMap() {
  const asked: Asked[] = []
  const map = new RevisionedMap<string, string>({
    entriesMax: 100,
    changedSince: async () => ['a', 'b', 'c', 'd'],
    load(_, keys) {
      const loaded = Promise.withResolvers<Map<string, string>>()
      asked.push({
        keys,
        async answer(text) {
          loaded.resolve(new Map(keys.filter((key) => key !== 'none').map((key) => [key, `${key}${text}`])))
          await nextTurn()
        },
        async fail() {
          loaded.reject(new Error('away'))
          await nextTurn()
        },
      })
      return loaded.promise
    },
  })
  const read = async (source: Queryable, revision: bigint, keys: readonly string[]) => [
    ...(await map.at(source, revision, keys)).values(),
  ]
  return { asked, read, keysAsked: () => asked.map(({ keys }) => keys.toSorted().join('')) }
}

test('what many miss at once is one question, and nobody asks for what is on its way', async () => {
  const { asked, read, keysAsked } = openMap()
  const readers = [read(pool, 1n, ['a', 'b']), read(pool, 1n, ['b', 'c']), read(pool, 1n, ['a'])]
  await nextTurn()
  assert.deepEqual(keysAsked(), ['abc'])
  readers.push(read(pool, 1n, ['c', 'd']))
  await nextTurn()
  assert.deepEqual(keysAsked(), ['abc', 'd'])
  await asked[0]?.answer('1')
  await asked[1]?.answer('1')
  assert.deepEqual(await Promise.all(readers), [['a1', 'b1'], ['b1', 'c1'], ['a1'], ['c1', 'd1']])
  assert.deepEqual(await read(pool, 1n, ['a', 'd']), ['a1', 'd1'])
  assert.equal(asked.length, 2)
})

test('while two questions are under way others gather for the third', async () => {
  const { asked, read, keysAsked } = openMap()
  const readers: Promise<string[]>[] = []
  for (const key of ['a', 'b', 'c', 'd', 'e']) {
    readers.push(read(pool, 1n, [key]))
    await nextTurn()
  }
  assert.deepEqual(keysAsked(), ['a', 'b'])
  await asked[0]?.answer('1')
  assert.deepEqual(keysAsked(), ['a', 'b', 'cde'])
  await asked[1]?.answer('1')
  await asked[2]?.answer('1')
  assert.deepEqual((await Promise.all(readers)).flat(), ['a1', 'b1', 'c1', 'd1', 'e1'])
})

test('who asks for a newer revision does not join a question of before, and what was before is not kept', async () => {
  const { asked, read, keysAsked } = openMap()
  const before = read(pool, 1n, ['a'])
  await nextTurn()
  const after = read(pool, 2n, ['a'])
  await nextTurn()
  assert.deepEqual(keysAsked(), ['a', 'a'])
  await asked[1]?.answer('2')
  await asked[0]?.answer('1')
  assert.deepEqual([await before, await after], [['a1'], ['a2']])
  assert.deepEqual(await read(pool, 2n, ['a']), ['a2'])
})

test('a transaction asks by itself: it may have changed what it reads', async () => {
  const { asked, read, keysAsked } = openMap()
  const readers = [read(pool, 1n, ['a']), read(tx, 1n, ['a'])]
  await nextTurn()
  assert.deepEqual(keysAsked(), ['a', 'a'])
  await asked[0]?.answer(' of the transaction or not')
  await asked[1]?.answer(' of the transaction or not')
  assert.equal((await Promise.all(readers)).flat().length, 2)
})

test('a question that fails fails for all who joined it, and is asked anew by the next', async () => {
  const { asked, read } = openMap()
  const readers = Promise.allSettled([read(pool, 1n, ['a']), read(pool, 1n, ['a', 'b'])])
  await nextTurn()
  await asked[0]?.fail()
  assert.deepEqual(
    (await readers).map(({ status }) => status),
    ['rejected', 'rejected'],
  )
  const again = read(pool, 1n, ['a'])
  await nextTurn()
  await asked[1]?.answer('1')
  assert.deepEqual(await again, ['a1'])
})

test('what does not exist is asked for once', async () => {
  const { asked, read } = openMap()
  const first = read(pool, 1n, ['none'])
  await nextTurn()
  await asked[0]?.answer('1')
  assert.deepEqual(await first, [])
  assert.deepEqual(await read(pool, 1n, ['none']), [])
  assert.equal(asked.length, 1)
})

test('a transaction does not wait for what a reader of the pool asks: that one may wait for a connection', async () => {
  const free = Promise.withResolvers<void>()
  const map = new RevisionedMap<string, string>({
    entriesMax: 100,
    async changedSince(source) {
      if (source === pool) await free.promise
      return ['a']
    },
    load: async (source, keys) => new Map(keys.map((key) => [key, source === pool ? 'pool' : 'tx'])),
  })
  assert.deepEqual(await map.at(pool, 1n, ['a']), new Map([['a', 'pool']]))
  const late = map.at(pool, 2n, ['a'])
  assert.deepEqual(await map.at(tx, 3n, ['a']), new Map([['a', 'tx']]))
  free.resolve()
  assert.deepEqual(await late, new Map([['a', 'pool']]))
  // What the late reader kept is of revision 3: nothing older came back with it.
  assert.deepEqual(await map.at(pool, 3n, ['a']), new Map([['a', 'pool']]))
})
