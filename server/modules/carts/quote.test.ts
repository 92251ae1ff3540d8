import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Id } from '../../kernel/id.ts'
import { instantFromMs, type Instant } from '../../kernel/time.ts'
import type { PricedCart } from '../pricing/index.ts'
import type { GroupChoice } from './price-sale.ts'
import { isHolding, quotedChoices, quoteOf, writeTerms, type QuotedGroup } from './quote.ts'

const at = (minute: number): Instant => instantFromMs(Date.UTC(2026, 0, 1, 12, minute))

// oxfmt-ignore
const holdings = [
  // quoted for   until  the cart is now  at   holds
  [3,             15,    3,               14,  true],
  [3,             15,    3,               15,  false],
  [3,             15,    3,               16,  false],
  [3,             15,    4,               1,   false],
  [3,             15,    2,               1,   false],
] as const
for (const [quotedFor, until, cartVersion, now, holds] of holdings) {
  test(`a quote for version ${quotedFor} until :${until} ${holds ? 'holds' : 'binds nobody'} for version ${cartVersion} at :${now}`, () => {
    assert.equal(isHolding({ cartVersion: quotedFor, expiresAt: at(until) }, { cartVersion, at: at(now) }), holds)
  })
}

test('what was quoted is read as it was written: money exactly, SKUs that look like numbers as text', () => {
  const priced = {
    kind: 'priced',
    lines: [{ lineKey: '100', group: 1, unitPriceMinor: 9_007_199_254_740_993n, taxRatePpm: null, taxIncluded: false }],
    deliveries: [],
    totals: { itemsMinor: 9_007_199_254_740_993n, discountMinor: 0n, deliveryMinor: 0n, taxMinor: 0n, totalMinor: 1n },
  } as unknown as PricedCart
  const groups: QuotedGroup[] = [
    { number: 1, optionId: 'standard', promise: { earliest: at(1), latest: at(2) } },
    { number: 2, optionId: null, promise: null },
  ]
  const quote = quoteOf({
    cart_id: 'cart' as Id<'cart'>,
    cart_version: 3,
    terms: writeTerms({ priced, groups }),
    holds_goods: true,
    quoted_at: at(0),
    expires_at: at(15),
  })
  assert.deepEqual([quote.priced, quote.groups], [priced, groups])
  assert.deepEqual([quote.quotedAt, quote.expiresAt, quote.holdsGoods], [at(0), at(15), true])
})

test('a quote keeps the options it was made with, for groups that chose and for groups that did not', () => {
  const home = { country: 'US', region: 'NY', postalCode: '10001' }
  const said: GroupChoice[] = [
    { number: 1, deliveryOption: null, shipTo: home, addressId: 'a' as Id<'address'> },
    { number: 4, deliveryOption: 'express', shipTo: null, addressId: null },
  ]
  const groups: QuotedGroup[] = [
    { number: 1, optionId: 'saver', promise: null },
    { number: 3, optionId: 'pickup:store', promise: null },
  ]
  assert.deepEqual(quotedChoices(said, { groups }), [
    { number: 1, deliveryOption: 'saver', shipTo: home, addressId: 'a' },
    { number: 4, deliveryOption: 'express', shipTo: null, addressId: null },
    { number: 3, deliveryOption: 'pickup:store', shipTo: null, addressId: null },
  ])
})
