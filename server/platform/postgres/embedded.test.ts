import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import {
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { createInterface } from 'node:readline'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { makeThrowAwayDir } from '../../../test/support/server.ts'
import { startEmbeddedPostgres, type EmbeddedPostgres } from './embedded.ts'
import { isPostgresOf } from './process.ts'

const isRoot = process.getuid?.() === 0
const root = makeThrowAwayDir()
const dataDir = join(root, 'post gres')
const said: string[] = []
const log = (message: string): void => void said.push(message)

/** Processes of this test that may still run when it fails. */
const children = new Set<ChildProcess>()

before(async () => {
  const postgres = await startEmbeddedPostgres({ dataDir, log })
  await query(postgres.url, 'create table kept (n int)')
  await postgres.stop()
})

after(async () => {
  for (const child of children) child.kill('SIGKILL')
  await (await startEmbeddedPostgres({ dataDir, log })).stop()
  rmSync(root, { recursive: true })
})

test('a stopped server comes back with its data, durable, behind a socket nobody else can enter', async () => {
  const postgres = await startEmbeddedPostgres({ dataDir, log })
  try {
    assert.equal(postgres.reused, false)
    const [settings] = await query(
      postgres.url,
      `select current_setting('server_version_num')::int / 10000 as major, current_setting('fsync') as fsync,
              current_setting('synchronous_commit') as synchronous_commit, current_setting('data_checksums') as checksums,
              current_setting('listen_addresses') as tcp, current_setting('jit') as jit,
              to_regclass('kept')::text as kept, 'ß' < 'z' as by_language, upper('ß→é') as upper`,
    )
    assert.deepEqual(settings, {
      major: 18,
      fsync: 'on',
      synchronous_commit: 'on',
      checksums: 'on',
      tcp: '',
      jit: 'off',
      kept: 'kept',
      by_language: false,
      upper: 'ß→É',
    })
    assert.equal(statSync(socketDir(postgres.url)).mode & 0o777, 0o700)
  } finally {
    await postgres.stop()
  }
  assert.equal(existsSync(socketDir(postgres.url)), false)
  assert.equal(existsSync(join(dataDir, 'postmaster.pid')), false)
})

test('kill -9 of the process that started it leaves the server to the next one, who stops it', async () => {
  const starter = await startInOtherProcess()
  await kill(starter.child, 'SIGKILL')
  const postgres = await startEmbeddedPostgres({ dataDir, log })
  assert.deepEqual({ reused: postgres.reused, pid: postgres.pid }, { reused: true, pid: starter.pid })
  assert.equal(postgres.url, starter.url)
  await postgres.stop()
  assert.equal(isPostgresOf(starter.pid, dataDir), false)
})

test('of three that start at once one starts the server; the last to leave stops it', async () => {
  const [one, two, three] = await Promise.all([startInOtherProcess(), startInOtherProcess(), startInOtherProcess()])
  assert.equal([one, two, three].filter(({ reused }) => !reused).length, 1)
  assert.deepEqual([two.pid, three.pid], [one.pid, one.pid])
  await kill(one.child, 'SIGTERM')
  await kill(two.child, 'SIGTERM')
  assert.equal((await query(three.url, 'select 1 as one'))[0]?.['one'], 1)
  await kill(three.child, 'SIGTERM')
  assert.equal(isPostgresOf(one.pid, dataDir), false)
})

test('kill -9 of the server heals: same address, nothing committed is lost, a computing backend does not block', async () => {
  const postgres = await startEmbeddedPostgres({ dataDir, log })
  try {
    const busy = new pg.Client(postgres.url)
    const broken = once(busy, 'error')
    await busy.connect()
    const endless = assert.rejects(busy.query('select count(*) from generate_series(1, 1e12)'))
    await query(postgres.url, 'truncate kept; insert into kept values (41), (42)')
    const killedPid = postgres.pid
    process.kill(killedPid, 'SIGKILL')
    await Promise.all([endless, broken])
    await until('another server runs', () => postgres.pid !== killedPid)
    assert.deepEqual(await query(postgres.url, 'select n from kept order by n'), [{ n: 41 }, { n: 42 }])
    assert.ok(said.includes('PostgreSQL is running again'))
  } finally {
    await postgres.stop()
  }
})

test('a second user brings the server back when the first is gone', async () => {
  const starter = await startInOtherProcess()
  const postgres = await startEmbeddedPostgres({ dataDir, log })
  try {
    assert.equal(postgres.reused, true)
    await kill(starter.child, 'SIGKILL')
    process.kill(postgres.pid, 'SIGKILL')
    await until('another server runs', () => postgres.pid !== starter.pid)
    assert.equal((await query(postgres.url, 'select 1 as one'))[0]?.['one'], 1)
  } finally {
    await postgres.stop()
  }
})

test('a socket that was deleted comes back', async () => {
  const postgres = await startEmbeddedPostgres({ dataDir, log })
  try {
    const firstPid = postgres.pid
    rmSync(socketDir(postgres.url), { recursive: true })
    await until('another server runs', () => postgres.pid !== firstPid)
    assert.equal((await query(postgres.url, 'select 1 as one'))[0]?.['one'], 1)
  } finally {
    await postgres.stop()
  }
})

test('remains of killed processes do not block: pid file of another process, lock, user, half-made data directory', async () => {
  const deadPid = 2 ** 22 + 1
  const other = spawn(process.execPath, ['--eval', 'setInterval(() => {}, 1000)'])
  children.add(other)
  writeFileSync(
    join(dataDir, 'postmaster.pid'),
    `${String(other.pid)}\n${dataDir}\n1\n5432\n/nowhere\n\n1 1\nready   \n`,
  )
  writeFileSync(`${dataDir}.lock`, JSON.stringify({ pid: process.pid, startedAt: 'earlier', token: 'x' }))
  writeFileSync(join(`${dataDir}.users`, `${deadPid}.1.x`), '')
  const postgres = await startEmbeddedPostgres({ dataDir, log })
  assert.equal(postgres.reused, false)
  await postgres.stop()
  assert.deepEqual(readdirSync(`${dataDir}.users`), [])
  assert.equal(isPostgresOf(postgres.pid, dataDir), false)
  await kill(other, 'SIGKILL')
})

const strangers = [
  // what is there              files                                   the error says
  [
    'data of an older version',
    { PG_VERSION: '17\n', base: 'precious' },
    /holds data of PostgreSQL 17.*brings PostgreSQL 18/,
  ],
  [
    'data of a newer version',
    { PG_VERSION: '19\n', base: 'precious' },
    /holds data of PostgreSQL 19.*brings PostgreSQL 18/,
  ],
  ['something else', { 'thesis.tex': 'precious' }, /neither empty nor a PostgreSQL data directory/],
] as const

for (const [what, files, message] of strangers) {
  test(`${what} in place of the data directory is refused and not touched`, async () => {
    const parent = mkdtempSync(join(root, 'strange-'))
    const dir = join(parent, 'postgres')
    mkdirSync(dir)
    if (isRoot) chownToServerUser(dir)
    for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, name), text)
    await assert.rejects(startEmbeddedPostgres({ dataDir: dir, log }), { name: 'EmbeddedPostgresError', message })
    assert.deepEqual(readdirSync(parent), ['postgres'])
    const found = Object.fromEntries(readdirSync(dir).map((name) => [name, readFileSync(join(dir, name), 'utf8')]))
    assert.deepEqual(found, files)
  })
}

test('data deleted under the server is not replaced by an empty database', async () => {
  const dir = join(root, 'deleted')
  const postgres = await startEmbeddedPostgres({ dataDir: dir, log, settings: { fsync: 'off' } })
  rmSync(dir, { recursive: true })
  process.kill(postgres.pid, 'SIGKILL')
  const complaint = `PostgreSQL could not be started again: ${dir} is gone`
  await until('it is said', () => said.includes(complaint))
  await postgres.stop()
  assert.equal(existsSync(dir), false)
})

test('over TCP it listens on loopback only and wants its password', async () => {
  const options = { dataDir: join(root, 'tcp'), log, listen: 'tcp', settings: { fsync: 'off' } } as const
  const postgres = await startEmbeddedPostgres(options)
  try {
    const url = new URL(postgres.url)
    assert.deepEqual(await query(postgres.url, 'show listen_addresses'), [{ listen_addresses: '127.0.0.1' }])
    url.password = 'guess'
    await assert.rejects(query(url.href, 'select 1'), { code: '28P01' })
    assert.equal(statSync(join(root, 'tcp.password')).mode & 0o777, 0o600)
  } finally {
    await postgres.stop()
  }
})

test('root may keep the data where the server user cannot walk to', { skip: !isRoot }, async () => {
  const home = mkdtempSync(join(root, 'home-'))
  assert.equal(statSync(home).mode & 0o777, 0o700)
  const options = { dataDir: join(home, 'postgres'), log, settings: { fsync: 'off' } }
  // A creation that was killed half way is cleared away.
  mkdirSync(join(home, 'postgres.new-1'))
  const made = await startEmbeddedPostgres(options)
  await query(made.url, 'create table kept ()')
  await made.stop()
  const again = await startEmbeddedPostgres(options)
  await query(again.url, 'table kept')
  assert.equal(isPostgresOf(again.pid, join(home, 'postgres')), true)
  await again.stop()
  assert.deepEqual(readdirSync(home).toSorted(), ['postgres', 'postgres.log', 'postgres.users'])
})

/** Who owns the data directory runs it; anybody but root will do for a directory that must be refused. */
function chownToServerUser(dir: string): void {
  const { uid, gid } = statSync(dataDir)
  chownSync(dir, uid, gid)
}

async function query(url: string, text: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client(url)
  await client.connect()
  try {
    return (await client.query<Record<string, unknown>>(text)).rows
  } finally {
    await client.end()
  }
}

function socketDir(url: string): string {
  return decodeURIComponent(new URL(url).hostname)
}

async function startInOtherProcess(): Promise<
  Pick<EmbeddedPostgres, 'url' | 'pid' | 'reused'> & { child: ChildProcess }
> {
  const program = `
    import { startEmbeddedPostgres } from ${JSON.stringify(new URL('embedded.ts', import.meta.url).href)}
    const postgres = await startEmbeddedPostgres({ dataDir: ${JSON.stringify(dataDir)}, log: () => {} })
    const { url, pid, reused } = postgres
    const wait = setInterval(() => {}, 1000)
    process.once('SIGTERM', () => { clearInterval(wait); void postgres.stop() })
    console.log(JSON.stringify({ url, pid, reused }))
  `
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  children.add(child)
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string]
  return { child, ...(JSON.parse(line) as Pick<EmbeddedPostgres, 'url' | 'pid' | 'reused'>) }
}

async function kill(child: ChildProcess, signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
  const exited = once(child, 'exit')
  child.kill(signal)
  const [code] = await exited
  assert.equal(code, signal === 'SIGTERM' ? 0 : null)
  children.delete(child)
}

async function until(what: string, holds: () => boolean): Promise<void> {
  const deadline = Date.now() + 10_000
  while (!holds()) {
    assert.ok(Date.now() < deadline, `not within 10 s: ${what}`)
    await sleep(10)
  }
}
