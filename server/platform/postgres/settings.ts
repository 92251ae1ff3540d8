import { totalmem } from 'node:os'
import process from 'node:process'

/** PostgreSQL settings by name; numbers and words as `postgresql.conf` takes them. */
export type PostgresSettings = Readonly<Record<string, string | number>>

const MIB = 1024 * 1024

/**
 * For one machine that also runs Waybill. Commits are durable: `fsync`, `synchronous_commit` and `full_page_writes`
 * stay at PostgreSQL's own "on".
 */
export function defaultSettings(): PostgresSettings {
  const memoryMib = Math.floor(Math.min(process.constrainedMemory() || Infinity, totalmem()) / MIB)
  return {
    max_connections: 100,
    shared_buffers: `${clamp(Math.floor(memoryMib / 8), 64, 1024)}MB`,
    effective_cache_size: `${Math.max(128, Math.floor(memoryMib / 2))}MB`,
    // A container that offers huge pages without granting them ends a server that uses them with SIGBUS.
    huge_pages: 'off',
    // Pages of our indexes hardly shrink, and pglz takes a tenth of a millisecond of every order for it.
    wal_compression: 'off',
    max_wal_size: '2GB',
    checkpoint_timeout: '15min',
    checkpoint_completion_target: 0.9,
    random_page_cost: 1.1,
    // Our statements are short; compiling one takes longer than running it.
    jit: 'off',
    track_io_timing: 'on',
    // We subscribe to nothing: one process less.
    max_logical_replication_workers: 0,
    timezone: 'UTC',
    log_timezone: 'UTC',
    lc_messages: 'C',
    datestyle: 'ISO, MDY',
    // Neither statements nor key values: they hold personal data. Waybill logs its own failures with a request id.
    log_error_verbosity: 'terse',
    log_min_error_statement: 'panic',
    log_checkpoints: 'off',
  }
}

/** The text of a `postgresql.conf`; later settings win, and `alter system` wins over all of them. */
export function renderSettings(...layers: readonly PostgresSettings[]): string {
  const settings = new Map(layers.flatMap((layer) => Object.entries(layer)))
  const lines = [...settings].map(([name, value]) => `${name} = '${String(value).replaceAll("'", "''")}'`)
  return ['# Written by Waybill at each start. To change a setting use `alter system`: it wins.', ...lines, ''].join(
    '\n',
  )
}

function clamp(value: number, min: number, max: number): number {
  return Math.min(max, Math.max(min, value))
}
