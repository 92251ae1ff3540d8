import { postcodeValidator, postcodeValidatorExistsForCountry } from 'postcode-validator'
import type { Id } from '../../kernel/id.ts'
import { isCountry, isRegion, isRegionRequired, regionsOfPostalCode, tidyRegion } from '../merchant/index.ts'

/** A postal address as heads send it; who lives there is personal, so it is kept in the vault. */
export interface Address {
  readonly name: string
  readonly line1: string
  readonly line2?: string | null | undefined
  readonly city: string
  readonly region?: string | null | undefined
  /** Left out only in countries that have no postal codes. */
  readonly postalCode?: string | null | undefined
  /** ISO 3166-1 alpha-2, upper case. */
  readonly country: string
  readonly phone?: string | null | undefined
}

/** An address about to be stored. The id is brought by who needs to know it beforehand. */
export type NewAddress = Address & { readonly id?: Id<'address'> | undefined }

export type AddressField = keyof Address

export interface AddressProblem {
  readonly field: AddressField
  /** `elsewhere`: a region that the postal code does not lie in. */
  readonly problem: 'missing' | 'too_long' | 'invalid' | 'elsewhere'
}

/** Characters; the longest that carriers' labels and customs forms are asked to hold. */
const LENGTH_MAX = {
  name: 200,
  line1: 200,
  line2: 200,
  city: 100,
  region: 100,
  postalCode: 20,
  country: 2,
  phone: 40,
} as const satisfies Record<AddressField, number>

const fields = Object.keys(LENGTH_MAX) as AddressField[]

/**
 * Postal codes as written by people: upper case, one blank or hyphen at most where the country has one. Where most
 * parcels go they are ours, more forgiving than the library; the other countries are the library's.
 */
const postalCodeByCountry: Readonly<Record<string, RegExp>> = {
  AR: /^([A-Z]\d{4}[A-Z]{3}|\d{4})$/,
  AT: /^\d{4}$/,
  AU: /^\d{4}$/,
  BE: /^\d{4}$/,
  BG: /^\d{4}$/,
  BR: /^\d{5}-?\d{3}$/,
  CA: /^[ABCEGHJ-NPRSTVXY]\d[ABCEGHJ-NPRSTV-Z] ?\d[ABCEGHJ-NPRSTV-Z]\d$/,
  CH: /^\d{4}$/,
  CN: /^\d{6}$/,
  CY: /^\d{4}$/,
  CZ: /^\d{3} ?\d{2}$/,
  DE: /^\d{5}$/,
  DK: /^\d{4}$/,
  EE: /^\d{5}$/,
  ES: /^\d{5}$/,
  FI: /^\d{5}$/,
  FR: /^\d{5}$/,
  GB: /^[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}$/,
  GR: /^\d{3} ?\d{2}$/,
  HR: /^\d{5}$/,
  HU: /^\d{4}$/,
  IE: /^[A-Z]\d[\dW] ?[A-Z\d]{4}$/,
  IL: /^\d{5}(\d{2})?$/,
  IN: /^\d{3} ?\d{3}$/,
  IT: /^\d{5}$/,
  JP: /^\d{3}-?\d{4}$/,
  KR: /^\d{5}$/,
  LT: /^(LT-)?\d{5}$/,
  LU: /^(L-)?\d{4}$/,
  LV: /^(LV-)?\d{4}$/,
  MT: /^[A-Z]{3} ?\d{2,4}$/,
  MX: /^\d{5}$/,
  NL: /^\d{4} ?[A-Z]{2}$/,
  NO: /^\d{4}$/,
  NZ: /^\d{4}$/,
  PL: /^\d{2}-?\d{3}$/,
  PT: /^\d{4}(-?\d{3})?$/,
  RO: /^\d{6}$/,
  SE: /^\d{3} ?\d{2}$/,
  SG: /^\d{6}$/,
  SI: /^\d{4}$/,
  SK: /^\d{3} ?\d{2}$/,
  TR: /^\d{5}$/,
  US: /^\d{5}(-?\d{4})?$/,
  ZA: /^\d{4}$/,
}

/** Countries that deliver without postal codes. */
const countriesWithoutPostalCodes: ReadonlySet<string> = new Set([
  'AE',
  'AG',
  'AO',
  'AW',
  'BF',
  'BI',
  'BJ',
  'BO',
  'BS',
  'BW',
  'BZ',
  'CD',
  'CF',
  'CG',
  'CI',
  'CK',
  'CM',
  'DJ',
  'DM',
  'ER',
  'FJ',
  'GA',
  'GD',
  'GM',
  'GQ',
  'GY',
  'HK',
  'JM',
  'KI',
  'KM',
  'KN',
  'KP',
  'ML',
  'MO',
  'MR',
  'MW',
  'NR',
  'NU',
  'QA',
  'RW',
  'SB',
  'SC',
  'SL',
  'SR',
  'ST',
  'SY',
  'TF',
  'TG',
  'TK',
  'TL',
  'TO',
  'TV',
  'UG',
  'VU',
  'YE',
  'ZW',
])

/**
 * An address without surrounding and doubled blanks; country and postal code in upper case, the region as its code
 * where we know them. A region left out is told by the postal code where those have one: what goes by the region must
 * not depend on who types it.
 */
export function tidyAddress(address: Address): Address {
  const tidied: Record<string, string> = {}
  for (const field of fields) {
    const text = (address[field] ?? '').trim().replace(/\s+/g, ' ')
    if (text !== '' || !(isOptional(field) || field === 'postalCode')) {
      tidied[field] = field === 'country' || field === 'postalCode' ? text.toUpperCase() : text
    }
  }
  const { country = '', postalCode = '' } = tidied
  const region = tidied['region'] === undefined ? undefined : tidyRegion(country, tidied['region'])
  const told = region ?? regionsOfPostalCode(country, postalCode)?.[0]
  if (told !== undefined) tidied['region'] = told
  return tidied as unknown as Address
}

/** What is wrong with an address, field by field; empty when a parcel can be sent there. */
export function checkAddress(typed: Address): AddressProblem[] {
  const address = tidyAddress(typed)
  const problems: AddressProblem[] = []
  for (const field of fields) {
    const text = address[field] ?? ''
    const problem = text === '' ? problemOfBlank(field, address) : problemOfText(field, text, address)
    if (problem !== null) problems.push({ field, problem })
  }
  return problems
}

function problemOfBlank(field: AddressField, { country }: Address): AddressProblem['problem'] | null {
  if (field === 'region') return isRegionRequired(country) ? 'missing' : null
  if (isOptional(field)) return null
  return field === 'postalCode' && countriesWithoutPostalCodes.has(country) ? null : 'missing'
}

function problemOfText(
  field: AddressField,
  text: string,
  { country, postalCode }: Address,
): AddressProblem['problem'] | null {
  if (text.length > LENGTH_MAX[field]) return 'too_long'
  if (/\p{Cc}/u.test(text)) return 'invalid'
  if (field === 'country') return isCountry(text) ? null : 'invalid'
  if (field === 'postalCode') return isPostalCode(country, text) ? null : 'invalid'
  if (field === 'region') return problemOfRegion(country, text, postalCode ?? '')
  return null
}

function problemOfRegion(country: string, region: string, postalCode: string): AddressProblem['problem'] | null {
  if (!isRegion(country, region)) return 'invalid'
  const regions = regionsOfPostalCode(country, postalCode) ?? []
  return regions.length === 0 || regions.includes(region) ? null : 'elsewhere'
}

function isPostalCode(country: string, text: string): boolean {
  const shape = postalCodeByCountry[country]
  // A code of no region is of no address, and would be a way around what goes by the region.
  if (shape !== undefined) return shape.test(text) && regionsOfPostalCode(country, text)?.length !== 0
  // Countries without codes and those the library does not know: whatever a code could look like.
  if (countriesWithoutPostalCodes.has(country) || !postcodeValidatorExistsForCountry(country))
    return /^[A-Z0-9][A-Z0-9 -]*$/.test(text)
  return postcodeValidator(text, country)
}

function isOptional(field: AddressField): boolean {
  return field === 'line2' || field === 'region' || field === 'phone'
}
