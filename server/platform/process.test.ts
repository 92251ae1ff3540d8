import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { hostname } from 'node:os'
import process from 'node:process'
import { after, before, beforeEach, test } from 'node:test'
import { must } from '../kernel/invariant.ts'
import { createTestDatabase, type TestDatabase } from '../../test/support/database.ts'
import { createDb, type Db } from './db.ts'
import { readDeadProcesses, registerProcess, removeProcesses } from './process.ts'

let database: TestDatabase
let db: Db

before(async () => {
  database = await createTestDatabase()
  db = createDb({ databaseUrl: database.url, poolMax: 4, applicationName: 'test' })
})
after(async () => {
  await db.close()
  await database.drop()
})
beforeEach(() => db.execute({ name: 'test.clear', text: 'truncate platform.process' }))

const rows = () =>
  db.rows<{ id: string; kind: string; worker: string | null; host: string; pid: number }>({
    name: 'test.processes',
    text: 'select id, kind, worker, host, pid from platform.process',
  })

async function enter({
  host,
  pid,
  silentSeconds,
}: {
  host: string
  pid: number
  silentSeconds: number
}): Promise<void> {
  await db.execute({
    name: 'test.enter',
    text: `insert into platform.process (id, kind, host, pid, version, started_at, heartbeat_at)
           values (gen_random_uuid(), 'work', $1, $2, 'test', clock_timestamp(), clock_timestamp() - $3::int * interval '1 second')`,
    values: [host, pid, silentSeconds],
  })
}

test('a process is entered as often as it likes while it runs, and struck off when it stops', async () => {
  const entry = await registerProcess({ db, kind: 'serve', version: '1', onError: () => {} })
  assert.deepEqual(await rows(), [{ id: entry.id, kind: 'serve', worker: null, host: hostname(), pid: process.pid }])
  assert.deepEqual(await readDeadProcesses(db, 30_000), [])
  const worker = await registerProcess({ db, kind: 'worker', worker: 'pool-1', version: '1', onError: () => {} })
  assert.deepEqual(await readDeadProcesses(db, 30_000), [], 'both are this process')
  await worker.stop()
  await entry.stop()
  assert.deepEqual(await rows(), [])
})

test('a heartbeat every five seconds; one that was struck off by mistake enters itself again', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const entry = await registerProcess({ db, kind: 'worker', worker: 'pool-1', version: '1', onError: () => {} })
  await db.execute({
    name: 'test.silence',
    text: `update platform.process set heartbeat_at = heartbeat_at - interval '1 hour'`,
  })
  t.mock.timers.tick(5_000)
  while ((await readDeadProcesses(db, 1_000)).length > 0);
  await removeProcesses(db, [entry.id])
  while ((await rows()).length === 0) t.mock.timers.tick(5_000)
  assert.equal((await rows())[0]?.worker, 'pool-1')
  await entry.stop()
})

test('who is dead', async () => {
  const child = spawn(process.execPath, ['-e', ''])
  const gonePid = must(child.pid, 'a pid')
  await once(child, 'exit')
  // oxfmt-ignore
  const table = [
    // where           number          silent for  dead
    ['elsewhere',      1,              29,         false],
    ['elsewhere',      1,              31,         true],
    [hostname(),       process.ppid,   0,          false],
    [hostname(),       process.ppid,   31,         true],
    [hostname(),       gonePid,        0,          true],
    [hostname(),       process.pid,    0,          true],
  ] as const
  for (const [host, pid, silentSeconds, isDead] of table) {
    await db.execute({ name: 'test.clear', text: 'truncate platform.process' })
    await enter({ host, pid, silentSeconds })
    const dead = await readDeadProcesses(db, 30_000)
    assert.equal(
      dead.length === 1,
      isDead,
      `${host === hostname() ? 'here' : host} ${pid} silent for ${silentSeconds} s`,
    )
  }
})
