import type { Id } from '../../kernel/id.ts'
import type { CurrencyCode } from '../../kernel/money.ts'
import type { Tx } from '../../platform/db.ts'
import type { AppliedOffer } from './price-cart.ts'
import { endRedemptions, insertRedemptions, lockUsesOfOrders } from './redemptions.sql.ts'

/** An order that was accepted with offers. */
export interface OfferedOrder {
  readonly orderId: Id<'order'>
  readonly currency: CurrencyCode
  readonly customerKey: Buffer | null
  readonly applied: readonly AppliedOffer[]
  /** `posted` where the order opens at once. */
  readonly state: 'reserved' | 'posted'
}

/** Records what accepted orders use, under the locks of `lockUses`. Does not wait; again: nothing more. */
export function recordRedemptions(tx: Tx, orders: readonly OfferedOrder[]): void {
  const redemptions = orders.flatMap(({ applied, ...order }) =>
    applied.map(({ promotionId, promotionVersion, code, goodsMinor, deliveryMinor }) => ({
      ...order,
      promotionId,
      promotionVersion,
      codeId: code?.id ?? null,
      goodsMinor,
      deliveryMinor,
    })),
  )
  if (redemptions.length > 0) insertRedemptions(tx, redemptions)
}

/** Orders ended: others may use what they used. After their own locks in the house's lock order; again: nothing more. */
export async function releaseRedemptions(tx: Tx, orderIds: readonly Id<'order'>[]): Promise<void> {
  if (orderIds.length === 0) return
  await lockUsesOfOrders(tx, orderIds)
  endRedemptions(tx, orderIds)
}
