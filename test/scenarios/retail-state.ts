import { query } from '../support/server.ts'

/** What an import leaves in a database, without what differs each time: ids, order numbers, wall time. */
export type RetailState = Readonly<Record<string, readonly object[]>>

/** Orders by their number in the file, lines by their place in it, goods by SKU: equal when two imports came to the same. */
export async function readRetailState(url: string): Promise<RetailState> {
  const state: Record<string, readonly object[]> = {}
  for (const [name, sql] of Object.entries(sections)) state[name] = await query(url, sql)
  return state
}

const sections = {
  runs: `select kind, status, books from integrations.import_run order by file_hash`,
  lines: `select line, raw, line.reference, amount_thousandths, outcome, reason, detail,
                 orders.reference as order_reference
            from integrations.import_line as line left join orders.orders on orders.id = order_id
           order by run_id, line`,
  orders: `select channel.code as channel, orders.reference, fingerprint, status, grouped.method, orders.currency,
                  items_minor, delivery_minor, orders.tax_minor, total_minor, payment_terms, placed_at, orders.version,
                  customer.reference as customer
             from orders.orders
             join orders.delivery_group as grouped on grouped.order_id = orders.id
             join merchant.channel on channel.id = orders.channel_id
             left join integrations.known_customer as customer on customer.person_id = orders.person_id
            order by orders.reference`,
  orderLines: `select reference, position, sku, title, quantity, unit_price_minor, line.total_minor
                 from orders.order_line as line join orders.orders on orders.id = order_id
                order by reference, position`,
  demand: `select reference, line.position, demand.sku, ordered, pending, allocated, delivered
             from orders.demand_line as demand
             join orders.order_line as line on line.id = demand.line_id
             join orders.orders on orders.id = demand.order_id
            order by reference, line.position`,
  charges: `select reference, position, type, amount_minor
              from orders.charge join orders.orders on orders.id = order_id order by reference, position`,
  catalog: `select sku, product.title, handle, product.status, price.amount_minor
              from catalog.variant
              join catalog.product on product.id = product_id
              left join pricing.price on price.variant_id = variant.id
             order by sku`,
  supply: `select sku, location.code as location, supply.kind, disposition, quantity, claimed
             from inventory.supply
             join catalog.variant on variant.id = variant_id
             join inventory.location on location.id = location_id
            order by sku, location`,
  entries: `select sku, reason, note, orders.reference, sum(quantity_delta) as units, count(*) as entries
              from inventory.stock_entry as entry
              join inventory.supply on supply.id = supply_id
              join catalog.variant on variant.id = variant_id
              left join orders.orders on orders.id = entry.cause
             group by sku, reason, note, orders.reference
             order by sku, reason, note, orders.reference`,
  claims: `select sku, stage, count(*) as claims, sum(claim.quantity) as units
             from inventory.claim join inventory.supply on supply.id = supply_id
             join catalog.variant on variant.id = variant_id
            group by sku, stage order by sku`,
  customers: 'select kind, reference from integrations.known_customer order by reference',
  people: 'select kind, count(*) as people from customers.person group by kind',
  orderEvents: `select type, version, count(*) as events from platform.event
                 where aggregate_kind = 'order' group by type, version order by type`,
  exceptions: 'select reason, count(*) as exceptions from exceptions.exception group by reason',
} as const
