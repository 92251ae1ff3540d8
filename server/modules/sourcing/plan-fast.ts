import type { Id } from '../../kernel/id.ts'
import { must } from '../../kernel/invariant.ts'
import type { Instant } from '../../kernel/time.ts'
import type { Allowance } from '../inventory/index.ts'

/** Units of one SKU that somebody wants; two demands may want the same SKU. */
export interface Demand {
  readonly variantId: Id<'variant'>
  readonly units: number
}

/** Supply that may serve the order: sellable, with something free, under a locked gate. */
export interface PlanSupply {
  readonly supplyId: bigint
  readonly variantId: Id<'variant'>
  readonly locationId: Id<'location'>
  readonly kind: 'on_hand' | 'inbound' | 'backorder'
  readonly channelId: Id<'channel'> | null
  readonly eta: Instant | null
  readonly leadDays: number | null
  /** Units nobody has claimed. The caller lowers it as it gives them away. */
  readonly free: number
}

export interface Allotment {
  /** Index into the demands. */
  readonly demand: number
  readonly supply: PlanSupply
  readonly units: number
}

export interface Shortage {
  readonly variantId: Id<'variant'>
  readonly requested: number
  readonly available: number
}

export type FastPlan =
  | { readonly kind: 'planned'; readonly allotments: readonly Allotment[]; readonly locations: number }
  | { readonly kind: 'short'; readonly shortages: readonly Shortage[]; readonly allotments: readonly Allotment[] }

export interface FastPlanInput {
  readonly demands: readonly Demand[]
  /** Eligible locations, best first. */
  readonly candidates: readonly Id<'location'>[]
  /** By SKU; rows at other locations or ring-fenced for other channels are ignored. */
  readonly supply: ReadonlyMap<Id<'variant'>, readonly PlanSupply[]>
  readonly channelId: Id<'channel'>
  /** What the channel may sell of SKUs that it sells under limits, wherever they are. */
  readonly allowances?: ReadonlyMap<Id<'variant'>, Allowance>
}

/**
 * Decides which locations serve an order while its SKUs' gates are locked, so it must be quick (≤ 50 µs at 50
 * locations): the best-ranked location that has everything; else the best-ranked pair that has everything together;
 * else locations one by one, each time the one that adds most. What is on hand goes first: supply that is still to come
 * is only used when the goods on hand do not fill the order.
 *
 * Fewest locations is exact up to two; beyond, the greedy choice needs at most 1 + ln(units) times the fewest
 * (the bound of greedy set cover, Chvátal 1979). `plan-sources` re-optimises before release, off the write road.
 */
export function planFast(input: FastPlanInput): FastPlan {
  const wanted = sumByVariant(input.demands)
  const onHand = buildGrid(input, wanted, (row) => row.kind === 'on_hand')
  const grid =
    fills(onHand) && isAllowedOnHand(input, wanted)
      ? onHand
      : buildGrid(withinLimits(input, wanted), wanted, () => true)
  if (!fills(grid)) {
    return { kind: 'short', shortages: shortagesOf(grid), allotments: allot(input, grid, [...input.candidates.keys()]) }
  }
  const chosen = chooseOne(grid) ?? choosePair(grid) ?? chooseGreedily(grid)
  return { kind: 'planned', allotments: allot(input, grid, chosen), locations: chosen.length }
}

function isAllowedOnHand({ allowances }: FastPlanInput, wanted: ReadonlyMap<Id<'variant'>, number>): boolean {
  if (allowances === undefined || allowances.size === 0) return true
  for (const [variantId, units] of wanted) if (units > (allowances.get(variantId)?.onHand ?? Infinity)) return false
  return true
}

/**
 * The input without the units that the channel may not sell. Where a limit leaves less than is wanted of the goods on
 * hand, only as many of them remain, those of the best-ranked locations; the same for what comes by each date.
 */
function withinLimits(input: FastPlanInput, wanted: ReadonlyMap<Id<'variant'>, number>): FastPlanInput {
  const { allowances, candidates } = input
  if (allowances === undefined || allowances.size === 0) return input
  const rank = new Map(candidates.map((locationId, index) => [locationId, index]))
  const supply = new Map(input.supply)
  for (const [variantId, units] of wanted) {
    const allowance = allowances.get(variantId)
    const rows = input.supply.get(variantId)
    if (allowance === undefined || rows === undefined) continue
    const usable = rows
      .filter(
        ({ locationId, channelId }) => rank.has(locationId) && (channelId === null || channelId === input.channelId),
      )
      .sort((a, b) => byTier(a, b) || (rank.get(a.locationId) ?? 0) - (rank.get(b.locationId) ?? 0))
    let kept = 0
    supply.set(
      variantId,
      usable.map((row) => {
        const allowed = allowedWith(row, allowance)
        if (allowed >= units) return row
        const free = Math.min(row.free, Math.max(0, allowed - kept))
        kept += free
        return { ...row, free }
      }),
    )
  }
  return { ...input, supply }
}

/** What may be sold in all, of this row and of what is there before it. */
function allowedWith({ kind, eta }: PlanSupply, { onHand, dated, all }: Allowance): number {
  if (kind === 'on_hand') return onHand
  if (kind === 'backorder' || eta === null) return all
  return dated.findLast((step) => step.eta <= eta)?.units ?? onHand
}

function byTier(a: PlanSupply, b: PlanSupply): number {
  return useOrder[a.kind] - useOrder[b.kind] || (a.eta ?? 0) - (b.eta ?? 0) || (a.leadDays ?? 0) - (b.leadDays ?? 0)
}

interface Grid {
  readonly variantIds: readonly Id<'variant'>[]
  /** Floats hold every sum of units exactly; in 32 bits a sum beyond 2³¹ would wrap, and look as if it were there. */
  readonly wanted: Float64Array
  readonly locations: number
  /** Free units, row by row: variant × candidate. */
  readonly free: Float64Array
  /** Usable rows by variant, in the order they are to be consumed. */
  readonly rows: readonly (readonly PlanSupply[])[]
  readonly rank: ReadonlyMap<Id<'location'>, number>
}

function sumByVariant(demands: readonly Demand[]): Map<Id<'variant'>, number> {
  const units = new Map<Id<'variant'>, number>()
  for (const demand of demands) units.set(demand.variantId, (units.get(demand.variantId) ?? 0) + demand.units)
  return units
}

function buildGrid(
  { candidates, supply, channelId }: FastPlanInput,
  wanted: ReadonlyMap<Id<'variant'>, number>,
  usable: (row: PlanSupply) => boolean,
): Grid {
  const rank = new Map(candidates.map((locationId, index) => [locationId, index]))
  const locations = candidates.length
  const variantIds = [...wanted.keys()]
  const free = new Float64Array(variantIds.length * locations)
  const rows = variantIds.map((variantId, variant) => {
    const usableRows: PlanSupply[] = []
    for (const row of supply.get(variantId) ?? []) {
      const location = rank.get(row.locationId)
      if (location === undefined || row.free <= 0 || !usable(row)) continue
      if (row.channelId !== null && row.channelId !== channelId) continue
      const cell = variant * locations + location
      free[cell] = (free[cell] ?? 0) + row.free
      usableRows.push(row)
    }
    return usableRows.sort(byUseOrder)
  })
  return { variantIds, wanted: Float64Array.from(wanted.values()), locations, free, rows, rank }
}

const useOrder = { on_hand: 0, inbound: 1, backorder: 2 } as const

/** What is on hand before what is to come, sooner before later, the channel's own before what everybody may have. */
function byUseOrder(a: PlanSupply, b: PlanSupply): number {
  return (
    byTier(a, b) || Number(a.channelId === null) - Number(b.channelId === null) || (a.supplyId < b.supplyId ? -1 : 1)
  )
}

function freeAt(grid: Grid, variant: number, location: number): number {
  return grid.free[variant * grid.locations + location] ?? 0
}

function freeEverywhere(grid: Grid, variant: number): number {
  let units = 0
  for (let location = 0; location < grid.locations; location++) units += freeAt(grid, variant, location)
  return units
}

function fills(grid: Grid): boolean {
  return grid.variantIds.every((_, variant) => freeEverywhere(grid, variant) >= (grid.wanted[variant] ?? 0))
}

function shortagesOf(grid: Grid): Shortage[] {
  const shortages: Shortage[] = []
  for (const [variant, variantId] of grid.variantIds.entries()) {
    const requested = grid.wanted[variant] ?? 0
    const available = freeEverywhere(grid, variant)
    if (available < requested) shortages.push({ variantId, requested, available })
  }
  return shortages
}

function chooseOne(grid: Grid): number[] | null {
  for (let location = 0; location < grid.locations; location++) {
    if (grid.variantIds.every((_, variant) => freeAt(grid, variant, location) >= (grid.wanted[variant] ?? 0))) {
      return [location]
    }
  }
  return null
}

function choosePair(grid: Grid): number[] | null {
  // A pair is as good as the sum of its ranks; walking by that sum finds the best-ranked pair first.
  for (let sum = 1; sum <= 2 * grid.locations - 3; sum++) {
    for (let near = Math.max(0, sum - grid.locations + 1); near < sum - near; near++) {
      if (pairFills(grid, near, sum - near)) return [near, sum - near]
    }
  }
  return null
}

function pairFills(grid: Grid, near: number, far: number): boolean {
  for (let variant = 0; variant < grid.variantIds.length; variant++) {
    if (freeAt(grid, variant, near) + freeAt(grid, variant, far) < (grid.wanted[variant] ?? 0)) return false
  }
  return true
}

function chooseGreedily(grid: Grid): number[] {
  const missing = Float64Array.from(grid.wanted)
  const chosen: number[] = []
  while (missing.some((units) => units > 0)) {
    let best = -1
    let bestUnits = 0
    for (let location = 0; location < grid.locations; location++) {
      if (chosen.includes(location)) continue
      let units = 0
      for (let variant = 0; variant < missing.length; variant++) {
        units += Math.min(missing[variant] ?? 0, freeAt(grid, variant, location))
      }
      if (units > bestUnits) {
        best = location
        bestUnits = units
      }
    }
    chosen.push(best)
    for (let variant = 0; variant < missing.length; variant++) {
      missing[variant] = Math.max(0, (missing[variant] ?? 0) - freeAt(grid, variant, best))
    }
  }
  return chosen.sort((a, b) => a - b)
}

/** Hands the chosen locations' rows to the demands, best-ranked location first, until nobody misses anything. */
function allot(input: FastPlanInput, grid: Grid, chosen: readonly number[]): Allotment[] {
  const allotments: Allotment[] = []
  const left = new Map<bigint, number>()
  for (const [demandIndex, demand] of input.demands.entries()) {
    const rows = must(grid.rows[grid.variantIds.indexOf(demand.variantId)], 'every demanded SKU is in the grid')
    let missing = demand.units
    for (const location of chosen) {
      for (const row of rows) {
        if (missing === 0) break
        if (grid.rank.get(row.locationId) !== location) continue
        const units = Math.min(missing, left.get(row.supplyId) ?? row.free)
        if (units === 0) continue
        allotments.push({ demand: demandIndex, supply: row, units })
        left.set(row.supplyId, (left.get(row.supplyId) ?? row.free) - units)
        missing -= units
      }
    }
  }
  return allotments
}
