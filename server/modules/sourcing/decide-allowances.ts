import type { Id } from '../../kernel/id.ts'
import { decideAllowance, type Allowance, type UsedLimit } from '../inventory/index.ts'
import { sells, type Network } from './network.ts'
import type { PlanSupply } from './plan-fast.ts'

/**
 * What a channel may sell of SKUs that it sells under limits; empty for nearly every order. The buffer is of everything
 * that is free for the channel in its network, wherever this order could be served from.
 */
export function decideAllowances(
  limits: readonly UsedLimit[],
  {
    channelId,
    network,
    supply,
  }: {
    readonly channelId: Id<'channel'>
    readonly network: Network
    readonly supply: ReadonlyMap<Id<'variant'>, readonly PlanSupply[]>
  },
): ReadonlyMap<Id<'variant'>, Allowance> {
  const allowances = new Map<Id<'variant'>, Allowance>()
  for (const limit of limits) {
    if (limit.channelId !== channelId) continue
    let onHand = 0
    let ahead = 0
    const toCome: { eta: NonNullable<PlanSupply['eta']>; units: number }[] = []
    for (const { locationId, kind, channelId: fence, eta, free } of supply.get(limit.variantId) ?? []) {
      const node = network.nodeById.get(locationId)
      if (node === undefined || !sells(node, channelId) || free <= 0) continue
      if (fence !== null && fence !== channelId) continue
      if (kind === 'on_hand') onHand += free
      else if (kind === 'inbound' && eta !== null) toCome.push({ eta, units: free })
      else ahead += free
    }
    allowances.set(limit.variantId, decideAllowance({ onHand, toCome, ahead }, limit))
  }
  return allowances
}
