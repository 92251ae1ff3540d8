import { createHash } from 'node:crypto'
import type { Id, IdKind } from '../kernel/id.ts'

const DEMO_EPOCH_MS = Date.UTC(2026, 0, 5, 8)

/**
 * An id that is the same in every demo database: a UUID version 7 with one fixed time, whose random bits are told by
 * the kind and the name. Documentation and tests may quote it.
 */
export function derivedId<Kind extends IdKind>(kind: Kind, name: string): Id<Kind> {
  const digest = createHash('sha256').update(`waybill demo ${kind} ${name}`).digest('hex')
  const time = DEMO_EPOCH_MS.toString(16).padStart(12, '0')
  const variant = ((Number.parseInt(digest.charAt(3), 16) & 0b0011) | 0b1000).toString(16)
  const hex = `${time}7${digest.slice(0, 3)}${variant}${digest.slice(4, 19)}`
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5') as Id<Kind>
}
