import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Id } from '../../kernel/id.ts'
import type { Instant } from '../../kernel/time.ts'
import { decideAvailability, decideDates, type StockedPart } from './decide-availability.ts'
import type { OtherSupply, Supply } from './supply.ts'

const web = 'web' as Id<'channel'>
const shop = 'shop' as Id<'channel'>
/** The channel sells from locations 0 and 1; 2 serves others. */
const places = Uint8Array.from([1, 1, 0])

/** `5@0` units on a shelf, `5@0 web` for one channel only, `5@0 soon` with a date, `5@0 ahead` without. */
function supplyOf(text: string): Supply {
  const shelves: number[] = []
  const others: OtherSupply[] = []
  for (const [, units, location, word] of text.matchAll(/(\d+)@(\d)(?: (\w+))?/g)) {
    const at = { location: Number(location), units: Number(units), leadDays: word === 'ahead' ? 7 : null }
    if (word === undefined) shelves.push(at.location, at.units)
    else if (word === 'soon') others.push({ ...at, kind: 'inbound', channelId: null, eta: 1 as Instant })
    else if (word === 'ahead') others.push({ ...at, kind: 'backorder', channelId: null, eta: null })
    else others.push({ ...at, kind: 'on_hand', channelId: word as Id<'channel'>, eta: null })
  }
  return { shelves: Int32Array.from(shelves), others, limits: [], outdatedAsOf: null }
}

const units = [
  // free                              web is told         units
  ['6@0', 'in_stock', 6],
  ['5@0', 'low_stock', 5],
  ['1@0', 'low_stock', 1],
  ['3@0, 3@1', 'in_stock', 6],
  ['100@0', 'in_stock', 100],
  ['101@0', 'in_stock', 100],
  ['', 'out_of_stock', 0],
  // places that do not sell for it
  ['50@2', 'out_of_stock', 0],
  ['50@7', 'out_of_stock', 0],
  ['50@2, 2@1', 'low_stock', 2],
  ['50@2 soon, 50@2 ahead', 'out_of_stock', 0],
  // ring-fenced
  ['9@0 web', 'in_stock', 9],
  ['9@0 shop', 'out_of_stock', 0],
  ['4@0, 9@0 shop', 'low_stock', 4],
  ['4@0, 9@0 web', 'in_stock', 13],
  ['9@2 web', 'out_of_stock', 0],
  // to come
  ['7@0 soon', 'preorder', 7],
  ['7@0 ahead', 'backorder', 7],
  ['7@0 soon, 500@1 ahead', 'preorder', 7],
  ['500@1 soon', 'preorder', 100],
  ['2@0, 7@0 soon, 7@0 ahead', 'low_stock', 2],
  ['2@2, 7@0 ahead', 'backorder', 7],
] as const

for (const [free, status, quantity] of units) {
  test(`with [${free}] free it is ${status}, ${quantity}`, () => {
    const parts = [{ variantId: 'tee' as Id<'variant'>, units: 1 }]
    assert.deepEqual(decideAvailability(parts, [supplyOf(free)], { channelId: web, places }), { status, quantity })
  })
}

const bundles = [
  // of                free of each                            is told         units
  ['1 tee, 1 cap', ['9@0', '20@1'], 'in_stock', 9],
  ['1 tee, 2 cap', ['9@0', '13@1'], 'in_stock', 6],
  ['1 tee, 2 cap', ['9@0', '3@0'], 'low_stock', 1],
  ['1 tee, 2 cap', ['9@0', '1@0'], 'out_of_stock', 0],
  ['6 tee', ['71@0'], 'in_stock', 11],
  ['1 tee, 2 cap', ['9@0', '1@0, 4@0 soon'], 'preorder', 2],
  ['1 tee, 2 cap', ['9@0', '1@0, 4@0 ahead'], 'backorder', 2],
  ['1 tee, 1 cap', ['9@0 soon', '9@0 ahead'], 'backorder', 9],
  ['1 tee, 1 cap', ['9@0 shop', '9@0'], 'out_of_stock', 0],
] as const

for (const [of, free, status, quantity] of bundles) {
  test(`a bundle of ${of} with [${free.join('], [')}] free is ${status}, ${quantity}`, () => {
    const parts = of.split(', ').map((text): StockedPart => {
      const [count, name = ''] = text.split(' ')
      return { variantId: name as Id<'variant'>, units: Number(count) }
    })
    assert.deepEqual(decideAvailability(parts, free.map(supplyOf), { channelId: web, places }), { status, quantity })
  })
}

/** `buffer 3` or `cap 4, 1 held`: of the web. */
const limited = [
  // free            limit            web is told        units
  ['10@0', 'buffer 3', 'in_stock', 7],
  ['10@0', 'buffer 10', 'out_of_stock', 0],
  ['3@0, 7@1', 'buffer 8', 'low_stock', 2],
  ['10@0, 50@2', 'buffer 8', 'low_stock', 2],
  ['10@0', 'cap 4, 1 held', 'low_stock', 3],
  ['10@0', 'cap 4, 9 held', 'out_of_stock', 0],
  ['2@0, 7@0 soon', 'buffer 3', 'preorder', 6],
  ['2@0, 7@0 ahead', 'buffer 3', 'backorder', 7],
  ['2@0, 7@0 ahead', 'cap 0, 0 held', 'out_of_stock', 0],
] as const

for (const [free, words, status, quantity] of limited) {
  test(`with [${free}] free and ${words} it is ${status}, ${quantity}; other channels are not limited`, () => {
    const [first, claimed] = [...words.matchAll(/\d+/g)].map(([number]) => Number(number))
    const limit = {
      variantId: 'tee' as Id<'variant'>,
      channelId: web,
      buffer: words.startsWith('buffer') ? (first ?? 0) : 0,
      cap: words.startsWith('cap') ? (first ?? 0) : null,
      claimed: claimed ?? 0,
    }
    const supply = { ...supplyOf(free), limits: [limit] }
    const parts = [{ variantId: limit.variantId, units: 1 }]
    assert.deepEqual(decideAvailability(parts, [supply], { channelId: web, places }), { status, quantity })
    const others = { channelId: shop, places }
    assert.deepEqual(
      decideAvailability(parts, [supply], others),
      decideAvailability(parts, [{ ...supply, limits: [] }], others),
    )
  })
}

const byDate = [
  // free of each                       by date                 in all
  [['5@0, 7@0 soon, 9@1 ahead'], 'now 5, soon 12', 21],
  [['7@0 soon'], 'now 0, soon 7', 7],
  [['9@0 shop, 9@2'], 'now 0', 0],
  [['5@0', '3@0, 9@0 soon'], 'now 3, soon 5', 5],
] as const
for (const [free, dates, all] of byDate) {
  test(`of [${free.join('], [')}] can be had by date: ${dates}, in all ${all}`, () => {
    const parts = free.map((_, index) => ({ variantId: `part ${index}` as Id<'variant'>, units: 1 }))
    const told = decideDates(parts, free.map(supplyOf), { channelId: web, places })
    const text = told.dates.map(({ from, units: each }) => `${from === null ? 'now' : 'soon'} ${each}`).join(', ')
    assert.deepEqual([text, told.all], [dates, all])
  })
}

test('what lies on no shelf is always there, and nobody counts it', () => {
  assert.deepEqual(decideAvailability([], [], { channelId: shop, places }), { status: 'in_stock', quantity: null })
})
