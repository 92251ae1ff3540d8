import type { Id } from '../../kernel/id.ts'
import { addMs, DAY_MS, type Instant } from '../../kernel/time.ts'
import type { Allowance } from '../inventory/index.ts'
import { arrivalOf, legOf, type DeliveryWindow, type Leg, type Route } from './decide-arrival.ts'
import type { Node, Ranking } from './network.ts'
import { planFast, type Allotment, type Demand, type FastPlan, type PlanSupply } from './plan-fast.ts'

export interface SourcingDecision {
  readonly plan: FastPlan
  readonly promise: DeliveryWindow | null
  /** JSON text for the decision's row: what was seen, what was chosen. */
  readonly facts: string
}

/**
 * Decides which locations serve an order and what the buyer is told, from what is free under the locked gates.
 * Records what it saw, so that the decision can be explained and replayed.
 */
export function decideSourcing(input: {
  readonly at: Instant
  readonly route: Route
  readonly channelId: Id<'channel'>
  readonly demands: readonly Demand[]
  readonly supply: ReadonlyMap<Id<'variant'>, readonly PlanSupply[]>
  /** What the channel may sell of SKUs that it sells under limits. */
  readonly allowances?: ReadonlyMap<Id<'variant'>, Allowance>
  readonly revision: bigint
}): SourcingDecision {
  const { route, demands, supply, channelId, allowances = noLimits } = input
  const candidates = route.ranking.candidates.filter((node) => reaches(route, node))
  const candidateIds = candidates.map((node) => node.locationId)
  const plan = planFast({ demands, candidates: candidateIds, supply, channelId, allowances })
  const nodeById = new Map(candidates.map((node) => [node.locationId, node]))
  return {
    plan,
    promise: plan.kind === 'planned' ? windowOf(input.at, route, plan.allotments, nodeById) : null,
    facts: JSON.stringify(storedFacts(input, candidates, { plan, nodeById })),
  }
}

const noLimits: ReadonlyMap<Id<'variant'>, Allowance> = new Map()

function reaches(route: Route, node: Node): boolean {
  return route.method !== 'ship' || route.travels.has(node.locationId)
}

/** The last parcel decides: the window spans the earliest first and the latest last arrival. */
export function windowOf(
  at: Instant,
  route: Route,
  allotments: readonly Allotment[],
  nodeById: ReadonlyMap<Id<'location'>, Node>,
): DeliveryWindow {
  let earliest = at
  let latest = at
  for (const { supply } of allotments) {
    const node = nodeById.get(supply.locationId)
    if (node === undefined) continue
    const arrival = arrivalOf(route, node, inHandAt(at, supply))
    earliest = Math.max(earliest, arrival.earliest) as Instant
    latest = Math.max(latest, arrival.latest) as Instant
  }
  return { earliest, latest }
}

/** Goods under way are worked on when they come, those that are still to be ordered after their lead time. */
export function inHandAt(at: Instant, { eta, leadDays }: Pick<PlanSupply, 'eta' | 'leadDays'>): Instant {
  return leadDays === null ? (Math.max(at, eta ?? at) as Instant) : addMs(at, leadDays * DAY_MS)
}

/** A decision as stored. Units of on-hand supply by location; supply to come only where goods on hand did not do. */
export interface StoredFacts {
  readonly network: number
  readonly rules: number
  readonly channel: string
  readonly method: 'ship' | 'pickup' | 'carried_out'
  readonly zone: string
  /** [SKU index, units] of each demand; the index counts distinct SKUs in the order they first appear. */
  readonly wanted: readonly (readonly [number, number])[]
  /** Candidates with something on hand, best first: [location, units of SKU 0, units of SKU 1, …]. */
  readonly seen: readonly (readonly [string, ...number[]])[]
  /** [location, SKU index, kind, units, when it is in hand in ms] of supply still to come. */
  readonly later?: readonly (readonly [string, number, 'inbound' | 'backorder', number, number])[]
  /** [SKU index, units on hand, units with all to come, units with all sold ahead] of SKUs sold under limits. */
  readonly allowed?: readonly (readonly [number, number, number, number])[]
  /** Locations that were no candidates, by reason. */
  readonly refused: Readonly<Record<string, readonly string[]>>
  /** [demand, location, units] of each allotment. */
  readonly plan: readonly (readonly [number, string, number])[]
  /** What the promise was computed from, one for each location and arrival of its goods. */
  readonly legs: readonly Leg[]
}

function storedFacts(
  { at, route, demands, supply, channelId, allowances = noLimits, revision }: Parameters<typeof decideSourcing>[0],
  candidates: readonly Node[],
  { plan, nodeById }: { readonly plan: FastPlan; readonly nodeById: ReadonlyMap<Id<'location'>, Node> },
): StoredFacts {
  const variantIds = [...new Set(demands.map((demand) => demand.variantId))]
  const codeOf = new Map(candidates.map((node) => [node.locationId, node.code]))
  const onHand = new Map(candidates.map((node) => [node.code, variantIds.map(() => 0)]))
  const later: [string, number, 'inbound' | 'backorder', number, number][] = []
  for (const [sku, variantId] of variantIds.entries()) {
    for (const row of supply.get(variantId) ?? []) {
      const code = codeOf.get(row.locationId)
      if (code === undefined || row.free === 0 || (row.channelId !== null && row.channelId !== channelId)) continue
      const units = onHand.get(code)
      if (row.kind !== 'on_hand') later.push([code, sku, row.kind, row.free, inHandAt(at, row)])
      else if (units !== undefined) units[sku] = (units[sku] ?? 0) + row.free
    }
  }
  const usesLater = plan.kind === 'short' || plan.allotments.some((allotment) => allotment.supply.kind !== 'on_hand')
  return {
    network: Number(revision),
    rules: 1,
    channel: channelId,
    method: route.method,
    zone: route.zone,
    wanted: demands.map((demand) => [variantIds.indexOf(demand.variantId), demand.units]),
    seen: [...onHand].filter(([, units]) => units.some((each) => each > 0)).map(([code, units]) => [code, ...units]),
    ...(usesLater ? { later } : {}),
    ...(allowances.size === 0 ? {} : { allowed: allowedOf(variantIds, allowances) }),
    refused: groupRefused(route.ranking),
    plan: plan.allotments.map(({ demand, supply: row, units }) => [demand, codeOf.get(row.locationId) ?? '', units]),
    legs: legsOf(at, route, plan.allotments, nodeById),
  }
}

function allowedOf(
  variantIds: readonly Id<'variant'>[],
  allowances: ReadonlyMap<Id<'variant'>, Allowance>,
): [number, number, number, number][] {
  return variantIds.flatMap((variantId, sku): [number, number, number, number][] => {
    const allowance = allowances.get(variantId)
    if (allowance === undefined) return []
    const { onHand, dated, all } = allowance
    return [[sku, onHand, dated.at(-1)?.units ?? onHand, all]]
  })
}

function legsOf(
  at: Instant,
  route: Route,
  allotments: readonly Allotment[],
  nodeById: ReadonlyMap<Id<'location'>, Node>,
): Leg[] {
  const legs = new Map<string, Leg>()
  for (const { supply } of allotments) {
    const node = nodeById.get(supply.locationId)
    if (node === undefined) continue
    const from = inHandAt(at, supply)
    const key = `${node.code} ${from}`
    if (!legs.has(key)) legs.set(key, legOf(route, node, from))
  }
  return [...legs.values()]
}

function groupRefused(ranking: Ranking): Record<string, string[]> {
  const byReason: Record<string, string[]> = {}
  for (const { code, reason } of ranking.refused) (byReason[reason] ??= []).push(code)
  return byReason
}
