import { createHash } from 'node:crypto'
import { newId } from '../kernel/id.ts'
import { invariant } from '../kernel/invariant.ts'
import * as sql from './audit.sql.ts'
import type { AuditRow } from './audit.sql.ts'
import type { Db, Queryable, Tx } from './db.ts'

/** Who did what to which object. Person ids only, never personal data. */
export interface AuditEntry {
  /** The key or person, in its public form: `key_01h…`. */
  readonly actor: string
  /** `product.created` */
  readonly action: string
  /** The object's public id. */
  readonly object: string
  /** What the books do not tell: the reason given, the values before. */
  readonly detail: object
}

/** The end of the chain. Kept elsewhere (it is logged by the sealer) it also proves that no later entries were cut off. */
export interface AuditHead {
  readonly number: bigint
  /** Hexadecimal. */
  readonly hash: string
}

export type AuditChainReport =
  | { readonly kind: 'intact'; readonly entryCount: number; readonly head: AuditHead | null }
  | { readonly kind: 'broken'; readonly number: bigint; readonly reason: 'missing' | 'changed' }

/** About 50 ms of hashing and writing a transaction. */
const SEAL_BATCH_MAX = 2_000
const VERIFY_PAGE = 5_000
const NO_HASH = Buffer.alloc(32)

/** Records writes in the transaction that makes them. They are not numbered yet: writers never wait for each other. */
export function appendAudit(tx: Tx, entries: AuditEntry | readonly AuditEntry[]): void {
  const list: readonly AuditEntry[] = Array.isArray(entries) ? entries : [entries]
  if (list.length === 0) return
  tx.send(sql.insertEntries(list.map((entry) => ({ ...entry, id: newId<'auditEntry'>() }))))
}

/**
 * Numbers what is not numbered yet, without gaps, and chains it by hash: an entry that is changed, removed or slipped
 * in later breaks the chain. An entry that commits late is simply sealed later; of two sealers one finds the door shut.
 *
 * @returns how many entries were sealed, and the new head when there were any
 */
export async function sealAudit(db: Db): Promise<{ readonly sealedCount: number; readonly head: AuditHead | null }> {
  let sealedCount = 0
  let head: AuditHead | null = null
  for (;;) {
    const batch = await db.inTransaction(sealBatch)
    sealedCount += batch.count
    head = batch.head ?? head
    if (batch.count < SEAL_BATCH_MAX) return { sealedCount, head }
  }
}

async function sealBatch(tx: Tx): Promise<{ count: number; head: AuditHead | null }> {
  if (!(await sql.tryLockSeal(tx))) return { count: 0, head: null }
  // Later statements: they see what the sealer before us has committed.
  const [end, rows] = await Promise.all([sql.readHead(tx), sql.readUnsealed(tx, SEAL_BATCH_MAX)])
  let number = end?.number ?? 0n
  let hash = end?.hash ?? NO_HASH
  const seals = rows.map((row) => {
    number += 1n
    hash = hashEntry(hash, number, row)
    return { id: row.id, number, hash }
  })
  if (seals.length === 0) return { count: 0, head: null }
  const sealedCount = await sql.sealEntries(tx, seals)
  invariant(sealedCount === seals.length, 'under the lock nobody else seals')
  return { count: seals.length, head: { number, hash: hash.toString('hex') } }
}

/**
 * Recomputes the chain from entry `from` on (the first, by default), trusting the hash of the entry before it.
 * A chain that was cut off at its end is whole in itself: pass a `knownHead` from outside to see that.
 */
export async function verifyAuditChain(
  source: Queryable,
  { from = 1n, knownHead }: { readonly from?: bigint; readonly knownHead?: AuditHead } = {},
): Promise<AuditChainReport> {
  let number = from > 1n ? from - 2n : 0n
  let hash: Buffer | null = from > 1n ? null : NO_HASH
  let entryCount = 0
  for (;;) {
    const page = await sql.readSealed(source, number + 1n, VERIFY_PAGE)
    for (const row of page) {
      number += 1n
      if (row.number !== number) return { kind: 'broken', number, reason: 'missing' }
      const isTrusted = hash === null
      if (hash !== null && !hashEntry(hash, number, row).equals(row.hash))
        return { kind: 'broken', number, reason: 'changed' }
      hash = row.hash
      if (!isTrusted) entryCount++
      if (knownHead?.number === number && knownHead.hash !== hash.toString('hex')) {
        return { kind: 'broken', number, reason: 'changed' }
      }
    }
    if (page.length < VERIFY_PAGE) break
  }
  if (hash === null || (knownHead !== undefined && knownHead.number > number)) {
    return { kind: 'broken', number: number + 1n, reason: 'missing' }
  }
  return { kind: 'intact', entryCount, head: number === 0n ? null : { number, hash: hash.toString('hex') } }
}

/**
 * SHA-256 over the hash before and the entry as a JSON array of texts; `detailText` is what `detail::text` shows.
 * Anybody can check a chain with these two lines and the rows.
 */
function hashEntry(before: Buffer, number: bigint, row: AuditRow): Buffer {
  const { id, recordedAtText, actor, action, object, detailText } = row
  const entry = JSON.stringify([String(number), id, recordedAtText, actor, action, object, detailText])
  return createHash('sha256').update(before).update(entry, 'utf8').digest()
}
