import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Id } from '../../kernel/id.ts'
import { addMs, DAY_MS, type Instant } from '../../kernel/time.ts'
import { checkSegment, type RuleReason } from './check-segment.ts'
import { explainRule, matches, segmentsOf, type BuyerFacts, type Segment, type SegmentRule } from './decide-segments.ts'

const at = Date.UTC(2026, 10, 22, 12) as Instant
const guest: BuyerFacts = {
  kind: 'guest',
  country: 'DE',
  tags: [],
  emailDomain: null,
  consents: new Set(),
  orderCount: 0,
  spentMinor: new Map(),
  lastOrderAt: null,
  signedUpAt: null,
}
const ada: BuyerFacts = {
  kind: 'account',
  country: 'US',
  tags: ['press', 'wholesale'],
  emailDomain: 'example.com',
  consents: new Set(['newsletter email']),
  orderCount: 5,
  spentMinor: new Map([['USD', 50_000n]]),
  lastOrderAt: addMs(at, -30 * DAY_MS),
  signedUpAt: addMs(at, -365 * DAY_MS),
}
const usd = (amount: number) => ({ amount, currency: 'USD' })

// oxfmt-ignore
const rows: readonly (readonly [rule: SegmentRule, isAda: boolean, isGuest: boolean])[] = [
  // rule                                                                       Ada     a guest
  [{ fact: 'kind', is: 'account' },                                             true,   false],
  [{ fact: 'kind', is: 'guest' },                                               false,  true],
  [{ fact: 'country', in: ['DE', 'AT'] },                                       false,  true],
  [{ fact: 'tag', in: ['vip', 'wholesale'] },                                   true,   false],
  [{ fact: 'tag', in: ['vip'] },                                                false,  false],
  [{ fact: 'emailDomain', in: ['example.com'] },                                true,   false],
  [{ fact: 'consent', purpose: 'newsletter', channel: 'email' },                true,   false],
  [{ fact: 'consent', purpose: 'newsletter', channel: 'sms' },                  false,  false],
  [{ fact: 'orderCount', atLeast: 5 },                                          true,   false],
  [{ fact: 'orderCount', atLeast: 6 },                                          false,  false],
  [{ fact: 'orderCount', atMost: 0 },                                           false,  true],
  [{ fact: 'spent', atLeast: usd(50_000) },                                     true,   false],
  [{ fact: 'spent', atLeast: usd(50_001) },                                     false,  false],
  [{ fact: 'spent', atLeast: { amount: 1, currency: 'EUR' } },                  false,  false],
  [{ fact: 'spent', atMost: usd(0) },                                           false,  true],
  [{ fact: 'daysSinceLastOrder', atMost: 30 },                                  true,   false],
  [{ fact: 'daysSinceLastOrder', atMost: 29 },                                  false,  false],
  [{ fact: 'daysSinceLastOrder', atLeast: 30 },                                 true,   false],
  [{ fact: 'daysSinceSignUp', atLeast: 365 },                                   true,   false],
  [{ not: { fact: 'kind', is: 'guest' } },                                      true,   false],
  [{ all: [{ fact: 'kind', is: 'account' }, { fact: 'country', in: ['US'] }] }, true,   false],
  [{ all: [{ fact: 'kind', is: 'account' }, { fact: 'country', in: ['DE'] }] }, false,  false],
  [{ any: [{ fact: 'tag', in: ['vip'] }, { fact: 'country', in: ['DE'] }] },    false,  true],
]

for (const [rule, isAda, isGuest] of rows) {
  test(`${JSON.stringify(rule)}: Ada ${isAda}, a guest ${isGuest}`, () => {
    assert.deepEqual([matches(rule, ada, at), matches(rule, guest, at)], [isAda, isGuest])
    assert.equal(explainRule(rule, ada, at).matched, isAda)
  })
}

test('a guest whose country is not known is in no country, and in none of its negations either way is decided', () => {
  const nowhere = { ...guest, country: null }
  assert.equal(matches({ fact: 'country', in: ['DE'] }, nowhere, at), false)
  assert.equal(matches({ not: { fact: 'country', in: ['DE'] } }, nowhere, at), true)
})

test('nobody is in a segment that is not active', () => {
  const everybody: Segment = {
    id: 'a' as Id<'segment'>,
    code: 'all',
    name: 'All',
    rule: {
      not: {
        all: [
          { fact: 'kind', is: 'guest' },
          { fact: 'kind', is: 'account' },
        ],
      },
    },
    active: true,
    version: 1,
  }
  assert.deepEqual([...segmentsOf(guest, [everybody], at)], ['a'])
  assert.deepEqual([...segmentsOf(guest, [{ ...everybody, active: false }], at)], [])
})

test('an explanation says of each part what was asked and what was found', () => {
  const rule: SegmentRule = {
    all: [
      { fact: 'orderCount', atLeast: 10 },
      { fact: 'tag', in: ['wholesale'] },
    ],
  }
  assert.deepEqual(explainRule(rule, ada, at), {
    matched: false,
    asked: 'all of these',
    found: null,
    parts: [
      { matched: false, asked: 'has ordered at least 10 times', found: '5 orders', parts: [] },
      { matched: true, asked: 'is tagged wholesale', found: 'press, wholesale', parts: [] },
    ],
  })
})

// oxfmt-ignore
const nonsense: readonly (readonly [rule: SegmentRule, reasons: readonly RuleReason[]])[] = [
  [{ all: [] },                                            [{ path: '/rule/all', reason: 'no_conditions' }]],
  [{ fact: 'orderCount' },                                 [{ path: '/rule', reason: 'range_open' }]],
  [{ fact: 'orderCount', atLeast: 2, atMost: 1 },          [{ path: '/rule', reason: 'range_reversed' }]],
  [{ fact: 'country', in: [] },                            [{ path: '/rule/in', reason: 'never_matches' }]],
  [{ fact: 'country', in: ['DE', 'ZZ'] },                  [{ path: '/rule/in/1', reason: 'country_unknown' }]],
  [{ fact: 'emailDomain', in: ['@example.com'] },          [{ path: '/rule/in/0', reason: 'domain_invalid' }]],
  [{ fact: 'tag', in: ['Wholesale'] },                     [{ path: '/rule/in/0', reason: 'tag_invalid' }]],
  [{ not: { fact: 'spent', atLeast: usd(1), atMost: { amount: 2, currency: 'EUR' } } },
                                                           [{ path: '/rule/not', reason: 'currencies_differ' }]],
  [{ all: [{ fact: 'kind', is: 'guest' }, { fact: 'tag', in: ['vip'] }] },
                                                           [{ path: '/rule/all', reason: 'never_matches' }]],
  [{ any: [{ fact: 'orderCount' }, { fact: 'tag', in: ['A'] }] },
                                                           [{ path: '/rule/any/0', reason: 'range_open' },
                                                            { path: '/rule/any/1/in/0', reason: 'tag_invalid' }]],
]

for (const [rule, reasons] of nonsense) {
  test(`${JSON.stringify(rule)} is refused with every reason`, () => {
    assert.deepEqual(checkSegment({ code: 'x', name: 'X', rule }, []), { code: 'segment_rule_invalid', reasons })
  })
}

const condition = fc.oneof(
  fc.record({ fact: fc.constant('kind' as const), is: fc.constantFrom('guest' as const, 'account' as const) }),
  fc.record({ fact: fc.constant('orderCount' as const), atLeast: fc.integer({ min: 0, max: 9 }) }),
  fc.record({ fact: fc.constant('tag' as const), in: fc.array(fc.constantFrom('vip', 'press', 'wholesale')) }),
)
const { rule: anyRule } = fc.letrec<{ rule: SegmentRule }>((tie) => ({
  rule: fc.oneof(
    { maxDepth: 4 },
    condition,
    fc.record({ all: fc.array(tie('rule'), { maxLength: 3 }) }),
    fc.record({ any: fc.array(tie('rule'), { maxLength: 3 }) }),
    fc.record({ not: tie('rule') }),
  ),
}))

test('not turns every rule round, and all of a rule and its negation is nobody', () => {
  fc.assert(
    fc.property(anyRule, fc.constantFrom(ada, guest), (rule, facts) => {
      assert.equal(matches({ not: rule }, facts, at), !matches(rule, facts, at))
      assert.equal(matches({ all: [rule, { not: rule }] }, facts, at), false)
      assert.equal(matches({ any: [rule, { not: rule }] }, facts, at), true)
      const other: SegmentRule = { fact: 'orderCount', atLeast: 3 }
      const neither = matches({ not: { any: [rule, other] } }, facts, at)
      assert.equal(matches({ all: [{ not: rule }, { not: other }] }, facts, at), neither)
    }),
    { seed: 20_261_122, numRuns: 2_000 },
  )
})
