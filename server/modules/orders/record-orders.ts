import { formatId } from '../../kernel/id.ts'
import type { Tx } from '../../platform/db.ts'
import { appendEvents } from '../../platform/events/append.ts'
import { moneyJson } from '../../platform/http/schemas.ts'
import type { NewOrder } from './order.ts'
import { insertCharges, insertDeliveryGroups, insertDemandLines, insertOrderLines, insertOrders } from './orders.sql.ts'

/** Writes orders with their delivery groups, lines, demand and charges as they were decided, and announces them. */
export function recordOrders(tx: Tx, orders: readonly NewOrder[]): void {
  if (orders.length === 0) return
  const lines = orders.flatMap((order) =>
    order.lines.map((line, index) => ({
      orderId: order.id,
      position: index + 1,
      taxIncluded: order.taxIncluded,
      line,
    })),
  )
  const demand = lines.flatMap(({ orderId, line }) => line.demand.map((each) => ({ orderId, line, demand: each })))
  const charges = orders.flatMap((order) =>
    order.charges.map((charge, index) => ({
      orderId: order.id,
      position: index + 1,
      taxIncluded: order.taxIncluded,
      charge,
    })),
  )
  const groups = orders.flatMap(({ id, groups: ofOrder }) => ofOrder.map((group) => ({ orderId: id, group })))
  // In one order in every transaction: whoever brings a reference that another is writing waits for that one.
  insertOrders(tx, orders.toSorted(byReference))
  insertDeliveryGroups(tx, groups)
  insertOrderLines(tx, lines)
  insertDemandLines(tx, demand)
  if (charges.length > 0) insertCharges(tx, charges)
  appendEvents(tx, orders.flatMap(placementEvents))
}

function byReference(a: NewOrder, b: NewOrder): number {
  const [first, second] = [referenceKey(a), referenceKey(b)]
  return first < second ? -1 : Number(first > second)
}

function referenceKey({ reference, channelId }: NewOrder): string {
  return reference === null ? '' : `${reference} ${channelId}`
}

/** A trusted order passes through its first statuses at once, and the log tells each of them. */
function placementEvents(order: NewOrder) {
  const aggregate = { aggregateKind: 'order', aggregateId: order.id, occurredAt: order.placedAt } as const
  const orderId = formatId('order', order.id)
  const placed = {
    ...aggregate,
    type: 'order.placed',
    version: 1,
    data: {
      orderId,
      number: orderNumber(order.number),
      channelId: formatId('channel', order.channelId),
      reference: order.reference,
      personId: order.personId && formatId('person', order.personId),
      groups: order.groups.map(({ number, method, locationId }) => ({
        number,
        method,
        locationId: locationId && formatId('location', locationId),
      })),
      total: moneyJson({ minor: order.totals.totalMinor, currency: order.currency }),
      lines: order.lines.map((line) => ({
        lineId: formatId('orderLine', line.id),
        group: line.group,
        sku: line.sku,
        quantity: line.quantity,
      })),
    },
  }
  if (order.status === 'awaiting_payment') return [placed]
  const accepted = { ...aggregate, type: 'order.accepted', version: 2, data: { orderId } }
  if (order.status === 'open') return [placed, accepted]
  return [placed, accepted, { ...aggregate, type: 'order.completed', version: 3, data: { orderId } }]
}

/** The number people use, `W-100234`. */
export function orderNumber(number: bigint): string {
  return `W-${number}`
}
