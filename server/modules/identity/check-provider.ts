import type { JWK, JSONWebKeySet } from 'jose'
import { isIP } from 'node:net'
import type { Id } from '../../kernel/id.ts'
import type { MerchantBook } from '../merchant/index.ts'
import type { IdentityProvider, SignatureAlgorithm } from './provider.ts'

/** One thing that makes no sense in a provider, and where. */
export interface ProviderReason {
  readonly field: string
  readonly reason:
    | 'invalid'
    | 'taken'
    | 'blank'
    | 'unknown'
    | 'https_required'
    | 'keys_missing'
    | 'keys_twice'
    | 'key_private'
    | 'key_unfit'
    | 'overlaps'
}

export interface ProviderRefusal {
  readonly code: 'identity_provider_invalid'
  readonly reasons: readonly ProviderReason[]
}

export interface ProviderSurroundings {
  readonly others: readonly IdentityProvider[]
  readonly channelById: MerchantBook['channelById']
  /** A sandbox may ask a provider on its own machine, without TLS. */
  readonly allowsLoopback: boolean
}

/** Everything that is wrong with a provider; null when it may be saved. */
export function checkProvider(provider: IdentityProvider, surroundings: ProviderSurroundings): ProviderRefusal | null {
  const reasons = [...reasonsOf(provider, surroundings)]
  return reasons.length === 0 ? null : { code: 'identity_provider_invalid', reasons }
}

function* reasonsOf(
  provider: IdentityProvider,
  { others, channelById, allowsLoopback }: ProviderSurroundings,
): Generator<ProviderReason, void> {
  const { code, name, channelIds, issuer, audience, jwksUrl, jwks, algorithms } = provider
  if (!/^[a-z0-9]+([-_.][a-z0-9]+)*$/.test(code) || code.length > 40) yield { field: 'code', reason: 'invalid' }
  if (others.some((other) => other.code === code)) yield { field: 'code', reason: 'taken' }
  if (name.trim() === '') yield { field: 'name', reason: 'blank' }
  for (const id of channelIds) if (!channelById.has(id)) yield { field: 'channelIds', reason: 'unknown' }
  if (channelIds.length === 0) yield { field: 'channelIds', reason: 'blank' }
  if (audience.trim() === '') yield { field: 'audience', reason: 'blank' }
  // An issuer is an https URL by OpenID Connect Core 1.0, section 2.
  yield* urlReasons('issuer', issuer, allowsLoopback)
  if (algorithms.length === 0) yield { field: 'algorithms', reason: 'blank' }
  if (jwksUrl === null && jwks === null) yield { field: 'jwksUrl', reason: 'keys_missing' }
  if (jwksUrl !== null && jwks !== null) yield { field: 'jwks', reason: 'keys_twice' }
  if (jwksUrl !== null) yield* urlReasons('jwksUrl', jwksUrl, allowsLoopback)
  if (jwks !== null) yield* keyReasons(jwks, algorithms)
  if (provider.active && others.some((other) => overlaps(provider, other)))
    yield { field: 'issuer', reason: 'overlaps' }
}

function* urlReasons(field: string, text: string, allowsLoopback: boolean): Generator<ProviderReason, void> {
  const url = URL.parse(text)
  if (url?.username !== '' || url.password !== '' || url.hash !== '') {
    yield { field, reason: 'invalid' }
    return
  }
  if (allowsLoopback && isLoopback(url.hostname)) return
  if (url.protocol !== 'https:') yield { field, reason: 'https_required' }
  // What a name resolves to is looked at when it is asked; an address written down can be refused here.
  if (isIP(url.hostname.replace(/^\[|\]$/g, '')) !== 0 || url.hostname === 'localhost')
    yield { field, reason: 'invalid' }
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '127.0.0.1' || hostname === '[::1]'
}

const keyTypeOf: Readonly<Record<SignatureAlgorithm, { readonly kty: string; readonly crv?: string }>> = {
  RS256: { kty: 'RSA' },
  RS384: { kty: 'RSA' },
  RS512: { kty: 'RSA' },
  PS256: { kty: 'RSA' },
  PS384: { kty: 'RSA' },
  PS512: { kty: 'RSA' },
  ES256: { kty: 'EC', crv: 'P-256' },
  ES384: { kty: 'EC', crv: 'P-384' },
  ES512: { kty: 'EC', crv: 'P-521' },
  EdDSA: { kty: 'OKP', crv: 'Ed25519' },
}

function* keyReasons(
  { keys }: JSONWebKeySet,
  algorithms: readonly SignatureAlgorithm[],
): Generator<ProviderReason, void> {
  if (keys.length === 0) yield { field: 'jwks', reason: 'keys_missing' }
  for (const [index, key] of keys.entries()) {
    const field = `jwks/keys/${index}`
    // A private or shared key here would be in our backups.
    if ('d' in key || 'k' in key || key.kty === 'oct') yield { field, reason: 'key_private' }
    else if (!algorithms.some((algorithm) => fits(key, algorithm))) yield { field, reason: 'key_unfit' }
  }
}

function fits(key: JWK, algorithm: SignatureAlgorithm): boolean {
  const { kty, crv } = keyTypeOf[algorithm]
  return (
    key.kty === kty &&
    (crv === undefined || key.crv === crv) &&
    (key.alg === undefined || key.alg === algorithm) &&
    (key.use === undefined || key.use === 'sig')
  )
}

/** Two that would vouch for the same tokens at a head: which of them a login belongs to would be chance. */
function overlaps(provider: IdentityProvider, other: IdentityProvider): boolean {
  const sharesChannel = (id: Id<'channel'>): boolean => other.channelIds.includes(id)
  return (
    other.active &&
    other.issuer === provider.issuer &&
    other.audience === provider.audience &&
    provider.channelIds.some(sharesChannel)
  )
}
