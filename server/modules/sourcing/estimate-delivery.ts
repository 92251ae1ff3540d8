import type { Id } from '../../kernel/id.ts'
import type { Instant } from '../../kernel/time.ts'
import type { EstimateSupply } from './open-sourcing.ts'
import type { DeliveryWindow, Route } from './decide-arrival.ts'
import { decideAllowances } from './decide-allowances.ts'
import { decideSourcing } from './decide-sourcing.ts'
import type { Network } from './network.ts'
import type { Demand, FastPlan } from './plan-fast.ts'

export interface Estimate {
  /** Null when the route cannot serve everything now. */
  readonly window: DeliveryWindow | null
  readonly plan: FastPlan
}

/**
 * What each route would promise if the order came now, on supply that nobody has locked: an estimate for people who
 * have not decided yet. Placing decides again on locked truth.
 */
export function estimateRoutes(
  routes: readonly Route[],
  {
    at,
    channelId,
    demands,
    supply,
    network,
  }: {
    readonly at: Instant
    readonly channelId: Id<'channel'>
    readonly demands: readonly Demand[]
    readonly supply: EstimateSupply
    readonly network: Network
  },
): Estimate[] {
  const byVariant = Map.groupBy(supply.rows, (row) => row.variantId)
  const allowances = decideAllowances(supply.limits, { channelId, network, supply: byVariant })
  return routes.map((route) => {
    const decision = { at, route, channelId, demands, supply: byVariant, allowances, revision: 0n }
    const { promise, plan } = decideSourcing(decision)
    return { window: promise, plan }
  })
}
