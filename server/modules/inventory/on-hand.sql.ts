import type { Id } from '../../kernel/id.ts'
import { instantArray, plainArray, type Queryable } from '../../platform/db.ts'
import type { GatedTx } from './gates.ts'
import type { Disposition, StockEntry } from './inventory.sql.ts'

/** What tells on-hand rows apart. */
export interface OnHandKey {
  readonly variantId: Id<'variant'>
  readonly locationId: Id<'location'>
  readonly disposition: Disposition
  readonly channelId: Id<'channel'> | null
}

export interface OnHandRow {
  readonly supplyId: bigint
  readonly quantity: number
  readonly claimed: number
  readonly safetyStock: number
}

/** @returns a row or null for each key, in their order */
export async function readOnHand(source: Queryable, keys: readonly OnHandKey[]): Promise<(OnHandRow | null)[]> {
  const rows = await source.rows<{ id: bigint | null; quantity: number; claimed: number; safety_stock: number }>({
    name: 'inventory.read_on_hand',
    text: `select supply.id, supply.quantity, supply.claimed, supply.safety_stock
             from unnest($1::uuid[], $2::uuid[], $3::text[], $4::uuid[]) with ordinality
                    as key (variant_id, location_id, disposition, channel_id, place)
             left join lateral (
               -- One index look-up a key, also when the planner believes that there is only one such row.
               select * from inventory.supply as stored
                where stored.variant_id = key.variant_id and stored.location_id = key.location_id
                  and stored.disposition = key.disposition and stored.kind = 'on_hand'
                  and stored.channel_id is not distinct from key.channel_id
                limit 1) as supply on true
            order by key.place`,
    values: keyArrays(keys),
  })
  return rows.map((row) =>
    row.id === null
      ? null
      : { supplyId: row.id, quantity: row.quantity, claimed: row.claimed, safetyStock: row.safety_stock },
  )
}

/** Creates empty rows for keys that have none. Under the gates nobody else does. */
export function insertOnHand(tx: GatedTx, keys: readonly OnHandKey[]): void {
  tx.send({
    name: 'inventory.insert_on_hand',
    text: `insert into inventory.supply (variant_id, location_id, disposition, channel_id, kind, quantity)
           select *, 'on_hand', 0 from unnest($1::uuid[], $2::uuid[], $3::text[], $4::uuid[])
           on conflict do nothing`,
    values: keyArrays(keys),
  })
}

function keyArrays(keys: readonly OnHandKey[]): string[] {
  return [
    plainArray(keys.map((key) => key.variantId)),
    plainArray(keys.map((key) => key.locationId)),
    plainArray(keys.map((key) => key.disposition)),
    plainArray(keys.map((key) => key.channelId)),
  ]
}

/** Ledger entries that a person explained. */
export interface NotedEntry extends Omit<StockEntry, 'claimedDelta' | 'claimId'> {
  readonly note: string
}

export function insertNotedEntries(tx: GatedTx, entries: readonly NotedEntry[]): void {
  tx.send({
    name: 'inventory.insert_noted_entries',
    text: `insert into inventory.stock_entry (supply_id, reason, quantity_delta, cause, note, occurred_at)
           select * from unnest($1::bigint[], $2::text[], $3::int[], $4::uuid[], $5::text[], $6::timestamptz[])`,
    values: [
      plainArray(entries.map((entry) => entry.supplyId)),
      plainArray(entries.map((entry) => entry.reason)),
      plainArray(entries.map((entry) => entry.quantityDelta)),
      plainArray(entries.map((entry) => entry.cause)),
      entries.map((entry) => entry.note),
      instantArray(entries.map((entry) => entry.occurredAt)),
    ],
  })
}
