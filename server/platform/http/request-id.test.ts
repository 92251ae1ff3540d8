import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseId } from '../../kernel/id.ts'
import { isRequestId, requestIds } from './request-id.ts'

test('a request id is a TypeID of a UUID version 7 whose time is now', () => {
  const at = Date.UTC(2026, 10, 22, 13, 0, 0, 123)
  const uuid = parseId('request', requestIds(() => at)()) ?? ''
  assert.match(uuid, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  assert.equal(Number.parseInt(uuid.replaceAll('-', '').slice(0, 12), 16), at)
})

test('no two are alike, within a process or between two', () => {
  const at = (): number => 1_763_818_800_000
  const makers = [requestIds(at), requestIds(at), requestIds(at)]
  const ids = new Set(Array.from({ length: 30_000 }, (_, place) => makers[place % makers.length]?.()))
  assert.equal(ids.size, 30_000)
})

test("a caller's own id is kept when it is one", () => {
  const rows: readonly [text: string, isOne: boolean][] = [
    ['req_01h2xcejqtf2nbrexx3vqjhp41', true],
    ['0190a5b2-1c3d-7e4f-8a6b-9c0d1e2f3a4b', true],
    ['0190A5B2-1C3D-7E4F-8A6B-9C0D1E2F3A4B', true],
    ['ord_01h2xcejqtf2nbrexx3vqjhp41', false],
    ['req_81h2xcejqtf2nbrexx3vqjhp41', false],
    ['req_01h2xcejqtf2nbrexx3vqjhp41\r\nx: y', false],
    ['', false],
  ]
  for (const [text, isOne] of rows) assert.equal(isRequestId(text), isOne, JSON.stringify(text))
})
