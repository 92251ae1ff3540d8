import { newId, type Id } from '../../kernel/id.ts'
import { invariant } from '../../kernel/invariant.ts'
import type { Instant } from '../../kernel/time.ts'
import { plainArray, type Queryable } from '../../platform/db.ts'
import type { CountMeaning } from './decide-count.ts'
import type { GatedTx } from './gates.ts'
import type { ClaimStage, DemandKind } from './inventory.sql.ts'
import type { ClaimPart, FreeableClaim } from './plan-freeing.ts'

/** Rows whose claimed units may outnumber their goods, and at most how many of their claims to read. */
export interface ClaimPool {
  readonly supplyIds: readonly bigint[]
  readonly claimsMax: number
}

interface FreeableRow {
  readonly pool: number
  readonly id: Id<'claim'>
  readonly supply_id: bigint
  readonly demand_kind: DemandKind
  readonly demand_id: string
  readonly stage: 'reserved' | 'allocated'
  readonly quantity: number
  readonly promised_by: Instant | null
  readonly reserved_until: Instant | null
}

/**
 * Claims of each pool that are not in work at a location, in the order in which they give way (`byGivingWay`).
 * @returns one list a pool, in the order of the pools, each with at most its `claimsMax` claims
 */
export async function readFreeableClaims(
  source: Queryable,
  pools: readonly ClaimPool[],
): Promise<readonly FreeableClaim[][]> {
  const claims: FreeableClaim[][] = pools.map(() => [])
  const asked = [...pools.entries()].filter(([, { claimsMax, supplyIds }]) => claimsMax > 0 && supplyIds.length > 0)
  if (asked.length === 0) return claims
  const rows = await source.rows<FreeableRow>({
    name: 'inventory.read_freeable_claims',
    text: `select pool.number as pool, claim.id, claim.supply_id, claim.demand_kind, claim.demand_id, claim.stage,
                  claim.quantity, claim.promised_by, claim.reserved_until
             from unnest($1::int[], $2::int[], $3::text[]) as pool (number, claims_max, supply_ids)
             cross join lateral (
               select candidate.*,
                      row_number() over () as place
                 from (select * from inventory.claim
                        where supply_id = any(pool.supply_ids::bigint[]) and live and stage <> 'picked'
                        order by demand_kind = 'cart_line' desc,
                                 case when demand_kind = 'cart_line' then reserved_until end,
                                 case when demand_kind <> 'cart_line' then promised_by end desc nulls first,
                                 demand_kind <> 'cart_line' and stage = 'reserved' desc,
                                 id desc
                        limit pool.claims_max) as candidate) as claim
            order by pool.number, claim.place`,
    values: [
      plainArray(asked.map(([number]) => number)),
      plainArray(asked.map(([, pool]) => pool.claimsMax)),
      asked.map(([, pool]) => plainArray(pool.supplyIds)),
    ],
  })
  for (const row of rows) {
    claims[row.pool]?.push({
      claimId: row.id,
      supplyId: row.supply_id,
      demandKind: row.demand_kind,
      demandId: row.demand_id,
      stage: row.stage,
      units: row.quantity,
      promisedBy: row.promised_by,
      reservedUntil: row.reserved_until,
    })
  }
  return claims
}

/** Enough of a claim to end it, move it, or a part of it: its guard is that it still is what was read. */
export interface PartedClaim {
  readonly claimId: Id<'claim'>
  readonly stage: ClaimStage
  readonly units: number
}

/**
 * Ends claims, or splits the part that ends off and ends that, in one statement. The rest of a split claim stays as it
 * was; the part is a row of its own and ends as it is born. The ledger entry of an ended part names the claim that it
 * was split from: that way every claim's entries add up to the units it still holds.
 *
 * The caller holds the gates and the locks of the demand's owners, so every claim is as it was read under them.
 */
export async function endClaimParts(
  tx: GatedTx,
  parts: readonly ClaimPart<PartedClaim>[],
  end: 'freed' | 'consumed',
): Promise<void> {
  if (parts.length === 0) return
  const [row] = await tx.rows<{ changed: number }>({
    name: 'inventory.end_claim_parts',
    text: `with part as (
             select * from unnest($1::uuid[], $2::text[], $3::int[], $4::int[], $5::uuid[])
                             as part (claim_id, stage, held, units, id)
           ), ended as (
             update inventory.claim set stage = $6
               from part
              where claim.id = part.claim_id and claim.stage = part.stage and claim.quantity = part.held
                and part.units = part.held and claim.live
             returning claim.id
           ), lowered as (
             update inventory.claim set quantity = claim.quantity - part.units
               from part
              where claim.id = part.claim_id and claim.stage = part.stage and claim.quantity = part.held
                and part.units < part.held and claim.live
             returning claim.*, part.id as part_id, part.units
           ), split as (
             insert into inventory.claim
               (id, demand_kind, demand_id, supply_id, channel_id, decision_id, quantity, stage, reserved_until, promised_by,
                accepted_at, split_from)
             select part_id, demand_kind, demand_id, supply_id, channel_id, decision_id, units, $6, reserved_until,
                    promised_by, accepted_at, coalesce(split_from, id)
               from lowered
             returning id
           )
           select (select count(*) from ended)::int + (select count(*) from split)::int as changed`,
    values: [...partArrays(parts), end],
  })
  invariant(row?.changed === parts.length, 'claims do not change under their gates and the locks of their demand')
}

/** A part of a claim on its way to another supply row, with the id it has from then on. */
export interface MovedPart extends ClaimPart<FreeableClaim> {
  readonly toSupplyId: bigint
  /** The claim's own id when it moves whole. */
  readonly movedId: Id<'claim'>
}

export function movedPart(part: ClaimPart<FreeableClaim>, toSupplyId: bigint): MovedPart {
  return { ...part, toSupplyId, movedId: part.units === part.claim.units ? part.claim.claimId : newId<'claim'>() }
}

/** Points live claims, or parts split off them, at other supply rows. The caller writes both ledger entries. */
export async function moveClaimParts(tx: GatedTx, parts: readonly MovedPart[]): Promise<void> {
  if (parts.length === 0) return
  const [row] = await tx.rows<{ changed: number }>({
    name: 'inventory.move_claim_parts',
    text: `with part as (
             select * from unnest($1::uuid[], $2::text[], $3::int[], $4::int[], $5::uuid[], $6::bigint[])
                             as part (claim_id, stage, held, units, id, to_supply_id)
           ), moved as (
             update inventory.claim set supply_id = part.to_supply_id
               from part
              where claim.id = part.claim_id and claim.stage = part.stage and claim.quantity = part.held
                and part.units = part.held and claim.live
             returning claim.id
           ), lowered as (
             update inventory.claim set quantity = claim.quantity - part.units
               from part
              where claim.id = part.claim_id and claim.stage = part.stage and claim.quantity = part.held
                and part.units < part.held and claim.live
             returning claim.*, part.id as part_id, part.units, part.to_supply_id
           ), split as (
             insert into inventory.claim
               (id, demand_kind, demand_id, supply_id, channel_id, decision_id, quantity, stage, reserved_until, promised_by,
                accepted_at, split_from)
             select part_id, demand_kind, demand_id, to_supply_id, channel_id, decision_id, units, stage,
                    reserved_until, promised_by, accepted_at, coalesce(split_from, id)
               from lowered
             returning id
           )
           select (select count(*) from moved)::int + (select count(*) from split)::int as changed`,
    values: [
      ...partArrays(
        parts,
        parts.map((part) => part.movedId),
      ),
      plainArray(parts.map((part) => part.toSupplyId)),
    ],
  })
  invariant(row?.changed === parts.length, 'claims do not change under their gates')
}

function partArrays(
  parts: readonly ClaimPart<PartedClaim>[],
  ids: readonly string[] = parts.map(() => newId<'claim'>()),
): string[] {
  return [
    plainArray(parts.map((part) => part.claim.claimId)),
    plainArray(parts.map((part) => part.claim.stage)),
    plainArray(parts.map((part) => part.claim.units)),
    plainArray(parts.map((part) => part.units)),
    plainArray(ids),
  ]
}

export interface HandOverClaim {
  readonly claimId: Id<'claim'>
  readonly demandId: string
  readonly supplyId: bigint
  readonly variantId: Id<'variant'>
  readonly stage: ClaimStage
  readonly units: number
  readonly acceptedAt: Instant | null
  readonly lastCountedAt: Instant | null
  readonly lastCountMeaning: CountMeaning | null
}

/** Claims of accepted orders on goods that are on hand, those in work first, with the last count of their places. */
export async function readHandOverClaims(
  source: Queryable,
  demandIds: readonly string[],
): Promise<readonly HandOverClaim[]> {
  const rows = await source.rows<{
    id: Id<'claim'>
    demand_id: string
    supply_id: bigint
    variant_id: Id<'variant'>
    stage: ClaimStage
    quantity: number
    accepted_at: Instant | null
    counted_at: Instant | null
    meaning: CountMeaning | null
  }>({
    name: 'inventory.read_hand_over_claims',
    text: `select claim.id, claim.demand_id, claim.supply_id, supply.variant_id, claim.stage, claim.quantity, claim.accepted_at,
                  last.counted_at, last.meaning
             from inventory.claim
             join inventory.supply on supply.id = claim.supply_id and supply.kind = 'on_hand'
             left join inventory.count_watermark as last using (variant_id, location_id, disposition)
            where claim.demand_id = any($1::uuid[]) and claim.live and claim.stage in ('picked', 'allocated')
            order by claim.stage = 'picked' desc, claim.id`,
    values: [plainArray(demandIds)],
  })
  return rows.map((row) => ({
    claimId: row.id,
    demandId: row.demand_id,
    supplyId: row.supply_id,
    variantId: row.variant_id,
    stage: row.stage,
    units: row.quantity,
    acceptedAt: row.accepted_at,
    lastCountedAt: row.counted_at,
    lastCountMeaning: row.meaning,
  }))
}
