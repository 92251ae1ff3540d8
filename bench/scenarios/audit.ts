import type { AuditOptions, AuditRunResult } from '../parts/audit.ts'
import type { ScenarioContext } from '../scenarios.ts'
import { below } from '../support/bar.ts'
import { runPart } from '../support/child.ts'
import { buildSeed, growHistory } from '../support/history.ts'
import { median } from '../support/measure.ts'

const ORDERS = 1_000_000
const QUICK_ORDERS = 20_000
const RUNS = 3

/** Seconds that all invariants together take to be checked over a history of orders. */
export async function audit({ cluster, log, quick }: ScenarioContext) {
  const seed = await buildSeed(cluster, { empty: 'empty', seed: 'seed' })
  const orders = quick ? QUICK_ORDERS : ORDERS
  const databaseUrl = await growHistory(cluster, seed, { name: 'history', orders, log })
  const runs: AuditRunResult[] = []
  for (let run = 1; run <= (quick ? 1 : RUNS); run++) {
    log(`audit: run ${run}`)
    runs.push(await runPart<AuditRunResult>('audit.ts', { databaseUrl } satisfies AuditOptions))
  }
  const violations = Math.max(...runs.map((run) => run.violations))
  return {
    orders,
    seconds: median(runs.map((run) => run.seconds)),
    // Not a figure but the proof that what was measured is a sound database.
    violations: below(violations, 1),
    runs,
  }
}
