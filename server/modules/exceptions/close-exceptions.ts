import { formatId, type Id, type IdKind } from '../../kernel/id.ts'
import type { Tx } from '../../platform/db.ts'
import { appendEvents } from '../../platform/events/append.ts'
import type { Exception } from './exception.ts'
import { closeOpenExceptions, closeOpenException, readException } from './exceptions.sql.ts'

export interface Closing {
  readonly objectId: Id<IdKind>
  readonly reason: string
  /** An actor such as `key_01h…`, or the name of the process that found it settled: `sweep-payments`. */
  readonly closedBy: string
  readonly resolution: string
}

/**
 * Closes the open exceptions of objects whose trouble is over, in the transaction that settled it. An object without
 * an open exception for that reason is passed over: whoever settles need not know whether anybody was told.
 *
 * @returns those that this call closed
 */
export async function closeExceptions(tx: Tx, closings: readonly Closing[]): Promise<Exception[]> {
  if (closings.length === 0) return []
  const closed = await closeOpenExceptions(tx, closings)
  announceClosed(tx, closed)
  return closed
}

export interface CloseExceptionRefusal {
  readonly code: 'exception_closed'
  readonly closedBy: string
}

export type CloseExceptionOutcome =
  | { readonly kind: 'closed'; readonly exception: Exception }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'refused'; readonly refusal: CloseExceptionRefusal }

/** Closes one exception because a person says that it is settled. */
export async function closeException(
  tx: Tx,
  { id, closedBy, resolution }: { id: Id<'exception'>; closedBy: string; resolution: string },
): Promise<CloseExceptionOutcome> {
  const closed = await closeOpenException(tx, { id, closedBy, resolution })
  if (closed !== undefined) {
    announceClosed(tx, [closed])
    return { kind: 'closed', exception: closed }
  }
  const earlier = (await readException(tx, id))?.closed
  if (!earlier) return { kind: 'unknown' }
  return { kind: 'refused', refusal: { code: 'exception_closed', closedBy: earlier.by } }
}

function announceClosed(tx: Tx, exceptions: readonly Exception[]): void {
  appendEvents(
    tx,
    exceptions.map(({ id, reason, objectKind, objectId }) => ({
      type: 'exception.closed',
      aggregateKind: 'exception',
      aggregateId: id,
      version: 2,
      data: { id: formatId('exception', id), reason, objectId: formatId(objectKind, objectId) },
      occurredAt: tx.at,
    })),
  )
}
