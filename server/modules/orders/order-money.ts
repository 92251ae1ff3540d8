import type { LineMoney } from './order-json.ts'
import type { Totals } from './order.ts'
import type { OrderLineRow, OrderRow } from './orders.sql.ts'

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
    sku: line.sku,
    title: line.title,
    quantity: line.quantity,
    unitPriceMinor: line.unit_price_minor,
    discountMinor: line.discount_minor,
    taxMinor: line.tax_minor,
    totalMinor: line.total_minor,
  }
}
