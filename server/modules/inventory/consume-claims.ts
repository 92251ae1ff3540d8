import { must } from '../../kernel/invariant.ts'
import type { Instant } from '../../kernel/time.ts'
import { announceSupplyChange } from './announce.ts'
import { endClaimParts, readHandOverClaims, type HandOverClaim } from './claims.sql.ts'
import { unitsLeaving, type LastCount } from './decide-count.ts'
import type { GatedTx } from './gates.ts'
import { postStock, type StockEntry } from './inventory.sql.ts'
import { takeParts, type ClaimPart } from './plan-freeing.ts'

/** Goods of a demand that left a location. */
export interface HandOver {
  readonly demandId: string
  /** All that the demand has claimed on hand when left out. */
  readonly units?: number
  readonly occurredAt: Instant
}

export interface ConsumedDemand {
  readonly demandId: string
  readonly units: number
  /**
   * Units that left though the demand had no claim on goods on hand: they were freed before, or the receipt they came
   * with has not been told yet. The caller books them in as found, or lays them before a person.
   */
  readonly missingUnits: number
}

/**
 * Ends the claims of goods that were handed over, and takes the goods off the books unless a count has done that
 * already (`unitsLeaving`). Claims in work go first; the last one is split when only part of it left.
 *
 * The caller holds the locks of the demand's owners and the gates of its SKUs (`readClaimedVariants` names them).
 *
 * @param handOvers  each demand once
 * @returns          one for each, in their order
 */
export async function consumeClaims(tx: GatedTx, handOvers: readonly HandOver[]): Promise<ConsumedDemand[]> {
  const claims = Map.groupBy(
    await readHandOverClaims(
      tx,
      handOvers.map((handOver) => handOver.demandId),
    ),
    (claim) => claim.demandId,
  )
  const parts: (ClaimPart<HandOverClaim> & { readonly occurredAt: Instant })[] = []
  const consumed = handOvers.map(({ demandId, units, occurredAt }): ConsumedDemand => {
    const held = claims.get(demandId) ?? []
    const heldUnits = held.reduce((sum, claim) => sum + claim.units, 0)
    const takenUnits = Math.min(units ?? heldUnits, heldUnits)
    const taken = must(takeParts(held, takenUnits), 'no more is taken than is held')
    parts.push(...taken.map((part) => ({ ...part, occurredAt })))
    return { demandId, units: takenUnits, missingUnits: (units ?? heldUnits) - takenUnits }
  })
  if (parts.length === 0) return consumed

  await endClaimParts(tx, parts, 'consumed')
  postStock(
    tx,
    parts.map(({ claim, units, occurredAt }): StockEntry => ({
      supplyId: claim.supplyId,
      reason: 'handed_over',
      quantityDelta: 0 - unitsLeaving({ units, occurredAt, acceptedAt: claim.acceptedAt }, lastCountOf(claim)),
      claimedDelta: -units,
      claimId: claim.claimId,
      cause: claim.demandId,
      occurredAt,
    })),
  )
  announceSupplyChange(
    tx,
    parts.map(({ claim }) => claim.variantId),
  )
  return consumed
}

function lastCountOf({ lastCountedAt, lastCountMeaning }: HandOverClaim): LastCount | null {
  if (lastCountedAt === null || lastCountMeaning === null) return null
  return { countedAt: lastCountedAt, meaning: lastCountMeaning }
}
