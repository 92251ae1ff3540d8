import type { JSONWebKeySet } from 'jose'
import type { Id } from '../../kernel/id.ts'

/** Signatures made with a private key that only the provider has. HMAC is not among them: we would hold its secret. */
export const signatureAlgorithms = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
] as const
export type SignatureAlgorithm = (typeof signatureAlgorithms)[number]

/** Who may say who a shopper is: the issuer of signed tokens that the heads of some channels bring along. */
export interface IdentityProvider {
  readonly id: Id<'identityProvider'>
  readonly code: string
  readonly name: string
  readonly channelIds: readonly Id<'channel'>[]
  /** `iss` and `aud` of its tokens, to the letter. */
  readonly issuer: string
  readonly audience: string
  /** Where its public keys are fetched from; null when they are written down in `jwks`. */
  readonly jwksUrl: string | null
  readonly jwks: JSONWebKeySet | null
  readonly algorithms: readonly SignatureAlgorithm[]
  /** How far its clock may be off. */
  readonly clockSkewS: number
  readonly active: boolean
  readonly version: number
}
