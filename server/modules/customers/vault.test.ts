import assert from 'node:assert/strict'
import { createSecretKey, randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { makeDataKey, open, seal, unwrapDataKey } from './vault.ts'

const key = createSecretKey(randomBytes(32))
const text = Buffer.from('{"name":"Ada"}')

test('what was sealed opens with the same key and binding only', () => {
  const sealed = seal(key, text, 'contact|1')
  assert.deepEqual(open(key, sealed, 'contact|1'), text)
  assert.throws(() => open(key, sealed, 'contact|2'))
  assert.throws(() => open(createSecretKey(randomBytes(32)), sealed, 'contact|1'))
  for (let at = 0; at < sealed.byteLength; at++) {
    const flipped = Buffer.from(sealed)
    flipped.writeUInt8(flipped.readUInt8(at) ^ 1, at)
    assert.throws(() => open(key, flipped, 'contact|1'), `byte ${at}`)
    assert.throws(() => open(key, sealed.subarray(0, at), 'contact|1'), `cut off at ${at}`)
  }
})

test('a data key comes back from its wrapping, for the person it was made for', () => {
  const { dataKey, wrapped } = makeDataKey(key, 'data key|1')
  const sealed = seal(dataKey, text, 'contact|1')
  assert.deepEqual(open(unwrapDataKey(key, wrapped, 'data key|1'), sealed, 'contact|1'), text)
  assert.throws(() => unwrapDataKey(key, wrapped, 'data key|2'))
  assert.ok(!wrapped.includes(dataKey.export()), 'the key stands nowhere in its wrapping')
})

test('ten thousand nonces and data keys, drawn in turn from one pool, are all different', () => {
  const seen = new Set<string>()
  for (let count = 0; count < 10_000; count++) {
    const { dataKey, wrapped } = makeDataKey(key, '')
    seen.add(dataKey.export().toString('hex')).add(wrapped.subarray(0, 12).toString('hex'))
    seen.add(seal(key, text, '').subarray(0, 12).toString('hex'))
  }
  assert.equal(seen.size, 30_000)
})
