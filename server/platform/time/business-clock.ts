import { invariant } from '../../kernel/invariant.ts'
import { instantFromMs, type Instant } from '../../kernel/time.ts'
import type { Queryable } from '../db.ts'

/**
 * Lets business time run `rate` times as fast as the database's clock, from business now or from `at` on. Time does not
 * jump when only the rate changes. For the sandbox and tests alone: a merchant's day has 24 hours.
 *
 * Transactions under way keep the instant they began with.
 *
 * @returns business now
 */
export async function setBusinessClock(
  source: Queryable,
  { rate, at }: { readonly rate: number; readonly at?: Instant },
): Promise<Instant> {
  invariant(Number.isFinite(rate) && rate > 0, 'business time runs forward')
  const [row] = await source.rows<{ at_ms: number }>({
    name: 'platform.set_business_clock',
    text: `update platform.clock
              set anchor_business = coalesce($2::timestamptz, anchor_business + (wall_at - anchor_database) * rate),
                  anchor_database = wall_at,
                  rate = $1
             from (select clock_timestamp() as wall_at) as wall
           returning (extract(epoch from anchor_business) * 1000)::float8 as at_ms`,
    values: [rate, at === undefined ? null : new Date(at)],
  })
  invariant(row !== undefined, 'platform.clock has its one row')
  return instantFromMs(row.at_ms)
}
