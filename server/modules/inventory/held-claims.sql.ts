import type { Id } from '../../kernel/id.ts'
import type { Instant } from '../../kernel/time.ts'
import { instantArray, plainArray, type Queryable } from '../../platform/db.ts'
import type { GatedTx } from './gates.ts'
import type { ClaimStage, FreeSupply } from './inventory.sql.ts'

/** A claim that a cart holds, with the row it stands on. */
export interface HeldClaim {
  readonly claimId: Id<'claim'>
  readonly lineId: Id<'cartLine'>
  readonly supply: Omit<FreeSupply, 'free'>
  readonly units: number
}

/** Live claims of cart lines; they stay so while the gates of their SKUs are locked. */
export async function readHeldClaims(source: Queryable, lineIds: readonly Id<'cartLine'>[]): Promise<HeldClaim[]> {
  const rows = await source.rows<{
    id: Id<'claim'>
    demand_id: Id<'cartLine'>
    quantity: number
    supply_id: bigint
    variant_id: Id<'variant'>
    location_id: Id<'location'>
    kind: FreeSupply['kind']
    channel_id: Id<'channel'> | null
    eta: Instant | null
    lead_days: number | null
  }>({
    name: 'inventory.read_held_claims',
    text: `select claim.id, claim.demand_id, claim.quantity, supply.id as supply_id, supply.variant_id,
                  supply.location_id, supply.kind, supply.channel_id, supply.eta,
                  supply.lead_days
             from inventory.claim join inventory.supply on supply.id = claim.supply_id
            where claim.demand_id = any($1::uuid[]) and claim.demand_kind = 'cart_line' and claim.stage = 'reserved'
            order by claim.id`,
    values: [plainArray(lineIds)],
  })
  return rows.map((row) => ({
    claimId: row.id,
    lineId: row.demand_id,
    units: row.quantity,
    supply: {
      supplyId: row.supply_id,
      variantId: row.variant_id,
      locationId: row.location_id,
      kind: row.kind,
      channelId: row.channel_id,
      eta: row.eta,
      leadDays: row.lead_days,
    },
  }))
}

/** What a cart's claim becomes when the cart is ordered. */
export interface ConvertedClaim {
  readonly claimId: Id<'claim'>
  readonly demandId: Id<'demandLine'>
  readonly decisionId: Id<'decision'>
  readonly stage: Extract<ClaimStage, 'reserved' | 'allocated'>
  readonly reservedUntil: Instant | null
  readonly promisedBy: Instant | null
}

/**
 * Makes claims of carts those of orders: the same rows, for another demand. Supply and ledger are not touched, the
 * units were claimed all along.
 * @returns how many were still there; a caller with the gates finds all that it read
 */
export function convertClaims(tx: GatedTx, claims: readonly ConvertedClaim[]): Promise<number> {
  return tx.execute({
    name: 'inventory.convert_claims',
    text: `update inventory.claim
              set demand_kind = 'demand_line', demand_id = fresh.demand_id, decision_id = fresh.decision_id,
                  stage = fresh.stage, reserved_until = fresh.reserved_until, promised_by = fresh.promised_by,
                  accepted_at = case when fresh.stage <> 'reserved' then $7::timestamptz end
             from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::timestamptz[], $6::timestamptz[])
                    as fresh (id, demand_id, decision_id, stage, reserved_until, promised_by)
            where claim.id = fresh.id and claim.demand_kind = 'cart_line' and claim.stage = 'reserved'`,
    values: [
      plainArray(claims.map((claim) => claim.claimId)),
      plainArray(claims.map((claim) => claim.demandId)),
      plainArray(claims.map((claim) => claim.decisionId)),
      plainArray(claims.map((claim) => claim.stage)),
      instantArray(claims.map((claim) => claim.reservedUntil)),
      instantArray(claims.map((claim) => claim.promisedBy)),
      new Date(tx.at),
    ],
  })
}

/** Ends claims of carts; the caller writes their ledger. @returns how many were still there */
export function endHeldClaims(tx: GatedTx, claimIds: readonly Id<'claim'>[]): Promise<number> {
  return tx.execute({
    name: 'inventory.end_held_claims',
    text: `update inventory.claim set stage = 'freed'
            where id = any($1::uuid[]) and demand_kind = 'cart_line' and stage = 'reserved'`,
    values: [plainArray(claimIds)],
  })
}
