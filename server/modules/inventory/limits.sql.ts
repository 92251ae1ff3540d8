import type { Id } from '../../kernel/id.ts'
import { plainArray, type Queryable } from '../../platform/db.ts'
import type { GatedTx } from './gates.ts'

/** A backorder row; its quantity is its limit. */
export interface BackorderKey {
  readonly variantId: Id<'variant'>
  readonly locationId: Id<'location'>
  readonly channelId: Id<'channel'> | null
}

export interface BackorderRow {
  readonly supplyId: bigint
  readonly quantity: number
  readonly claimed: number
  readonly leadDays: number
}

/** @returns a row or null for each key, in their order */
export async function readBackorders(
  source: Queryable,
  keys: readonly BackorderKey[],
): Promise<(BackorderRow | null)[]> {
  const rows = await source.rows<{ id: bigint | null; quantity: number; claimed: number; lead_days: number }>({
    name: 'inventory.read_backorders',
    text: `select supply.id, supply.quantity, supply.claimed, supply.lead_days
             from unnest($1::uuid[], $2::uuid[], $3::uuid[]) with ordinality
                    as key (variant_id, location_id, channel_id, place)
             left join lateral (
               -- One index look-up a key, also when the planner believes that there is only one such row.
               select * from inventory.supply as stored
                where stored.variant_id = key.variant_id and stored.location_id = key.location_id
                  and stored.kind = 'backorder' and stored.channel_id is not distinct from key.channel_id
                limit 1) as supply on true
            order by key.place`,
    values: keyArrays(keys),
  })
  return rows.map((row) =>
    row.id === null
      ? null
      : { supplyId: row.id, quantity: row.quantity, claimed: row.claimed, leadDays: row.lead_days },
  )
}

/** Creates rows with limit 0 for keys that have none, and says how long their goods take. Under the gates nobody else does. */
export function putBackorders(tx: GatedTx, keys: readonly (BackorderKey & { readonly leadDays: number })[]): void {
  tx.send({
    name: 'inventory.put_backorders',
    text: `insert into inventory.supply (variant_id, location_id, channel_id, lead_days, kind, quantity)
           select *, 'backorder', 0 from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::smallint[])
           on conflict (variant_id, location_id, channel_id) where kind = 'backorder'
              do update set lead_days = excluded.lead_days`,
    values: [...keyArrays(keys), plainArray(keys.map((key) => key.leadDays))],
  })
}

function keyArrays(keys: readonly BackorderKey[]): string[] {
  return [
    plainArray(keys.map((key) => key.variantId)),
    plainArray(keys.map((key) => key.locationId)),
    plainArray(keys.map((key) => key.channelId)),
  ]
}

/** Not stock but a promise to ourselves, so it is no ledger entry. */
export function updateSafetyStock(
  tx: GatedTx,
  rows: readonly { readonly supplyId: bigint; readonly safetyStock: number }[],
): void {
  tx.send({
    name: 'inventory.update_safety_stock',
    text: `update inventory.supply as supply set safety_stock = told.safety_stock
             from unnest($1::bigint[], $2::int[]) as told (id, safety_stock)
            where supply.id = told.id and supply.safety_stock <> told.safety_stock`,
    values: [plainArray(rows.map((row) => row.supplyId)), plainArray(rows.map((row) => row.safetyStock))],
  })
}
