import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { createTestDatabase, type TestDatabase } from '../../test/support/database.ts'
import { commitIf } from './commit-if.ts'
import { createDb, type Db } from './db.ts'
import { raiseRevision, readRevisions } from './revision.ts'

let database: TestDatabase
let db: Db

before(async () => {
  database = await createTestDatabase()
  db = createDb({ databaseUrl: database.url, poolMax: 2, applicationName: 'test' })
})
after(async () => {
  await db.close()
  await database.drop()
})

const rows = [
  // outcome     revisions raised
  ['edited', 1n],
  ['refused', 0n],
  ['unknown', 0n],
] as const

test('what was refused leaves nothing behind, and its outcome is told', async () => {
  for (const [outcome, raised] of rows) {
    const before = (await readRevisions(db)).catalog
    const told = await commitIf(
      db,
      async (tx) => {
        await raiseRevision(tx, 'catalog')
        return outcome
      },
      (kind) => kind === 'edited',
    )
    assert.deepEqual([told, (await readRevisions(db)).catalog - before], [outcome, raised])
  }
})

test('a defect is not taken for a refusal', async () => {
  const defect = new Error('the cellar is flooded')
  await assert.rejects(
    commitIf(
      db,
      () => Promise.reject(defect),
      () => true,
    ),
    defect,
  )
})
