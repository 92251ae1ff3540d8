import { hash, randomBytes } from 'node:crypto'
import type { Id } from '../../kernel/id.ts'
import type { Instant } from '../../kernel/time.ts'

/** Publishable: a head's, bound to a channel. Secret: an integration's, with scopes. Partner: bound to locations. */
export type ApiKeyKind = 'publishable' | 'secret' | 'partner'

/** What we keep of a key. The key itself is shown once, to whoever had it made. */
export interface ApiKey {
  readonly id: Id<'apiKey'>
  readonly kind: ApiKeyKind
  readonly name: string
  readonly hint: string
  readonly scopes: readonly string[]
  readonly channelId: Id<'channel'> | null
  readonly locationIds: readonly Id<'location'>[]
  readonly createdAt: Instant
  readonly revokedAt: Instant | null
}

const prefixByKind = { publishable: 'wb_pk_', secret: 'wb_sk_', partner: 'wb_lk_' } as const

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const KEY_BYTES = 32
/** 62^43 is the first power of 62 above 2^256. */
const KEY_CHARACTERS = 43

/**
 * A new key, `wb_sk_` and 256 random bits in base 62: a double click selects all of it, and secret scanners can
 * recognise it by its beginning.
 */
export function makeApiKey(kind: ApiKeyKind): string {
  return prefixByKind[kind] + base62(randomBytes(KEY_BYTES))
}

export function base62(bytes: Uint8Array): string {
  let rest = BigInt(`0x${Buffer.from(bytes).toString('hex')}`)
  let text = ''
  while (text.length < KEY_CHARACTERS) {
    text = alphabet.charAt(Number(rest % 62n)) + text
    rest /= 62n
  }
  return text
}

/** Whether a text could be a key at all; anything else needs no hashing and no look-up. */
export function isApiKeyText(text: string): boolean {
  return /^wb_(pk|sk|lk)_[0-9A-Za-z]{43}$/.test(text)
}

/** The name under which a key is found, SHA-256 in base64. A fast hash is enough: nobody guesses 256 random bits. */
export function hashApiKey(key: string): string {
  return hash('sha256', key, 'base64')
}

/** `wb_sk_…x7Qd`: 24 of the 256 bits, so that people can tell their keys apart. */
export function hintOf(key: string): string {
  return `${key.slice(0, 6)}…${key.slice(-4)}`
}
