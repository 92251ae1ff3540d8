import type { Id, IdKind } from '../../kernel/id.ts'
import type { Instant } from '../../kernel/time.ts'
import { instantArray, plainArray, type Queryable, type Tx } from '../../platform/db.ts'
import type { Closing } from './close-exceptions.ts'
import type { Exception } from './exception.ts'
import type { NewException } from './raise-exceptions.ts'

interface ExceptionRow {
  readonly id: Id<'exception'>
  readonly reason: string
  readonly object_kind: IdKind
  readonly object_id: Id<IdKind>
  readonly facts: object
  readonly owner: string | null
  readonly next_action: string
  readonly raised_at: Instant
  readonly due_at: Instant | null
  readonly closed_at: Instant | null
  readonly closed_by: string | null
  readonly resolution: string | null
}

/**
 * Inserts those that are not open already and says which. Rows go in by object and reason, so that two transactions
 * that raise the same ones wait for each other in one order. `on conflict do nothing` also waits for a transaction
 * that is just closing the open one, and inserts if that commits: a raise is never lost to a close.
 */
export async function insertExceptions(
  tx: Tx,
  exceptions: readonly (NewException & { readonly id: Id<'exception'> })[],
): Promise<Id<'exception'>[]> {
  const rows = await tx.rows<{ id: Id<'exception'> }>({
    name: 'exceptions.insert_exceptions',
    text: `insert into exceptions.exception
             (id, reason, object_kind, object_id, facts, owner, next_action, raised_at, due_at)
           select id, reason, object_kind, object_id, facts, owner, next_action, $9::timestamptz, due_at
             from unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[], $5::jsonb[], $6::text[], $7::text[],
                         $8::timestamptz[])
                  as exception (id, reason, object_kind, object_id, facts, owner, next_action, due_at)
            order by object_id, reason
           on conflict (object_id, reason) where closed_at is null do nothing
           returning id`,
    values: [
      plainArray(exceptions.map(({ id }) => id)),
      exceptions.map(({ reason }) => reason),
      plainArray(exceptions.map(({ objectKind }) => objectKind)),
      plainArray(exceptions.map(({ objectId }) => objectId)),
      exceptions.map(({ facts }) => JSON.stringify(facts)),
      exceptions.map(({ owner }) => owner ?? null),
      exceptions.map(({ nextAction }) => nextAction),
      instantArray(exceptions.map(({ dueAt }) => dueAt ?? null)),
      new Date(tx.at),
    ],
  })
  return rows.map(({ id }) => id)
}

/** Locks in object and reason order, like `insertExceptions`. */
export async function closeOpenExceptions(tx: Tx, closings: readonly Closing[]): Promise<Exception[]> {
  const rows = await tx.rows<ExceptionRow>({
    name: 'exceptions.close_open_exceptions',
    text: `with closing as (
             select distinct on (object_id, reason) object_id, reason, closed_by, resolution
               from unnest($1::uuid[], $2::text[], $3::text[], $4::text[])
                    as given (object_id, reason, closed_by, resolution)
           ), locked as (
             select exception.id, closing.closed_by, closing.resolution
               from exceptions.exception join closing using (object_id, reason)
              where exception.closed_at is null
              order by object_id, reason
                for update of exception
           )
           update exceptions.exception
              set closed_at = $5, closed_by = locked.closed_by, resolution = locked.resolution
             from locked where exception.id = locked.id
           returning exception.*`,
    values: [
      plainArray(closings.map(({ objectId }) => objectId)),
      closings.map(({ reason }) => reason),
      closings.map(({ closedBy }) => closedBy),
      closings.map(({ resolution }) => resolution),
      new Date(tx.at),
    ],
  })
  return rows.map(exceptionOf)
}

export async function closeOpenException(
  tx: Tx,
  { id, closedBy, resolution }: { id: Id<'exception'>; closedBy: string; resolution: string },
): Promise<Exception | undefined> {
  const rows = await tx.rows<ExceptionRow>({
    name: 'exceptions.close_open_exception',
    text: `update exceptions.exception set closed_at = $2, closed_by = $3, resolution = $4
            where id = $1 and closed_at is null
           returning *`,
    values: [id, new Date(tx.at), closedBy, resolution],
  })
  return rows.map(exceptionOf)[0]
}

export async function readException(source: Queryable, id: Id<'exception'>): Promise<Exception | undefined> {
  const rows = await source.rows<ExceptionRow>({
    name: 'exceptions.read_exception',
    text: 'select * from exceptions.exception where id = $1',
    values: [id],
  })
  return rows.map(exceptionOf)[0]
}

export interface ExceptionFilter {
  readonly status: 'open' | 'closed'
  readonly reason: string | null
  /** The last exception of the page before; null for the first page. */
  readonly after: { readonly raisedAt: Instant; readonly id: Id<'exception'> } | null
  readonly limit: number
}

/** What waits longest comes first. */
export async function readOpenExceptions(
  source: Queryable,
  { reason, after, limit }: ExceptionFilter,
): Promise<Exception[]> {
  const rows = await source.rows<ExceptionRow>({
    name: 'exceptions.read_open_exceptions',
    text: `select * from exceptions.exception
            where closed_at is null and ($1::text is null or reason = $1)
              and ($2::timestamptz is null or (raised_at, id) > ($2, $3::uuid))
            order by raised_at, id limit $4`,
    values: [reason, after === null ? null : new Date(after.raisedAt), after?.id ?? null, limit],
  })
  return rows.map(exceptionOf)
}

/** The newest come first. */
export async function readClosedExceptions(
  source: Queryable,
  { reason, after, limit }: ExceptionFilter,
): Promise<Exception[]> {
  const rows = await source.rows<ExceptionRow>({
    name: 'exceptions.read_closed_exceptions',
    text: `select * from exceptions.exception
            where closed_at is not null and ($1::text is null or reason = $1)
              and ($2::timestamptz is null or (raised_at, id) < ($2, $3::uuid))
            order by raised_at desc, id desc limit $4`,
    values: [reason, after === null ? null : new Date(after.raisedAt), after?.id ?? null, limit],
  })
  return rows.map(exceptionOf)
}

function exceptionOf(row: ExceptionRow): Exception {
  const { closed_at: at, closed_by: by, resolution } = row
  return {
    id: row.id,
    reason: row.reason,
    objectKind: row.object_kind,
    objectId: row.object_id,
    facts: row.facts,
    owner: row.owner,
    nextAction: row.next_action,
    raisedAt: row.raised_at,
    dueAt: row.due_at,
    closed: at === null || by === null || resolution === null ? null : { at, by, resolution },
  }
}
