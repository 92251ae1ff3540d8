import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before, test } from 'node:test'
import { newId, type Id } from '../../kernel/id.ts'
import { must } from '../../kernel/invariant.ts'
import { createDb, type Db } from '../../platform/db.ts'
import { createTestDatabase, type TestDatabase } from '../../../test/support/database.ts'
import type { Address } from './address.ts'
import type { MasterKey } from './key-ring.ts'
import { openTestCustomers } from '../../../test/support/customers.ts'
import type { Customers } from './open-customers.ts'
import type { NewPerson } from './record-people.ts'

const firstKey: MasterKey = { version: 1, secret: randomBytes(32) }
const secondKey: MasterKey = { version: 2, secret: randomBytes(32) }
const home: Address = {
  name: 'Ada Lovelace',
  line1: '1 Main St',
  city: 'Springfield',
  region: 'IL',
  postalCode: '62701',
  country: 'US',
  phone: '(212) 555-0100',
}
const actor = 'key_test'

let database: TestDatabase
let db: Db
let customers: Customers

before(async () => {
  database = await createTestDatabase()
  db = createDb({ databaseUrl: database.url, poolMax: 20, applicationName: 'test' })
  customers = openTestCustomers(db, [firstKey])
})
after(async () => {
  await db.close()
  await database.drop()
})

test('what is recorded is read back, name and telephone number lent by the address', async () => {
  const { personId, addressId } = await record({ email: 'Ada@Example.com', address: home })
  const person = await read(personId)
  assert.deepEqual(
    [person.kind, person.email, person.name, person.phone, person.erasedAt],
    ['guest', 'Ada@Example.com', 'Ada Lovelace', '(212) 555-0100', null],
  )
  const addresses = await customers.readAddresses(db, [must(addressId, 'an address')])
  assert.deepEqual([...addresses.values()], [{ id: addressId, personId, country: 'US', region: 'IL', address: home }])
})

test('an address keeps the id its bringer knows; somebody without an address has none', async () => {
  const id = newId<'address'>()
  assert.equal((await record({ address: { id, ...home } })).addressId, id)
  assert.equal((await record({ email: 'nobody@example.com' })).addressId, null)
})

test('many people are recorded at once, each with a key of their own', async () => {
  const people = Array.from({ length: 50 }, (_, index): NewPerson => {
    return { id: newId(), kind: 'guest', email: `many${index}@example.com`, name: `Many ${index}`, address: home }
  })
  await db.inTransaction(async (tx) => void customers.recordPeople(tx, people))
  const found = await customers.readPeople(
    db,
    people.map(({ id }) => id),
  )
  assert.deepEqual(
    people.map(({ id }) => found.get(id)?.name),
    people.map(({ name }) => name),
  )
  const keys = await rowsOf(
    'select count(distinct wrapped_key)::int as n from customers.person where id = any($1::uuid[])',
    [people.map(({ id }) => id)],
  )
  assert.deepEqual(keys, [{ n: 50 }])
})

test('nothing personal stands readable in the tables, in events or in the audit', async () => {
  const email = 'plain.text@example.com'
  const { personId } = await record({ email, phone: '+442079460018', address: { ...home, name: 'Plain Text' } })
  await db.inTransaction((tx) => customers.createAccount(tx, actor, { email, name: 'Plain Text' }))
  await db.inTransaction((tx) => customers.erasePerson(tx, { actor, id: personId }))
  const dump = await rowsOf<{ text: string }>(
    `select (select string_agg(person::text || encode(coalesce(vault, ''), 'escape'), '') from customers.person)
         || (select string_agg(address::text || encode(coalesce(vault, ''), 'escape'), '') from customers.address)
         || (select string_agg(data::text, '') from platform.event)
         || (select string_agg(audit_entry::text, '') from platform.audit_entry) as text`,
  )
  const { text } = must(dump[0], 'a row')
  assert.ok(text.includes('customer.erased') && text.includes('US'), 'the dump holds the rows')
  for (const secret of ['plain', 'Plain', 'example.com', '2079460018', 'Main St']) {
    assert.ok(!text.includes(secret), `${secret} is readable`)
  }
  // By itself: five digits also come up in ids and hashes.
  assert.doesNotMatch(text, /(?<![0-9a-f])62701(?![0-9a-f])/)
})

// Each statement has the victim as $1 and another person as $2.
const tamperings = [
  {
    what: "another person's data and key are put here",
    set: `vault = (select vault from customers.person where id = $2),
          wrapped_key = (select wrapped_key from customers.person where id = $2)`,
  },
  {
    what: "another person's key is put here",
    set: 'wrapped_key = (select wrapped_key from customers.person where id = $2)',
  },
  {
    what: 'their own address is put here',
    set: 'vault = (select vault from customers.address where person_id = $1)',
  },
  { what: 'a bit of the data flips', set: 'vault = set_byte(vault, 20, get_byte(vault, 20) # 1)' },
  { what: 'the tag is cut off', set: 'vault = substr(vault, 1, length(vault) - 16)' },
]

for (const { what, set } of tamperings) {
  test(`${what}: it does not open`, async () => {
    const victim = await record({ email: 'victim@example.com', address: home })
    const other = await record({ email: 'other@example.com' })
    assert.equal((await read(victim.personId)).email, 'victim@example.com')
    const text = `update customers.person set ${set} where id = $1 and $2::uuid is not null`
    assert.equal(await db.execute({ name: '', text, values: [victim.personId, other.personId] }), 1)
    await assert.rejects(read(victim.personId), /unable to authenticate|invalid/i)
  })
}

test('an address put in the place of another one of the same person does not open', async () => {
  const { personId, addressId } = await record({ address: home })
  const [moved] = await db.inTransaction((tx) => customers.changeGuests(tx, [{ id: personId, address: home }]))
  const text = 'update customers.address set vault = (select vault from customers.address where id = $2) where id = $1'
  await db.execute({ name: '', text, values: [addressId, must(moved, 'the guest').addressId] })
  await assert.rejects(customers.readAddresses(db, [must(addressId, 'an address')]), /unable to authenticate/)
})

// oxfmt-ignore
const searches = [
  // search                                        finds
  [{ email: 'Grace.Hopper@EXAMPLE.com ' },         true],
  [{ email: 'grace.hopper@example.com' },          true],
  [{ email: 'gracehopper@example.com' },           false],
  [{ email: 'grace.hopper' },                      false],
  [{ phone: '+44 20 7946 0018' },                  true],
  [{ phone: '020 7946 0018', country: 'GB' },      true],
  [{ phone: '020 7946 0018', country: 'IT' },      false],
  [{ phone: '020 7946 0018' },                     false],
  [{},                                             false],
] as const

test('people are found by exactly their e-mail or telephone number', async () => {
  const { personId } = await record({
    email: 'grace.hopper@example.com',
    phone: '020 7946 0018',
    address: { ...home, country: 'GB' },
  })
  for (const [search, isFound] of searches) {
    const found = await customers.findPeople(db, search, 10)
    assert.equal(
      found.some(({ id }) => id === personId),
      isFound,
      JSON.stringify(search),
    )
  }
})

test('an e-mail and a telephone number with the same text do not hash alike', async () => {
  const { personId } = await record({ email: 'alike@example.com', phone: '+12125550177' })
  const [row] = await rowsOf<{ same: boolean }>(
    'select email_hash = phone_hash as same from customers.person where id = $1',
    [personId],
  )
  assert.equal(row?.same, false)
  assert.notDeepEqual(
    await rowsOf('select email_hash as hash from customers.person where id = $1', [personId]),
    await rowsOf('select sha256($1) as hash', [Buffer.from('alike@example.com')]),
    'the hash is keyed',
  )
})

test('an erased person is unreadable and cannot be found, their addresses keep country and region', async () => {
  const { personId, addressId } = await record({ email: 'erase.me@example.com', phone: '+12125550123', address: home })
  assert.equal(await db.inTransaction((tx) => customers.erasePerson(tx, { actor, id: personId })), true)
  assert.equal(
    await db.inTransaction((tx) => customers.erasePerson(tx, { actor, id: personId })),
    true,
    'a second time',
  )

  const person = await read(personId)
  assert.deepEqual([person.email, person.name, person.phone], [null, null, null])
  assert.ok(person.erasedAt !== null)
  const address = (await customers.readAddresses(db, [must(addressId, 'an address')])).get(
    must(addressId, 'an address'),
  )
  assert.deepEqual(address, { id: addressId, personId, country: 'US', region: 'IL', address: null })
  const left = await rowsOf(
    `select wrapped_key, person.vault, email_hash, phone_hash, address.vault as address_vault
       from customers.person join customers.address on person_id = person.id where person.id = $1`,
    [personId],
  )
  const nothing = { wrapped_key: null, vault: null, email_hash: null, phone_hash: null, address_vault: null }
  assert.deepEqual(left, [nothing], 'not even in ciphertext')
  assert.deepEqual(await customers.findPeople(db, { email: 'erase.me@example.com', phone: '+12125550123' }, 10), [])
  assert.deepEqual(await rowsOf('select type, version from platform.event where aggregate_id = $1', [personId]), [
    { type: 'customer.erased', version: 1 },
  ])
  assert.equal(await db.inTransaction((tx) => customers.erasePerson(tx, { actor, id: newId() })), false, 'nobody')
})

test('a guest changes what they told; an erased one, an account and a stranger do not', async () => {
  const { personId } = await record({ email: 'first@example.com' })
  const erased = await record({ email: 'gone@example.com' })
  const account = await create('account.change@example.com')
  await db.inTransaction((tx) => customers.erasePerson(tx, { actor, id: erased.personId }))

  const change = { email: 'second@example.com', address: home }
  const changed = await db.inTransaction((tx) =>
    customers.changeGuests(
      tx,
      [personId, erased.personId, account, newId<'person'>()].map((id) => ({ id, ...change })),
    ),
  )
  assert.deepEqual(
    changed.map((each) => each.personId),
    [personId],
  )
  const person = await read(personId)
  assert.deepEqual([person.email, person.name, person.phone], ['second@example.com', 'Ada Lovelace', '(212) 555-0100'])
  assert.deepEqual(await customers.findPeople(db, { email: 'first@example.com' }, 10), [])
  assert.equal((await customers.findPeople(db, { email: 'second@example.com' }, 10)).length, 1)
  assert.equal((await read(account)).email, 'account.change@example.com')
  assert.deepEqual(
    (await customers.readAddressesOf(db, personId)).map(({ id }) => id),
    [changed[0]?.addressId],
  )
})

// oxfmt-ignore
const accountCases = [
  // account                                                        outcome
  [{ email: 'ok@example.com' },                                     'created'],
  [{ email: 'OK@example.com' },                                     'email_taken'],
  [{ email: 'not an e-mail' },                                      'email_invalid'],
  [{ email: 'p1@example.com', phone: '12' },                        'phone_invalid'],
  [{ email: 'p2@example.com', phone: '(212) 555-0100' },            'phone_invalid'],
  [{ email: 'p3@example.com', phone: '(212) 555-0100', address: home }, 'created'],
  [{ email: 'a1@example.com', address: { ...home, postalCode: '' } }, 'address_invalid'],
] as const

test('accounts are checked before they are made', async () => {
  for (const [account, expected] of accountCases) {
    const outcome = await db.inTransaction((tx) => customers.createAccount(tx, actor, account))
    assert.equal(outcome.kind === 'refused' ? outcome.refusal.code : outcome.kind, expected, JSON.stringify(account))
  }
})

test('forty at once make one account of an e-mail', async () => {
  const outcomes = await Promise.all(
    Array.from({ length: 40 }, () =>
      db.inTransaction((tx) => customers.createAccount(tx, actor, { email: 'race@example.com' })),
    ),
  )
  assert.equal(outcomes.filter(({ kind }) => kind === 'created').length, 1)
  assert.equal((await customers.findPeople(db, { email: 'race@example.com' }, 50)).length, 1)
})

test('a new master key opens what the old one wrapped, and an e-mail stays unique across both', async () => {
  const account = await create('rotated@example.com')
  const rotated = openTestCustomers(db, [firstKey, secondKey])
  assert.equal((await rotated.readPeople(db, [account])).get(account)?.email, 'rotated@example.com')
  assert.deepEqual(
    (await rotated.findPeople(db, { email: 'rotated@example.com' }, 10)).map(({ id }) => id),
    [account],
  )
  const again = await db.inTransaction((tx) => rotated.createAccount(tx, actor, { email: 'rotated@example.com' }))
  assert.equal(again.kind === 'refused' && again.refusal.code, 'email_taken')

  const newer = newId<'person'>()
  await db.inTransaction(
    async (tx) => void rotated.recordPeople(tx, [{ id: newer, kind: 'guest', email: 'newer@example.com' }]),
  )
  assert.equal((await rotated.readPeople(db, [newer])).get(newer)?.email, 'newer@example.com')
  await assert.rejects(customers.readPeople(db, [newer]), /master key 2/)
})

test('people are listed newest first, page by page', async () => {
  const ids = []
  for (const name of ['one', 'two', 'three']) ids.unshift((await record({ name })).personId)
  const page = await customers.listPeople({ before: null, limit: 2 })
  assert.deepEqual(
    page.map(({ id }) => id),
    ids.slice(0, 2),
  )
  const next = await customers.listPeople({ before: must(page[1], 'a person').id, limit: 1 })
  assert.deepEqual(
    next.map(({ id }) => id),
    ids.slice(2),
  )
})

async function record(person: Omit<NewPerson, 'id' | 'kind'>) {
  const [recorded] = await db.inTransaction(async (tx) =>
    customers.recordPeople(tx, [{ id: newId(), kind: 'guest', ...person }]),
  )
  return must(recorded, 'the person recorded')
}

async function create(email: string): Promise<Id<'person'>> {
  const outcome = await db.inTransaction((tx) => customers.createAccount(tx, actor, { email }))
  assert.ok(outcome.kind === 'created')
  return outcome.personId
}

async function read(id: Id<'person'>) {
  return must((await customers.readPeople(db, [id])).get(id), 'the person')
}

function rowsOf<Row = unknown>(text: string, values: unknown[] = []): Promise<Row[]> {
  return db.rows<Row>({ name: '', text, values })
}
