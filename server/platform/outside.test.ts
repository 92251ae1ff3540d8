import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { test } from 'node:test'
import { InvariantError } from '../kernel/invariant.ts'
import { assertOutsideTransaction, runInsideTransactionScope } from './outside.ts'

type Where = 'outside' | 'inside'

function where(): Where {
  try {
    assertOutsideTransaction('psp.authorise')
    return 'outside'
  } catch (error) {
    assert.ok(error instanceof InvariantError)
    assert.match(error.message, /^psp\.authorise is an outside call/)
    return 'inside'
  }
}

test('outside of any transaction a partner may be called', () => assert.equal(where(), 'outside'))

test('inside, at every point of the work, it may not', async () => {
  const seen: Where[] = []
  await runInsideTransactionScope(async () => {
    seen.push(where())
    await nextTurn()
    seen.push(where())
    await Promise.all([1, 2].map(async () => seen.push(where())))
    await new Promise<void>((resolve) => {
      setTimeout(() => {
        seen.push(where())
        resolve()
      }, 1)
    })
  })
  assert.deepEqual(seen, Array(5).fill('inside'))
  assert.equal(where(), 'outside')
})

test('a promise that nobody awaits is inside for as long as the transaction is open, and outside afterwards', async () => {
  const gate = Promise.withResolvers<void>()
  const seen: Where[] = []
  let detached: Promise<void> | undefined
  await runInsideTransactionScope(async () => {
    detached = (async () => {
      await nextTurn()
      seen.push(where())
      await gate.promise
      seen.push(where())
    })()
    await nextTurn()
    await nextTurn()
  })
  gate.resolve()
  await detached
  assert.deepEqual(seen, ['inside', 'outside'])
})

test('two requests at once: the one without a transaction is not taken for the other', async () => {
  const opened = Promise.withResolvers<void>()
  const done = Promise.withResolvers<void>()
  const inTransaction = runInsideTransactionScope(async () => {
    opened.resolve()
    await done.promise
    return where()
  })
  await opened.promise
  assert.equal(where(), 'outside')
  done.resolve()
  assert.equal(await inTransaction, 'inside')
})

test('who waits outside for something a transaction resolves stays outside', async () => {
  const answer = Promise.withResolvers<string>()
  const waiter = (async () => {
    await answer.promise
    return where()
  })()
  await runInsideTransactionScope(async () => {
    answer.resolve('placed')
    await nextTurn()
    assert.equal(await waiter, 'outside')
  })
})

test('a listener called from inside is inside', async () => {
  const bus = new EventEmitter()
  const seen: Where[] = []
  bus.on('changed', () => seen.push(where()))
  await runInsideTransactionScope(async () => {
    bus.emit('changed')
  })
  bus.emit('changed')
  assert.deepEqual(seen, ['inside', 'outside'])
})

test('a transaction that throws is over too', async () => {
  let later: (() => Where) | undefined
  await assert.rejects(
    runInsideTransactionScope(async () => {
      later = () => where()
      throw new Error('constraint')
    }),
    /constraint/,
  )
  assert.equal(where(), 'outside')
  assert.equal(later?.(), 'outside')
})

test('a second transaction within the first: inside until the outer one ends', async () => {
  await runInsideTransactionScope(async () => {
    await runInsideTransactionScope(async () => assert.equal(where(), 'inside'))
    assert.equal(where(), 'inside')
  })
  assert.equal(where(), 'outside')
})

test('an inner transaction left running: its context still sees the outer one', async () => {
  const seen: Where[] = []
  await runInsideTransactionScope(async () => {
    let inner: Promise<void> | undefined
    await runInsideTransactionScope(async () => {
      inner = nextTurn().then(() => void seen.push(where()))
    })
    await inner
  })
  assert.deepEqual(seen, ['inside'])
})
