import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../kernel/time.ts'
import type {
  Calendar,
  Channel,
  ConfigurationByKind,
  ConfigurationKind,
  ConfigurationRows,
  LegalEntity,
  Market,
} from './book.ts'
import { coversWholeCountry, plainPostalCode, plainRegion, type Zone } from './decide-zone.ts'
import { isCountry, isCurrency, isDate, isLocale, isTimeZone } from './iso-codes.ts'

export type ConfigurationRefusal =
  | { readonly code: 'code_invalid' }
  | { readonly code: 'code_taken' }
  | { readonly code: 'name_blank' }
  | { readonly code: 'country_unknown'; readonly country: string }
  | { readonly code: 'currency_unknown'; readonly currency: string }
  | { readonly code: 'currency_not_sold'; readonly currency: string }
  | { readonly code: 'time_zone_unknown'; readonly timeZone: string }
  | { readonly code: 'locale_unknown'; readonly locale: string }
  | { readonly code: 'legal_entity_unknown' }
  | { readonly code: 'market_unknown' }
  | { readonly code: 'trust_not_allowed' }
  | {
      readonly code: 'duration_out_of_range'
      readonly field: string
      readonly secondsMin: number
      readonly secondsMax: number
    }
  | { readonly code: 'list_empty'; readonly field: string }
  | { readonly code: 'value_repeated'; readonly field: string; readonly value: string }
  | { readonly code: 'region_invalid'; readonly region: string }
  | { readonly code: 'postal_prefix_invalid'; readonly prefix: string }
  | { readonly code: 'zone_overlaps'; readonly zone: string; readonly part: string }
  | { readonly code: 'weekday_unknown'; readonly weekday: number }
  | { readonly code: 'date_unknown'; readonly date: string }

type Check<Kind extends ConfigurationKind> = (
  row: ConfigurationByKind[Kind],
  others: ConfigurationRows,
) => ConfigurationRefusal | null

/**
 * Why a row may not be saved beside the others; null when it may.
 * @param others  the configuration without the row itself
 */
export function checkConfiguration<Kind extends ConfigurationKind>(
  kind: Kind,
  row: ConfigurationByKind[Kind],
  others: ConfigurationRows,
): ConfigurationRefusal | null {
  if (!/^[a-z0-9]+([-_.][a-z0-9]+)*$/.test(row.code) || row.code.length > 40) return { code: 'code_invalid' }
  if (others[kind].some(({ code }) => code === row.code)) return { code: 'code_taken' }
  if (row.name.trim() === '') return { code: 'name_blank' }
  return checks[kind](row, others)
}

const checks: { readonly [Kind in ConfigurationKind]: Check<Kind> } = {
  legalEntity: checkLegalEntity,
  market: checkMarket,
  channel: checkChannel,
  zone: checkZone,
  calendar: checkCalendar,
}

function checkLegalEntity({ country, currency, timeZone }: LegalEntity): ConfigurationRefusal | null {
  if (!isCountry(country)) return { code: 'country_unknown', country }
  if (!isCurrency(currency)) return { code: 'currency_unknown', currency }
  if (!isTimeZone(timeZone)) return { code: 'time_zone_unknown', timeZone }
  return null
}

function checkMarket({ countries }: Market): ConfigurationRefusal | null {
  if (countries.length === 0) return { code: 'list_empty', field: 'countries' }
  const unknown = countries.find((country) => !isCountry(country))
  if (unknown !== undefined) return { code: 'country_unknown', country: unknown }
  return checkNoRepeats('countries', countries)
}

function checkChannel(channel: Channel, others: ConfigurationRows): ConfigurationRefusal | null {
  const { currency, currencies, timeZone, locale } = channel
  if (!others.legalEntity.some(({ id }) => id === channel.legalEntityId)) return { code: 'legal_entity_unknown' }
  if (channel.marketId !== null && !others.market.some(({ id }) => id === channel.marketId)) {
    return { code: 'market_unknown' }
  }
  const unknown = [...currencies, currency].find((code) => !isCurrency(code))
  if (unknown !== undefined) return { code: 'currency_unknown', currency: unknown }
  const notSold = [currency, ...channel.taxIncludedExcept].find((code) => !currencies.includes(code))
  if (notSold !== undefined) return { code: 'currency_not_sold', currency: notSold }
  const repeated =
    checkNoRepeats('currencies', currencies) ?? checkNoRepeats('taxIncludedExcept', channel.taxIncludedExcept)
  if (repeated !== null) return repeated
  if (!isTimeZone(timeZone)) return { code: 'time_zone_unknown', timeZone }
  if (!isLocale(locale)) return { code: 'locale_unknown', locale }
  // A head's key is public: whoever holds it could name any price.
  if (channel.trusted && (channel.kind === 'web' || channel.kind === 'app')) return { code: 'trust_not_allowed' }
  return (
    checkDuration('cartTtlS', channel.cartTtlS, MINUTE_S, 30 * DAY_S) ??
    checkDuration('quoteTtlS', channel.quoteTtlS, MINUTE_S, DAY_S) ??
    checkDuration('paymentTtlS', channel.paymentTtlS, MINUTE_S, 7 * DAY_S) ??
    checkDuration('paymentCapS', channel.paymentCapS, Math.max(channel.paymentTtlS, HOUR_S), 30 * DAY_S)
  )
}

const MINUTE_S = MINUTE_MS / SECOND_MS
const HOUR_S = HOUR_MS / SECOND_MS
const DAY_S = DAY_MS / SECOND_MS

function checkZone(zone: Zone, others: ConfigurationRows): ConfigurationRefusal | null {
  const { country, regions, postalPrefixes } = zone
  if (!isCountry(country)) return { code: 'country_unknown', country }
  const region = regions.find((text) => !/^[A-Z0-9]{1,3}$/.test(text) || plainRegion(country, text) !== text)
  if (region !== undefined) return { code: 'region_invalid', region }
  const prefix = postalPrefixes.find((text) => text === '' || text.length > 10 || plainPostalCode(text) !== text)
  if (prefix !== undefined) return { code: 'postal_prefix_invalid', prefix }
  const repeated = checkNoRepeats('regions', regions) ?? checkNoRepeats('postalPrefixes', postalPrefixes)
  if (repeated !== null) return repeated

  // A longer prefix inside another zone's shorter one is no overlap: the longer one is more specific.
  for (const other of others.zone) {
    if (other.country !== country) continue
    if (coversWholeCountry(zone) && coversWholeCountry(other)) {
      return { code: 'zone_overlaps', zone: other.code, part: country }
    }
    const shared =
      regions.find((text) => other.regions.includes(text)) ??
      postalPrefixes.find((text) => other.postalPrefixes.includes(text))
    if (shared !== undefined) return { code: 'zone_overlaps', zone: other.code, part: shared }
  }
  return null
}

function checkCalendar({ workingDays, closedDates }: Calendar): ConfigurationRefusal | null {
  if (workingDays.length === 0) return { code: 'list_empty', field: 'workingDays' }
  const weekday = workingDays.find((day) => !Number.isInteger(day) || day < 1 || day > 7)
  if (weekday !== undefined) return { code: 'weekday_unknown', weekday }
  const date = closedDates.find((text) => !isDate(text))
  if (date !== undefined) return { code: 'date_unknown', date }
  return checkNoRepeats('workingDays', workingDays) ?? checkNoRepeats('closedDates', closedDates)
}

function checkDuration(
  field: string,
  seconds: number,
  secondsMin: number,
  secondsMax: number,
): ConfigurationRefusal | null {
  const isInRange = Number.isInteger(seconds) && seconds >= secondsMin && seconds <= secondsMax
  return isInRange ? null : { code: 'duration_out_of_range', field, secondsMin, secondsMax }
}

function checkNoRepeats(field: string, values: readonly (string | number)[]): ConfigurationRefusal | null {
  const repeated = values.find((value, index) => values.indexOf(value) !== index)
  return repeated === undefined ? null : { code: 'value_repeated', field, value: String(repeated) }
}
