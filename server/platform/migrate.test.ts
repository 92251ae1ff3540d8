import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, beforeEach, test } from 'node:test'
import { createEmptyDatabase, type TestDatabase } from '../../test/support/database.ts'
import { query } from '../../test/support/server.ts'
import { migrate } from './migrate.ts'

const place = mkdtempSync(join(tmpdir(), 'waybill-migrate-'))
const log = (): void => {}
let database: TestDatabase

beforeEach(async () => {
  database = await createEmptyDatabase()
})
afterEach(() => database.drop())
after(() => rmSync(place, { recursive: true }))

const one = { '0001_platform.sql': 'create schema if not exists platform; create table one ();' }
const two = { ...one, '0002_orders.sql': 'create table two ();' }
const oneAndThree = { ...one, '0003_late.sql': 'create table three ();' }
const broken = { ...one, '0002_orders.sql': 'create table two ();\n\ncreate tabel three ();' }

test('what is pending is applied in order, what is applied is left alone', async () => {
  assert.deepEqual(await migrateTo(one), { applied: ['0001_platform'] })
  assert.deepEqual(await migrateTo(two), { applied: ['0002_orders'] })
  assert.deepEqual(await migrateTo(two), { applied: [] })
  assert.deepEqual(await tables(), ['one', 'two'])
})

test('of several nodes that migrate at once one does, the others wait until it is done', async () => {
  const slow = { ...one, '0002_slow.sql': 'create table two (); select pg_sleep(0.2);' }
  const dir = writeMigrations(slow)
  const all = await Promise.all([1, 2, 3, 4].map(() => migrate({ databaseUrl: database.url, log, dir })))
  assert.deepEqual(
    all.flatMap(({ applied }) => applied),
    ['0001_platform', '0002_slow'],
  )
})

test('when one fails none is applied, and the file and line are named', async () => {
  await assert.rejects(migrateTo(broken), {
    message: '0002_orders.sql, line 3: syntax error at or near "tabel". Nothing was migrated.',
  })
  assert.deepEqual(await tables(), [])
  assert.deepEqual(await migrateTo(two), { applied: ['0001_platform', '0002_orders'] })
})

test('a database that a newer version has migrated is refused', async () => {
  await migrateTo(two)
  await assert.rejects(migrateTo(one), { name: 'NewerDatabaseError', message: /newer Waybill \(0002_orders\)/ })
  const renamedAndMore = { ...one, '0002_other.sql': 'create table other ();' }
  await assert.rejects(migrateTo(renamedAndMore), { name: 'NewerDatabaseError' })
  assert.deepEqual(await tables(), ['one', 'two'])
})

test('a migration that would have had to come earlier is refused', async () => {
  await migrateTo(oneAndThree)
  await assert.rejects(migrateTo({ ...oneAndThree, '0002_orders.sql': 'create table two ();' }), /0002_orders/)
  assert.deepEqual(await tables(), ['one', 'three'])
})

const badNames = [
  ['1_short.sql', /a number and a name in 1_short\.sql/],
  ['0002_Orders.sql', /a number and a name in 0002_Orders\.sql/],
  ['0002_orders.ts', /a number and a name in 0002_orders\.ts/],
  ['0001_again.sql', /no two migrations have one number/],
] as const

for (const [name, message] of badNames) {
  test(`a file named ${name} beside 0001_platform.sql is refused`, async () => {
    await assert.rejects(migrateTo({ ...one, [name]: 'create table x ();' }), message)
    assert.deepEqual(await tables(), [])
  })
}

test('the schema of this version needs no right but `create` on its database', async (context) => {
  const [me] = await query<{ rolsuper: boolean }>(
    database.url,
    'select rolsuper from pg_roles where rolname = current_user',
  )
  if (me?.rolsuper !== true) return context.skip('only a superuser can make the user for this test')
  const url = new URL(database.url)
  const role = `plain_${url.pathname.slice(1)}`
  await query(database.url, `create role ${role} login password 'plain'`)
  await query(database.url, `grant create on database ${url.pathname.slice(1)} to ${role}`)
  url.username = role
  url.password = 'plain'
  const { applied } = await migrate({ databaseUrl: url.href, log })
  assert.deepEqual(
    applied.map((name) => `${name}.sql`),
    readdirSync(new URL('../migrations', import.meta.url)).toSorted(),
  )
  await query(database.url, `drop owned by ${role}`)
  await query(database.url, `drop role ${role}`)
})

function migrateTo(files: Readonly<Record<string, string>>): Promise<{ applied: string[] }> {
  return migrate({ databaseUrl: database.url, log, dir: writeMigrations(files) })
}

function writeMigrations(files: Readonly<Record<string, string>>): string {
  const dir = mkdtempSync(join(place, 'migrations-'))
  for (const [name, sql] of Object.entries(files)) writeFileSync(join(dir, name), sql)
  return dir
}

async function tables(): Promise<string[]> {
  const list = `select tablename as name from pg_tables where schemaname = 'public' order by 1`
  return (await query<{ name: string }>(database.url, list)).map(({ name }) => name)
}
