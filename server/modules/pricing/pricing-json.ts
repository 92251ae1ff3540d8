import { Type, type Static, type TSchema } from 'typebox'
import { formatId, newId, type Id, type IdKind } from '../../kernel/id.ts'
import { money, type Money } from '../../kernel/money.ts'
import { formatInstant, type Instant } from '../../kernel/time.ts'
import {
  CountryCode,
  CurrencyCodeJson,
  idJson,
  InstantJson,
  line,
  MoneyJson,
  moneyJson,
  PositiveMoneyJson,
  readInstant,
  readMoney,
  Sku,
  strict,
} from '../../platform/http/index.ts'
import { plainRegion, type MerchantBook } from '../merchant/index.ts'
import type { TaxRate } from './book.ts'
import type { PricingRefusal } from './check-pricing.ts'
import type { Named } from './ports.ts'
import type { PriceList } from './price-choice.ts'
import type { DeliveryTariff } from './price-delivery.ts'
import type { NewPricing, PricingChanges } from './save-pricing.ts'

const COUNTRIES_MAX = 250
const PRIORITY_MAX = 1_000_000

export const nullable = <Schema extends TSchema>(schema: Schema, description?: string) =>
  Type.Union([schema, Type.Null()], description === undefined ? {} : { description })

const Code = line(40, { description: 'For people and imports; lower case, unique, stays.', examples: ['retail-eur'] })
export const Name = line(200)
export const Version = Type.Integer({ minimum: 1 })
const TaxClass = Type.String({ pattern: '^[a-z][a-z0-9_-]{0,39}$', examples: ['standard'] })
const ChannelCode = nullable(line(40), "A channel's code; null: every channel.")
const MarketCode = nullable(line(40), "A market's code; null: every market.")
const DestinationCountry = nullable(CountryCode, 'Of the destination; null: every country.')
const Region = nullable(line(6), 'Of the country, such as `CA` for US-CA; null: all of it.')
const LocationCode = nullable(line(40), 'Where goods are handed over; null: anywhere.')
const SegmentCode = nullable(line(40), "A customer segment's code; null: everybody.")
const Priority = Type.Integer({ minimum: -PRIORITY_MAX, maximum: PRIORITY_MAX, description: 'The higher list wins.' })
export const ValidFrom = nullable(InstantJson, 'null: since ever')
export const ValidUntil = nullable(InstantJson, 'The first instant at which it is no longer valid; null: for ever.')

/** Names the rooms next door by code, as people do. */
export interface Neighbours {
  readonly merchant: MerchantBook
  readonly services: readonly Named<'shippingService'>[]
  readonly locations: readonly Named<'location'>[]
  readonly segments: readonly Named<'segment'>[]
}

/** A body read into fields, or why it names something that is not there. */
export type Read<Fields> =
  | { readonly kind: 'read'; readonly fields: Fields }
  | { readonly kind: 'refused'; readonly refusal: PricingRefusal }

// — price lists —

const priceListTerms = {
  priority: Type.Optional(Priority),
  validFrom: Type.Optional(ValidFrom),
  validUntil: Type.Optional(ValidUntil),
}
export const NewPriceList = strict(
  {
    code: Code,
    name: Name,
    channel: Type.Optional(ChannelCode),
    market: Type.Optional(MarketCode),
    country: Type.Optional(DestinationCountry),
    region: Type.Optional(Region),
    location: Type.Optional(LocationCode),
    segment: Type.Optional(SegmentCode),
    currency: CurrencyCodeJson,
    taxIncluded: Type.Boolean({ description: 'Whether its prices contain the tax.' }),
    ...priceListTerms,
  },
  { title: 'NewPriceList' },
)
export const PriceListEdit = strict({ name: Type.Optional(Name), ...priceListTerms }, { title: 'PriceListEdit' })
export const PriceListJson = strict(
  {
    id: idJson('priceList'),
    code: Code,
    name: Name,
    channel: ChannelCode,
    market: MarketCode,
    country: DestinationCountry,
    region: Region,
    location: LocationCode,
    segment: SegmentCode,
    currency: CurrencyCodeJson,
    taxIncluded: Type.Boolean(),
    priority: Priority,
    validFrom: ValidFrom,
    validUntil: ValidUntil,
    version: Version,
  },
  { title: 'PriceList' },
)

export function readPriceList(
  { channel, market, location, segment, ...rest }: Static<typeof NewPriceList>,
  neighbours: Neighbours,
): Read<NewPricing<'priceList'>> {
  const { country = null, region = null, priority = 0, validFrom = null, validUntil = null, ...named } = rest
  const channelId = idOf(channel ?? null, neighbours.merchant.rows.channel)
  const marketId = idOf(market ?? null, neighbours.merchant.rows.market)
  const locationId = idOf(location ?? null, neighbours.locations)
  const segmentId = idOf(segment ?? null, neighbours.segments)
  return {
    kind: 'read',
    fields: {
      ...named,
      channelId,
      marketId,
      country,
      region: country === null || region === null ? region : plainRegion(country, region),
      locationId,
      segmentId,
      priority,
      validFrom: instantOf(validFrom),
      validUntil: instantOf(validUntil),
    },
  }
}

export function readPriceListEdit({
  validFrom,
  validUntil,
  ...rest
}: Static<typeof PriceListEdit>): PricingChanges<'priceList'> {
  return { ...rest, ...validityOf({ validFrom, validUntil }) }
}

/** What an edit says of a validity; what is absent stays. */
export function validityOf({
  validFrom,
  validUntil,
}: {
  readonly validFrom?: string | null | undefined
  readonly validUntil?: string | null | undefined
}): { validFrom?: Instant | null; validUntil?: Instant | null } {
  return {
    ...(validFrom === undefined ? {} : { validFrom: instantOf(validFrom) }),
    ...(validUntil === undefined ? {} : { validUntil: instantOf(validUntil) }),
  }
}

export function priceListJson(
  { id, channelId, marketId, locationId, segmentId, validFrom, validUntil, ...rest }: PriceList,
  neighbours: Neighbours,
): Static<typeof PriceListJson> {
  return {
    ...rest,
    id: formatId('priceList', id),
    channel: channelCodeOf(channelId, neighbours),
    market: marketId === null ? null : codeOf('market', marketId, neighbours.merchant.rows.market),
    location: locationId === null ? null : codeOf('location', locationId, neighbours.locations),
    segment: segmentId === null ? null : codeOf('segment', segmentId, neighbours.segments),
    validFrom: validFrom === null ? null : formatInstant(validFrom),
    validUntil: validUntil === null ? null : formatInstant(validUntil),
  }
}

/** A row of prices; null withdraws the list's price. */
const MinQuantity = Type.Integer({
  minimum: 1,
  maximum: 1_000_000,
  description: 'Holds from this many units of the SKU on; 1 when absent.',
})
export const PriceRow = strict(
  { sku: Sku, minQuantity: Type.Optional(MinQuantity), price: nullable(MoneyJson) },
  { title: 'PriceRow' },
)
export const ListedPriceJson = strict(
  { sku: Sku, minQuantity: MinQuantity, price: MoneyJson },
  { title: 'ListedPrice' },
)
export const PriceResultJson = strict(
  {
    index: Type.Integer({ minimum: 0 }),
    status: Type.Enum(['set', 'withdrawn', 'error']),
    errors: Type.Optional(
      Type.Array(
        strict({
          path: Type.String({ description: 'JSON pointer into the row.' }),
          code: Type.String(),
          message: Type.String(),
        }),
      ),
    ),
  },
  { title: 'PriceResult' },
)

// — tax rates —

const RatePpm = Type.Integer({
  minimum: 0,
  maximum: 1_000_000,
  description: 'Parts per million: 8.875 % is 88750.',
  examples: [88_750],
})
const ZoneCode = line(40, { description: "A zone's code.", examples: ['us-ny'] })
const taxValidity = { validFrom: Type.Optional(ValidFrom), validUntil: Type.Optional(ValidUntil) }
export const NewTaxRate = strict(
  { zone: ZoneCode, taxClass: TaxClass, name: Name, ratePpm: RatePpm, ...taxValidity },
  { title: 'NewTaxRate' },
)
export const TaxRateEdit = strict(
  { name: Type.Optional(Name), ratePpm: Type.Optional(RatePpm), ...taxValidity },
  { title: 'TaxRateEdit' },
)
export const TaxRateJson = strict(
  {
    id: idJson('taxRate'),
    zone: ZoneCode,
    taxClass: TaxClass,
    name: Name,
    ratePpm: RatePpm,
    validFrom: ValidFrom,
    validUntil: ValidUntil,
    version: Version,
  },
  { title: 'TaxRate' },
)

export function readTaxRate(
  { zone, validFrom = null, validUntil = null, ...rest }: Static<typeof NewTaxRate>,
  { merchant }: Neighbours,
): Read<NewPricing<'taxRate'>> {
  const zoneId = idNamed(zone, merchant.rows.zone)
  return {
    kind: 'read',
    fields: { ...rest, zoneId, validFrom: instantOf(validFrom), validUntil: instantOf(validUntil) },
  }
}

export function readTaxRateEdit({
  validFrom,
  validUntil,
  ...rest
}: Static<typeof TaxRateEdit>): PricingChanges<'taxRate'> {
  return { ...rest, ...validityOf({ validFrom, validUntil }) }
}

export function taxRateJson(
  { id, zoneId, validFrom, validUntil, ...rest }: TaxRate,
  { merchant }: Neighbours,
): Static<typeof TaxRateJson> {
  return {
    ...rest,
    id: formatId('taxRate', id),
    zone: merchant.zoneById.get(zoneId)?.code ?? formatId('zone', zoneId),
    validFrom: validFrom === null ? null : formatInstant(validFrom),
    validUntil: validUntil === null ? null : formatInstant(validUntil),
  }
}

// — delivery tariffs —

const Method = Type.Enum(['ship', 'pickup'])
const ServiceCode = nullable(line(40), "A shipping service's code; null for pickup.")
const Countries = Type.Array(CountryCode, { minItems: 1, maxItems: COUNTRIES_MAX, description: 'Of the destination.' })
const FreeFrom = nullable(
  PositiveMoneyJson,
  'Delivery is free from this items total, before discounts, on; null: never.',
)
const tariffTerms = {
  freeFrom: Type.Optional(FreeFrom),
  taxClass: Type.Optional(TaxClass),
  active: Type.Optional(Type.Boolean()),
}
export const NewDeliveryTariff = strict(
  {
    code: Code,
    name: Name,
    channel: Type.Optional(ChannelCode),
    method: Method,
    service: Type.Optional(ServiceCode),
    countries: Countries,
    price: MoneyJson,
    ...tariffTerms,
  },
  { title: 'NewDeliveryTariff' },
)
export const DeliveryTariffEdit = strict(
  { name: Type.Optional(Name), countries: Type.Optional(Countries), price: Type.Optional(MoneyJson), ...tariffTerms },
  { title: 'DeliveryTariffEdit' },
)
export const DeliveryTariffJson = strict(
  {
    id: idJson('deliveryTariff'),
    code: Code,
    name: Name,
    channel: ChannelCode,
    method: Method,
    service: ServiceCode,
    countries: Countries,
    price: MoneyJson,
    freeFrom: FreeFrom,
    taxClass: TaxClass,
    active: Type.Boolean(),
    version: Version,
  },
  { title: 'DeliveryTariff' },
)

export function readTariff(
  {
    channel,
    service,
    price,
    freeFrom,
    taxClass = 'standard',
    active = true,
    ...rest
  }: Static<typeof NewDeliveryTariff>,
  neighbours: Neighbours,
): Read<NewPricing<'deliveryTariff'>> {
  const channelId = idOf(channel ?? null, neighbours.merchant.rows.channel)
  const serviceId = idOf(service ?? null, neighbours.services)
  const { currency, minor: amountMinor } = readMoney(price)
  const free = readFreeFrom(freeFrom ?? null, currency)
  if (free.kind === 'refused') return free
  const fields = { ...rest, channelId, serviceId, currency, amountMinor, freeFromMinor: free.fields, taxClass, active }
  return { kind: 'read', fields }
}

/** @param current  the tariff as the editor knew it: its currency stays */
export function readTariffEdit(
  { price, freeFrom, ...rest }: Static<typeof DeliveryTariffEdit>,
  { currency }: Pick<DeliveryTariff, 'currency'>,
): Read<PricingChanges<'deliveryTariff'>> {
  const amount = price === undefined ? null : readMoney(price)
  if (amount !== null && amount.currency !== currency) {
    return { kind: 'refused', refusal: { code: 'amount_currency_differs', currency } }
  }
  const free = freeFrom === undefined ? null : readFreeFrom(freeFrom, currency)
  if (free?.kind === 'refused') return free
  return {
    kind: 'read',
    fields: {
      ...rest,
      ...(amount === null ? {} : { amountMinor: amount.minor }),
      ...(free === null ? {} : { freeFromMinor: free.fields }),
    },
  }
}

export function tariffJson(
  { id, channelId, serviceId, currency, amountMinor, freeFromMinor, countries, ...rest }: DeliveryTariff,
  neighbours: Neighbours,
): Static<typeof DeliveryTariffJson> {
  const told = (minor: bigint): MoneyJson => moneyJson(money(minor, currency))
  const service = serviceId === null ? null : neighbours.services.find((each) => each.id === serviceId)
  return {
    ...rest,
    id: formatId('deliveryTariff', id),
    channel: channelCodeOf(channelId, neighbours),
    service: serviceId === null ? null : (service?.code ?? formatId('shippingService', serviceId)),
    countries: [...countries],
    price: told(amountMinor),
    freeFrom: freeFromMinor === null ? null : told(freeFromMinor),
  }
}

/** @returns minor units; the schema has asked for more than zero */
function readFreeFrom(json: MoneyJson | null, currency: Money['currency']): Read<bigint | null> {
  if (json === null) return { kind: 'read', fields: null }
  const { minor, currency: given } = readMoney(json)
  if (given !== currency) return { kind: 'refused', refusal: { code: 'amount_currency_differs', currency } }
  return { kind: 'read', fields: minor }
}

export function instantOf(json: string | null): Instant | null {
  return json === null ? null : readInstant(json)
}

/** Null for all. */
function idOf<Kind extends IdKind>(
  code: string | null,
  rows: readonly { readonly id: Id<Kind>; readonly code: string }[],
): Id<Kind> | null {
  return code === null ? null : idNamed(code, rows)
}

/** Where there is none with the code an id that nobody has, so that its check tells it with everything else. */
function idNamed<Kind extends IdKind>(
  code: string,
  rows: readonly { readonly id: Id<Kind>; readonly code: string }[],
): Id<Kind> {
  return rows.find((row) => row.code === code)?.id ?? newId<Kind>()
}

/** What people call it; its id where it is gone. */
export function codeOf<Kind extends IdKind>(
  kind: Kind,
  id: Id<Kind>,
  rows: readonly { readonly id: Id<Kind>; readonly code: string }[],
): string {
  return rows.find((row) => row.id === id)?.code ?? formatId(kind, id)
}

function channelCodeOf(id: Id<'channel'> | null, { merchant }: Neighbours): string | null {
  return id === null ? null : (merchant.channelById.get(id)?.code ?? formatId('channel', id))
}
