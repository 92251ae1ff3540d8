import { formatId, newId, type Id } from '../../kernel/id.ts'
import { appendAudit } from '../../platform/audit.ts'
import type { Tx } from '../../platform/db.ts'
import { appendEvents } from '../../platform/events/append.ts'
import { raiseRevision } from '../../platform/revision.ts'
import { checkSegment, type SegmentRefusal } from './check-segment.ts'
import type { Segment, SegmentRule } from './decide-segments.ts'
import { putSegment, readSegmentRows } from './segments.sql.ts'

export type NewSegment = Pick<Segment, 'code' | 'name' | 'rule'> & {
  readonly active?: boolean | undefined
  /** Brought by who needs to know it beforehand, such as demo data. */
  readonly id?: Id<'segment'> | undefined
}

/** The code stays: price lists and promotions of other systems may say it. */
export interface SegmentChanges {
  readonly name?: string | undefined
  readonly rule?: SegmentRule | undefined
  readonly active?: boolean | undefined
}

export type CreateSegmentOutcome =
  | { readonly kind: 'created'; readonly segment: Segment }
  | { readonly kind: 'refused'; readonly refusal: SegmentRefusal }

export type EditSegmentOutcome =
  | { readonly kind: 'edited'; readonly segment: Segment }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'version_mismatch'; readonly currentVersion: number }
  | { readonly kind: 'refused'; readonly refusal: SegmentRefusal }

/** Refused: the caller rolls back, or carries on and only a revision was used up. */
export async function createSegment(
  tx: Tx,
  { actor, fields }: { readonly actor: string; readonly fields: NewSegment },
): Promise<CreateSegmentOutcome> {
  const revision = await raiseRevision(tx, 'customers')
  const segment: Segment = { active: true, ...defined(fields), id: fields.id ?? newId(), version: 1 }
  const refusal = checkSegment(segment, await readSegmentRows(tx))
  if (refusal !== null) return { kind: 'refused', refusal }
  write(tx, { actor, segment, revision, fields: Object.keys(fields) })
  return { kind: 'created', segment }
}

/** Changes a segment, if it still has the version that the editor saw. Who is in it is decided anew for every cart. */
export async function editSegment(
  tx: Tx,
  {
    actor,
    id,
    seenVersion,
    changes,
  }: {
    readonly actor: string
    readonly id: Id<'segment'>
    readonly seenVersion: number
    readonly changes: SegmentChanges
  },
): Promise<EditSegmentOutcome> {
  const revision = await raiseRevision(tx, 'customers')
  const segments = await readSegmentRows(tx)
  const current = segments.find((segment) => segment.id === id)
  if (current === undefined) return { kind: 'unknown' }
  if (current.version !== seenVersion) return { kind: 'version_mismatch', currentVersion: current.version }
  const segment = { ...current, ...defined(changes), version: current.version + 1 }
  const refusal = checkSegment(
    segment,
    segments.filter((other) => other.id !== id),
  )
  if (refusal !== null) return { kind: 'refused', refusal }
  write(tx, { actor, segment, revision, fields: Object.keys(changes) })
  return { kind: 'edited', segment }
}

/** What is left out of a body must not overwrite. */
function defined<Fields extends object>(fields: Fields): { [Name in keyof Fields]: Exclude<Fields[Name], undefined> } {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined)
  return Object.fromEntries(entries) as { [Name in keyof Fields]: Exclude<Fields[Name], undefined> }
}

function write(
  tx: Tx,
  {
    actor,
    segment,
    revision,
    fields,
  }: {
    readonly actor: string
    readonly segment: Segment
    readonly revision: bigint
    readonly fields: readonly string[]
  },
): void {
  putSegment(tx, segment, revision)
  const action = `segment.${segment.version === 1 ? 'created' : 'edited'}`
  const id = formatId('segment', segment.id)
  const { version } = segment
  appendEvents(tx, [
    {
      type: action,
      aggregateKind: 'segment',
      aggregateId: segment.id,
      version,
      data: { id, fields },
      occurredAt: tx.at,
    },
  ])
  appendAudit(tx, { actor, action, object: id, detail: { fields } })
}
