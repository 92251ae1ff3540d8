import { newId } from '../../kernel/id.ts'
import type { Tx } from '../../platform/db.ts'
import { insertTransactions, type NewTransaction } from './payments.sql.ts'
import { insertTenders, type NewTender } from './stored-value.sql.ts'
import type { ValueAccountRow } from './value-account.ts'
import { ValueLedger } from './value-ledger.ts'

/**
 * Writes what new orders are paid with besides a provider: reserved while the provider is asked, posted at once where it
 * covers everything.
 *
 * @param locked  the accounts of all of them, locked
 */
export function recordTenders(tx: Tx, locked: readonly ValueAccountRow[], tenders: readonly NewTender[]): void {
  if (tenders.length === 0) return
  const used = new Set(tenders.map(({ accountId }) => accountId))
  const ledger = new ValueLedger(
    tx,
    locked.filter(({ id }) => used.has(id)),
  )
  for (const { id: tenderId, accountId, amountMinor, orderId, status } of tenders) {
    ledger.post({ accountId, reason: 'reserved', amountMinor, tenderId })
    if (status === 'posted') ledger.post({ accountId, reason: 'posted', amountMinor, tenderId, orderId })
  }
  insertTenders(tx, tenders)
  ledger.write(tx)
  const posted = tenders.filter(({ status }) => status === 'posted')
  if (posted.length > 0) insertTransactions(tx, posted.map(captureOf))
}

/** The money fact of value that an order was paid with: taken at once, for it was ours to keep already. */
export function captureOf({
  id,
  orderId,
  tender,
  kind,
  amountMinor,
  currency,
}: Pick<NewTender, 'id' | 'orderId' | 'tender' | 'kind' | 'amountMinor' | 'currency'>): NewTransaction {
  return {
    id: newId<'transaction'>(),
    attemptId: null,
    orderId,
    tender,
    kind: 'capture',
    amountMinor,
    currency,
    provider: kind,
    providerReference: id,
  }
}
