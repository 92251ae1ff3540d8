import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { openCustomerHead, type CustomerHead } from '../../../test/support/customer-head.ts'
import { openTestCustomers } from '../../../test/support/customers.ts'
import { createTestDatabase, type TestDatabase } from '../../../test/support/database.ts'
import { formatId, parseId } from '../../kernel/id.ts'
import { must } from '../../kernel/invariant.ts'
import { createDb, type Db } from '../../platform/db.ts'

/** The first sign-up's password, and that of who signs up with the same e-mail after it. */
const passwords = { first: 'the first password', second: 'the second password', neither: 'quite another one' } as const
type Typed = keyof typeof passwords | 'nothing'

const home = { name: 'Ada', line1: '1 Main St', city: 'Springfield', region: 'IL', postalCode: '62701', country: 'US' }

let database: TestDatabase
let db: Db
let head: CustomerHead
let made = 0

before(async () => {
  database = await createTestDatabase()
  db = createDb({ databaseUrl: database.url, poolMax: 20, applicationName: 'test' })
  head = openCustomerHead({ db, customers: openTestCustomers(db) })
})
after(async () => {
  await head.close()
  await db.close()
  await database.drop()
})
// Each test guesses from one place: none is to be slowed by those before it.
beforeEach(forget)

// oxfmt-ignore
const cases = [
  // account made by  after the second sign-up  token of its mail  answer               after that
  //                  opens     session book    comes with                              opens     session book
  ['sign-up',         'first',  'lives', 1,     'first',           200,                 'first',  'lives', 1],
  ['sign-up',         'first',  'lives', 1,     'second',          200,                 'second', 'ended', 0],
  ['sign-up',         'first',  'lives', 1,     'neither',         'credentials_wrong', 'first',  'lives', 1],
  ['sign-up',         'first',  'lives', 1,     'nothing',         'credentials_wrong', 'first',  'lives', 1],
  ['the merchant',    '',       'lives', 1,     'second',          200,                 'second', 'ended', 1],
  ['the merchant',    '',       'lives', 1,     'neither',         'credentials_wrong', '',       'lives', 1],
  ['the merchant',    '',       'lives', 1,     'nothing',         'credentials_wrong', '',       'lives', 1],
  ['proved sign-up',  'first',  'lives', 1,     'second',          'no token',          'first',  'lives', 1],
] as const

for (const [maker, opens, session, book, typed, expected, opensAfter, sessionAfter, bookAfter] of cases) {
  test(`an account by ${maker}, signed up for again, its token with ${typed}: ${expected}`, async () => {
    const { email, id, token } = await makeAccount(maker)
    await passAMinute()
    await signUp(email, 'second')
    assert.deepEqual(await seen(email, id, token), { opens, session, book }, 'after the second sign-up')

    const mail = await head.mailbox('verify_email', id)
    if (expected === 'no token') {
      assert.equal(mail, null)
      assert.equal(must(await head.mailbox('already_registered', id), 'a mail to the owner').token, null)
    } else {
      const answer = await prove(must(mail, 'a mail').token, typed)
      assert.equal(answer.status === 200 ? 200 : answer.body['code'], expected)
    }
    const now = { opens: opensAfter, session: sessionAfter, book: bookAfter }
    assert.deepEqual(await seen(email, id, token), now, 'after that')
  })
}

test('a reset gives an unproved account to the owner of its mailbox, and takes out what was put into its book', async () => {
  const { email, id, token } = await makeAccount('sign-up')
  await head.store('POST', 'customer/password-reset-requests', { body: { email } })
  const mail = must(await head.mailbox('reset_password', id), 'a mail')
  const body = { token: mail.token, password: passwords.second }
  assert.equal((await head.store('POST', 'customer/password-resets', { body })).status, 200)
  assert.deepEqual(await seen(email, id, token), { opens: 'second', session: 'ended', book: 0 })
})

test('the token of an earlier mail does not bring the password of a later sign-up', async () => {
  const { email, id } = await makeAccount('the merchant')
  await head.store('POST', 'customer/email-verification-requests', { body: { email } })
  const earlier = must(await head.mailbox('verify_email', id), 'a mail')
  await passAMinute()
  await signUp(email, 'second')
  const later = must(await head.mailbox('verify_email', id), 'another mail')
  assert.equal((await prove(earlier.token, 'nothing')).status, 200)
  const spent = await prove(later.token, 'second')
  assert.equal(spent.body['code'], 'token_invalid')
  assert.equal(await opening(email), '')
})

test('forty sign-ups at once for an account change nothing of it, and of forty proofs at once one password counts', async () => {
  const { email, id, token } = await makeAccount('sign-up')
  await passAMinute()
  const answers = await Promise.all(
    Array.from({ length: 40 }, () =>
      head.store('POST', 'customer/sign-up', { body: { email, password: passwords.second } }),
    ),
  )
  assert.ok(answers.every(({ status }) => status === 202 || status === 429))
  assert.ok(answers.some(({ status }) => status === 202))
  assert.deepEqual(await seen(email, id, token), { opens: 'first', session: 'lives', book: 1 })

  const mail = must(await head.mailbox('verify_email', id), 'a mail')
  const typed = Array.from({ length: 40 }, (_, index) => (index % 2 === 0 ? 'first' : 'second'))
  const proofs = await Promise.all(typed.map((each) => prove(mail.token, each)))
  const won = new Set(typed.filter((_, index) => proofs[index]?.status === 200))
  assert.equal(won.size, 1)
  assert.equal(await opening(email), [...won].join())
})

async function makeAccount(by: (typeof cases)[number][0]) {
  const email = `owner.${++made}@example.com`
  if (by === 'the merchant') {
    const created = await head.admin('POST', 'customers', { body: { email, name: 'Ada' } })
    const id = String(created.body['id'])
    const body = { channelId: formatId('channel', head.channelId) }
    const vouched = await head.admin('POST', `customers/${id}/sessions`, { body })
    return fillBook(email, id, String(vouched.body['customerToken']))
  }
  await signUp(email, 'first')
  const found = await head.admin('POST', 'customers/search', { body: { email } })
  const [{ id }] = found.body['items'] as readonly [{ id: string }]
  const mail = must(await head.mailbox('verify_email', id), 'a mail')
  if (by === 'proved sign-up') await prove(mail.token, 'first')
  const session = await signIn(email, 'first')
  return fillBook(email, id, String(session.body['customerToken']))
}

async function fillBook(email: string, id: string, token: string) {
  assert.equal((await head.store('POST', 'customer/addresses', { token, body: home })).status, 201)
  return { email, id, token }
}

/** Which password opens the account, what became of who was in it, and how many addresses its book has. */
async function seen(email: string, id: string, token: string) {
  const { status } = await head.store('GET', 'customer', { token })
  const book = await db.rows({
    name: '',
    text: 'select id from customers.address where person_id = $1 and listed',
    values: [parseId('person', id)],
  })
  return { opens: await opening(email), session: status === 200 ? 'lives' : 'ended', book: book.length }
}

async function opening(email: string): Promise<string> {
  await forget()
  const opened: string[] = []
  for (const typed of ['first', 'second'] as const) {
    if ((await signIn(email, typed)).status === 201) opened.push(typed)
  }
  await forget()
  return opened.join()
}

async function signUp(email: string, typed: 'first' | 'second'): Promise<void> {
  const answer = await head.store('POST', 'customer/sign-up', { body: { email, password: passwords[typed] } })
  assert.deepEqual([answer.status, answer.body], [202, { status: 'accepted' }])
}

function signIn(email: string, typed: 'first' | 'second') {
  return head.store('POST', 'customer/sessions', { body: { email, password: passwords[typed] } })
}

function prove(token: string, typed: Typed) {
  const password = typed === 'nothing' ? undefined : passwords[typed]
  return head.store('POST', 'customer/email-verifications', { body: { token, password } })
}

/** Mails of a kind go out once a minute. */
async function passAMinute(): Promise<void> {
  await run("update customers.message set created_at = created_at - interval '2 min'")
}

async function forget(): Promise<void> {
  await run('delete from customers.sign_in_throttle')
}

async function run(text: string): Promise<void> {
  await db.execute({ name: '', text, values: [] })
}
