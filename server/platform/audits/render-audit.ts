import { must } from '../../kernel/invariant.ts'
import type { AuditResult } from './run-audits.ts'
import { readPredicates } from './predicates.ts'

/** The results as a terminal shows them: the table first, then what is violated with its first rows and what to do. */
export function renderAudit(results: readonly AuditResult[]): string {
  const violated = results.filter((result) => result.violations > 0)
  const rows = results.map(({ name, violations, ms }) => `${cell(violations, 10)} ${cell(ms, 7)}  ${name}`)
  const table = ['violations      ms  invariant', ...rows].join('\n')
  return [table, ...violated.map(describe), summary(results)].join('\n\n')
}

function cell(value: number, width: number): string {
  return String(value).padStart(width)
}

function describe({ name, violations, sample }: AuditResult): string {
  const { meaning, cause, lookAt } = must(
    readPredicates().find((predicate) => predicate.name === name),
    `the predicate of a result, ${name}`,
  )
  const more = violations - sample.length
  return [
    name,
    `  ${meaning}`,
    `  cause    ${cause}`,
    `  look at  ${lookAt}`,
    ...sample.map(({ object, detail }) => `  ${object} ${JSON.stringify(detail)}`),
    ...(more > 0 ? [`  and ${more} more`] : []),
  ].join('\n')
}

function summary(results: readonly AuditResult[]): string {
  const count = results.filter((result) => result.violations > 0).length
  const seconds = (results.reduce((sum, { ms }) => sum + ms, 0) / 1_000).toFixed(1)
  const verdict = count === 0 ? 'every invariant holds' : count === 1 ? 'one is violated' : `${count} are violated`
  return `${results.length} invariants checked in ${seconds} s: ${verdict}`
}
