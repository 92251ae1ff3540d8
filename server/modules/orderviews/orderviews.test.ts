import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { createTestDatabase, type TestDatabase } from '../../../test/support/database.ts'
import { newId, type Id } from '../../kernel/id.ts'
import { must } from '../../kernel/invariant.ts'
import { addMs, HOUR_MS, instantFromMs, type Instant } from '../../kernel/time.ts'
import { createDb, type Db, type Queryable, type Statement } from '../../platform/db.ts'
import { insertOrderedVariantRows, listOrderRows, upsertOrderRows, type OrderFilter } from './orderviews.sql.ts'

let database: TestDatabase
let db: Db

/** More than a page of every kind; a list that reads them all is seen by what it reads. */
const ORDERS = 20_000
const PEOPLE = 100
const FROM: Instant = instantFromMs(Date.UTC(2026, 0, 1))

const web = newId<'channel'>()
const kiosk = newId<'channel'>()
const tee = newId<'variant'>()
const mug = newId<'variant'>()
const rare = newId<'variant'>()
const people = Array.from({ length: PEOPLE }, () => newId<'person'>())

const orders = Array.from({ length: ORDERS }, (_, index) => ({
  order_id: newId<'order'>(),
  number: BigInt(index + 1),
  channel_id: index % 1_000 === 0 ? kiosk : web,
  reference: `ref-${index}`,
  person_id: people[index % PEOPLE] ?? null,
  status: index % 2_000 === 0 ? ('awaiting_payment' as const) : ('open' as const),
  currency: 'USD',
  total_minor: 1_000n,
  // Ten at a time are of one moment: the list goes on by id among them.
  placed_at: addMs(FROM, Math.floor(index / 10) * HOUR_MS),
  version: 1,
  variants: index % 4_000 === 0 ? [tee, rare] : index % 2 === 0 ? [tee] : [tee, mug],
}))

before(async () => {
  database = await createTestDatabase()
  db = createDb({ databaseUrl: database.url, poolMax: 2, applicationName: 'test' })
  await db.inTransaction(async (tx) => {
    upsertOrderRows(tx, orders)
    insertOrderedVariantRows(
      tx,
      orders.flatMap(({ variants, placed_at, order_id }) =>
        variants.map((variant_id) => ({ variant_id, placed_at, order_id })),
      ),
    )
  })
  await db.execute({ name: 'test.analyze', text: 'analyze orderviews.order_row, orderviews.order_variant' })
})
after(async () => {
  await db.close()
  await database.drop()
})

const everything: OrderFilter = {
  status: null,
  channelId: null,
  variantId: null,
  personIds: null,
  number: null,
  reference: null,
  placedAfter: null,
}
type Listed = (typeof orders)[number]
const lists: readonly (readonly [string, Partial<OrderFilter>, (order: Listed) => boolean])[] = [
  ['all', {}, () => true],
  ['of a status that is rare', { status: 'awaiting_payment' }, (order) => order.status === 'awaiting_payment'],
  ['of a channel that is rare', { channelId: kiosk }, (order) => order.channel_id === kiosk],
  ['of a SKU that everybody buys', { variantId: tee }, () => true],
  ['of a SKU that is rare', { variantId: rare }, (order) => order.variants.includes(rare)],
  [
    'of a SKU in a channel',
    { variantId: mug, channelId: web },
    (order) => order.variants.includes(mug) && order.channel_id === web,
  ],
  ['of a person', { personIds: people.slice(7, 8) }, (order) => order.person_id === people[7]],
  [
    'of two people',
    { personIds: people.slice(7, 9) },
    (order) => order.person_id === people[7] || order.person_id === people[8],
  ],
  ['of nobody', { personIds: [] }, () => false],
  ['by number', { number: 4_711n }, (order) => order.number === 4_711n],
  ['by reference', { reference: 'ref-815' }, (order) => order.reference === 'ref-815'],
  [
    'of a SKU, placed lately',
    { variantId: tee, placedAfter: addMs(FROM, 1_999 * HOUR_MS) },
    (order) => order.placed_at > addMs(FROM, 1_999 * HOUR_MS),
  ],
]

for (const [name, filter, matches] of lists) {
  test(`orders ${name}: newest first, page after page`, async () => {
    const expected = orders
      .filter(matches)
      .toSorted((a, b) => b.placed_at - a.placed_at || (a.order_id < b.order_id ? 1 : -1))
      .slice(0, 60)
      .map((order) => order.number)
    const listed: bigint[] = []
    let last: { placedAt: Instant; orderId: Id<'order'> } | null = null
    for (let page = 0; page < 3; page++) {
      const rows = await listOrderRows(db, { ...everything, ...filter }, { before: last, limit: 20 })
      listed.push(...rows.map((row) => row.number))
      const end = rows.at(-1)
      if (end === undefined) break
      last = { placedAt: end.placed_at, orderId: end.order_id }
    }
    assert.deepEqual(listed, expected)
  })

  test(`orders ${name}: no more is read than a page holds`, async () => {
    const middle = must(orders[ORDERS / 2], 'an order in the middle')
    for (const before of [null, { placedAt: middle.placed_at, orderId: middle.order_id }]) {
      const statement = await sentBy((source) =>
        listOrderRows(source, { ...everything, ...filter }, { before, limit: 20 }),
      )
      const rowsRead = await rowsReadBy(statement)
      // Of two people all 400 are sorted, or a fiftieth of the list is found by passing over the others: PostgreSQL chooses.
      assert.ok(rowsRead <= (filter.personIds?.length === 2 ? 2_000 : 100), `${rowsRead} rows were read`)
    }
  })
}

test('what is projected twice is listed once, and an older version changes nothing', async () => {
  const first = must(orders[0], 'an order')
  const { variants, ...row } = first
  const again = { variant_id: must(variants[0], 'a SKU'), placed_at: row.placed_at, order_id: row.order_id }
  const list = () => listOrderRows(db, { ...everything, variantId: rare }, { before: null, limit: 100 })
  const listedBefore = await list()
  await db.inTransaction(async (tx) => {
    upsertOrderRows(tx, [{ ...row, status: 'cancelled' }])
    insertOrderedVariantRows(tx, [again, again])
  })
  assert.deepEqual(await list(), listedBefore)
})

async function sentBy(list: (source: Queryable) => Promise<unknown>): Promise<Statement> {
  const sent: Statement[] = []
  await list({
    rows: (statement) => {
      sent.push(statement)
      return Promise.resolve([])
    },
    execute: () => Promise.reject(new Error('a list writes nothing')),
  })
  return must(sent[0], 'a statement')
}

interface PlanNode {
  readonly 'Actual Rows': number
  readonly 'Actual Loops': number
  readonly 'Rows Removed by Filter'?: number
  readonly Plans?: readonly PlanNode[]
}

/** What the leaves of its plan gave and threw away. */
async function rowsReadBy({ name, text, values }: Statement): Promise<number> {
  const [row] = await db.rows<{ 'QUERY PLAN': readonly [{ readonly Plan: PlanNode }] }>({
    name: `test.explain_${name}`,
    text: `explain (analyze, format json) ${text}`,
    ...(values === undefined ? {} : { values }),
  })
  return rowsRead(must(row, 'a plan')['QUERY PLAN'][0].Plan)
}

function rowsRead(node: PlanNode): number {
  const inner = (node.Plans ?? []).reduce((sum, each) => sum + rowsRead(each), 0)
  const own = node.Plans === undefined ? node['Actual Rows'] : 0
  return inner + (own + (node['Rows Removed by Filter'] ?? 0)) * node['Actual Loops']
}
