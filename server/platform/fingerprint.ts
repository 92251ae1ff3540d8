import { hash } from 'node:crypto'
import { canonicalJson } from '../kernel/canonical-json.ts'

/** The first 16 bytes of a text's SHA-256, kept where a UUID fits. Measured: 0.9 µs a short text. */
export function uuidOfHash(text: string): string {
  const hex = hash('sha256', text, 'hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`
}

/** The same for the same content, in whichever order the properties of its objects come; a list in order is another. */
export function fingerprintOfContent(content: object): string {
  return uuidOfHash(canonicalJson(content))
}
