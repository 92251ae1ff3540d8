import currencyCodes from 'currency-codes'
import isoCountries from 'i18n-iso-countries/codes.json' with { type: 'json' }

/** The list alone: the package's own entry would also load the names of all countries in 70 languages, 14 MB. */
const alpha2Codes: ReadonlySet<string> = new Set(isoCountries.map(([alpha2]) => alpha2 ?? ''))

/** ISO 4217 also lists metals, units of account, "testing" and "no currency": nobody can be charged in those. */
const notMoney = new Set(['XAG', 'XAU', 'XBA', 'XBB', 'XBC', 'XBD', 'XDR', 'XPD', 'XPT', 'XSU', 'XTS', 'XUA', 'XXX'])

const currencies = new Set(currencyCodes.codes().filter((code) => !notMoney.has(code)))

/** ISO 3166-1 alpha-2, upper case (and XK, which Kosovo uses). */
export function isCountry(code: string): boolean {
  return alpha2Codes.has(code)
}

/** ISO 4217 alphabetic, upper case. */
export function isCurrency(code: string): boolean {
  return currencies.has(code)
}

/** `UTC` or the name of an area and place. Fixed offsets and abbreviations are refused: they know no summer time. */
export function isTimeZone(name: string): boolean {
  if (name !== 'UTC' && !/^[A-Z][A-Za-z]+\/[A-Z][A-Za-z_+-]*(\/[A-Z][A-Za-z_-]*)?$/.test(name)) return false
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return true
  } catch {
    // RangeError is how Intl says "unknown"; it has no other way to ask.
    return false
  }
}

/** A BCP 47 tag in its canonical form: `en-US`, `zh-Hant-TW`. */
export function isLocale(tag: string): boolean {
  try {
    return Intl.getCanonicalLocales(tag)[0] === tag
  } catch {
    return false
  }
}

/** `2026-12-25`, a day that exists. */
export function isDate(text: string): boolean {
  if (!/^[1-9]\d{3}-\d\d-\d\d$/.test(text)) return false
  const epochMs = Date.parse(`${text}T00:00:00Z`)
  return !Number.isNaN(epochMs) && new Date(epochMs).toISOString().startsWith(text)
}
