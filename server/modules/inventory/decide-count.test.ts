import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Id } from '../../kernel/id.ts'
import type { Instant } from '../../kernel/time.ts'
import { mergeCount, spreadDifference, unitsLeaving, type CountedRow, type LastCount } from './decide-count.ts'

const channel = 'web' as Id<'channel'>
const at = (time: string): Instant => Date.parse(`2026-11-23T${time}:00Z`) as Instant

// A count is the truth about its own moment: what the ledger moved after it is added.
// oxfmt-ignore
const merges = [
  // counted               place: on hand (claimed), moved after, accepted then    last count      comes to
  ['7 at 10:00',           '5 (0)',                                                '',             'on hand 7'],
  ['7 at 10:00',           '5 (0) +0',                                             '09:00',        'on hand 7'],
  ['7 at 10:00',           '5 (0)',                                                '11:00',        'ignored, counted at 11:00'],
  ['7 at 10:00',           '5 (0)',                                                '10:00',        'on hand 7'],
  ['7 at 10:00',           '4 (0) -3',                                             '',             'on hand 4'],
  ['7 at 10:00',           '9 (0) +5',                                             '',             'on hand 12'],
  ['7 at 10:00',           '',                                                     '',             'on hand 7'],
  ['7 at 10:00',           '9 (7)',                                                '',             'on hand 7'],
  ['7 at 10:00',           '9 (8)',                                                '',             'on hand 7, 1 too many claimed'],
  ['0 at 10:00',           '9 (8)',                                                '',             'on hand 0, 8 too many claimed'],
  ['2 at 10:00',           '4 (4) -5',                                             '',             'on hand -3, 7 too many claimed'],
  ['7 at 10:00',           '5 (2), web 4 (4)',                                     '',             'on hand 7'],
  ['5 at 10:00',           '5 (2), web 4 (4)',                                     '',             'on hand 5, 1 too many claimed'],
  ['7 at 10:00',           '5 (3) +0 3',                                           '',             'on hand 7'],
  ['7 sellable at 10:00',  '5 (3) +0 3',                                           '',             'on hand 10'],
  ['7 sellable at 10:00',  '5 (3) -2 5',                                           '',             'on hand 10'],
  ['7 sellable at 10:00',  '5 (3) +0 0',                                           '',             'on hand 7'],
  ['0 sellable at 10:00',  '5 (3) +0 1, web 4 (2) +0 2',                           '',             'on hand 3, 2 too many claimed'],
] as const

for (const [count, place, last, expected] of merges) {
  test(`counted ${count}, books ${place || 'empty'}${last && `, last count ${last}`}: ${expected}`, () => {
    const [, units = '', meaning, time = ''] = /^(\d+) (sellable )?at (.+)$/.exec(count) ?? []
    const merged = mergeCount(
      { units: Number(units), meaning: meaning === undefined ? 'physical' : 'sellable', countedAt: at(time) },
      last === '' ? null : { countedAt: at(last), meaning: 'physical' },
      rowsOf(place),
    )
    const text =
      merged.kind === 'ignored'
        ? `ignored, counted at ${new Date(merged.lastCountedAt).toISOString().slice(11, 16)}`
        : `on hand ${merged.onHand}${merged.excess > 0 ? `, ${merged.excess} too many claimed` : ''}`
    assert.equal(text, expected)
  })
}

// The difference goes to what every channel may sell; claimed units are never taken.
// oxfmt-ignore
const spreads = [
  // place                          on hand   differences
  ['5 (0)',                               7, 'everybody +2'],
  ['5 (0)',                               5, ''],
  ['5 (2)',                               3, 'everybody -2'],
  ['5 (0), web 4 (0)',                    12, 'everybody +3'],
  ['5 (0), web 4 (0)',                    6, 'everybody -3'],
  ['5 (4), web 4 (0)',                    6, 'everybody -1, web -2'],
  ['5 (5), web 4 (1)',                    6, 'web -3'],
  ['web 4 (0)',                           6, 'new +2'],
  ['web 4 (0)',                           1, 'web -3'],
  ['',                                    3, 'new +3'],
] as const

for (const [place, onHand, expected] of spreads) {
  test(`${place || 'an empty place'} becomes ${onHand}: ${expected || 'nothing to post'}`, () => {
    const rows = rowsOf(place)
    const named = spreadDifference(rows, onHand).map(({ supplyId, units }) => {
      const row = rows.find((each) => each.supplyId === supplyId)
      return `${row === undefined ? 'new' : (row.channelId ?? 'everybody')} ${units > 0 ? '+' : ''}${units}`
    })
    assert.equal(named.join(', '), expected)
  })
}

test('claims beyond what is there must be freed before a count is spread', () => {
  assert.throws(() => spreadDifference(rowsOf('5 (4)'), 3), /freed before it is spread/)
})

test('the rows of a place add up to what was counted and keep their claimed units', () => {
  const row = fc.tuple(fc.nat({ max: 9 }), fc.nat({ max: 9 })).map(([quantity, claimed]) => ({
    quantity,
    claimed: Math.min(quantity, claimed),
  }))
  fc.assert(
    fc.property(fc.array(row, { maxLength: 4 }), fc.nat({ max: 60 }), (rows, extra) => {
      const stored = rows.map((each, index) => ({
        ...each,
        supplyId: BigInt(index),
        channelId: index === 1 ? null : (`${index}` as Id<'channel'>),
      }))
      const onHand = stored.reduce((sum, each) => sum + each.claimed, 0) + extra
      const after = new Map<bigint | null, number>(stored.map((each) => [each.supplyId, each.quantity]))
      for (const { supplyId, units } of spreadDifference(stored, onHand)) {
        after.set(supplyId, (after.get(supplyId) ?? 0) + units)
      }
      assert.equal(
        [...after.values()].reduce((sum, units) => sum + units, 0),
        onHand,
      )
      for (const each of stored) assert.ok((after.get(each.supplyId) ?? 0) >= each.claimed)
    }),
    { seed: 20261123, numRuns: 500 },
  )
})

// 3 units left; what the books lose depends on whether the last count has seen that already.
// oxfmt-ignore
const leavings = [
  // left at    order accepted   last count             books lose
  ['11:00',     '09:00',         '',                    3],
  ['11:00',     '09:00',         '10:00 physical',      3],
  ['11:00',     '09:00',         '10:00 sellable',      3],
  ['09:30',     '09:00',         '10:00 physical',      0],
  ['10:00',     '09:00',         '10:00 physical',      0],
  ['09:30',     '09:00',         '10:00 sellable',      3], // was added back when the count was taken
  ['09:30',     '10:30',         '10:00 sellable',      0],
  ['09:30',     '',              '10:00 sellable',      0],
] as const

for (const [leftAt, acceptedAt, last, expected] of leavings) {
  test(`left ${leftAt}, accepted ${acceptedAt || 'never'}, counted ${last || 'never'}: the books lose ${expected}`, () => {
    const lost = unitsLeaving(
      { units: 3, occurredAt: at(leftAt), acceptedAt: acceptedAt === '' ? null : at(acceptedAt) },
      last === '' ? null : { countedAt: at(last.slice(0, 5)), meaning: last.slice(6) as LastCount['meaning'] },
    )
    assert.equal(lost, expected)
  })
}

/** `5 (2) -1 2, web 4 (4)`: on hand, claimed, moved after the count, accepted then; unfenced unless a channel is named. */
function rowsOf(text: string): CountedRow[] {
  if (text === '') return []
  return text.split(', ').map((row, index) => {
    const match = /^(web )?(\d+) \((\d+)\)(?: ([+-]\d+))?(?: (\d+))?$/.exec(row)
    const [, fenced, quantity, claimed, movedAfter = '0', acceptedThen = '0'] = match ?? []
    return {
      supplyId: BigInt(index + 1),
      channelId: fenced === undefined ? null : channel,
      quantity: Number(quantity),
      claimed: Number(claimed),
      movedAfter: Number(movedAfter),
      acceptedThen: Number(acceptedThen),
    }
  })
}
