import type { Id } from '../../kernel/id.ts'
import type { Instant } from '../../kernel/time.ts'
import { plainArray, type Queryable } from '../../platform/db.ts'
import type { CountedRow, CountMeaning, LastCount } from './decide-count.ts'
import type { GatedTx } from './gates.ts'
import type { Disposition } from './inventory.sql.ts'

/** Where and in which state goods were counted, over all channels. */
export interface CountedPlace {
  readonly variantId: Id<'variant'>
  readonly locationId: Id<'location'>
  readonly disposition: Disposition
}

export interface PlaceAtCount {
  readonly last: LastCount | null
  readonly rows: readonly CountedRow[]
}

interface PlaceRow {
  readonly place: number
  readonly counted_at: Instant | null
  readonly meaning: CountMeaning | null
  readonly id: bigint | null
  readonly channel_id: Id<'channel'> | null
  readonly quantity: number
  readonly claimed: number
  readonly moved_after: number
}

/**
 * The places' on-hand rows, what the ledger says moved after `countedAt`, and the last count taken.
 * @returns one for each place, in their order
 */
export async function readPlacesAtCount(
  source: Queryable,
  places: readonly CountedPlace[],
  { countedAt, meaning }: { readonly countedAt: Instant; readonly meaning: CountMeaning },
): Promise<PlaceAtCount[]> {
  const stored = await source.rows<PlaceRow>({
    name: 'inventory.read_places_at_count',
    text: `select place.number::int as place, last.counted_at, last.meaning, supply.id, supply.channel_id,
                  supply.quantity, supply.claimed, coalesce(moved.units, 0)::int as moved_after
             from unnest($1::uuid[], $2::uuid[], $3::text[]) with ordinality
                    as place (variant_id, location_id, disposition, number)
             left join lateral (
               -- The limit and the offset keep it one index look-up a place, whatever the planner believes.
               select * from inventory.count_watermark as stored
                where stored.variant_id = place.variant_id and stored.location_id = place.location_id
                  and stored.disposition = place.disposition
                limit 1) as last on true
             left join lateral (
               select * from inventory.supply as stored
                where stored.variant_id = place.variant_id and stored.location_id = place.location_id
                  and stored.disposition = place.disposition and stored.kind = 'on_hand'
               offset 0) as supply on true
             left join lateral (
               select sum(entry.quantity_delta) as units from inventory.stock_entry as entry
                where entry.supply_id = supply.id and entry.occurred_at > $4) as moved on true
            order by place.number, supply.id`,
    values: [...placeArrays(places), new Date(countedAt)],
  })
  const ids = stored.flatMap((row) => row.id ?? [])
  const accepted = meaning === 'sellable' ? await readAcceptedThen(source, ids, countedAt) : new Map<bigint, number>()

  const read: { last: LastCount | null; rows: CountedRow[] }[] = places.map(() => ({ last: null, rows: [] }))
  for (const row of stored) {
    const place = read[row.place - 1]
    if (place === undefined) continue
    if (row.counted_at !== null && row.meaning !== null) {
      place.last = { countedAt: row.counted_at, meaning: row.meaning }
    }
    if (row.id === null) continue
    place.rows.push({
      supplyId: row.id,
      channelId: row.channel_id,
      quantity: row.quantity,
      claimed: row.claimed,
      movedAfter: row.moved_after,
      acceptedThen: accepted.get(row.id) ?? 0,
    })
  }
  return read
}

/**
 * Units of orders accepted by `countedAt` that stood claimed on each row at that time, as the ledger has it: what
 * such claims hold now, with everything undone that happened to them since.
 */
async function readAcceptedThen(
  source: Queryable,
  supplyIds: readonly bigint[],
  countedAt: Instant,
): Promise<Map<bigint, number>> {
  const rows = await source.rows<{ id: bigint; units: number }>({
    name: 'inventory.read_accepted_then',
    text: `select supply.id, (coalesce(held.units, 0) - coalesce(since.units, 0))::int as units
             from unnest($1::bigint[]) as supply (id)
             cross join lateral (
               select sum(claim.quantity) as units from inventory.claim
                where claim.supply_id = supply.id and claim.live and claim.accepted_at <= $2) as held
             cross join lateral (
               select sum(entry.claimed_delta) as units
                 from inventory.stock_entry as entry join inventory.claim on claim.id = entry.claim_id
                where entry.supply_id = supply.id and entry.occurred_at > $2 and entry.claimed_delta <> 0
                  and claim.accepted_at <= $2) as since`,
    values: [plainArray(supplyIds), new Date(countedAt)],
  })
  return new Map(rows.map((row) => [row.id, row.units]))
}

/** @returns the last count taken of each place, or null, in their order */
export async function readLastCounts(
  source: Queryable,
  places: readonly CountedPlace[],
): Promise<(LastCount | null)[]> {
  const rows = await source.rows<{ counted_at: Instant | null; meaning: CountMeaning | null }>({
    name: 'inventory.read_last_counts',
    text: `select last.counted_at, last.meaning
             from unnest($1::uuid[], $2::uuid[], $3::text[]) with ordinality
                    as place (variant_id, location_id, disposition, number)
             left join lateral (
               -- The limit keeps it one index look-up a place, whatever the planner believes.
               select * from inventory.count_watermark as stored
                where stored.variant_id = place.variant_id and stored.location_id = place.location_id
                  and stored.disposition = place.disposition
                limit 1) as last on true
            order by place.number`,
    values: placeArrays(places),
  })
  return rows.map((row) =>
    row.counted_at === null || row.meaning === null ? null : { countedAt: row.counted_at, meaning: row.meaning },
  )
}

/** From now on nothing that happened at these places before `countedAt` changes what is on hand there. */
export function putWatermarks(
  tx: GatedTx,
  places: readonly CountedPlace[],
  { countedAt, meaning }: { readonly countedAt: Instant; readonly meaning: CountMeaning },
): void {
  tx.send({
    name: 'inventory.put_watermarks',
    text: `insert into inventory.count_watermark (variant_id, location_id, disposition, counted_at, meaning)
           select *, $4::timestamptz, $5 from unnest($1::uuid[], $2::uuid[], $3::text[])
           on conflict (variant_id, location_id, disposition) do update
              set counted_at = excluded.counted_at, meaning = excluded.meaning`,
    values: [...placeArrays(places), new Date(countedAt), meaning],
  })
}

/** A count laid aside, and what it would have made of the place. */
export interface NewQuarantine extends CountedPlace {
  readonly id: Id<'quarantinedCount'>
  readonly counted: number
  readonly onHand: number
  readonly inWork: number
}

/** @returns the ids under which they wait, in their order: that of an older count of the place where one waits already */
export async function putQuarantined(
  tx: GatedTx,
  counts: readonly NewQuarantine[],
  { source, countedAt }: { readonly source: string; readonly countedAt: Instant },
): Promise<Id<'quarantinedCount'>[]> {
  const rows = await tx.rows<CountedPlaceRow & { id: Id<'quarantinedCount'> }>({
    name: 'inventory.put_quarantined',
    text: `insert into inventory.quarantined_count
             (id, source, variant_id, location_id, disposition, counted, counted_at, on_hand, in_work)
           select id, $8, variant_id, location_id, disposition, counted, $9::timestamptz, on_hand, in_work
             from unnest($1::uuid[], $2::uuid[], $3::text[], $4::uuid[], $5::int[], $6::int[], $7::int[])
                    as fresh (variant_id, location_id, disposition, id, counted, on_hand, in_work)
           on conflict (variant_id, location_id, disposition) where resolved_at is null do update
              set source = excluded.source, counted = excluded.counted, counted_at = excluded.counted_at,
                  on_hand = excluded.on_hand, in_work = excluded.in_work
           returning id, variant_id, location_id, disposition`,
    values: [
      ...placeArrays(counts),
      plainArray(counts.map((count) => count.id)),
      plainArray(counts.map((count) => count.counted)),
      plainArray(counts.map((count) => count.onHand)),
      plainArray(counts.map((count) => count.inWork)),
      source,
      new Date(countedAt),
    ],
  })
  const idByPlace = new Map(rows.map((row) => [`${row.variant_id} ${row.location_id} ${row.disposition}`, row.id]))
  return counts.map((count) => idByPlace.get(`${count.variantId} ${count.locationId} ${count.disposition}`) ?? count.id)
}

interface CountedPlaceRow {
  readonly variant_id: Id<'variant'>
  readonly location_id: Id<'location'>
  readonly disposition: Disposition
}

/** Ends the quarantine of places that have been counted anew. @returns the counts that waited there */
export async function resolveQuarantined(
  tx: GatedTx,
  places: readonly CountedPlace[],
): Promise<Id<'quarantinedCount'>[]> {
  const rows = await tx.rows<{ id: Id<'quarantinedCount'> }>({
    name: 'inventory.resolve_quarantined',
    text: `update inventory.quarantined_count as waiting set resolved_at = $4
             from unnest($1::uuid[], $2::uuid[], $3::text[]) as place (variant_id, location_id, disposition)
            where waiting.variant_id = place.variant_id and waiting.location_id = place.location_id
              and waiting.disposition = place.disposition and waiting.resolved_at is null
           returning waiting.id`,
    values: [...placeArrays(places), new Date(tx.at)],
  })
  return rows.map((row) => row.id)
}

function placeArrays(places: readonly CountedPlace[]): string[] {
  return [
    plainArray(places.map((place) => place.variantId)),
    plainArray(places.map((place) => place.locationId)),
    plainArray(places.map((place) => place.disposition)),
  ]
}
