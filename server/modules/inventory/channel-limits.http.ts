import { Type, type Static } from 'typebox'
import type { Id } from '../../kernel/id.ts'
import { must } from '../../kernel/invariant.ts'
import type { Db } from '../../platform/db.ts'
import {
  actorOf,
  decodeCursor,
  encodeCursor,
  line,
  page,
  pageQuery,
  refuse,
  refusePlatform,
  Sku,
  strict,
  type App,
} from '../../platform/http/index.ts'
import { readSkus } from '../catalog/index.ts'
import type { Merchant } from '../merchant/index.ts'
import { listChannelLimits } from './channel-limits.sql.ts'
import { refusals } from './inventory.refusals.ts'
import type { Inventory } from './open-inventory.ts'
import { findChannel } from './resolve-entries.ts'

const ENTRIES_MAX = 1_000
const UNITS_MAX = 2_000_000_000

const ChannelRef = line(40, { description: 'Code or id.', examples: ['web'] })
const Entry = strict(
  {
    sku: Sku,
    channel: ChannelRef,
    buffer: Type.Integer({
      minimum: 0,
      maximum: UNITS_MAX,
      description: 'Units on hand and to come that the channel leaves to the others.',
    }),
    cap: Type.Union([Type.Integer({ minimum: 0, maximum: UNITS_MAX }), Type.Null()], {
      description: 'Units that its open orders may hold at a time; null: no limit.',
    }),
  },
  { title: 'ChannelLimit' },
)
const Limits = strict({ entries: Type.Array(Entry, { minItems: 1, maxItems: ENTRIES_MAX }) })

export interface ChannelLimitsDeps {
  readonly db: Db
  readonly inventory: Inventory
  readonly merchant: Merchant
}

export function mountChannelLimits(app: App, { db, inventory, merchant }: ChannelLimitsDeps): void {
  const tags = ['inventory']
  app.get(
    '/v1/admin/inventory/channel-limits',
    {
      schema: {
        summary: 'Lists how far a channel may sell SKUs',
        tags,
        querystring: strict({ ...pageQuery, channel: ChannelRef }),
        response: { 200: page(Entry) },
      },
      config: { scope: 'inventory:read' },
    },
    async (request, reply) => {
      const { channel, cursor, limit } = request.query
      const after = cursor === undefined ? null : decodeCursor(cursor, ['uuid'])
      if (after === null && cursor !== undefined) {
        return refusePlatform(reply, 'invalid_request', {
          errors: [{ path: '/cursor', message: 'is not of this list' }],
        })
      }
      const channelId = findChannel(await merchant.currentBook(), channel)
      if (channelId === undefined) return refusePlatform(reply, 'not_found')
      const found = await listChannelLimits(db, {
        channelId,
        after: (after?.[0] ?? null) as Id<'variant'> | null,
        limit: limit + 1,
      })
      const shown = found.slice(0, limit)
      const skuById = await readSkus(
        db,
        shown.map(({ variantId }) => variantId),
      )
      const last = found.length > limit ? shown.at(-1) : undefined
      return reply.send({
        items: shown.map(({ variantId, buffer, cap }): Static<typeof Entry> => {
          return { sku: must(skuById.get(variantId), 'the SKU of a variant'), channel, buffer, cap }
        }),
        nextCursor: last === undefined ? null : encodeCursor([last.variantId]),
      })
    },
  )

  app.put(
    '/v1/admin/inventory/channel-limits',
    {
      schema: {
        summary: 'Sets how far channels may sell SKUs: buffers and caps',
        description:
          'All entries or none. Orders placed afterwards keep to it; a trusted channel’s count against its cap, but ' +
          'are never refused by it. A buffer of 0 without a cap is no limit.',
        tags,
        body: Limits,
        response: { 200: Limits },
      },
      config: { scope: 'inventory:write', idempotent: 'natural', refusals },
    },
    async (request, reply) => {
      const { entries } = request.body
      const outcome = await inventory.setChannelLimits({ actor: actorOf(request.caller), entries })
      return outcome.kind === 'refused' ? refuse(reply, refusals, outcome.refusal) : reply.send({ entries })
    },
  )
}
