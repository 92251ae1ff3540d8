import type { Id } from '../../kernel/id.ts'
import { invariant } from '../../kernel/invariant.ts'
import type { Tx } from '../../platform/db.ts'
import { insertGates, lockGateRows } from './inventory.sql.ts'

declare const gatedBrand: unique symbol

/** Proof that the gates of every SKU about to be read or written are locked in this transaction. */
export type GatedTx = Tx & { readonly [gatedBrand]: true }

/**
 * Takes the one lock of each SKU's supply. Everything read afterwards stays true until commit.
 * Locking every supply row instead took 4 / 35 / 390 ms for 800 SKUs at 4 / 50 / 500 locations; gates take 1 ms.
 */
export async function lockGates(tx: Tx, variantIds: Iterable<Id<'variant'>>): Promise<GatedTx> {
  const wanted = [...new Set(variantIds)]
  if (wanted.length > 0) {
    const locked = await lockGateRows(tx, wanted)
    invariant(locked.length === wanted.length, 'every variant has a gate')
  }
  return tx as GatedTx
}

/** Makes the gates of new SKUs, in the transaction that makes the SKUs; a gate that is there stays. */
export function createGates(tx: Tx, variantIds: readonly Id<'variant'>[]): void {
  if (variantIds.length > 0) insertGates(tx, variantIds)
}
