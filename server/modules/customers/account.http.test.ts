import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { openCustomerHead, type CustomerHead } from '../../../test/support/customer-head.ts'
import { openTestCustomers } from '../../../test/support/customers.ts'
import { createTestDatabase, type TestDatabase } from '../../../test/support/database.ts'
import { formatId, newId, parseId, type Id } from '../../kernel/id.ts'
import { must } from '../../kernel/invariant.ts'
import { addMs, DAY_MS } from '../../kernel/time.ts'
import { createDb, type Db } from '../../platform/db.ts'
import { readRevisions } from '../../platform/revision.ts'
import { countOrders, uncountOrders } from './count-orders.ts'
import type { Customers } from './open-customers.ts'

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

const home = { name: 'Ada', line1: '1 Main St', city: 'Springfield', region: 'IL', postalCode: '62701', country: 'US' }

test("an address book has a default, takes out what is not wanted, and shows nobody else's", async () => {
  const [ada, eve] = [await customer(), await customer()]
  const add = (line1: string) =>
    head.store('POST', 'customer/addresses', { token: ada.token, body: { ...home, line1 } })
  const book = (await add('1 Main St')).body as unknown as Book
  const first = must(book.items[0], 'an address').id
  assert.equal(book.defaultAddressId, first)
  const second = must(((await add('2 Main St')).body as unknown as Book).items[0], 'the newest first').id
  const chosen = await head.store('PUT', `customer/addresses/${second}/default`, { token: ada.token })
  assert.equal(chosen.body['defaultAddressId'], second)

  for (const [method, path] of [
    ['DELETE', `customer/addresses/${first}`],
    ['PUT', `customer/addresses/${first}/default`],
  ] as const) {
    assert.equal((await head.store(method, path, { token: eve.token })).status, 404, `${method} by Eve`)
  }
  for (const attempt of ['first', 'repeated']) {
    const left = await head.store('DELETE', `customer/addresses/${second}`, { token: ada.token })
    const { items, defaultAddressId } = left.body as unknown as Book
    assert.deepEqual([items.map(({ id }) => id), defaultAddressId], [[first], first], attempt)
  }
  const wrong = await head.store('POST', 'customer/addresses', { token: ada.token, body: { ...home, region: 'XX' } })
  assert.deepEqual(wrong.body['problems'], [{ field: 'region', problem: 'invalid' }])
})

test('an order of an account goes to the address it went to before', async () => {
  const { personId } = await customer()
  const keep = (line1: string) =>
    db.inTransaction((tx) => customers.keepAddress(tx, { personId, address: { ...home, line1 } }))
  const first = await keep('1 Main St')
  assert.equal(await keep(' 1  Main St '), first)
  assert.notEqual(await keep('2 Main St'), first)
  assert.equal(await db.inTransaction((tx) => customers.keepAddress(tx, { personId: newId(), address: home })), null)
})

test('a consent holds as it was said last; what is reported late changes nothing, and nothing is ever changed', async () => {
  const { id, token } = await customer()
  const { at } = await db.clock()
  const say = (decision: string, daysAgo: number) =>
    head.admin('POST', `customers/${id}/consents`, {
      body: {
        purpose: 'newsletter',
        channel: 'email',
        decision,
        wordingVersion: `${daysAgo}`,
        source: 'import',
        occurredAt: new Date(addMs(at, -daysAgo * DAY_MS)).toISOString(),
      },
    })
  assert.equal((await say('given', 3)).status, 201)
  assert.equal((await say('withdrawn', 1)).status, 201)
  assert.equal((await say('given', 2)).status, 201, 'reported late')
  assert.equal((await say('given', -1)).body['code'], 'consent_in_future')
  const read = async () => (await head.store('GET', 'customer/consents', { token })).body as unknown as Told
  const told = await read()
  assert.deepEqual(
    told.history.map(({ decision, wordingVersion }) => `${decision} ${wordingVersion}`),
    ['withdrawn 1', 'given 2', 'given 3'],
  )
  assert.deepEqual(
    told.current.map(({ decision }) => decision),
    ['withdrawn'],
  )
  const own = { purpose: 'newsletter', channel: 'email', decision: 'given', wordingVersion: 'now' }
  assert.equal((await head.store('POST', 'customer/consents', { token, body: own })).status, 201)
  assert.equal((await read()).current[0]?.decision, 'given')
  for (const text of ['delete from customers.consent_entry', "update customers.consent_entry set decision = 'given'"]) {
    await assert.rejects(db.execute({ name: '', text }), /append-only/)
  }
})

test('segments follow tags, orders and consents at once, and say why', async () => {
  const { id, personId, token } = await customer()
  const made = await head.admin('POST', 'segments', {
    body: {
      code: 'regulars',
      name: 'Regulars',
      rule: {
        all: [
          { fact: 'orderCount', atLeast: 2 },
          {
            any: [
              { fact: 'spent', atLeast: { amount: 5_000, currency: 'USD' } },
              { fact: 'tag', in: ['friend'] },
            ],
          },
        ],
      },
    },
  })
  assert.equal(made.status, 201)
  const segmentId = must(parseId('segment', String(made.body['id'])), 'an id')
  const isRegular = async (asked: Id<'person'> | null) => {
    const [revisions, { at }] = await Promise.all([readRevisions(db), db.clock()])
    const questions = [{ personId: asked, country: 'US' }]
    const [buyer] = await customers.buyersAt(db, revisions.customers, { questions, at })
    return must(buyer, 'the buyer').segmentIds.has(segmentId)
  }
  const { at } = await db.clock()
  const order = (minor: bigint) => ({
    orderId: newId<'order'>(),
    personId,
    currency: 'USD',
    totalMinor: minor,
    placedAt: at,
  })
  const [first, second] = [order(2_000n), order(3_000n)]
  assert.equal(await isRegular(personId), false)
  await db.inTransaction((tx) => countOrders(tx, [first]))
  await db.inTransaction((tx) => countOrders(tx, [first, second]))
  assert.equal(await isRegular(personId), true, 'each order counts once')
  assert.equal(await isRegular(null), false)
  await db.inTransaction((tx) => uncountOrders(tx, [second.orderId]))
  assert.equal(await isRegular(personId), false, 'one was cancelled')

  const explained = await head.admin('GET', `customers/${id}/segments?country=US`)
  const [membership] = explained.body['items'] as readonly { words: string[]; isMember: boolean }[]
  assert.deepEqual(membership, {
    segment: made.body['id'],
    code: 'regulars',
    isMember: false,
    words: [
      'no: all of these',
      '  no: has ordered at least 2 times (1 orders)',
      '  no: any of these',
      '    no: has spent at least 5000 minor units of USD (2000 minor units of USD)',
      '    no: is tagged friend (no tags)',
    ],
  })
  assert.equal((await head.store('GET', 'customer', { token })).status, 200)
})

test('a guest that was merged buys as the account, tax-exempt and all', async () => {
  const { id, personId, email } = await customer()
  const guestId = newId<'person'>()
  await db.inTransaction(async (tx) => void customers.recordPeople(tx, [{ id: guestId, kind: 'guest', email }]))
  const { body } = await head.admin('GET', `customers/${id}`)
  const edited = await head.admin('PATCH', `customers/${id}`, {
    version: Number(body['version']),
    body: { taxExempt: true, taxId: 'DE123456789', tags: ['wholesale'] },
  })
  assert.deepEqual([edited.status, edited.body['taxId'], edited.body['tags']], [200, 'DE123456789', ['wholesale']])
  assert.equal((await head.admin('POST', `customers/${id}/merge`)).body['mergedGuests'], 1)
  const ask = async () => {
    const [revisions, { at }] = await Promise.all([readRevisions(db), db.clock()])
    const questions = [guestId, newId<'person'>(), null].map((asked) => ({ personId: asked, country: null }))
    const buyers = await customers.buyersAt(db, revisions.customers, { questions, at })
    return buyers.map(({ accountId, taxExempt, taxId }) => [accountId, taxExempt, taxId])
  }
  assert.deepEqual(await ask(), [
    [personId, true, 'DE123456789'],
    [null, false, null],
    [null, false, null],
  ])
  const over = await head.admin('PATCH', `customers/${id}`, {
    version: Number(edited.body['version']) + 1,
    body: { taxExemptUntil: '2020-01-01T00:00:00Z' },
  })
  assert.equal(over.body['code'], 'tax_exemption_over')
})

test('a copy holds all of one person and nothing of others; erasing takes it all away', async () => {
  const [ada, eve] = [await customer('Ada Export'), await customer('Eve Other')]
  await db.inTransaction(
    async (tx) =>
      void customers.recordPeople(tx, [
        { id: newId(), kind: 'guest', email: ada.email, address: { ...home, line1: 'As a guest' } },
      ]),
  )
  await head.store('POST', 'customer/addresses', { token: ada.token, body: { ...home, line1: 'In the book' } })
  await head.store('POST', 'customer/addresses', { token: eve.token, body: { ...home, line1: "Eve's" } })
  await head.admin('POST', `customers/${ada.id}/notes`, { body: { text: 'likes tents' } })
  await head.admin('POST', `customers/${eve.id}/notes`, { body: { text: 'likes boats' } })
  await head.admin('POST', `customers/${ada.id}/merge`)
  const copy = await head.admin('GET', `customers/${ada.id}/export`)
  const text = JSON.stringify(copy.body)
  for (const mine of ['Ada Export', ada.email, 'As a guest', 'In the book', 'likes tents']) {
    assert.ok(text.includes(mine), mine)
  }
  for (const others of ['Eve', eve.email, 'boats', 'argon2id']) assert.ok(!text.includes(others), others)

  assert.equal((await head.admin('POST', `customers/${ada.id}/erase`)).status, 200)
  assert.equal((await head.store('GET', 'customer', { token: ada.token })).status, 401)
  const after = JSON.stringify((await head.admin('GET', `customers/${ada.id}/export`)).body)
  for (const gone of ['Ada Export', ada.email, 'As a guest', 'In the book', 'likes tents', '62701']) {
    assert.ok(!after.includes(gone), gone)
  }
  assert.deepEqual((await head.admin('POST', 'customers/search', { body: { email: ada.email } })).body['items'], [])
})

test("two edits at once: one finds the other's version", async () => {
  const { id } = await customer()
  const answers = await Promise.all(
    Array.from({ length: 40 }, (_, index) =>
      head.admin('PATCH', `customers/${id}`, { version: 1, body: { name: `Name ${index}` } }),
    ),
  )
  assert.equal(answers.filter(({ status }) => status === 200).length, 1)
  assert.ok(answers.every(({ status }) => status === 200 || status === 412))
})

interface Book {
  readonly items: readonly { readonly id: string }[]
  readonly defaultAddressId: string
}

interface Told {
  readonly current: readonly { readonly decision: string }[]
  readonly history: readonly { readonly decision: string; readonly wordingVersion: string }[]
}

async function customer(name = 'Ada') {
  const email = `account.${++made}@example.com`
  const created = await head.admin('POST', 'customers', { body: { email, name, emailVerified: true } })
  const id = String(created.body['id'])
  const session = await head.admin('POST', `customers/${id}/sessions`, {
    body: { channelId: formatId('channel', head.channelId) },
  })
  const personId = must(parseId('person', id), 'an id')
  return { id, personId, email, token: String(session.body['customerToken']) }
}
