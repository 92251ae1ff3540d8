import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { base62, hashApiKey, hintOf, isApiKeyText, makeApiKey } from './api-key.ts'

test('keys are told apart by their beginning and look like keys', () => {
  const [publishable, secret, partner] = [makeApiKey('publishable'), makeApiKey('secret'), makeApiKey('partner')]
  assert.match(publishable, /^wb_pk_[0-9A-Za-z]{43}$/)
  assert.match(secret, /^wb_sk_[0-9A-Za-z]{43}$/)
  assert.match(partner, /^wb_lk_[0-9A-Za-z]{43}$/)
  for (const key of [publishable, secret, partner]) assert.ok(isApiKeyText(key))
})

const key = makeApiKey('secret')
const notKeys = [
  '',
  'wb_sk_',
  `${key}a`,
  key.slice(0, -1),
  ` ${key}`,
  `${key}\n`,
  key.replace('wb_sk_', 'WB_SK_'),
  key.replace('wb_sk_', 'wb_xk_'),
  key.slice(0, -1) + '-',
  'a'.repeat(1_000_000),
]
for (const text of notKeys) {
  test(`${JSON.stringify(text.slice(0, 60))} (${text.length} characters) is not looked up`, () => {
    assert.ok(!isApiKeyText(text))
  })
}

const base62Rows = [
  ['00'.repeat(32), '0'.repeat(43)],
  ['00'.repeat(31) + '3d', '0'.repeat(42) + 'z'],
  ['00'.repeat(31) + '3e', '0'.repeat(41) + '10'],
] as const
test('base 62 keeps all 256 bits: every value has 43 characters of its own', () => {
  for (const [hex, expected] of base62Rows) assert.equal(base62(Buffer.from(hex, 'hex')), expected)
  const read = (text: string): bigint => {
    let value = 0n
    for (const letter of text) {
      value = value * 62n + BigInt('0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'.indexOf(letter))
    }
    return value
  }
  const seed = 20261122
  console.log(`seed ${seed}`)
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (bytes) => {
      const text = base62(bytes)
      return text.length === 43 && read(text) === BigInt(`0x${Buffer.from(bytes).toString('hex')}`)
    }),
    { seed, examples: [[new Uint8Array(32).fill(255)], [new Uint8Array(32)]] },
  )
})

test('a key is kept as its SHA-256 and shown as a hint', () => {
  const known = `wb_sk_${'0'.repeat(39)}x7Qd`
  assert.equal(hashApiKey('abc'), 'ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=')
  assert.equal(hintOf(known), 'wb_sk_…x7Qd')
})
