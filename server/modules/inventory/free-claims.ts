import { announceSupplyChange } from './announce.ts'
import { endClaimParts } from './claims.sql.ts'
import type { GatedTx } from './gates.ts'
import { endClaims, postStock, type ClaimStage, type EndedClaim, type StockEntry } from './inventory.sql.ts'
import type { Freeing } from './lock-for-truth.ts'
import type { ClaimPart, FreeableClaim } from './plan-freeing.ts'
import type { DemandOwner, FreedDemand } from './ports.ts'

/**
 * Takes claims away from demand whose owners are locked, and gives the units back to them.
 * @returns the ledger entries, for the caller to post together with what made the claims too many
 */
export async function freeParts(
  tx: GatedTx,
  demand: DemandOwner,
  { parts, cause }: { readonly parts: readonly ClaimPart<FreeableClaim>[]; readonly cause: string | null },
): Promise<StockEntry[]> {
  if (parts.length === 0) return []
  await endClaimParts(tx, parts, 'freed')
  await demand.unitsFreed(tx, sumByDemand(parts))
  return parts.map(({ claim, units }) => ({
    supplyId: claim.supplyId,
    reason: 'freed',
    quantityDelta: 0,
    claimedDelta: -units,
    claimId: claim.claimId,
    cause,
    occurredAt: tx.at,
  }))
}

/** Units that a freeing gives back. */
export function unitsOf(freeing: Freeing | undefined): number {
  return freeing?.kind === 'freed' ? freeing.parts.reduce((sum, part) => sum + part.units, 0) : 0
}

function sumByDemand(parts: readonly ClaimPart<FreeableClaim>[]): FreedDemand[] {
  const freed = new Map<string, FreedDemand>()
  for (const { claim, units } of parts) {
    const { demandKind, demandId, stage } = claim
    const key = `${demandId} ${stage}`
    freed.set(key, { demandKind, demandId, stage, units: units + (freed.get(key)?.units ?? 0) })
  }
  return [...freed.values()]
}

/**
 * Frees whole demands, such as those of cancelled orders or expired carts, whose owners the caller has locked and whose
 * SKUs' gates it holds (`readClaimedVariants` names them).
 *
 * @returns the claims that were freed, so that their owner can move the units
 */
export async function freeClaims(
  tx: GatedTx,
  demandIds: readonly string[],
  {
    reason,
    causeOf,
    stages = ['reserved', 'allocated'],
  }: {
    /** One word for the ledger: `cancelled`, `expired`. */
    readonly reason: string
    /** The order, cart or change that gives a demand's units up. */
    readonly causeOf: (demandId: string) => string | null
    /** Which claims may be freed: work that a location has in hand only where it is named. */
    readonly stages?: readonly ClaimStage[]
  },
): Promise<EndedClaim[]> {
  const ended = await endClaims(tx, demandIds, { from: stages, to: 'freed' })
  if (ended.length === 0) return ended
  postStock(
    tx,
    ended.map((claim): StockEntry => ({
      supplyId: claim.supply_id,
      reason,
      quantityDelta: 0,
      claimedDelta: -claim.quantity,
      claimId: claim.id,
      cause: causeOf(claim.demand_id),
      occurredAt: tx.at,
    })),
  )
  announceSupplyChange(
    tx,
    ended.map((claim) => claim.variant_id),
  )
  return ended
}
