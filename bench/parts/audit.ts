import { openAuditDb } from '../../server/platform/audits/open-audit-db.ts'
import { runAudits, type AuditResult } from '../../server/platform/audits/run-audits.ts'
import { partOptions } from '../support/child.ts'
import { round } from '../support/measure.ts'

export interface AuditOptions {
  readonly databaseUrl: string
}

export interface AuditRunResult {
  readonly seconds: number
  readonly predicates: number
  readonly violations: number
  readonly violated: readonly AuditResult[]
  readonly slowest: readonly { readonly name: string; readonly ms: number }[]
}

const SLOWEST_SHOWN = 8

/** Every invariant once, as `waybill audit` asks for them. */
const { databaseUrl } = partOptions<AuditOptions>()
const db = openAuditDb(databaseUrl)
const began = performance.now()
const results = await runAudits(db)
const seconds = round((performance.now() - began) / 1_000)
await db.close()
const result: AuditRunResult = {
  seconds,
  predicates: results.length,
  violations: results.reduce((sum, { violations }) => sum + violations, 0),
  violated: results.filter(({ violations }) => violations > 0),
  slowest: results
    .toSorted((a, b) => b.ms - a.ms)
    .slice(0, SLOWEST_SHOWN)
    .map(({ name, ms }) => ({ name, ms })),
}
process.stdout.write(`${JSON.stringify(result)}\n`)
