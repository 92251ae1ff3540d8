import type { Id } from '../../kernel/id.ts'
import type { Instant } from '../../kernel/time.ts'
import type { Db, Queryable, Tx } from '../../platform/db.ts'
import type { Authenticate } from '../../platform/http/index.ts'
import { readRevisions, RevisionedBook } from '../../platform/revision.ts'
import type { Merchant } from '../merchant/index.ts'
import { openAccessTokens, type AccessTokens, type MasterKey } from './access-token.ts'
import type { ApiKey } from './api-key.ts'
import { createApiKey, type CreateApiKeyOutcome, type Granter, type NewApiKey } from './create-api-key.ts'
import { readApiKeys } from './identity.sql.ts'
import { KeyRing } from './key-ring.ts'
import type { FetchJwks, KnownLocations } from './ports.ts'
import { proveLogin, type LoginProof } from './prove-login.ts'
import type { IdentityProvider } from './provider.ts'
import { ProviderKeys } from './provider-keys.ts'
import { readProviderRows } from './providers.sql.ts'
import { revokeApiKey } from './revoke-api-key.ts'
import {
  createProvider,
  editProvider,
  type CreateProviderOutcome,
  type EditProviderOutcome,
  type NewProvider,
  type ProviderChanges,
} from './save-provider.ts'

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

  /** What a provider of the channel says of whoever brings its token. See `proveLogin`. */
  proveLogin(login: {
    readonly channelId: Id<'channel'>
    readonly token: string
    readonly wallAt: Instant
  }): Promise<LoginProof>
  /** By code. */
  listProviders(): Promise<readonly IdentityProvider[]>
  createProvider(
    tx: Tx,
    command: { readonly actor: string; readonly fields: NewProvider },
  ): Promise<CreateProviderOutcome>
  editProvider(
    tx: Tx,
    command: {
      readonly actor: string
      readonly id: Id<'identityProvider'>
      readonly seenVersion: number
      readonly changes: ProviderChanges
    },
  ): Promise<EditProviderOutcome>
}

export interface IdentityDeps {
  readonly db: Db
  readonly merchant: Merchant
  readonly locations: KnownLocations
  readonly masterKeys: readonly MasterKey[]
  /** How providers' keys are fetched, and whether from this machine as well; by default nobody can be asked. */
  readonly jwks?: { readonly fetch: FetchJwks; readonly allowsLoopback: boolean }
}

const nobodyToAsk: NonNullable<IdentityDeps['jwks']> = {
  fetch: async () => ({ kind: 'unavailable', cause: 'there is no way out' }),
  allowsLoopback: false,
}

export function openIdentity({ db, merchant, locations, masterKeys, jwks = nobodyToAsk }: IdentityDeps): Identity {
  const ring = new KeyRing(db)
  const keys = new ProviderKeys(jwks.fetch)
  const books = new RevisionedBook((source: Queryable) => readProviderRows(source))
  const saving = { merchant, allowsLoopback: jwks.allowsLoopback }
  const listProviders = async () => books.at(db, (await readRevisions(db)).identity)
  return {
    ...openAccessTokens(masterKeys),
    authenticate: (token) => ring.authenticate(token),
    refresh: (knownRevision) => ring.refresh(knownRevision),
    createApiKey: (tx, granter, wanted) => createApiKey(tx, { merchant, locations }, granter, wanted),
    listApiKeys: (page) => readApiKeys(db, page),
    revokeApiKey: (command) => revokeApiKey({ db, ring }, command),
    proveLogin: async (login) => proveLogin({ providers: await listProviders(), keys }, login),
    listProviders,
    createProvider: (tx, command) => createProvider(tx, saving, command),
    editProvider: (tx, command) => editProvider(tx, saving, command),
  }
}
