import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { BrowseLoadOptions, BrowseLoadResult } from '../parts/browse-load.ts'
import type { ScenarioContext } from '../scenarios.ts'
import { atLeast, below } from '../support/bar.ts'
import { runPart } from '../support/child.ts'
import { buildShop, readSkus } from '../support/intake.ts'
import { round } from '../support/measure.ts'
import { serving } from '../support/serving.ts'
import type { ShopSize } from '../support/shop.ts'

const shopSize: ShopSize = { skus: 5_000, locations: 4, unitsEach: 100_000 }
/** A million supply rows; a node keeps the supply of all of them. */
const millionRows: ShopSize = { skus: 20_000, locations: 50, unitsEach: 100_000 }
const SECONDS = 8
const WARMUP_SECONDS = 3
const WARMUP_CLIENTS = 32
const SKUS_ASKED = 10
const LISTS_OF_SKUS = 2_000
/** Zip codes of all corners of the country. */
const POSTAL_CODES = ['10001', '33101', '60601', '77001', '80202', '94105', '98101', '02108', '85001', '30301']
/** Requests a second of one second of the server's CPU time. */
const PER_CPU_SECOND_LEAST = 10_000
const P99_MS_LIMIT = 10

/** What a shopper looks at: 20 products a page, one product, or ten SKUs with ways to get them to a postal code. */
type Looked = (shop: {
  readonly url: string
  readonly publishableKey: string
  readonly skus: readonly string[]
}) => Promise<readonly string[]> | readonly string[]

export const catalog = browsing(readPagePaths)
export const product = browsing(({ skus }) =>
  skus.map((sku) => `/v1/store/products/${sku.replace('SKU-', 'product-')}`),
)
const listsOfSkus: Looked = ({ skus }) =>
  Array.from({ length: LISTS_OF_SKUS }, (_, list) => {
    const asked = Array.from({ length: SKUS_ASKED }, (__, nth) => skus[(list * 7_919 + nth * 613) % skus.length])
    const postalCode = POSTAL_CODES[list % POSTAL_CODES.length] ?? ''
    return `/v1/store/availability?skus=${asked.join(',')}&country=US&postalCode=${postalCode}`
  })
export const availability = browsing(listsOfSkus)
export const availabilityOfMillion = browsing(listsOfSkus, millionRows)

function browsing(looked: Looked, size = shopSize) {
  return async ({ cluster, log, seconds = SECONDS, concurrencies = [32] }: ScenarioContext) => {
    const publishableKey = await buildShop(cluster, 'shop', size)
    const databaseUrl = await cluster.copy('shop', 'browsed')
    const skus = await readSkus(databaseUrl)
    const directory = mkdtempSync(join(tmpdir(), 'waybill-bench-browse-'))
    try {
      return await serving(databaseUrl, async (node) => {
        const paths = await looked({ url: node.url, publishableKey, skus })
        const pathsFile = join(directory, 'paths.json')
        writeFileSync(pathsFile, JSON.stringify(paths))
        log(`looking at all ${paths.length} once`)
        await lookAtAll(node.url, publishableKey, paths)
        const runs: object[] = []
        for (const concurrency of concurrencies) {
          const load = (forSeconds: number): Promise<BrowseLoadResult> =>
            runPart('browse-load.ts', {
              port: Number(new URL(node.url).port),
              publishableKey,
              pathsFile,
              concurrency,
              seconds: forSeconds,
            } satisfies BrowseLoadOptions)
          await load(WARMUP_SECONDS)
          log(`browsing at ${concurrency}`)
          const before = node.cpuMs()
          const result = await load(seconds)
          const after = node.cpuMs()
          const cpuSeconds = before === null || after === null ? null : (after - before) / 1_000
          runs.push({
            concurrency,
            perCpuSecond: cpuSeconds === null ? null : atLeast(round(result.count / cpuSeconds), PER_CPU_SECOND_LEAST),
            p99: below(result.p99Ms, P99_MS_LIMIT),
            serverCpuShare: cpuSeconds === null ? null : round(cpuSeconds / seconds),
            load: result,
          })
        }
        return { ...size, paths: paths.length, runs }
      })
    } finally {
      rmSync(directory, { recursive: true, force: true })
    }
  }
}

/** A node that has just begun knows nothing; what is measured is one that has served for a while. */
async function lookAtAll(url: string, publishableKey: string, paths: readonly string[]): Promise<void> {
  const waiting = paths.values()
  await Promise.all(
    Array.from({ length: WARMUP_CLIENTS }, async () => {
      for (const path of waiting) await (await look(url, publishableKey, path)).arrayBuffer()
    }),
  )
}

async function look(url: string, publishableKey: string, path: string): Promise<Response> {
  const response = await fetch(`${url}${path}`, { headers: { authorization: `Bearer ${publishableKey}` } })
  if (!response.ok) throw new Error(`${path} was answered ${response.status}: ${await response.text()}`)
  return response
}

/** Walks the whole list once. */
async function readPagePaths({ url, publishableKey }: Parameters<Looked>[0]): Promise<string[]> {
  const paths = ['/v1/store/products?limit=20']
  for (;;) {
    const response = await look(url, publishableKey, paths.at(-1) ?? '')
    const page = (await response.json()) as { readonly nextCursor: string | null }
    if (page.nextCursor === null) return paths
    paths.push(`/v1/store/products?limit=20&cursor=${page.nextCursor}`)
  }
}
