import { Pool } from 'undici'
import { partOptions } from '../support/child.ts'
import { round } from '../support/measure.ts'
import { orderRequest } from '../support/order-request.ts'

export interface LastUnitsOptions {
  readonly urls: readonly string[]
  readonly publishableKey: string
  readonly sku: string
  readonly buyers: number
}

export interface LastUnitsResult {
  readonly statuses: Readonly<Record<string, number>>
  /** From the first request to the last answer. */
  readonly seconds: number
}

/** So many buyers who want one unit each of the same SKU, all at the same moment. */
const { urls, publishableKey, sku, buyers } = partOptions<LastUnitsOptions>()
const pools = urls.map((url) => new Pool(url, { connections: Math.ceil(buyers / urls.length), pipelining: 1 }))
const statuses: Record<string, number> = {}
const began = performance.now()
await Promise.all(
  Array.from({ length: buyers }, async (_, index) => {
    const pool = pools[index % pools.length]
    if (pool === undefined) throw new Error('a server to call')
    const { statusCode, body } = await pool.request(
      orderRequest({ publishableKey, lines: [{ sku, quantity: 1 }], index }),
    )
    await body.dump()
    statuses[statusCode] = (statuses[statusCode] ?? 0) + 1
  }),
)
const result: LastUnitsResult = { statuses, seconds: round((performance.now() - began) / 1_000) }
await Promise.all(pools.map((pool) => pool.close()))
process.stdout.write(`${JSON.stringify(result)}\n`)
