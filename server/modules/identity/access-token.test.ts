import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { newId } from '../../kernel/id.ts'
import { InvariantError } from '../../kernel/invariant.ts'
import { openAccessTokens, type MasterKey } from './access-token.ts'

const first: MasterKey = { version: 1, secret: randomBytes(32) }
const second: MasterKey = { version: 2, secret: randomBytes(32) }
const tokens = openAccessTokens([first])
const cartId = newId<'cart'>()
const orderId = newId<'order'>()
const token = tokens.makeAccessToken('cart', cartId)

test('a token opens what it was made for, and is the same whenever it is made', () => {
  assert.match(token, /^1\.[\w-]{43}$/)
  assert.equal(tokens.makeAccessToken('cart', cartId), token)
  assert.ok(tokens.verifyAccessToken('cart', cartId, token))
})

test('it opens nothing else', () => {
  assert.ok(!tokens.verifyAccessToken('cart', newId(), token), 'another cart')
  const sameId = cartId as string as typeof orderId
  assert.ok(!tokens.verifyAccessToken('order', sameId, token), 'an order with the same id')
  const otherHouse = openAccessTokens([{ ...first, secret: randomBytes(32) }])
  assert.ok(!otherHouse.verifyAccessToken('cart', cartId, token), 'another house')
  assert.ok(!openAccessTokens([{ ...first, version: 2 }]).verifyAccessToken('cart', cartId, `2${token.slice(1)}`))
})

test('every changed character closes it', () => {
  for (let at = 0; at < token.length; at++) {
    const changed = token.slice(0, at) + (token[at] === 'A' ? 'B' : 'A') + token.slice(at + 1)
    assert.ok(!tokens.verifyAccessToken('cart', cartId, changed), `at ${at}`)
  }
})

const malformed = [
  '',
  '1',
  '1.',
  '.',
  `1.${'A'.repeat(42)}`,
  `${token}A`,
  `01${token.slice(1)}`,
  `1e0${token.slice(1)}`,
  `1.${'é'.repeat(43)}`,
]
for (const text of malformed) {
  test(`"${text}" is refused without an error`, () => assert.ok(!tokens.verifyAccessToken('cart', cartId, text)))
}

test('a new master key makes new tokens, the old ones open until theirs is taken away', () => {
  const both = openAccessTokens([first, second])
  assert.match(both.makeAccessToken('order', orderId), /^2\./)
  assert.ok(both.verifyAccessToken('cart', cartId, token))
  assert.ok(both.verifyAccessToken('order', orderId, both.makeAccessToken('order', orderId)))
  assert.ok(!openAccessTokens([second]).verifyAccessToken('cart', cartId, token))
})

test('no key, a short key and two keys of one version are refused at start', () => {
  const short = { version: 1, secret: randomBytes(31) }
  for (const keys of [[], [short], [first, { ...second, version: 1 }], [{ ...first, version: 0 }]]) {
    assert.throws(() => openAccessTokens(keys), InvariantError)
  }
})
