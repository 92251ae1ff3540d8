import type { TrustedDoorOptions, TrustedResult } from '../parts/trusted-door.ts'
import type { TrustedLoadOptions, TrustedLoadResult } from '../parts/trusted-load.ts'
import type { ScenarioContext } from '../scenarios.ts'
import { runPart } from '../support/child.ts'
import { round } from '../support/measure.ts'
import { serving } from '../support/serving.ts'
import type { ShopSize } from '../support/shop.ts'
import { ORDERS_PER_BATCH } from '../support/trusted-order.ts'
import { buildTrustedShop } from '../support/trusted-shop.ts'

const size: ShopSize = { skus: 5_000, locations: 4, unitsEach: 100_000 }
const SECONDS = 8
const WARMUP_SECONDS = 3

/** Orders of a marketplace in batches of 500: the door in process, and HTTP with all processes. */
export async function trusted({ cluster, log, seconds = SECONDS, concurrencies = [1, 4] }: ScenarioContext) {
  const { secretKey, skus } = await buildTrustedShop(cluster, 'shop', size)
  const runs: object[] = []
  for (const concurrency of concurrencies) {
    const load = { concurrency, seconds, warmupSeconds: WARMUP_SECONDS }
    log(`trusted, ${concurrency} batches at once: door`)
    const doorUrl = await cluster.copy('shop', 'door')
    const door = await runPart<TrustedResult>('trusted-door.ts', {
      ...load,
      databaseUrl: doorUrl,
    } satisfies TrustedDoorOptions)
    await cluster.drop('door')
    log(`trusted, ${concurrency} batches at once: http`)
    const http = await serving(await cluster.copy('shop', 'http'), async (node) => {
      const before = node.cpuMs() ?? NaN
      const result = await runPart<TrustedLoadResult>('trusted-load.ts', {
        ...load,
        url: node.url,
        secretKey,
        skus,
      } satisfies TrustedLoadOptions)
      return { ...result, serverCpuMsPerOrder: round(((node.cpuMs() ?? NaN) - before) / result.orders) }
    })
    await cluster.drop('http')
    runs.push({ concurrency, httpOfDoor: round(http.ordersPerSecond / door.ordersPerSecond), door, http })
  }
  return { ...size, ordersPerBatch: ORDERS_PER_BATCH, runs }
}
