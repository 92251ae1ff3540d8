import type { Id } from '../../kernel/id.ts'
import type { Tx } from '../../platform/db.ts'
import { readAccountsOf } from './accounts.sql.ts'
import { deleteCountedOrders, insertCountedOrders, sumOrderFacts, type CountedOrder } from './segments.sql.ts'

/** An accepted order, as the room that owns it tells it. */
export interface OrderToCount extends Omit<CountedOrder, 'accountId'> {
  readonly personId: Id<'person'> | null
}

/**
 * Counts accepted orders for the accounts they belong to; those of guests are left alone until they are merged.
 * Told again, an order is counted once: the sums are made from the orders counted, never by adding to them.
 */
export async function countOrders(tx: Tx, orders: readonly OrderToCount[]): Promise<void> {
  const personIds = [...new Set(orders.flatMap(({ personId }) => (personId === null ? [] : [personId])))]
  if (personIds.length === 0) return
  const accounts = await readAccountsOf(tx, personIds)
  const counted = orders.flatMap(({ personId, ...order }) => {
    const accountId = personId === null ? undefined : accounts.get(personId)
    return accountId === undefined ? [] : [{ ...order, accountId }]
  })
  if (counted.length === 0) return
  insertCountedOrders(tx, counted)
  sumOrderFacts(
    tx,
    counted.map(({ accountId }) => accountId),
  )
}

/** Cancelled orders no longer count; what was returned of others still does. */
export async function uncountOrders(tx: Tx, orderIds: readonly Id<'order'>[]): Promise<void> {
  const accountIds = await deleteCountedOrders(tx, orderIds)
  if (accountIds.length > 0) sumOrderFacts(tx, accountIds)
}
