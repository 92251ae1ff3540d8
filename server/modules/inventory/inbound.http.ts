import { Type, type Static } from 'typebox'
import { formatId, type Id } from '../../kernel/id.ts'
import { must, unreachable } from '../../kernel/invariant.ts'
import { formatInstant } from '../../kernel/time.ts'
import type { Db } from '../../platform/db.ts'
import {
  actorOf,
  decodeCursor,
  encodeCursor,
  expectedVersion,
  idJson,
  InstantJson,
  machineCode,
  page,
  pageQuery,
  Quantity,
  readId,
  readInstant,
  refuse,
  refusePlatform,
  sendVersion,
  Sku,
  strict,
  type App,
  type ProblemReply,
} from '../../platform/http/index.ts'
import { readSkus } from '../catalog/index.ts'
import type { ChangeInboundOutcome } from './change-inbound.ts'
import { lineKey, type Inbound } from './inbound.ts'
import { listInbounds, readInbound, readInboundSupply } from './inbound.sql.ts'
import { refusals } from './inventory.refusals.ts'
import { findLocation } from './location.ts'
import type { Inventory } from './open-inventory.ts'
import { ChannelRef, ENTRIES_MAX, LocationRef, NullableChannelId, SenderKey, Units, wrongCursor } from './stock-json.ts'

const Reference = machineCode(100, { description: "The merchant's own name for it; unique.", examples: ['PO-4711'] })
const Status = Type.Enum(['open', 'received', 'cancelled'])

const InboundBody = strict({
  reference: Reference,
  location: LocationRef,
  eta: InstantJson,
  lines: Type.Array(strict({ sku: Sku, quantity: Quantity, channel: Type.Optional(ChannelRef) }), {
    minItems: 1,
    maxItems: ENTRIES_MAX,
  }),
})
const InboundEdit = strict({
  eta: Type.Optional(InstantJson),
  lines: Type.Optional(
    Type.Array(
      strict({
        sku: Sku,
        channel: Type.Optional(ChannelRef),
        expected: Type.Integer({
          minimum: 1,
          maximum: 1_000_000,
          description: 'Units announced, those that came included.',
        }),
      }),
      { maxItems: ENTRIES_MAX, description: 'Lines that change; the others stay.' },
    ),
  ),
})
const ReceiptBody = strict({
  commandKey: SenderKey,
  occurredAt: Type.Optional(InstantJson),
  lines: Type.Array(strict({ sku: Sku, channel: Type.Optional(ChannelRef), quantity: Quantity }), {
    maxItems: ENTRIES_MAX,
    description: 'Units that came; more than announced is taken in as well.',
  }),
  complete: Type.Optional(Type.Boolean({ description: 'Nothing more will come: what is missing is short.' })),
})
const ReceiptJson = strict({
  commandKey: SenderKey,
  inboundId: idJson('inbound'),
  status: Status,
  lines: Type.Array(
    strict({
      sku: Sku,
      received: Type.Integer(),
      onHandGained: Type.Integer({ description: '0 when a count newer than the arrival has found the goods already.' }),
      servedUnits: Type.Integer({ description: 'Units that carts and orders were waiting for.' }),
      freedUnits: Type.Integer({ description: 'Units that carts and orders lost, because they will not come.' }),
    }),
  ),
})
const InboundJson = strict(
  {
    id: idJson('inbound'),
    reference: Reference,
    location: LocationRef,
    locationId: idJson('location'),
    eta: InstantJson,
    status: Status,
    version: Type.Integer({ minimum: 1 }),
    createdAt: InstantJson,
    lines: Type.Array(
      strict({
        sku: Sku,
        channelId: NullableChannelId,
        expected: Units,
        received: Units,
        open: Type.Integer({ description: 'Units still to come.' }),
        claimed: Type.Integer({ description: 'Of these, promised to carts and orders.' }),
      }),
    ),
  },
  { title: 'Inbound' },
)

const tags = ['inventory']
const params = strict({ id: idJson('inbound') })
const write = { scope: 'inventory:write', idempotent: 'natural', refusals } as const

export function mountInbound(app: App, { db, inventory }: { readonly db: Db; readonly inventory: Inventory }): void {
  app.get(
    '/v1/admin/inventory/inbound',
    {
      schema: {
        summary: 'Lists inbounds, newest first',
        tags,
        querystring: strict({ ...pageQuery, location: Type.Optional(LocationRef), status: Type.Optional(Status) }),
        response: { 200: page(InboundJson) },
      },
      config: { scope: 'inventory:read' },
    },
    async (request, reply) => {
      const { limit, cursor, location: locationRef, status = null } = request.query
      const before = cursor === undefined ? ([null] as const) : decodeCursor(cursor, ['uuid'])
      if (before === null) return refusePlatform(reply, 'invalid_request', wrongCursor)
      const location = locationRef === undefined ? null : findLocation(await inventory.currentLocations(), locationRef)
      if (location === undefined) return refusePlatform(reply, 'not_found')
      const inbounds = await listInbounds(db, {
        before: before[0] as Id<'inbound'> | null,
        limit: limit + 1,
        locationId: location?.id ?? null,
        status,
      })
      const last = inbounds.length > limit ? inbounds[limit - 1] : undefined
      return reply.send({
        items: await inboundsJson(db, inventory, inbounds.slice(0, limit)),
        nextCursor: last === undefined ? null : encodeCursor([last.id]),
      })
    },
  )

  app.get(
    '/v1/admin/inventory/inbound/:id',
    {
      schema: { summary: 'Reads an inbound', tags, params, response: { 200: InboundJson } },
      config: { scope: 'inventory:read' },
    },
    async (request, reply) => {
      const inbound = await readInbound(db, readId('inbound', request.params.id))
      if (inbound === undefined) return refusePlatform(reply, 'not_found')
      return sendVersion(reply, inbound.version).send(await inboundJson(db, inventory, inbound))
    },
  )

  app.post(
    '/v1/admin/inventory/inbound',
    {
      schema: {
        summary: 'Announces goods on their way',
        tags,
        body: InboundBody,
        response: { 201: InboundJson },
        description: 'Once for each `reference`. From now on the goods can be sold before they are there.',
      },
      config: write,
    },
    async (request, reply) => {
      const { reference, location, eta, lines } = request.body
      const outcome = await inventory.createInbound({
        actor: actorOf(request.caller),
        reference,
        location,
        eta: readInstant(eta),
        lines,
      })
      if (outcome.kind === 'refused') return refuse(reply, refusals, outcome.refusal)
      sendVersion(reply, outcome.inbound.version)
      return reply.code(201).send(await inboundJson(db, inventory, outcome.inbound))
    },
  )

  app.patch(
    '/v1/admin/inventory/inbound/:id',
    {
      schema: {
        summary: 'Changes when an inbound comes or how much it brings',
        tags,
        params,
        body: InboundEdit,
        response: { 200: InboundJson },
      },
      config: { ...write, ifMatch: 'required' },
    },
    async (request, reply) => {
      const { eta, lines } = request.body
      const outcome = await inventory.editInbound({
        actor: actorOf(request.caller),
        id: readId('inbound', request.params.id),
        seenVersion: expectedVersion(request),
        eta: eta === undefined ? undefined : readInstant(eta),
        lines,
      })
      if (outcome.kind !== 'changed') return answerUnchanged(reply, outcome)
      sendVersion(reply, outcome.inbound.version)
      return reply.send(await inboundJson(db, inventory, outcome.inbound))
    },
  )

  app.post(
    '/v1/admin/inventory/inbound/:id/receive',
    {
      schema: {
        summary: 'Takes goods in',
        tags,
        params,
        body: ReceiptBody,
        response: { 200: ReceiptJson },
        description: 'Claims on what came move to the goods on hand, the soonest promise first.',
      },
      config: write,
    },
    async (request, reply) => {
      const { commandKey, occurredAt, lines, complete = false } = request.body
      const outcome = await inventory.receiveInbound({
        actor: actorOf(request.caller),
        commandKey,
        id: readId('inbound', request.params.id),
        occurredAt: occurredAt === undefined ? null : readInstant(occurredAt),
        lines,
        isComplete: complete,
      })
      switch (outcome.kind) {
        case 'received':
          return reply.send({ ...outcome.answer, lines: outcome.answer.lines.map((each) => ({ ...each })) })
        case 'unknown':
          return refusePlatform(reply, 'not_found')
        case 'refused':
          return refuse(reply, refusals, outcome.refusal)
        default:
          return unreachable(outcome)
      }
    },
  )

  app.post(
    '/v1/admin/inventory/inbound/:id/cancel',
    {
      schema: {
        summary: 'Says that the rest of an inbound will not come',
        tags,
        params,
        response: { 200: InboundJson },
      },
      config: write,
    },
    async (request, reply) => {
      const id = readId('inbound', request.params.id)
      const outcome = await inventory.cancelInbound({ actor: actorOf(request.caller), id })
      if (outcome.kind !== 'changed') return answerUnchanged(reply, outcome)
      sendVersion(reply, outcome.inbound.version)
      return reply.send(await inboundJson(db, inventory, outcome.inbound))
    },
  )
}

function answerUnchanged<Reply extends ProblemReply>(
  reply: Reply,
  outcome: Exclude<ChangeInboundOutcome, { kind: 'changed' }>,
): Reply {
  switch (outcome.kind) {
    case 'unknown':
      return refusePlatform(reply, 'not_found')
    case 'version_mismatch':
      return refusePlatform(reply, 'version_mismatch', { currentVersion: outcome.currentVersion })
    case 'refused':
      return refuse(reply, refusals, outcome.refusal)
    default:
      return unreachable(outcome)
  }
}

async function inboundJson(db: Db, inventory: Inventory, inbound: Inbound): Promise<Static<typeof InboundJson>> {
  const [json] = await inboundsJson(db, inventory, [inbound])
  return must(json, 'the JSON of the one inbound')
}

async function inboundsJson(
  db: Db,
  inventory: Inventory,
  inbounds: readonly Inbound[],
): Promise<Static<typeof InboundJson>[]> {
  const variantIds = [...new Set(inbounds.flatMap((inbound) => inbound.lines.map((line) => line.variantId)))]
  const [locations, skuById, supply] = await Promise.all([
    inventory.currentLocations(),
    readSkus(db, variantIds),
    readInboundSupply(
      db,
      inbounds.map((inbound) => inbound.id),
    ),
  ])
  const supplyByLine = new Map(supply.map((row) => [`${row.inboundId} ${lineKey(row)}`, row]))
  return inbounds.map((inbound) => ({
    id: formatId('inbound', inbound.id),
    reference: inbound.reference,
    location: must(locations.byId.get(inbound.locationId), 'a location, which is never deleted').code,
    locationId: formatId('location', inbound.locationId),
    eta: formatInstant(inbound.eta),
    status: inbound.status,
    version: inbound.version,
    createdAt: formatInstant(inbound.createdAt),
    lines: inbound.lines.map((line) => {
      const { quantity, claimed } = must(supplyByLine.get(`${inbound.id} ${lineKey(line)}`), 'the row of a line')
      const { variantId, channelId, expected, received } = line
      return {
        sku: must(skuById.get(variantId), 'the SKU of a variant'),
        channelId: channelId && formatId('channel', channelId),
        expected,
        received,
        open: quantity,
        claimed,
      }
    }),
  }))
}
