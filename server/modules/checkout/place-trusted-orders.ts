import type { Id } from '../../kernel/id.ts'
import type { Batcher } from '../../platform/batch/batch.ts'
import type { Placement, PlacementRefusal, TrustedPlacement } from './placement.ts'
import type { Prepared } from './prepare-orders.ts'

export type TrustedOutcome =
  | { readonly kind: 'placed' | 'placed_before'; readonly orderId: Id<'order'> }
  | { readonly kind: 'refused'; readonly refusal: PlacementRefusal }

/**
 * Takes over what trusted channels have sold, through the same prepare transaction as shoppers' orders but in the bulk
 * lane: it never makes shoppers wait for more than a quarter of the road. Nothing is asked of a payment provider, so
 * there is nothing to settle.
 *
 * @returns one outcome an order, in their order; the same (channel, reference) twice is one order
 */
export async function placeTrustedOrders(
  { prepare }: { readonly prepare: Batcher<Placement, Prepared> },
  orders: readonly TrustedPlacement[],
): Promise<TrustedOutcome[]> {
  const prepared = await Promise.all(orders.map((order) => prepare.submit(order, { lane: 'bulk' })))
  return prepared.map(outcomeOf)
}

function outcomeOf(prepared: Prepared): TrustedOutcome {
  switch (prepared.kind) {
    case 'placed':
      return { kind: 'placed', orderId: prepared.draft.order.id }
    case 'placed_before':
      return prepared
    case 'refused':
      return prepared
    case 'key_known':
    case 'quoted':
      throw new TypeError('a trusted order has no request key and is not quoted')
  }
}
