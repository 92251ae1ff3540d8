import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { after, before, test } from 'node:test'
import { createTestDatabase, type TestDatabase } from '../../../test/support/database.ts'
import { formatId, type Id } from '../../kernel/id.ts'
import type { Instant } from '../../kernel/time.ts'
import type { Db } from '../db.ts'
import { migrateJobs } from '../jobs/jobs.ts'
import { findViolations } from './audits.sql.ts'
import { openAuditDb } from './open-audit-db.ts'
import { parsePredicate, readPredicates, type Predicate } from './predicates.ts'
import { AuditsIncompleteError, auditAgainst, readAudits, renderAudit, runAudits } from './run-audits.ts'

let database: TestDatabase
let db: Db

before(async () => {
  database = await createTestDatabase()
  db = openAuditDb(database.url)
})
after(async () => {
  await db.close()
  await database.drop()
})

const orderId = '01990000-0000-7000-8000-000000000001' as Id<'order'>
const lineIds = [2, 3, 4].map((digit) => `01990000-0000-7000-8000-00000000000${digit}` as Id<'demandLine'>)
const broken = 'allocated-and-in-work-units-stand-on-claims'

function run(text: string, values: readonly unknown[] = []): Promise<number> {
  return db.execute({ name: `test.${hash('sha256', text, 'hex').slice(0, 16)}`, text, values })
}

test('where one predicate cannot be run the others are, and it is said which', async () => {
  await assert.rejects(runAudits(db), (error) => {
    assert.ok(error instanceof AuditsIncompleteError)
    assert.match(error.message, /no-job-is-held-.*: relation "graphile_worker.jobs" does not exist$/)
    const runnable = readPredicates().filter(({ given }) => given === null)
    assert.equal(error.results.length, runnable.length - 1)
    return true
  })
  await migrateJobs(database.url)
})

test('a run stores what it found, with the ids that the API speaks', async () => {
  await run(
    `insert into orders.demand_line
               (id, order_id, line_id, group_number, variant_id, sku, stocked, share_minor, ordered, allocated)
             select id, $2, id, 1, id, 'TEE', true, 0, 3, 3 from unnest($1::uuid[]) as line (id)`,
    [lineIds, orderId],
  )
  await run(`insert into orders.delivery_group (order_id, number, method) values ($1, 1, 'ship')`, [orderId])
  await run(`insert into platform.audit_result values ('given-up', 1, '[]', clock_timestamp(), 1)`)

  const results = await runAudits(db, { sampleMax: 2 })
  assert.deepEqual(
    results.filter(({ violations }) => violations > 0).map(({ name }) => name),
    [broken],
  )
  const found = results.find(({ name }) => name === broken)
  assert.deepEqual(
    [found?.violations, found?.sample],
    [
      3,
      [
        { object: formatId('demandLine', lineIds[0] as Id<'demandLine'>), detail: { units: 3, claims: 0 } },
        { object: formatId('demandLine', lineIds[1] as Id<'demandLine'>), detail: { units: 3, claims: 0 } },
      ],
    ],
  )
  const { wallAt } = await db.clock()
  for (const { ranAt, ms } of results) assert.ok(wallAt - ranAt < 60_000 && ranAt <= wallAt && ms >= 0)
  assert.deepEqual(await readAudits(db), results, 'and what was given up is forgotten')
})

test('single predicates can be asked; the others keep their last result', async () => {
  await run('update orders.demand_line set shipped = allocated, allocated = 0')
  assert.deepEqual(
    (await runAudits(db, { names: [broken] })).map(({ violations }) => violations),
    [0],
  )
  assert.equal((await readAudits(db)).length, readPredicates().filter(({ given }) => given === null).length)
  await assert.rejects(runAudits(db, { names: ['no-such-sentence'] }), /missing: an audit called no-such-sentence/)
})

test('an order within the detail gets its public id, too', async () => {
  await run(
    `insert into orders.orders
               (id, channel_id, status, currency, tax_included, items_minor, discount_minor, delivery_minor,
                tax_minor, total_minor, payment_terms, placed_at)
             values ($1, $1, 'awaiting_payment', 'USD', true, 0, 0, 0, 0, 0, 'provider', '2026-01-01')`,
    [orderId],
  )
  await run(`update orders.demand_line set shipped = 0, pending = 3 where id = $1`, [lineIds[0]])
  const [result] = await runAudits(db, { names: ['units-of-unpaid-orders-are-reserved'] })
  assert.deepEqual(result?.sample, [
    {
      object: formatId('demandLine', lineIds[0] as Id<'demandLine'>),
      detail: { order: formatId('order', orderId), sku: 'TEE', pending: 3, reserved: 0 },
    },
  ])
})

test('an invariant that needs more than the database is not run without it', async () => {
  assert.ok((await runAudits(db)).every(({ name }) => name !== 'our-money-book-is-the-providers'))
  assert.deepEqual(await auditAgainst(db, 'our-money-book-is-the-providers', []), { count: 0, sample: [] })
  await assert.rejects(auditAgainst(db, broken, []), /is given nothing/)
})

function predicate(text: string): Predicate {
  return parsePredicate('planted', `-- A.\n--\n-- Invariant: 1 K\n-- Cause: b.\n-- Look at: c.\n\n${text}`)
}

test('a predicate cannot write', async () => {
  const writing = predicate(`with gone as (delete from orders.demand_line returning id)
                             select id::text as object, '{}'::jsonb as detail from gone`)
  const refusal = /data-modifying statement must be at the top level/
  await assert.rejects(findViolations(db, writing, { sampleMax: 1 }), refusal)
})

test('a predicate is a transaction without an id: readers of events never wait for it', async () => {
  const asking = predicate(
    `select coalesce(pg_current_xact_id_if_assigned()::text, 'none') as object, '{}'::jsonb as detail`,
  )
  const { sample } = await findViolations(db, asking, { sampleMax: 1 })
  assert.deepEqual(sample, [{ object: 'none', detail: {} }])
})

test('rendered, a violation says what it means, where it may come from and where to look', () => {
  const at = 0 as Instant
  const sample = [{ object: 'supply 42', detail: { quantity: 5, entries: 4 } }]
  assert.equal(
    renderAudit([
      { name: 'a-cart-has-one-live-order', violations: 0, sample: [], ranAt: at, ms: 12 },
      { name: 'supply-quantity-is-the-sum-of-its-entries', violations: 3, sample, ranAt: at, ms: 1_240 },
    ]),
    `violations      ms  invariant
         0      12  a-cart-has-one-live-order
         3    1240  supply-quantity-is-the-sum-of-its-entries

supply-quantity-is-the-sum-of-its-entries
  Every supply row holds what its ledger entries add up to.
  cause    a writer changed the quantity without posting, or posted without changing it.
  look at  inventory.stock_entry of the row by id; where the running sum goes astray, and the cause of that entry.
  supply 42 {"quantity":5,"entries":4}
  and 2 more

2 invariants checked in 1.3 s: one is violated`,
  )
  assert.match(renderAudit([]), /\n\n0 invariants checked in 0.0 s: every invariant holds$/)
})
