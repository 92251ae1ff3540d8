import { Type, type Static } from 'typebox'
import { formatId, type Id } from '../../kernel/id.ts'
import { must } from '../../kernel/invariant.ts'
import { formatInstant } from '../../kernel/time.ts'
import type { Db } from '../../platform/db.ts'
import {
  actorOf,
  decodeCursor,
  encodeCursor,
  idJson,
  InstantJson,
  line,
  page,
  pageQuery,
  readInstant,
  refuse,
  refusePlatform,
  Sku,
  strict,
  type App,
} from '../../platform/http/index.ts'
import { findVariants, readSkus } from '../catalog/index.ts'
import type { Place } from './counter.sql.ts'
import { refusals } from './inventory.refusals.ts'
import { readLedger, type LedgerEntry } from './levels.sql.ts'
import { findLocation, type LocationBook } from './location.ts'
import type { Inventory } from './open-inventory.ts'
import { readLevels, type Level } from './read-levels.ts'
import {
  ChannelRef,
  Delta,
  Disposition,
  ENTRIES_MAX,
  LocationRef,
  NullableChannelId,
  SenderKey,
  Units,
  wrongCursor,
} from './stock-json.ts'
import type { CountResult } from './take-counts.ts'

const tags = ['inventory']
const write = { scope: 'inventory:write', idempotent: 'natural', refusals } as const

const LevelJson = strict(
  {
    sku: Sku,
    variantId: idJson('variant'),
    location: LocationRef,
    locationId: idJson('location'),
    onHand: Type.Integer({ description: 'Sellable goods on the shelf, all channels together.' }),
    claimed: Type.Integer({ description: 'Of these, promised to carts and orders.' }),
    safetyStock: Type.Integer({ description: 'Of these, kept back.' }),
    available: Type.Integer({ minimum: 0, description: 'What can still be sold of them.' }),
    fenced: Type.Array(strict({ channelId: idJson('channel'), onHand: Type.Integer(), claimed: Type.Integer() }), {
      description: 'The part of `onHand` that only one channel may sell.',
    }),
    unsellable: Type.Array(strict({ disposition: Disposition, onHand: Type.Integer() })),
    inbound: Type.Array(
      strict({
        inboundId: idJson('inbound'),
        channelId: NullableChannelId,
        eta: InstantJson,
        expected: Type.Integer(),
        claimed: Type.Integer(),
      }),
    ),
    backorder: strict({
      limit: Type.Integer({ description: 'Units that may be sold beyond all goods.' }),
      used: Type.Integer(),
      leadDays: Type.Union([Type.Integer(), Type.Null()], {
        description:
          'Days from a sale until its goods are in hand; the longest where channels have limits of their own.',
      }),
    }),
  },
  { title: 'StockLevel' },
)

const LedgerEntryJson = strict(
  {
    supply: Type.Enum(['on_hand', 'inbound', 'backorder']),
    disposition: Disposition,
    channelId: NullableChannelId,
    reason: Type.String({ examples: ['claimed', 'adjusted', 'counted', 'handed_over'] }),
    note: Type.Union([Type.String(), Type.Null()], { description: "A person's own word for it." }),
    quantityDelta: Type.Integer(),
    claimedDelta: Type.Integer(),
    claimId: Type.Union([idJson('claim'), Type.Null()]),
    demandLineId: Type.Union([idJson('demandLine'), Type.Null()]),
    commandKey: Type.Union([Type.String(), Type.Null()], {
      description: 'The key of the command or message that caused it.',
    }),
    inboundReference: Type.Union([Type.String(), Type.Null()]),
    occurredAt: InstantJson,
    recordedAt: InstantJson,
  },
  { title: 'StockLedgerEntry' },
)

const AdjustmentsBody = strict({
  commandKey: SenderKey,
  entries: Type.Array(
    strict({
      sku: Sku,
      location: LocationRef,
      delta: Delta,
      reason: line(100, { description: 'For the ledger and people.', examples: ['damaged'] }),
      disposition: Type.Optional(Disposition),
      channel: Type.Optional(ChannelRef),
    }),
    { minItems: 1, maxItems: ENTRIES_MAX },
  ),
})
const AdjustedJson = strict({
  commandKey: SenderKey,
  entries: Type.Array(
    strict({
      sku: Sku,
      location: LocationRef,
      disposition: Disposition,
      delta: Type.Integer(),
      onHand: Type.Integer(),
      claimed: Type.Integer(),
      available: Type.Integer(),
      freedUnits: Type.Integer({ description: 'Units taken away from carts and orders, because they are not there.' }),
    }),
  ),
})

const countFields = {
  asOf: InstantJson,
  meaning: Type.Enum(['physical', 'sellable'], {
    description: '`physical`: everything on the shelf; `sellable`: without what is put aside for accepted orders.',
  }),
  entries: Type.Array(
    strict({ sku: Sku, location: LocationRef, quantity: Units, disposition: Type.Optional(Disposition) }),
    { minItems: 1, maxItems: ENTRIES_MAX },
  ),
}
const named = { sku: Sku, location: LocationRef, disposition: Disposition }
const CountsJson = strict({
  results: Type.Array(
    Type.Union([
      strict({
        ...named,
        outcome: Type.Literal('applied'),
        onHand: Type.Integer(),
        difference: Type.Integer(),
        freedUnits: Type.Integer(),
      }),
      strict({ ...named, outcome: Type.Literal('ignored'), lastCountedAt: InstantJson }),
      strict({ ...named, outcome: Type.Literal('quarantined'), onHand: Type.Integer(), inWork: Type.Integer() }),
    ]),
  ),
})

const LimitsBody = strict({
  entries: Type.Array(
    strict({
      sku: Sku,
      location: LocationRef,
      channel: Type.Optional(ChannelRef),
      backorderLimit: Type.Optional(Units),
      backorderLeadDays: Type.Optional(
        Type.Integer({
          minimum: 0,
          maximum: 730,
          description: 'Days from a sale until its goods are in hand: what is sold ahead is promised by them.',
        }),
      ),
      safetyStock: Type.Optional(Units),
    }),
    { minItems: 1, maxItems: ENTRIES_MAX },
  ),
})
const LimitsJson = strict({
  entries: Type.Array(
    strict({
      sku: Sku,
      location: LocationRef,
      backorderLimit: Type.Integer(),
      backorderUsed: Type.Integer(),
      backorderLeadDays: Type.Union([Type.Integer(), Type.Null()]),
      safetyStock: Type.Integer(),
    }),
  ),
})

export function mountStock(app: App, { db, inventory }: { readonly db: Db; readonly inventory: Inventory }): void {
  app.get(
    '/v1/admin/inventory/levels',
    {
      schema: {
        summary: 'Lists how SKUs stand at locations',
        tags,
        querystring: strict({ ...pageQuery, sku: Type.Optional(Sku), location: Type.Optional(LocationRef) }),
        response: { 200: page(LevelJson) },
      },
      config: { scope: 'inventory:read' },
    },
    async (request, reply) => {
      const { sku, location: locationRef, limit, cursor } = request.query
      const after = cursor === undefined ? null : decodeCursor(cursor, ['uuid', 'uuid'])
      if (cursor !== undefined && after === null) return refusePlatform(reply, 'invalid_request', wrongCursor)
      const locations = await inventory.currentLocations()
      const location = locationRef === undefined ? null : findLocation(locations, locationRef)
      const variantId = sku === undefined ? null : (await findVariants(db, [sku])).get(sku)?.id
      if (location === undefined || variantId === undefined) return refusePlatform(reply, 'not_found')

      const { levels, next } = await readLevels(db, {
        variantId,
        locationId: location?.id ?? null,
        limit,
        // Ids that decodeCursor has let through; of whatever kind, they only say where to go on.
        after: after && { variantId: after[0] as Id<'variant'>, locationId: after[1] as Id<'location'> },
      })
      const skuById = await readSkus(
        db,
        levels.map((level) => level.variantId),
      )
      return reply.send({
        items: levels.map((level) => levelJson(level, { skuById, locations })),
        nextCursor: next && encodeCursor([next.variantId, next.locationId]),
      })
    },
  )

  app.get(
    '/v1/admin/inventory/ledger',
    {
      schema: {
        summary: 'Lists what happened to a SKU at a location, newest first',
        tags,
        querystring: strict({ ...pageQuery, sku: Sku, location: LocationRef }),
        response: { 200: page(LedgerEntryJson) },
      },
      config: { scope: 'inventory:read' },
    },
    async (request, reply) => {
      const { sku, location: locationRef, limit, cursor } = request.query
      const before = cursor === undefined ? null : decodeCursor(cursor, ['instant', 'integer'])
      if (cursor !== undefined && before === null) return refusePlatform(reply, 'invalid_request', wrongCursor)
      const place = await findPlace(db, inventory, { sku, location: locationRef })
      if (place === null) return refusePlatform(reply, 'not_found')

      const entries = await readLedger(db, place, {
        before: before && { occurredAt: before[0], id: BigInt(before[1]) },
        limit: limit + 1,
      })
      const last = entries.length > limit ? entries[limit - 1] : undefined
      return reply.send({
        items: entries.slice(0, limit).map(ledgerEntryJson),
        nextCursor: last === undefined ? null : encodeCursor([last.occurredAt, Number(last.id)]),
      })
    },
  )

  app.post(
    '/v1/admin/inventory/adjustments',
    {
      schema: {
        summary: 'Adds to and takes from stock on hand',
        tags,
        body: AdjustmentsBody,
        response: { 200: AdjustedJson },
        description: 'All entries or none. Claims on what is lost are freed: carts first, then the latest promise.',
      },
      config: write,
    },
    async (request, reply) => {
      const outcome = await inventory.adjustStock({ actor: actorOf(request.caller), ...request.body })
      if (outcome.kind === 'refused') return refuse(reply, refusals, outcome.refusal)
      const { commandKey, entries } = outcome.answer
      return reply.send({ commandKey, entries: entries.map((entry) => ({ ...entry })) })
    },
  )

  app.put(
    '/v1/admin/inventory/counts',
    {
      schema: {
        summary: 'Takes what was counted, merged with what happened since',
        tags,
        body: strict({ messageId: Type.Optional(SenderKey), ...countFields }),
        response: { 200: CountsJson },
      },
      config: write,
    },
    async (request, reply) => {
      const { messageId = null, asOf, meaning, entries } = request.body
      const outcome = await inventory.takeCounts({
        actor: actorOf(request.caller),
        messageId,
        asOf: readInstant(asOf),
        meaning,
        entries,
        only: null,
      })
      if (outcome.kind === 'refused') return refuse(reply, refusals, outcome.refusal)
      return reply.send({ results: outcome.answer.results.map(resultJson) })
    },
  )

  app.put(
    '/v1/partner/counts',
    {
      schema: {
        summary: 'Takes what a partner counted at its own locations',
        tags: ['partner'],
        body: strict({ messageId: SenderKey, ...countFields }),
        response: { 200: CountsJson },
      },
      config: { scope: 'partner', idempotent: 'natural', refusals },
    },
    async (request, reply) => {
      const { caller } = request
      const { messageId, asOf, meaning, entries } = request.body
      const outcome = await inventory.takeCounts({
        actor: actorOf(caller),
        messageId,
        asOf: readInstant(asOf),
        meaning,
        entries,
        only: new Set(caller.kind === 'partner' ? caller.locationIds : []),
      })
      if (outcome.kind === 'taken') return reply.send({ results: outcome.answer.results.map(resultJson) })
      // To a partner another's location is nothing, like one that does not exist.
      if (outcome.refusal.code === 'location_unknown') return refusePlatform(reply, 'not_found')
      return refuse(reply, refusals, outcome.refusal)
    },
  )

  app.put(
    '/v1/admin/inventory/limits',
    {
      schema: {
        summary: 'Sets backorder limits and safety stock',
        tags,
        body: LimitsBody,
        response: { 200: LimitsJson },
        description: 'All entries or none; what an entry leaves out stays as it is.',
      },
      config: write,
    },
    async (request, reply) => {
      const { entries } = request.body
      const outcome = await inventory.setLimits({ actor: actorOf(request.caller), entries })
      if (outcome.kind === 'refused') return refuse(reply, refusals, outcome.refusal)
      return reply.send({
        entries: entries.map(({ sku, location }, index) => ({
          sku,
          location,
          ...must(outcome.limits[index], 'the limits of every entry'),
        })),
      })
    },
  )
}

async function findPlace(
  db: Db,
  inventory: Inventory,
  { sku, location: locationRef }: { readonly sku: string; readonly location: string },
): Promise<Place | null> {
  const location = findLocation(await inventory.currentLocations(), locationRef)
  const variant = (await findVariants(db, [sku])).get(sku)
  return location === undefined || variant === undefined ? null : { variantId: variant.id, locationId: location.id }
}

function levelJson(
  level: Level,
  {
    skuById,
    locations,
  }: {
    readonly skuById: ReadonlyMap<Id<'variant'>, string>
    readonly locations: LocationBook
  },
): Static<typeof LevelJson> {
  const { variantId, locationId, fenced, unsellable, inbound } = level
  return {
    ...level,
    sku: must(skuById.get(variantId), 'the SKU of a variant'),
    variantId: formatId('variant', variantId),
    location: must(locations.byId.get(locationId), 'a location, which is never deleted').code,
    locationId: formatId('location', locationId),
    fenced: fenced.map((row) => ({ ...row, channelId: formatId('channel', row.channelId) })),
    unsellable: unsellable.map((row) => ({ ...row })),
    inbound: inbound.map((row) => ({
      ...row,
      inboundId: formatId('inbound', row.inboundId),
      channelId: channelJson(row.channelId),
      eta: formatInstant(row.eta),
    })),
  }
}

function ledgerEntryJson(entry: LedgerEntry): Static<typeof LedgerEntryJson> {
  const { kind, disposition, reason, note, quantityDelta, claimedDelta, claimId, demand } = entry
  return {
    supply: kind,
    disposition,
    channelId: channelJson(entry.channelId),
    reason,
    note,
    quantityDelta,
    claimedDelta,
    claimId: claimId && formatId('claim', claimId),
    demandLineId: demand?.kind === 'demand_line' ? formatId('demandLine', demand.id as Id<'demandLine'>) : null,
    commandKey: entry.commandKey,
    inboundReference: entry.inboundReference,
    occurredAt: formatInstant(entry.occurredAt),
    recordedAt: formatInstant(entry.recordedAt),
  }
}

function resultJson(result: CountResult): CountResult {
  return { ...result }
}

function channelJson(channelId: Id<'channel'> | null): string | null {
  return channelId && formatId('channel', channelId)
}
