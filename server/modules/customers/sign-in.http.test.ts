import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { openCustomerHead, type CustomerHead } from '../../../test/support/customer-head.ts'
import { openTestCustomers } from '../../../test/support/customers.ts'
import { createTestDatabase, type TestDatabase } from '../../../test/support/database.ts'
import { formatId, newId, parseId, type Id } from '../../kernel/id.ts'
import { must } from '../../kernel/invariant.ts'
import { createDb, type Db } from '../../platform/db.ts'
import type { Customers } from './open-customers.ts'

const PASSWORD = 'correct horse battery'

let database: TestDatabase
let db: Db
let customers: Customers
let head: CustomerHead
let made = 0

before(async () => {
  database = await createTestDatabase()
  db = createDb({ databaseUrl: database.url, poolMax: 20, applicationName: 'test' })
  customers = openTestCustomers(db)
  head = openCustomerHead({ db, customers })
})
after(async () => {
  await head.close()
  await db.close()
  await database.drop()
})
// Each test guesses from one place: none is to be slowed by those before it.
beforeEach(() => run('delete from customers.sign_in_throttle'))

test('from sign-up to sign-out', async () => {
  const email = newEmail()
  const answer = await head.store('POST', 'customer/sign-up', { body: { email, password: PASSWORD, name: 'Ada' } })
  assert.deepEqual([answer.status, answer.body], [202, { status: 'accepted' }])
  const mail = must(await head.mailbox('verify_email'), 'a mail')
  assert.equal(mail.email, email)
  const proof = { token: mail.token, password: PASSWORD }
  for (const attempt of ['first', 'repeated']) {
    const proved = await head.store('POST', 'customer/email-verifications', { body: proof })
    assert.deepEqual([proved.status, proved.body], [200, { status: 'done' }], attempt)
  }

  const token = await signIn(email)
  const own = await head.store('GET', 'customer', { token })
  assert.deepEqual(
    [own.body['email'], own.body['name'], own.body['emailVerified'], own.body['hasPassword']],
    [email, 'Ada', true, true],
  )
  const edited = await head.store('PATCH', 'customer', {
    token,
    version: Number(own.body['version']),
    body: { name: 'Ada L.', locale: 'en-GB' },
  })
  assert.deepEqual([edited.status, edited.body['name'], edited.body['locale']], [200, 'Ada L.', 'en-GB'])
  assert.equal(edited.headers['etag'], `"${Number(own.body['version']) + 1}"`)
  const late = await head.store('PATCH', 'customer', {
    token,
    version: Number(own.body['version']),
    body: { name: 'X' },
  })
  assert.equal(late.body['code'], 'version_mismatch')

  assert.equal((await head.store('DELETE', 'customer/session', { token })).status, 200)
  const gone = await head.store('GET', 'customer', { token })
  assert.deepEqual([gone.status, gone.body['code']], [401, 'customer_token_invalid'])
})

test('answers do not tell whether an e-mail has an account', async () => {
  const known = await account()
  const asked = async (path: string, body: object) => {
    const { status, body: answer } = await head.store('POST', `customer/${path}`, { body })
    const { requestId: _, ...rest } = answer as { requestId?: string }
    return { status, rest }
  }
  for (const [path, fields] of [
    ['sign-up', { password: 'another password' }],
    ['sessions', { password: 'another password' }],
    ['password-reset-requests', {}],
    ['email-verification-requests', {}],
  ] as const) {
    assert.deepEqual(
      await asked(path, { email: known, ...fields }),
      await asked(path, { email: newEmail(), ...fields }),
      path,
    )
  }
  await run('delete from customers.sign_in_throttle')
  assert.equal((await signInAnswer(known)).status, 201, 'signing up again did not change the password')
})

test('a stranger who signs up with an e-mail first does not keep it', async () => {
  const email = newEmail()
  const stranger = { email, password: "the stranger's own" }
  await head.store('POST', 'customer/sign-up', { body: stranger })
  const strangers = await signIn(email, stranger.password)
  const mail = must(await head.mailbox('verify_email'), 'a mail')
  const clicked = await head.store('POST', 'customer/email-verifications', { body: { token: mail.token } })
  assert.deepEqual([clicked.status, clicked.body['code']], [401, 'credentials_wrong'], 'a click alone proves nothing')

  // Mails of a kind go out once a minute.
  await run("update customers.message set created_at = created_at - interval '2 min'")
  await head.store('POST', 'customer/sign-up', { body: { email, password: PASSWORD } })
  const { token } = must(await head.mailbox('verify_email'), 'a mail')
  const proof = { token, password: PASSWORD }
  const proved = await head.store('POST', 'customer/email-verifications', { body: proof })
  assert.equal(proved.status, 200)
  assert.equal((await head.store('GET', 'customer', { token: strangers })).status, 401, 'their session ended')
  assert.equal((await signInAnswer(email, stranger.password)).status, 401)
})

test('a reset sets the password, proves the e-mail, ends sessions, and works once of forty at once', async () => {
  const email = newEmail()
  await head.store('POST', 'customer/sign-up', { body: { email, password: PASSWORD } })
  const before = await signIn(email)
  await head.store('POST', 'customer/password-reset-requests', { body: { email } })
  const { token } = must(await head.mailbox('reset_password'), 'a mail')
  const answers = await Promise.all(
    Array.from({ length: 40 }, (_, index) =>
      head.store('POST', 'customer/password-resets', { body: { token, password: `new password ${index}` } }),
    ),
  )
  const winners = answers.flatMap(({ status }, index) => (status === 200 ? [index] : []))
  assert.equal(winners.length, 1)
  assert.ok(answers.every(({ status, body }) => status === 200 || body['code'] === 'token_invalid'))
  assert.equal((await head.store('GET', 'customer', { token: before })).status, 401)
  const after = await signIn(email, `new password ${winners[0]}`)
  assert.equal((await head.store('GET', 'customer', { token: after })).body['emailVerified'], true)
})

test('a token proves the address it was sent to and no other', async () => {
  const email = newEmail()
  await head.store('POST', 'customer/sign-up', { body: { email, password: PASSWORD } })
  await head.store('POST', 'customer/password-reset-requests', { body: { email } })
  const { token } = must(await head.mailbox('reset_password'), 'a mail')
  const id = await idOf(email)
  const { body } = await head.admin('GET', `customers/${id}`)
  const moved = await head.admin('PATCH', `customers/${id}`, {
    version: Number(body['version']),
    body: { email: newEmail() },
  })
  assert.equal(moved.status, 200)
  const reset = await head.store('POST', 'customer/password-resets', { body: { token, password: 'another password' } })
  assert.equal(reset.body['code'], 'token_invalid')
})

test('changing the password asks for the old one and keeps the session it was changed in', async () => {
  const email = await account()
  const [here, elsewhere] = [await signIn(email), await signIn(email)]
  const change = (current: string) =>
    head.store('PUT', 'customer/password', { token: here, body: { current, password: 'quite another one' } })
  assert.equal((await change('wrong')).body['code'], 'credentials_wrong')
  assert.equal((await change(PASSWORD)).status, 200)
  assert.equal((await head.store('GET', 'customer', { token: here })).status, 200)
  assert.equal((await head.store('GET', 'customer', { token: elsewhere })).status, 401)
  assert.equal((await head.store('DELETE', 'customer/sessions', { token: here })).status, 200)
  assert.equal((await head.store('GET', 'customer', { token: here })).status, 401)
})

test('forty guesses at once at one account are five', async () => {
  const email = await account()
  await run('delete from customers.sign_in_throttle')
  const answers = await Promise.all(
    Array.from({ length: 40 }, (_, index) => signInAnswer(email, `guess number ${index}`, `198.51.100.${index}`)),
  )
  const count = (code: string) => answers.filter(({ body }) => body['code'] === code).length
  assert.deepEqual([count('credentials_wrong'), count('sign_in_slowed')], [5, 35])
  const slowed = await signInAnswer(email)
  assert.deepEqual([slowed.status, slowed.headers['retry-after']], [429, '1'], 'also with the right password')
  assert.ok(Number(slowed.body['retryAfterMs']) <= 1_000)
})

test('guesses at many accounts from one place are slowed as well, others go on', async () => {
  const email = await account()
  await run(
    `insert into customers.sign_in_throttle
     select key, 100, clock_timestamp() + interval '1 min', clock_timestamp()
       from (select $1::bytea as key) as address
         on conflict (key) do update set failures = excluded.failures, blocked_until = excluded.blocked_until`,
    [customers.inner.keys.hash('throttle', 'address 198.51.100.1')],
  )
  assert.equal((await signInAnswer(email)).status, 429)
  assert.equal((await signInAnswer(email, PASSWORD, '198.51.100.2')).status, 201)
})

test('a session is of its channel, a token of nobody opens nothing', async () => {
  const token = await signIn(await account())
  const otherHead = { kind: 'publishable', keyId: newId<'apiKey'>(), channelId: newId<'channel'>() } as const
  assert.equal(await customers.authenticateCustomer(otherHead, token), null)
  const last = token.at(-1) === 'A' ? 'B' : 'A'
  for (const forged of [`${token.slice(0, -1)}${last}`, token.slice(0, 40), 'ses_', 'x', `${token}x`]) {
    const answer = await head.store('GET', 'customer', { token: forged })
    assert.deepEqual([answer.status, answer.body['code']], [401, 'customer_token_invalid'], forged)
  }
  await run("update customers.session set expires_at = created_at + interval '1 ms'")
  assert.equal((await head.store('GET', 'customer', { token })).status, 401, 'over')
  assert.equal((await head.store('GET', 'customer')).body['code'], 'customer_required')
})

test('a head that knows its customers by other means vouches for them, once a key', async () => {
  const email = await account()
  const id = await idOf(email)
  const vouch = (key: string) =>
    head.admin('POST', `customers/${id}/sessions`, { body: { channelId: formatId('channel', head.channelId) }, key })
  const key = 'vouched-for-by-the-head-1'
  const first = await vouch(key)
  assert.equal(first.status, 201)
  assert.deepEqual((await vouch(key)).body, first.body)
  assert.equal(
    (await head.store('GET', 'customer', { token: String(first.body['customerToken']) })).body['email'],
    email,
  )
})

test('guests with the proved e-mail become the account, each one once of forty at once', async () => {
  const email = newEmail()
  const guests = await recordGuests(email.toUpperCase(), 30)
  await head.store('POST', 'customer/sign-up', { body: { email, password: PASSWORD } })
  const early = await signIn(email)
  const unproved = await head.store('POST', 'customer/merge', { token: early })
  assert.deepEqual([unproved.status, unproved.body['code']], [409, 'email_not_verified'])
  const mail = must(await head.mailbox('verify_email'), 'a mail')
  await head.store('POST', 'customer/email-verifications', { body: { token: mail.token, password: PASSWORD } })
  const later = await recordGuests(email, 30)

  const answers = await Promise.all(
    Array.from({ length: 40 }, () => head.store('POST', 'customer/merge', { token: early })),
  )
  assert.deepEqual(
    answers.map(({ status }) => status),
    answers.map(() => 200),
  )
  const merged = answers.reduce((sum, { body }) => sum + Number(body['mergedGuests']), 0)
  assert.equal(merged, 30, 'the first thirty were merged when the e-mail was proved')
  const id = must(parseId('person', await idOf(email)), 'an id')
  assert.deepEqual(new Set(await customers.readIdsOf(db, id)), new Set([id, ...guests, ...later]))
  const told = await db.rows<{ guests: string[] }>({
    name: '',
    text: `select data->'guestIds' as guests from platform.event
            where aggregate_id = $1 and type = 'customer.guests_merged'`,
    values: [id],
  })
  assert.equal(told.flatMap(({ guests: named }) => named).length, 60, 'each is named once')
})

async function account(): Promise<string> {
  const email = newEmail()
  await head.store('POST', 'customer/sign-up', { body: { email, password: PASSWORD } })
  const { token } = must(await head.mailbox('verify_email'), 'a mail')
  await head.store('POST', 'customer/email-verifications', { body: { token, password: PASSWORD } })
  return email
}

function newEmail(): string {
  return `buyer.${++made}@example.com`
}

function signInAnswer(email: string, password = PASSWORD, from = '198.51.100.1') {
  return head.store('POST', 'customer/sessions', { body: { email, password }, from })
}

async function signIn(email: string, password = PASSWORD): Promise<string> {
  const { status, body } = await signInAnswer(email, password)
  assert.equal(status, 201, JSON.stringify(body))
  return String(body['customerToken'])
}

async function idOf(email: string): Promise<string> {
  const { body } = await head.admin('POST', 'customers/search', { body: { email } })
  const items = body['items'] as readonly { id: string; kind: string }[]
  return must(
    items.find(({ kind }) => kind === 'account'),
    'the account',
  ).id
}

async function recordGuests(email: string, count: number): Promise<Id<'person'>[]> {
  const people = Array.from({ length: count }, () => ({ id: newId<'person'>(), kind: 'guest' as const, email }))
  await db.inTransaction(async (tx) => void customers.recordPeople(tx, people))
  return people.map(({ id }) => id)
}

async function run(text: string, values: unknown[] = []): Promise<void> {
  await db.execute({ name: '', text, values })
}
