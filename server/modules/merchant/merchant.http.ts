import { idJson, page, pageQuery, readId, strict, type App } from '../../platform/http/index.ts'
import { answerEdit, answerList, answerOne, createOnce, type ConfigurationDeps } from './answer-configuration.ts'
import {
  CalendarBody,
  CalendarEdit,
  calendarFields,
  CalendarJson,
  calendarJson,
  ChannelBody,
  channelChanges,
  ChannelEdit,
  channelFields,
  ChannelJson,
  channelJson,
  LegalEntityBody,
  LegalEntityEdit,
  LegalEntityJson,
  legalEntityJson,
  MarketBody,
  MarketEdit,
  MarketJson,
  marketJson,
  ZoneBody,
  ZoneEdit,
  zoneFields,
  ZoneJson,
  zoneJson,
} from './configuration-json.ts'
import { refusals } from './merchant.refusals.ts'

const tags = ['merchant']
const querystring = strict(pageQuery)
const read = { scope: 'merchant:read' } as const
const create = { scope: 'merchant:write', idempotent: 'key', refusals } as const
const edit = { scope: 'merchant:write', idempotent: 'natural', ifMatch: 'required', refusals } as const

export function mountMerchant(app: App, deps: ConfigurationDeps): void {
  mountLegalEntities(app, deps)
  mountMarkets(app, deps)
  mountChannels(app, deps)
  mountZones(app, deps)
  mountCalendars(app, deps)
}

function mountLegalEntities(app: App, deps: ConfigurationDeps): void {
  const edge = { kind: 'legalEntity', view: legalEntityJson } as const
  const params = strict({ id: idJson('legalEntity') })
  app.get(
    '/v1/admin/legal-entities',
    {
      schema: { summary: 'Lists legal entities by code', tags, querystring, response: { 200: page(LegalEntityJson) } },
      config: read,
    },
    async (request, reply) => answerList(deps, reply, edge, request.query),
  )

  app.get(
    '/v1/admin/legal-entities/:id',
    {
      schema: { summary: 'Reads a legal entity', tags, params, response: { 200: LegalEntityJson } },
      config: read,
    },
    async (request, reply) => answerOne(deps, reply, edge, readId('legalEntity', request.params.id)),
  )

  app.post(
    '/v1/admin/legal-entities',
    {
      schema: { summary: 'Adds a legal entity', tags, body: LegalEntityBody, response: { 201: LegalEntityJson } },
      config: create,
    },
    async (request, reply) => createOnce(deps, request, reply, edge, request.body),
  )

  app.patch(
    '/v1/admin/legal-entities/:id',
    {
      schema: {
        summary: 'Edits a legal entity',
        tags,
        params,
        body: LegalEntityEdit,
        response: { 200: LegalEntityJson },
      },
      config: edit,
    },
    async (request, reply) =>
      answerEdit(deps, request, reply, edge, readId('legalEntity', request.params.id), request.body),
  )
}

function mountMarkets(app: App, deps: ConfigurationDeps): void {
  const edge = { kind: 'market', view: marketJson } as const
  const params = strict({ id: idJson('market') })
  app.get(
    '/v1/admin/markets',
    {
      schema: { summary: 'Lists markets by code', tags, querystring, response: { 200: page(MarketJson) } },
      config: read,
    },
    async (request, reply) => answerList(deps, reply, edge, request.query),
  )

  app.get(
    '/v1/admin/markets/:id',
    {
      schema: { summary: 'Reads a market', tags, params, response: { 200: MarketJson } },
      config: read,
    },
    async (request, reply) => answerOne(deps, reply, edge, readId('market', request.params.id)),
  )

  app.post(
    '/v1/admin/markets',
    {
      schema: { summary: 'Adds a market', tags, body: MarketBody, response: { 201: MarketJson } },
      config: create,
    },
    async (request, reply) => createOnce(deps, request, reply, edge, request.body),
  )

  app.patch(
    '/v1/admin/markets/:id',
    {
      schema: { summary: 'Edits a market', tags, params, body: MarketEdit, response: { 200: MarketJson } },
      config: edit,
    },
    async (request, reply) => answerEdit(deps, request, reply, edge, readId('market', request.params.id), request.body),
  )
}

function mountChannels(app: App, deps: ConfigurationDeps): void {
  const edge = { kind: 'channel', view: channelJson } as const
  const params = strict({ id: idJson('channel') })
  app.get(
    '/v1/admin/channels',
    {
      schema: { summary: 'Lists selling channels by code', tags, querystring, response: { 200: page(ChannelJson) } },
      config: read,
    },
    async (request, reply) => answerList(deps, reply, edge, request.query),
  )

  app.get(
    '/v1/admin/channels/:id',
    {
      schema: { summary: 'Reads a selling channel', tags, params, response: { 200: ChannelJson } },
      config: read,
    },
    async (request, reply) => answerOne(deps, reply, edge, readId('channel', request.params.id)),
  )

  app.post(
    '/v1/admin/channels',
    {
      schema: { summary: 'Adds a selling channel', tags, body: ChannelBody, response: { 201: ChannelJson } },
      config: create,
    },
    async (request, reply) => createOnce(deps, request, reply, edge, channelFields(request.body)),
  )

  app.patch(
    '/v1/admin/channels/:id',
    {
      schema: { summary: 'Edits a selling channel', tags, params, body: ChannelEdit, response: { 200: ChannelJson } },
      config: edit,
    },
    async (request, reply) =>
      answerEdit(deps, request, reply, edge, readId('channel', request.params.id), channelChanges(request.body)),
  )
}

function mountZones(app: App, deps: ConfigurationDeps): void {
  const edge = { kind: 'zone', view: zoneJson } as const
  const params = strict({ id: idJson('zone') })
  app.get(
    '/v1/admin/zones',
    {
      schema: { summary: 'Lists tax zones by code', tags, querystring, response: { 200: page(ZoneJson) } },
      config: read,
    },
    async (request, reply) => answerList(deps, reply, edge, request.query),
  )

  app.get(
    '/v1/admin/zones/:id',
    {
      schema: { summary: 'Reads a tax zone', tags, params, response: { 200: ZoneJson } },
      config: read,
    },
    async (request, reply) => answerOne(deps, reply, edge, readId('zone', request.params.id)),
  )

  app.post(
    '/v1/admin/zones',
    {
      schema: { summary: 'Adds a tax zone', tags, body: ZoneBody, response: { 201: ZoneJson } },
      config: create,
    },
    async (request, reply) => createOnce(deps, request, reply, edge, zoneFields(request.body)),
  )

  app.patch(
    '/v1/admin/zones/:id',
    {
      schema: { summary: 'Edits a tax zone', tags, params, body: ZoneEdit, response: { 200: ZoneJson } },
      config: edit,
    },
    async (request, reply) => answerEdit(deps, request, reply, edge, readId('zone', request.params.id), request.body),
  )
}

function mountCalendars(app: App, deps: ConfigurationDeps): void {
  const edge = { kind: 'calendar', view: calendarJson } as const
  const params = strict({ id: idJson('calendar') })
  app.get(
    '/v1/admin/calendars',
    {
      schema: { summary: 'Lists working calendars by code', tags, querystring, response: { 200: page(CalendarJson) } },
      config: read,
    },
    async (request, reply) => answerList(deps, reply, edge, request.query),
  )

  app.get(
    '/v1/admin/calendars/:id',
    {
      schema: { summary: 'Reads a working calendar', tags, params, response: { 200: CalendarJson } },
      config: read,
    },
    async (request, reply) => answerOne(deps, reply, edge, readId('calendar', request.params.id)),
  )

  app.post(
    '/v1/admin/calendars',
    {
      schema: { summary: 'Adds a working calendar', tags, body: CalendarBody, response: { 201: CalendarJson } },
      config: create,
    },
    async (request, reply) => createOnce(deps, request, reply, edge, calendarFields(request.body)),
  )

  app.patch(
    '/v1/admin/calendars/:id',
    {
      schema: {
        summary: 'Edits a working calendar',
        tags,
        params,
        body: CalendarEdit,
        response: { 200: CalendarJson },
      },
      config: edit,
    },
    async (request, reply) =>
      answerEdit(deps, request, reply, edge, readId('calendar', request.params.id), request.body),
  )
}
