import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { readRetailState, type RetailState } from '../../../test/scenarios/retail-state.ts'
import { createTestDatabase, type TestDatabase } from '../../../test/support/database.ts'
import { query } from '../../../test/support/server.ts'
import { generateRetailCsv } from '../../../tools/generate-retail-csv.ts'
import { must } from '../../kernel/invariant.ts'
import type { CurrencyCode } from '../../kernel/money.ts'
import { runAudits } from '../../platform/audits/run-audits.ts'
import { createDb, type Db } from '../../platform/db.ts'
import { migrateJobs } from '../../platform/jobs/jobs.ts'
import { raiseRevision } from '../../platform/revision.ts'
import { openRooms, type Rooms } from '../../rooms.ts'
import { createConfiguration } from '../merchant/index.ts'
import { upsertNodes } from '../sourcing/index.ts'
import { importRetailOrders } from './import-retail-orders.ts'
import { planRetailImport, renderBooks, type RetailImportPlan } from './plan-retail-import.ts'
import { retailTarget } from './prepare-retail-shop.ts'
import { loadRetailFile, RETAIL_COLUMNS } from './read-retail.ts'

/* Whole files through the real rooms into a real database. */

const header = RETAIL_COLUMNS.join(',')
/** 2,400 lines with every oddity, and one invoice of over 500 lines. */
const csv = [...generateRetailCsv({ lines: 2_400, seed: 11 })].join('')

let directory = ''
let files = 0
before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'waybill-import-'))
})
after(() => rm(directory, { recursive: true }))

interface House {
  readonly database: TestDatabase
  readonly db: Db
  readonly rooms: Rooms
}

/** A merchant's database; `use` may run as many imports as it likes. */
async function inHouse(use: (house: House) => Promise<void>): Promise<void> {
  const database = await createTestDatabase()
  const db = createDb({ databaseUrl: database.url, poolMax: 6, applicationName: 'test' })
  try {
    await use({ database, db, rooms: openRooms({ db, masterKey: new Uint8Array(32).fill(7), providers: [] }) })
  } finally {
    await db.close()
    await database.drop()
  }
}

async function fileOf(text: string): Promise<string> {
  const path = join(directory, `orders-${++files}.csv`)
  await writeFile(path, text)
  return path
}

interface Imported {
  readonly code: number
  readonly said: readonly string[]
  readonly rejectsFile: string
}

async function runImport({ db, rooms }: House, file: string): Promise<Imported> {
  const said: string[] = []
  const rejectsFile = join(directory, `rejects-${++files}.csv`)
  const code = await importRetailOrders(
    {
      db,
      rooms,
      say: (line) => void said.push(line),
      isTerminal: false,
      joinNetwork: async (tx, { locationId, channelId }) => {
        await raiseRevision(tx, 'sourcing')
        const counterOnly = { ships: false, offersPickup: false, countries: [], handlingDays: 0 }
        upsertNodes(tx, [{ ...counterOnly, locationId, channelIds: [channelId] }])
      },
    },
    { file, rejectsFile },
  )
  return { code, said, rejectsFile }
}

async function planOf(file: string): Promise<RetailImportPlan> {
  return planRetailImport(await loadRetailFile(file), retailTarget)
}

async function one<Row extends object>({ database }: House, sql: string): Promise<Row> {
  return must((await query<Row>(database.url, sql))[0], 'a row')
}

test('a file comes in whole: books, orders, catalog, stock and people as planned', async () => {
  await inHouse(async (house) => {
    const file = await fileOf(csv)
    const plan = await planOf(file)
    const { code, said } = await runImport(house, file)
    assert.equal(code, 0, said.join('\n'))
    assert.ok(said.some((line) => line.startsWith('The books balance to the thousandth of a pound')))
    assert.ok(said.every((line) => !line.startsWith('Not as the file foretold')))

    const { runs, orders = [], catalog = [], customers = [], exceptions } = await readRetailState(house.database.url)
    assert.deepEqual(runs, [{ kind: 'online-retail', status: 'completed', books: renderBooks(plan.books) }])
    assert.equal(orders.length, plan.orderCount)
    assert.deepEqual(new Set(customers.map((row) => Reflect.get(row, 'reference'))), plan.customers)
    assert.deepEqual(
      catalog.map((row) => ({ ...row, handle: undefined })),
      plan.catalog.map(({ sku, title, priceMinor }) => ({
        sku,
        title,
        handle: undefined,
        status: 'active',
        amount_minor: priceMinor === null ? null : String(priceMinor),
      })),
    )
    assert.deepEqual(exceptions, [], 'nothing was carried out that was not there')
    const { status, payment_terms } = await one<{ status: string; payment_terms: string }>(
      house,
      'select distinct status, payment_terms from orders.orders',
    )
    assert.deepEqual([status, payment_terms], ['completed', 'paid'])

    // What is left is what was found, and what was laid in for nobody: nothing.
    const foundUnits = plan.stockAdjustments.reduce((sum, { delta }) => sum + Math.max(0, delta), 0)
    const { left } = await one<{ left: string }>(house, 'select sum(quantity) as left from inventory.supply')
    assert.equal(Number(left), foundUnits)
    await migrateJobs(house.database.url)
    const violated = (await runAudits(house.db)).filter(({ violations }) => violations > 0)
    assert.deepEqual(violated, [])
  })
})

test('the same file again changes nothing and says so', async () => {
  await inHouse(async (house) => {
    const file = await fileOf(csv)
    await runImport(house, file)
    const written = `select (select count(*) from platform.event) as events, (select count(*) from platform.audit_entry) as audit,
                            (select count(*) from inventory.stock_entry) as entries, xmin::text as run
                       from integrations.import_run`
    const state = await readRetailState(house.database.url)
    const writtenBefore = await one(house, written)

    const again = await runImport(house, file)
    assert.equal(again.code, 0)
    assert.ok(again.said.includes('This file is in already: nothing is changed.'))
    assert.deepEqual(await readRetailState(house.database.url), state)
    assert.deepEqual(await one(house, written), writtenBefore)
  })
})

test('every line is recorded as it stands, with its order or why it has none', async () => {
  await inHouse(async (house) => {
    const text = [
      header,
      '1,A1,"LAMP ""HOME"" £5, \\N {x}",2,2010-12-01 08:26:00,2.55,17850,United Kingdom',
      '1,PADS,PADS,1,2010-12-01 08:26:00,0.001,17850,United Kingdom',
      'C2,A1,LAMP,-1,2010-12-01 09:00:00,2.55,17850,United Kingdom',
      'null,a1,LAMP,1,2010-12-01 10:00:00,2.55,NA,United Kingdom',
      'this is no CSV',
    ].join('\n')
    const { code, said, rejectsFile } = await runImport(house, await fileOf(text))
    assert.equal(code, 0, said.join('\n'))
    const { lines = [] } = await readRetailState(house.database.url)
    const [, ...raw] = text.split('\n')
    assert.deepEqual(
      lines.map((row) => Object.values(row)),
      [
        [2, raw[0], '1', '5100', 'accepted', 'order_line', null, '1'],
        [3, raw[1], '1', '1', 'rejected', 'sub_minor_price', null, null],
        [4, raw[2], 'C2', '-2550', 'set_aside', 'cancellation', null, null],
        [5, raw[3], 'null', '2550', 'accepted', 'order_line', null, 'null'],
        [6, raw[4], null, '0', 'rejected', 'malformed', '1 fields instead of 8', null],
      ],
    )
    assert.deepEqual((await readFile(rejectsFile, 'utf8')).split('\n'), [
      `${header},Line,Reason,Detail`,
      '1,PADS,PADS,1,2010-12-01 08:26:00,0.001,17850,United Kingdom,3,sub_minor_price,',
      'this is no CSV,,,,,,,,6,malformed,1 fields instead of 8',
      '',
    ])
  })
})

test('a file that overlaps with an earlier one brings what is new, and nothing twice', async () => {
  const [head = '', ...lines] = csv.trimEnd().split('\n')
  const numbers = [...new Set(lines.map((line) => line.split(',')[0]))]
  const earlier = new Set(numbers.slice(0, Math.round(numbers.length * 0.6)))
  const first = await fileOf([head, ...lines.filter((line) => earlier.has(line.split(',')[0]))].join('\n'))
  const whole = await fileOf(csv)
  const states: RetailState[] = []
  for (const sequence of [[whole], [first, whole]]) {
    await inHouse(async (house) => {
      for (const file of sequence) assert.equal((await runImport(house, file)).code, 0)
      states.push(await readRetailState(house.database.url))
    })
  }
  const [atOnce, inTwo] = states
  for (const section of ['orders', 'orderLines', 'charges', 'supply', 'claims', 'customers', 'people', 'orderEvents']) {
    assert.deepEqual(inTwo?.[section], atOnce?.[section], section)
  }
})

test('an invoice that says something else than its order is rejected, and told', async () => {
  await inHouse(async (house) => {
    const lines = (price: string) =>
      [header, `1,A1,LAMP,2,2010-12-01 08:26:00,${price},17850,X`, '2,A1,LAMP,1,2010-12-01 09:26:00,5,NA,X'].join('\n')
    await runImport(house, await fileOf(lines('2.55')))
    const { code, said, rejectsFile } = await runImport(house, await fileOf(lines('2.95')))
    assert.equal(code, 0, 'its books balance')
    assert.ok(said.includes('Not as the file foretold: rejected reference reused, 0 lines of 0.000; is 1 of 5.900.'))
    const [, rejected = ''] = (await readFile(rejectsFile, 'utf8')).split('\n')
    assert.match(rejected, /^1,A1,LAMP,2,.*,2,reference_reused,ord_\w{26} has this number and other content$/)
    const { total } = await one<{ total: string }>(house, `select sum(total_minor) as total from orders.orders`)
    assert.equal(total, '1010')
  })
})

test('goods that the merchant sells already stay theirs', async () => {
  await inHouse(async (house) => {
    const variants = [{ sku: 'A1', kind: 'physical' }] as const
    await house.db.inTransaction((tx) =>
      house.rooms.catalog.saveProducts(tx, { actor: 'test', edits: [{ handle: 'lamp', title: 'Our lamp', variants }] }),
    )
    const text = [header, '1,A1,LAMP,2,2010-12-01 08:26:00,2.55,17850,X', '2,B1,BELL,1,2010-12-01 09:26:00,5,NA,X']
    assert.equal((await runImport(house, await fileOf(text.join('\n')))).code, 0)
    const { catalog, orderLines } = await readRetailState(house.database.url)
    assert.deepEqual(catalog, [
      { sku: 'A1', title: 'Our lamp', handle: 'lamp', status: 'active', amount_minor: null },
      { sku: 'B1', title: 'BELL', handle: 'online-retail-b1', status: 'active', amount_minor: '500' },
    ])
    assert.deepEqual(
      orderLines?.map((row) => Reflect.get(row, 'title')),
      ['Our lamp', 'BELL'],
    )
  })
})

test('codes that read alike are goods of their own', async () => {
  await inHouse(async (house) => {
    const codes = ['A-1', 'A 1', 'A1', 'a1', 'Ä1', '%']
    const lines = codes.map((code, index) => `${index + 1},${code},X,1,2010-12-01 08:26:00,1,NA,X`)
    assert.equal((await runImport(house, await fileOf([header, ...lines].join('\n')))).code, 0)
    const { catalog = [] } = await readRetailState(house.database.url)
    const skus = catalog.map((row) => Reflect.get(row, 'sku') as string)
    assert.deepEqual(skus.toSorted(), ['%', 'A 1', 'A-1', 'A1', 'Ä1'])
  })
})

test('a channel of that name that is not the import’s is left alone', async () => {
  await inHouse(async (house) => {
    const GBP = 'GBP' as CurrencyCode
    await house.db.inTransaction(async (tx) => {
      const actor = 'test'
      const place = { country: 'GB', currency: GBP, timeZone: 'Europe/London' }
      const entity = await createConfiguration(tx, {
        actor,
        kind: 'legalEntity',
        fields: { code: 'uk', name: 'UK', ...place },
      })
      assert.ok(entity.kind === 'created')
      const terms = {
        cartTtlS: 3_600,
        quoteTtlS: 900,
        claimsAt: 'order',
        paymentTtlS: 3_600,
        paymentCapS: 86_400,
      } as const
      const fields = {
        code: 'online-retail',
        name: 'Web',
        kind: 'web',
        legalEntityId: entity.row.id,
        marketId: null,
        currency: GBP,
        currencies: [GBP],
        locale: 'en-GB',
        timeZone: 'Europe/London',
        taxIncluded: true,
        trusted: false,
        active: true,
      } as const
      const channel = await createConfiguration(tx, { actor, kind: 'channel', fields: { ...fields, ...terms } })
      assert.equal(channel.kind, 'created')
    })
    const { code, said } = await runImport(house, await fileOf(csv))
    assert.equal(code, 1)
    assert.match(said.at(-1) ?? '', /^The orders cannot be taken in: the channel 'online-retail' is not a trusted one/)
    const { orders, lines } = await readRetailState(house.database.url)
    assert.deepEqual([orders, lines], [[], []])
  })
})

const unreadable = [
  ['that is not there', 'missing.csv', /ENOENT/],
  ['with other columns', 'other.csv', /must name the columns/],
] as const
for (const [what, name, reason] of unreadable) {
  test(`a file ${what} is told and changes nothing`, async () => {
    await inHouse(async (house) => {
      await writeFile(join(directory, 'other.csv'), 'a,b\n1,2\n')
      const { code, said } = await runImport(house, join(directory, name))
      assert.equal(code, 1)
      assert.match(said.at(-1) ?? '', reason)
      const { runs } = await readRetailState(house.database.url)
      assert.deepEqual(runs, [])
    })
  })
}

test('rejected lines that cannot be written are a failure, after the books', async () => {
  await inHouse(async (house) => {
    const file = await fileOf(csv)
    const said: string[] = []
    const deps = {
      ...house,
      say: (line: string) => void said.push(line),
      isTerminal: false,
      joinNetwork: async () => {},
    }
    await runImport(house, file)
    const code = await importRetailOrders(deps, { file, rejectsFile: join(directory, 'no', 'such', 'folder.csv') })
    assert.equal(code, 1)
    assert.match(
      said.at(-1) ?? '',
      /^The rejected lines could not be written, name another file with --rejects: ENOENT/,
    )
  })
})
