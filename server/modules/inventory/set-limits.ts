import { newId } from '../../kernel/id.ts'
import { must } from '../../kernel/invariant.ts'
import { appendAudit } from '../../platform/audit.ts'
import { announceSupplyChange } from './announce.ts'
import { lockGates, type GatedTx } from './gates.ts'
import { postStock, type StockEntry } from './inventory.sql.ts'
import { putBackorders, readBackorders, updateSafetyStock, type BackorderKey } from './limits.sql.ts'
import { readOnHand } from './on-hand.sql.ts'
import { ensureOnHand } from './post-found.ts'
import {
  firstRepeated,
  resolveEntries,
  type EntryRefusal,
  type NamedPlace,
  type ResolveDeps,
  type ResolvedPlace,
} from './resolve-entries.ts'

export interface LimitEntry extends NamedPlace {
  /** Units that may be sold beyond all goods, here or to come; 0 for none. What is left out stays. */
  readonly backorderLimit?: number | undefined
  /** Days from a sale until its goods are in hand; what is sold ahead is promised by them. What is left out stays. */
  readonly backorderLeadDays?: number | undefined
  /** Units that stay on the shelf and are not sold; of the unfenced stock, so without a channel. */
  readonly safetyStock?: number | undefined
}

export interface SetLimits {
  readonly actor: string
  /** At most 1,000; each SKU, location and channel once. */
  readonly entries: readonly LimitEntry[]
}

export type SetLimitsRefusal =
  | EntryRefusal
  | { readonly code: 'entry_repeated'; readonly path: string }
  | { readonly code: 'safety_stock_fenced'; readonly path: string }
  | { readonly code: 'backorder_lead_missing'; readonly path: string }
  | { readonly code: 'backorder_limit_below_claims'; readonly path: string; readonly claimed: number }

/** A place's limits as they are now, said or not. */
export interface PlaceLimits {
  readonly backorderLimit: number
  /** Units sold beyond all goods. */
  readonly backorderUsed: number
  /** Null where nothing was ever sold ahead. */
  readonly backorderLeadDays: number | null
  /** Of the unfenced stock; 0 for an entry with a channel. */
  readonly safetyStock: number
}

export type SetLimitsOutcome =
  /** One for each entry, in their order. */
  | { readonly kind: 'set'; readonly limits: readonly PlaceLimits[] }
  | { readonly kind: 'refused'; readonly refusal: SetLimitsRefusal }

/**
 * Sets how far stock may be sold beyond the goods and how much of it is kept back, all entries or none. A backorder
 * limit is the quantity of a supply row of its own, so no code can sell beyond it, and it cannot fall below what is
 * sold. Safety stock may exceed what is there: then nothing is available.
 */
export async function setLimits(deps: ResolveDeps, { actor, entries }: SetLimits): Promise<SetLimitsOutcome> {
  const fenced = entries.findIndex((entry) => entry.safetyStock !== undefined && entry.channel !== undefined)
  if (fenced >= 0) return refuse({ code: 'safety_stock_fenced', path: `/entries/${fenced}/safetyStock` })
  const resolved = await resolveEntries(deps, entries)
  if (resolved.kind === 'refused') return resolved
  const { places } = resolved
  const repeated = firstRepeated(
    places.map((each) => `${each.variantId} ${each.location.id} ${each.channelId ?? 'all'}`),
  )
  if (repeated !== null) return refuse({ code: 'entry_repeated', path: `/entries/${repeated}` })
  const placed = entries.map((entry, index): PlacedLimit => ({
    ...entry,
    ...keyOf(must(places[index], 'a place for every entry')),
    index,
  }))

  return deps.db.inTransaction(async (tx) => {
    const gated = await lockGates(
      tx,
      placed.map((each) => each.variantId),
    )
    const refusal = await setBackorders(
      gated,
      placed.filter((each) => each.backorderLimit !== undefined || each.backorderLeadDays !== undefined),
    )
    if (refusal !== null) return refuse(refusal)
    await setSafetyStock(
      gated,
      placed.filter((each) => each.safetyStock !== undefined),
    )
    announceSupplyChange(
      tx,
      placed.map((each) => each.variantId),
    )
    appendAudit(tx, { actor, action: 'stock.limited', object: 'inventory', detail: { entries } })
    return { kind: 'set', limits: await readLimits(gated, placed) }
  })
}

async function readLimits(tx: GatedTx, placed: readonly PlacedLimit[]): Promise<PlaceLimits[]> {
  const [backorders, onHand] = await Promise.all([
    readBackorders(tx, placed),
    readOnHand(
      tx,
      placed.map((each) => ({ ...each, disposition: 'sellable' })),
    ),
  ])
  return placed.map((_, index) => ({
    backorderLimit: backorders[index]?.quantity ?? 0,
    backorderUsed: backorders[index]?.claimed ?? 0,
    backorderLeadDays: backorders[index]?.leadDays ?? null,
    safetyStock: onHand[index]?.safetyStock ?? 0,
  }))
}

interface PlacedLimit extends LimitEntry, BackorderKey {
  /** Of the entry in the command. */
  readonly index: number
}

function keyOf({ variantId, location, channelId }: ResolvedPlace): BackorderKey {
  return { variantId, locationId: location.id, channelId }
}

/** @returns why the first one cannot be; then nothing was written */
async function setBackorders(tx: GatedTx, placed: readonly PlacedLimit[]): Promise<SetLimitsRefusal | null> {
  const before = await readBackorders(tx, placed)
  const wanted = placed.map((each, index) => ({
    ...each,
    limit: each.backorderLimit ?? before[index]?.quantity ?? 0,
    leadDays: each.backorderLeadDays ?? before[index]?.leadDays ?? null,
  }))
  const undated = wanted.find(({ limit, leadDays }) => limit > 0 && leadDays === null)
  if (undated !== undefined) {
    return { code: 'backorder_lead_missing', path: `/entries/${undated.index}/backorderLeadDays` }
  }
  const broken = wanted.findIndex(({ limit }, index) => limit < (before[index]?.claimed ?? 0))
  if (broken >= 0) {
    const { index } = must(placed[broken], 'the limit that is too low')
    const claimed = before[broken]?.claimed ?? 0
    return { code: 'backorder_limit_below_claims', path: `/entries/${index}/backorderLimit`, claimed }
  }

  const dated = wanted.flatMap(({ leadDays, ...each }) => (leadDays === null ? [] : [{ ...each, leadDays }]))
  if (dated.length > 0) putBackorders(tx, dated)
  const changed = wanted.filter(({ limit }, index) => limit !== (before[index]?.quantity ?? 0))
  if (changed.length === 0) return null
  const rows = await readBackorders(tx, changed)
  const cause = newId()
  postStock(
    tx,
    changed.map(({ limit }, index): StockEntry => {
      const { supplyId, quantity } = must(rows[index], 'a row that was just made')
      return {
        supplyId,
        reason: 'limit_set',
        quantityDelta: limit - quantity,
        claimedDelta: 0,
        claimId: null,
        cause,
        occurredAt: tx.at,
      }
    }),
  )
  return null
}

async function setSafetyStock(tx: GatedTx, placed: readonly PlacedLimit[]): Promise<void> {
  if (placed.length === 0) return
  const supplyIds = await ensureOnHand(tx, placed)
  updateSafetyStock(
    tx,
    placed.map(({ safetyStock = 0 }, index) => ({
      supplyId: must(supplyIds[index], 'a row for every place'),
      safetyStock,
    })),
  )
}

function refuse(refusal: SetLimitsRefusal): SetLimitsOutcome {
  return { kind: 'refused', refusal }
}
