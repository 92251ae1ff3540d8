import { createDb } from '../../server/platform/db.ts'
import { openRooms } from '../../server/rooms.ts'
import { partOptions } from '../support/child.ts'
import { round, runLoad, type LoadResult } from '../support/measure.ts'
import { readShop } from '../support/shop.ts'
import { ORDERS_PER_BATCH, TRUSTED_CHANNEL, trustedPlacement } from '../support/trusted-order.ts'

export interface TrustedDoorOptions {
  readonly databaseUrl: string
  /** Batches under way at once. */
  readonly concurrency: number
  readonly seconds: number
  readonly warmupSeconds: number
}

/** `count`, `p50Ms` and `p99Ms` are of batches. */
export interface TrustedResult extends LoadResult {
  readonly ordersPerSecond: number
  readonly cpuMsPerOrder: number
}

/** Batches of trusted orders through checkout's door, in process. */
const { databaseUrl, ...load } = partOptions<TrustedDoorOptions>()
const db = createDb({ databaseUrl, poolMax: 10, applicationName: 'door' })
const rooms = openRooms({ db, masterKey: new Uint8Array(32).fill(7), providers: [] })
const { skus } = await readShop(db)
const channel = (await rooms.merchant.currentBook()).channelByCode.get(TRUSTED_CHANNEL)
if (channel === undefined) throw new Error('the shop has no trusted channel')

let placed = 0
const before = process.cpuUsage()
const measured = await runLoad({
  ...load,
  async call(batch) {
    const first = batch * ORDERS_PER_BATCH
    const outcomes = await rooms.checkout.placeTrustedOrders(
      Array.from({ length: ORDERS_PER_BATCH }, (_, index) =>
        trustedPlacement(channel, skus, `door-${first + index}`, first + index),
      ),
    )
    placed += outcomes.length
    return outcomes.every(({ kind }) => kind === 'placed')
  },
})
const used = process.cpuUsage(before)
const result: TrustedResult = {
  ...measured,
  ordersPerSecond: round(measured.perSecond * ORDERS_PER_BATCH),
  cpuMsPerOrder: round((used.user + used.system) / 1_000 / placed),
}
await rooms.checkout.drained()
await db.close()
process.stdout.write(`${JSON.stringify(result)}\n`)
