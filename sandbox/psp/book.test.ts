import assert from 'node:assert/strict'
import { appendFile, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import fc from 'fast-check'
import { Book, type OperationKind, type PaymentRequest } from './book.ts'

let directory = ''
let bookCount = 0
before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'waybill-book-'))
})
after(() => rm(directory, { recursive: true }))

function newDirectory(): string {
  bookCount += 1
  return join(directory, `book-${bookCount}`)
}

function request(token: string, more: Partial<PaymentRequest> = {}): PaymentRequest {
  return { key: `key-${token}`, token, amount: 1_000, currency: 'USD', reference: 'W-100001', ...more }
}

function told(answer: ReturnType<Book['operate']>): string {
  return 'code' in answer ? answer.code : `${answer.kind} ${answer.amount}`
}

// oxfmt-ignore
const operations = [
  // token     the merchant sends in turn       the last answer            the book
  ['ok',       'capture 400',                   'capture 400',             'auth 1000, capture 400'],
  ['ok',       'capture 400, capture 600',      'capture 600',             'auth 1000, capture 400, capture 600'],
  ['ok',       'capture 400, capture 601',      'amount_above_authorised', 'auth 1000, capture 400'],
  ['ok',       'capture all',                   'capture 1000',            'auth 1000, capture 1000'],
  ['ok',       'capture all, capture all',      'nothing_to_capture',      'auth 1000, capture 1000'],
  ['ok',       'void all',                      'void 1000',               'auth 1000, void 1000'],
  ['ok',       'capture 400, void all',         'void 600',                'auth 1000, capture 400, void 600'],
  ['ok',       'void all, capture 1',           'nothing_to_capture',      'auth 1000, void 1000'],
  ['ok',       'void all, void all',            'nothing_to_void',         'auth 1000, void 1000'],
  ['ok',       'capture all, void all',         'nothing_to_void',         'auth 1000, capture 1000'],
  ['ok',       'refund 1',                      'nothing_to_refund',       'auth 1000'],
  ['ok',       'capture 400, refund 401',       'amount_above_captured',   'auth 1000, capture 400'],
  ['ok',       'capture 9, refund 4, refund 5', 'refund 5',                'auth 1000, capture 9, refund 4, refund 5'],
  ['ok',       'capture 9, refund all',         'refund 9',                'auth 1000, capture 9, refund 9'],
  ['declined', 'capture all',                   'not_authorised',          ''],
  ['declined', 'void all',                      'nothing_to_void',         ''],
  ['3ds',      'capture all',                   'not_authorised',          ''],
  ['3ds',      'void all',                      'void 0',                  ''],
  ['slow',     'void all, void all',            'nothing_to_void',         ''],
  ['unheard',  'capture all',                   'not_authorised',          ''],
] as const

for (const [token, sent, answer, left] of operations) {
  test(`tok_${token}: ${sent} → ${answer}`, async () => {
    const book = await Book.open(newDirectory())
    const payment = book.authorise(request(`tok_${token}`))
    assert.ok('id' in payment)
    const answers = sent.split(', ').map((step, index) => {
      const [kind = '', amount = ''] = step.split(' ')
      const wanted = amount === 'all' ? undefined : Number(amount)
      return told(book.operate(payment.id, kind as OperationKind, wanted, `step-${index}`))
    })
    assert.equal(answers.at(-1), answer)
    const entries = book
      .page(0, 100)
      .entries.map((entry) => `${entry.kind.replace('authorisation', 'auth')} ${entry.amount}`)
    assert.equal(entries.join(', '), left)
    await book.close()
  })
}

const keyRows = [
  ['nothing', {}, 'the first answer'],
  ['the amount', { amount: 1_001 }, 'key_reused'],
  ['the currency', { currency: 'EUR' }, 'key_reused'],
  ['the reference', { reference: 'W-100002' }, 'key_reused'],
  ['the token', { token: 'tok_declined' }, 'key_reused'],
  ['where the buyer returns to', { returnUrl: 'https://shop.example/back' }, 'key_reused'],
] as const

for (const [what, difference, answer] of keyRows) {
  test(`the same key again with another ${what}: ${answer}`, async () => {
    const book = await Book.open(newDirectory())
    const first = book.authorise(request('tok_ok'))
    const second = book.authorise({ ...request('tok_ok'), ...difference })
    assert.equal('code' in second ? second.code : second === first ? 'the first answer' : 'another payment', answer)
    assert.equal(book.page(0, 10).entries.length, 1)
    await book.close()
  })
}

test('a key belongs to one command: capture, refund and payment keys do not mix', async () => {
  const book = await Book.open(newDirectory())
  const payment = book.authorise(request('tok_ok', { key: 'key-a' }))
  assert.ok('id' in payment)
  assert.equal(told(book.operate(payment.id, 'capture', 400, 'key-b')), 'capture 400')
  assert.equal(told(book.operate(payment.id, 'capture', 400, 'key-b')), 'capture 400')
  assert.equal(told(book.operate(payment.id, 'capture', 300, 'key-b')), 'key_reused')
  assert.equal(told(book.operate(payment.id, 'refund', 400, 'key-b')), 'key_reused')
  assert.equal(told(book.operate(payment.id, 'capture', 400, 'key-a')), 'key_reused')
  const other = book.authorise(request('tok_ok', { key: 'key-b' }))
  assert.ok('code' in other && other.code === 'key_reused')
  assert.equal(payment.captured, 400)
  await book.close()
})

// oxfmt-ignore
const challenges = [
  // answers in turn   status        reason                   entries
  ['approve',          'authorised', undefined,               1],
  ['decline',          'declined',   'authentication_failed', 0],
  ['approve, decline', 'authorised', undefined,               1],
  ['decline, approve', 'declined',   'authentication_failed', 0],
  ['approve, approve', 'authorised', undefined,               1],
] as const

for (const [answers, status, reason, entries] of challenges) {
  test(`3-D Secure: ${answers} → ${status}`, async () => {
    const book = await Book.open(newDirectory())
    const payment = book.authorise(request('tok_3ds'))
    assert.ok('id' in payment)
    assert.equal(payment.status, 'requires_action')
    for (const answer of answers.split(', ')) book.answerChallenge(payment, answer === 'approve')
    assert.equal(payment.status, status)
    assert.equal(payment.reason, reason)
    assert.equal(book.page(0, 10).entries.length, entries)
    await book.close()
  })
}

test('a slow payment decides by itself, also when its process was restarted meanwhile', async () => {
  const home = newDirectory()
  const first = await Book.open(home)
  const asked = first.authorise(request('tok_slow'))
  assert.ok('id' in asked)
  await first.close()

  const again = await Book.open(home)
  const payment = again.find(asked.id)
  assert.equal(payment?.status, 'processing')
  await new Promise((resolve) => setTimeout(resolve, Math.max(0, (payment?.decideAt ?? 0) - Date.now()) + 50))
  assert.equal(payment?.status, 'authorised')
  assert.equal(again.page(0, 10).entries.length, 1)
  await again.close()
})

test('after its directory was thrown away, no old id names a new payment', async () => {
  const ids = new Set<string>()
  for (let times = 0; times < 2; times++) {
    const book = await Book.open(newDirectory())
    const payment = book.authorise(request('tok_ok'))
    assert.ok('id' in payment)
    ids.add(payment.id)
    await book.close()
  }
  assert.equal(ids.size, 2)
})

test('a book that two processes wrote is refused', async () => {
  const home = newDirectory()
  await (await Book.open(home)).close()
  await appendFile(join(home, 'book.jsonl'), '{"n":1,"at":0,"type":"book","name":"other"}\n')
  await assert.rejects(Book.open(home), /record 1 follows record 1/)
})

test('pages cover every entry once', async () => {
  const book = await Book.open(newDirectory())
  for (let n = 1; n <= 25; n++) book.authorise(request('tok_ok', { key: `key-${n}` }))
  const keys: string[] = []
  for (let read: number | null = 0; read !== null;) {
    const page = book.page(read, 10)
    keys.push(...page.entries.map((entry) => entry.key))
    read = page.next
  }
  assert.deepEqual(
    keys,
    Array.from({ length: 25 }, (_, index) => `key-${index + 1}`),
  )
  await book.close()
})

test('whatever is asked in whatever order, the money adds up and a reopened book is the same book', async () => {
  const step = fc.record({
    token: fc.constantFrom('tok_ok', 'tok_declined', 'tok_3ds'),
    action: fc.constantFrom('authorise', 'capture', 'void', 'refund', 'approve', 'decline'),
    payment: fc.nat(5),
    amount: fc.option(fc.integer({ min: 1, max: 1_200 }), { nil: undefined }),
    key: fc.nat(12),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const home = newDirectory()
      const book = await Book.open(home)
      for (const { token, action, payment, amount, key } of steps) {
        const target = book.findByKey(`payment-${payment}`)
        if (action === 'authorise') book.authorise(request(token, { key: `payment-${payment}` }))
        else if (!target) continue
        else if (action === 'approve' || action === 'decline') book.answerChallenge(target, action === 'approve')
        else book.operate(target.id, action, amount, `step-${key}`)
      }
      const then = [0, 1, 2, 3, 4, 5].map((n) => structuredClone(book.findByKey(`payment-${n}`)))
      const { entries } = book.page(0, 1_000)
      for (const payment of then) {
        if (!payment) continue
        const sum = (kind: string): number =>
          entries
            .filter((entry) => entry.payment === payment.id && entry.kind === kind)
            .reduce((total, entry) => total + entry.amount, 0)
        assert.equal(sum('authorisation'), payment.authorised)
        assert.equal(sum('capture'), payment.captured)
        assert.equal(sum('refund'), payment.refunded)
        assert.equal(sum('void'), payment.voided)
        assert.ok(payment.captured + payment.voided <= payment.authorised)
        assert.ok(payment.refunded <= payment.captured)
      }
      await book.close()

      const again = await Book.open(home)
      assert.deepEqual(again.page(0, 1_000).entries, entries)
      assert.deepEqual(
        [0, 1, 2, 3, 4, 5].map((n) => again.findByKey(`payment-${n}`)),
        then,
      )
      await again.close()
    }),
    { seed: 20_261_122, numRuns: 60 },
  )
})
