import type { Id } from '../../kernel/id.ts'
import type { CurrencyCode } from '../../kernel/money.ts'
import type { Instant } from '../../kernel/time.ts'
import {
  isCountry,
  isRegion,
  plainRegion,
  pricesIncludeTax,
  type Channel,
  type MerchantBook,
} from '../merchant/index.ts'
import type { PricingRows, TaxRate } from './book.ts'
import type { PromotionReason } from './check-promotion.ts'
import type { Named } from './ports.ts'
import type { PriceList } from './price-choice.ts'
import type { DeliveryTariff } from './price-delivery.ts'

/** What a price list, tax rate or tariff is refused for. */
export type RowRefusal =
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
  | { readonly code: 'country_not_in_market'; readonly country: string; readonly market: string }
  | { readonly code: 'validity_reversed' }
  | { readonly code: 'tax_rates_overlap'; readonly with: string }
  | { readonly code: 'tax_rate_out_of_range' }
  | { readonly code: 'amount_currency_differs'; readonly currency: string }

/** What a promotion is refused for. */
export interface PromotionRefusal {
  readonly code: 'promotion_invalid'
  readonly reasons: readonly PromotionReason[]
}

export type PricingRefusal =
  | RowRefusal
  | PromotionRefusal
  | { readonly code: 'codes_taken'; readonly codes: readonly string[] }

/** What rows are checked against: the room's own, without the row itself, and those of the rooms they refer to. */
export interface PricingSurroundings {
  readonly others: PricingRows
  readonly merchant: MerchantBook
  readonly services: readonly Named<'shippingService'>[]
  readonly locations: readonly Named<'location'>[]
  readonly segments: readonly Named<'segment'>[]
}

/** Every reason why a price list may not be saved; none when it may. */
export function checkPriceList(
  list: PriceList,
  { others, merchant, locations, segments }: PricingSurroundings,
): RowRefusal[] {
  const { channelId, currency, taxIncluded, marketId, country, region, locationId, segmentId } = list
  const reasons = checkName(list, others.priceLists)
  // A list that no channel could ever use is a mistake, and whoever made it would wait for its prices in vain.
  const selling = channelsSellingIn(currency, channelId, merchant)
  if (selling === null) reasons.push({ code: 'channel_unknown' })
  else if (selling.length === 0) reasons.push({ code: 'currency_not_sold_in', currency })
  else if (!isUsable(list, selling)) reasons.push({ code: 'tax_mode_differs', taxIncluded: !taxIncluded })
  const market = marketId === null ? null : merchant.marketById.get(marketId)
  if (market === undefined) reasons.push({ code: 'market_unknown' })
  if (country !== null && !isCountry(country)) reasons.push({ code: 'country_unknown', country })
  else if (market && country !== null && !market.countries.includes(country))
    reasons.push({ code: 'country_not_in_market', country, market: market.code })
  if (region !== null && (country === null || !isRegionOf(country, region))) reasons.push({ code: 'region_invalid' })
  if (locationId !== null && !locations.some(({ id }) => id === locationId)) reasons.push({ code: 'location_unknown' })
  if (segmentId !== null && !segments.some(({ id }) => id === segmentId)) reasons.push({ code: 'segment_unknown' })
  if (isReversed(list)) reasons.push({ code: 'validity_reversed' })
  return reasons
}

/** Whether one of the channels sells in the list's currency and tells prices as the list does. */
export function isUsable(
  { channelId, currency, taxIncluded }: Pick<PriceList, 'channelId' | 'currency' | 'taxIncluded'>,
  channels: readonly Channel[],
): boolean {
  return channels.some(
    (channel) =>
      (channelId === null || channel.id === channelId) &&
      channel.currencies.includes(currency) &&
      pricesIncludeTax(channel, currency) === taxIncluded,
  )
}

function isRegionOf(country: string, region: string): boolean {
  const plain = plainRegion(country, region)
  return /^[A-Z0-9]{1,3}$/.test(plain) && isRegion(country, plain)
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

/** Every reason why a tax rate may not be saved; none when it may. */
export function checkTaxRate(rate: TaxRate, { others, merchant }: PricingSurroundings): RowRefusal[] {
  const reasons: RowRefusal[] = []
  if (rate.name.trim() === '') reasons.push({ code: 'name_blank' })
  if (!merchant.zoneById.has(rate.zoneId)) reasons.push({ code: 'zone_unknown' })
  if (!Number.isInteger(rate.ratePpm) || rate.ratePpm < 0 || rate.ratePpm > 1_000_000)
    reasons.push({ code: 'tax_rate_out_of_range' })
  if (isReversed(rate)) return [...reasons, { code: 'validity_reversed' }]
  // Two rates at once would tax by chance.
  for (const other of others.taxRates) {
    if (other.zoneId === rate.zoneId && other.taxClass === rate.taxClass && overlap(other, rate))
      reasons.push({ code: 'tax_rates_overlap', with: other.name })
  }
  return reasons
}

/** Every reason why a tariff may not be saved; none when it may. */
export function checkTariff(tariff: DeliveryTariff, { others, merchant, services }: PricingSurroundings): RowRefusal[] {
  const { channelId, method, serviceId, countries, currency } = tariff
  const reasons = checkName(tariff, others.tariffs)
  const selling = channelsSellingIn(currency, channelId, merchant)
  if (selling === null) reasons.push({ code: 'channel_unknown' })
  else if (selling.length === 0) reasons.push({ code: 'currency_not_sold_in', currency })
  if (method === 'ship' && serviceId === null) reasons.push({ code: 'service_required' })
  if (method === 'pickup' && serviceId !== null) reasons.push({ code: 'service_not_allowed' })
  else if (serviceId !== null && !services.some(({ id }) => id === serviceId)) reasons.push({ code: 'service_unknown' })
  for (const country of new Set(countries)) if (!isCountry(country)) reasons.push({ code: 'country_unknown', country })
  return reasons
}

function checkName(
  { code, name }: { readonly code: string; readonly name: string },
  others: readonly { readonly code: string }[],
): RowRefusal[] {
  const reasons: RowRefusal[] = []
  if (!/^[a-z0-9]+([-_.][a-z0-9]+)*$/.test(code) || code.length > 40) reasons.push({ code: 'code_invalid' })
  else if (others.some((other) => other.code === code)) reasons.push({ code: 'code_taken' })
  if (name.trim() === '') reasons.push({ code: 'name_blank' })
  return reasons
}

/**
 * @param channelId  null for all channels
 * @returns null where there is no such channel
 */
function channelsSellingIn(
  currency: CurrencyCode,
  channelId: Id<'channel'> | null,
  { rows, channelById }: MerchantBook,
): Channel[] | null {
  const channel = channelId === null ? null : channelById.get(channelId)
  if (channel === undefined) return null
  const channels = channel === null ? rows.channel : [channel]
  return channels.filter(({ currencies }) => currencies.includes(currency))
}
