import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decideCancellation } from './decide-cancellation.ts'

// oxfmt-ignore
const rows = [
  // order             payments                   work      answer
  ['open',             ['authorised'],            'none',   null],
  ['awaiting_payment', ['declined'],              'none',   null],
  ['awaiting_payment', ['action_required'],       'none',   null],
  ['awaiting_payment', ['pending'],               'none',   'payment_in_progress'],
  ['awaiting_payment', ['declined', 'unknown'],   'none',   'payment_in_progress'],
  ['open',             ['authorised'],            'begun',  'already_in_work'],
  ['open',             ['unknown'],               'begun',  'already_in_work'],
  ['cancelled',        ['voided'],                'none',   'already_ended'],
  ['expired',          [],                        'none',   'already_ended'],
  ['completed',        ['authorised'],            'begun',  'already_ended'],
] as const

for (const [status, attempts, work, code] of rows) {
  test(`${status}, payments ${attempts.join(' ')}, work ${work}: ${code ?? 'cancelled'}`, () => {
    assert.equal(decideCancellation({ status, attempts, begun: work === 'begun' })?.code ?? null, code)
  })
}
