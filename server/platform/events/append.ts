import { invariant } from '../../kernel/invariant.ts'
import type { Instant } from '../../kernel/time.ts'
import { instantArray, plainArray, type Tx } from '../db.ts'

export interface NewEvent {
  /** `<aggregate>.<past participle>`, such as `order.placed`. */
  readonly type: string
  readonly aggregateKind: string
  readonly aggregateId: string
  /** The version of the aggregate's locked row after this change: one more than before. */
  readonly version: number
  /** In the API's form: TypeIDs, Money objects, RFC 3339. Person ids only, never personal data. */
  readonly data: object
  readonly occurredAt: Instant
}

/**
 * Appends events in the transaction that makes them true; within an aggregate in the order given.
 *
 * Only the owner of an aggregate appends to it, while it holds the aggregate's row lock: positions are taken by this
 * statement, and under the lock they follow the versions. Nobody waits here: a version that exists already
 * (SQLSTATE 23505) or data PostgreSQL refuses (22) fails the transaction at its next awaited statement or at COMMIT.
 *
 * Measured: 256 events cost 0.5 ms of this process and 4 ms of PostgreSQL, a quarter less than as text arrays of the driver.
 */
export function appendEvents(tx: Tx, events: readonly NewEvent[]): void {
  if (events.length === 0) return
  for (const { type, aggregateKind } of events) {
    invariant(isName(type) && isName(aggregateKind), `an event is named in lower case words: ${type}`)
  }
  tx.send({
    name: 'platform.append_events',
    // JSON text never holds a line break of its own, so lines are a cheaper array than PostgreSQL's quoted one.
    text: `insert into platform.event (type, aggregate_kind, aggregate_id, version, data, occurred_at)
           select type, aggregate_kind, aggregate_id, version, data::jsonb, occurred_at
             from unnest($1::text[], $2::text[], $3::uuid[], $4::int[], string_to_array($5, E'\\n'), $6::timestamptz[])
               as event (type, aggregate_kind, aggregate_id, version, data, occurred_at)`,
    values: [
      plainArray(events.map(({ type }) => type)),
      plainArray(events.map(({ aggregateKind }) => aggregateKind)),
      plainArray(events.map(({ aggregateId }) => aggregateId)),
      plainArray(events.map(({ version }) => version)),
      events.map(({ data }) => JSON.stringify(data)).join('\n'),
      instantArray(events.map(({ occurredAt }) => occurredAt)),
    ],
  })
  transactionsWithEvents.add(tx)
}

/** Whether events were appended in this transaction: whoever commits it then wakes the readers. */
export function hasAppended(tx: Tx): boolean {
  return transactionsWithEvents.has(tx)
}

const transactionsWithEvents = new WeakSet<Tx>()

/** Lower case words joined by dots and underscores; also what an unquoted array element may be. */
function isName(text: string): boolean {
  return /^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*$/.test(text)
}
