import { invariant, must } from '../../kernel/invariant.ts'
import type { Instant } from '../../kernel/time.ts'
import { plainArray, type Queryable, type Statement, type Tx } from '../db.ts'

export interface StoredEvent {
  readonly position: bigint
  readonly type: string
  readonly aggregateKind: string
  readonly aggregateId: string
  readonly version: number
  readonly data: Readonly<Record<string, unknown>>
  readonly occurredAt: Instant
  readonly recordedAt: Instant
}

const columns = `position, type, aggregate_kind as "aggregateKind", aggregate_id as "aggregateId", version, data,
                 occurred_at as "occurredAt", recorded_at as "recordedAt"`

/** Events with `after` < position ≤ `through`, in order; of all types where `types` is null. */
export function readEvents(
  source: Queryable,
  range: {
    readonly after: bigint
    readonly through: bigint
    readonly limit: number
    readonly types: readonly string[] | null
  },
): Promise<StoredEvent[]> {
  const { after, through, limit, types } = range
  if (types === null) {
    return source.rows({
      name: 'platform.read_events',
      text: `select ${columns} from platform.event where position > $1 and position <= $2 order by position limit $3`,
      values: [after, through, limit],
    })
  }
  return source.rows({
    name: 'platform.read_events_of_types',
    text: `select ${columns} from platform.event
            where position > $1 and position <= $2 and type = any($4::text[]) order by position limit $3`,
    values: [after, through, limit, plainArray(types)],
  })
}

export async function registerReader(source: Queryable, name: string): Promise<void> {
  await source.execute({
    name: 'platform.register_reader',
    text: 'insert into platform.event_reader (name) values ($1) on conflict (name) do nothing',
    values: [name],
  })
}

export async function readPosition(source: Queryable, name: string): Promise<bigint> {
  const [row] = await source.rows<{ position: bigint }>({
    name: 'platform.read_reader_position',
    text: 'select position from platform.event_reader where name = $1',
    values: [name],
  })
  return must(row, `the event reader ${name}`).position
}

/**
 * Locks the reader's position until the transaction ends.
 * @returns the position, or null while another process works on it
 */
export async function lockReader(tx: Tx, name: string): Promise<bigint | null> {
  const [row] = await tx.rows<{ position: bigint }>({
    name: 'platform.lock_reader',
    text: 'select position from platform.event_reader where name = $1 for update skip locked',
    values: [name],
  })
  return row?.position ?? null
}

/** The same, waiting for the other process. */
export async function awaitReader(tx: Tx, name: string): Promise<void> {
  const lockedCount = await tx.execute({
    name: 'platform.await_reader',
    text: 'select from platform.event_reader where name = $1 for update',
    values: [name],
  })
  invariant(lockedCount === 1, `the event reader ${name} was started before`)
}

/** Moves the position forward; never back, as two processes may know differently far. */
export function movePosition(name: string, position: bigint): Statement {
  return {
    name: 'platform.move_reader',
    text: 'update platform.event_reader set position = $2 where name = $1 and position < $2',
    values: [name, position],
  }
}

/**
 * The aggregates of `events` that are set aside for the reader. A statement after the lock: one snapshot for both would
 * miss what the process before us parked just before it let go.
 */
export async function readParkedAggregates(
  tx: Tx,
  reader: string,
  events: readonly StoredEvent[],
): Promise<Set<string>> {
  const rows = await tx.rows<{ aggregateId: string }>({
    name: 'platform.read_parked_aggregates',
    text: `select distinct aggregate_id as "aggregateId" from platform.parked_event
            where reader = $1 and aggregate_id = any($2::uuid[])`,
    values: [reader, plainArray(events.map(({ aggregateId }) => aggregateId))],
  })
  return new Set(rows.map(({ aggregateId }) => aggregateId))
}

export function parkEvents(
  tx: Tx,
  reader: string,
  events: readonly Pick<StoredEvent, 'position' | 'aggregateId'>[],
  reason: string,
): void {
  tx.send({
    name: 'platform.park_events',
    text: `insert into platform.parked_event (reader, aggregate_id, position, reason, parked_at)
           select $1, aggregate_id, position, $4, $5
             from unnest($2::uuid[], $3::bigint[]) as event (aggregate_id, position)`,
    values: [
      reader,
      plainArray(events.map(({ aggregateId }) => aggregateId)),
      plainArray(events.map(({ position }) => position)),
      reason,
      new Date(tx.wallAt),
    ],
  })
}

/** The first events of an aggregate that are set aside for the reader, in order. */
export function readParkedEvents(
  tx: Tx,
  parked: { readonly reader: string; readonly aggregateId: string; readonly limit: number },
): Promise<StoredEvent[]> {
  return tx.rows({
    name: 'platform.read_parked_events',
    text: `select ${columns} from platform.event
            where position in (select position from platform.parked_event where reader = $1 and aggregate_id = $2
                                order by position limit $3)
            order by position`,
    values: [parked.reader, parked.aggregateId, parked.limit],
  })
}

export function releaseParkedEvents(tx: Tx, reader: string, events: readonly StoredEvent[]): void {
  tx.send({
    name: 'platform.release_parked_events',
    text: 'delete from platform.parked_event where reader = $1 and position = any($2::bigint[])',
    values: [reader, plainArray(events.map(({ position }) => position))],
  })
}
