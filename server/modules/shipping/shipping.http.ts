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
  readId,
  refuse,
  refusePlatform,
  sendVersion,
  strict,
  type App,
} from '../../platform/http/index.ts'
import type { Merchant } from '../merchant/index.ts'
import type { Service, Transit } from './book.ts'
import type { Shipping } from './open-shipping.ts'
import { saveCarrier } from './save-carrier.ts'
import { createService, editService, type NewService, type ServiceChanges } from './save-service.ts'
import { refusals } from './shipping.refusals.ts'

/** Every country to every other would be 62,500; a service that goes that far is several. */
const ROUTES_MAX = 5_000

const Code = line(40, { description: 'For people and imports; lower case, unique, stays.', examples: ['swift-ground'] })
const Name = line(200)
const Days = Type.Integer({ description: 'Working days of the service, from hand-over to delivery.' })
const PostalPrefix = Type.String({
  maxLength: 10,
  pattern: '^[A-Za-z0-9]*$',
  description: 'Only postal codes that begin so, without spaces and hyphens; the longest that fits speaks.',
  examples: ['96'],
})
const countriesAndDays = { from: CountryCode, to: CountryCode, daysMin: Days, daysMax: Days }
const RouteBody = strict({
  ...countriesAndDays,
  fromPostalPrefix: Type.Optional(PostalPrefix),
  toPostalPrefix: Type.Optional(PostalPrefix),
})
const TransitBody = Type.Array(RouteBody, { maxItems: ROUTES_MAX })
const TransitJson = Type.Array(
  strict(
    { ...countriesAndDays, fromPostalPrefix: PostalPrefix, toPostalPrefix: PostalPrefix },
    { title: 'TransitRoute' },
  ),
)
const CalendarRef = Type.Union([idJson('calendar'), Type.Null()], {
  description: 'The days on which it collects, travels and delivers; null: every day.',
})

const CarrierJson = strict({ code: Code, name: Name }, { title: 'Carrier' })
const ServiceBody = strict({
  code: Code,
  name: Name,
  carrier: line(40, { description: "A carrier's code." }),
  calendarId: Type.Optional(CalendarRef),
  active: Type.Optional(Type.Boolean()),
  transit: TransitBody,
})
const ServiceEdit = strict({
  name: Type.Optional(Name),
  calendarId: Type.Optional(CalendarRef),
  active: Type.Optional(Type.Boolean()),
  transit: Type.Optional(Type.Array(RouteBody, { maxItems: ROUTES_MAX, description: 'Replaces all routes.' })),
})
const ServiceJson = strict(
  {
    id: idJson('shippingService'),
    code: Code,
    name: Name,
    carrier: Code,
    calendarId: CalendarRef,
    active: Type.Boolean(),
    transit: TransitJson,
    version: Type.Integer({ minimum: 1 }),
  },
  { title: 'ShippingService' },
)

const tags = ['shipping']
const querystring = strict(pageQuery)
const params = strict({ id: idJson('shippingService') })

export function mountShipping(
  app: App,
  { db, shipping, merchant }: { readonly db: Db; readonly shipping: Shipping; readonly merchant: Merchant },
): void {
  app.get(
    '/v1/admin/carriers',
    {
      schema: { summary: 'Lists carriers by code', tags, querystring, response: { 200: page(CarrierJson) } },
      config: { scope: 'shipping:read' },
    },
    async (request, reply) => {
      const found = pageByCode((await shipping.currentBook()).carriers, request.query)
      if (found === null) return refusePlatform(reply, 'invalid_request', wrongCursor)
      return reply.send({ ...found, items: found.items.map(({ code, name }) => ({ code, name })) })
    },
  )

  app.put(
    '/v1/admin/carriers/:code',
    {
      schema: {
        summary: 'Adds or renames a carrier',
        tags,
        params: strict({ code: Code }),
        body: strict({ name: Name }),
        response: { 200: CarrierJson },
      },
      config: { scope: 'shipping:write', idempotent: 'natural', refusals },
    },
    async (request, reply) => {
      const command = { actor: actorOf(request.caller), code: request.params.code, name: request.body.name }
      const outcome = await commitIf(
        db,
        (tx) => saveCarrier(tx, command),
        ({ kind }) => kind === 'saved',
      )
      if (outcome.kind === 'refused') return refuse(reply, refusals, outcome.refusal)
      const { code, name } = outcome.carrier
      return reply.send({ code, name })
    },
  )

  app.get(
    '/v1/admin/shipping-services',
    {
      schema: { summary: 'Lists shipping services by code', tags, querystring, response: { 200: page(ServiceJson) } },
      config: { scope: 'shipping:read' },
    },
    async (request, reply) => {
      const found = pageByCode((await shipping.currentBook()).services, request.query)
      if (found === null) return refusePlatform(reply, 'invalid_request', wrongCursor)
      return reply.send({ ...found, items: found.items.map(serviceJson) })
    },
  )

  app.get(
    '/v1/admin/shipping-services/:id',
    {
      schema: { summary: 'Reads a shipping service with its routes', tags, params, response: { 200: ServiceJson } },
      config: { scope: 'shipping:read' },
    },
    async (request, reply) => {
      const service = (await shipping.currentBook()).serviceById.get(readId('shippingService', request.params.id))
      if (service === undefined) return refusePlatform(reply, 'not_found')
      return sendVersion(reply, service.version).send(serviceJson(service))
    },
  )

  app.post(
    '/v1/admin/shipping-services',
    {
      schema: { summary: 'Adds a shipping service', tags, body: ServiceBody, response: { 201: ServiceJson } },
      config: { scope: 'shipping:write', idempotent: 'key', refusals },
    },
    async (request, reply) => {
      const command = { actor: actorOf(request.caller), fields: newServiceOf(request.body) }
      return once({ db }, request, reply, {
        refusals,
        work: async (tx) => {
          const outcome = await createService(tx, { merchant }, command)
          return outcome.kind === 'refused'
            ? { refuse: outcome.refusal }
            : { status: 201, stored: serviceJson(outcome.service) }
        },
        render: (stored) => {
          sendVersion(reply, 1)
          return stored
        },
      })
    },
  )

  app.patch(
    '/v1/admin/shipping-services/:id',
    {
      schema: { summary: 'Edits a shipping service', tags, params, body: ServiceEdit, response: { 200: ServiceJson } },
      config: { scope: 'shipping:write', idempotent: 'natural', ifMatch: 'required', refusals },
    },
    async (request, reply) => {
      const command = {
        actor: actorOf(request.caller),
        id: readId('shippingService', request.params.id),
        seenVersion: expectedVersion(request),
        changes: serviceChangesOf(request.body),
      }
      const outcome = await commitIf(
        db,
        (tx) => editService(tx, { merchant }, command),
        ({ kind }) => kind === 'edited',
      )
      switch (outcome.kind) {
        case 'edited':
          return sendVersion(reply, outcome.service.version).send(serviceJson(outcome.service))
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

const wrongCursor = { errors: [{ path: '/cursor', message: 'is not of this list' }] }

/** The page of a list in code order; null when the cursor is not one of its own. */
function pageByCode<Row extends { readonly code: string }>(
  rows: readonly Row[],
  { limit, cursor }: { readonly limit: number; readonly cursor?: string },
): { items: Row[]; nextCursor: string | null } | null {
  const after = cursor === undefined ? ([''] as const) : decodeCursor(cursor, ['text'])
  if (after === null) return null
  const rest = rows.filter(({ code }) => code > after[0]).toSorted((a, b) => (a.code < b.code ? -1 : 1))
  const last = rest.length > limit ? rest[limit - 1] : undefined
  return { items: rest.slice(0, limit), nextCursor: last === undefined ? null : encodeCursor([last.code]) }
}

function newServiceOf({ calendarId = null, active = true, transit, ...named }: Static<typeof ServiceBody>): NewService {
  return { ...named, calendarId: readCalendar(calendarId), active, transit: transit.map(routeOf) }
}

function serviceChangesOf({ calendarId, transit, ...plain }: Static<typeof ServiceEdit>): ServiceChanges {
  return {
    ...plain,
    ...(calendarId === undefined ? {} : { calendarId: readCalendar(calendarId) }),
    ...(transit === undefined ? {} : { transit: transit.map(routeOf) }),
  }
}

function readCalendar(json: string | null): Service['calendarId'] {
  return json === null ? null : readId('calendar', json)
}

function routeOf({ fromPostalPrefix = '', toPostalPrefix = '', ...route }: Static<typeof RouteBody>): Transit {
  return {
    ...route,
    fromPostalPrefix: fromPostalPrefix.toUpperCase(),
    toPostalPrefix: toPostalPrefix.toUpperCase(),
  }
}

function serviceJson(service: Service): Static<typeof ServiceJson> {
  return {
    ...service,
    id: formatId('shippingService', service.id),
    calendarId: service.calendarId === null ? null : formatId('calendar', service.calendarId),
    transit: service.transit.map((route) => ({ ...route })),
  }
}
