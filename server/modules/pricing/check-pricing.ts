import type { Instant } from '../../kernel/time.ts'
import { isCountry, plainRegion, type Channel, type MerchantBook } from '../merchant/index.ts'
import type { PricingRows, TaxRate } from './book.ts'
import type { PromotionReason } from './check-promotion.ts'
import type { Named } from './ports.ts'
import type { PriceList } from './price-choice.ts'
import type { DeliveryTariff } from './price-delivery.ts'

export type PricingRefusal =
  | { readonly code: 'code_invalid' }
  | { readonly code: 'code_taken' }
  | { readonly code: 'name_blank' }
  | { readonly code: 'channel_unknown' }
  | { readonly code: 'market_unknown' }
  | { readonly code: 'location_unknown' }
  | { readonly code: 'segment_unknown' }
  | { readonly code: 'region_invalid' }
  | { readonly code: 'zone_unknown' }
  | { readonly code: 'service_unknown' }
  | { readonly code: 'service_required' }
  | { readonly code: 'service_not_allowed' }
  | { readonly code: 'country_unknown'; readonly country: string }
  | { readonly code: 'currency_not_sold_in'; readonly currency: string }
  | { readonly code: 'tax_mode_differs'; readonly taxIncluded: boolean }
  | { readonly code: 'validity_reversed' }
  | { readonly code: 'tax_rates_overlap'; readonly with: string }
  | { readonly code: 'tax_rate_out_of_range' }
  | { readonly code: 'amount_currency_differs'; readonly currency: string }
  | { readonly code: 'promotion_invalid'; readonly reasons: readonly PromotionReason[] }
  | { readonly code: 'codes_taken'; readonly codes: readonly string[] }

/** What rows are checked against: the room's own, without the row itself, and those of the rooms they refer to. */
export interface PricingSurroundings {
  readonly others: PricingRows
  readonly merchant: MerchantBook
  readonly services: readonly Named<'shippingService'>[]
  readonly locations: readonly Named<'location'>[]
  readonly segments: readonly Named<'segment'>[]
}

/** Why a price list may not be saved; null when it may. */
export function checkPriceList(
  list: PriceList,
  { others, merchant, locations, segments }: PricingSurroundings,
): PricingRefusal | null {
  const { code, name, channelId, currency, taxIncluded } = list
  const named = checkName({ code, name }, others.priceLists)
  if (named !== null) return named
  const channel = channelId === null ? null : merchant.channelById.get(channelId)
  if (channel === undefined) return { code: 'channel_unknown' }
  // A list that no channel could ever use is a mistake, and whoever made it would wait for its prices in vain.
  const selling = channelsSellingIn(currency, channel, merchant)
  if (selling.length === 0) return { code: 'currency_not_sold_in', currency }
  if (!selling.some((each) => each.taxIncluded === taxIncluded))
    return { code: 'tax_mode_differs', taxIncluded: !taxIncluded }
  const { marketId, country, region, locationId, segmentId } = list
  if (marketId !== null && !merchant.marketById.has(marketId)) return { code: 'market_unknown' }
  if (country !== null && !isCountry(country)) return { code: 'country_unknown', country }
  if (region !== null && (country === null || !/^[A-Z0-9]{1,3}$/.test(plainRegion(country, region)))) {
    return { code: 'region_invalid' }
  }
  if (locationId !== null && !locations.some(({ id }) => id === locationId)) return { code: 'location_unknown' }
  if (segmentId !== null && !segments.some(({ id }) => id === segmentId)) return { code: 'segment_unknown' }
  return isReversed(list) ? { code: 'validity_reversed' } : null
}

interface Validity {
  readonly validFrom: Instant | null
  readonly validUntil: Instant | null
}

function isReversed({ validFrom, validUntil }: Validity): boolean {
  return validFrom !== null && validUntil !== null && validFrom >= validUntil
}

function overlap(a: Validity, b: Validity): boolean {
  const beginsBefore = (one: Validity, other: Validity): boolean =>
    one.validFrom === null || other.validUntil === null || one.validFrom < other.validUntil
  return beginsBefore(a, b) && beginsBefore(b, a)
}

export function checkTaxRate(rate: TaxRate, { others, merchant }: PricingSurroundings): PricingRefusal | null {
  if (rate.name.trim() === '') return { code: 'name_blank' }
  if (!merchant.zoneById.has(rate.zoneId)) return { code: 'zone_unknown' }
  if (!Number.isInteger(rate.ratePpm) || rate.ratePpm < 0 || rate.ratePpm > 1_000_000)
    return { code: 'tax_rate_out_of_range' }
  if (isReversed(rate)) return { code: 'validity_reversed' }
  // Two rates at once would tax by chance.
  const other = others.taxRates.find(
    (each) => each.zoneId === rate.zoneId && each.taxClass === rate.taxClass && overlap(each, rate),
  )
  return other === undefined ? null : { code: 'tax_rates_overlap', with: other.name }
}

export function checkTariff(
  tariff: DeliveryTariff,
  { others, merchant, services }: PricingSurroundings,
): PricingRefusal | null {
  const { code, name, channelId, method, serviceId, countries, currency } = tariff
  const named = checkName({ code, name }, others.tariffs)
  if (named !== null) return named
  const channel = channelId === null ? null : merchant.channelById.get(channelId)
  if (channel === undefined) return { code: 'channel_unknown' }
  if (channelsSellingIn(currency, channel, merchant).length === 0) return { code: 'currency_not_sold_in', currency }
  if (method === 'ship' && serviceId === null) return { code: 'service_required' }
  if (method === 'pickup' && serviceId !== null) return { code: 'service_not_allowed' }
  if (serviceId !== null && !services.some(({ id }) => id === serviceId)) return { code: 'service_unknown' }
  const unknown = countries.find((country) => !isCountry(country))
  return unknown === undefined ? null : { code: 'country_unknown', country: unknown }
}

function checkName(
  { code, name }: { readonly code: string; readonly name: string },
  others: readonly { readonly code: string }[],
): PricingRefusal | null {
  if (!/^[a-z0-9]+([-_.][a-z0-9]+)*$/.test(code) || code.length > 40) return { code: 'code_invalid' }
  if (others.some((other) => other.code === code)) return { code: 'code_taken' }
  return name.trim() === '' ? { code: 'name_blank' } : null
}

/** @param channel  null for all channels */
function channelsSellingIn(currency: string, channel: Channel | null, { rows }: MerchantBook): Channel[] {
  const channels = channel === null ? rows.channel : [channel]
  return channels.filter(({ currencies }) => currencies.some((each) => each === currency))
}
