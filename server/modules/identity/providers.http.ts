import { Type, type Static } from 'typebox'
import { formatId } from '../../kernel/id.ts'
import { commitIf } from '../../platform/commit-if.ts'
import type { Db } from '../../platform/db.ts'
import {
  actorOf,
  expectedVersion,
  idJson,
  line,
  machineCode,
  once,
  readId,
  refuse,
  refusePlatform,
  sendVersion,
  strict,
  type App,
} from '../../platform/http/index.ts'
import { refusals } from './identity.refusals.ts'
import type { Identity } from './open-identity.ts'
import { signatureAlgorithms, type IdentityProvider } from './provider.ts'
import type { NewProvider, ProviderChanges } from './save-provider.ts'

const tags = ['identity']
const params = strict({ id: idJson('identityProvider') })
const Url = machineCode(500, { examples: ['https://login.example.com'] })
const algorithmsDefault = ['RS256', 'ES256'] as const

/** A public key as RFC 7517 has it; what else a provider writes into it is left out here. */
const PublicKey = strict(
  {
    kty: Type.Enum(['RSA', 'EC', 'OKP']),
    kid: Type.Optional(machineCode(200)),
    alg: Type.Optional(machineCode(20)),
    use: Type.Optional(machineCode(20)),
    crv: Type.Optional(machineCode(20)),
    n: Type.Optional(machineCode(2_000)),
    e: Type.Optional(machineCode(20)),
    x: Type.Optional(machineCode(200)),
    y: Type.Optional(machineCode(200)),
  },
  { title: 'PublicKey' },
)
const Jwks = strict({ keys: Type.Array(PublicKey, { maxItems: 20 }) }, { title: 'PublicKeys' })
const nullableUrl = Type.Union([Url, Type.Null()])
const nullableJwks = Type.Union([Jwks, Type.Null()])

const editable = {
  name: line(200),
  channelIds: Type.Array(idJson('channel'), { minItems: 1, maxItems: 100 }),
  issuer: machineCode(500, {
    description: '`iss` of its tokens, to the letter.',
    examples: ['https://login.example.com'],
  }),
  audience: machineCode(500, { description: '`aud` of its tokens, to the letter.', examples: ['shop'] }),
  jwksUrl: nullableUrl,
  jwks: nullableJwks,
  algorithms: Type.Array(Type.Enum([...signatureAlgorithms]), { minItems: 1, maxItems: 10 }),
  clockSkewS: Type.Integer({ minimum: 0, maximum: 300, description: 'Seconds its clock may be off.' }),
  active: Type.Boolean(),
}
const IdentityProviderJson = strict(
  { id: idJson('identityProvider'), code: Type.String(), ...editable, version: Type.Integer() },
  { title: 'IdentityProvider' },
)
const { name, channelIds, issuer, audience, ...others } = editable
const NewIdentityProvider = strict(
  { code: machineCode(40), name, channelIds, issuer, audience, ...Type.Partial(Type.Object(others)).properties },
  { title: 'NewIdentityProvider' },
)
const IdentityProviderEdit = strict(Type.Partial(Type.Object(editable)).properties, { title: 'IdentityProviderEdit' })

export function mountIdentityProviders(
  app: App,
  { db, identity }: { readonly db: Db; readonly identity: Identity },
): void {
  app.get(
    '/v1/admin/identity-providers',
    {
      schema: {
        summary: 'Lists identity providers by code',
        description: 'Whose signed tokens heads may bring as `Waybill-Customer-Token`.',
        tags,
        response: { 200: strict({ items: Type.Array(IdentityProviderJson), nextCursor: Type.Null() }) },
      },
      config: { scope: 'identity:read' },
    },
    async () => ({ items: (await identity.listProviders()).map(providerJson), nextCursor: null }),
  )

  app.get(
    '/v1/admin/identity-providers/:id',
    {
      schema: { summary: 'Reads an identity provider', tags, params, response: { 200: IdentityProviderJson } },
      config: { scope: 'identity:read' },
    },
    async (request, reply) => {
      const id = readId('identityProvider', request.params.id)
      const provider = (await identity.listProviders()).find((each) => each.id === id)
      if (provider === undefined) return refusePlatform(reply, 'not_found')
      return sendVersion(reply, provider.version).send(providerJson(provider))
    },
  )

  app.post(
    '/v1/admin/identity-providers',
    {
      schema: {
        summary: 'Adds an identity provider',
        description: 'Without `algorithms` RS256 and ES256 are taken, without `clockSkewS` 60 seconds.',
        tags,
        body: NewIdentityProvider,
        response: { 201: IdentityProviderJson },
      },
      config: { scope: 'identity:write', idempotent: 'key', refusals },
    },
    async (request, reply) =>
      once({ db }, request, reply, {
        refusals,
        work: async (tx) => {
          const fields = newProviderOf(request.body)
          const outcome = await identity.createProvider(tx, { actor: actorOf(request.caller), fields })
          return outcome.kind === 'refused'
            ? { refuse: outcome.refusal }
            : { status: 201, stored: providerJson(outcome.provider) }
        },
        render: (stored) => {
          sendVersion(reply, 1)
          return stored
        },
      }),
  )

  app.patch(
    '/v1/admin/identity-providers/:id',
    {
      schema: {
        summary: 'Edits an identity provider',
        tags,
        params,
        body: IdentityProviderEdit,
        response: { 200: IdentityProviderJson },
      },
      config: { scope: 'identity:write', idempotent: 'natural', ifMatch: 'required', refusals },
    },
    async (request, reply) => {
      const command = {
        actor: actorOf(request.caller),
        id: readId('identityProvider', request.params.id),
        seenVersion: expectedVersion(request),
        changes: changesOf(request.body),
      }
      const outcome = await commitIf(
        db,
        (tx) => identity.editProvider(tx, command),
        ({ kind }) => kind === 'edited',
      )
      switch (outcome.kind) {
        case 'edited':
          return sendVersion(reply, outcome.provider.version).send(providerJson(outcome.provider))
        case 'unknown':
          return refusePlatform(reply, 'not_found')
        case 'version_mismatch':
          return refusePlatform(reply, 'version_mismatch', { currentVersion: outcome.currentVersion })
        case 'refused':
          return refuse(reply, refusals, outcome.refusal)
      }
    },
  )
}

function newProviderOf(body: Static<typeof NewIdentityProvider>): NewProvider {
  const { code, name: title, issuer: iss, audience: aud } = body
  return {
    code,
    name: title,
    issuer: iss,
    audience: aud,
    channelIds: body.channelIds.map((id) => readId('channel', id)),
    jwksUrl: body.jwksUrl ?? null,
    jwks: body.jwks ?? null,
    algorithms: body.algorithms ?? algorithmsDefault,
    clockSkewS: body.clockSkewS ?? 60,
    active: body.active ?? true,
  }
}

function changesOf({ channelIds: ids, ...rest }: Static<typeof IdentityProviderEdit>): ProviderChanges {
  // The schema lets nothing through that is undefined, and no key that jose would not take.
  const changes = rest as ProviderChanges
  return ids === undefined ? changes : { ...changes, channelIds: ids.map((id) => readId('channel', id)) }
}

function providerJson(provider: IdentityProvider): Static<typeof IdentityProviderJson> {
  return {
    ...provider,
    id: formatId('identityProvider', provider.id),
    channelIds: provider.channelIds.map((id) => formatId('channel', id)),
    jwks: provider.jwks as Static<typeof nullableJwks>,
    algorithms: [...provider.algorithms],
  }
}
