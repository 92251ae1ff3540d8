import { must } from '../../kernel/invariant.ts'
import type { Offer } from '../catalog/index.ts'
import type { PlacementRefusal } from './placement.ts'

/**
 * Units of one SKU that an order may have, over all its lines and with bundles taken apart: a thousand lines as large
 * as a line can be. A bundle holds up to a million of a component, so without this a line could ask for 10¹² units; the
 * columns that count units hold twice this.
 */
export const UNITS_PER_SKU_MAX = 1_000_000_000

/** @param offers  of the lines, in their order */
export function refuseUnits(
  lines: readonly { readonly quantity: number }[],
  offers: readonly Offer[],
): PlacementRefusal | null {
  const unitsBySku = new Map<string, number>()
  for (const [index, { quantity }] of lines.entries()) {
    const offer = must(offers[index], 'an offer for every line')
    const goods = offer.components.length === 0 ? [{ sku: offer.sku, quantity: 1 }] : offer.components
    for (const each of goods) unitsBySku.set(each.sku, (unitsBySku.get(each.sku) ?? 0) + quantity * each.quantity)
  }
  const skus = [...unitsBySku].flatMap(([sku, units]) => (units > UNITS_PER_SKU_MAX ? [sku] : []))
  return skus.length === 0 ? null : { code: 'too_many_units', skus, unitsMax: UNITS_PER_SKU_MAX }
}
