declare const instantBrand: unique symbol

/** A point in time: whole milliseconds since 1970-01-01T00:00:00Z, leap seconds ignored. */
export type Instant = number & { readonly [instantBrand]: true }

const INSTANT_MAX_MS = Date.UTC(9999, 11, 31, 23, 59, 59, 999)
const RFC3339 =
  /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,9})?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$/

export function instantFromMs(epochMs: number): Instant {
  return Math.trunc(epochMs) as Instant
}

/** Reads an RFC 3339 timestamp with a zone; null when it is not one or names a day that does not exist. */
export function parseInstant(text: string): Instant | null {
  if (!RFC3339.test(text)) return null
  const epochMs = Date.parse(text)
  if (Number.isNaN(epochMs) || epochMs > INSTANT_MAX_MS || epochMs < 0) return null
  const dayOfMonth = Number(text.slice(8, 10))
  const daysInMonth = new Date(Date.UTC(Number(text.slice(0, 4)), Number(text.slice(5, 7)), 0)).getUTCDate()
  return dayOfMonth <= daysInMonth ? (epochMs as Instant) : null
}

/** RFC 3339 in UTC with milliseconds, the one way the API writes time. */
export function formatInstant(instant: Instant): string {
  return new Date(instant).toISOString()
}

export function addMs(instant: Instant, ms: number): Instant {
  return (instant + ms) as Instant
}

export const SECOND_MS = 1_000
export const MINUTE_MS = 60 * SECOND_MS
export const HOUR_MS = 60 * MINUTE_MS
export const DAY_MS = 24 * HOUR_MS
