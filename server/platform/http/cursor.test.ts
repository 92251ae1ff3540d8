import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeCursor, encodeCursor, type CursorKind, type CursorValues } from './cursor.ts'

const id = '0190a5b2-1c3d-7e4f-8a6b-9c0d1e2f3a4b'

test('a cursor comes back as it went', () => {
  for (const values of [[], [id, 5], ['é😀', null, true, -1]] as CursorValues[]) {
    assert.deepEqual(decodeCursor(encodeCursor(values)), values)
  }
})

test('what nobody here wrote is no cursor', () => {
  const raw = (text: string): string => Buffer.from(text).toString('base64url')
  const rows = [
    '',
    'x',
    raw('{}'),
    raw('{"a":1}'),
    raw('[{"a":1}]'),
    raw('[1.5]'),
    raw('[1e400]'),
    raw('["\\u0000"]'),
    raw('["\\ud800"]'),
    raw('[1,2,3,4,5,6,7,8,9]'),
    raw('null'),
    raw('[[1]]'),
  ]
  for (const cursor of rows) assert.equal(decodeCursor(cursor), null, Buffer.from(cursor, 'base64url').toString())
})

test('values of the wrong kind do not get near a statement', () => {
  const rows: readonly [values: CursorValues, kinds: readonly CursorKind[], isFine: boolean][] = [
    [[id, 5, 'x'], ['uuid', 'integer', 'text'], true],
    [["' or 1=1"], ['uuid'], false],
    [['5'], ['integer'], false],
    [[5], ['text'], false],
    [[null], ['text'], false],
    [[0], ['instant'], true],
    [[253_402_300_799_999], ['instant'], true],
    [[253_402_300_800_000], ['instant'], false],
    [[Number.MAX_SAFE_INTEGER], ['instant'], false],
    [[-1], ['instant'], false],
    [['2026-11-22T00:00:00Z'], ['instant'], false],
    [[id], ['uuid', 'integer'], false],
    [[id, 5], ['uuid'], false],
  ]
  for (const [values, kinds, isFine] of rows) {
    assert.equal(decodeCursor(encodeCursor(values), kinds) !== null, isFine, JSON.stringify(values))
  }
})
