import type { Id } from '../../kernel/id.ts'
import type { Instant } from '../../kernel/time.ts'
import { plainArray, type Queryable, type Tx } from '../../platform/db.ts'
import type { CountMeaning, LastCount } from './decide-count.ts'

/** The unfenced, sellable on-hand row of a place: what leaves over the counter comes from it. */
export interface CounterSupply {
  readonly variantId: Id<'variant'>
  readonly locationId: Id<'location'>
  readonly supplyId: bigint
  /** quantity − claimed; safety stock does not keep a buyer from carrying goods out. */
  readonly unclaimed: number
  /** The place's newest count: what left before it was gone when somebody counted. */
  readonly lastCount: LastCount | null
}

interface CounterRow {
  readonly id: bigint
  readonly variant_id: Id<'variant'>
  readonly location_id: Id<'location'>
  readonly unclaimed: number
  readonly counted_at: Instant | null
  readonly meaning: CountMeaning | null
}

export interface Place {
  readonly variantId: Id<'variant'>
  readonly locationId: Id<'location'>
}

/** Under gates that are already locked. */
export async function readCounterSupply(source: Queryable, places: readonly Place[]): Promise<CounterSupply[]> {
  const rows = await source.rows<CounterRow>({
    name: 'inventory.read_counter_supply',
    text: `select id, variant_id, location_id, quantity - claimed as unclaimed, counted_at, meaning
             from unnest($1::uuid[], $2::uuid[]) as place (variant_id, location_id)
             join inventory.supply using (variant_id, location_id)
             left join inventory.count_watermark using (variant_id, location_id, disposition)
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
           returning id, variant_id, location_id, 0 as unclaimed, null::timestamptz as counted_at, null as meaning`,
    values: placeArrays(places),
  })
  return rows.map(counterSupplyOf)
}

function placeArrays(places: readonly Place[]): string[] {
  return [plainArray(places.map((place) => place.variantId)), plainArray(places.map((place) => place.locationId))]
}

function counterSupplyOf(row: CounterRow): CounterSupply {
  const { counted_at: countedAt, meaning } = row
  return {
    variantId: row.variant_id,
    locationId: row.location_id,
    supplyId: row.id,
    unclaimed: row.unclaimed,
    lastCount: countedAt === null || meaning === null ? null : { countedAt, meaning },
  }
}
