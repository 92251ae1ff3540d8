import { formatId, newId, type Id, type IdKind } from '../../kernel/id.ts'
import { formatInstant, type Instant } from '../../kernel/time.ts'
import type { Tx } from '../../platform/db.ts'
import { appendEvents } from '../../platform/events/append.ts'
import { insertExceptions } from './exceptions.sql.ts'

export interface NewException {
  readonly reason: string
  readonly objectKind: IdKind
  readonly objectId: Id<IdKind>
  readonly facts: object
  readonly owner?: string
  readonly nextAction: string
  readonly dueAt?: Instant
}

/**
 * Lays exceptions before a person, in the transaction that found them. An object that already has an open one for the
 * same reason keeps that one: what is found again every minute fills one row, not the queue.
 *
 * @returns the ids of those that are new
 */
export async function raiseExceptions(tx: Tx, exceptions: readonly NewException[]): Promise<Id<'exception'>[]> {
  if (exceptions.length === 0) return []
  const candidates = exceptions.map((exception) => ({ ...exception, id: newId<'exception'>() }))
  const raised = new Set(await insertExceptions(tx, candidates))
  const fresh = candidates.filter(({ id }) => raised.has(id))
  appendEvents(
    tx,
    fresh.map(({ id, reason, objectKind, objectId, nextAction, dueAt }) => ({
      type: 'exception.raised',
      aggregateKind: 'exception',
      aggregateId: id,
      version: 1,
      data: {
        id: formatId('exception', id),
        reason,
        objectId: formatId(objectKind, objectId),
        nextAction,
        dueAt: dueAt === undefined ? null : formatInstant(dueAt),
      },
      occurredAt: tx.at,
    })),
  )
  return fresh.map(({ id }) => id)
}
