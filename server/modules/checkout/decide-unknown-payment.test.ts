import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decideUnknownPayment } from './decide-unknown-payment.ts'

// oxfmt-ignore
const rows = [
  // status             tries  known    decided by  the person says         → answer
  ['unknown',           4,     null,    null,       'authorised as pp_1',   'accepted pp_1'],
  ['unknown',           4,     'pp_1',  null,       'authorised',           'accepted pp_1'],
  ['unknown',           4,     'pp_1',  null,       'authorised as pp_1',   'accepted pp_1'],
  ['unknown',           4,     'pp_1',  null,       'authorised as pp_2',   'payment_reference_differs'],
  ['unknown',           4,     null,    null,       'authorised',           'payment_reference_missing'],
  ['unknown',           4,     null,    null,       'declined',             'accepted null'],
  ['unknown',           4,     'pp_1',  null,       'declined',             'accepted pp_1'],
  ['pending',           1,     null,    null,       'declined',             'payment_in_progress'],
  ['pending',           2,     null,    null,       'declined',             'accepted null'],
  ['pending',           1,     'pp_1',  null,       'authorised',           'accepted pp_1'],
  ['action_required',   1,     'pp_1',  null,       'authorised',           'payment_decided'],
  ['authorised',        4,     'pp_1',  null,       'authorised as pp_1',   'payment_decided'],
  ['authorised',        4,     'pp_1',  'key_me',   'authorised as pp_1',   'repeated'],
  ['authorised',        4,     'pp_1',  'key_me',   'authorised as pp_2',   'payment_decided'],
  ['authorised',        4,     'pp_1',  'key_me',   'declined',             'payment_decided'],
  ['authorised',        4,     'pp_1',  'key_other', 'authorised as pp_1',  'payment_decided'],
  ['void_due',          4,     null,    'key_me',   'declined',             'repeated'],
  ['voided',            4,     null,    'key_me',   'declined',             'repeated'],
  ['voided',            4,     null,    'key_me',   'authorised as pp_1',   'payment_decided'],
  ['declined',          4,     'pp_1',  null,       'declined',             'payment_decided'],
] as const

for (const [status, tries, known, decidedBy, says, answer] of rows) {
  test(`${status}, try ${tries}, ${known ?? 'no reference'}, decided by ${decidedBy ?? 'nobody'}; ${says}: ${answer}`, () => {
    const [outcome, , told = null] = says.split(' ')
    const decision = decideUnknownPayment(
      { status, tries, version: 7, provider_reference: known, decided_by: decidedBy },
      {
        seenVersion: 7,
        actor: 'key_me',
        found: { outcome: outcome as 'authorised' | 'declined', providerReference: told, evidence: 'a statement' },
      },
    )
    const answered =
      decision.kind === 'accepted'
        ? `accepted ${decision.providerReference}`
        : decision.kind === 'refused'
          ? decision.refusal.code
          : decision.kind
    assert.equal(answered, answer)
  })
}

test('who saw an older version is told the new one, before anything else about the payment', () => {
  const decision = decideUnknownPayment(
    { status: 'unknown', tries: 4, version: 9, provider_reference: null, decided_by: null },
    { seenVersion: 7, actor: 'key_me', found: { outcome: 'authorised', providerReference: null, evidence: 'x' } },
  )
  assert.deepEqual(decision, { kind: 'version_mismatch', currentVersion: 9 })
})
