import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { newId, type Id } from '../../kernel/id.ts'
import { sumMinor, type CurrencyCode } from '../../kernel/money.ts'
import type { Instant } from '../../kernel/time.ts'
import { decideTenders, takeShares, type SpendableValue, type TenderQuestion } from './decide-tenders.ts'
import type { ValueAccountId } from './value-account.ts'

const at = 1_000 as Instant
const seller = newId<'legalEntity'>()
const usd = 'USD' as CurrencyCode

function card(availableMinor: bigint, differs: Partial<SpendableValue> = {}): SpendableValue {
  return {
    id: newId<'giftCard'>(),
    kind: 'gift_card',
    legalEntityId: seller,
    currency: usd,
    availableMinor,
    blocked: false,
    expiresAt: null,
    ...differs,
  }
}

function ask(
  cards: readonly SpendableValue[],
  amounts: readonly (bigint | null)[],
  question: Partial<TenderQuestion> = {},
) {
  return decideTenders(
    {
      at,
      totalMinor: 100n,
      currency: usd,
      legalEntityId: seller,
      wishes: cards.map(({ id }, index) => ({ accountId: id, amountMinor: amounts[index] ?? null })),
      hasProvider: true,
      seenDueMinor: null,
      mustSayDue: false,
      ...question,
    },
    new Map(cards.map((each) => [each.id, each])),
  )
}

// oxfmt-ignore
const rows = [
  // the cards hold   of each           provider  → they pay      the provider
  [[],                [],               true,      [],            100n],
  [[30n],             [null],           true,      [30n],         70n],
  [[30n, 30n],        [null, null],     true,      [30n, 30n],    40n],
  [[100n],            [null],           true,      [100n],        0n],
  [[500n],            [null],           false,     [100n],        0n],
  [[60n, 60n],        [null, null],     false,     [60n, 40n],    0n],
  [[500n, 500n],      [null, null],     false,     [100n],        0n],
  [[0n, 20n],         [null, null],     true,      [20n],         80n],
  [[60n, 60n],        [10n, null],      true,      [10n, 60n],    30n],
  [[500n],            [200n],           false,     [100n],        0n],
] as const
for (const [held, amounts, hasProvider, paid, due] of rows) {
  test(`cards with ${held.join(' and ') || 'nothing'} pay ${paid.join(' and ') || 'nothing'} of 100, ${due} is due`, () => {
    const decision = ask(
      held.map((minor) => card(minor)),
      amounts,
      { hasProvider },
    )
    assert.ok(decision.kind === 'accepted')
    assert.deepEqual(
      decision.shares.map(({ amountMinor }) => amountMinor),
      paid,
    )
    assert.equal(decision.dueMinor, due)
  })
}

const twice = card(50n)
// oxfmt-ignore
const refusals: readonly (readonly [string, readonly SpendableValue[], readonly (bigint | null)[], Partial<TenderQuestion>, string])[] = [
  ['less than all, nobody to pay the rest', [card(99n)],   [null], { hasProvider: false },     'gift_card_insufficient 1'],
  ['less than was shown',                   [card(20n)],   [30n],  {},                          'gift_card_insufficient 10'],
  ['another rest than was agreed to',       [card(20n)],   [null], { seenDueMinor: 70n },       'due_changed 80'],
  ['a rest that nobody was told',           [card(20n)],   [null], { mustSayDue: true },        'due_changed 80'],
  ['the same card twice',                   [twice, twice], [],    {},                          'tender_twice'],
  ['blocked',           [card(20n, { blocked: true })],               [null], {},               'gift_card_unusable blocked'],
  ['expired now',       [card(20n, { expiresAt: at })],               [null], {},               'gift_card_unusable expired'],
  ['of another seller', [card(20n, { legalEntityId: newId() })],      [null], {},               'gift_card_unusable other_seller'],
  ['in another money',  [card(20n, { currency: 'EUR' as CurrencyCode })], [null], {},           'gift_card_unusable other_currency'],
]
for (const [what, cards, amounts, question, expected] of refusals) {
  test(`${what}: ${expected}`, () => {
    const decision = ask(cards, amounts, question)
    assert.ok(decision.kind === 'refused')
    const { code, ...rest } = decision.refusal
    const told =
      'missingMinor' in rest
        ? rest.missingMinor
        : 'dueMinor' in rest
          ? rest.dueMinor
          : 'reason' in rest
            ? rest.reason
            : ''
    assert.equal(`${code} ${told}`.trim(), expected)
  })
}

test('whatever is wished: shares and rest are the total, no card below zero, also over several orders', () => {
  fc.assert(
    fc.property(
      fc.array(fc.bigInt(0n, 200n), { minLength: 1, maxLength: 4 }),
      fc.array(
        fc.record({
          totalMinor: fc.bigInt(0n, 300n),
          amounts: fc.array(fc.option(fc.bigInt(1n, 150n)), { maxLength: 4 }),
          hasProvider: fc.boolean(),
        }),
        { maxLength: 6 },
      ),
      (held, orders) => {
        const cards = held.map((minor) => card(minor))
        const value = new Map<ValueAccountId, SpendableValue>(cards.map((each) => [each.id, each]))
        let paid = 0n
        for (const { totalMinor, amounts, hasProvider } of orders) {
          const wishes = amounts
            .slice(0, cards.length)
            .map((amountMinor, index) => ({ accountId: cards[index]?.id as Id<'giftCard'>, amountMinor }))
          const decision = decideTenders(
            {
              at,
              totalMinor,
              currency: usd,
              legalEntityId: seller,
              wishes,
              hasProvider,
              seenDueMinor: null,
              mustSayDue: false,
            },
            value,
          )
          if (decision.kind === 'refused') continue
          const shared = sumMinor(decision.shares.map(({ amountMinor }) => amountMinor))
          assert.equal(shared + decision.dueMinor, totalMinor)
          assert.ok(hasProvider || decision.dueMinor === 0n)
          assert.ok(decision.shares.every(({ amountMinor }) => amountMinor > 0n))
          paid += shared
          takeShares(value, decision.shares)
        }
        const left = [...value.values()].map(({ availableMinor }) => availableMinor)
        assert.ok(left.every((minor) => minor >= 0n))
        assert.equal(sumMinor(left) + paid, sumMinor(held))
      },
    ),
    { seed: 20_261_122, numRuns: 2_000 },
  )
})
