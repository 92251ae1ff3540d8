import { newId, type Id } from '../../kernel/id.ts'
import { invariant, must } from '../../kernel/invariant.ts'
import type { Tx } from '../../platform/db.ts'
import { raiseExceptions } from '../exceptions/index.ts'
import { insertTransactions } from './payments.sql.ts'
import { captureOf } from './record-tenders.ts'
import { decideTenderRows, lockAccountsOfOrders, readTenders, refundTenderRows } from './stored-value.sql.ts'
import { formatAccountId, idKindOf, type ValueAccountRow, type ValueTenderRow } from './value-account.ts'
import { ValueLedger } from './value-ledger.ts'

/**
 * Takes what accepted orders reserved of stored value. The caller holds the locks of the orders and opens them in this
 * transaction; a card that was blocked or expired meanwhile keeps its word, as an authorised payment does.
 */
export async function postTenders(tx: Tx, orderIds: readonly Id<'order'>[]): Promise<void> {
  if (orderIds.length === 0) return
  const [accounts, tenders] = await lockTenders(tx, orderIds)
  const reserved = tenders.filter(({ status }) => status === 'reserved')
  if (reserved.length === 0) return
  const ledger = new ValueLedger(tx, accountsOf(accounts, reserved))
  for (const { id, account_id, amount_minor, order_id } of reserved) {
    ledger.post({
      accountId: account_id,
      reason: 'posted',
      amountMinor: amount_minor,
      tenderId: id,
      orderId: order_id,
    })
  }
  const ids = reserved.map(({ id }) => id)
  invariant((await decideTenderRows(tx, ids, 'posted')) === ids.length, "tenders stand still under their order's lock")
  ledger.write(tx)
  insertTransactions(
    tx,
    reserved.map(({ id, order_id, tender, kind, amount_minor, currency }) =>
      captureOf({ id, orderId: order_id, tender, kind, amountMinor: amount_minor, currency }),
    ),
  )
}

/**
 * Gives stored value back to where it came from when orders end unfulfilled: reserved value is free again, posted value
 * is refunded. The caller holds the locks of the orders. Value that returns to a card whose time is over waits for a
 * person: it was the buyer's money when they spent it.
 */
export async function giveBackTenders(tx: Tx, orderIds: readonly Id<'order'>[]): Promise<void> {
  if (orderIds.length === 0) return
  const [accounts, tenders] = await lockTenders(tx, orderIds)
  const reserved = tenders.filter(({ status }) => status === 'reserved')
  const posted = tenders.filter(({ status, amount_minor, refunded_minor }) => {
    return status === 'posted' && refunded_minor < amount_minor
  })
  const returning = [...reserved, ...posted]
  if (returning.length === 0) return
  const ledger = new ValueLedger(tx, accountsOf(accounts, returning))
  for (const { id, account_id, amount_minor } of reserved) {
    ledger.post({ accountId: account_id, reason: 'released', amountMinor: amount_minor, tenderId: id })
  }
  for (const tender of posted) {
    ledger.post({
      accountId: tender.account_id,
      reason: 'refunded',
      amountMinor: leftOf(tender),
      tenderId: tender.id,
      orderId: tender.order_id,
    })
  }
  const ids = reserved.map(({ id }) => id)
  if (ids.length > 0) {
    const released = await decideTenderRows(tx, ids, 'released')
    invariant(released === ids.length, "tenders stand still under their order's lock")
  }
  if (posted.length > 0) {
    refundTenderRows(
      tx,
      posted.map((tender) => ({ tenderId: tender.id, amountMinor: leftOf(tender) })),
    )
    insertTransactions(
      tx,
      posted.map((tender) => ({
        ...captureOf({
          id: tender.id,
          orderId: tender.order_id,
          tender: tender.tender,
          kind: tender.kind,
          amountMinor: leftOf(tender),
          currency: tender.currency,
        }),
        id: newId<'transaction'>(),
        kind: 'refund',
      })),
    )
  }
  ledger.write(tx)
  const expired = accountsOf(accounts, returning).filter(({ expires_at }) => expires_at !== null && expires_at <= tx.at)
  await raiseExceptions(
    tx,
    expired.map((account) => ({
      reason: 'value_returned_expired',
      objectKind: idKindOf(account.kind),
      objectId: account.id,
      facts: { account: formatAccountId(account) },
      nextAction: 'Give it another expiry, or pay the buyer another way: their order ended after it had expired.',
    })),
  )
}

function lockTenders(
  tx: Tx,
  orderIds: readonly Id<'order'>[],
): Promise<[readonly ValueAccountRow[], readonly ValueTenderRow[]]> {
  return Promise.all([lockAccountsOfOrders(tx, orderIds), readTenders(tx, orderIds)])
}

function accountsOf(
  accounts: readonly ValueAccountRow[],
  tenders: readonly ValueTenderRow[],
): readonly ValueAccountRow[] {
  const accountById = new Map(accounts.map((account) => [account.id, account]))
  return [...new Set(tenders.map(({ account_id }) => account_id))].map((id) =>
    must(accountById.get(id), 'the locked account of a tender'),
  )
}

/** Posted and not refunded yet. */
function leftOf({ amount_minor, refunded_minor }: ValueTenderRow): bigint {
  return amount_minor - refunded_minor
}
