import { createDb } from '../../server/platform/db.ts'
import { openRooms } from '../../server/rooms.ts'
import { instantProvider } from '../support/instant-provider.ts'
import { shopperOrder } from '../support/shopper-order.ts'
import { cpuMs, round, runLoad, type LoadResult } from '../support/measure.ts'
import { partOptions } from '../support/child.ts'
import { readShop } from '../support/shop.ts'

export interface DoorOptions {
  readonly databaseUrl: string
  readonly concurrency: number
  readonly seconds: number
  readonly warmupSeconds: number
  /** Only the first so many SKUs are ordered; all when absent. */
  readonly skusUsed?: number
}

export interface DoorResult extends LoadResult {
  readonly nodeCpuMsPerOrder: number
  readonly postgresCpuMsPerOrder: number | null
  readonly ordersPerBatch: number
  readonly outcomes: Readonly<Record<string, number>>
}

const { databaseUrl, concurrency, seconds, warmupSeconds, skusUsed } = partOptions<DoorOptions>()
const db = createDb({ databaseUrl, poolMax: 10, applicationName: 'door' })
let batches = 0
let batched = 0
const rooms = openRooms({
  db,
  masterKey: new Uint8Array(32).fill(7),
  providers: [instantProvider],
  onBatch: ({ name, requestCount }) => {
    if (name !== 'prepare') return
    batches++
    batched += requestCount
  },
})
const shop = await readShop(db)
const skus = shop.skus.slice(0, skusUsed ?? shop.skus.length)
const book = await rooms.merchant.currentBook()
const channel = book.channelById.get(shop.channelId)
if (channel === undefined) throw new Error('the shop has no channel')

const outcomes: Record<string, number> = {}
const backends = async (): Promise<number> => {
  const rows = await db.rows<{ pid: number }>({
    name: 'bench.backends',
    text: "select pid from pg_stat_activity where application_name = 'door'",
    values: [],
  })
  return rows.reduce((sum, { pid }) => sum + (cpuMs(pid) ?? 0), 0)
}
await Promise.all(Array.from({ length: 10 }, () => db.clock()))
const postgresBefore = await backends()
const nodeBefore = process.cpuUsage()
const load = await runLoad({
  concurrency,
  seconds,
  warmupSeconds,
  async call(index) {
    const outcome = await rooms.checkout.placeOrder(shopperOrder(channel, skus, index))
    const kind = outcome.kind === 'refused' ? outcome.refusal.code : (outcome.payment?.result.kind ?? 'placed')
    outcomes[kind] = (outcomes[kind] ?? 0) + 1
    return kind === 'placed'
  },
})
const node = process.cpuUsage(nodeBefore)
const postgresAfter = await backends()
const result: DoorResult = {
  ...load,
  nodeCpuMsPerOrder: round((node.user + node.system) / 1_000 / batched),
  postgresCpuMsPerOrder: postgresAfter === 0 ? null : round((postgresAfter - postgresBefore) / batched),
  ordersPerBatch: round(batched / batches),
  outcomes,
}
await rooms.checkout.drained()
await db.close()
process.stdout.write(`${JSON.stringify(result)}\n`)
