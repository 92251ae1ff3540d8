import type { Id } from '../../kernel/id.ts'
import { plainArray, type Tx } from '../../platform/db.ts'

/** Locks the orders of demand lines in id order, waiting for whoever holds them. */
export async function lockOrdersOfDemand(tx: Tx, demandIds: readonly string[]): Promise<void> {
  await tx.execute({
    name: 'orders.lock_orders_of_demand',
    text: `select id from orders.orders
            where id in (select order_id from orders.demand_line where id = any($1::uuid[]))
            order by id for update`,
    values: [plainArray(demandIds)],
  })
}

/** @returns the demand lines whose order nobody else holds; it is locked now */
export function lockFreeOrdersOfDemand(tx: Tx, demandIds: readonly string[]): Promise<{ id: Id<'demandLine'> }[]> {
  return tx.rows({
    name: 'orders.lock_free_orders_of_demand',
    text: `with locked as (
             select id from orders.orders
              where id in (select order_id from orders.demand_line where id = any($1::uuid[]))
              order by id for update skip locked)
           select demand_line.id from orders.demand_line join locked on locked.id = demand_line.order_id
            where demand_line.id = any($1::uuid[])`,
    values: [plainArray(demandIds)],
  })
}

export interface PendingAgain {
  readonly order_id: Id<'order'>
  readonly sku: string
  readonly units: number
}

/** Takes allocated units back to pending; the orders are locked. */
export function returnUnits(
  tx: Tx,
  units: readonly { readonly demandId: string; readonly units: number }[],
): Promise<PendingAgain[]> {
  return tx.rows({
    name: 'orders.return_units',
    text: `update orders.demand_line as stored
              set pending = pending + freed.units, allocated = allocated - freed.units
             from unnest($1::uuid[], $2::int[]) as freed (id, units)
            where stored.id = freed.id
           returning stored.order_id, stored.sku, freed.units`,
    values: [plainArray(units.map((each) => each.demandId)), plainArray(units.map((each) => each.units))],
  })
}

/** Which orders demand lines belong to. */
export function readOrdersOfDemand(
  tx: Tx,
  demandIds: readonly string[],
): Promise<{ id: Id<'demandLine'>; order_id: Id<'order'>; sku: string }[]> {
  return tx.rows({
    name: 'orders.read_orders_of_demand',
    text: 'select id, order_id, sku from orders.demand_line where id = any($1::uuid[])',
    values: [plainArray(demandIds)],
  })
}
