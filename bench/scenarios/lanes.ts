import type { HttpLoadOptions } from '../parts/http-load.ts'
import type { TrustedLoadOptions, TrustedLoadResult } from '../parts/trusted-load.ts'
import type { ScenarioContext } from '../scenarios.ts'
import { runPart } from '../support/child.ts'
import { median, round, type LoadResult } from '../support/measure.ts'
import { serving } from '../support/serving.ts'
import type { ShopSize } from '../support/shop.ts'
import { buildTrustedShop } from '../support/trusted-shop.ts'

const size: ShopSize = { skus: 5_000, locations: 4, unitsEach: 100_000 }
const SECONDS = 8
const WARMUP_SECONDS = 3
const PAIRS = 3
/** Enough that the bulk lane is never empty. */
const BULK_BATCHES_AT_ONCE = 4

type Shoppers = LoadResult & { readonly statuses: Readonly<Record<string, number>> }

/** Shoppers alone, and while a marketplace hands over batches as fast as they are taken; by turns, medians. */
export async function lanes({ cluster, log, seconds = SECONDS, concurrencies = [32], quick }: ScenarioContext) {
  const { publishableKey, secretKey, skus } = await buildTrustedShop(cluster, 'shop', size)
  const runs: object[] = []
  for (const concurrency of concurrencies) {
    const load = { seconds, warmupSeconds: WARMUP_SECONDS, skus }
    const shoppers = (url: string) =>
      runPart<Shoppers>('http-load.ts', { ...load, urls: [url], publishableKey, concurrency } satisfies HttpLoadOptions)
    const marketplace = (url: string) =>
      runPart<TrustedLoadResult>('trusted-load.ts', {
        ...load,
        url,
        secretKey,
        concurrency: BULK_BATCHES_AT_ONCE,
      } satisfies TrustedLoadOptions)
    const pairs: { alone: Shoppers; beside: Shoppers; bulk: TrustedLoadResult }[] = []
    for (let pair = 1; pair <= (quick ? 1 : PAIRS); pair++) {
      log(`lanes at ${concurrency}: pair ${pair}`)
      const alone = await serving(await cluster.copy('shop', 'alone'), ({ url }) => shoppers(url))
      await cluster.drop('alone')
      const [beside, bulk] = await serving(await cluster.copy('shop', 'beside'), ({ url }) =>
        Promise.all([shoppers(url), marketplace(url)]),
      )
      await cluster.drop('beside')
      pairs.push({ alone, beside, bulk })
    }
    const middle = (figure: (pair: (typeof pairs)[number]) => number) => median(pairs.map(figure))
    runs.push({
      concurrency,
      bulkBatchesAtOnce: BULK_BATCHES_AT_ONCE,
      alone: {
        p50Ms: middle(({ alone }) => alone.p50Ms),
        p99Ms: middle(({ alone }) => alone.p99Ms),
        perSecond: middle(({ alone }) => alone.perSecond),
      },
      besideBulk: {
        p50Ms: middle(({ beside }) => beside.p50Ms),
        p99Ms: middle(({ beside }) => beside.p99Ms),
        perSecond: middle(({ beside }) => beside.perSecond),
        bulkOrdersPerSecond: middle(({ bulk }) => bulk.ordersPerSecond),
      },
      p99BesideOfAlone: round(middle(({ alone, beside }) => beside.p99Ms / alone.p99Ms)),
      pairs,
    })
  }
  return { ...size, runs }
}
