import type { Id } from '../../kernel/id.ts'
import { plainArray, type Queryable, type Tx } from '../../platform/db.ts'

/** The unfenced, sellable on-hand row of a place: what leaves over the counter comes from it. */
export interface CounterSupply {
  readonly variantId: Id<'variant'>
  readonly locationId: Id<'location'>
  readonly supplyId: bigint
  /** quantity − claimed; safety stock does not keep a buyer from carrying goods out. */
  readonly unclaimed: number
}

interface CounterRow {
  readonly id: bigint
  readonly variant_id: Id<'variant'>
  readonly location_id: Id<'location'>
  readonly unclaimed: number
}

export interface Place {
  readonly variantId: Id<'variant'>
  readonly locationId: Id<'location'>
}

/** Under gates that are already locked. */
export async function readCounterSupply(source: Queryable, places: readonly Place[]): Promise<CounterSupply[]> {
  const rows = await source.rows<CounterRow>({
    name: 'inventory.read_counter_supply',
    text: `select id, variant_id, location_id, quantity - claimed as unclaimed
             from unnest($1::uuid[], $2::uuid[]) as place (variant_id, location_id)
             join inventory.supply using (variant_id, location_id)
            where kind = 'on_hand' and disposition = 'sellable' and channel_id is null`,
    values: placeArrays(places),
  })
  return rows.map(counterSupplyOf)
}

/** Creates the rows of places that never held a SKU, empty. */
export async function insertCounterSupply(tx: Tx, places: readonly Place[]): Promise<CounterSupply[]> {
  const rows = await tx.rows<CounterRow>({
    name: 'inventory.insert_counter_supply',
    text: `insert into inventory.supply (variant_id, location_id, kind, quantity)
           select *, 'on_hand', 0 from unnest($1::uuid[], $2::uuid[])
           returning id, variant_id, location_id, 0 as unclaimed`,
    values: placeArrays(places),
  })
  return rows.map(counterSupplyOf)
}

function placeArrays(places: readonly Place[]): string[] {
  return [plainArray(places.map((place) => place.variantId)), plainArray(places.map((place) => place.locationId))]
}

function counterSupplyOf(row: CounterRow): CounterSupply {
  return { variantId: row.variant_id, locationId: row.location_id, supplyId: row.id, unclaimed: row.unclaimed }
}
