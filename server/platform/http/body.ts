import { isAscii, isUtf8 } from 'node:buffer'
import { hasCardNumber } from './card-number.ts'

/** A place in a JSON document by its pointer (RFC 6901), and what is wrong there. Never quotes the document. */
export interface Violation {
  readonly path: string
  readonly message: string
}

/** JSON, but not as we take it. Handed on as the body, because only the route's schema can judge the digits. */
export class UnfitBody {
  readonly value: unknown
  readonly violations: readonly Violation[]
  /** Where strings hold what could be a card number. The schema may say that a code stands there. */
  readonly cardPaths: readonly string[]

  constructor(value: unknown, violations: readonly Violation[], cardPaths: readonly string[]) {
    this.value = value
    this.violations = violations
    this.cardPaths = cardPaths
  }
}

export class MalformedJsonError extends Error {
  override readonly name = 'MalformedJsonError'
}

const DEPTH_MAX = 20
/** Significant digits that tell every double from the next. With more of them readers begin to disagree. */
const NUMBER_DIGITS_MAX = 17
const SAFE_DIGITS = 15
/** A count of digits so low that no exponent brings it up again. */
const IN_EXPONENT = -1_000_000_000
const CARD_DIGITS_MIN = 13
const VIOLATIONS_MAX = 20

/**
 * Reads a JSON body and refuses what parsers disagree on or a database chokes on: keys given twice, keys that reach for
 * prototypes, NUL, lone surrogates, nesting beyond 20, numbers that a double cannot hold, and card numbers.
 *
 * One scan of the bytes finds out whether any of it is possible; only then the tree is searched. A key given twice
 * shows without a search: `JSON.parse` keeps one of them, so the tree has fewer keys than the text has colons.
 * Measured for an order of 584 bytes: `JSON.parse` 3 µs, the scan 0.9 µs, counting the keys 0.2 µs.
 *
 * @returns the value, or an `UnfitBody`; undefined for an empty body
 * @throws MalformedJsonError
 */
export function readBody(bytes: Buffer): unknown {
  if (bytes.length === 0) return undefined
  if (!isUtf8(bytes)) throw new MalformedJsonError('not UTF-8')
  // A string of single-byte characters parses faster.
  const text = bytes.toString(isAscii(bytes) ? 'latin1' : 'utf8')
  const value = parse(text)
  const seen = scan(bytes)
  if (seen.depth > DEPTH_MAX) return unfit(value, `is nested deeper than ${DEPTH_MAX}`)
  if (seen.longNumber) return unfit(value, `holds a number with more than ${NUMBER_DIGITS_MAX} digits`)
  const keys = countKeys(value)
  if (keys !== seen.colons) return unfit(value, keys < 0 ? 'holds a key that is not allowed' : 'holds a key twice')
  if (!seen.doubtfulStrings && !seen.doubtfulNumbers) return value

  const findings = new Findings()
  findings.search(value, '')
  return findings.areNone ? value : new UnfitBody(value, findings.violations, findings.cardPaths)
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new MalformedJsonError('not JSON', { cause: error })
  }
}

function unfit(value: unknown, message: string): UnfitBody {
  return new UnfitBody(value, [{ path: '', message }], [])
}

interface Seen {
  /** Outside of strings: one a key. */
  readonly colons: number
  readonly depth: number
  /** A number with more digits than a double keeps. */
  readonly longNumber: boolean
  /** A number with an exponent, or with enough digits to lie beyond 2^53. */
  readonly doubtfulNumbers: boolean
  /** A string with an escape, or with the digits of a card number among spaces, dashes and other languages' marks. */
  readonly doubtfulStrings: boolean
}

/**
 * One pass over bytes that are known to be valid JSON, by turns outside and inside of strings: two small loops take
 * half the time of one that asks where it is at every byte.
 */
function scan(bytes: Buffer): Seen {
  const end = bytes.length
  let colons = 0
  let depth = 0
  let depthNow = 0
  let longNumber = false
  let doubtfulNumbers = false
  let doubtfulStrings = false
  for (let at = 0; at < end; at++) {
    let digits = 0
    for (; at < end; at++) {
      const byte = bytes[at] ?? 0
      if (byte === QUOTE) break
      if (byte >= ZERO && byte <= NINE) {
        if (digits !== 0 || byte !== ZERO) digits++
        if (digits > SAFE_DIGITS) doubtfulNumbers = true
        if (digits > NUMBER_DIGITS_MAX) longNumber = true
      } else if (byte === COMMA) {
        digits = 0
      } else if (byte === COLON) {
        colons++
        digits = 0
      } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
        if (++depthNow > depth) depth = depthNow
        digits = 0
      } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
        depthNow--
        digits = 0
      } else if ((byte === SMALL_E || byte === CAPITAL_E) && digits > 0) {
        // Digits before it: an exponent, and not the end of true or false. Those that follow are not significant.
        doubtfulNumbers = true
        digits = IN_EXPONENT
      }
    }
    digits = 0
    for (at++; at < end; at++) {
      const byte = bytes[at] ?? 0
      if (byte > NINE) {
        if (byte === BACKSLASH) {
          doubtfulStrings = true
          at++
        } else if (byte < 128) digits = 0
      } else if (byte >= ZERO) {
        if (++digits === CARD_DIGITS_MIN) doubtfulStrings = true
      } else if (byte === QUOTE) break
      else if (byte !== SPACE && byte !== DASH) digits = 0
    }
  }
  return { colons, depth, longNumber, doubtfulNumbers, doubtfulStrings }
}

const QUOTE = 0x22
const BACKSLASH = 0x5c
const SPACE = 0x20
const DASH = 0x2d
const COMMA = 0x2c
const COLON = 0x3a
const ZERO = 0x30
const NINE = 0x39
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d
const SMALL_E = 0x65
const CAPITAL_E = 0x45

/** The number of keys in a tree, or less than zero when one of them reaches for a prototype. */
function countKeys(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  let keys = 0
  if (Array.isArray(value)) {
    for (const item of value) keys += countKeys(item)
    return keys
  }
  const object = value as Record<string, unknown>
  for (const key in object) {
    if (key === '__proto__' || key === 'constructor' || key === 'prototype') return Number.NEGATIVE_INFINITY
    const property = object[key]
    keys += typeof property === 'object' ? 1 + countKeys(property) : 1
  }
  return keys
}

/** What the thorough search finds; the caller has made sure that it cannot get deep. */
class Findings {
  readonly violations: Violation[] = []
  readonly cardPaths: string[] = []

  get areNone(): boolean {
    return this.violations.length === 0 && this.cardPaths.length === 0
  }

  search(value: unknown, path: string): void {
    if (this.violations.length >= VIOLATIONS_MAX) return
    if (typeof value === 'string') this.#searchText(value, path)
    else if (typeof value === 'number') this.#searchNumber(value, path)
    else if (Array.isArray(value)) {
      for (const [index, item] of value.entries()) this.search(item, `${path}/${index}`)
    } else if (typeof value === 'object' && value !== null) {
      for (const [key, property] of Object.entries(value)) {
        this.#searchText(key, path)
        this.search(property, `${path}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`)
      }
    }
  }

  #searchText(text: string, path: string): void {
    if (text.includes('\0')) this.violations.push({ path, message: 'holds the character NUL' })
    if (!text.isWellFormed()) this.violations.push({ path, message: 'holds half of a surrogate pair' })
    if (hasCardNumber(text)) this.cardPaths.push(path)
  }

  #searchNumber(number: number, path: string): void {
    if (Math.abs(number) > Number.MAX_SAFE_INTEGER) this.violations.push({ path, message: 'is beyond 2^53 - 1' })
  }
}
