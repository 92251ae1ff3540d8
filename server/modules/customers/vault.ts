import { createCipheriv, createDecipheriv, createSecretKey, randomFillSync, type KeyObject } from 'node:crypto'
import { invariant } from '../../kernel/invariant.ts'

const ALGORITHM = 'aes-256-gcm'
const KEY_BYTES = 32
const NONCE_BYTES = 12
const TAG_BYTES = 16

/** Random bytes drawn ahead: asking the system for each nonce cost a quarter of sealing a person (Node 24). */
const drawn = Buffer.alloc(8_192)
let drawnUsed = drawn.byteLength

/**
 * Encrypts and authenticates: nonce ‖ ciphertext ‖ tag.
 * Nonces are random. A data key sees a handful of messages; the wrapping key one a person, and random nonces are safe
 * for 2³² of those under one version of the master key.
 *
 * @param boundTo  where the result belongs, such as `person|<id>`: moved to another row it does not open
 */
export function seal(key: KeyObject, plaintext: Uint8Array, boundTo: string): Buffer {
  const nonce = drawRandom(NONCE_BYTES)
  const cipher = createCipheriv(ALGORITHM, key, nonce)
  cipher.setAAD(Buffer.from(boundTo))
  const ciphertext = cipher.update(plaintext)
  // GCM holds nothing back: all of the ciphertext is out before `final`.
  cipher.final()
  return Buffer.concat([nonce, ciphertext, cipher.getAuthTag()])
}

/** @throws when `sealed` was not made with this key and binding: it was tampered with, or the key is another one */
export function open(key: KeyObject, sealed: Uint8Array, boundTo: string): Buffer {
  invariant(sealed.byteLength >= NONCE_BYTES + TAG_BYTES, 'a sealed value has its nonce and tag')
  const tagAt = sealed.byteLength - TAG_BYTES
  const decipher = createDecipheriv(ALGORITHM, key, sealed.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES })
  decipher.setAAD(Buffer.from(boundTo))
  decipher.setAuthTag(sealed.subarray(tagAt))
  return Buffer.concat([decipher.update(sealed.subarray(NONCE_BYTES, tagAt)), decipher.final()])
}

/** A new random data key and the form in which it is stored. */
export function makeDataKey(wrappingKey: KeyObject, boundTo: string): { dataKey: KeyObject; wrapped: Buffer } {
  const bytes = drawRandom(KEY_BYTES)
  const made = { dataKey: createSecretKey(bytes), wrapped: seal(wrappingKey, bytes, boundTo) }
  bytes.fill(0)
  return made
}

export function unwrapDataKey(wrappingKey: KeyObject, wrapped: Uint8Array, boundTo: string): KeyObject {
  const bytes = open(wrappingKey, wrapped, boundTo)
  const dataKey = createSecretKey(bytes)
  bytes.fill(0)
  return dataKey
}

/** Bytes that nobody else gets; the pool forgets them. */
function drawRandom(count: number): Buffer {
  if (drawnUsed + count > drawn.byteLength) {
    randomFillSync(drawn)
    drawnUsed = 0
  }
  const bytes = Buffer.from(drawn.subarray(drawnUsed, drawnUsed + count))
  drawn.fill(0, drawnUsed, drawnUsed + count)
  drawnUsed += count
  return bytes
}
