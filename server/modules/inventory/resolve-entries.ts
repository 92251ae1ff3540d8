import { parseId, type Id } from '../../kernel/id.ts'
import { must } from '../../kernel/invariant.ts'
import type { Db, Queryable } from '../../platform/db.ts'
import { readRevisions } from '../../platform/revision.ts'
import { findVariants } from '../catalog/index.ts'
import type { Merchant, MerchantBook } from '../merchant/index.ts'
import { findLocation, type Location, type LocationBook } from './location.ts'

/** A place as people and machines name it; locations and channels by code or id. */
export interface NamedPlace {
  readonly sku: string
  readonly location: string
  readonly channel?: string | undefined
}

export interface ResolvedPlace {
  readonly variantId: Id<'variant'>
  readonly sku: string
  readonly location: Location
  /** Null for stock that every channel may sell. */
  readonly channelId: Id<'channel'> | null
}

/** `path` is a JSON pointer to what is wrong in the request's body. */
export type EntryRefusal =
  | { readonly code: 'sku_unknown'; readonly path: string; readonly sku: string }
  | { readonly code: 'sku_not_stocked'; readonly path: string; readonly sku: string }
  | { readonly code: 'location_unknown'; readonly path: string; readonly location: string }
  | { readonly code: 'channel_unknown'; readonly path: string; readonly channel: string }

export type ResolvedEntries =
  | { readonly kind: 'resolved'; readonly places: readonly ResolvedPlace[] }
  | { readonly kind: 'refused'; readonly refusal: EntryRefusal }

export interface ResolveDeps {
  readonly db: Db
  readonly merchant: Merchant
  readonly locationsAt: (source: Queryable, revision: bigint) => Promise<LocationBook>
}

/**
 * Finds what entries name; the first that names nothing refuses them all.
 *
 * @param only    the locations that the caller may know of, to whom any other is unknown; null for all
 * @param pathOf  the JSON pointer of an entry, by its index
 */
export async function resolveEntries(
  { db, merchant, locationsAt }: ResolveDeps,
  entries: readonly NamedPlace[],
  {
    only = null,
    pathOf = (index) => `/entries/${index}`,
  }: {
    readonly only?: ReadonlySet<Id<'location'>> | null
    readonly pathOf?: (index: number) => string
  } = {},
): Promise<ResolvedEntries> {
  const revisions = await readRevisions(db)
  const [locationBook, merchantBook, variantsBySku] = await Promise.all([
    locationsAt(db, revisions.inventory),
    merchant.bookAt(db, revisions.merchant),
    findVariants(db, [...new Set(entries.map((entry) => entry.sku))]),
  ])
  const places: ResolvedPlace[] = []
  for (const [index, { sku, location: locationName, channel }] of entries.entries()) {
    const path = pathOf(index)
    const location = findLocation(locationBook, locationName)
    if (location === undefined || only?.has(location.id) === false) {
      return refuse({ code: 'location_unknown', path: `${path}/location`, location: locationName })
    }
    const variant = variantsBySku.get(sku)
    if (variant === undefined) return refuse({ code: 'sku_unknown', path: `${path}/sku`, sku })
    if (!variant.stocked) return refuse({ code: 'sku_not_stocked', path: `${path}/sku`, sku })
    const channelId = channel === undefined ? null : findChannel(merchantBook, channel)
    if (channelId === undefined) {
      return refuse({ code: 'channel_unknown', path: `${path}/channel`, channel: must(channel, 'a channel to find') })
    }
    places.push({ variantId: variant.id, sku, location, channelId })
  }
  return { kind: 'resolved', places }
}

function refuse(refusal: EntryRefusal): ResolvedEntries {
  return { kind: 'refused', refusal }
}

/** @param codeOrId  `web` or `chn_01h…` */
export function findChannel(book: MerchantBook, codeOrId: string): Id<'channel'> | undefined {
  const id = parseId('channel', codeOrId)
  return (id === null ? book.channelByCode.get(codeOrId) : book.channelById.get(id))?.id
}

/** The index of the first name that stood before; null when every name stands once. */
export function firstRepeated(names: readonly string[]): number | null {
  const seen = new Set<string>()
  for (const [index, name] of names.entries()) {
    if (seen.has(name)) return index
    seen.add(name)
  }
  return null
}
