import { createHmac, createSecretKey, hkdfSync, timingSafeEqual, type KeyObject } from 'node:crypto'
import type { Id } from '../../kernel/id.ts'
import { invariant, must } from '../../kernel/invariant.ts'

/** What a guest may be let into without a key of their own. */
export type TokenedKind = 'cart' | 'order' | 'session'

/**
 * Tokens by which a guest reads the cart or order they made. Nothing is stored: a token is
 * HMAC-SHA-256(key derived from the master key, version and object), so it can be made again at any time, and a new
 * version of the master key ends all those of a version that is taken away.
 */
export interface AccessTokens {
  /** `<version>.<43 characters>`, made with the newest version. */
  readonly makeAccessToken: <Kind extends TokenedKind>(kind: Kind, objectId: Id<Kind>) => string
  /** Compares in constant time; false for another object, another kind, a retired version or anything malformed. */
  readonly verifyAccessToken: <Kind extends TokenedKind>(kind: Kind, objectId: Id<Kind>, token: string) => boolean
}

export interface MasterKey {
  /** Counts up from 1; the highest makes new tokens. */
  readonly version: number
  /** At least 256 bits. */
  readonly secret: Uint8Array
}

const MASTER_KEY_BYTES_MIN = 32

export function openAccessTokens(masterKeys: readonly MasterKey[]): AccessTokens {
  const keyByVersion = new Map(masterKeys.map(({ version, secret }) => [version, deriveKey(version, secret)]))
  invariant(keyByVersion.size === masterKeys.length, 'every master key has a version of its own')
  const newestVersion = Math.max(...keyByVersion.keys())
  invariant(Number.isSafeInteger(newestVersion) && newestVersion > 0, 'there is at least one master key')

  const macOf = (version: number, kind: TokenedKind, objectId: string): string | null => {
    const key = keyByVersion.get(version)
    if (key === undefined) return null
    return createHmac('sha256', key).update(`${kind}|${objectId}|${version}`).digest('base64url')
  }
  return {
    makeAccessToken: (kind, objectId) =>
      `${newestVersion}.${must(macOf(newestVersion, kind, objectId), 'the newest key')}`,
    verifyAccessToken(kind, objectId, token) {
      const [, version, given] = /^([1-9]\d{0,5})\.([\w-]{43})$/.exec(token) ?? []
      if (version === undefined || given === undefined) return false
      const expected = macOf(Number(version), kind, objectId)
      return expected !== null && timingSafeEqual(Buffer.from(given), Buffer.from(expected))
    },
  }
}

/** A key for this one purpose: whoever learns it can make access tokens and open nothing else. */
function deriveKey(version: number, secret: Uint8Array): KeyObject {
  invariant(secret.byteLength >= MASTER_KEY_BYTES_MIN, `master key ${version} has at least 256 bits`)
  return createSecretKey(Buffer.from(hkdfSync('sha256', secret, '', 'waybill access token', 32)))
}
