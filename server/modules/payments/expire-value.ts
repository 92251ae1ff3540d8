import type { Db } from '../../platform/db.ts'
import { addMs, DAY_MS } from '../../kernel/time.ts'
import { forgetCodes, lockOverdueAccounts } from './stored-value.sql.ts'
import { ValueLedger } from './value-ledger.ts'

/** A code can be shown again under the same idempotency key for this long, in wall time, should the answer be lost. */
export const CODE_KEPT_MS = DAY_MS

/**
 * Takes back what is free of stored value whose time is over. What waiting orders have reserved is theirs: it is posted,
 * or given back and laid before a person.
 *
 * @returns how many expired; a full batch means there may be more
 */
export async function expireValue(db: Db, limit: number): Promise<number> {
  return db.inTransaction(async (tx) => {
    const overdue = await lockOverdueAccounts(tx, limit)
    if (overdue.length === 0) return 0
    const ledger = new ValueLedger(tx, overdue)
    for (const { id: accountId, balance_minor, reserved_minor } of overdue) {
      const amountMinor = balance_minor - reserved_minor
      if (amountMinor > 0n) ledger.post({ accountId, reason: 'expired', amountMinor })
      else ledger.close(accountId)
    }
    ledger.write(tx)
    return overdue.length
  })
}

/** Forgets the codes of gift cards that were shown a day ago. @returns how many */
export async function forgetShownCodes(db: Db, limit: number): Promise<number> {
  return db.inTransaction((tx) => forgetCodes(tx, addMs(tx.wallAt, -CODE_KEPT_MS), limit))
}
