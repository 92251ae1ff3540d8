import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { randomBytes } from 'node:crypto'
import { newId } from '../../kernel/id.ts'
import { openCodeRing } from './code-ring.ts'
import { formatCode, makeCode, readCode } from './gift-card-code.ts'

const seed = { seed: 20_261_122, numRuns: 2_000 }
const ALPHABET = '23456789ABCDEFGHJKMNPQRSTUVWXYZ'.split('')
/** A code that was made, drawn by fast-check so that a failure can be repeated: its check character is found by trying. */
const codes = fc.array(fc.constantFrom(...ALPHABET), { minLength: 17, maxLength: 17 }).map((characters) => {
  const random = characters.join('')
  const found = ALPHABET.map((check) => random + check).filter((code) => readCode(code) !== null)
  assert.equal(found.length, 1, 'one check character fits')
  return found[0] ?? ''
})

test('a code is read as it is made, however it is typed', () => {
  for (let made = 0; made < 1_000; made++) {
    const code = makeCode()
    for (const typed of [
      code,
      formatCode(code),
      formatCode(code).toLowerCase(),
      formatCode(code).replaceAll('-', ' '),
    ]) {
      assert.equal(readCode(typed), code)
    }
  }
})

test('every single wrong character is noticed', () => {
  fc.assert(
    fc.property(codes, fc.nat(17), fc.constantFrom(...ALPHABET), (code, place, other) => {
      const wrong = code.slice(0, place) + other + code.slice(place + 1)
      assert.equal(readCode(wrong), wrong === code ? code : null)
    }),
    seed,
  )
})

test('every two characters that changed places are noticed', () => {
  fc.assert(
    fc.property(codes, fc.nat(17), fc.nat(17), (code, a, b) => {
      const characters = code.split('')
      ;[characters[a], characters[b]] = [characters[b] ?? '', characters[a] ?? '']
      const wrong = characters.join('')
      assert.equal(readCode(wrong), wrong === code ? code : null)
    }),
    seed,
  )
})

test('what is no code is not one', () => {
  for (const typed of [
    '',
    'A',
    '0'.repeat(18),
    'I'.repeat(18),
    `${makeCode()}2`,
    makeCode().slice(1),
    '4111111111111111',
  ]) {
    assert.equal(readCode(typed), null, typed)
  }
})

test('the random part uses every character about equally often', () => {
  const counts = new Map<string, number>()
  for (let made = 0; made < 2_000; made++) {
    for (const character of makeCode().slice(0, 17)) counts.set(character, (counts.get(character) ?? 0) + 1)
  }
  // 34,000 draws of 31: 1,097 each, standard deviation 33; six of those.
  assert.equal(counts.size, 31)
  for (const [character, count] of counts) assert.ok(Math.abs(count - 1_097) < 200, `${character} ${count} times`)
})

test('a kept code is found by its hash, opens for its own card only, and survives a new master key', () => {
  const old = { version: 1, secret: randomBytes(32) }
  const ring = openCodeRing([old])
  const [id, other] = [newId<'giftCard'>(), newId<'giftCard'>()]
  const kept = ring.make(id)
  const code = ring.open(id, kept)
  assert.equal(code.slice(-4), kept.last4)
  assert.ok(!kept.sealed.includes(code.replaceAll('-', '')))
  assert.throws(() => ring.open(other, kept))
  const renewed = openCodeRing([old, { version: 2, secret: randomBytes(32) }])
  assert.ok(renewed.hashes(code)?.some((hash) => hash.equals(kept.hash)))
  assert.equal(renewed.open(id, kept), code)
  assert.equal(renewed.make(other).keyVersion, 2)
  const stranger = openCodeRing([{ version: 1, secret: randomBytes(32) }])
  assert.ok(!stranger.hashes(code)?.some((hash) => hash.equals(kept.hash)))
  assert.equal(ring.hashes('not a code'), null)
})
