import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { text } from 'node:stream/consumers'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { must } from '../../server/kernel/invariant.ts'
import { advanceImports } from '../../server/modules/integrations/index.ts'
import { runAudits } from '../../server/platform/audits/run-audits.ts'
import { query } from '../support/server.ts'
import { openTestShop, type TestShop } from '../support/test-shop.ts'

/* `waybill import` of products and stock, as a person types it, killed where it hurts. */

const ROWS = 1_200

let shop: TestShop
let directory = ''
before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'waybill-files-'))
  shop = await openTestShop({ skus: 20, locations: 60 })
})
after(async () => {
  await shop.close()
  await rm(directory, { recursive: true })
})

test('the command tells what it would do, does it, and does it once', async () => {
  const file = await fileOf('told', ['handle,sku,title', 'told,TOLD-1,Told', ',TOLD-2,No handle'])
  for (const [options, said, code] of [
    [['--dry-run'], /^1 would be created, 0 would be changed, 0 unchanged, 1 refused$/m, 1],
    [[], /^1 created, 0 changed, 0 unchanged, 1 refused$/m, 1],
    [[], /^0 created, 0 changed, 1 unchanged, 1 refused$/m, 1],
  ] as const) {
    const done = await finish(begin('products', file, options))
    assert.equal(done.code, code, done.output)
    assert.match(done.output, said)
    assert.match(done.output, /line 3, handle '': /)
  }
  assert.match(await readFile(join(directory, 'told.refused.csv'), 'utf8'), /^,TOLD-2,No handle,3,/m)
  const wrong = await finish(begin('products', await fileOf('wrong', ['sku,colour']), []))
  assert.equal(wrong.code, 1)
  assert.match(wrong.output, /colour is not a column of this kind of file\n +handle is missing/)
})

/** Where the command is killed. `shows` tells from the database that it was hit there. */
interface Window {
  readonly name: string
  readonly kind: 'products' | 'stock'
  /** Made to wait at this table by a lock, once `first` is true. */
  readonly waitsAt: string
  readonly first: string
  readonly shows: string
}

const counts = `(select sum(created + changed + unchanged + refused) from integrations.file_import where kind = 'KIND' and status = 'running')`
const windows: readonly Window[] = [
  {
    name: 'the file is coming in',
    kind: 'products',
    waitsAt: 'integrations.file_part',
    first: 'select true',
    shows: `select status = 'receiving' from integrations.file_import where status <> 'completed'`,
  },
  {
    name: 'products are written, and not recorded',
    kind: 'products',
    waitsAt: 'integrations.file_row',
    first: `select true`,
    shows: `select ${counts.replace('KIND', 'products')} = 0 and not exists (select from catalog.variant where sku like 'KILL-%')`,
  },
  {
    name: 'some products are recorded',
    kind: 'products',
    waitsAt: 'integrations.file_row',
    first: `select exists (select from catalog.variant where sku like 'KILL-%')`,
    shows: `select (select count(*) from catalog.variant where sku like 'KILL-%') between 1 and ${ROWS - 1}`,
  },
  {
    name: 'counts are taken, and not recorded',
    kind: 'stock',
    waitsAt: 'integrations.file_row',
    first: `select true`,
    shows: `select ${counts.replace('KIND', 'stock')} = 0 and exists (select from inventory.supply where quantity = 7)`,
  },
]

test('killed in each of its windows, a worker takes what is left, and every row is taken once', async () => {
  const products = ['handle,sku,title', ...Array.from({ length: ROWS }, (_, n) => `kill-${n >> 1},KILL-${n},Kill`)]
  const stock = [
    'sku,location,quantity',
    ...Array.from({ length: ROWS }, (_, n) => `SKU-${(n % 20) + 1},l${Math.floor(n / 20) + 1},7`),
  ]
  const files = { products: await fileOf('products', products), stock: await fileOf('stock', stock) }
  for (const window of windows) await killIn(window, files[window.kind])
  while ((await advanceImports({ db: shop.db, rooms: shop.rooms })) > 0);
  const taken = await query<{ kind: string; status: string; created: number; changed: number; rows: number }>(
    shop.databaseUrl,
    `select kind, status, created, changed, (select count(*)::int from integrations.file_row where import_id = id) as rows
       from integrations.file_import where row_count = ${ROWS} and status <> 'receiving' order by id`,
  )
  // The first of products was taken from where the kill left it, the second found everything there.
  assert.deepEqual(
    taken.map(({ kind, status, rows }) => [kind, status, rows]),
    [
      ['products', 'completed', ROWS],
      ['products', 'completed', ROWS],
      ['stock', 'completed', ROWS],
    ],
  )
  assert.equal((taken[0]?.created ?? 0) + (taken[1]?.created ?? 0), ROWS)
  assert.equal(taken[2]?.changed, ROWS, 'what was counted before the kill is told as it was')
  const [is] = await query<{ variants: number; units: string; counts: number }>(
    shop.databaseUrl,
    `select (select count(*)::int from catalog.variant where sku like 'KILL-%') as variants,
            (select sum(quantity) from inventory.supply) as units,
            (select count(*)::int from inventory.stock_entry) as counts`,
  )
  assert.deepEqual(is, { variants: ROWS, units: String(7 * ROWS), counts: ROWS })
  const again = await finish(begin('stock', files.stock, []))
  assert.match(again.output, /^0 created, 0 changed, 1,200 unchanged, 0 refused$/m)
  const results = await runAudits(shop.db)
  assert.deepEqual(
    results.filter(({ violations }) => violations > 0),
    [],
  )
})

async function killIn({ name, kind, waitsAt, first, shows }: Window, file: string): Promise<void> {
  const importing = begin(kind, file, [])
  const isOver = once(importing, 'exit')
  await until(first, name)
  const barrier = new pg.Client({ connectionString: shop.databaseUrl })
  await barrier.connect()
  try {
    await barrier.query('begin')
    await barrier.query(`lock table ${waitsAt} in exclusive mode`)
    await until(`select exists (select from pg_locks where relation = '${waitsAt}'::regclass and not granted)`, name)
    importing.kill('SIGKILL')
    await isOver
    await query(
      shop.databaseUrl,
      `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'waybill' and datname = current_database()`,
    )
    await until(
      `select not exists (select from pg_stat_activity where application_name = 'waybill' and datname = current_database())`,
      name,
    )
    const [shown] = await query<object>(shop.databaseUrl, shows)
    assert.equal(Object.values(must(shown, 'a row'))[0], true, `${name}: hit`)
  } finally {
    importing.kill('SIGKILL')
    await isOver
    await barrier.end()
  }
}

const UNTIL_MS = 30_000

async function until(sql: string, what: string): Promise<void> {
  for (const endsAt = performance.now() + UNTIL_MS; ;) {
    const [row] = await query<object>(shop.databaseUrl, sql)
    if (Object.values(must(row, 'a row'))[0] === true) return
    if (performance.now() > endsAt) assert.fail(`never: ${what}`)
    await sleep(2)
  }
}

async function fileOf(name: string, lines: readonly string[]): Promise<string> {
  const path = join(directory, `${name}.csv`)
  await writeFile(path, `${lines.join('\n')}\n`)
  return path
}

/** The command itself, without the installer around it: a kill must hit the process that works. */
function begin(kind: string, file: string, options: readonly string[]): ChildProcess {
  const cli = join(import.meta.dirname, '..', '..', 'server', 'cli.ts')
  return spawn(process.execPath, [cli, 'import', kind, file, ...options], {
    env: { ...process.env, ...shop.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

async function finish(importing: ChildProcess): Promise<{ readonly code: number | null; readonly output: string }> {
  const [stdout, stderr] = [must(importing.stdout, 'its output'), must(importing.stderr, 'its errors')]
  const [output, errors] = await Promise.all([text(stdout), text(stderr), once(importing, 'close')])
  return { code: importing.exitCode, output: output + errors }
}
