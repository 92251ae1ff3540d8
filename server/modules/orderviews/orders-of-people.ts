import { formatId } from '../../kernel/id.ts'
import { formatInstant } from '../../kernel/time.ts'
import { moneyJson } from '../../platform/http/index.ts'
import type { PersonalRecords } from '../customers/index.ts'
import { orderNumber, readDeliveryGroupRows, readOrderLineRows, readOrdersOfPeople } from '../orders/index.ts'

/** What people ordered, for the copy of their data that they may ask for: what was sent where, and for how much. */
export const ordersOfPeople: PersonalRecords = {
  name: 'orders',
  async read(source, personIds) {
    const orders = await readOrdersOfPeople(source, personIds)
    const ids = orders.map((order) => order.id)
    const [groups, lines] = await Promise.all([readDeliveryGroupRows(source, ids), readOrderLineRows(source, ids)])
    const groupsByOrder = Map.groupBy(groups, (group) => group.order_id)
    const linesByOrder = Map.groupBy(lines, (line) => line.order_id)
    return orders.map((order) => ({
      id: formatId('order', order.id),
      number: orderNumber(order.number),
      customerId: order.person_id === null ? null : formatId('person', order.person_id),
      status: order.status,
      placedAt: formatInstant(order.placed_at),
      shipTo: (groupsByOrder.get(order.id) ?? []).flatMap(({ ship_country: country, ship_region, ship_postal_code }) =>
        country === null ? [] : [{ country, region: ship_region, postalCode: ship_postal_code }],
      ),
      total: moneyJson({ minor: order.total_minor, currency: order.currency }),
      lines: (linesByOrder.get(order.id) ?? []).map(({ sku, title, quantity }) => ({ sku, title, quantity })),
    }))
  },
}
