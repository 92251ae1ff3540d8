import type { Id } from '../../kernel/id.ts'
import { must } from '../../kernel/invariant.ts'
import { prorate } from '../../kernel/prorate.ts'
import type { SellingWorld } from '../carts/index.ts'
import type { Offer } from '../catalog/index.ts'

/** Goods that an order line asks for: one SKU's units, with the part of the line's money they carry. */
export interface DemandDraft {
  /** Index of the order's line. */
  readonly line: number
  readonly group: number
  readonly variantId: Id<'variant'>
  readonly sku: string
  readonly stocked: boolean
  readonly units: number
  readonly shareMinor: bigint
}

/** A bundle line asks for its components; its money is split over them by what they are, fixed at placement. */
export function draftDemand(
  lines: readonly { readonly quantity: number; readonly group: number }[],
  offers: readonly Offer[],
  totalsMinor: readonly bigint[],
  world: Pick<SellingWorld, 'prices'>,
): DemandDraft[] {
  return lines.flatMap(({ quantity, group }, line): DemandDraft[] => {
    const offer = must(offers[line], 'an offer for every line')
    const totalMinor = must(totalsMinor[line], 'a total for every line')
    if (offer.components.length === 0) {
      const { variantId, sku, stocked } = offer
      return [{ line, group, variantId, sku, stocked, units: quantity, shareMinor: totalMinor }]
    }
    const shares = prorate(
      totalMinor,
      offer.components.map((component) => componentWeight(component, world)),
    )
    return offer.components.map(({ variantId, sku, quantity: each, stocked }, place) => ({
      line,
      group,
      variantId,
      sku,
      stocked,
      units: quantity * each,
      shareMinor: must(shares[place], 'a share for every component'),
    }))
  })
}

/** What a component would cost on its own, in whichever list names it first; by count when no list does. */
function componentWeight(
  component: { readonly variantId: Id<'variant'>; readonly quantity: number },
  world: Pick<SellingWorld, 'prices'>,
): bigint {
  const listed = world.prices.get(component.variantId)?.[0]
  return BigInt(component.quantity) * (listed?.amountMinor ?? 1n)
}
