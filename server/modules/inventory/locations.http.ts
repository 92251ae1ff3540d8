import { Type, type Static } from 'typebox'
import { formatId } from '../../kernel/id.ts'
import { unreachable } from '../../kernel/invariant.ts'
import { commitIf } from '../../platform/commit-if.ts'
import type { Db } from '../../platform/db.ts'
import {
  actorOf,
  CountryCode,
  decodeCursor,
  encodeCursor,
  expectedVersion,
  idJson,
  line,
  once,
  page,
  pageQuery,
  PostalCode,
  readId,
  refuse,
  refusePlatform,
  sendVersion,
  strict,
  type App,
} from '../../platform/http/index.ts'
import { refusals } from './inventory.refusals.ts'
import { findLocation, locationKinds, type Location } from './location.ts'
import type { Inventory } from './open-inventory.ts'
import type { LocationChanges } from './save-location.ts'

const Code = line(40, { description: 'For people and files; lower case, unique, stays.', examples: ['nyc-store'] })
const editable = {
  name: line(200),
  kind: Type.Enum(locationKinds),
  timeZone: line(60, { description: 'IANA time zone of its working day.', examples: ['America/New_York'] }),
  country: CountryCode,
  region: Type.Union([line(100), Type.Null()]),
  city: line(100),
  postalCode: PostalCode,
  latitude: Type.Number({ description: 'Degrees north.', examples: [40.7506] }),
  longitude: Type.Number({ description: 'Degrees east.', examples: [-73.9971] }),
  active: Type.Boolean({ description: 'Inactive: keeps its stock and ledger, serves no new orders.' }),
}

const LocationBody = strict({
  ...editable,
  code: Code,
  legalEntityId: idJson('legalEntity'),
  region: Type.Optional(editable.region),
  active: Type.Optional(editable.active),
})
const LocationEdit = Type.Partial(strict(editable), { additionalProperties: false })
const LocationJson = strict(
  {
    id: idJson('location'),
    code: Code,
    legalEntityId: idJson('legalEntity'),
    ...editable,
    version: Type.Integer({ minimum: 1 }),
  },
  { title: 'Location' },
)

const tags = ['inventory']
const params = strict({ id: idJson('location') })

export function mountLocations(app: App, { db, inventory }: { readonly db: Db; readonly inventory: Inventory }): void {
  app.get(
    '/v1/admin/locations',
    {
      schema: {
        summary: 'Lists locations by code',
        tags,
        querystring: strict(pageQuery),
        response: { 200: page(LocationJson) },
      },
      config: { scope: 'inventory:read' },
    },
    async (request, reply) => {
      const { limit, cursor } = request.query
      const after = cursor === undefined ? ([''] as const) : decodeCursor(cursor, ['text'])
      if (after === null) {
        return refusePlatform(reply, 'invalid_request', {
          errors: [{ path: '/cursor', message: 'is not of this list' }],
        })
      }
      const rest = (await inventory.currentLocations()).all.filter(({ code }) => code > after[0])
      const last = rest.length > limit ? rest[limit - 1] : undefined
      const nextCursor = last === undefined ? null : encodeCursor([last.code])
      return reply.send({ items: rest.slice(0, limit).map(locationJson), nextCursor })
    },
  )

  app.get(
    '/v1/admin/locations/:id',
    {
      schema: { summary: 'Reads a location', tags, params, response: { 200: LocationJson } },
      config: { scope: 'inventory:read' },
    },
    async (request, reply) => {
      const location = findLocation(await inventory.currentLocations(), request.params.id)
      if (location === undefined) return refusePlatform(reply, 'not_found')
      return sendVersion(reply, location.version).send(locationJson(location))
    },
  )

  app.post(
    '/v1/admin/locations',
    {
      schema: { summary: 'Adds a location', tags, body: LocationBody, response: { 201: LocationJson } },
      config: { scope: 'inventory:write', idempotent: 'key', refusals },
    },
    async (request, reply) => {
      const { body } = request
      const fields = {
        ...body,
        region: body.region ?? null,
        active: body.active ?? true,
        legalEntityId: readId('legalEntity', body.legalEntityId),
      }
      return once({ db }, request, reply, {
        refusals,
        work: async (tx) => {
          const outcome = await inventory.createLocation(tx, { actor: actorOf(request.caller), fields })
          return outcome.kind === 'refused'
            ? { refuse: outcome.refusal }
            : { status: 201, stored: locationJson(outcome.location) }
        },
        render: (stored) => {
          sendVersion(reply, 1)
          return stored
        },
      })
    },
  )

  app.patch(
    '/v1/admin/locations/:id',
    {
      schema: { summary: 'Edits a location', tags, params, body: LocationEdit, response: { 200: LocationJson } },
      config: { scope: 'inventory:write', idempotent: 'natural', ifMatch: 'required', refusals },
    },
    async (request, reply) => {
      const command = {
        actor: actorOf(request.caller),
        id: readId('location', request.params.id),
        seenVersion: expectedVersion(request),
        changes: request.body satisfies LocationChanges,
      }
      const outcome = await commitIf(
        db,
        (tx) => inventory.editLocation(tx, command),
        ({ kind }) => kind === 'edited',
      )
      switch (outcome.kind) {
        case 'edited':
          return sendVersion(reply, outcome.location.version).send(locationJson(outcome.location))
        case 'unknown':
          return refusePlatform(reply, 'not_found')
        case 'version_mismatch':
          return refusePlatform(reply, 'version_mismatch', { currentVersion: outcome.currentVersion })
        case 'refused':
          return refuse(reply, refusals, outcome.refusal)
        default:
          return unreachable(outcome)
      }
    },
  )
}

function locationJson(location: Location): Static<typeof LocationJson> {
  return {
    ...location,
    id: formatId('location', location.id),
    legalEntityId: formatId('legalEntity', location.legalEntityId),
  }
}
