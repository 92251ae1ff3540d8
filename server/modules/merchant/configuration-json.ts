import { Type, type Static } from 'typebox'
import { formatId } from '../../kernel/id.ts'
import { CountryCode, CurrencyCodeJson, idJson, line, Locale, readId, strict } from '../../platform/http/index.ts'
import type { Calendar, Channel, LegalEntity, Market } from './book.ts'
import type { Zone } from './decide-zone.ts'
import type { ConfigurationChanges, NewConfiguration } from './save-configuration.ts'

// The lists below are as long as the longest of their kind in real life, with room: a zone of single ZIP codes.
const COUNTRIES_MAX = 250
const CURRENCIES_MAX = 200
const REGIONS_MAX = 500
const POSTAL_PREFIXES_MAX = 5_000
const CLOSED_DATES_MAX = 1_000

const Code = line(40, { description: 'For people and imports; lower case, unique, stays.', examples: ['web'] })
const Name = line(200)
const TimeZone = line(60, { description: 'IANA time zone', examples: ['America/Chicago'] })
const Countries = Type.Array(CountryCode, { maxItems: COUNTRIES_MAX })
const Version = Type.Integer({ minimum: 1 })
const Seconds = Type.Integer({ description: 'Seconds.' })

export const LegalEntityBody = strict({
  code: Code,
  name: Name,
  country: CountryCode,
  currency: CurrencyCodeJson,
  timeZone: TimeZone,
})
export const LegalEntityEdit = strict({ name: Type.Optional(Name), timeZone: Type.Optional(TimeZone) })
export const LegalEntityJson = strict(
  { id: idJson('legalEntity'), ...LegalEntityBody.properties, version: Version },
  { title: 'LegalEntity' },
)

export function legalEntityJson(row: LegalEntity): Static<typeof LegalEntityJson> {
  return { ...row, id: formatId('legalEntity', row.id) }
}

export const MarketBody = strict({ code: Code, name: Name, countries: Countries })
export const MarketEdit = strict({ name: Type.Optional(Name), countries: Type.Optional(Countries) })
export const MarketJson = strict(
  { id: idJson('market'), ...MarketBody.properties, version: Version },
  { title: 'Market' },
)

export function marketJson(row: Market): Static<typeof MarketJson> {
  return { ...row, id: formatId('market', row.id), countries: [...row.countries] }
}

const channelTerms = {
  name: Name,
  currency: CurrencyCodeJson,
  currencies: Type.Array(CurrencyCodeJson, { maxItems: CURRENCIES_MAX }),
  locale: Locale,
  timeZone: TimeZone,
  taxIncluded: Type.Boolean({ description: 'Whether its prices contain the tax.' }),
}
const TaxIncludedExcept = Type.Array(CurrencyCodeJson, {
  maxItems: CURRENCIES_MAX,
  description: 'Currencies in which it is the other way round.',
})
const TaxRounding = Type.Enum(['line', 'order'], {
  description: 'Whether tax is rounded on each line, or once an order for each rate.',
})
const marketId = Type.Union([idJson('market'), Type.Null()], { description: 'null: no market of its own' })
const ChannelKind = Type.Union([
  Type.Literal('web'),
  Type.Literal('app'),
  Type.Literal('pos'),
  Type.Literal('marketplace'),
  Type.Literal('import'),
])
const ClaimsAtJson = Type.Union([Type.Literal('order'), Type.Literal('checkout')], {
  description: 'When goods are claimed for a buyer: with the order, or with the quote at the start of checkout.',
})
const channelDurations = {
  cartTtlS: Type.Optional(Seconds),
  quoteTtlS: Type.Optional(Seconds),
  claimsAt: Type.Optional(ClaimsAtJson),
  paymentTtlS: Type.Optional(Seconds),
  paymentCapS: Type.Optional(Seconds),
}
export const ChannelBody = strict({
  code: Code,
  kind: ChannelKind,
  legalEntityId: idJson('legalEntity'),
  marketId: Type.Optional(marketId),
  trusted: Type.Optional(Type.Boolean({ description: 'Brings its own prices; its orders are facts.' })),
  taxIncludedExcept: Type.Optional(TaxIncludedExcept),
  taxRounding: Type.Optional(TaxRounding),
  active: Type.Optional(Type.Boolean()),
  ...channelTerms,
  ...channelDurations,
})
export const ChannelEdit = strict({
  name: Type.Optional(channelTerms.name),
  marketId: Type.Optional(marketId),
  currency: Type.Optional(channelTerms.currency),
  currencies: Type.Optional(channelTerms.currencies),
  locale: Type.Optional(channelTerms.locale),
  timeZone: Type.Optional(channelTerms.timeZone),
  taxIncluded: Type.Optional(channelTerms.taxIncluded),
  taxIncludedExcept: Type.Optional(TaxIncludedExcept),
  taxRounding: Type.Optional(TaxRounding),
  active: Type.Optional(Type.Boolean()),
  ...channelDurations,
})
export const ChannelJson = strict(
  {
    id: idJson('channel'),
    code: Code,
    kind: ChannelKind,
    legalEntityId: idJson('legalEntity'),
    marketId,
    trusted: Type.Boolean(),
    active: Type.Boolean(),
    ...channelTerms,
    taxIncludedExcept: TaxIncludedExcept,
    taxRounding: TaxRounding,
    cartTtlS: Seconds,
    quoteTtlS: Seconds,
    claimsAt: ClaimsAtJson,
    paymentTtlS: Seconds,
    paymentCapS: Seconds,
    version: Version,
  },
  { title: 'Channel' },
)

/** What a channel's terms are when nobody says otherwise: carts for an hour, half an hour to pay, a day to find out. */
const channelDefaults = {
  marketId: null,
  trusted: false,
  active: true,
  cartTtlS: 3_600,
  quoteTtlS: 900,
  claimsAt: 'order',
  paymentTtlS: 1_800,
  paymentCapS: 86_400,
} as const

export function channelFields(body: Static<typeof ChannelBody>): NewConfiguration<'channel'> {
  return {
    ...channelDefaults,
    ...body,
    legalEntityId: readId('legalEntity', body.legalEntityId),
    marketId: body.marketId === undefined || body.marketId === null ? null : readId('market', body.marketId),
  }
}

export function channelChanges({
  marketId: market,
  ...rest
}: Static<typeof ChannelEdit>): ConfigurationChanges<'channel'> {
  return market === undefined ? rest : { ...rest, marketId: market === null ? null : readId('market', market) }
}

export function channelJson(row: Channel): Static<typeof ChannelJson> {
  return {
    ...row,
    id: formatId('channel', row.id),
    legalEntityId: formatId('legalEntity', row.legalEntityId),
    marketId: row.marketId === null ? null : formatId('market', row.marketId),
    currencies: [...row.currencies],
    taxIncludedExcept: [...row.taxIncludedExcept],
  }
}

const Regions = Type.Array(line(3, { description: 'The second part of an ISO 3166-2 code', examples: ['CA'] }), {
  maxItems: REGIONS_MAX,
})
const PostalPrefixes = Type.Array(line(10, { description: 'Without spaces and hyphens', examples: ['90'] }), {
  maxItems: POSTAL_PREFIXES_MAX,
})
export const ZoneBody = strict(
  {
    code: Code,
    name: Name,
    country: CountryCode,
    regions: Type.Optional(Regions),
    postalPrefixes: Type.Optional(PostalPrefixes),
  },
  { description: 'The parts of the country that have one of the regions or prefixes; without either, all of it.' },
)
export const ZoneEdit = strict({
  name: Type.Optional(Name),
  regions: Type.Optional(Regions),
  postalPrefixes: Type.Optional(PostalPrefixes),
})
export const ZoneJson = strict(
  {
    id: idJson('zone'),
    code: Code,
    name: Name,
    country: CountryCode,
    regions: Regions,
    postalPrefixes: PostalPrefixes,
    version: Version,
  },
  { title: 'Zone' },
)

export function zoneFields(body: Static<typeof ZoneBody>): NewConfiguration<'zone'> {
  return { regions: [], postalPrefixes: [], ...body }
}

export function zoneJson(row: Zone): Static<typeof ZoneJson> {
  return {
    ...row,
    id: formatId('zone', row.id),
    regions: [...row.regions],
    postalPrefixes: [...row.postalPrefixes],
  }
}

const WorkingDays = Type.Array(Type.Integer(), { maxItems: 7, description: 'ISO weekdays, Monday is 1.' })
const ClosedDates = Type.Array(Type.String({ maxLength: 10, examples: ['2026-12-25'] }), { maxItems: CLOSED_DATES_MAX })
export const CalendarBody = strict({
  code: Code,
  name: Name,
  workingDays: WorkingDays,
  closedDates: Type.Optional(ClosedDates),
})
export const CalendarEdit = strict({
  name: Type.Optional(Name),
  workingDays: Type.Optional(WorkingDays),
  closedDates: Type.Optional(ClosedDates),
})
export const CalendarJson = strict(
  {
    id: idJson('calendar'),
    code: Code,
    name: Name,
    workingDays: WorkingDays,
    closedDates: ClosedDates,
    version: Version,
  },
  { title: 'Calendar' },
)

export function calendarFields(body: Static<typeof CalendarBody>): NewConfiguration<'calendar'> {
  return { closedDates: [], ...body }
}

export function calendarJson(row: Calendar): Static<typeof CalendarJson> {
  return {
    ...row,
    id: formatId('calendar', row.id),
    workingDays: [...row.workingDays],
    closedDates: [...row.closedDates],
  }
}
