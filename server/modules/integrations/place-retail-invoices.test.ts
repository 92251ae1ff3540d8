import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { createTestDatabase, type TestDatabase } from '../../../test/support/database.ts'
import { newId } from '../../kernel/id.ts'
import { instantFromMs } from '../../kernel/time.ts'
import { QueueFullError } from '../../platform/batch/batch.ts'
import { BusyError, createDb, type Db } from '../../platform/db.ts'
import type { Checkout } from '../checkout/index.ts'
import type { Channel } from '../merchant/index.ts'
import { readTallies } from './integrations.sql.ts'
import { LineSet } from './line-set.ts'
import { placeRetailInvoices, type Placing } from './place-retail-invoices.ts'
import type { RetailInvoice } from './plan-retail-invoice.ts'

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

/** An invoice of one line each, of one lamp. */
function placingOf(invoiceCount: number): Placing {
  const at = instantFromMs(Date.UTC(2010, 11, 1))
  const invoices = Array.from({ length: invoiceCount }, (_, index): RetailInvoice => {
    const invoiceNo = String(index + 1)
    const text = { invoiceNo, code: 'A1', description: 'LAMP', customer: null, at }
    const lines = [{ ...text, lineNumber: index + 2, raw: `line ${index + 2}`, quantity: 1, priceThousandths: 1_000n }]
    return { invoiceNo, placedAt: at, customer: null, lines }
  })
  return {
    runId: newId(),
    channel: {} as Channel,
    file: { invoices, malformed: [] },
    people: new Map(),
    recorded: new LineSet([]),
    onBatch: async () => {},
  }
}

type Road = Pick<Checkout, 'placeTrustedOrders' | 'drained'>

const openRoad: Road = {
  placeTrustedOrders: async (orders) => orders.map(() => ({ kind: 'placed', orderId: newId() })),
  drained: async () => {},
}

test('a busy road is asked again, once it is drained', async () => {
  const refusals = [new BusyError('contended'), new QueueFullError('too many wait', 100)]
  const asked: string[] = []
  const checkout: Road = {
    async placeTrustedOrders(orders) {
      asked.push(`place ${orders.length}`)
      const refusal = refusals.shift()
      if (refusal !== undefined) throw refusal
      return openRoad.placeTrustedOrders(orders)
    },
    drained: async () => void asked.push('drained'),
  }
  const placing = placingOf(3)
  await placeRetailInvoices({ db, checkout }, placing)
  assert.deepEqual(asked, ['place 3', 'drained', 'place 3', 'drained', 'place 3'])
  assert.deepEqual(await readTallies(db, placing.runId), [
    { outcome: 'accepted', reason: 'order_line', lines: 3, thousandths: 3_000n },
  ])
})

test('orders go in batches of at most 500, and lines that are recorded are passed over', async () => {
  const sizes: number[] = []
  const checkout: Road = {
    ...openRoad,
    placeTrustedOrders(orders) {
      sizes.push(orders.length)
      return openRoad.placeTrustedOrders(orders)
    },
  }
  const placing = placingOf(1_203)
  const told: number[] = []
  const recorded = new LineSet([
    { from: 2, end: 102 },
    { from: 1_000, end: 1_001 },
  ])
  const onBatch = async ({ lineCount }: { readonly lineCount: number }): Promise<void> => void told.push(lineCount)
  await placeRetailInvoices({ db, checkout }, { ...placing, recorded, onBatch })
  assert.deepEqual(sizes, [500, 500, 102])
  assert.deepEqual(
    told.toSorted((a, b) => b - a),
    [500, 500, 102],
  )
  const [tally] = await readTallies(db, placing.runId)
  assert.equal(tally?.lines, 1_102)
})

test('a refusal that is not the order’s own fault ends the import with nothing recorded', async () => {
  const checkout: Road = {
    ...openRoad,
    placeTrustedOrders: async (orders) =>
      orders.map(() => ({ kind: 'refused', refusal: { code: 'location_unknown', location: 'online-retail-london' } })),
  }
  const placing = placingOf(2)
  await assert.rejects(placeRetailInvoices({ db, checkout }, placing), /^Error: orders cannot be taken in: .*location/)
  assert.deepEqual(await readTallies(db, placing.runId), [])
})

test('an order refused for its own content is rejected, each of its lines with the reason', async () => {
  const checkout: Road = {
    ...openRoad,
    placeTrustedOrders: async (orders) =>
      orders.map((_, index) =>
        index === 0 ? { kind: 'refused', refusal: { code: 'amount_too_large' } } : { kind: 'placed', orderId: newId() },
      ),
  }
  const placing = placingOf(2)
  await placeRetailInvoices({ db, checkout }, placing)
  assert.deepEqual(await readTallies(db, placing.runId), [
    { outcome: 'accepted', reason: 'order_line', lines: 1, thousandths: 1_000n },
    { outcome: 'rejected', reason: 'amount_too_large', lines: 1, thousandths: 1_000n },
  ])
})
