import type { Id } from '../../kernel/id.ts'
import type { Instant } from '../../kernel/time.ts'
import type { SupplySummary, UsedLimit } from '../inventory/index.ts'
import type { Dated } from './moment.ts'
import type { Numbering } from './numbering.ts'

/**
 * What is free of one SKU, by place. Kept small: a SKU may lie on hundreds of shelves, and a million such places on a
 * node take 8 MB as numbers and 200 MB as objects.
 */
export interface Supply extends Dated {
  /** Pairs of location number and units that any channel may sell off the shelf; only places with something free. */
  readonly shelves: Int32Array
  /** Everything else with something free: for one channel only, under way, or sold ahead. */
  readonly others: readonly OtherSupply[]
  /** How far channels may sell it; none for nearly every SKU. */
  readonly limits: readonly UsedLimit[]
}

export interface OtherSupply {
  readonly location: number
  readonly kind: SupplySummary['kind']
  /** Null: every channel may sell it. */
  readonly channelId: Id<'channel'> | null
  readonly eta: Instant | null
  readonly leadDays: number | null
  readonly units: number
}

export function supplyOf(
  rows: readonly SupplySummary[],
  numbers: Numbering<Id<'location'>>,
  limits: readonly UsedLimit[] = [],
): Supply {
  const shelves: number[] = []
  const others: OtherSupply[] = []
  for (const { locationId, kind, channelId, quantity, claimed, safetyStock, eta, leadDays } of rows) {
    const units = quantity - claimed - safetyStock
    if (units <= 0) continue
    const location = numbers.of(locationId)
    if (kind === 'on_hand' && channelId === null) shelves.push(location, units)
    else others.push({ location, kind, channelId, eta, leadDays, units })
  }
  return { shelves: Int32Array.from(shelves), others, limits, outdatedAsOf: null }
}
