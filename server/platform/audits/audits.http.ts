import { Type, type Static } from 'typebox'
import { formatInstant } from '../../kernel/time.ts'
import { appendAudit } from '../audit.ts'
import type { Db } from '../db.ts'
import { actorOf, InstantJson, strict, type App } from '../http/index.ts'
import { readAudits, runAudits, type AuditResult } from './run-audits.ts'

const AuditResultJson = strict(
  {
    name: Type.String({
      description: 'The invariant, a sentence.',
      examples: ['supply-quantity-is-the-sum-of-its-entries'],
    }),
    violations: Type.Integer({ minimum: 0, description: '0 when it holds.' }),
    sample: Type.Array(strict({ object: Type.String(), detail: Type.Record(Type.String(), Type.Unknown()) }), {
      description: 'The first violations.',
    }),
    ranAt: InstantJson,
    ms: Type.Integer({ minimum: 0, description: 'How long it took.' }),
  },
  { title: 'AuditResult' },
)
const ResultsJson = strict({ results: Type.Array(AuditResultJson) })
const tags = ['audit']

/** @param deps.auditDb  from `openAuditDb`; on `db` itself a large shop's predicates run into its statement timeout */
export function mountAudit(app: App, { db, auditDb = db }: { readonly db: Db; readonly auditDb?: Db }): void {
  let running: Promise<AuditResult[]> | null = null

  app.get(
    '/v1/admin/audit/invariants',
    {
      schema: { summary: 'What the last run of each invariant found', tags, response: { 200: ResultsJson } },
      config: { scope: 'audit:read' },
    },
    async () => auditJson(await readAudits(db)),
  )

  app.post(
    '/v1/admin/audit/invariants',
    {
      schema: {
        summary: 'Checks every invariant now',
        description:
          'Takes seconds, on a large database minutes. Whoever asks while a run is under way gets its results.',
        tags,
        response: { 200: ResultsJson },
      },
      // A repeat only looks again: what it leaves behind is the newest result of each invariant.
      config: { scope: 'audit:write', idempotent: 'natural' },
    },
    async (request) => {
      running ??= runAudits(auditDb).finally(() => (running = null))
      const results = await running
      const violated = results.filter(({ violations }) => violations > 0).map(({ name }) => name)
      await db.inTransaction(async (tx) =>
        appendAudit(tx, {
          actor: actorOf(request.caller),
          action: 'invariants.checked',
          object: 'invariants',
          detail: { violated },
        }),
      )
      return auditJson(results)
    },
  )
}

/** Results in the API's form. */
export function auditJson(results: readonly AuditResult[]): Static<typeof ResultsJson> {
  return {
    results: results.map(({ name, violations, sample, ranAt, ms }) => ({
      name,
      violations,
      sample: sample.map(({ object, detail }) => ({ object, detail: { ...detail } })),
      ranAt: formatInstant(ranAt),
      ms,
    })),
  }
}
