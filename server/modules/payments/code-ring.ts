import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  hkdfSync,
  randomBytes,
  type KeyObject,
} from 'node:crypto'
import type { Id } from '../../kernel/id.ts'
import { invariant, must } from '../../kernel/invariant.ts'
import { formatCode, makeCode, readCode } from './gift-card-code.ts'

export interface MasterKey {
  /** Counts up from 1; the highest hashes and seals what is made from now on. */
  readonly version: number
  /** At least 256 bits. */
  readonly secret: Uint8Array
}

/** A code as it is kept: nobody can read it without the master key, nor find it without knowing it. */
export interface KeptCode {
  readonly hash: Buffer
  readonly last4: string
  readonly sealed: Buffer
  readonly keyVersion: number
}

/** Makes codes of gift cards and recognises them. */
export interface CodeRing {
  /** A new code for this card. */
  make(id: Id<'giftCard'>): KeptCode
  /** The hashes under which a typed code may be kept, one a version of the master key; null when it is no code at all. */
  hashes(typed: string): Buffer[] | null
  /** The code as people read it. */
  open(id: Id<'giftCard'>, kept: { readonly sealed: Uint8Array; readonly keyVersion: number }): string
}

const NONCE_BYTES = 12
const TAG_BYTES = 16
const MASTER_KEY_BYTES_MIN = 32

/**
 * Codes are hashed and encrypted under keys of their own, derived from the master keys by HKDF-SHA-256: whoever reads
 * the database can neither spend a card nor try codes against it.
 */
export function openCodeRing(masterKeys: readonly MasterKey[]): CodeRing {
  const keysByVersion = new Map(masterKeys.map(({ version, secret }) => [version, deriveKeys(version, secret)]))
  invariant(keysByVersion.size === masterKeys.length, 'every master key has a version of its own')
  const newest = Math.max(...keysByVersion.keys())
  const keysOf = (version: number) =>
    must(keysByVersion.get(version), `master key ${version}, which codes are kept under`)
  return {
    make(id) {
      const code = makeCode()
      const { hashing, sealing } = keysOf(newest)
      return {
        hash: hashWith(hashing, code),
        last4: code.slice(-4),
        sealed: seal(sealing, code, id),
        keyVersion: newest,
      }
    },
    hashes(typed) {
      const code = readCode(typed)
      return code === null ? null : [...keysByVersion.values()].map(({ hashing }) => hashWith(hashing, code))
    },
    open: (id, { sealed, keyVersion }) => formatCode(unseal(keysOf(keyVersion).sealing, sealed, id)),
  }
}

function hashWith(key: KeyObject, code: string): Buffer {
  return createHmac('sha256', key).update(code).digest()
}

/** AES-256-GCM: nonce ‖ ciphertext ‖ tag, bound to the card so that it opens in no other row. */
function seal(key: KeyObject, code: string, id: Id<'giftCard'>): Buffer {
  const nonce = randomBytes(NONCE_BYTES)
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(id))
  return Buffer.concat([nonce, cipher.update(code, 'latin1'), cipher.final(), cipher.getAuthTag()])
}

function unseal(key: KeyObject, sealed: Uint8Array, id: Id<'giftCard'>): string {
  const tagAt = sealed.byteLength - TAG_BYTES
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES })
  decipher.setAAD(Buffer.from(id)).setAuthTag(sealed.subarray(tagAt))
  return decipher.update(sealed.subarray(NONCE_BYTES, tagAt), undefined, 'latin1') + decipher.final('latin1')
}

function deriveKeys(version: number, secret: Uint8Array): { readonly hashing: KeyObject; readonly sealing: KeyObject } {
  invariant(secret.byteLength >= MASTER_KEY_BYTES_MIN, `master key ${version} has at least 256 bits`)
  const derive = (purpose: string): KeyObject =>
    createSecretKey(Buffer.from(hkdfSync('sha256', secret, '', `waybill gift card ${purpose}`, 32)))
  return { hashing: derive('code hash'), sealing: derive('code seal') }
}
