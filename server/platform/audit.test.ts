import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { must } from '../kernel/invariant.ts'
import { createTestDatabase, type TestDatabase } from '../../test/support/database.ts'
import { appendAudit, sealAudit, verifyAuditChain, type AuditEntry } from './audit.ts'
import { createDb, type Db } from './db.ts'

let database: TestDatabase
let db: Db

before(async () => {
  database = await createTestDatabase()
  db = createDb({ databaseUrl: database.url, poolMax: 8, applicationName: 'test' })
})
after(async () => {
  await db.close()
  await database.drop()
})
beforeEach(() => db.execute({ name: 'test.truncate', text: 'truncate platform.audit_entry' }))

const entry = (action: string): AuditEntry => ({
  actor: 'key_01h2xcejqtf2nbrexx3vqjhp41',
  action,
  object: 'prd_01h2xcejqtf2nbrexx3vqjhp41',
  detail: { reason: 'a "quoted"\nline', amount: 12345678901234.5 },
})

async function write(...actions: readonly string[]): Promise<void> {
  await db.inTransaction(async (tx) => appendAudit(tx, actions.map(entry)))
}

async function sealed(): Promise<{ number: bigint; action: string }[]> {
  return db.rows({
    name: 'test.sealed',
    text: 'select number, action from platform.audit_entry where number is not null order by number',
  })
}

test('entries are numbered from one without gaps, and the chain verifies', async () => {
  await write('product.created', 'product.changed')
  assert.equal((await sealAudit(db)).sealedCount, 2)
  await write('price.changed')
  const { sealedCount, head } = await sealAudit(db)
  assert.equal(sealedCount, 1)
  assert.deepEqual(
    (await sealed()).map(({ number }) => number),
    [1n, 2n, 3n],
  )
  assert.deepEqual(await verifyAuditChain(db), { kind: 'intact', entryCount: 3, head })
  assert.deepEqual(await verifyAuditChain(db, { from: 3n }), { kind: 'intact', entryCount: 1, head })
  assert.deepEqual(await sealAudit(db), { sealedCount: 0, head: null })
})

test('an empty chain is intact', async () => {
  assert.deepEqual(await verifyAuditChain(db), { kind: 'intact', entryCount: 0, head: null })
})

test('one entry needs no list, and an empty list writes nothing', async () => {
  await db.inTransaction(async (tx) => {
    appendAudit(tx, entry('key.revoked'))
    appendAudit(tx, [])
  })
  assert.equal((await sealAudit(db)).sealedCount, 1)
})

test('an entry that commits late is sealed later, after younger ones', async () => {
  const early = Promise.withResolvers<void>()
  const began = Promise.withResolvers<void>()
  const slow = db.inTransaction(async (tx) => {
    appendAudit(tx, entry('slow.written'))
    began.resolve()
    await early.promise
  })
  await began.promise
  await write('quick.written')
  await sealAudit(db)
  early.resolve()
  await slow
  await sealAudit(db)
  assert.deepEqual(await sealed(), [
    { number: 1n, action: 'quick.written' },
    { number: 2n, action: 'slow.written' },
  ])
  assert.equal((await verifyAuditChain(db)).kind, 'intact')
})

test('eight sealers at once while forty writers write: one gapless chain', async () => {
  const writers = Array.from({ length: 40 }, (_, index) => write(`written.${index}`, `again.${index}`))
  const sealers = Array.from({ length: 8 }, async () => {
    for (let round = 0; round < 10; round++) await sealAudit(db)
  })
  await Promise.all([...writers, ...sealers])
  await sealAudit(db)
  const report = await verifyAuditChain(db)
  assert.equal(report.kind, 'intact')
  assert.equal(report.kind === 'intact' && report.entryCount, 80)
})

/** What somebody with access to the tables might do, and where the chain shows it. Five entries are sealed before. */
const tampering = [
  ['the detail of 3 is changed', `update platform.audit_entry set detail = '{}' where number = 3`, 3n, 'changed'],
  ['the actor of 1 is changed', `update platform.audit_entry set actor = 'key_other' where number = 1`, 1n, 'changed'],
  [
    'the time of 5 moves by a microsecond',
    `update platform.audit_entry set recorded_at = recorded_at + interval '1 microsecond' where number = 5`,
    5n,
    'changed',
  ],
  ['4 is removed', 'delete from platform.audit_entry where number = 4', 4n, 'missing'],
  [
    '4 is removed and 5 takes its number',
    'delete from platform.audit_entry where number = 4; update platform.audit_entry set number = 4 where number = 5',
    4n,
    'changed',
  ],
  [
    '2 and 3 change places',
    `update platform.audit_entry set number = 9 where number = 2; update platform.audit_entry set number = 2 where number = 3;
     update platform.audit_entry set number = 3 where number = 9`,
    2n,
    'changed',
  ],
  ['the first is removed', 'delete from platform.audit_entry where number = 1', 1n, 'missing'],
  ['the last is cut off', 'delete from platform.audit_entry where number = 5', 5n, 'missing'],
  ['everything is removed', 'delete from platform.audit_entry', 1n, 'missing'],
] as const

for (const [title, statements, number, reason] of tampering) {
  test(`tampering is seen: ${title}`, async () => {
    await write('a.written', 'b.written', 'c.written', 'd.written', 'e.written')
    const knownHead = must((await sealAudit(db)).head, 'a head')
    assert.equal((await verifyAuditChain(db, { knownHead })).kind, 'intact')
    for (const text of statements.split(';')) await db.execute({ name: `test.tamper ${text.length} ${title}`, text })
    assert.deepEqual(await verifyAuditChain(db, { knownHead }), { kind: 'broken', number, reason })
  })
}

test('a chain rewritten from the change on is seen by the head noted elsewhere', async () => {
  await write('a.written', 'b.written')
  const knownHead = must((await sealAudit(db)).head, 'a head')
  await db.execute({
    name: 'test.rewrite',
    text: `update platform.audit_entry set number = null, hash = null, detail = '{"forged": true}'`,
  })
  await sealAudit(db)
  assert.equal((await verifyAuditChain(db)).kind, 'intact')
  assert.deepEqual(await verifyAuditChain(db, { knownHead }), { kind: 'broken', number: 2n, reason: 'changed' })
})
