import { invariant } from './invariant.ts'

declare const currencyBrand: unique symbol

/** An ISO 4217 alphabetic code, upper case. */
export type CurrencyCode = string & { readonly [currencyBrand]: true }

/** Whole minor units of one currency: 1999 USD is $19.99, 1999 JPY is ¥1999, 1999 KWD is 1.999 dinars. */
export interface Money {
  readonly minor: bigint
  readonly currency: CurrencyCode
}

/** The largest amount the API speaks: twelve digits of minor units stay exact in every JSON reader. */
export const MONEY_MINOR_MAX = 999_999_999_999n

/** Digits after the decimal point by ISO 4217, for the currencies that do not have two. */
const MINOR_DIGITS: Readonly<Record<string, number>> = {
  BIF: 0,
  CLP: 0,
  DJF: 0,
  GNF: 0,
  ISK: 0,
  JPY: 0,
  KMF: 0,
  KRW: 0,
  PYG: 0,
  RWF: 0,
  UGX: 0,
  UYI: 0,
  VND: 0,
  VUV: 0,
  XAF: 0,
  XOF: 0,
  XPF: 0,
  BHD: 3,
  IQD: 3,
  JOD: 3,
  KWD: 3,
  LYD: 3,
  OMR: 3,
  TND: 3,
  CLF: 4,
  UYW: 4,
}

export function minorDigits(currency: CurrencyCode): number {
  return MINOR_DIGITS[currency] ?? 2
}

export function money(minor: bigint, currency: CurrencyCode): Money {
  return { minor, currency }
}

export function sumMinor(parts: Iterable<bigint>): bigint {
  let sum = 0n
  for (const part of parts) sum += part
  return sum
}

/**
 * `minor × numerator / denominator`, rounded half away from zero: the commercial rounding of invoices.
 * @param denominator > 0
 */
export function multiplyRatio(minor: bigint, numerator: bigint, denominator: bigint): bigint {
  invariant(denominator > 0n, 'a ratio has a denominator above zero')
  const product = minor * numerator
  const doubled = (product < 0n ? -product : product) * 2n + denominator
  const rounded = doubled / (denominator * 2n)
  return product < 0n ? -rounded : rounded
}

/** Renders for people and logs, `19.99 USD`; the API's form is `{ amount, currency }`. */
export function formatMoney({ minor, currency }: Money): string {
  const digits = minorDigits(currency)
  const sign = minor < 0n ? '-' : ''
  const magnitude = (minor < 0n ? -minor : minor).toString().padStart(digits + 1, '0')
  const whole = magnitude.slice(0, magnitude.length - digits)
  return digits === 0 ? `${sign}${whole} ${currency}` : `${sign}${whole}.${magnitude.slice(-digits)} ${currency}`
}

/**
 * Reads a decimal such as `2.55` or `-0.001` exactly.
 * @returns minor units, or null when it is not a decimal or is finer than the currency's minor unit
 */
export function parseDecimal(text: string, digits: number): bigint | null {
  const match = /^(-?)(\d{1,15})(?:\.(\d{1,9}))?$/.exec(text)
  if (!match) return null
  const [, sign, whole = '0', fraction = ''] = match
  if (/[1-9]/.test(fraction.slice(digits))) return null
  const minor = BigInt(whole + fraction.slice(0, digits).padEnd(digits, '0'))
  return sign === '-' ? -minor : minor
}
