import type { Id } from '../../kernel/id.ts'
import type { Db, Tx } from '../../platform/db.ts'
import type { Authenticate } from '../../platform/http/index.ts'
import type { Merchant } from '../merchant/index.ts'
import { openAccessTokens, type AccessTokens, type MasterKey } from './access-token.ts'
import type { ApiKey } from './api-key.ts'
import { createApiKey, type CreateApiKeyOutcome, type Granter, type NewApiKey } from './create-api-key.ts'
import { readApiKeys } from './identity.sql.ts'
import { KeyRing } from './key-ring.ts'
import type { KnownLocations } from './ports.ts'
import { revokeApiKey } from './revoke-api-key.ts'

/** Who may call what. */
export interface Identity extends AccessTokens {
  /** Whose key a bearer token is; null when nobody's. See `KeyRing`. */
  readonly authenticate: Authenticate
  /** To be called when another node may have made or revoked keys, and every second. */
  refresh(knownRevision?: bigint): Promise<void>
  createApiKey(tx: Tx, granter: Granter, wanted: NewApiKey): Promise<CreateApiKeyOutcome>
  /** Newest first. @param page.before the last key of the page before, null for the first page */
  listApiKeys(page: { readonly before: Id<'apiKey'> | null; readonly limit: number }): Promise<ApiKey[]>
  revokeApiKey(command: { readonly actor: string; readonly id: Id<'apiKey'> }): Promise<ApiKey | null>
}

export interface IdentityDeps {
  readonly db: Db
  readonly merchant: Merchant
  readonly locations: KnownLocations
  readonly masterKeys: readonly MasterKey[]
}

export function openIdentity({ db, merchant, locations, masterKeys }: IdentityDeps): Identity {
  const ring = new KeyRing(db)
  return {
    ...openAccessTokens(masterKeys),
    authenticate: (token) => ring.authenticate(token),
    refresh: (knownRevision) => ring.refresh(knownRevision),
    createApiKey: (tx, granter, wanted) => createApiKey(tx, { merchant, locations }, granter, wanted),
    listApiKeys: (page) => readApiKeys(db, page),
    revokeApiKey: (command) => revokeApiKey({ db, ring }, command),
  }
}
