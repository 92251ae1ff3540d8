import type { Id } from '../../kernel/id.ts'
import { invariant } from '../../kernel/invariant.ts'
import type { Instant } from '../../kernel/time.ts'
import type { DemandKind } from './inventory.sql.ts'

/** A live claim that may have to give way. Claims in work at a location never come here. */
export interface FreeableClaim {
  readonly claimId: Id<'claim'>
  readonly supplyId: bigint
  readonly demandKind: DemandKind
  readonly demandId: string
  readonly stage: 'reserved' | 'allocated'
  readonly units: number
  /** The latest arrival the buyer was promised; null when nothing was promised. */
  readonly promisedBy: Instant | null
  /** Until when a cart or an unpaid order keeps it. */
  readonly reservedUntil: Instant | null
}

/** Units of one claim that are freed, moved or handed over: all of them, or a part that is split off first. */
export interface ClaimPart<Claim> {
  readonly claim: Claim
  readonly units: number
}

/**
 * Chooses the claims that must go when goods turn out not to be there: carts first, then the latest promise, so that
 * whoever was promised the goods soonest keeps them. The last claim chosen is split when only part of it must go.
 *
 * @param units  how many claimed units are too many, ≥ 0
 * @returns      parts that add up to exactly `units`, or null when the claims hold fewer
 */
export function planFreeing<Claim extends FreeableClaim>(
  claims: readonly Claim[],
  units: number,
): ClaimPart<Claim>[] | null {
  return takeParts(claims.toSorted(byGivingWay), units)
}

/**
 * Chooses the claims that goods which have arrived go to: the other way round, the soonest promise first.
 *
 * @param units  how many units find a place, ≥ 0 and at most what the claims hold
 */
export function planServing<Claim extends FreeableClaim>(claims: readonly Claim[], units: number): ClaimPart<Claim>[] {
  const parts = takeParts(
    claims.toSorted((a, b) => byGivingWay(b, a)),
    units,
  )
  invariant(parts !== null, 'no more units are served than are claimed')
  return parts
}

/** Takes whole claims in the order given, and of the last one only what is still wanted. */
export function takeParts<Claim extends { readonly units: number }>(
  claims: readonly Claim[],
  units: number,
): ClaimPart<Claim>[] | null {
  const parts: ClaimPart<Claim>[] = []
  let missingUnits = units
  for (const claim of claims) {
    if (missingUnits === 0) break
    const takenUnits = Math.min(missingUnits, claim.units)
    parts.push({ claim, units: takenUnits })
    missingUnits -= takenUnits
  }
  return missingUnits === 0 ? parts : null
}

/**
 * Who gives way first. `readFreeableClaims` asks for claims in this same order, so that a hot SKU's hundred thousand
 * claims need not travel for one unit.
 *
 * Carts: the one soonest to expire. Then, by what the buyer was told: nothing, or the latest arrival. At the same
 * promise an unpaid order before a paid one, and the younger claim before the older.
 */
export function byGivingWay(a: FreeableClaim, b: FreeableClaim): number {
  const isCart = Number(b.demandKind === 'cart_line') - Number(a.demandKind === 'cart_line')
  if (isCart !== 0) return isCart
  if (a.demandKind === 'cart_line') {
    const expiry = (a.reservedUntil ?? Infinity) - (b.reservedUntil ?? Infinity)
    // Two carts that never expire: ∞ − ∞ is not a number.
    if (expiry < 0 || expiry > 0) return expiry
  } else {
    const promise = (b.promisedBy ?? Infinity) - (a.promisedBy ?? Infinity)
    if (promise < 0 || promise > 0) return promise
    const isUnpaid = Number(b.stage === 'reserved') - Number(a.stage === 'reserved')
    if (isUnpaid !== 0) return isUnpaid
  }
  return a.claimId < b.claimId ? 1 : a.claimId > b.claimId ? -1 : 0
}
