import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createDb } from '../../server/platform/db.ts'
import type { BrowseLoadOptions, BrowseLoadResult } from '../parts/browse-load.ts'
import type { ScenarioContext } from '../scenarios.ts'
import { below } from '../support/bar.ts'
import { runPart } from '../support/child.ts'
import { buildShop } from '../support/intake.ts'
import { round } from '../support/measure.ts'
import { serving } from '../support/serving.ts'
import { fillWithWords, searchPaths } from '../support/wordy-catalog.ts'

const PRODUCTS = 100_000
const QUICK_PRODUCTS = 5_000
const SECONDS = 10
const WARMUP_SECONDS = 5
/** More than are asked in the time: none is answered from a page that was written for another. */
const SEARCHES = 100_000
const P99_MS_LIMIT = 50

/** Searches of two or three words, beginnings, typing errors, SKUs, filters, some with facets; no two alike. */
export async function search({ cluster, log, seconds = SECONDS, concurrencies = [32], quick }: ScenarioContext) {
  const products = quick ? QUICK_PRODUCTS : PRODUCTS
  const publishableKey = await buildShop(cluster, 'searched', { skus: products, locations: 1, unitsEach: 100 })
  const databaseUrl = await cluster.copy('searched', 'searching')
  const db = createDb({ databaseUrl, poolMax: 2, applicationName: 'bench', statementTimeoutMs: 600_000 })
  log(`giving ${products} products words`)
  const began = performance.now()
  await fillWithWords(db, products)
  await db.close()
  const indexedSeconds = round((performance.now() - began) / 1_000)
  const directory = mkdtempSync(join(tmpdir(), 'waybill-bench-search-'))
  try {
    return await serving(databaseUrl, async (node) => {
      const paths = searchPaths(SEARCHES)
      const runs: object[] = []
      for (const [run, concurrency] of concurrencies.entries()) {
        const load = (forSeconds: number, part: number): Promise<BrowseLoadResult> => {
          // Each load has searches of its own.
          const pathsFile = join(directory, `paths-${run}-${part}.json`)
          const share = Math.floor(paths.length / (2 * concurrencies.length))
          const first = (2 * run + part) * share
          writeFileSync(pathsFile, JSON.stringify(paths.slice(first, first + share)))
          const port = Number(new URL(node.url).port)
          return runPart('browse-load.ts', {
            port,
            publishableKey,
            pathsFile,
            concurrency,
            seconds: forSeconds,
          } satisfies BrowseLoadOptions)
        }
        await load(WARMUP_SECONDS, 0)
        log(`searching at ${concurrency}`)
        const result = await load(seconds, 1)
        runs.push({ concurrency, p99: below(result.p99Ms, P99_MS_LIMIT), load: result })
      }
      return { products, indexedSeconds, runs }
    })
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}
