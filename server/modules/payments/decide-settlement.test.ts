import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CurrencyCode } from '../../kernel/money.ts'
import { decideLateAnswer, decideSettlement, type PersonsDecision } from './decide-settlement.ts'
import type { AuthoriseAnswer, NotFound } from './ports.ts'

const providerReference = 'pp_1'
const answers = {
  authorised: { kind: 'authorised', providerReference, authorisedMinor: 100n, currency: 'EUR' as CurrencyCode },
  declined: { kind: 'declined', providerReference, reason: 'card_declined' },
  'on its page': { kind: 'requires_action', providerReference, url: 'https://bank.example/1' },
  thinking: { kind: 'pending', providerReference, retryAfterMs: 2_000 },
  voided: { kind: 'voided', providerReference },
  'about other money': { kind: 'mismatch', providerReference, differs: 'amount', expected: '100', answered: '1' },
  refused: { kind: 'refused', code: 'bad_key', detail: 'the key is unknown' },
  silent: { kind: 'unknown', cause: 'deadline', detail: 'no answer' },
  'never asked': { kind: 'not_found' },
} as const satisfies Record<string, AuthoriseAnswer | NotFound>

const person = { kind: 'found_by_person', providerReference, actor: 'key_1' } as const
const asked = {
  ...answers,
  'seen by a person': { ...person, outcome: 'authorised' },
  'not seen by a person': { ...person, outcome: 'declined' },
} as const satisfies Record<string, AuthoriseAnswer | NotFound | PersonsDecision>

// oxfmt-ignore
const rows = [
  // the provider is…    order   tries  → attempt            booked  again after ms  alarm
  ['authorised',        'waits', 1,      'authorised',        true,   null,           null],
  ['authorised',        'ended', 1,      'void_due',          true,   0,              null],
  ['declined',          'waits', 1,      'declined',          false,  null,           null],
  ['declined',          'ended', 1,      'declined',          false,  null,           null],
  ['on its page',       'waits', 1,      'action_required',   false,  60_000,         null],
  ['thinking',          'waits', 1,      'pending',           false,  2_000,          null],
  ['voided',            'waits', 1,      'voided',            false,  null,           null],
  ['about other money', 'waits', 1,      'mismatched',        false,  null,           'payment_mismatch'],
  ['refused',           'waits', 1,      'declined',          false,  null,           'payment_refused'],
  ['silent',            'waits', 1,      'unknown',           false,  5_000,          null],
  ['silent',            'waits', 4,      'unknown',           false,  40_000,         null],
  ['silent',            'waits', 30,     'unknown',           false,  900_000,        null],
  ['never asked',       'waits', 2,      'pending',           false,  0,              null],
  ['seen by a person',  'waits', 5,      'authorised',        true,   null,           null],
  ['seen by a person',  'ended', 5,      'void_due',          true,   0,              null],
  ['not seen by a person', 'waits', 5,   'void_due',          false,  10_000,         null],
] as const

for (const [provider, order, tries, status, isBooked, askAgainAfterMs, alarm] of rows) {
  test(`the provider is ${provider}, the order ${order}, try ${tries}: ${status}`, () => {
    const settlement = decideSettlement(asked[provider], { orderWaits: order === 'waits', tries })
    assert.equal(settlement.status, status)
    assert.equal(settlement.authorised !== null, isBooked)
    assert.equal(settlement.askAgainAfterMs, askAgainAfterMs)
    assert.equal(settlement.alarm, alarm)
    assert.equal(settlement.decidedBy, provider.endsWith('by a person') ? 'key_1' : null)
  })
}

// oxfmt-ignore
const lateRows = [
  // decided as      under    the provider is…     → what follows
  ['authorised',     'pp_1',  'authorised',        'agrees'],
  ['authorised',     'pp_2',  'authorised',        'contradicts'],
  ['authorised',     'pp_1',  'declined',          'contradicts'],
  ['authorised',     'pp_1',  'voided',            'contradicts'],
  ['authorised',     'pp_1',  'about other money', 'contradicts'],
  ['authorised',     'pp_1',  'never asked',       'contradicts'],
  ['authorised',     'pp_1',  'silent',            'agrees'],
  ['authorised',     'pp_1',  'thinking',          'agrees'],
  ['authorised',     'pp_1',  'refused',           'agrees'],
  ['void_due',       null,    'authorised',        'give_back'],
  ['voided',         null,    'authorised',        'give_back'],
  ['voided',         'pp_1',  'authorised',        'give_back'],
  ['void_due',       null,    'declined',          'agrees'],
  ['voided',         null,    'never asked',       'agrees'],
  ['voided',         null,    'silent',            'agrees'],
] as const

for (const [status, reference, provider, follows] of lateRows) {
  test(`a person decided ${status} under ${reference ?? 'nothing'}; the provider is ${provider}: ${follows}`, () => {
    const late = decideLateAnswer(
      { status, provider_reference: reference, failure: 'declined_by_person' },
      answers[provider],
    )
    assert.equal(late.kind, follows)
    if (late.kind !== 'give_back') return
    const { failure, askAgainAfterMs, authorised } = late.settlement
    assert.deepEqual(
      [late.settlement.status, failure, askAgainAfterMs, authorised],
      ['void_due', 'declined_by_person', 0, null],
    )
  })
}
