import { setTimeout as sleep } from 'node:timers/promises'
import { Pool } from 'undici'
import { partOptions } from '../support/child.ts'
import { round, runLoad, type LoadResult } from '../support/measure.ts'
import { ORDERS_PER_BATCH, trustedBody } from '../support/trusted-order.ts'

export interface TrustedLoadOptions {
  readonly url: string
  readonly secretKey: string
  readonly skus: readonly string[]
  /** Batches under way at once. */
  readonly concurrency: number
  readonly seconds: number
  readonly warmupSeconds: number
}

/** `count`, `p50Ms` and `p99Ms` are of batches. */
export interface TrustedLoadResult extends LoadResult {
  readonly ordersPerSecond: number
  /** All that were sent, those before and after what was measured as well. */
  readonly orders: number
  /** Batches that were told to come again, and came. */
  readonly postponed: number
  readonly clientCpuMs: number
}

/** `POST /v1/admin/orders/batch` from a process of its own; a batch that is told to wait comes again as it is. */
const { url, secretKey, skus, ...load } = partOptions<TrustedLoadOptions>()
const pool = new Pool(url, { connections: load.concurrency, pipelining: 1 })
const headers = { authorization: `Bearer ${secretKey}`, 'content-type': 'application/json' }
let orderCount = 0
let postponed = 0
const measured = await runLoad({
  ...load,
  async call(batch) {
    const first = batch * ORDERS_PER_BATCH
    const orders = Array.from({ length: ORDERS_PER_BATCH }, (_, index) =>
      trustedBody(skus, `http-${first + index}`, first + index),
    )
    const body = JSON.stringify({ orders })
    for (;;) {
      const answer = await pool.request({ method: 'POST', path: '/v1/admin/orders/batch', headers, body })
      if (answer.statusCode === 503) {
        await answer.body.dump()
        postponed++
        await sleep(Number(answer.headers['retry-after'] ?? 1) * 1_000)
        continue
      }
      if (answer.statusCode !== 200) throw new Error(`${answer.statusCode} ${await answer.body.text()}`)
      orderCount += ORDERS_PER_BATCH
      const { results } = (await answer.body.json()) as { results: { status: string }[] }
      return results.every(({ status }) => status !== 'refused')
    }
  },
})
await pool.close()
const used = process.cpuUsage()
const result: TrustedLoadResult = {
  ...measured,
  ordersPerSecond: round(measured.perSecond * ORDERS_PER_BATCH),
  orders: orderCount,
  postponed,
  clientCpuMs: round((used.user + used.system) / 1_000),
}
process.stdout.write(`${JSON.stringify(result)}\n`)
