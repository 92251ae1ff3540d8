import assert from 'node:assert/strict'
import { test } from 'node:test'
import pg from 'pg'
import { createTestDatabase } from './database.ts'

test('each test database is migrated, empty and nobody else’s; dropping it ends its connections', async () => {
  const [one, two] = await Promise.all([createTestDatabase(), createTestDatabase()])
  const [inOne, inTwo] = [new pg.Client(one.url), new pg.Client(two.url)]
  await Promise.all([inOne.connect(), inTwo.connect()])
  const ended = new Promise((resolve) => inOne.on('error', resolve))

  await inOne.query('create table only_here ()')
  const { rows } = await inTwo.query<{ migrated: boolean; leaked: boolean }>(
    `select exists (select from platform.migrations) as migrated, to_regclass('only_here') is not null as leaked`,
  )
  assert.deepEqual(rows, [{ migrated: true, leaked: false }])

  await one.drop()
  assert.match(String(await ended), /terminating connection/)
  await assert.rejects(new pg.Client(one.url).connect(), { code: '3D000' })
  await inTwo.end()
  await two.drop()
})
