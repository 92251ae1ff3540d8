import { Type, type Static } from 'typebox'
import { formatId } from '../../kernel/id.ts'
import { formatInstant } from '../../kernel/time.ts'
import type { Db } from '../../platform/db.ts'
import {
  actorOf,
  decodeCursor,
  encodeCursor,
  idJson,
  InstantJson,
  line,
  once,
  page,
  pageQuery,
  readId,
  refusePlatform,
  strict,
  type App,
  type Caller,
} from '../../platform/http/index.ts'
import type { ApiKey } from './api-key.ts'
import type { Granter, NewApiKey } from './create-api-key.ts'
import { refusals } from './identity.refusals.ts'
import { readApiKey } from './identity.sql.ts'
import type { Identity } from './open-identity.ts'

const Name = line(200, { description: 'For people, to tell keys apart.' })
const Scopes = Type.Array(line(60, { examples: ['orders:read'] }), { maxItems: 200 })
const LocationIds = Type.Array(idJson('location'), { maxItems: 1_000 })

const NewApiKeyBody = Type.Union([
  strict({ kind: Type.Literal('publishable'), name: Name, channelId: idJson('channel') }),
  strict({ kind: Type.Literal('secret'), name: Name, scopes: Scopes }),
  strict({ kind: Type.Literal('partner'), name: Name, locationIds: LocationIds }),
])

const ApiKeyFields = {
  id: idJson('apiKey'),
  kind: Type.Union([Type.Literal('publishable'), Type.Literal('secret'), Type.Literal('partner')]),
  name: Name,
  hint: Type.String({ description: 'Beginning and end of the key.', examples: ['wb_sk_…x7Qd'] }),
  scopes: Scopes,
  channelId: Type.Union([idJson('channel'), Type.Null()]),
  locationIds: LocationIds,
  createdAt: InstantJson,
  revokedAt: Type.Union([InstantJson, Type.Null()]),
}
const ApiKeyJson = strict(ApiKeyFields, { title: 'ApiKey' })
const CreatedApiKeyJson = strict(
  {
    ...ApiKeyFields,
    key: Type.Union([Type.String(), Type.Null()], {
      description: 'The key, this once; null when the request is repeated, because it is kept nowhere.',
    }),
  },
  { title: 'CreatedApiKey' },
)

const tags = ['identity']
const params = strict({ id: idJson('apiKey') })

export interface IdentityHttpDeps {
  readonly db: Db
  readonly identity: Identity
}

export function mountIdentity(app: App, { db, identity }: IdentityHttpDeps): void {
  app.get(
    '/v1/admin/api-keys',
    {
      schema: {
        summary: 'Lists API keys, newest first',
        tags,
        querystring: strict(pageQuery),
        response: { 200: page(ApiKeyJson) },
      },
      config: { scope: 'identity:read' },
    },
    async (request, reply) => {
      const { limit, cursor } = request.query
      const before = cursor === undefined ? ([null] as const) : decodeCursor(cursor, ['uuid'])
      if (before === null) {
        return refusePlatform(reply, 'invalid_request', {
          errors: [{ path: '/cursor', message: 'is not of this list' }],
        })
      }
      // One more than asked for tells whether there is a next page.
      const keys = await identity.listApiKeys({ before: before[0] as ApiKey['id'] | null, limit: limit + 1 })
      const last = keys.length > limit ? keys[limit - 1] : undefined
      const nextCursor = last === undefined ? null : encodeCursor([last.id])
      return reply.send({ items: keys.slice(0, limit).map(apiKeyJson), nextCursor })
    },
  )

  app.get(
    '/v1/admin/api-keys/:id',
    {
      schema: { summary: 'Reads what is known of an API key', tags, params, response: { 200: ApiKeyJson } },
      config: { scope: 'identity:read' },
    },
    async (request, reply) => {
      const apiKey = await readApiKey(db, readId('apiKey', request.params.id))
      return apiKey === undefined ? refusePlatform(reply, 'not_found') : reply.send(apiKeyJson(apiKey))
    },
  )

  app.post(
    '/v1/admin/api-keys',
    {
      schema: {
        summary: 'Makes an API key and shows it this once',
        tags,
        body: NewApiKeyBody,
        response: { 201: CreatedApiKeyJson },
      },
      config: { scope: 'identity:write', idempotent: 'key', refusals },
    },
    async (request, reply) => {
      let shownKey: string | null = null
      return once({ db }, request, reply, {
        refusals,
        work: async (tx) => {
          const outcome = await identity.createApiKey(tx, granterOf(request.caller), wantedOf(request.body))
          if (outcome.kind === 'refused') return { refuse: outcome.refusal }
          // Stays in this request: what is stored for repeats must not hold the key.
          shownKey = outcome.key
          return { status: 201, stored: apiKeyJson(outcome.apiKey) }
        },
        render: (stored) => ({ ...stored, key: shownKey }),
      })
    },
  )

  app.delete(
    '/v1/admin/api-keys/:id',
    {
      schema: {
        summary: 'Revokes an API key at once',
        tags,
        params,
        response: { 200: ApiKeyJson },
        description: 'The node that answers no longer knows the key; the others forget it within a second.',
      },
      config: { scope: 'identity:write', idempotent: 'natural' },
    },
    async (request, reply) => {
      const id = readId('apiKey', request.params.id)
      const apiKey = await identity.revokeApiKey({ actor: actorOf(request.caller), id })
      return apiKey === null ? refusePlatform(reply, 'not_found') : reply.send(apiKeyJson(apiKey))
    },
  )
}

function granterOf(caller: Caller): Granter {
  return { actor: actorOf(caller), scopes: caller.kind === 'secret' ? caller.scopes : [] }
}

function wantedOf(body: Static<typeof NewApiKeyBody>): NewApiKey {
  switch (body.kind) {
    case 'publishable':
      return { ...body, channelId: readId('channel', body.channelId) }
    case 'secret':
      return body
    case 'partner':
      return { ...body, locationIds: body.locationIds.map((id) => readId('location', id)) }
  }
}

function apiKeyJson(apiKey: ApiKey): Static<typeof ApiKeyJson> {
  const { channelId, revokedAt } = apiKey
  return {
    id: formatId('apiKey', apiKey.id),
    kind: apiKey.kind,
    name: apiKey.name,
    hint: apiKey.hint,
    scopes: [...apiKey.scopes],
    channelId: channelId === null ? null : formatId('channel', channelId),
    locationIds: apiKey.locationIds.map((id) => formatId('location', id)),
    createdAt: formatInstant(apiKey.createdAt),
    revokedAt: revokedAt === null ? null : formatInstant(revokedAt),
  }
}
