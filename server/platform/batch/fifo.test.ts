import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Fifo } from './fifo.ts'

test('behaves as an array that is pushed and shifted, past the point where it makes room', () => {
  const step = fc.record({ push: fc.integer({ min: 0, max: 900 }), shift: fc.integer({ min: 0, max: 900 }) })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
      const fifo = new Fifo<number>()
      const model: number[] = []
      let next = 0
      for (const { push, shift } of steps) {
        for (let count = 0; count < push; count++) {
          fifo.push(next)
          model.push(next++)
        }
        for (let count = 0; count < shift; count++) {
          assert.equal(fifo.first, model[0])
          assert.equal(fifo.shift(), model.shift())
        }
        assert.equal(fifo.length, model.length)
      }
    }),
    { seed: 20_261_122, numRuns: 100 },
  )
})
