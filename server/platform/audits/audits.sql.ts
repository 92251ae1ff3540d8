import { hash } from 'node:crypto'
import { must } from '../../kernel/invariant.ts'
import type { Instant } from '../../kernel/time.ts'
import type { Queryable } from '../db.ts'
import type { Predicate } from './predicates.ts'

/** One row of a predicate. */
export interface Violation {
  /** What is wrong, as `order 0199…`; rows without an id of their own have their number, `supply 42`. */
  readonly object: string
  readonly detail: Readonly<Record<string, unknown>>
}

export interface Violations {
  readonly count: number
  /** The first of them by object. */
  readonly sample: readonly Violation[]
}

/**
 * Runs a predicate as one statement outside of `inTransaction`: it sees one snapshot, so traffic makes no false alarm;
 * it is a transaction of its own that never gets an id, so however long it takes no reader of events waits for it; and
 * inside another query PostgreSQL refuses whatever would write.
 *
 * @param given  the rows of the table that the predicate asks for
 */
export async function findViolations(
  source: Queryable,
  { text, given: wanted }: Predicate,
  { sampleMax, given }: { readonly sampleMax: number; readonly given?: readonly object[] },
): Promise<Violations> {
  const table =
    wanted === null ? '' : `with ${wanted.table} as (select * from jsonb_to_recordset($2) as given (${wanted.columns}))`
  const query = `${table}
    select object, detail, count(*) over ()::int as violations from (${text}) as violation order by object limit $1`
  const rows = await source.rows<Violation & { violations: number }>({
    // Of the text, because a name stands for one text on every connection.
    name: `platform.audit_${hash('sha256', query, 'hex').slice(0, 16)}`,
    text: query,
    values: wanted === null ? [sampleMax] : [sampleMax, JSON.stringify(given)],
  })
  return { count: rows[0]?.violations ?? 0, sample: rows.map(({ object, detail }) => ({ object, detail })) }
}

/** A predicate's last run as stored. */
export interface AuditRow {
  readonly name: string
  readonly violations: number
  readonly sample: readonly Violation[]
  readonly ran_at: Instant
  readonly ms: number
}

/** @returns the stored row; `ran_at` is the database's wall clock */
export async function putResult(
  source: Queryable,
  {
    name,
    violations: { count, sample },
    ms,
  }: {
    readonly name: string
    readonly violations: Violations
    readonly ms: number
  },
): Promise<AuditRow> {
  const [row] = await source.rows<AuditRow>({
    name: 'platform.put_audit_result',
    text: `insert into platform.audit_result (name, violations, sample, ran_at, ms)
           values ($1, $2, $3, clock_timestamp(), $4)
           on conflict (name) do update
              set violations = excluded.violations, sample = excluded.sample, ran_at = excluded.ran_at, ms = excluded.ms
           returning name, violations, sample, ran_at, ms`,
    values: [name, count, JSON.stringify(sample), ms],
  })
  return must(row, 'a row that was just written')
}

export function readResults(source: Queryable): Promise<AuditRow[]> {
  return source.rows({
    name: 'platform.read_audit_results',
    text: 'select name, violations, sample, ran_at, ms from platform.audit_result order by name',
  })
}

/** Predicates that were renamed or given up leave no last result behind. */
export async function forgetOtherResults(source: Queryable, names: readonly string[]): Promise<void> {
  await source.execute({
    name: 'platform.forget_other_audit_results',
    text: 'delete from platform.audit_result where name <> all($1::text[])',
    values: [names],
  })
}
