import type { Id } from '../../kernel/id.ts'
import type { Instant } from '../../kernel/time.ts'
import { plainArray, type Queryable } from '../../platform/db.ts'
import type { Place } from './counter.sql.ts'
import type { DemandKind, Disposition, SupplyKind } from './inventory.sql.ts'

/** Where the page before ended; null for the first page. */
export type PlaceCursor = Place | null

interface PlaceRow {
  readonly variant_id: Id<'variant'>
  readonly location_id: Id<'location'>
}

const FIRST = '00000000-0000-0000-0000-000000000000'

/** Places that have supply rows, in the order of SKU ids, then of location ids. */
export async function listPlaces(source: Queryable, after: PlaceCursor, limit: number): Promise<Place[]> {
  const rows = await source.rows<PlaceRow>({
    name: 'inventory.list_places',
    text: `select distinct variant_id, location_id from inventory.supply
            where (variant_id, location_id) > ($1, $2)
            order by variant_id, location_id limit $3`,
    values: [after?.variantId ?? FIRST, after?.locationId ?? FIRST, limit],
  })
  return rows.map(placeOf)
}

/** Places of one SKU, in the order of location ids. */
export async function listPlacesOfVariant(
  source: Queryable,
  variantId: Id<'variant'>,
  after: PlaceCursor,
  limit: number,
): Promise<Place[]> {
  const rows = await source.rows<PlaceRow>({
    name: 'inventory.list_places_of_variant',
    text: `select distinct variant_id, location_id from inventory.supply
            where variant_id = $1 and location_id > $2
            order by location_id limit $3`,
    values: [variantId, after?.locationId ?? FIRST, limit],
  })
  return rows.map(placeOf)
}

/** Places at one location, in the order of SKU ids. */
export async function listPlacesAtLocation(
  source: Queryable,
  locationId: Id<'location'>,
  after: PlaceCursor,
  limit: number,
): Promise<Place[]> {
  const rows = await source.rows<PlaceRow>({
    name: 'inventory.list_places_at_location',
    text: `select distinct variant_id, location_id from inventory.supply
            where location_id = $1 and variant_id > $2
            order by variant_id limit $3`,
    values: [locationId, after?.variantId ?? FIRST, limit],
  })
  return rows.map(placeOf)
}

function placeOf(row: PlaceRow): Place {
  return { variantId: row.variant_id, locationId: row.location_id }
}

export interface SupplyRow {
  readonly variantId: Id<'variant'>
  readonly locationId: Id<'location'>
  readonly kind: SupplyKind
  readonly disposition: Disposition
  readonly channelId: Id<'channel'> | null
  readonly inboundId: Id<'inbound'> | null
  readonly eta: Instant | null
  readonly leadDays: number | null
  readonly quantity: number
  readonly claimed: number
  readonly safetyStock: number
}

interface StoredSupply {
  readonly variant_id: Id<'variant'>
  readonly location_id: Id<'location'>
  readonly kind: SupplyKind
  readonly disposition: Disposition
  readonly channel_id: Id<'channel'> | null
  readonly source_ref: Id<'inbound'> | null
  readonly eta: Instant | null
  readonly lead_days: number | null
  readonly quantity: number
  readonly claimed: number
  readonly safety_stock: number
}

/** Every supply row of places, finished inbounds aside, in the order in which they came to be. */
export async function readSupplyAt(source: Queryable, places: readonly Place[]): Promise<SupplyRow[]> {
  const rows = await source.rows<StoredSupply>({
    name: 'inventory.read_supply_at',
    text: `select supply.variant_id, supply.location_id, kind, disposition, channel_id, source_ref, eta, lead_days, quantity,
                  claimed, safety_stock
             from unnest($1::uuid[], $2::uuid[]) as place (variant_id, location_id)
             join inventory.supply using (variant_id, location_id)
            where kind <> 'inbound' or quantity > 0
            order by supply.id`,
    values: [plainArray(places.map((place) => place.variantId)), plainArray(places.map((place) => place.locationId))],
  })
  return rows.map(supplyRowOf)
}

/** Every sellable row of SKUs that has units, free or not. */
export async function readSellable(source: Queryable, variantIds: readonly Id<'variant'>[]): Promise<SupplyRow[]> {
  const rows = await source.rows<StoredSupply>({
    name: 'inventory.read_sellable',
    text: `select variant_id, location_id, kind, disposition, channel_id, source_ref, eta, lead_days, quantity,
                  claimed, safety_stock
             from inventory.supply
            where variant_id = any($1::uuid[]) and disposition = 'sellable' and quantity > 0`,
    values: [plainArray(variantIds)],
  })
  return rows.map(supplyRowOf)
}

function supplyRowOf(row: StoredSupply): SupplyRow {
  return {
    variantId: row.variant_id,
    locationId: row.location_id,
    kind: row.kind,
    disposition: row.disposition,
    channelId: row.channel_id,
    inboundId: row.source_ref,
    eta: row.eta,
    leadDays: row.lead_days,
    quantity: row.quantity,
    claimed: row.claimed,
    safetyStock: row.safety_stock,
  }
}

/** One line of the ledger of a place. */
export interface LedgerEntry {
  readonly id: bigint
  readonly kind: SupplyKind
  readonly disposition: Disposition
  readonly channelId: Id<'channel'> | null
  readonly reason: string
  readonly note: string | null
  readonly quantityDelta: number
  readonly claimedDelta: number
  readonly claimId: Id<'claim'> | null
  /** What the claim is for. */
  readonly demand: { readonly kind: DemandKind; readonly id: string } | null
  /** The key that its sender gave the command or message that caused it. */
  readonly commandKey: string | null
  /** The reference of the inbound that caused it. */
  readonly inboundReference: string | null
  readonly occurredAt: Instant
  readonly recordedAt: Instant
}

/** Newest first by business time. @param before  where the page before ended, null for the first page */
export async function readLedger(
  source: Queryable,
  { variantId, locationId }: Place,
  {
    before,
    limit,
  }: {
    readonly before: { readonly occurredAt: Instant; readonly id: bigint } | null
    readonly limit: number
  },
): Promise<LedgerEntry[]> {
  const rows = await source.rows<{
    id: bigint
    kind: SupplyKind
    disposition: Disposition
    channel_id: Id<'channel'> | null
    reason: string
    note: string | null
    quantity_delta: number
    claimed_delta: number
    claim_id: Id<'claim'> | null
    demand_kind: DemandKind | null
    demand_id: string | null
    command_key: string | null
    inbound_reference: string | null
    occurred_at: Instant
    recorded_at: Instant
  }>({
    name: 'inventory.read_ledger',
    text: `select entry.id, supply.kind, supply.disposition, supply.channel_id, entry.reason, entry.note,
                  entry.quantity_delta, entry.claimed_delta, entry.claim_id, claim.demand_kind, claim.demand_id,
                  command.key as command_key, inbound.reference as inbound_reference, entry.occurred_at,
                  entry.recorded_at
             from inventory.supply
             cross join lateral (
               select * from inventory.stock_entry
                where stock_entry.supply_id = supply.id
                  and (stock_entry.occurred_at, stock_entry.id) < ($3::timestamptz, $4::bigint)
                order by stock_entry.occurred_at desc, stock_entry.id desc limit $5) as entry
             left join inventory.claim on claim.id = entry.claim_id
             left join inventory.command on command.id = entry.cause
             left join inventory.inbound on inbound.id = entry.cause
            where supply.variant_id = $1 and supply.location_id = $2
            order by entry.occurred_at desc, entry.id desc limit $5`,
    values: [
      variantId,
      locationId,
      before === null ? 'infinity' : new Date(before.occurredAt),
      before?.id ?? 0n,
      limit,
    ],
  })
  return rows.map((row) => ({
    id: row.id,
    kind: row.kind,
    disposition: row.disposition,
    channelId: row.channel_id,
    reason: row.reason,
    note: row.note,
    quantityDelta: row.quantity_delta,
    claimedDelta: row.claimed_delta,
    claimId: row.claim_id,
    demand: row.demand_kind === null || row.demand_id === null ? null : { kind: row.demand_kind, id: row.demand_id },
    commandKey: row.command_key,
    inboundReference: row.inbound_reference,
    occurredAt: row.occurred_at,
    recordedAt: row.recorded_at,
  }))
}
