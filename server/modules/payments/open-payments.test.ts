import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newId } from '../../kernel/id.ts'
import type { CurrencyCode } from '../../kernel/money.ts'
import { openPayments } from './open-payments.ts'
import type { AuthoriseAnswer, NotFound, PaymentProvider } from './ports.ts'

const amount = { minor: 1_999n, currency: 'USD' as CurrencyCode }
const authorised = {
  kind: 'authorised',
  providerReference: 'p1',
  authorisedMinor: 1_999n,
  currency: amount.currency,
} as const
const refused = { kind: 'refused', code: 'key_reused', detail: 'another body' } as const
const notFound = { kind: 'not_found' } as const

// oxfmt-ignore
const questions = [
  // asked before, known as   what looking tells   what authorising tells   asked             told
  [false, null,               null,                authorised,              ['authorise'],          'authorised'],
  [false, null,               null,                refused,                 ['authorise'],          'refused'],
  [true,  null,               authorised,          refused,                 ['find'],               'authorised'],
  [true,  null,               notFound,            authorised,              ['find', 'authorise'],  'authorised'],
  [true,  null,               notFound,            refused,                 ['find', 'authorise'],  'refused'],
  // A refusal to tell is not the payment's end.
  [true,  null,               refused,             authorised,              ['find'],               'unknown'],
  [true,  'p1',               authorised,          refused,                 ['continue'],           'authorised'],
  [true,  'p1',               refused,             refused,                 ['continue'],           'unknown'],
] as const

for (const [isRepeat, providerReference, looked, asked, calls, told] of questions) {
  const before = isRepeat ? 'asked before' : 'never asked'
  test(`${before}, known as ${providerReference ?? 'nothing'}, looking: ${looked?.kind ?? '-'}, authorising: ${asked.kind}: ${told}`, async () => {
    const made: string[] = []
    const answer = <Answer extends AuthoriseAnswer | NotFound>(call: string, value: Answer | null) => {
      made.push(call)
      assert.ok(value !== null)
      return Promise.resolve(value)
    }
    const provider = {
      code: 'psp',
      authorise: ({ returnUrl }) =>
        answer(`authorise${returnUrl === 'https://shop.example/back' ? '' : ' elsewhere'}`, asked),
      find: () => answer('find', looked),
      continue: () => answer('continue', looked as AuthoriseAnswer | null),
    } as Partial<PaymentProvider> as PaymentProvider
    const payments = openPayments({ providers: [provider], masterKeys: [{ version: 1, secret: new Uint8Array(32) }] })
    const attempt = {
      id: newId<'attempt'>(),
      provider: 'psp',
      amount,
      token: 'tok',
      returnUrl: 'https://shop.example/back',
      providerReference,
      reference: 'W-1',
    }
    assert.equal((await payments.ask(attempt, { isRepeat })).kind, told)
    assert.deepEqual(made, calls)
  })
}
