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
import { isRegion } from './address-regions.ts'
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
  | { readonly code: 'price_lists_orphaned'; readonly priceLists: readonly string[] }
  | { readonly code: 'closed_too_long'; readonly from: string; readonly days: number }

type Check<Kind extends ConfigurationKind> = (
  row: ConfigurationByKind[Kind],
  others: ConfigurationRows,
) => ConfigurationRefusal[]

/**
 * Every reason why a row may not be saved beside the others; none when it may.
 * @param others  the configuration without the row itself
 */
export function checkConfiguration<Kind extends ConfigurationKind>(
  kind: Kind,
  row: ConfigurationByKind[Kind],
  others: ConfigurationRows,
): ConfigurationRefusal[] {
  const reasons: ConfigurationRefusal[] = []
  if (!/^[a-z0-9]+([-_.][a-z0-9]+)*$/.test(row.code) || row.code.length > 40) reasons.push({ code: 'code_invalid' })
  else if (others[kind].some(({ code }) => code === row.code)) reasons.push({ code: 'code_taken' })
  if (row.name.trim() === '') reasons.push({ code: 'name_blank' })
  return [...reasons, ...checks[kind](row, others)]
}

const checks: { readonly [Kind in ConfigurationKind]: Check<Kind> } = {
  legalEntity: checkLegalEntity,
  market: checkMarket,
  channel: checkChannel,
  zone: checkZone,
  calendar: checkCalendar,
}

function checkLegalEntity({ country, currency, timeZone }: LegalEntity): ConfigurationRefusal[] {
  return [
    ...unknownCountries([country]),
    ...unknownCurrencies([currency]),
    ...(isTimeZone(timeZone) ? [] : [{ code: 'time_zone_unknown' as const, timeZone }]),
  ]
}

function checkMarket({ countries }: Market): ConfigurationRefusal[] {
  return [
    ...emptyList('countries', countries),
    ...unknownCountries(countries),
    ...repeatedValues('countries', countries),
  ]
}

function checkChannel(channel: Channel, others: ConfigurationRows): ConfigurationRefusal[] {
  const { currency, currencies, taxIncludedExcept, timeZone, locale } = channel
  const reasons: ConfigurationRefusal[] = []
  if (!others.legalEntity.some(({ id }) => id === channel.legalEntityId)) reasons.push({ code: 'legal_entity_unknown' })
  if (channel.marketId !== null && !others.market.some(({ id }) => id === channel.marketId)) {
    reasons.push({ code: 'market_unknown' })
  }
  reasons.push(...unknownCurrencies([...currencies, currency]))
  for (const code of new Set([currency, ...taxIncludedExcept])) {
    if (isCurrency(code) && !currencies.includes(code)) reasons.push({ code: 'currency_not_sold', currency: code })
  }
  reasons.push(
    ...repeatedValues('currencies', currencies),
    ...repeatedValues('taxIncludedExcept', channel.taxIncludedExcept),
  )
  if (!isTimeZone(timeZone)) reasons.push({ code: 'time_zone_unknown', timeZone })
  if (!isLocale(locale)) reasons.push({ code: 'locale_unknown', locale })
  // A head's key is public: whoever holds it could name any price.
  if (channel.trusted && (channel.kind === 'web' || channel.kind === 'app')) reasons.push({ code: 'trust_not_allowed' })
  return [
    ...reasons,
    ...checkDuration('cartTtlS', channel.cartTtlS, MINUTE_S, 30 * DAY_S),
    // A quote is of a cart: it cannot hold for longer than the cart lives.
    ...checkDuration('quoteTtlS', channel.quoteTtlS, MINUTE_S, Math.min(DAY_S, Math.max(channel.cartTtlS, MINUTE_S))),
    ...checkDuration('paymentTtlS', channel.paymentTtlS, MINUTE_S, 7 * DAY_S),
    ...checkDuration('paymentCapS', channel.paymentCapS, Math.max(channel.paymentTtlS, HOUR_S), 30 * DAY_S),
  ]
}

const MINUTE_S = MINUTE_MS / SECOND_MS
const HOUR_S = HOUR_MS / SECOND_MS
const DAY_S = DAY_MS / SECOND_MS

function checkZone(zone: Zone, others: ConfigurationRows): ConfigurationRefusal[] {
  const { country, regions, postalPrefixes } = zone
  // What its regions and prefixes are is for its country to say.
  if (!isCountry(country)) return unknownCountries([country])
  const reasons: ConfigurationRefusal[] = []
  for (const region of regions) {
    if (!/^[A-Z0-9]{1,3}$/.test(region) || plainRegion(country, region) !== region || !isRegion(country, region)) {
      reasons.push({ code: 'region_invalid', region })
    }
  }
  for (const prefix of postalPrefixes) {
    if (prefix === '' || prefix.length > 10 || plainPostalCode(prefix) !== prefix) {
      reasons.push({ code: 'postal_prefix_invalid', prefix })
    }
  }
  reasons.push(...repeatedValues('regions', regions), ...repeatedValues('postalPrefixes', postalPrefixes))

  // A longer prefix inside another zone's shorter one is no overlap: the longer one is more specific.
  for (const other of others.zone) {
    if (other.country !== country) continue
    const shared =
      coversWholeCountry(zone) && coversWholeCountry(other)
        ? [country]
        : [
            ...regions.filter((text) => other.regions.includes(text)),
            ...postalPrefixes.filter((text) => other.postalPrefixes.includes(text)),
          ]
    for (const part of new Set(shared)) reasons.push({ code: 'zone_overlaps', zone: other.code, part })
  }
  return reasons
}

function checkCalendar({ workingDays, closedDates }: Calendar): ConfigurationRefusal[] {
  const reasons = emptyList('workingDays', workingDays)
  for (const weekday of workingDays) {
    if (!Number.isInteger(weekday) || weekday < 1 || weekday > 7) reasons.push({ code: 'weekday_unknown', weekday })
  }
  for (const date of closedDates) if (!isDate(date)) reasons.push({ code: 'date_unknown', date })
  reasons.push(...repeatedValues('workingDays', workingDays), ...repeatedValues('closedDates', closedDates))
  return reasons.length > 0 ? reasons : checkClosure({ workingDays, closedDates })
}

/** Who works on no day of a year does not work, and a promise would wait for the day after. */
const CLOSED_DAYS_MAX = 365

/** @returns the first time in which nobody works for longer than may be */
function checkClosure({
  workingDays,
  closedDates,
}: Pick<Calendar, 'workingDays' | 'closedDates'>): ConfigurationRefusal[] {
  // Days since 1970: the days after a closure in 9999 have no four digits for a year.
  const closed = new Set(closedDates.map((date) => Date.parse(date) / DAY_MS))
  let opensAgain = -Infinity
  for (const from of [...closed].toSorted((a, b) => a - b)) {
    if (from < opensAgain) continue
    opensAgain = from
    while (closed.has(opensAgain) || !workingDays.includes(weekdayOf(opensAgain))) opensAgain++
    const days = opensAgain - from
    if (days > CLOSED_DAYS_MAX) {
      return [{ code: 'closed_too_long', from: new Date(from * DAY_MS).toISOString().slice(0, 10), days }]
    }
  }
  return []
}

/** Monday is 1. @param day  since 1970-01-01, a Thursday */
function weekdayOf(day: number): number {
  return ((((day + 3) % 7) + 7) % 7) + 1
}

function checkDuration(field: string, seconds: number, secondsMin: number, secondsMax: number): ConfigurationRefusal[] {
  const isInRange = Number.isInteger(seconds) && seconds >= secondsMin && seconds <= secondsMax
  return isInRange ? [] : [{ code: 'duration_out_of_range', field, secondsMin, secondsMax }]
}

function emptyList(field: string, values: readonly unknown[]): ConfigurationRefusal[] {
  return values.length === 0 ? [{ code: 'list_empty', field }] : []
}

function unknownCountries(countries: readonly string[]): ConfigurationRefusal[] {
  return [...new Set(countries)].flatMap((country) =>
    isCountry(country) ? [] : [{ code: 'country_unknown' as const, country }],
  )
}

function unknownCurrencies(currencies: readonly string[]): ConfigurationRefusal[] {
  return [...new Set(currencies)].flatMap((currency) =>
    isCurrency(currency) ? [] : [{ code: 'currency_unknown' as const, currency }],
  )
}

function repeatedValues(field: string, values: readonly (string | number)[]): ConfigurationRefusal[] {
  const repeated = values.filter((value, index) => values.indexOf(value) !== index)
  return [...new Set(repeated)].map((value) => ({ code: 'value_repeated', field, value: String(value) }))
}
