import type { RefusalTable } from '../../platform/http/index.ts'
import type { ProviderRefusal } from './check-provider.ts'
import type { CreateApiKeyRefusal } from './create-api-key.ts'

export type IdentityRefusal = CreateApiKeyRefusal | ProviderRefusal

export const refusals = {
  key_name_blank: { status: 422, meaning: 'The name of an API key has no visible character.' },
  channel_unknown: { status: 422, meaning: 'There is no channel with this id.' },
  scopes_missing: { status: 422, meaning: 'A secret key needs at least one scope.' },
  scope_unknown: { status: 422, meaning: '`scope` is not a scope.' },
  scope_not_held: { status: 403, meaning: 'A key cannot grant `scope`, which it does not hold itself.' },
  locations_missing: { status: 422, meaning: 'A partner key needs at least one location.' },
  location_unknown: { status: 422, meaning: 'There is no location with the id in `location`.' },
  identity_provider_invalid: {
    status: 422,
    meaning:
      'The identity provider makes no sense; `reasons` names every field and what is wrong with it. Keys come from ' +
      '`jwksUrl` or stand in `jwks`, never both, and are public.',
  },
} as const satisfies RefusalTable<IdentityRefusal>
