import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { createTestDatabase } from '../../test/support/database.ts'
import { createDb } from './db.ts'
import { isKeyOfDatabase } from './master-key.ts'

test('the first master key is the database’s for ever; one just made is never that of a database that has one', async () => {
  const database = await createTestDatabase()
  const db = createDb({ databaseUrl: database.url, poolMax: 4, applicationName: 'test' })
  const ask = (key: Uint8Array, isNew = false) => isKeyOfDatabase(db, key, { isNew })
  try {
    const [own, other] = [randomBytes(32), randomBytes(32)]
    assert.equal(await ask(other, true), true, 'no database has met it, and this one has met none')
    const both = await Promise.all([ask(own), ask(other), ask(own), ask(other)])
    assert.deepEqual(
      [both[0] !== both[1], both[0] === both[2], both[1] === both[3]],
      [true, true, true],
      'one is first',
    )
    const [right, wrong] = both[0] ? [own, other] : [other, own]
    assert.deepEqual([await ask(right), await ask(wrong), await ask(wrong, true)], [true, false, false])
  } finally {
    await db.close()
    await database.drop()
  }
})
