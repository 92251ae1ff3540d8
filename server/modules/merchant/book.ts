import type { Id } from '../../kernel/id.ts'
import type { CurrencyCode } from '../../kernel/money.ts'
import { indexZones, type Zone, type ZoneIndex } from './decide-zone.ts'

/** Whose books: invoices, their numbers and their days belong to one of these. */
export interface LegalEntity {
  readonly id: Id<'legalEntity'>
  readonly code: string
  readonly name: string
  readonly country: string
  /** The functional currency of its books. */
  readonly currency: CurrencyCode
  /** IANA time zone in which its journals' days begin. */
  readonly timeZone: string
  readonly version: number
}

/** Countries that are sold to alike. */
export interface Market {
  readonly id: Id<'market'>
  readonly code: string
  readonly name: string
  readonly countries: readonly string[]
  readonly version: number
}

export type ClaimsAt = 'order' | 'checkout'

export type ChannelKind = 'web' | 'app' | 'pos' | 'marketplace' | 'import'

export type TaxRounding = 'line' | 'order'

/** One way of selling, with the terms that every cart and order of it gets. */
export interface Channel {
  readonly id: Id<'channel'>
  readonly code: string
  readonly name: string
  readonly kind: ChannelKind
  readonly legalEntityId: Id<'legalEntity'>
  readonly marketId: Id<'market'> | null
  /** The currency when the head names none; one of `currencies`. */
  readonly currency: CurrencyCode
  readonly currencies: readonly CurrencyCode[]
  readonly locale: string
  /** IANA time zone in which a price's day begins. */
  readonly timeZone: string
  /** Whether its prices contain the tax; in the currencies of `taxIncludedExcept` it is the other way round. */
  readonly taxIncluded: boolean
  readonly taxIncludedExcept: readonly CurrencyCode[]
  /** Whether tax is rounded on each line, or once an order for each rate, as its invoices show it. */
  readonly taxRounding: TaxRounding
  /** Brings its own prices and may sell beyond supply: its orders are facts. */
  readonly trusted: boolean
  /** Seconds of business time that a cart lives on after its last edit. */
  readonly cartTtlS: number
  /** Seconds of business time that an unpaid order keeps its claims. */
  readonly paymentTtlS: number
  /** Seconds of business time that a quote holds. */
  readonly quoteTtlS: number
  /** When goods are claimed for a buyer: with the order, or with the quote at the start of checkout. */
  readonly claimsAt: ClaimsAt
  /** Seconds that an unknown payment may extend that to, before a person must look. */
  readonly paymentCapS: number
  readonly active: boolean
  readonly version: number
}

/** On which days somebody works. Locations and carriers keep one, and these days begin in their time zones. */
export interface Calendar {
  readonly id: Id<'calendar'>
  readonly code: string
  readonly name: string
  /** ISO weekdays, Monday is 1. */
  readonly workingDays: readonly number[]
  /** `YYYY-MM-DD`. */
  readonly closedDates: readonly string[]
  readonly version: number
}

/** What this room configures, by the kind of its ids. */
export interface ConfigurationByKind {
  readonly legalEntity: LegalEntity
  readonly market: Market
  readonly channel: Channel
  readonly zone: Zone
  readonly calendar: Calendar
}

export type ConfigurationKind = keyof ConfigurationByKind

/** Everything the room configures, each kind in code order. */
export type ConfigurationRows = { readonly [Kind in ConfigurationKind]: readonly ConfigurationByKind[Kind][] }

/** The room's whole configuration, ready to be asked. */
export interface MerchantBook {
  readonly rows: ConfigurationRows
  readonly legalEntityById: ReadonlyMap<Id<'legalEntity'>, LegalEntity>
  readonly marketById: ReadonlyMap<Id<'market'>, Market>
  readonly channelById: ReadonlyMap<Id<'channel'>, Channel>
  readonly channelByCode: ReadonlyMap<string, Channel>
  readonly calendarById: ReadonlyMap<Id<'calendar'>, Calendar>
  readonly zoneById: ReadonlyMap<Id<'zone'>, Zone>
  readonly zones: ZoneIndex
}

/** Whether prices in the currency contain the tax: a shop may tell dollars without sales tax and euros with VAT. */
export function pricesIncludeTax(
  { taxIncluded, taxIncludedExcept }: Pick<Channel, 'taxIncluded' | 'taxIncludedExcept'>,
  currency: CurrencyCode,
): boolean {
  return taxIncluded !== taxIncludedExcept.includes(currency)
}

export function buildBook(rows: ConfigurationRows): MerchantBook {
  return {
    rows,
    legalEntityById: byId(rows.legalEntity),
    marketById: byId(rows.market),
    channelById: byId(rows.channel),
    channelByCode: new Map(rows.channel.map((channel) => [channel.code, channel])),
    calendarById: byId(rows.calendar),
    zoneById: byId(rows.zone),
    zones: indexZones(rows.zone),
  }
}

function byId<RowId, Row extends { readonly id: RowId }>(rows: readonly Row[]): ReadonlyMap<RowId, Row> {
  return new Map(rows.map((row) => [row.id, row]))
}

/**
 * The markets that a sale is in: the channel's own, else all that the destination lies in.
 * @param country  null where nobody knows it yet
 */
export function marketsOf(
  { marketId }: Pick<Channel, 'marketId'>,
  country: string | null,
  { rows }: Pick<MerchantBook, 'rows'>,
): Id<'market'>[] {
  if (marketId !== null) return [marketId]
  if (country === null) return []
  return rows.market.filter(({ countries }) => countries.includes(country)).map(({ id }) => id)
}
