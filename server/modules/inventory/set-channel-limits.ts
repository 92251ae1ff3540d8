import { appendAudit } from '../../platform/audit.ts'
import type { Db } from '../../platform/db.ts'
import { findVariants } from '../catalog/index.ts'
import type { Merchant } from '../merchant/index.ts'
import { announceSupplyChange } from './announce.ts'
import { putChannelLimits, readChannelLimits, type ChannelLimit } from './channel-limits.sql.ts'
import { lockGates } from './gates.ts'
import { findChannel, firstRepeated, type EntryRefusal } from './resolve-entries.ts'

export interface ChannelLimitEntry {
  readonly sku: string
  /** By code or id. */
  readonly channel: string
  /** Units on hand and to come that the channel leaves to the others; 0 for none. */
  readonly buffer: number
  /** Units the channel may hold at a time; null is no limit. */
  readonly cap: number | null
}

export interface SetChannelLimits {
  readonly actor: string
  /** At most 1,000; each SKU and channel once. */
  readonly entries: readonly ChannelLimitEntry[]
}

export type SetChannelLimitsRefusal =
  | Extract<EntryRefusal, { readonly code: 'sku_unknown' | 'sku_not_stocked' | 'channel_unknown' }>
  | { readonly code: 'entry_repeated'; readonly path: string }

export type SetChannelLimitsOutcome =
  | { readonly kind: 'set' }
  | { readonly kind: 'refused'; readonly refusal: SetChannelLimitsRefusal }

/**
 * Sets how far channels may sell SKUs, all entries or none. Under the SKUs' gates: an order placed afterwards keeps to
 * it, one placed before keeps what it holds, also where that is more than the new cap.
 */
export async function setChannelLimits(
  { db, merchant }: { readonly db: Db; readonly merchant: Merchant },
  { actor, entries }: SetChannelLimits,
): Promise<SetChannelLimitsOutcome> {
  const [book, variantsBySku] = await Promise.all([
    merchant.currentBook(),
    findVariants(db, [...new Set(entries.map((entry) => entry.sku))]),
  ])
  const limits: ChannelLimit[] = []
  for (const [index, { sku, channel, buffer, cap }] of entries.entries()) {
    const path = `/entries/${index}`
    const variant = variantsBySku.get(sku)
    if (variant === undefined) return refuse({ code: 'sku_unknown', path: `${path}/sku`, sku })
    if (!variant.stocked) return refuse({ code: 'sku_not_stocked', path: `${path}/sku`, sku })
    const channelId = findChannel(book, channel)
    if (channelId === undefined) return refuse({ code: 'channel_unknown', path: `${path}/channel`, channel })
    limits.push({ variantId: variant.id, channelId, buffer, cap })
  }
  const repeated = firstRepeated(limits.map(({ variantId, channelId }) => `${variantId} ${channelId}`))
  if (repeated !== null) return refuse({ code: 'entry_repeated', path: `/entries/${repeated}` })

  await db.inTransaction(async (tx) => {
    const gated = await lockGates(
      tx,
      limits.map(({ variantId }) => variantId),
    )
    const changed = changedFrom(
      await readChannelLimits(
        gated,
        limits.map(({ variantId }) => variantId),
      ),
      limits,
    )
    // Said again: nothing to write, nobody to tell.
    if (changed.length === 0) return
    putChannelLimits(gated, changed)
    announceSupplyChange(
      tx,
      changed.map(({ variantId }) => variantId),
    )
    appendAudit(tx, { actor, action: 'stock.channel_limited', object: 'inventory', detail: { entries } })
  })
  return { kind: 'set' }
}

function changedFrom(stored: readonly ChannelLimit[], told: readonly ChannelLimit[]): ChannelLimit[] {
  const before = new Map(stored.map((limit) => [`${limit.variantId} ${limit.channelId}`, limit]))
  return told.filter(({ variantId, channelId, buffer, cap }) => {
    const current = before.get(`${variantId} ${channelId}`)
    return buffer !== (current?.buffer ?? 0) || cap !== (current?.cap ?? null)
  })
}

function refuse(refusal: SetChannelLimitsRefusal): SetChannelLimitsOutcome {
  return { kind: 'refused', refusal }
}
