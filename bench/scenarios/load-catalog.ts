import type { CatalogLoadOptions, CatalogLoadResult } from '../parts/catalog-load.ts'
import type { ScenarioContext } from '../scenarios.ts'
import { below } from '../support/bar.ts'
import { runPart } from '../support/child.ts'
import { round } from '../support/measure.ts'
import { serving } from '../support/serving.ts'
import { buildTrustedShop } from '../support/trusted-shop.ts'

const VARIANTS = 100_000
const QUICK_VARIANTS = 10_000
const VARIANTS_PER_PRODUCT = 10
/** For the whole catalog, prices included. */
const SECONDS_LIMIT = 60

/** Seconds to load a catalog of 100,000 variants with a price each through the batch routes. */
export async function loadCatalog({ cluster, log, concurrencies = [2], quick }: ScenarioContext) {
  const { secretKey } = await buildTrustedShop(cluster, 'shop', { skus: 1, locations: 4, unitsEach: 0 })
  const variants = quick ? QUICK_VARIANTS : VARIANTS
  const runs: object[] = []
  for (const concurrency of concurrencies) {
    log(`load-catalog: ${variants} variants, ${concurrency} loaders`)
    const load = await serving(await cluster.copy('shop', 'loaded'), async (node) => {
      const before = node.cpuMs() ?? NaN
      const result = await runPart<CatalogLoadResult>('catalog-load.ts', {
        url: node.url,
        secretKey,
        variants,
        variantsPerProduct: VARIANTS_PER_PRODUCT,
        concurrency,
      } satisfies CatalogLoadOptions)
      return { ...result, serverCpuMsPerVariant: round(((node.cpuMs() ?? NaN) - before) / variants) }
    })
    await cluster.drop('loaded')
    // The bar is for the whole catalog: a small one is a trial.
    runs.push({ concurrency, ...load, ...(quick ? {} : { judged: below(load.seconds, SECONDS_LIMIT) }) })
  }
  return { variants, variantsPerProduct: VARIANTS_PER_PRODUCT, runs }
}
