import { createRequire } from 'node:module'
import { domainToASCII } from 'node:url'
import type { CountryCode } from 'libphonenumber-js/min'

const EMAIL_LENGTH_MAX = 254
const LOCAL_PART_LENGTH_MAX = 64

/**
 * The one form of an e-mail address that searches, limits and uniqueness go by: trimmed, lower case, the domain in
 * ASCII. Mail systems that tell `Ada@` from `ada@` are not met any more; tags and dots are left alone, they differ by
 * provider.
 * @returns null when it is not an e-mail address
 */
export function normaliseEmail(text: string): string | null {
  const trimmed = text.trim().normalize('NFC')
  const at = trimmed.lastIndexOf('@')
  const localPart = trimmed.slice(0, at).toLowerCase()
  if (at < 1 || localPart.length > LOCAL_PART_LENGTH_MAX || trimmed.length > EMAIL_LENGTH_MAX) return null
  if (!/^[^\s\p{Cc}@"(),:;<>[\\\]]+$/u.test(localPart) || /^\.|\.\.|\.$/.test(localPart)) return null
  const domain = domainOf(trimmed.slice(at + 1))
  return domain === null ? null : `${localPart}@${domain}`
}

function domainOf(text: string): string | null {
  // Nearly all domains are plain; only others need the IDNA tables.
  const domain = /^[a-z0-9.-]+$/i.test(text) ? text.toLowerCase() : domainToASCII(text)
  return /^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]$/.test(domain) ? domain : null
}

type PhoneLibrary = typeof import('libphonenumber-js/min')
let phoneLibrary: PhoneLibrary | undefined

/**
 * The E.164 form of a telephone number, `+12125550100`.
 * The numbering plans are 5 MB of memory: they are loaded, once and at once, when the first number comes in.
 *
 * @param country  ISO 3166-1 alpha-2, for numbers written without their country code
 * @returns null when no numbering plan can hold it
 */
export function normalisePhone(text: string, country: string | null): string | null {
  phoneLibrary ??= createRequire(import.meta.url)('libphonenumber-js/min') as PhoneLibrary
  const parsed = phoneLibrary.parsePhoneNumberFromString(text, {
    ...(country === null ? {} : { defaultCountry: country as CountryCode }),
    // The text is a number, not a sentence with a number in it.
    extract: false,
  })
  return parsed?.isPossible() ? parsed.number : null
}
