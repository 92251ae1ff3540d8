import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { after, before, beforeEach, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { must } from '../../kernel/invariant.ts'
import { createTestDatabase, type TestDatabase } from '../../../test/support/database.ts'
import { createDb, type Db } from '../db.ts'
import { addJobs, freeDeadWorkers, migrateJobs, startJobs, type Jobs, type JobTask } from './jobs.ts'
import { removeFailedJobs } from './jobs.sql.ts'

let database: TestDatabase
let db: Db

before(async () => {
  database = await createTestDatabase()
  await Promise.all([migrateJobs(database.url), migrateJobs(database.url)])
  db = createDb({ databaseUrl: database.url, poolMax: 6, applicationName: 'test' })
})
after(async () => {
  await db.close()
  await database.drop()
})
beforeEach(() => db.execute({ name: 'test.clear', text: 'truncate graphile_worker._private_jobs, platform.process' }))

interface Row {
  readonly key: string | null
  readonly attempts: number
  readonly isLocked: boolean
  readonly error: string | null
}

function rows(): Promise<Row[]> {
  return db.rows({
    name: 'test.jobs',
    text: `select key, attempts, locked_by is not null as "isLocked", last_error as error from graphile_worker.jobs order by key`,
  })
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (let waitedMs = 0; !(await condition()); waitedMs += 10) {
    assert.ok(waitedMs < 15_000, `in vain: ${String(condition)}`)
    await sleep(10)
  }
}

async function withJobs(
  tasks: Readonly<Record<string, JobTask>>,
  work: (jobs: Jobs, errors: string[]) => Promise<void>,
  concurrency = 4,
): Promise<void> {
  const errors: string[] = []
  const jobs = await startJobs({
    db,
    databaseUrl: database.url,
    version: 'test',
    concurrency,
    tasks,
    onError: (error, where) => void errors.push(`${where}: ${error instanceof Error ? error.message : String(error)}`),
  })
  let isStopped = false
  const stoppable: Jobs = {
    async stop() {
      isStopped = true
      await jobs.stop()
    },
  }
  try {
    await work(stoppable, errors)
  } finally {
    if (!isStopped) await jobs.stop()
  }
}

test('jobs run with their payload and are gone afterwards', async () => {
  const seen: unknown[] = []
  await withJobs({ void_attempt: async (payload) => void seen.push(payload) }, async () => {
    await addJobs(db, [])
    await addJobs(db, [{ task: 'void_attempt', key: 'a', payload: { id: 'a', note: 'it\'s "quoted"\n{' } }])
    await until(async () => seen.length === 1 && (await rows()).length === 0)
  })
  assert.deepEqual(seen, [{ id: 'a', note: 'it\'s "quoted"\n{' }])
})

test('five hundred at once', async () => {
  const seen = new Set<number>()
  await withJobs({ call: async (payload) => void seen.add((payload as { number: number }).number) }, async () => {
    await addJobs(
      db,
      Array.from({ length: 500 }, (_, number) => ({ task: 'call', key: `${number}`, payload: { number } })),
    )
    await until(() => seen.size === 500)
  })
})

test('a key that waits is one job: of several the last counts', async () => {
  const seen: unknown[] = []
  await addJobs(
    db,
    [1, 2].map((round) => ({ task: 'call', key: 'same', payload: { round } })),
  )
  await addJobs(db, [{ task: 'call', key: 'same', payload: { round: 3 } }])
  await withJobs({ call: async (payload) => void seen.push(payload) }, async () => {
    await until(async () => (await rows()).length === 0)
  })
  assert.deepEqual(seen, [{ round: 3 }])
})

test('jobs of a transaction that is rolled back do not exist', async () => {
  await assert.rejects(
    db.inTransaction(async (tx) => {
      await addJobs(tx, [{ task: 'call', key: 'a', payload: {} }])
      throw new Error('planted rollback')
    }),
    /planted/,
  )
  assert.deepEqual(await rows(), [])
})

test('a job that fails is reported and not tried again, until it is added again', async () => {
  let tries = 0
  await withJobs(
    {
      call: async () => {
        if (++tries === 1) throw new Error('partner is confused')
      },
    },
    async (_jobs, errors) => {
      await addJobs(db, [{ task: 'call', key: 'a', payload: {} }])
      await until(async () => (await rows())[0]?.error === 'partner is confused')
      await sleep(100)
      assert.equal(tries, 1)
      assert.deepEqual(errors, ['job call: partner is confused'])
      await addJobs(db, [{ task: 'call', key: 'a', payload: {} }])
      await until(() => tries === 2)
    },
  )
  assert.equal(await removeFailedJobs(db), 0, 'it is kept for an hour')
  await db.execute({
    name: 'test.age',
    text: `update graphile_worker._private_jobs set updated_at = updated_at - interval '61 minutes'`,
  })
  assert.equal(await removeFailedJobs(db), 1)
  assert.deepEqual(await rows(), [])
})

test('stopping finishes what runs and gives back what was only fetched', async () => {
  const began: string[] = []
  const ended: string[] = []
  const release = Promise.withResolvers<void>()
  const call: JobTask = async (payload) => {
    const { id } = payload as { id: string }
    began.push(id)
    await release.promise
    ended.push(id)
  }
  await addJobs(
    db,
    ['a', 'b', 'c', 'd', 'e'].map((id) => ({ task: 'call', key: id, payload: { id } })),
  )
  await withJobs(
    { call },
    async (jobs) => {
      await until(() => began.length === 1)
      const stopping = jobs.stop()
      await sleep(50)
      assert.deepEqual(ended, [])
      release.resolve()
      await stopping
    },
    1,
  )
  assert.deepEqual(ended, began)
  const left = await rows()
  assert.deepEqual(
    left.map(({ attempts, isLocked }) => [attempts, isLocked]),
    Array.from({ length: 4 }, () => [0, false]),
  )
  const [processes] = await db.rows<{ count: bigint }>({
    name: 'test.processes',
    text: 'select count(*) from platform.process',
  })
  assert.equal(processes?.count, 0n)
})

test('the jobs of a killed process are free as soon as another starts on its machine', async (t) => {
  await addJobs(db, [{ task: 'call', key: 'a', payload: {} }])
  const child = spawn(
    process.execPath,
    [
      '--input-type=module',
      '-e',
      `
    const { createDb } = await import(${JSON.stringify(new URL('../db.ts', import.meta.url).href)})
    const { startJobs } = await import(${JSON.stringify(new URL('./jobs.ts', import.meta.url).href)})
    const databaseUrl = ${JSON.stringify(database.url)}
    await startJobs({
      db: createDb({ databaseUrl, poolMax: 2, applicationName: 'child' }), databaseUrl, version: 'test', concurrency: 1,
      onError: (error) => console.error(error),
      tasks: { call: () => new Promise(() => console.log('begun')) },
    })
  `,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  t.after(() => child.kill('SIGKILL'))
  await once(must(child.stdout, 'its output'), 'data')
  // Its heartbeat row is written by now or in a moment.
  await until(
    async () =>
      (await db.rows({ name: 'test.workers', text: `select from platform.process where kind = 'worker'` })).length ===
      1,
  )
  child.kill('SIGKILL')
  await once(child, 'exit')
  assert.deepEqual(
    (await rows()).map(({ isLocked }) => isLocked),
    [true],
  )

  let runs = 0
  await withJobs({ call: async () => void runs++ }, async () => {
    assert.deepEqual(
      (await rows()).map(({ attempts, isLocked }) => [attempts, isLocked]),
      [[1, false]],
    )
    assert.equal(runs, 0, 'its one try is spent; the sweep over due intents adds it again')
    await addJobs(db, [{ task: 'call', key: 'a', payload: {} }])
    await until(() => runs === 1)
  })
})

test('workers elsewhere lose their jobs after 30 s of silence, and those without a row too', async () => {
  await addJobs(
    db,
    ['alive', 'silent', 'unknown', 'fresh'].map((key) => ({ task: 'nobody', key, payload: {} })),
  )
  await db.execute({
    name: 'test.lock',
    text: `update graphile_worker._private_jobs set locked_by = 'pool-' || key,
             locked_at = clock_timestamp() - case key when 'fresh' then interval '5 seconds' else interval '31 seconds' end`,
  })
  await db.execute({
    name: 'test.process',
    text: `insert into platform.process (id, kind, worker, host, pid, version, started_at, heartbeat_at)
           select gen_random_uuid(), 'worker', 'pool-' || name, 'elsewhere', 1, 'test', clock_timestamp(), clock_timestamp() - silence
             from (values ('alive', interval '29 seconds'), ('silent', interval '31 seconds')) as t (name, silence)`,
  })
  assert.deepEqual((await freeDeadWorkers(db)).toSorted(), ['pool-silent', 'pool-unknown'])
  assert.deepEqual(
    (await rows()).filter(({ isLocked }) => isLocked).map(({ key }) => key),
    ['alive', 'fresh'],
  )
  assert.deepEqual(await freeDeadWorkers(db), [])
})

test('a worker whose sessions were all ended goes on', async () => {
  const seen: string[] = []
  await withJobs({ call: async (payload) => void seen.push((payload as { id: string }).id) }, async () => {
    for (const id of ['a', 'b', 'c']) {
      await addJobs(db, [{ task: 'call', key: id, payload: { id } }])
      await until(() => seen.includes(id))
      await db.rows({
        name: 'test.kill',
        text: `select pg_terminate_backend(pid) from pg_stat_activity
                where application_name = 'waybill jobs' and datname = current_database()`,
      })
    }
  })
})
