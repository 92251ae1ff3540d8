import { parseId } from '../../kernel/id.ts'
import { isCountry, isTimeZone, type MerchantBook } from '../merchant/index.ts'
import type { Location } from './location.ts'

export type LocationRefusal =
  | { readonly code: 'location_code_invalid' }
  | { readonly code: 'location_code_taken' }
  | { readonly code: 'location_name_blank' }
  | { readonly code: 'location_legal_entity_unknown' }
  | { readonly code: 'location_time_zone_unknown'; readonly timeZone: string }
  | { readonly code: 'location_country_unknown'; readonly country: string }
  | { readonly code: 'coordinates_invalid' }

/**
 * Why a location may not be saved; null when it may.
 * @param others  what is there, without the location itself
 */
export function checkLocation(
  location: Omit<Location, 'id' | 'version'>,
  others: readonly Location[],
  merchant: MerchantBook,
): LocationRefusal | null {
  const { code, name, timeZone, country, latitude, longitude } = location
  if (!isCode(code)) return { code: 'location_code_invalid' }
  if (others.some((other) => other.code === code)) return { code: 'location_code_taken' }
  if (name.trim() === '') return { code: 'location_name_blank' }
  if (!merchant.legalEntityById.has(location.legalEntityId)) return { code: 'location_legal_entity_unknown' }
  if (!isTimeZone(timeZone)) return { code: 'location_time_zone_unknown', timeZone }
  if (!isCountry(country)) return { code: 'location_country_unknown', country }
  if (!isWithin(latitude, 90) || !isWithin(longitude, 180)) return { code: 'coordinates_invalid' }
  return null
}

/** A code that reads like an id would name two locations. */
function isCode(code: string): boolean {
  return /^[a-z0-9]+([-_.][a-z0-9]+)*$/.test(code) && code.length <= 40 && parseId('location', code) === null
}

function isWithin(degrees: number, degreesMax: number): boolean {
  return Number.isFinite(degrees) && Math.abs(degrees) <= degreesMax
}
