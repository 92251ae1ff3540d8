import type { Id } from '../../kernel/id.ts'
import { plainArray, type Queryable } from '../../platform/db.ts'
import type { GatedTx } from './gates.ts'

/** How far one channel may sell a SKU. */
export interface ChannelLimit {
  readonly variantId: Id<'variant'>
  readonly channelId: Id<'channel'>
  /** Units on hand and to come that it leaves to the others. */
  readonly buffer: number
  /** Units it may hold in live claims at a time; null is no limit. */
  readonly cap: number | null
}

/** The same, with the units in live claims of the channel; 0 where there is no cap to count for. */
export interface UsedLimit extends ChannelLimit {
  readonly claimed: number
}

/**
 * The limits of SKUs in all channels, and what a capped channel holds. Most SKUs have none: then it is one look at an
 * index. Under the gates nobody claims or frees units of these SKUs between this and the commit.
 */
export async function readChannelLimits(
  source: Queryable,
  variantIds: readonly Id<'variant'>[],
): Promise<readonly UsedLimit[]> {
  const rows = await source.rows<{
    variant_id: Id<'variant'>
    channel_id: Id<'channel'>
    buffer: number
    cap: number | null
    claimed: number
  }>({
    name: 'inventory.read_channel_limits',
    text: `select told.variant_id, told.channel_id, told.buffer, told.cap,
                  case when told.cap is null then 0 else (
                    select coalesce(sum(claim.quantity), 0)::int
                      from inventory.supply
                      join inventory.claim on claim.supply_id = supply.id and claim.channel_id = told.channel_id
                     where supply.variant_id = told.variant_id and claim.live) end as claimed
             from inventory.channel_limit as told where told.variant_id = any($1::uuid[])`,
    values: [plainArray(variantIds)],
  })
  return rows.map((row) => ({
    variantId: row.variant_id,
    channelId: row.channel_id,
    buffer: row.buffer,
    cap: row.cap,
    claimed: row.claimed,
  }))
}

/** Sets limits whole; a buffer of 0 without a cap is no limit, and its row goes. */
export function putChannelLimits(tx: GatedTx, limits: readonly ChannelLimit[]): void {
  const gone = limits.filter(({ buffer, cap }) => buffer === 0 && cap === null)
  const kept = limits.filter(({ buffer, cap }) => buffer > 0 || cap !== null)
  tx.send({
    name: 'inventory.delete_channel_limits',
    text: `delete from inventory.channel_limit as stored
            using unnest($1::uuid[], $2::uuid[]) as gone (variant_id, channel_id)
            where stored.variant_id = gone.variant_id and stored.channel_id = gone.channel_id`,
    values: [plainArray(gone.map((limit) => limit.variantId)), plainArray(gone.map((limit) => limit.channelId))],
  })
  tx.send({
    name: 'inventory.put_channel_limits',
    text: `insert into inventory.channel_limit (variant_id, channel_id, buffer, cap)
           select * from unnest($1::uuid[], $2::uuid[], $3::int[], $4::int[])
           on conflict (variant_id, channel_id) do update set buffer = excluded.buffer, cap = excluded.cap`,
    values: [
      plainArray(kept.map((limit) => limit.variantId)),
      plainArray(kept.map((limit) => limit.channelId)),
      plainArray(kept.map((limit) => limit.buffer)),
      plainArray(kept.map((limit) => limit.cap)),
    ],
  })
}

/** A channel's limits in the order of SKU ids. @param after  where the page before ended; null for the first */
export async function listChannelLimits(
  source: Queryable,
  {
    channelId,
    after,
    limit,
  }: {
    readonly channelId: Id<'channel'>
    readonly after: Id<'variant'> | null
    readonly limit: number
  },
): Promise<ChannelLimit[]> {
  const rows = await source.rows<{ variant_id: Id<'variant'>; buffer: number; cap: number | null }>({
    name: 'inventory.list_channel_limits',
    text: `select variant_id, buffer, cap from inventory.channel_limit
            where channel_id = $1 and variant_id > $2 order by variant_id limit $3`,
    values: [channelId, after ?? '00000000-0000-0000-0000-000000000000', limit],
  })
  return rows.map((row) => ({ variantId: row.variant_id, channelId, buffer: row.buffer, cap: row.cap }))
}
