import { must } from '../../kernel/invariant.ts'
import { instantFromMs, type Instant } from '../../kernel/time.ts'
import type { Queryable } from '../db.ts'

/**
 * The last position taken, committed or not, and the clocks from before it was read: each row of `clock` is there
 * before the sequence is asked, as the second subquery refers to the first.
 */
export async function readLastPosition(
  source: Queryable,
): Promise<{ readonly position: bigint; readonly at: Instant; readonly wallAt: Instant }> {
  const [row] = await source.rows<{ position: bigint; at_ms: number; wall_ms: number }>({
    name: 'platform.read_last_event_position',
    text: `select position, wall_ms::float8 as wall_ms, at_ms::float8 as at_ms
             from (select wall_ms, extract(epoch from anchor_business) * 1000
                            + (wall_ms - extract(epoch from anchor_database) * 1000) * rate as at_ms
                     from platform.clock, (select extract(epoch from clock_timestamp()) * 1000 as wall_ms) as wall
                   offset 0) as clock
                  cross join lateral
                  (select case when is_called then last_value else 0 end as position
                     from platform.event_position where wall_ms is not null
                   offset 0) as sequence`,
  })
  const { position, at_ms, wall_ms } = must(row, 'the one row of platform.clock')
  return { position, at: instantFromMs(at_ms), wallAt: instantFromMs(wall_ms) }
}

/** A transaction id of our own; the transaction is over when this returns. It writes nothing, so it costs no flush. */
export async function takeTransactionId(source: Queryable): Promise<string> {
  const [row] = await source.rows<{ id: string }>({
    name: 'platform.take_transaction_id',
    text: 'select pg_current_xact_id()::text as id',
  })
  return must(row, 'a transaction id').id
}

/**
 * Whether every transaction older than `gate` is over, in this database or another of the cluster, and whether the
 * event at `position` is there. Both are seen in one snapshot.
 */
export async function readGate(
  source: Queryable,
  { gate, position }: { readonly gate: string; readonly position: bigint },
): Promise<{ readonly isOpen: boolean; readonly holdsEvent: boolean }> {
  const [row] = await source.rows<{ isOpen: boolean; holdsEvent: boolean }>({
    name: 'platform.read_event_gate',
    text: `select pg_snapshot_xmin(pg_current_snapshot()) >= $1::xid8 as "isOpen",
                  exists (select from platform.event where position = $2::bigint) as "holdsEvent"`,
    values: [gate, position],
  })
  return must(row, 'the gate')
}

/** Waits until everything logged so far is on disk: a transaction that writes something commits durably. */
export async function flushLog(source: Queryable): Promise<void> {
  await source.execute({
    name: 'platform.flush_log',
    text: "select pg_logical_emit_message(true, 'waybill', '')",
  })
}

/** A transaction older than the gate. */
export interface GateHolder {
  /** Null for a prepared transaction, which has no session. */
  readonly pid: number | null
  readonly database: string
  readonly application: string
  readonly state: string
  readonly openMs: number
}

/** The transactions a reader waits for, oldest first. Compared by age, as the ids of `pg_stat_activity` wrap around. */
export function readGateHolders(source: Queryable, gate: string): Promise<GateHolder[]> {
  return source.rows<GateHolder>({
    name: 'platform.read_event_gate_holders',
    text: `select pid, coalesce(database, '') as database, coalesce(application, '') as application,
                  coalesce(state, '') as state,
                  coalesce(extract(epoch from clock_timestamp() - began_at) * 1000, 0)::float8 as "openMs"
             from (select pid, datname as database, application_name as application, state, xact_start as began_at,
                          age(backend_xid) as age
                     from pg_stat_activity where backend_xid is not null
                    union all
                   select null, database, 'prepared transaction ' || gid, 'prepared', prepared, age(transaction)
                     from pg_prepared_xacts) as open_transaction
            where age > age($1::xid8::xid)
            order by age desc limit 10`,
    values: [gate],
  })
}
