import type { Instant } from '../../kernel/time.ts'
import { plainArray, type Queryable } from '../db.ts'

export interface PastEvent {
  readonly position: bigint
  readonly type: string
  readonly aggregate_kind: string
  readonly aggregate_id: string
  readonly version: number
  readonly data: object
  readonly occurred_at: Instant
  readonly recorded_at: Instant
}

/** The life of some aggregates as the log tells it, oldest first. */
export function readEventsOf(source: Queryable, aggregateIds: readonly string[]): Promise<PastEvent[]> {
  return source.rows({
    name: 'platform.read_events_of',
    text: `select position, type, aggregate_kind, aggregate_id, version, data, occurred_at, recorded_at
             from platform.event where aggregate_id = any($1::uuid[]) order by position`,
    values: [plainArray(aggregateIds)],
  })
}
