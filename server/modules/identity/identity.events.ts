import { Type } from 'typebox'

const id = Type.String({ description: 'The id of the API key, `key_…`. The key itself is in no event.' })
const kind = Type.Union([Type.Literal('publishable'), Type.Literal('secret'), Type.Literal('partner')])

export const events = {
  'api_key.created': { summary: 'An API key was made.', data: Type.Object({ id, kind, name: Type.String() }) },
  'api_key.revoked': { summary: 'An API key was revoked and no longer opens anything.', data: Type.Object({ id }) },
} as const
