import type { Id } from '../../kernel/id.ts'
import { must } from '../../kernel/invariant.ts'
import type { Instant } from '../../kernel/time.ts'
import type { Queryable } from '../../platform/db.ts'
import type { Place } from './counter.sql.ts'
import type { Disposition, SupplyKind } from './inventory.sql.ts'
import {
  listPlaces,
  listPlacesAtLocation,
  listPlacesOfVariant,
  readSellable,
  readSupplyAt,
  type PlaceCursor,
  type SupplyRow,
} from './levels.sql.ts'

/** How a SKU stands at a location, in units. */
export interface Level extends Place {
  /** Sellable goods on the shelf, all channels together. */
  readonly onHand: number
  /** Of these, promised to carts and orders. */
  readonly claimed: number
  /** Of these, kept back. */
  readonly safetyStock: number
  /** What can still be sold of them: never below zero. */
  readonly available: number
  /** The part of `onHand` that only one channel may sell. */
  readonly fenced: readonly { readonly channelId: Id<'channel'>; readonly onHand: number; readonly claimed: number }[]
  /** Goods that are there but not for sale. */
  readonly unsellable: readonly { readonly disposition: Disposition; readonly onHand: number }[]
  readonly inbound: readonly {
    readonly inboundId: Id<'inbound'>
    readonly channelId: Id<'channel'> | null
    readonly eta: Instant
    readonly expected: number
    readonly claimed: number
  }[]
  /** Units that may be sold beyond all goods, and how many are. */
  readonly backorder: {
    readonly limit: number
    readonly used: number
    /** Days from the sale until they are in hand, the longest where channels have limits of their own; null without any. */
    readonly leadDays: number | null
  }
}

/**
 * A page of levels: of one SKU, at one location, of one SKU at one location, or of everything.
 * @returns at most `limit`, and where the next page goes on; null after the last
 */
export async function readLevels(
  source: Queryable,
  {
    variantId,
    locationId,
    after,
    limit,
  }: {
    readonly variantId: Id<'variant'> | null
    readonly locationId: Id<'location'> | null
    readonly after: PlaceCursor
    readonly limit: number
  },
): Promise<{ readonly levels: Level[]; readonly next: PlaceCursor }> {
  const places = await findPlaces(source, { variantId, locationId, after, limit: limit + 1 })
  const page = places.slice(0, limit)
  const rows = Map.groupBy(await readSupplyAt(source, page), (row) => `${row.variantId} ${row.locationId}`)
  const levels = page.map((place) => levelOf(place, rows.get(`${place.variantId} ${place.locationId}`) ?? []))
  return { levels, next: places.length > limit ? must(page.at(-1), 'the last of a full page') : null }
}

function findPlaces(
  source: Queryable,
  { variantId, locationId, after, limit }: Parameters<typeof readLevels>[1],
): Promise<Place[]> | Place[] {
  if (variantId !== null && locationId !== null) return after === null ? [{ variantId, locationId }] : []
  if (variantId !== null) return listPlacesOfVariant(source, variantId, after, limit)
  if (locationId !== null) return listPlacesAtLocation(source, locationId, after, limit)
  return listPlaces(source, after, limit)
}

function levelOf(place: Place, rows: readonly SupplyRow[]): Level {
  const sellable = rows.filter((row) => row.kind === 'on_hand' && row.disposition === 'sellable')
  const unsellable = rows.filter((row) => row.disposition !== 'sellable' && row.quantity > 0)
  const backorders = rows.filter((row) => row.kind === 'backorder')
  return {
    ...place,
    onHand: sumOf(sellable, 'quantity'),
    claimed: sumOf(sellable, 'claimed'),
    safetyStock: sumOf(sellable, 'safetyStock'),
    available: sellable.reduce((sum, row) => sum + availableOf(row), 0),
    fenced: sellable.flatMap(({ channelId, quantity, claimed }) =>
      channelId === null ? [] : [{ channelId, onHand: quantity, claimed }],
    ),
    unsellable: unsellable.map(({ disposition, quantity }) => ({ disposition, onHand: quantity })),
    inbound: rows.flatMap(({ inboundId, channelId, eta, quantity, claimed }) =>
      inboundId === null || eta === null ? [] : [{ inboundId, channelId, eta, expected: quantity, claimed }],
    ),
    backorder: {
      limit: sumOf(backorders, 'quantity'),
      used: sumOf(backorders, 'claimed'),
      leadDays: backorders.length === 0 ? null : Math.max(...backorders.map(({ leadDays }) => leadDays ?? 0)),
    },
  }
}

function sumOf(rows: readonly SupplyRow[], what: 'quantity' | 'claimed' | 'safetyStock'): number {
  return rows.reduce((sum, row) => sum + row[what], 0)
}

function availableOf({ quantity, claimed, safetyStock }: SupplyRow): number {
  return Math.max(0, quantity - claimed - safetyStock)
}

/** One sellable supply row, for caches of what can be promised. */
export interface SupplySummary {
  readonly locationId: Id<'location'>
  readonly kind: SupplyKind
  /** Null: every channel may sell it. */
  readonly channelId: Id<'channel'> | null
  readonly quantity: number
  readonly claimed: number
  readonly safetyStock: number
  readonly eta: Instant | null
  readonly leadDays: number | null
}

/** Everything sellable of SKUs, in one statement; a SKU without any has an empty list. */
export async function readSummaries(
  source: Queryable,
  variantIds: readonly Id<'variant'>[],
): Promise<Map<Id<'variant'>, SupplySummary[]>> {
  const summaries = new Map<Id<'variant'>, SupplySummary[]>(variantIds.map((variantId) => [variantId, []]))
  for (const row of await readSellable(source, variantIds)) {
    const { variantId, locationId, kind, channelId, quantity, claimed, safetyStock, eta, leadDays } = row
    summaries.get(variantId)?.push({ locationId, kind, channelId, quantity, claimed, safetyStock, eta, leadDays })
  }
  return summaries
}
