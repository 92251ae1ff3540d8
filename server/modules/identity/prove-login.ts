import { createLocalJWKSet, decodeJwt, errors, jwtVerify, type JSONWebKeySet, type JWTPayload } from 'jose'
import type { Id } from '../../kernel/id.ts'
import type { Instant } from '../../kernel/time.ts'
import type { IdentityProvider } from './provider.ts'
import type { ProviderKeys } from './provider-keys.ts'

/** What an identity provider says of whoever brings its token. */
export interface ProvenLogin {
  readonly providerId: Id<'identityProvider'>
  /** The provider's own name for them (`sub`). */
  readonly subject: string
  /** Null unless the provider says that it is theirs (`email_verified`). */
  readonly verifiedEmail: string | null
  readonly name: string | null
}

export type LoginProof =
  | { readonly kind: 'proven'; readonly login: ProvenLogin }
  | { readonly kind: 'refused' }
  /** The keys to check it with cannot be had. */
  | { readonly kind: 'away' }

/** No provider's subject is longer (OpenID Connect Core 1.0, section 2: 255 ASCII characters). */
const SUBJECT_CHARACTERS_MAX = 255

/**
 * Checks a token that a head brings: signed with a key of an active provider of its channel by an algorithm on the
 * provider's list, with the provider's issuer and audience, and neither over nor of the future.
 */
export async function proveLogin(
  { providers, keys }: { readonly providers: readonly IdentityProvider[]; readonly keys: ProviderKeys },
  { channelId, token, wallAt }: { readonly channelId: Id<'channel'>; readonly token: string; readonly wallAt: Instant },
): Promise<LoginProof> {
  const issuer = issuerOf(token)
  let isAway = false
  for (const provider of providers) {
    // Only names the provider whose keys are to be tried; nothing of the token is believed before that.
    if (!provider.active || provider.issuer !== issuer || !provider.channelIds.includes(channelId)) continue
    const claims = await verify(provider, keys, { token, wallAt })
    if (claims === 'away') isAway = true
    const login = claims === 'away' || claims === null ? null : loginOf(provider, claims)
    if (login !== null) return { kind: 'proven', login }
  }
  return { kind: isAway ? 'away' : 'refused' }
}

function issuerOf(token: string): string | null {
  try {
    return decodeJwt(token).iss ?? null
  } catch (error) {
    if (error instanceof errors.JWTInvalid || error instanceof TypeError) return null
    throw error
  }
}

async function verify(
  provider: IdentityProvider,
  keys: ProviderKeys,
  { token, wallAt }: { readonly token: string; readonly wallAt: Instant },
): Promise<JWTPayload | 'away' | null> {
  const { jwks, jwksUrl } = provider
  const known = jwksUrl === null ? jwks : await keys.at(jwksUrl, wallAt)
  if (known === null) return 'away'
  const claims = await verifyWith(known, provider, { token, wallAt })
  if (claims !== 'key_unknown') return claims
  const renewed = jwksUrl === null ? null : await keys.renewed(jwksUrl, wallAt)
  const again = renewed === null ? null : await verifyWith(renewed, provider, { token, wallAt })
  return again === 'key_unknown' ? null : again
}

async function verifyWith(
  jwks: JSONWebKeySet,
  { issuer, audience, algorithms, clockSkewS }: IdentityProvider,
  { token, wallAt }: { readonly token: string; readonly wallAt: Instant },
): Promise<JWTPayload | 'key_unknown' | null> {
  try {
    const { payload } = await jwtVerify(token, createLocalJWKSet(jwks), {
      issuer,
      audience,
      algorithms: [...algorithms],
      clockTolerance: clockSkewS,
      currentDate: new Date(wallAt),
      requiredClaims: ['exp', 'sub'],
    })
    // `iat` is only checked by jose together with a maximal age.
    return payload.iat !== undefined && payload.iat * 1_000 > wallAt + clockSkewS * 1_000 ? null : payload
  } catch (error) {
    if (error instanceof errors.JWKSNoMatchingKey) return 'key_unknown'
    // Two keys without an id that both fit: the provider's mistake, and nothing we may guess about.
    if (error instanceof errors.JOSEError || error instanceof TypeError || error instanceof DOMException) return null
    throw error
  }
}

function loginOf(provider: IdentityProvider, claims: JWTPayload): ProvenLogin | null {
  const { sub, email, email_verified: isVerified, name } = claims
  if (sub === undefined || sub === '' || sub.length > SUBJECT_CHARACTERS_MAX) return null
  return {
    providerId: provider.id,
    subject: sub,
    // Some providers write booleans as text.
    verifiedEmail: typeof email === 'string' && (isVerified === true || isVerified === 'true') ? email : null,
    name: typeof name === 'string' ? name : null,
  }
}
