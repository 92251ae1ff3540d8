import { isCountry, plainPostalCode, type MerchantBook } from '../merchant/index.ts'
import type { Carrier, Service, ShippingRows } from './book.ts'

export type ShippingRefusal =
  | { readonly code: 'shipping_code_invalid' }
  | { readonly code: 'shipping_name_blank' }
  | { readonly code: 'service_code_taken' }
  | { readonly code: 'carrier_unknown'; readonly carrier: string }
  | { readonly code: 'service_calendar_unknown' }
  | { readonly code: 'route_country_unknown'; readonly country: string }
  | { readonly code: 'route_prefix_invalid'; readonly prefix: string }
  | { readonly code: 'route_repeated'; readonly from: string; readonly to: string }
  | { readonly code: 'transit_days_invalid'; readonly from: string; readonly to: string; readonly daysMax: number }

/** No parcel is on the road for longer; a larger number is a slip of the hand. */
const TRANSIT_DAYS_MAX = 365

/** Every reason why a carrier may not be saved; none when it may. */
export function checkCarrier({ code, name }: Pick<Carrier, 'code' | 'name'>): ShippingRefusal[] {
  const reasons: ShippingRefusal[] = []
  if (!isShippingCode(code)) reasons.push({ code: 'shipping_code_invalid' })
  if (name.trim() === '') reasons.push({ code: 'shipping_name_blank' })
  return reasons
}

/**
 * Every reason why a service may not be saved; none when it may.
 * @param others  what is there, without the service itself
 */
export function checkService(
  service: Omit<Service, 'id' | 'version'>,
  others: ShippingRows,
  { calendarById }: Pick<MerchantBook, 'calendarById'>,
): ShippingRefusal[] {
  const { code, name, carrier, calendarId, transit } = service
  const reasons = checkCarrier({ code, name })
  if (others.services.some((other) => other.code === code)) reasons.push({ code: 'service_code_taken' })
  if (!others.carriers.some((other) => other.code === carrier)) reasons.push({ code: 'carrier_unknown', carrier })
  if (calendarId !== null && !calendarById.has(calendarId)) reasons.push({ code: 'service_calendar_unknown' })

  const routes = new Set<string>()
  for (const { fromPostalPrefix, toPostalPrefix, daysMin, daysMax, ...countries } of transit) {
    for (const country of new Set([countries.from, countries.to])) {
      if (!isCountry(country)) reasons.push({ code: 'route_country_unknown', country })
    }
    for (const prefix of new Set([fromPostalPrefix, toPostalPrefix])) {
      if (prefix.length > 10 || plainPostalCode(prefix) !== prefix)
        reasons.push({ code: 'route_prefix_invalid', prefix })
    }
    const [from, to] = [`${countries.from}${fromPostalPrefix}`, `${countries.to}${toPostalPrefix}`]
    if (routes.has(`${from}>${to}`)) reasons.push({ code: 'route_repeated', from, to })
    routes.add(`${from}>${to}`)
    const isWhole = Number.isInteger(daysMin) && Number.isInteger(daysMax)
    if (!isWhole || daysMin < 0 || daysMax < daysMin || daysMax > TRANSIT_DAYS_MAX) {
      reasons.push({ code: 'transit_days_invalid', from, to, daysMax: TRANSIT_DAYS_MAX })
    }
  }
  return reasons
}

function isShippingCode(code: string): boolean {
  return /^[a-z0-9]+([-_.][a-z0-9]+)*$/.test(code) && code.length <= 40
}
