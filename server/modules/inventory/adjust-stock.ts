import { must } from '../../kernel/invariant.ts'
import { appendAudit } from '../../platform/audit.ts'
import type { Queryable, Tx } from '../../platform/db.ts'
import { announceShortfalls, announceSupplyChange } from './announce.ts'
import { decideAdjustment, type AdjustmentDecision, type RowAdjustment } from './decide-adjustment.ts'
import { freeParts, unitsOf } from './free-claims.ts'
import type { GatedTx } from './gates.ts'
import { insertStockEntries, moveSupply, type Disposition, type StockEntry } from './inventory.sql.ts'
import { lockForTruth, partsOf, untilLocked, type Excess, type LockMore } from './lock-for-truth.ts'
import {
  insertNotedEntries,
  insertOnHand,
  readOnHand,
  type NotedEntry,
  type OnHandKey,
  type OnHandRow,
} from './on-hand.sql.ts'
import { onceByKey, type Worked } from './once-by-key.ts'
import type { DemandOwner } from './ports.ts'
import {
  resolveEntries,
  type EntryRefusal,
  type NamedPlace,
  type ResolveDeps,
  type ResolvedPlace,
} from './resolve-entries.ts'

export interface Adjustment extends NamedPlace {
  /** Units that came (+) or went (−), not 0. */
  readonly delta: number
  /** A person's own word for it, such as `damaged`. */
  readonly reason: string
  readonly disposition?: Disposition | undefined
}

export interface AdjustStock {
  readonly actor: string
  readonly commandKey: string
  /** At most 1,000: all of them in one short transaction. */
  readonly entries: readonly Adjustment[]
}

/** `path` is a JSON pointer to the entry's member in the request's body. */
export type AdjustStockRefusal =
  | EntryRefusal
  | { readonly code: 'command_key_reused' }
  | { readonly code: 'stock_below_zero'; readonly path: string; readonly onHand: number }
  | { readonly code: 'stock_too_large'; readonly path: string; readonly onHand: number }
  | { readonly code: 'stock_in_work'; readonly path: string; readonly inWork: number }

/** An entry's row as the whole command leaves it. */
export interface AdjustedEntry {
  readonly sku: string
  readonly location: string
  readonly disposition: Disposition
  readonly delta: number
  readonly onHand: number
  readonly claimed: number
  readonly available: number
  /** Units of the row taken away from carts and orders, because they are not there. */
  readonly freedUnits: number
}

export interface StockAdjusted {
  readonly commandKey: string
  readonly entries: readonly AdjustedEntry[]
}

interface Refused {
  readonly kind: 'refused'
  readonly refusal: AdjustStockRefusal
}
export type AdjustStockOutcome = { readonly kind: 'adjusted'; readonly answer: StockAdjusted } | Refused

export interface AdjustStockDeps extends ResolveDeps {
  readonly demand: DemandOwner
}

/**
 * Adds to and takes from stock on hand, all entries or none, once for each key of the caller.
 *
 *   one transaction:  take the key, lock what gives way and the gates, decide, free claims, post, announce
 *
 * Physical truth wins: what is lost is lost, whoever had claimed it. Only goods that a location is working on are not
 * taken from under its hands.
 */
export async function adjustStock(deps: AdjustStockDeps, command: AdjustStock): Promise<AdjustStockOutcome> {
  const { actor, commandKey, entries } = command
  const resolved = await resolveEntries(deps, entries)
  if (resolved.kind === 'refused') return resolved
  const adjusting = adjustedRows(entries, resolved.places)
  const keyed = { source: actor, key: commandKey, content: { adjust: contentOf(adjusting) } }

  return untilLocked(deps.db, async (tx, lockFirst): Promise<AdjustStockOutcome | LockMore> => {
    const once = await onceByKey(tx, keyed, (commandId) =>
      adjust(tx, deps.demand, { ...adjusting, actor, commandKey, commandId, lockFirst }),
    )
    switch (once.kind) {
      case 'answered':
        return { kind: 'adjusted', answer: once.answer }
      case 'dropped':
        return once.outcome
      case 'key_reused':
        return { kind: 'refused', refusal: { code: 'command_key_reused' } }
    }
  })
}

interface PlacedEntry extends RowAdjustment {
  readonly reason: string
}

/** The rows that entries change, each once, and the entries by their row. */
interface AdjustedRows {
  readonly rows: readonly (OnHandKey & ResolvedPlace)[]
  readonly entries: readonly PlacedEntry[]
}

function adjustedRows(adjustments: readonly Adjustment[], places: readonly ResolvedPlace[]): AdjustedRows {
  const rows: (OnHandKey & ResolvedPlace)[] = []
  const rowByName = new Map<string, number>()
  const entries = adjustments.map(({ delta, reason, disposition = 'sellable' }, index): PlacedEntry => {
    const place = must(places[index], 'a place for every entry')
    const { variantId, channelId, location } = place
    const name = `${variantId} ${location.id} ${disposition} ${channelId ?? 'all'}`
    const row = rowByName.get(name) ?? rows.push({ ...place, locationId: location.id, disposition }) - 1
    rowByName.set(name, row)
    return { row, delta, reason }
  })
  return { rows, entries }
}

/** What makes two commands the same: the same changes to the same rows, however the places were named. */
function contentOf({ rows, entries }: AdjustedRows) {
  return entries.map(({ row, delta, reason }) => {
    const { variantId, locationId, disposition, channelId } = must(rows[row], 'the row of an entry')
    return [variantId, locationId, disposition, channelId, delta, reason]
  })
}

interface RunningAdjustment extends AdjustedRows {
  readonly actor: string
  readonly commandKey: string
  readonly commandId: string
  readonly lockFirst: ReadonlySet<string>
}

async function adjust(
  tx: Tx,
  demand: DemandOwner,
  { rows, entries, actor, commandKey, commandId, lockFirst }: RunningAdjustment,
): Promise<Worked<StockAdjusted, Refused | LockMore>> {
  const variantIds = rows.map((row) => row.variantId)
  const truth = await lockForTruth(tx, { demand, variantIds, lockFirst }, (source) => decide(source, rows, entries))
  if (truth.kind === 'lock_more') return { kind: 'drop', outcome: truth }
  const { gated, freeings } = truth
  const { stored, decision } = truth.decided
  if (decision.kind === 'refused') {
    const { code, entry, onHand } = decision
    return drop({ code, path: `/entries/${entry}/delta`, onHand })
  }
  for (const [row, freeing] of freeings.entries()) {
    if (freeing.kind === 'freed') continue
    const entry = entries.findIndex((each) => each.row === row && each.delta < 0)
    const inWork = (stored[row]?.claimed ?? 0) - freeing.freeableUnits
    return drop({ code: 'stock_in_work', path: `/entries/${entry}/delta`, inWork })
  }

  // From here on the command is carried out.
  const parts = freeings.flatMap(partsOf)
  const freed = await freeParts(gated, demand, { parts, cause: commandId })
  await postAdjusted(gated, { rows, entries }, { stored, freed, commandId })
  announceSupplyChange(tx, variantIds)
  announceShortfalls(
    tx,
    rows.map(({ variantId, sku, location }, row) => ({
      variantId,
      sku,
      location,
      freedUnits: unitsOf(freeings[row]),
    })),
  )
  const detail = { commandId, entries: entries.length, freedUnits: parts.reduce((sum, part) => sum + part.units, 0) }
  appendAudit(tx, { actor, action: 'stock.adjusted', object: commandKey, detail })
  const answer = entries.map(({ row, delta }): AdjustedEntry => {
    const { sku, location, disposition } = must(rows[row], 'the row of an entry')
    const onHand = must(decision.rows[row], 'a decision for every row').quantity
    const freedUnits = unitsOf(freeings[row])
    const claimed = (stored[row]?.claimed ?? 0) - freedUnits
    const available = Math.max(0, onHand - claimed - (stored[row]?.safetyStock ?? 0))
    return { sku, location: location.code, disposition, delta, onHand, claimed, available, freedUnits }
  })
  return { kind: 'keep', answer: { commandKey, entries: answer } }
}

/** Posts what was freed and what came and went, each row once. */
async function postAdjusted(
  tx: GatedTx,
  { rows, entries }: AdjustedRows,
  {
    stored,
    freed,
    commandId,
  }: {
    readonly stored: readonly (OnHandRow | null)[]
    readonly freed: readonly StockEntry[]
    readonly commandId: string
  },
): Promise<void> {
  const missing = rows.filter((_, row) => stored[row] === null)
  if (missing.length > 0) insertOnHand(tx, missing)
  const present = missing.length > 0 ? await readOnHand(tx, rows) : stored
  const adjusted = entries.map(({ row, delta, reason }): NotedEntry => ({
    supplyId: must(present[row], 'a row that is there by now').supplyId,
    reason: 'adjusted',
    quantityDelta: delta,
    note: reason,
    cause: commandId,
    occurredAt: tx.at,
  }))
  moveSupply(tx, [...freed, ...adjusted.map((entry) => ({ ...entry, claimedDelta: 0 }))])
  if (freed.length > 0) insertStockEntries(tx, freed)
  insertNotedEntries(tx, adjusted)
}

async function decide(
  source: Queryable,
  rows: readonly OnHandKey[],
  entries: readonly RowAdjustment[],
): Promise<{ stored: (OnHandRow | null)[]; decision: AdjustmentDecision; excesses: Excess[] }> {
  const stored = await readOnHand(source, rows)
  const decision = decideAdjustment(
    stored.map((row) => row ?? { quantity: 0, claimed: 0 }),
    entries,
  )
  const excesses =
    decision.kind === 'refused'
      ? []
      : decision.rows.map(({ excess }, index) => {
          const supplyId = stored[index]?.supplyId
          return { supplyIds: supplyId === undefined ? [] : [supplyId], units: excess }
        })
  return { stored, decision, excesses }
}

function drop(refusal: AdjustStockRefusal): Worked<StockAdjusted, Refused> {
  return { kind: 'drop', outcome: { kind: 'refused', refusal } }
}
