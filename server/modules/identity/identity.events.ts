import { Type } from 'typebox'

const id = Type.String({ description: 'The id of the API key, `key_…`. The key itself is in no event.' })
const providerId = Type.String({ description: 'The id of the identity provider, `idp_…`.' })
const fields = Type.Array(Type.String())
const kind = Type.Union([Type.Literal('publishable'), Type.Literal('secret'), Type.Literal('partner')])

export const events = {
  'api_key.created': { summary: 'An API key was made.', data: Type.Object({ id, kind, name: Type.String() }) },
  'api_key.revoked': { summary: 'An API key was revoked and no longer opens anything.', data: Type.Object({ id }) },
  'identity_provider.created': {
    summary: 'An identity provider was added.',
    data: Type.Object({ id: providerId, fields }),
  },
  'identity_provider.edited': {
    summary: 'An identity provider was changed.',
    data: Type.Object({ id: providerId, fields }),
  },
} as const
