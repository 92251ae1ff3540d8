import { Pool } from 'undici'
import { partOptions } from '../support/child.ts'
import { runLoad } from '../support/measure.ts'
import { orderRequest } from '../support/order-request.ts'

export interface HttpLoadOptions {
  readonly urls: readonly string[]
  readonly publishableKey: string
  readonly skus: readonly string[]
  readonly concurrency: number
  readonly seconds: number
  readonly warmupSeconds: number
}

/** `POST /v1/store/orders` with two lines, from a process of its own over keep-alive connections. */
const { urls, publishableKey, skus, concurrency, seconds, warmupSeconds } = partOptions<HttpLoadOptions>()
const pools = urls.map((url) => new Pool(url, { connections: Math.ceil(concurrency / urls.length), pipelining: 1 }))
const statuses: Record<string, number> = {}
const result = await runLoad({
  concurrency,
  seconds,
  warmupSeconds,
  async call(index) {
    const pool = pools[index % pools.length]
    if (pool === undefined) throw new Error('a server to call')
    const first = skus[(index * 7919) % skus.length]
    const second = skus[(index * 104_729 + 13) % skus.length]
    const lines =
      first === second
        ? [{ sku: first, quantity: 2 }]
        : [
            { sku: first, quantity: 1 },
            { sku: second, quantity: 1 },
          ]
    const { statusCode, body } = await pool.request(orderRequest({ publishableKey, lines, index }))
    await body.dump()
    statuses[statusCode] = (statuses[statusCode] ?? 0) + 1
    return statusCode === 201
  },
})
await Promise.all(pools.map((pool) => pool.close()))
process.stdout.write(
  `${JSON.stringify({ ...result, statuses, clientCpuMs: process.cpuUsage().user / 1_000 + process.cpuUsage().system / 1_000 })}\n`,
)
