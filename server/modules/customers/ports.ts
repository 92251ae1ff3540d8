import type { Id } from '../../kernel/id.ts'
import type { Instant } from '../../kernel/time.ts'
import type { Queryable } from '../../platform/db.ts'

/** Signing and checking belong to a room that this one may not open; the composition root passes it in. */
export interface SessionTokens {
  makeAccessToken(kind: 'session', id: Id<'session'>): string
  verifyAccessToken(kind: 'session', id: Id<'session'>, token: string): boolean
}

/** What an identity provider says of whoever brings its token. */
export interface ProvenLogin {
  readonly providerId: Id<'identityProvider'>
  /** The provider's own name for them, which never changes. */
  readonly subject: string
  /** Null unless the provider says that it is theirs. */
  readonly verifiedEmail: string | null
  readonly name: string | null
}

export interface IdentityProviders {
  /** Refused: no provider of the channel vouches for the token. Away: its keys cannot be had. */
  proveLogin(login: {
    readonly channelId: Id<'channel'>
    readonly token: string
    readonly wallAt: Instant
  }): Promise<{ readonly kind: 'proven'; readonly login: ProvenLogin } | { readonly kind: 'refused' | 'away' }>
}

/** What another room holds of people, for the copy that they may ask for. */
export interface PersonalRecords {
  /** The property under which it stands in the copy: `orders`. */
  readonly name: string
  readonly read: (source: Queryable, personIds: readonly Id<'person'>[]) => Promise<readonly object[]>
}
