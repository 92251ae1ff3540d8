import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { createTestDatabase, type TestDatabase } from '../../../test/support/database.ts'
import { newId, type Id } from '../../kernel/id.ts'
import { InvariantError } from '../../kernel/invariant.ts'
import type { CurrencyCode } from '../../kernel/money.ts'
import { createDb, type Db } from '../../platform/db.ts'
import { createConfiguration } from './save-configuration.ts'
import { takeNumbers } from './take-numbers.ts'

let database: TestDatabase
let db: Db

before(async () => {
  database = await createTestDatabase()
  db = createDb({ databaseUrl: database.url, poolMax: 40, applicationName: 'test' })
})
after(async () => {
  await db.close()
  await database.drop()
})

async function openEntity(code: string): Promise<Id<'legalEntity'>> {
  const fields = {
    code,
    name: 'Fernway',
    country: 'US',
    currency: 'USD' as CurrencyCode,
    timeZone: 'America/New_York',
  }
  const outcome = await db.inTransaction((tx) =>
    createConfiguration(tx, { actor: 'test', kind: 'legalEntity', fields }),
  )
  assert.ok(outcome.kind === 'created')
  return outcome.row.id
}

test('numbers count from one, a series for each kind and legal entity', async () => {
  const [us, eu] = [await openEntity('us'), await openEntity('eu-2')]
  const take = (id: Id<'legalEntity'>, kind: 'invoice' | 'credit_note', count: number) =>
    db.inTransaction(async (tx) => (await takeNumbers(tx, id, kind, count)).map(({ text }) => text))
  assert.deepEqual(await take(us, 'invoice', 2), ['US-INV-1', 'US-INV-2'])
  assert.deepEqual(await take(us, 'invoice', 1), ['US-INV-3'])
  assert.deepEqual(await take(us, 'credit_note', 1), ['US-CRN-1'])
  assert.deepEqual(await take(eu, 'invoice', 1), ['EU-2-INV-1'])
})

test('forty writers, a third of whom roll back, leave no gap and no number twice', async () => {
  const id = await openEntity('race')
  const taken = await Promise.all(
    Array.from({ length: 40 }, async (_, writer) => {
      const count = 1 + (writer % 3)
      const work = db.inTransaction(async (tx) => {
        const numbers = await takeNumbers(tx, id, 'invoice', count)
        if (writer % 3 === 2) throw new Error('changed my mind')
        return numbers.map(({ number }) => Number(number))
      })
      return work.catch((error: unknown) => {
        assert.match(String(error), /changed my mind/)
        return []
      })
    }),
  )
  const numbers = taken.flat().toSorted((a, b) => a - b)
  assert.deepEqual(
    numbers,
    Array.from({ length: 14 + 13 * 2 }, (_, index) => index + 1),
  )
})

test('no number, half a number and a series nobody opened are our bugs', async () => {
  const id = await openEntity('bugs')
  for (const [entityId, count] of [
    [id, 0],
    [id, 1.5],
    [newId<'legalEntity'>(), 1],
  ] as const) {
    await assert.rejects(
      db.inTransaction((tx) => takeNumbers(tx, entityId, 'invoice', count)),
      InvariantError,
    )
  }
})
