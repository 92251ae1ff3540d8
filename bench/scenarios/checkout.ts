import type { CheckoutLoadOptions } from '../parts/checkout-load.ts'
import type { ScenarioContext } from '../scenarios.ts'
import { runPart } from '../support/child.ts'
import { buildShop, readSkus } from '../support/intake.ts'
import { round, type LoadResult } from '../support/measure.ts'
import { serving } from '../support/serving.ts'
import type { ShopSize } from '../support/shop.ts'

const size: ShopSize = { skus: 5_000, locations: 4, unitsEach: 100_000 }
const SECONDS = 8
const WARMUP_SECONDS = 3

type Walks = LoadResult & { readonly failures: Readonly<Record<string, number>> }

/** A guest's walk from an empty cart to the page of their order, six requests; one serving process. */
export async function checkout({ cluster, log, seconds = SECONDS, concurrencies = [8, 32, 128] }: ScenarioContext) {
  const publishableKey = await buildShop(cluster, 'shop', size)
  const runs: object[] = []
  for (const concurrency of concurrencies) {
    log(`checkout at ${concurrency}`)
    const databaseUrl = await cluster.copy('shop', 'checkout')
    const skus = await readSkus(databaseUrl)
    const run = await serving(databaseUrl, async (node) => {
      const before = node.cpuMs()
      const walks = await runPart<Walks>('checkout-load.ts', {
        url: node.url,
        publishableKey,
        skus,
        concurrency,
        seconds,
        warmupSeconds: WARMUP_SECONDS,
      } satisfies CheckoutLoadOptions)
      const after = node.cpuMs()
      // Of the warm-up too: its walks cost as much.
      const walked = (walks.count / seconds) * (seconds + WARMUP_SECONDS)
      const serverCpuMsPerWalk = before === null || after === null ? null : round((after - before) / walked)
      return { concurrency, ...walks, serverCpuMsPerWalk }
    })
    await cluster.drop('checkout')
    runs.push(run)
  }
  return { ...size, runs }
}
