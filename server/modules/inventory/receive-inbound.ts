import { formatId, type Id } from '../../kernel/id.ts'
import { invariant, must } from '../../kernel/invariant.ts'
import { formatInstant, type Instant } from '../../kernel/time.ts'
import type { Queryable, Tx } from '../../platform/db.ts'
import { announceInbound } from './announce-inbound.ts'
import { findLines, type ChangeInboundRefusal, type InboundDeps } from './change-inbound.ts'
import { moveClaimParts, movedPart, readFreeableClaims, type MovedPart } from './claims.sql.ts'
import { readLastCounts } from './counts.sql.ts'
import { decideReceipt, type ReceiptDecision } from './decide-receipt.ts'
import { freeParts, unitsOf } from './free-claims.ts'
import type { GatedTx } from './gates.ts'
import { isAllReceived, lineKey, type Inbound, type InboundLine } from './inbound.ts'
import { readInbound, readInboundSupply, updateInbound, type InboundSupply } from './inbound.sql.ts'
import { postStock, type StockEntry } from './inventory.sql.ts'
import { lockForTruth, partsOf, untilLocked, type Excess, type LockMore } from './lock-for-truth.ts'
import { insertOnHand, readOnHand, type OnHandKey } from './on-hand.sql.ts'
import { onceByKey, type Worked } from './once-by-key.ts'
import { planServing } from './plan-freeing.ts'
import { AHEAD_MAX_MS } from './take-counts.ts'

export interface ReceiveInbound {
  readonly actor: string
  readonly commandKey: string
  readonly id: Id<'inbound'>
  /** When the goods came; null for now. A receipt told late does not add what a count has found already. */
  readonly occurredAt: Instant | null
  /** Units that came, by line; lines that are not named got nothing this time. */
  readonly lines: readonly { readonly sku: string; readonly channel?: string | undefined; readonly quantity: number }[]
  /** Nothing more will come: what is missing is short. */
  readonly isComplete: boolean
}

export type ReceiveInboundRefusal =
  | ChangeInboundRefusal
  | { readonly code: 'command_key_reused' }
  | { readonly code: 'occurred_in_future'; readonly path: string; readonly now: string }

/** What one receipt did; kept as the answer to its key. */
export interface InboundReceived {
  readonly commandKey: string
  readonly inboundId: string
  readonly status: Inbound['status']
  readonly lines: readonly {
    readonly sku: string
    /** Units that came. */
    readonly received: number
    /** Units by which the stock on hand rose: 0 when a newer count had found them. */
    readonly onHandGained: number
    /** Units for which orders and carts were waiting. */
    readonly servedUnits: number
    /** Units that orders and carts lost because they will not come. */
    readonly freedUnits: number
  }[]
}

export type ReceiveInboundOutcome =
  | { readonly kind: 'received'; readonly answer: InboundReceived }
  | { readonly kind: 'unknown' }
  | Refused

interface Refused {
  readonly kind: 'refused'
  readonly refusal: ReceiveInboundRefusal
}

/**
 * Turns expected goods into goods on hand, once for each key of the caller. Claims on what came move along, the soonest
 * promise first; claims on what is short are freed.
 *
 *   one transaction:  take the key, lock what gives way and the gates, decide, free, move claims, post, announce
 */
export async function receiveInbound(deps: InboundDeps, command: ReceiveInbound): Promise<ReceiveInboundOutcome> {
  const { actor, commandKey, id, occurredAt, lines, isComplete } = command
  const inbound = await readInbound(deps.db, id)
  if (inbound === undefined) return { kind: 'unknown' }
  const found = await findLines(deps, inbound, lines)
  if (found.kind === 'refused') return found
  const arrivals = lines.map(({ sku, quantity }, index) => ({
    sku,
    key: must(found.keys[index], 'a key'),
    units: quantity,
  }))
  const content = { receive: [id, occurredAt, isComplete, ...arrivals.map(({ key, units }) => [key, units])] }

  return untilLocked(deps.db, async (tx, lockFirst): Promise<ReceiveInboundOutcome | LockMore> => {
    const once = await onceByKey(tx, { source: actor, key: commandKey, content }, () =>
      receive(tx, deps, { ...command, inbound, arrivals, lockFirst }),
    )
    switch (once.kind) {
      case 'answered':
        return { kind: 'received', answer: once.answer }
      case 'dropped':
        return once.outcome
      case 'key_reused':
        return refuse({ code: 'command_key_reused' })
    }
  })
}

interface Arrival {
  readonly sku: string
  /** `lineKey` of the line. */
  readonly key: string
  readonly units: number
}

interface RunningReceipt extends ReceiveInbound {
  readonly inbound: Inbound
  readonly arrivals: readonly Arrival[]
  readonly lockFirst: ReadonlySet<string>
}

async function receive(
  tx: Tx,
  deps: InboundDeps,
  command: RunningReceipt,
): Promise<Worked<InboundReceived, Refused | LockMore>> {
  const { actor, commandKey, arrivals, isComplete, lockFirst } = command
  const told = command.occurredAt ?? tx.at
  if (told > tx.at + AHEAD_MAX_MS) {
    return drop(refuse({ code: 'occurred_in_future', path: '/occurredAt', now: formatInstant(tx.at) }))
  }
  const occurredAt = told < tx.at ? told : tx.at
  const variantIds = [...new Set(command.inbound.lines.map((line) => line.variantId))]
  const truth = await lockForTruth(tx, { demand: deps.demand, variantIds, lockFirst }, (source) =>
    decide(source, command, occurredAt),
  )
  if (truth.kind === 'lock_more') return { kind: 'drop', outcome: truth }
  const { gated, freeings } = truth
  const { current, receipts } = truth.decided
  if (current.status !== 'open') return drop(refuse({ code: 'inbound_not_open', status: current.status }))

  // From here on the receipt is taken.
  invariant(
    freeings.every((freeing) => freeing.kind === 'freed'),
    'nobody picks goods that have not come',
  )
  const cause = { cause: current.id, occurredAt }
  const freed = await freeParts(gated, deps.demand, { parts: freeings.flatMap(partsOf), cause: current.id })
  const arrived = await ensureRows(gated, receipts)
  const moved = await moveServed(gated, arrived)
  const entries = [
    ...freed,
    ...arrived.flatMap((each) => arrivalEntries(each, cause)),
    ...moved.flatMap((part) => moveEntries(part, cause)),
  ]
  if (entries.length > 0) postStock(gated, entries)

  const received = withArrivals(current, arrivals, isComplete)
  updateInbound(gated, received)
  await announceInbound(tx, deps, received, {
    actor,
    done: 'received',
    freed: receipts.map(({ row }, index) => ({ variantId: row.variantId, freedUnits: unitsOf(freeings[index]) })),
  })
  const indexByKey = new Map(receipts.map(({ row }, index) => [lineKey(row), index]))
  const answer: InboundReceived = {
    commandKey,
    inboundId: formatId('inbound', current.id),
    status: received.status,
    lines: arrivals.map(({ sku, key, units }) => {
      const index = must(indexByKey.get(key), 'a receipt for every line')
      const { decision } = must(receipts[index], 'the receipt')
      const { gained, served } = decision
      return { sku, received: units, onHandGained: gained, servedUnits: served, freedUnits: unitsOf(freeings[index]) }
    }),
  }
  return { kind: 'keep', answer }
}

/** What happens to one line of the inbound. */
interface LineReceipt {
  readonly row: InboundSupply
  readonly onHand: OnHandKey
  readonly decision: ReceiptDecision
}

async function decide(
  source: Queryable,
  { id, arrivals, isComplete }: RunningReceipt,
  occurredAt: Instant,
): Promise<{ current: Inbound; receipts: LineReceipt[]; excesses: Excess[] }> {
  const [stored, supply] = await Promise.all([readInbound(source, id), readInboundSupply(source, [id])])
  const current = must(stored, 'an inbound, which is never deleted')
  const unitsByKey = new Map(arrivals.map(({ key, units }) => [key, units]))
  const rows = supply.filter((row) => isComplete || unitsByKey.has(lineKey(row)))
  const keys = rows.map(({ variantId, channelId }): OnHandKey => ({
    variantId,
    locationId: current.locationId,
    disposition: 'sellable',
    channelId,
  }))
  const [onHand, lastCounts] = await Promise.all([readOnHand(source, keys), readLastCounts(source, keys)])
  const receipts = rows.map((row, index): LineReceipt => {
    const last = lastCounts[index] ?? null
    const decision = decideReceipt({
      arrived: unitsByKey.get(lineKey(row)) ?? 0,
      isCounted: last !== null && occurredAt <= last.countedAt,
      isComplete,
      inbound: row,
      onHand: onHand[index] ?? { quantity: 0, claimed: 0 },
    })
    return { row, onHand: must(keys[index], 'a key for every row'), decision }
  })
  const excesses = receipts.map(({ row, decision }) => ({ supplyIds: [row.supplyId], units: decision.excess }))
  return { current, receipts, excesses }
}

interface ArrivedLine extends LineReceipt {
  readonly onHandId: bigint
}

async function ensureRows(tx: GatedTx, receipts: readonly LineReceipt[]): Promise<ArrivedLine[]> {
  if (receipts.length === 0) return []
  const keys = receipts.map((receipt) => receipt.onHand)
  insertOnHand(tx, keys)
  const rows = await readOnHand(tx, keys)
  return receipts.map((receipt, index) => ({
    ...receipt,
    onHandId: must(rows[index], 'a row that was just made').supplyId,
  }))
}

/** Moves the claims that what came is for. Read after the others were freed: what is left of a split claim may move. */
async function moveServed(tx: GatedTx, arrived: readonly ArrivedLine[]): Promise<MovedPart[]> {
  const serving = arrived.filter(({ decision }) => decision.served > 0)
  const claims = await readFreeableClaims(
    tx,
    serving.map(({ row }) => ({ supplyIds: [row.supplyId], claimsMax: row.claimed })),
  )
  const moved = serving.flatMap(({ decision, onHandId }, index) =>
    planServing(claims[index] ?? [], decision.served).map((part) => movedPart(part, onHandId)),
  )
  await moveClaimParts(tx, moved)
  return moved
}

type Cause = Pick<StockEntry, 'cause' | 'occurredAt'>

function arrivalEntries({ row, onHandId, decision }: ArrivedLine, cause: Cause): StockEntry[] {
  const { gained, settled, short } = decision
  const entries = [
    { supplyId: row.supplyId, reason: 'received', quantityDelta: -settled },
    { supplyId: row.supplyId, reason: 'short', quantityDelta: -short },
    { supplyId: onHandId, reason: 'received', quantityDelta: gained },
  ]
  return entries
    .filter((entry) => entry.quantityDelta !== 0)
    .map((entry) => ({ ...entry, ...cause, claimedDelta: 0, claimId: null }))
}

function moveEntries({ claim, units, movedId, toSupplyId }: MovedPart, cause: Cause): StockEntry[] {
  const entry = { ...cause, reason: 'received', quantityDelta: 0 } as const
  return [
    { ...entry, supplyId: claim.supplyId, claimedDelta: -units, claimId: claim.claimId },
    { ...entry, supplyId: toSupplyId, claimedDelta: units, claimId: movedId },
  ]
}

function withArrivals(current: Inbound, arrivals: readonly Arrival[], isComplete: boolean): Inbound {
  const unitsByKey = new Map(arrivals.map(({ key, units }) => [key, units]))
  const lines = current.lines.map((line): InboundLine => ({
    ...line,
    received: line.received + (unitsByKey.get(lineKey(line)) ?? 0),
  }))
  const status = isComplete || isAllReceived(lines) ? 'received' : 'open'
  return { ...current, lines, status, version: current.version + 1 }
}

function drop(outcome: Refused): Worked<InboundReceived, Refused> {
  return { kind: 'drop', outcome }
}

function refuse(refusal: ReceiveInboundRefusal): Refused {
  return { kind: 'refused', refusal }
}
