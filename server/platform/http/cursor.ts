import { parseInstant, type Instant } from '../../kernel/time.ts'

/** What a list is ordered by: the last row's values, from which the next page goes on. */
export type CursorValues = readonly (string | number | boolean | null)[]

const VALUES_MAX = 8

/** Writes a cursor; opaque to whoever receives it, and not secret. */
export function encodeCursor(values: CursorValues): string {
  return Buffer.from(JSON.stringify(values)).toString('base64url')
}

/** How the value at a place of the cursor must look before it may go into a statement. */
export type CursorKind = 'uuid' | 'integer' | 'instant' | 'text'

interface ValueByKind {
  readonly uuid: string
  readonly integer: number
  readonly instant: Instant
  readonly text: string
}

/**
 * Reads a cursor back; null when it is not one of ours. Anybody can write one, so name the kinds of its values unless
 * the statement takes any text and number: a text in the place of a UUID would be an error of the database's.
 */
export function decodeCursor(cursor: string): CursorValues | null
export function decodeCursor<const Kinds extends readonly CursorKind[]>(
  cursor: string,
  kinds: Kinds,
): { readonly [Place in keyof Kinds]: ValueByKind[Kinds[Place]] } | null
export function decodeCursor(cursor: string, kinds?: readonly CursorKind[]): CursorValues | null {
  const values = parse(Buffer.from(cursor, 'base64url').toString('utf8'))
  if (!Array.isArray(values) || values.length > VALUES_MAX || !values.every(isValue)) return null
  if (kinds === undefined) return values
  return values.length === kinds.length && kinds.every((kind, place) => isOfKind(kind, values[place])) ? values : null
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // Whatever is not JSON was not written by us.
    return null
  }
}

function isValue(value: unknown): value is string | number | boolean | null {
  if (typeof value === 'string') return !value.includes('\0') && value.isWellFormed()
  return value === null || typeof value === 'boolean' || Number.isSafeInteger(value)
}

function isOfKind(kind: CursorKind, value: unknown): boolean {
  switch (kind) {
    case 'integer':
      return typeof value === 'number'
    case 'instant':
      return typeof value === 'number' && isInstant(value)
    case 'text':
      return typeof value === 'string'
    case 'uuid':
      return typeof value === 'string' && /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(value)
  }
}

/** A time that no clock shows would be an error of the database's too. */
function isInstant(epochMs: number): boolean {
  const date = new Date(epochMs)
  return !Number.isNaN(date.getTime()) && parseInstant(date.toISOString()) !== null
}
