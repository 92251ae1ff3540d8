import { formatId, prefixByKind, type Id, type IdKind } from '../../kernel/id.ts'
import { invariant, must } from '../../kernel/invariant.ts'
import type { Instant } from '../../kernel/time.ts'
import type { Db, Queryable } from '../db.ts'
import {
  findViolations,
  forgetOtherResults,
  putResult,
  readResults,
  type AuditRow,
  type Violation,
  type Violations,
} from './audits.sql.ts'
import { readPredicates, type Predicate } from './predicates.ts'

export { renderAudit } from './render-audit.ts'

/** What the last run of a predicate found. */
export interface AuditResult {
  /** The sentence that holds, or does not. */
  readonly name: string
  /** 0 when it holds. */
  readonly violations: number
  /** The first of them, objects in their public form where they have one. */
  readonly sample: readonly Violation[]
  /** Wall time of the database. */
  readonly ranAt: Instant
  readonly ms: number
}

export interface RunAuditsOptions {
  /** Of the predicates to run; all that need nothing but the database, when left out. */
  readonly names?: readonly string[]
  /** Violations kept of each predicate, at least 1. */
  readonly sampleMax?: number
}

const SAMPLE_MAX = 5

interface AuditFailure {
  readonly name: string
  readonly error: unknown
}

/** Some predicates could not be run, so it is not known whether they hold; the others' results are stored. */
export class AuditsIncompleteError extends Error {
  override readonly name = 'AuditsIncompleteError'
  readonly results: readonly AuditResult[]

  constructor(failures: readonly AuditFailure[], results: readonly AuditResult[]) {
    const sentences = failures.map(({ name, error }) => `${name}: ${error instanceof Error ? error.message : 'failed'}`)
    super(`predicates could not be run: ${sentences.join('; ')}`, { cause: failures[0]?.error })
    this.results = results
  }
}

/**
 * Asks of every invariant whether it holds, one after the other, and stores what each came to as it comes. Traffic may
 * go on: each predicate judges one snapshot.
 *
 * @param db  with a statement timeout of minutes, so a pool of the audits' own (`openAuditDb`)
 * @throws AuditsIncompleteError when one could not be run; the others were
 */
export async function runAudits(
  db: Db,
  { names, sampleMax = SAMPLE_MAX }: RunAuditsOptions = {},
): Promise<AuditResult[]> {
  invariant(sampleMax >= 1, 'the count of violations travels with the first of them')
  const runnable = readPredicates().filter((predicate) => predicate.given === null)
  const chosen = names === undefined ? runnable : names.map((name) => predicateNamed(runnable, name))
  const results: AuditResult[] = []
  const failures: AuditFailure[] = []
  for (const predicate of chosen) {
    try {
      results.push(await run(db, predicate, sampleMax))
    } catch (error) {
      failures.push({ name: predicate.name, error })
    }
  }
  if (names === undefined)
    await forgetOtherResults(
      db,
      runnable.map((predicate) => predicate.name),
    )
  if (failures.length > 0) throw new AuditsIncompleteError(failures, results)
  return results
}

async function run(db: Db, predicate: Predicate, sampleMax: number): Promise<AuditResult> {
  const beganMs = performance.now()
  const violations = await findViolations(db, predicate, { sampleMax })
  const ms = Math.round(performance.now() - beganMs)
  return resultOf(await putResult(db, { name: predicate.name, violations: published(violations), ms }))
}

/** What the last run of each predicate found, by name; those that never ran are left out. */
export async function readAudits(source: Queryable): Promise<AuditResult[]> {
  return (await readResults(source)).map(resultOf)
}

/**
 * Runs a predicate that compares the database with something outside of it, such as a provider's book. Nothing is
 * stored: what was brought is not there the next time.
 *
 * @param given  the rows of its table, with the columns that its file names
 */
export async function auditAgainst(
  source: Queryable,
  name: string,
  given: readonly object[],
  { sampleMax = SAMPLE_MAX }: { readonly sampleMax?: number } = {},
): Promise<Violations> {
  const predicate = predicateNamed(readPredicates(), name)
  invariant(predicate.given !== null, `${name} is given nothing`)
  return published(await findViolations(source, predicate, { sampleMax, given }))
}

function predicateNamed(predicates: readonly Predicate[], name: string): Predicate {
  return must(
    predicates.find((predicate) => predicate.name === name),
    `an audit called ${name}`,
  )
}

function resultOf({ name, violations, sample, ran_at, ms }: AuditRow): AuditResult {
  return { name, violations, sample, ranAt: ran_at, ms }
}

/** With the ids that the API speaks, so that whoever reads a violation can ask for the object. */
function published({ count, sample }: Violations): Violations {
  return {
    count,
    sample: sample.map(({ object, detail }) => ({
      object: publicForm(object),
      detail: Object.fromEntries(Object.entries(detail).map(([name, value]) => [name, publicValue(value)])),
    })),
  }
}

function publicValue(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(publicValue)
  return typeof value === 'string' ? publicForm(value) : value
}

/** `order 0199…` is `ord_01h…` outside; everything else stays as it is. */
function publicForm(text: string): string {
  const [, kind = '', id = ''] = /^(\w+) ([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/.exec(text) ?? []
  return Object.hasOwn(prefixByKind, kind) ? formatId(kind as IdKind, id as Id<IdKind>) : text
}
