import type { Id } from '../../kernel/id.ts'
import type { Instant } from '../../kernel/time.ts'
import type { FreeSupply } from '../inventory/index.ts'
import type { DeliveryWindow, Route } from './decide-arrival.ts'
import { decideSourcing } from './decide-sourcing.ts'
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
  }: {
    readonly at: Instant
    readonly channelId: Id<'channel'>
    readonly demands: readonly Demand[]
    readonly supply: readonly FreeSupply[]
  },
): Estimate[] {
  const supplyByVariant = Map.groupBy(supply, (row) => row.variantId)
  return routes.map((route) => {
    const { promise, plan } = decideSourcing({ at, route, channelId, demands, supply: supplyByVariant, revision: 0n })
    return { window: promise, plan }
  })
}
