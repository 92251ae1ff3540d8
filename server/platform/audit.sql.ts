import { plainArray, type Queryable, type Statement, type Tx } from './db.ts'
import type { AuditEntry } from './audit.ts'

/** An entry as its hash covers it: time and detail in the text PostgreSQL writes, so that no digit is lost. */
export interface AuditRow {
  readonly id: string
  readonly actor: string
  readonly action: string
  readonly object: string
  readonly detailText: string
  /** UTC with microseconds. */
  readonly recordedAtText: string
}

export interface SealedRow extends AuditRow {
  readonly number: bigint
  readonly hash: Buffer
}

const columns = `id, actor, action, object, detail::text as "detailText",
                 to_char(recorded_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as "recordedAtText"`

export function insertEntries(entries: readonly (AuditEntry & { readonly id: string })[]): Statement {
  return {
    name: 'platform.insert_audit_entries',
    text: `insert into platform.audit_entry (id, actor, action, object, detail)
           select id, actor, action, object, detail::jsonb
             from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[])
               as entry (id, actor, action, object, detail)`,
    values: [
      plainArray(entries.map(({ id }) => id)),
      entries.map(({ actor }) => actor),
      entries.map(({ action }) => action),
      entries.map(({ object }) => object),
      entries.map(({ detail }) => JSON.stringify(detail)),
    ],
  }
}

/** Held until the transaction ends, also through a transaction pooler. */
export async function tryLockSeal(tx: Tx): Promise<boolean> {
  const [row] = await tx.rows<{ isLocked: boolean }>({
    name: 'platform.try_lock_audit_seal',
    text: `select pg_try_advisory_xact_lock(hashtextextended('waybill.audit_seal', 0)) as "isLocked"`,
  })
  return row?.isLocked === true
}

export async function readHead(source: Queryable): Promise<{ number: bigint; hash: Buffer } | null> {
  const [row] = await source.rows<{ number: bigint; hash: Buffer }>({
    name: 'platform.read_audit_head',
    text: 'select number, hash from platform.audit_entry where number is not null order by number desc limit 1',
  })
  return row ?? null
}

export function readUnsealed(tx: Tx, limit: number): Promise<AuditRow[]> {
  return tx.rows({
    name: 'platform.read_unsealed_audit',
    text: `select ${columns} from platform.audit_entry where number is null order by recorded_at, id limit $1`,
    values: [limit],
  })
}

/** @returns the number of entries sealed; one that somebody sealed before is left as it is */
export function sealEntries(
  tx: Tx,
  seals: readonly { readonly id: string; readonly number: bigint; readonly hash: Buffer }[],
): Promise<number> {
  return tx.execute({
    name: 'platform.seal_audit_entries',
    text: `update platform.audit_entry as entry set number = seal.number, hash = decode(seal.hash, 'hex')
             from unnest($1::uuid[], $2::bigint[], $3::text[]) as seal (id, number, hash)
            where entry.id = seal.id and entry.number is null`,
    values: [
      plainArray(seals.map(({ id }) => id)),
      plainArray(seals.map(({ number }) => number)),
      plainArray(seals.map(({ hash }) => hash.toString('hex'))),
    ],
  })
}

export function readSealed(source: Queryable, from: bigint, limit: number): Promise<SealedRow[]> {
  return source.rows({
    name: 'platform.read_sealed_audit',
    text: `select ${columns}, number, hash from platform.audit_entry where number >= $1 order by number limit $2`,
    values: [from, limit],
  })
}
