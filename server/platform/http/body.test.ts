import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { MalformedJsonError, readBody, UnfitBody } from './body.ts'

function read(text: string | Buffer): unknown {
  return readBody(typeof text === 'string' ? Buffer.from(text) : text)
}

function complaint(text: string): string {
  const body = read(text)
  return body instanceof UnfitBody
    ? body.violations.map(({ path, message }) => `${path} ${message}`).join('; ')
    : 'fine'
}

test('each way to be unfit is told by its place', () => {
  const rows: readonly [text: string, complaint: string][] = [
    ['{"a":1,"b":{"a":2}}', 'fine'],
    ['{"a":1,"a":2}', ' holds a key twice'],
    ['{"a":1,"\\u0061":2}', ' holds a key twice'],
    ['[{"a":{"b":1,"c":{},"b":[{"x":1}]}}]', ' holds a key twice'],
    ['{"a":":","b":"{\\"c\\":1}"}', 'fine'],
    ['{"__proto__":{"x":1}}', ' holds a key that is not allowed'],
    ['{"a":[{"constructor":{"prototype":{}}}]}', ' holds a key that is not allowed'],
    ['{"a":"__proto__"}', 'fine'],
    ['{"a":"x\\u0000"}', '/a holds the character NUL'],
    ['{"a":["\\ud83d"]}', '/a/0 holds half of a surrogate pair'],
    ['{"a/b~c":"\\udc00"}', '/a~1b~0c holds half of a surrogate pair'],
    ['{"\\ud83d":1}', ' holds half of a surrogate pair'],
    ['{"a":"\\ud83d\\ude00 😀"}', 'fine'],
    ['{"a":1e400}', '/a is beyond 2^53 - 1'],
    ['{"a":-1e400}', '/a is beyond 2^53 - 1'],
    ['{"a":1E3}', 'fine'],
    ['{"a":9007199254740991}', 'fine'],
    ['{"a":9007199254740992}', '/a is beyond 2^53 - 1'],
    ['{"a":[true,false,null,1.5]}', 'fine'],
    ['{"a":1999.00000000000000001}', ' holds a number with more than 17 digits'],
    ['{"a":52.520008123456789}', 'fine'],
    ['{"a":0.0000012345678901234567}', 'fine'],
    ['{"a":-1.2345678901234567e-310}', 'fine'],
    [`${'['.repeat(20)}${']'.repeat(20)}`, 'fine'],
    [`${'['.repeat(21)}${']'.repeat(21)}`, ' is nested deeper than 20'],
    [`${'{"a":'.repeat(21)}1${'}'.repeat(21)}`, ' is nested deeper than 20'],
    ['{"a":"]]]]]]]]]]]]]]]]]]]]]]]]]]]"}', 'fine'],
  ]
  for (const [text, expected] of rows) assert.equal(complaint(text), expected, text)
})

test('digits that could be a card are pointed at, wherever they hide', () => {
  const rows: readonly [text: string, paths: readonly string[]][] = [
    ['{"a":"4111111111111111"}', ['/a']],
    ['{"a":"4111 1111-1111 1111"}', ['/a']],
    ['{"a":"4111\\u00201111 1111 1111"}', ['/a']],
    ['{"a":"\\u0034111111111111111"}', ['/a']],
    ['{"a":"4111\u00a01111\u00a01111\u00a01111"}', ['/a']],
    ['{"lines":[{"note":"x"},{"note":"4111111111111111"}]}', ['/lines/1/note']],
    ['{"4111111111111111":1}', ['']],
  ]
  for (const [text, paths] of rows) {
    const body = read(text)
    assert.deepEqual(body instanceof UnfitBody ? body.cardPaths : null, paths, text)
  }
})

test('what is not JSON in UTF-8 is malformed', () => {
  const malformed = [
    '{',
    '{"a":1,}',
    "{'a':1}",
    '{"a":1} x',
    '\ufeff{}',
    '{"a":"\n"}',
    '{"a":01}',
    '{"a":NaN}',
    'undefined',
    Buffer.from([0x22, 0xff, 0x22]),
    Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]),
    '{"a":"\u0000"}',
  ]
  for (const text of malformed) assert.throws(() => read(text), MalformedJsonError, String(text))
})

test('an empty body is no body', () => {
  assert.equal(read(''), undefined)
})

// Keys and texts that nothing is wrong with, so that only the reading itself is judged.
const plainText = fc.stringMatching(/^[a-z:,{}[\]"\\é😀\n]{0,12}$/u)
const plainJson = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    plainText,
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.double({ noNaN: true, min: -1e6, max: 1e6 }),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(plainText, tie('value'), { maxKeys: 4 }),
  ),
})).value

test('anything plain is read as JSON.parse reads it', () => {
  fc.assert(
    fc.property(plainJson, fc.constantFrom(undefined, 2), (value, indent) => {
      const text = JSON.stringify(value, null, indent)
      assert.deepEqual(read(text), JSON.parse(text))
    }),
    { seed: 20_261_122, numRuns: 2_000 },
  )
})

test('a key given twice is found wherever it stands', () => {
  const objects = fc.dictionary(fc.stringMatching(/^[a-z]{1,3}$/), plainJson, { minKeys: 1, maxKeys: 5 })
  fc.assert(
    fc.property(objects, fc.nat(), plainJson, (object, pick, value) => {
      const keys = Object.keys(object)
      const again = `${JSON.stringify(keys[pick % keys.length])}:${JSON.stringify(value)}`
      const text = `[1,{"outer":${JSON.stringify(object).slice(0, -1)},${again}}}]`
      assert.equal(complaint(text), ' holds a key twice')
    }),
    { seed: 20_261_122, numRuns: 1_000 },
  )
})
