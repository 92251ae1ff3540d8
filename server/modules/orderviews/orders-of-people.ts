import { formatId } from '../../kernel/id.ts'
import { formatInstant } from '../../kernel/time.ts'
import { moneyJson } from '../../platform/http/index.ts'
import type { PersonalRecords } from '../customers/index.ts'
import { orderNumber, readOrderLineRows, readOrdersOfPeople } from '../orders/index.ts'

/** What people ordered, for the copy of their data that they may ask for: what was sent where, and for how much. */
export const ordersOfPeople: PersonalRecords = {
  name: 'orders',
  async read(source, personIds) {
    const orders = await readOrdersOfPeople(source, personIds)
    const lines = await readOrderLineRows(
      source,
      orders.map((order) => order.id),
    )
    const linesByOrder = Map.groupBy(lines, (line) => line.order_id)
    return orders.map((order) => ({
      id: formatId('order', order.id),
      number: orderNumber(order.number),
      customerId: order.person_id === null ? null : formatId('person', order.person_id),
      status: order.status,
      placedAt: formatInstant(order.placed_at),
      shipTo: { country: order.ship_country, region: order.ship_region, postalCode: order.ship_postal_code },
      total: moneyJson({ minor: order.total_minor, currency: order.currency }),
      lines: (linesByOrder.get(order.id) ?? []).map(({ sku, title, quantity }) => ({ sku, title, quantity })),
    }))
  },
}
