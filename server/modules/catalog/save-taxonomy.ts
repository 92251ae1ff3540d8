import { formatId, newId, type Id } from '../../kernel/id.ts'
import { appendAudit } from '../../platform/audit.ts'
import type { Tx } from '../../platform/db.ts'
import { appendEvents } from '../../platform/events/append.ts'
import { raiseRevision } from '../../platform/revision.ts'
import { checkTaxonomy, type TaxonomyByKind, type TaxonomyKind, type TaxonomyProblem } from './check-taxonomy.ts'
import { putAttribute, putCategory, readTaxonomy, touchVariantsBelow } from './taxonomy.sql.ts'

/** A new row without its id; one is brought only by who needs to know it beforehand, such as demo data. */
export type NewTaxonomy<Kind extends TaxonomyKind> = Omit<TaxonomyByKind[Kind], 'id' | 'version'> & {
  readonly id?: TaxonomyByKind[Kind]['id']
}

/** What stays: imports, filters and the values of products name it. */
interface FixedFields {
  category: never
  attribute: 'type' | 'level'
}

export type TaxonomyChanges<Kind extends TaxonomyKind> = Partial<
  Omit<TaxonomyByKind[Kind], 'id' | 'code' | 'version' | FixedFields[Kind]>
>

export interface TaxonomyRefusal {
  readonly code: 'taxonomy_invalid'
  readonly problems: readonly TaxonomyProblem[]
}

export type CreateTaxonomyOutcome<Kind extends TaxonomyKind> =
  | { readonly kind: 'created'; readonly row: TaxonomyByKind[Kind] }
  | { readonly kind: 'refused'; readonly refusal: TaxonomyRefusal }

export type EditTaxonomyOutcome<Kind extends TaxonomyKind> =
  | { readonly kind: 'edited'; readonly row: TaxonomyByKind[Kind] }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'version_mismatch'; readonly currentVersion: number }
  | { readonly kind: 'refused'; readonly refusal: TaxonomyRefusal }

/**
 * Adds a category or an attribute, checked against all there are.
 * Refused: nothing was written; the caller rolls back, or carries on and only a revision was used up.
 */
export async function createTaxonomy<Kind extends TaxonomyKind>(
  tx: Tx,
  { actor, kind, fields }: { readonly actor: string; readonly kind: Kind; readonly fields: NewTaxonomy<Kind> },
): Promise<CreateTaxonomyOutcome<Kind>> {
  await raiseRevision(tx, 'catalog')
  // The compiler cannot see that a kind's fields, its id and a version are that kind's row.
  const row = { id: newId(), ...fields, version: 1 } as unknown as TaxonomyByKind[Kind]
  const problems = checkTaxonomy(kind, row, { others: await readTaxonomy(tx), before: null })
  if (problems.length > 0) return { kind: 'refused', refusal: { code: 'taxonomy_invalid', problems } }
  put[kind](tx, row)
  announce(tx, { actor, kind, row, fields: Object.keys(fields) })
  return { kind: 'created', row }
}

/** Changes fields of one row, if it still has the version that the editor saw. */
export async function editTaxonomy<Kind extends TaxonomyKind>(
  tx: Tx,
  {
    actor,
    kind,
    id,
    seenVersion,
    changes,
  }: {
    readonly actor: string
    readonly kind: Kind
    readonly id: TaxonomyByKind[Kind]['id']
    readonly seenVersion: number
    readonly changes: TaxonomyChanges<Kind>
  },
): Promise<EditTaxonomyOutcome<Kind>> {
  const revision = await raiseRevision(tx, 'catalog')
  const rows = await readTaxonomy(tx)
  // The compiler cannot see that a kind's rows are of that kind.
  const ofKind = rows[kind] as unknown as readonly TaxonomyByKind[Kind][]
  const current = ofKind.find((row) => row.id === id)
  if (current === undefined) return { kind: 'unknown' }
  if (current.version !== seenVersion) return { kind: 'version_mismatch', currentVersion: current.version }
  const row = { ...current, ...changes, version: current.version + 1 }
  const others = { ...rows, [kind]: ofKind.filter((other) => other !== current) }
  const problems = checkTaxonomy(kind, row, { others, before: current })
  if (problems.length > 0) return { kind: 'refused', refusal: { code: 'taxonomy_invalid', problems } }
  put[kind](tx, row)
  // Offers tell the categories above: those of everything below it change with it.
  if ('parentId' in changes) touchVariantsBelow(tx, row.id as Id<'category'>, revision)
  announce(tx, { actor, kind, row, fields: Object.keys(changes) })
  return { kind: 'edited', row }
}

const put: { readonly [Kind in TaxonomyKind]: (tx: Tx, row: TaxonomyByKind[Kind]) => void } = {
  category: putCategory,
  attribute: putAttribute,
}

function announce<Kind extends TaxonomyKind>(
  tx: Tx,
  {
    actor,
    kind,
    row,
    fields,
  }: {
    readonly actor: string
    readonly kind: Kind
    readonly row: TaxonomyByKind[Kind]
    readonly fields: readonly string[]
  },
): void {
  const action = `${kind}.${row.version === 1 ? 'created' : 'edited'}`
  const id = formatId<TaxonomyKind>(kind, row.id)
  appendEvents(tx, [
    {
      type: action,
      aggregateKind: kind,
      aggregateId: row.id,
      version: row.version,
      data: { id, code: row.code, fields },
      occurredAt: tx.at,
    },
  ])
  appendAudit(tx, { actor, action, object: id, detail: { fields } })
}
