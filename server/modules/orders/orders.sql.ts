import type { Id } from '../../kernel/id.ts'
import type { CurrencyCode } from '../../kernel/money.ts'
import type { Instant } from '../../kernel/time.ts'
import { instantArray, plainArray, violatedConstraint, type Queryable, type Tx } from '../../platform/db.ts'
import type {
  FulfillmentMethod,
  NewCharge,
  NewDeliveryGroup,
  NewDemandLine,
  NewOrder,
  NewOrderLine,
  OrderStatus,
  PaymentTerms,
} from './order.ts'

/** Numbers for people, taken before the orders are written so that the writes need no answer. Gaps are allowed. */
export async function takeOrderNumbers(source: Queryable, count: number): Promise<bigint[]> {
  const rows = await source.rows<{ number: bigint }>({
    name: 'orders.take_numbers',
    text: `select nextval('orders.order_number') as number from generate_series(1, $1)`,
    values: [count],
  })
  return rows.map((row) => row.number)
}

export function insertOrders(tx: Tx, orders: readonly NewOrder[]): void {
  tx.send({
    name: 'orders.insert_orders',
    text: `insert into orders.orders
             (id, number, channel_id, reference, fingerprint, cart_id, live_cart_id, person_id, status, currency,
              tax_included, items_minor, discount_minor, delivery_minor, tax_minor, total_minor, payment_terms,
              placed_at, pay_by, version)
           select id, number, channel_id, reference, fingerprint, cart_id, cart_id, person_id, status, currency,
                  tax_included, items_minor, discount_minor, delivery_minor, tax_minor, total_minor, payment_terms,
                  placed_at, pay_by, version
             from unnest($1::uuid[], $2::bigint[], $3::uuid[], $4::text[], $5::uuid[], $6::uuid[], $7::uuid[],
                         $8::text[], $9::text[], $10::boolean[], $11::bigint[], $12::bigint[], $13::bigint[],
                         $14::bigint[], $15::bigint[], $16::text[], $17::timestamptz[], $18::timestamptz[], $19::int[])
               as placed (id, number, channel_id, reference, fingerprint, cart_id, person_id, status, currency,
                          tax_included, items_minor, discount_minor, delivery_minor, tax_minor, total_minor,
                          payment_terms, placed_at, pay_by, version)`,
    values: [
      plainArray(orders.map((order) => order.id)),
      plainArray(orders.map((order) => order.number)),
      plainArray(orders.map((order) => order.channelId)),
      orders.map((order) => order.reference),
      plainArray(orders.map((order) => order.fingerprint)),
      plainArray(orders.map((order) => order.cartId)),
      plainArray(orders.map((order) => order.personId)),
      plainArray(orders.map((order) => order.status)),
      plainArray(orders.map((order) => order.currency)),
      plainArray(orders.map((order) => String(order.taxIncluded))),
      plainArray(orders.map((order) => order.totals.itemsMinor)),
      plainArray(orders.map((order) => order.totals.discountMinor)),
      plainArray(orders.map((order) => order.totals.deliveryMinor)),
      plainArray(orders.map((order) => order.totals.taxMinor)),
      plainArray(orders.map((order) => order.totals.totalMinor)),
      plainArray(orders.map((order) => order.paymentTerms)),
      instantArray(orders.map((order) => order.placedAt)),
      instantArray(orders.map((order) => order.payBy)),
      plainArray(orders.map(firstVersion)),
    ],
  })
}

/** One event per status passed through at placement: placed, accepted, completed. */
export function firstVersion(order: NewOrder): number {
  return { awaiting_payment: 1, open: 2, completed: 3 }[order.status]
}

export function insertDeliveryGroups(
  tx: Tx,
  rows: readonly { readonly orderId: Id<'order'>; readonly group: NewDeliveryGroup }[],
): void {
  tx.send({
    name: 'orders.insert_delivery_groups',
    text: `insert into orders.delivery_group
             (order_id, number, method, location_id, delivery_option, address_id, ship_country, ship_region,
              ship_postal_code)
           select * from unnest($1::uuid[], $2::smallint[], $3::text[], $4::uuid[], $5::text[], $6::uuid[], $7::text[],
                                $8::text[], $9::text[])`,
    values: [
      plainArray(rows.map((row) => row.orderId)),
      plainArray(rows.map(({ group }) => group.number)),
      plainArray(rows.map(({ group }) => group.method)),
      plainArray(rows.map(({ group }) => group.locationId)),
      rows.map(({ group }) => group.deliveryOption),
      plainArray(rows.map(({ group }) => group.addressId)),
      plainArray(rows.map(({ group }) => group.shipTo?.country ?? null)),
      rows.map(({ group }) => group.shipTo?.region ?? null),
      rows.map(({ group }) => group.shipTo?.postalCode ?? null),
    ],
  })
}

interface PlacedLine {
  readonly orderId: Id<'order'>
  readonly position: number
  readonly taxIncluded: boolean
  readonly line: NewOrderLine
}

export function insertOrderLines(tx: Tx, rows: readonly PlacedLine[]): void {
  tx.send({
    name: 'orders.insert_order_lines',
    text: `insert into orders.order_line
             (id, order_id, position, group_number, variant_id, sku, title, quantity, unit_price_minor, discount_minor,
              tax_minor, tax_rate_ppm, total_minor, tax_included)
           select * from unnest($1::uuid[], $2::uuid[], $3::int[], $4::smallint[], $5::uuid[], $6::text[], $7::text[],
                                $8::int[], $9::bigint[], $10::bigint[], $11::bigint[], $12::int[], $13::bigint[],
                                $14::boolean[])`,
    values: [
      plainArray(rows.map(({ line }) => line.id)),
      plainArray(rows.map((row) => row.orderId)),
      plainArray(rows.map((row) => row.position)),
      plainArray(rows.map(({ line }) => line.group)),
      plainArray(rows.map(({ line }) => line.variantId)),
      rows.map(({ line }) => line.sku),
      rows.map(({ line }) => line.title),
      plainArray(rows.map(({ line }) => line.quantity)),
      plainArray(rows.map(({ line }) => line.unitPriceMinor)),
      plainArray(rows.map(({ line }) => line.discountMinor)),
      plainArray(rows.map(({ line }) => line.taxMinor)),
      plainArray(rows.map(({ line }) => line.taxRatePpm)),
      plainArray(rows.map(({ line }) => line.totalMinor)),
      plainArray(rows.map((row) => String(row.taxIncluded))),
    ],
  })
}

export function insertDemandLines(
  tx: Tx,
  rows: readonly { readonly orderId: Id<'order'>; readonly line: NewOrderLine; readonly demand: NewDemandLine }[],
): void {
  tx.send({
    name: 'orders.insert_demand_lines',
    text: `insert into orders.demand_line
             (id, order_id, line_id, group_number, variant_id, sku, stocked, share_minor, ordered, pending, allocated,
              delivered)
           select * from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::smallint[], $5::uuid[], $6::text[],
                                $7::boolean[], $8::bigint[], $9::int[], $10::int[], $11::int[], $12::int[])`,
    values: [
      plainArray(rows.map(({ demand }) => demand.id)),
      plainArray(rows.map((row) => row.orderId)),
      plainArray(rows.map(({ line }) => line.id)),
      plainArray(rows.map(({ line }) => line.group)),
      plainArray(rows.map(({ demand }) => demand.variantId)),
      rows.map(({ demand }) => demand.sku),
      plainArray(rows.map(({ demand }) => String(demand.stocked))),
      plainArray(rows.map(({ demand }) => demand.shareMinor)),
      plainArray(rows.map(({ demand }) => demand.ordered)),
      plainArray(rows.map(({ demand }) => demand.pending)),
      plainArray(rows.map(({ demand }) => demand.allocated)),
      plainArray(rows.map(({ demand }) => demand.delivered)),
    ],
  })
}

export function insertCharges(
  tx: Tx,
  rows: readonly {
    readonly orderId: Id<'order'>
    readonly position: number
    readonly taxIncluded: boolean
    readonly charge: NewCharge
  }[],
): void {
  tx.send({
    name: 'orders.insert_charges',
    text: `insert into orders.charge (order_id, position, group_number, type, amount_minor, tax_minor, tax_included)
           select * from unnest($1::uuid[], $2::int[], $3::smallint[], $4::text[], $5::bigint[], $6::bigint[],
                                $7::boolean[])`,
    values: [
      plainArray(rows.map((row) => row.orderId)),
      plainArray(rows.map((row) => row.position)),
      plainArray(rows.map(({ charge }) => charge.group)),
      rows.map(({ charge }) => charge.type),
      plainArray(rows.map(({ charge }) => charge.amountMinor)),
      plainArray(rows.map(({ charge }) => charge.taxMinor)),
      plainArray(rows.map((row) => String(row.taxIncluded))),
    ],
  })
}

export interface OrderRow {
  readonly id: Id<'order'>
  readonly number: bigint
  readonly channel_id: Id<'channel'>
  readonly reference: string | null
  readonly fingerprint: string | null
  readonly cart_id: Id<'cart'> | null
  readonly person_id: Id<'person'> | null
  readonly status: OrderStatus
  readonly currency: CurrencyCode
  readonly tax_included: boolean
  readonly items_minor: bigint
  readonly discount_minor: bigint
  readonly delivery_minor: bigint
  readonly tax_minor: bigint
  readonly total_minor: bigint
  readonly payment_terms: PaymentTerms
  readonly placed_at: Instant
  readonly pay_by: Instant | null
  readonly version: number
}

const orderColumns = `id, number, channel_id, reference, fingerprint, cart_id, person_id, status, currency,
  tax_included, items_minor, discount_minor, delivery_minor, tax_minor, total_minor, payment_terms, placed_at, pay_by,
  version`

export function readOrderRows(source: Queryable, orderIds: readonly Id<'order'>[]): Promise<OrderRow[]> {
  return source.rows({
    name: 'orders.read_orders',
    text: `select ${orderColumns} from orders.orders where id = any($1::uuid[])`,
    values: [plainArray(orderIds)],
  })
}

/** Locks orders in id order, the house's one order, and answers what they are once the locks are held. */
export function lockOrderRows(tx: Tx, orderIds: readonly Id<'order'>[]): Promise<OrderRow[]> {
  return tx.rows({
    name: 'orders.lock_orders',
    text: `select ${orderColumns} from orders.orders where id = any($1::uuid[]) order by id for update`,
    values: [plainArray(orderIds)],
  })
}

/** Another transaction has taken an order over under the same reference, and committed it while this one decided. */
export function isReferenceTaken(error: unknown): boolean {
  return violatedConstraint(error) === 'order_reference'
}

export function readOrdersByReference(
  source: Queryable,
  wanted: readonly { readonly channelId: Id<'channel'>; readonly reference: string }[],
): Promise<OrderRow[]> {
  return source.rows({
    name: 'orders.read_orders_by_reference',
    text: `select ${orderColumns} from orders.orders
            where (channel_id, reference) in (select * from unnest($1::uuid[], $2::text[]))`,
    values: [plainArray(wanted.map((each) => each.channelId)), wanted.map((each) => each.reference)],
  })
}

/** Live orders of carts: a cart with one cannot be ordered again. */
export function readOrdersOfCarts(
  source: Queryable,
  cartIds: readonly Id<'cart'>[],
): Promise<{ id: Id<'order'>; cart_id: Id<'cart'> }[]> {
  return source.rows({
    name: 'orders.read_orders_of_carts',
    text: 'select id, cart_id from orders.orders where live_cart_id = any($1::uuid[])',
    values: [plainArray(cartIds)],
  })
}

/** Every order that stands under one of these people's ids, newest first. */
export function readOrdersOfPeople(source: Queryable, personIds: readonly Id<'person'>[]): Promise<OrderRow[]> {
  return source.rows({
    name: 'orders.read_orders_of_people',
    text: `select ${orderColumns} from orders.orders where person_id = any($1::uuid[]) order by placed_at desc, id desc`,
    values: [plainArray(personIds)],
  })
}

export interface DeliveryGroupRow {
  readonly order_id: Id<'order'>
  readonly number: number
  readonly method: FulfillmentMethod
  readonly location_id: Id<'location'> | null
  readonly delivery_option: string | null
  readonly address_id: Id<'address'> | null
  readonly ship_country: string | null
  readonly ship_region: string | null
  readonly ship_postal_code: string | null
}

export function readDeliveryGroupRows(
  source: Queryable,
  orderIds: readonly Id<'order'>[],
): Promise<DeliveryGroupRow[]> {
  return source.rows({
    name: 'orders.read_delivery_groups',
    text: `select order_id, number, method, location_id, delivery_option, address_id, ship_country, ship_region,
                  ship_postal_code
             from orders.delivery_group where order_id = any($1::uuid[]) order by order_id, number`,
    values: [plainArray(orderIds)],
  })
}

export interface OrderLineRow {
  readonly id: Id<'orderLine'>
  readonly order_id: Id<'order'>
  readonly position: number
  readonly group_number: number
  readonly variant_id: Id<'variant'>
  readonly sku: string
  readonly title: string
  readonly quantity: number
  readonly unit_price_minor: bigint
  readonly discount_minor: bigint
  readonly tax_minor: bigint
  readonly tax_rate_ppm: number | null
  readonly total_minor: bigint
}

export function readOrderLineRows(source: Queryable, orderIds: readonly Id<'order'>[]): Promise<OrderLineRow[]> {
  return source.rows({
    name: 'orders.read_order_lines',
    text: `select id, order_id, position, group_number, variant_id, sku, title, quantity, unit_price_minor,
                  discount_minor, tax_minor, tax_rate_ppm, total_minor
             from orders.order_line where order_id = any($1::uuid[]) order by order_id, position`,
    values: [plainArray(orderIds)],
  })
}

export interface DemandLineRow {
  readonly id: Id<'demandLine'>
  readonly order_id: Id<'order'>
  readonly line_id: Id<'orderLine'>
  readonly group_number: number
  readonly variant_id: Id<'variant'>
  readonly sku: string
  readonly stocked: boolean
  readonly ordered: number
  readonly pending: number
  readonly allocated: number
  readonly in_work: number
  readonly shipped: number
  readonly delivered: number
  readonly lost: number
  readonly returned: number
  readonly cancelled: number
}

export function readDemandLineRows(source: Queryable, orderIds: readonly Id<'order'>[]): Promise<DemandLineRow[]> {
  return source.rows({
    name: 'orders.read_demand_lines',
    text: `select id, order_id, line_id, group_number, variant_id, sku, stocked, ordered, pending, allocated, in_work,
                  shipped, delivered, lost, returned, cancelled
             from orders.demand_line where order_id = any($1::uuid[]) order by order_id, id`,
    values: [plainArray(orderIds)],
  })
}

export interface ChargeRow {
  readonly order_id: Id<'order'>
  readonly position: number
  readonly group_number: number | null
  readonly type: string
  readonly amount_minor: bigint
  readonly tax_minor: bigint
}

export function readChargeRows(source: Queryable, orderIds: readonly Id<'order'>[]): Promise<ChargeRow[]> {
  return source.rows({
    name: 'orders.read_charges',
    text: `select order_id, position, group_number, type, amount_minor, tax_minor
             from orders.charge where order_id = any($1::uuid[]) order by order_id, position`,
    values: [plainArray(orderIds)],
  })
}

/** Guarded by the status they leave: an order that moved meanwhile is not in the answer. */
export function moveOrders(
  tx: Tx,
  moves: readonly { readonly id: Id<'order'>; readonly version: number }[],
  step: { readonly from: readonly OrderStatus[]; readonly to: OrderStatus },
): Promise<{ id: Id<'order'> }[]> {
  return tx.rows({
    name: 'orders.move_orders',
    text: `update orders.orders as stored
              set status = $3, version = moved.version,
                  pay_by = case when $3 = 'awaiting_payment' then pay_by end,
                  live_cart_id = case when $3 in ('cancelled', 'expired') then null else live_cart_id end
             from unnest($1::uuid[], $2::int[]) as moved (id, version)
            where stored.id = moved.id and stored.status = any($4::text[])
           returning stored.id`,
    values: [
      plainArray(moves.map((move) => move.id)),
      plainArray(moves.map((move) => move.version)),
      step.to,
      step.from as string[],
    ],
  })
}

/** Moves units between two buckets of demand lines; the table's check refuses a bucket below zero. */
export function moveUnits(
  tx: Tx,
  moves: readonly { readonly demandId: Id<'demandLine'>; readonly units: number }[],
  step: 'pending_to_allocated' | 'allocated_to_pending',
): void {
  const sign = step === 'pending_to_allocated' ? 1 : -1
  tx.send({
    name: 'orders.move_units',
    text: `update orders.demand_line as stored
              set pending = pending - moved.units, allocated = allocated + moved.units
             from unnest($1::uuid[], $2::int[]) as moved (id, units)
            where stored.id = moved.id`,
    values: [plainArray(moves.map((move) => move.demandId)), plainArray(moves.map((move) => sign * move.units))],
  })
}

/** Demand lines that no location hands over and that are not delivered yet; nearly every order has none. */
export function readUndeliveredRows(source: Queryable, orderIds: readonly Id<'order'>[]): Promise<DemandLineRow[]> {
  return source.rows({
    name: 'orders.read_undelivered',
    text: `select id, order_id, line_id, group_number, variant_id, sku, stocked, ordered, pending, allocated, in_work,
                  shipped, delivered, lost, returned, cancelled
             from orders.demand_line
            where order_id = any($1::uuid[]) and not stocked and pending > 0 order by order_id, id`,
    values: [plainArray(orderIds)],
  })
}

/** Units that no location hands over, such as gift cards, reach their buyer at once. */
export function deliverPendingUnits(
  tx: Tx,
  moves: readonly { readonly demandId: Id<'demandLine'>; readonly units: number }[],
): void {
  tx.send({
    name: 'orders.deliver_pending_units',
    text: `update orders.demand_line as stored
              set pending = pending - moved.units, delivered = delivered + moved.units
             from unnest($1::uuid[], $2::int[]) as moved (id, units)
            where stored.id = moved.id`,
    values: [plainArray(moves.map((move) => move.demandId)), plainArray(moves.map((move) => move.units))],
  })
}

/** Everything not yet handed to a location ends in `cancelled`. */
export function cancelUnits(tx: Tx, orderIds: readonly Id<'order'>[]): void {
  tx.send({
    name: 'orders.cancel_units',
    text: `update orders.demand_line
              set cancelled = cancelled + pending + allocated, pending = 0, allocated = 0
            where order_id = any($1::uuid[])`,
    values: [plainArray(orderIds)],
  })
}

export function extendPayBy(tx: Tx, orderIds: readonly Id<'order'>[], payBy: Instant): void {
  tx.send({
    name: 'orders.extend_pay_by',
    text: `update orders.orders set pay_by = greatest(pay_by, $2)
            where id = any($1::uuid[]) and status = 'awaiting_payment'`,
    values: [plainArray(orderIds), new Date(payBy)],
  })
}

/** Orders whose time to pay is over, oldest first. */
export function readOverdueOrders(source: Queryable, at: Instant, limit: number): Promise<{ id: Id<'order'> }[]> {
  return source.rows({
    name: 'orders.read_overdue',
    text: `select id from orders.orders
            where status = 'awaiting_payment' and greatest(pay_by, expiry_not_before) < $1
            order by greatest(pay_by, expiry_not_before) limit $2`,
    values: [new Date(at), limit],
  })
}

/** Orders that cannot expire yet make room for those that can. */
export function postponeExpiry(tx: Tx, orderIds: readonly Id<'order'>[], until: Instant): void {
  tx.send({
    name: 'orders.postpone_expiry',
    text: 'update orders.orders set expiry_not_before = $2 where id = any($1::uuid[])',
    values: [plainArray(orderIds), new Date(until)],
  })
}
