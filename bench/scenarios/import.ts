import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import { must } from '../../server/kernel/invariant.ts'
import { createDb } from '../../server/platform/db.ts'
import { generateRetailCsv } from '../../tools/generate-retail-csv.ts'
import type { ScenarioContext } from '../scenarios.ts'
import { benchMasterKey } from '../support/intake.ts'
import { round } from '../support/measure.ts'

const repository = fileURLToPath(new URL('../..', import.meta.url))
const GENERATED = { lines: 50_000, seed: 1 }
const QUICK_GENERATED = { lines: 5_000, seed: 1 }

/**
 * Rows a second of `waybill import orders` into an empty database, from the command's first moment to its last: with
 * reading the file, the catalog, stock and people that come first, and the books that are read back.
 */
export async function importOrders({ cluster, log, file, quick }: ScenarioContext) {
  const directory = mkdtempSync(join(tmpdir(), 'waybill-bench-import-'))
  try {
    const path = file === undefined ? await generate(directory, quick ? QUICK_GENERATED : GENERATED) : resolve(file)
    const databaseUrl = await cluster.createMigrated('imported')
    log(`import: ${path}`)
    const began = performance.now()
    const child = spawn(
      process.execPath,
      ['server/cli.ts', 'import', 'orders', path, '--rejects', join(directory, 'rejects.csv')],
      {
        cwd: repository,
        // What the command says goes where a person sees it; our own output is one JSON object.
        stdio: ['ignore', process.stderr, process.stderr],
        env: { ...process.env, DATABASE_URL: databaseUrl, WAYBILL_MASTER_KEY: benchMasterKey.toString('base64') },
      },
    )
    const [code] = (await once(child, 'exit')) as [number | null]
    const seconds = (performance.now() - began) / 1_000
    if (code !== 0) throw new Error(`the import ended with ${code}`)
    const counts = await readCounts(databaseUrl)
    return {
      file: basename(path),
      generated: file === undefined,
      ...counts,
      seconds: round(seconds),
      rowsPerSecond: Math.round(counts.rows / seconds),
      ordersPerSecond: Math.round(counts.orders / seconds),
    }
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

async function generate(
  directory: string,
  options: { readonly lines: number; readonly seed: number },
): Promise<string> {
  const path = join(directory, `generated-${options.lines}.csv`)
  await pipeline(Readable.from(generateRetailCsv(options)), createWriteStream(path))
  return path
}

interface Counts {
  readonly rows: number
  readonly accepted: number
  readonly rejected: number
  readonly setAside: number
  readonly orders: number
}

async function readCounts(databaseUrl: string): Promise<Counts> {
  const db = createDb({ databaseUrl, poolMax: 1, applicationName: 'bench', statementTimeoutMs: 0 })
  const [counts] = await db.rows<Counts>({
    name: 'bench.import_counts',
    text: `select count(*)::int as rows,
                  (count(*) filter (where outcome = 'accepted'))::int as accepted,
                  (count(*) filter (where outcome = 'rejected'))::int as rejected,
                  (count(*) filter (where outcome = 'set_aside'))::int as "setAside",
                  (select count(*) from orders.orders)::int as orders
             from integrations.import_line`,
  })
  await db.close()
  return must(counts, 'a row of counts')
}
