import type { LineMoney, PromisedGroup, PromisedWindow } from './order-json.ts'
import type { Totals } from './order.ts'
import type { DeliveryGroupRow, OrderLineRow, OrderRow } from './orders.sql.ts'

/** The stored totals of an order. */
export function totalsOf(order: OrderRow): Totals {
  return {
    itemsMinor: order.items_minor,
    discountMinor: order.discount_minor,
    deliveryMinor: order.delivery_minor,
    taxMinor: order.tax_minor,
    totalMinor: order.total_minor,
  }
}

/** The stored money of a line. */
export function lineMoneyOf(line: OrderLineRow): LineMoney {
  return {
    id: line.id,
    group: line.group_number,
    sku: line.sku,
    title: line.title,
    quantity: line.quantity,
    unitPriceMinor: line.unit_price_minor,
    discountMinor: line.discount_minor,
    taxMinor: line.tax_minor,
    totalMinor: line.total_minor,
  }
}

/** The stored groups of an order with what was promised of them. */
export function promisedGroupsOf(
  groups: readonly DeliveryGroupRow[],
  promises: readonly (PromisedWindow & { readonly group_number: number })[],
): PromisedGroup[] {
  return groups.map((group) => ({
    number: group.number,
    method: group.method,
    locationId: group.location_id,
    deliveryOption: group.delivery_option,
    shipTo:
      group.ship_country === null
        ? null
        : { country: group.ship_country, region: group.ship_region, postalCode: group.ship_postal_code ?? '' },
    promise: promises.find((promise) => promise.group_number === group.number) ?? null,
  }))
}
