import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { after, before, test } from 'node:test'
import {
  advanceImports,
  beginImport,
  kindOf,
  receiveFile,
  type FileDeps,
  type FileKindName,
} from '../../server/modules/integrations/index.ts'
import { invariant } from '../../server/kernel/invariant.ts'
import { runAudits } from '../../server/platform/audits/run-audits.ts'
import { BusyError } from '../../server/platform/db.ts'
import { race } from '../support/barrier.ts'
import { query } from '../support/server.ts'
import { openTestShop, type TestShop } from '../support/test-shop.ts'

/* Forty takers on several files at once, and people who edit meanwhile. */

const TAKERS = 40
const ROWS = 2_000
const actor = 'key_01h2xcejqtf2nbrexx3vqjhp41'

let shop: TestShop
let deps: FileDeps
before(async () => {
  shop = await openTestShop({ skus: 20, locations: 2 })
  deps = { db: shop.db, rooms: shop.rooms }
})
after(() => shop.close())

async function handIn(kind: FileKindName, lines: readonly string[]): Promise<void> {
  const file = { bytes: Readable.from([Buffer.from(lines.join('\n'))]), packed: false }
  const received = await receiveFile(deps, kindOf(kind), { file, actor, dryRun: false })
  invariant(received.kind === 'received', `the file of ${kind} is one`)
  const { id, rowCount } = received
  await shop.db.inTransaction((tx) => beginImport(tx, { id, kind, actor, dryRun: false, rowCount }))
}

/** What a worker does, and goes on doing when the database is contended. */
async function takeAll(): Promise<void> {
  for (;;) {
    try {
      if ((await advanceImports(deps)) === 0) return
    } catch (error) {
      if (!(error instanceof BusyError)) throw error
    }
  }
}

test('forty takers on six files, two of each kind about the same things: every row is taken once', async () => {
  const numbers = Array.from({ length: ROWS }, (_, index) => index)
  for (const price of ['1.00', '2.00']) {
    await handIn('products', ['handle,sku,title', ...numbers.map((n) => `race-${n >> 2},RACE-${n},Race ${price}`)])
    await handIn('customers', [
      'email,name',
      ...numbers.slice(0, 400).map((n) => `race-${n}@example.com,Racer ${price}`),
    ])
    await handIn('stock', [
      'sku,location,quantity',
      ...numbers.slice(0, ROWS / 4).flatMap((n) => [`SKU-${(n % 20) + 1},l1,${n}`].slice(n >= 20 ? 1 : 0)),
    ])
  }
  const edits = Promise.all(
    Array.from({ length: 50 }, (_, n) =>
      shop.db
        .inTransaction((tx) =>
          shop.rooms.catalog.saveProducts(tx, {
            actor,
            edits: [{ handle: `race-${n}`, title: 'By hand', brand: 'Hand', variants: [{ sku: `RACE-${n * 4}` }] }],
          }),
        )
        .catch((error: unknown) => assert(error instanceof BusyError)),
    ),
  )
  await race(Array.from({ length: TAKERS }), async (_, start) => {
    await start()
    await takeAll()
  })
  await edits
  const files = await query<{ kind: string; status: string; left: number; failures: number; refused: number }>(
    shop.databaseUrl,
    `select kind, status, row_count - created - changed - unchanged - refused as left, failures, refused
       from integrations.file_import order by kind, id`,
  )
  assert.deepEqual(
    files.map(({ kind, status, left, failures }) => [kind, status, left, failures]),
    ['customers', 'products', 'stock'].flatMap((kind) => [
      [kind, 'completed', 0, 0],
      [kind, 'completed', 0, 0],
    ]),
  )
  assert.deepEqual(
    files.filter(({ refused }) => refused > 0),
    [],
  )
  const [made] = await query<{ products: number; variants: number; people: number }>(
    shop.databaseUrl,
    `select (select count(*)::int from catalog.product where handle like 'race-%') as products,
            (select count(*)::int from catalog.variant where sku like 'RACE-%') as variants,
            (select count(*)::int from customers.person where kind = 'account') as people`,
  )
  assert.deepEqual(made, { products: ROWS / 4, variants: ROWS, people: 400 })
  const results = await runAudits(shop.db)
  assert.deepEqual(
    results.filter(({ violations }) => violations > 0),
    [],
  )
})
