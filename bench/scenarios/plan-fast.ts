import type { Id } from '../../server/kernel/id.ts'
import { planFast, type PlanSupply } from '../../server/modules/sourcing/index.ts'
import { atMost } from '../support/bar.ts'
import { median, round } from '../support/measure.ts'

const REPEATS = 20_000
/** What the bar is set for. */
const JUDGED_AT = 50
const MICROSECONDS_MOST = 50

/** Microseconds of one decision of two lines, at 4, 50 and 500 locations: where one has all, a pair has, none has. */
export function planFastScenario(): Promise<object> {
  const runs = [4, 50, 500].flatMap((locations) =>
    (['one', 'pair', 'short'] as const).map((kind) => {
      const microseconds = round(measure(locations, kind))
      return {
        locations,
        kind,
        microseconds: locations === JUDGED_AT ? atMost(microseconds, MICROSECONDS_MOST) : microseconds,
      }
    }),
  )
  return Promise.resolve({ lines: 2, runs })
}

function measure(locations: number, kind: 'one' | 'pair' | 'short'): number {
  const candidates = Array.from({ length: locations }, (_, index) => `l${index}` as Id<'location'>)
  const variants = ['a', 'b'] as Id<'variant'>[]
  const supply = new Map(
    variants.map((variantId, variant) => [
      variantId,
      candidates.map((locationId, location): PlanSupply => ({
        supplyId: BigInt(variant * locations + location),
        variantId,
        locationId,
        kind: 'on_hand',
        channelId: null,
        eta: null,
        leadDays: null,
        free: freeAt({ variant, location, locations, kind }),
      })),
    ]),
  )
  const demands = variants.map((variantId) => ({ variantId, units: 2 }))
  const input = { demands, candidates, supply, channelId: 'web' as Id<'channel'> }
  for (let warm = 0; warm < REPEATS / 10; warm++) planFast(input)
  const rounds = Array.from({ length: 7 }, () => {
    const began = performance.now()
    for (let repeat = 0; repeat < REPEATS / 10; repeat++) planFast(input)
    return ((performance.now() - began) * 1_000) / (REPEATS / 10)
  })
  return median(rounds)
}

/** The last locations have it, so that the search looks at all of them. */
function freeAt({
  variant,
  location,
  locations,
  kind,
}: {
  readonly variant: number
  readonly location: number
  readonly locations: number
  readonly kind: 'one' | 'pair' | 'short'
}): number {
  if (kind === 'short') return 0
  if (kind === 'one') return location === locations - 1 ? 2 : 1
  return location === locations - 1 - variant ? 2 : 0
}
