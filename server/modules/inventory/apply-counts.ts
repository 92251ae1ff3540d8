import { newId } from '../../kernel/id.ts'
import { must } from '../../kernel/invariant.ts'
import type { Instant } from '../../kernel/time.ts'
import { announceShortfalls, announceSupplyChange } from './announce.ts'
import { putQuarantined, putWatermarks, resolveQuarantined, type CountedPlace } from './counts.sql.ts'
import { spreadDifference, type CountedRow, type CountMeaning } from './decide-count.ts'
import { freeParts, unitsOf } from './free-claims.ts'
import type { GatedTx } from './gates.ts'
import { postStock, type StockEntry } from './inventory.sql.ts'
import type { Freeing } from './lock-for-truth.ts'
import { insertOnHand, readOnHand } from './on-hand.sql.ts'
import type { CountDesk, DemandOwner } from './ports.ts'
import type { ResolvedPlace } from './resolve-entries.ts'

export interface CountedEntry extends CountedPlace, ResolvedPlace {
  readonly units: number
}

/** What an entry of a count comes to, under the gates. */
export type JudgedCount = AppliedCount | QuarantinedEntry | IgnoredEntry

export interface AppliedCount {
  readonly kind: 'applied'
  readonly entry: CountedEntry
  /** The place as it was. */
  readonly rows: readonly CountedRow[]
  readonly onHand: number
  readonly freeing: Freeing & { readonly kind: 'freed' }
}

export interface QuarantinedEntry {
  readonly kind: 'quarantined'
  readonly entry: CountedEntry
  readonly onHand: number
  readonly inWork: number
}

export interface IgnoredEntry {
  readonly kind: 'ignored'
  readonly entry: CountedEntry
  readonly lastCountedAt: Instant
}

/** Makes counts true: frees claims without goods, posts the differences, moves the watermarks, tells everybody. */
export async function applyCounts(
  tx: GatedTx,
  { demand, counts }: { readonly demand: DemandOwner; readonly counts: CountDesk },
  applied: readonly AppliedCount[],
  {
    countedAt,
    meaning,
    cause,
  }: {
    readonly countedAt: Instant
    readonly meaning: CountMeaning
    readonly cause: string
  },
): Promise<void> {
  const entries = applied.map(({ entry }) => entry)
  const freed = await freeParts(tx, demand, { parts: applied.flatMap(({ freeing }) => freeing.parts), cause })
  const differences = applied.flatMap(differencesOf)
  const newRows = await createUnfenced(
    tx,
    differences.flatMap(({ entry, supplyId }) => (supplyId === null ? [entry] : [])),
  )
  const counted = differences.map(({ entry, supplyId, units }): StockEntry => ({
    supplyId: supplyId ?? must(newRows.get(entry), 'a row for what was found where nothing was'),
    reason: 'counted',
    quantityDelta: units,
    claimedDelta: 0,
    claimId: null,
    cause,
    occurredAt: countedAt,
  }))
  if (freed.length + counted.length > 0) postStock(tx, [...freed, ...counted])
  putWatermarks(tx, entries, { countedAt, meaning })
  const settledIds = await resolveQuarantined(tx, entries)
  if (settledIds.length > 0) await counts.close(tx, settledIds)

  const isChanged = ({ freeing, rows, onHand }: AppliedCount): boolean =>
    freeing.parts.length > 0 || onHand !== rows.reduce((sum, row) => sum + row.quantity, 0)
  announceSupplyChange(
    tx,
    applied.filter(isChanged).map(({ entry }) => entry.variantId),
  )
  announceShortfalls(
    tx,
    applied.map(({ entry, freeing }) => ({ ...entry, freedUnits: unitsOf(freeing) })),
  )
}

function differencesOf({ entry, rows, onHand, freeing }: AppliedCount) {
  const freedBySupply = new Map<bigint, number>()
  for (const { claim, units } of freeing.parts) {
    freedBySupply.set(claim.supplyId, units + (freedBySupply.get(claim.supplyId) ?? 0))
  }
  const rowsAfter = rows.map((row) => ({ ...row, claimed: row.claimed - (freedBySupply.get(row.supplyId) ?? 0) }))
  return spreadDifference(rowsAfter, onHand).map((difference) => ({ ...difference, entry }))
}

async function createUnfenced(tx: GatedTx, entries: readonly CountedEntry[]): Promise<Map<CountedEntry, bigint>> {
  if (entries.length === 0) return new Map()
  const keys = entries.map((entry) => ({ ...entry, channelId: null }))
  insertOnHand(tx, keys)
  const rows = await readOnHand(tx, keys)
  return new Map(entries.map((entry, index) => [entry, must(rows[index], 'a row that was just made').supplyId]))
}

/** Lays counts aside and before a person. A newer count of a place that still waits takes the older one's place. */
export async function quarantineCounts(
  tx: GatedTx,
  counts: CountDesk,
  quarantined: readonly QuarantinedEntry[],
  message: { readonly source: string; readonly countedAt: Instant },
): Promise<void> {
  const waiting = quarantined.map(({ entry, onHand, inWork }) => ({
    ...entry,
    id: newId<'quarantinedCount'>(),
    counted: entry.units,
    onHand,
    inWork,
  }))
  const ids = await putQuarantined(tx, waiting, message)
  await counts.raise(
    tx,
    waiting.map(({ variantId, sku, location, disposition, counted, onHand, inWork }, index) => ({
      id: must(ids[index], 'an id for every count'),
      variantId,
      sku,
      locationId: location.id,
      location: location.code,
      disposition,
      countedAt: message.countedAt,
      counted,
      onHand,
      inWork,
    })),
  )
}
