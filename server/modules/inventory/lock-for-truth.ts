import type { Id } from '../../kernel/id.ts'
import { BusyError, type Db, type Queryable, type Tx } from '../../platform/db.ts'
import { readFreeableClaims } from './claims.sql.ts'
import { lockGates, type GatedTx } from './gates.ts'
import { planFreeing, type ClaimPart, type FreeableClaim } from './plan-freeing.ts'
import type { DemandOwner } from './ports.ts'

/** Claimed units without goods, often 0, and the rows among whose claims it is chosen who gives way. */
export interface Excess {
  readonly supplyIds: readonly bigint[]
  readonly units: number
}

export type Freeing =
  | { readonly kind: 'freed'; readonly parts: readonly ClaimPart<FreeableClaim>[] }
  /** So much is in work at the location that freeing all there is besides would not do. */
  | { readonly kind: 'in_work'; readonly freeableUnits: number }

/** What is to become true of some supply, as read and decided at one moment. */
export interface Truth {
  readonly excesses: readonly Excess[]
}

export type LockedTruth<Decided extends Truth> =
  | {
      readonly kind: 'locked'
      readonly gated: GatedTx
      readonly decided: Decided
      /** One for each excess, in their order. */
      readonly freeings: readonly Freeing[]
    }
  | LockMore

/** Claims must go whose demand is in other hands: nothing was written, and everything begins again with these locked. */
export interface LockMore {
  readonly kind: 'lock_more'
  readonly demandIds: ReadonlySet<string>
}

/** Read beyond the claims that must go, so that one whose order somebody is working on can be passed over. */
const SPARE_CLAIMS = 50

/**
 * Locks everything that telling the physical truth about SKUs touches: first whoever owns the demand that must give
 * way, then the SKUs' gates, in the house's order.
 *
 * Which demand that is follows from what `decide` reads, so it reads twice: once without locks, to see whom to lock,
 * and once under the gates. On a hot SKU new orders arrive between the two, with the latest promise of all; those are
 * locked as well unless somebody holds them at this very moment, in which case the next claim in line goes instead.
 */
export async function lockForTruth<Decided extends Truth>(
  tx: Tx,
  {
    demand,
    variantIds,
    lockFirst,
  }: {
    readonly demand: DemandOwner
    readonly variantIds: readonly Id<'variant'>[]
    readonly lockFirst: ReadonlySet<string>
  },
  decide: (source: Queryable) => Promise<Decided>,
): Promise<LockedTruth<Decided>> {
  const locked = new Set(lockFirst)
  for (const demandId of await foresee(tx, await decide(tx))) locked.add(demandId)
  if (locked.size > 0) await demand.lockDemand(tx, [...locked])

  const gated = await lockGates(tx, variantIds)
  const decided = await decide(gated)
  const passedOver = new Set<string>()
  for (;;) {
    // Read again after every lock: whoever held an order until now may have settled it, and its claims with it.
    const candidates = await readCandidates(gated, decided.excesses)
    const freeings = decided.excesses.map(({ units }, pool) => chooseFreed(candidates[pool] ?? [], units, passedOver))
    const complete = freeings.filter((freeing) => freeing !== null)
    if (complete.length < freeings.length) return { kind: 'lock_more', demandIds: passedOver }
    const unlocked = demandOf(complete.flatMap(partsOf)).filter((demandId) => !locked.has(demandId))
    if (unlocked.length === 0) return { kind: 'locked', gated, decided, freeings: complete }

    for (const demandId of await demand.lockDemandIfFree(gated, unlocked)) locked.add(demandId)
    for (const demandId of unlocked) if (!locked.has(demandId)) passedOver.add(demandId)
  }
}

/** Null when there would be enough to free, but not without claims that were passed over. */
function chooseFreed(claims: readonly FreeableClaim[], units: number, passedOver: ReadonlySet<string>): Freeing | null {
  const freeableUnits = claims.reduce((sum, claim) => sum + claim.units, 0)
  if (freeableUnits < units) return { kind: 'in_work', freeableUnits }
  const parts = planFreeing(
    claims.filter((claim) => !passedOver.has(claim.demandId)),
    units,
  )
  return parts && { kind: 'freed', parts }
}

async function foresee(tx: Tx, { excesses }: Truth): Promise<string[]> {
  const candidates = await readCandidates(tx, excesses)
  return demandOf(excesses.flatMap(({ units }, pool) => planFreeing(candidates[pool] ?? [], units) ?? []))
}

function readCandidates(source: Queryable, excesses: readonly Excess[]): Promise<readonly FreeableClaim[][]> {
  // Every claim holds at least one unit.
  const pools = excesses.map(({ supplyIds, units }) =>
    units === 0 ? { supplyIds: [], claimsMax: 0 } : { supplyIds, claimsMax: units + SPARE_CLAIMS },
  )
  return readFreeableClaims(source, pools)
}

export function partsOf(freeing: Freeing): readonly ClaimPart<FreeableClaim>[] {
  return freeing.kind === 'freed' ? freeing.parts : []
}

/** The demand to lock. Carts have nothing to lock: whatever changes their claims does it under the gates. */
function demandOf(parts: readonly ClaimPart<FreeableClaim>[]): string[] {
  return [...new Set(parts.flatMap(({ claim }) => (claim.demandKind === 'cart_line' ? [] : [claim.demandId])))]
}

/** Each round locks what the round before could not have; more than a few mean that the SKUs are in uproar. */
const ROUNDS_MAX = 8

/**
 * Runs a transaction that calls `lockForTruth`, again from its beginning for as long as it asks for more locks.
 * @throws BusyError  after eight rounds; nothing was written
 */
export async function untilLocked<Outcome extends { readonly kind: string }>(
  db: Db,
  work: (tx: Tx, lockFirst: ReadonlySet<string>) => Promise<Outcome | LockMore>,
): Promise<Exclude<Outcome, LockMore>> {
  let lockFirst: ReadonlySet<string> = new Set()
  for (let round = 1; round <= ROUNDS_MAX; round++) {
    const outcome = await db.inTransaction((tx) => work(tx, lockFirst))
    if (!isLockMore(outcome)) return outcome as Exclude<Outcome, LockMore>
    lockFirst = new Set([...lockFirst, ...outcome.demandIds])
  }
  throw new BusyError('orders on these SKUs change faster than they can be locked')
}

function isLockMore(outcome: { readonly kind: string }): outcome is LockMore {
  return outcome.kind === 'lock_more'
}
