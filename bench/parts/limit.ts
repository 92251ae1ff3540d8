import pg from 'pg'
import { createDb, type Statement } from '../../server/platform/db.ts'
import { openRooms } from '../../server/rooms.ts'
import { partOptions } from '../support/child.ts'
import { instantProvider } from '../support/instant-provider.ts'
import { cpuMs, round } from '../support/measure.ts'
import { recordingDb, type RecordedTransaction } from '../support/record.ts'
import { readShop } from '../support/shop.ts'
import { shopperOrder } from '../support/shopper-order.ts'

export interface LimitOptions {
  /** Two copies of one shop: orders are recorded on the first and replayed on the second. */
  readonly recordUrl: string
  readonly replayUrl: string
  readonly concurrency: number
  readonly orders: number
}

export interface LimitResult {
  readonly orders: number
  readonly perSecond: number
  readonly nodeCpuMsPerOrder: number
  readonly postgresCpuMsPerOrder: number
}

/*
 * The same rows of both transactions by bare SQL: orders are placed through the door and every statement is recorded
 * with its values; on an identical database the statements are replayed with nothing decided, priced or built, each
 * transaction in one exchange. What is left is what PostgreSQL and the driver need for these rows.
 */
const { recordUrl, replayUrl, concurrency, orders } = partOptions<LimitOptions>()
const prepares: RecordedTransaction[] = []
const settles: RecordedTransaction[] = []
await record()
const result = await replay()
process.stdout.write(`${JSON.stringify(result)}\n`)

async function record(): Promise<void> {
  const plain = createDb({ databaseUrl: recordUrl, poolMax: 10, applicationName: 'record' })
  const db = recordingDb(plain, (statements) => {
    const isSettle = statements.some(({ name }) => name === 'payments.update_attempts')
    ;(isSettle ? settles : prepares).push(statements)
  })
  const rooms = openRooms({ db, masterKey: new Uint8Array(32).fill(7), providers: [instantProvider] })
  const shop = await readShop(db)
  const channel = (await rooms.merchant.currentBook()).channelById.get(shop.channelId)
  if (channel === undefined) throw new Error('the shop has no channel')
  let next = 0
  await Promise.all(
    Array.from({ length: concurrency }, async () => {
      while (next < orders) {
        const outcome = await rooms.checkout.placeOrder(shopperOrder(channel, shop.skus, next++))
        if (outcome.kind !== 'answered') throw new Error(`an order was refused: ${outcome.refusal.code}`)
      }
    }),
  )
  await rooms.checkout.drained()
  await db.close()
}

/** Prepares on one connection, settles on another, each settle after its prepare: both processors have work. */
async function replay(): Promise<LimitResult> {
  const connections = await Promise.all(
    ['prepare', 'settle'].map(async () => {
      const client = new pg.Client({ connectionString: replayUrl, pipeline: true })
      await client.connect()
      const { rows } = await client.query('select pg_backend_pid() as pid')
      return { client, pid: (rows[0] as { pid: number }).pid }
    }),
  )
  const [forPrepare, forSettle] = connections
  if (forPrepare === undefined || forSettle === undefined) throw new Error('two connections were opened')
  const postgresCpu = (): number => connections.reduce((sum, { pid }) => sum + (cpuMs(pid) ?? 0), 0)
  const postgresBefore = postgresCpu()
  const nodeBefore = process.cpuUsage()
  const began = performance.now()
  let settled: Promise<unknown> = Promise.resolve()
  for (const [index, prepare] of prepares.entries()) {
    await run(forPrepare.client, prepare)
    const settle = settles[index]
    if (settle !== undefined) settled = settled.then(() => run(forSettle.client, settle))
  }
  await settled
  const seconds = (performance.now() - began) / 1_000
  const node = process.cpuUsage(nodeBefore)
  const measured: LimitResult = {
    orders,
    perSecond: round(orders / seconds),
    nodeCpuMsPerOrder: round((node.user + node.system) / 1_000 / orders),
    postgresCpuMsPerOrder: round((postgresCpu() - postgresBefore) / orders),
  }
  await Promise.all(connections.map(({ client }) => client.end()))
  return measured
}

async function run(client: pg.Client, transaction: RecordedTransaction): Promise<void> {
  await Promise.all([
    client.query('begin'),
    ...transaction.map(({ name, text, values }: Statement) =>
      client.query(values === undefined ? { name, text } : { name, text, values: values as unknown[] }),
    ),
    client.query('commit'),
  ])
}
