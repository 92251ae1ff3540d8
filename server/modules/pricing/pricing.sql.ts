import type { Id } from '../../kernel/id.ts'
import { must } from '../../kernel/invariant.ts'
import { formatInstant, type Instant } from '../../kernel/time.ts'
import { plainArray, type Queryable, type Tx } from '../../platform/db.ts'
import type { PricingRows, TaxRate } from './book.ts'
import type { ListedPrice, PriceList } from './price-choice.ts'
import type { DeliveryTariff } from './price-delivery.ts'
import { promotionOf, promotionsJson, type PromotionJsonRow } from './promotions.sql.ts'

/** The room's configuration in one statement, so that it is of one moment. */
export async function readPricing(source: Queryable): Promise<PricingRows> {
  const [row] = await source.rows<{ pricing: PricingJson }>({
    name: 'pricing.read_pricing',
    text: `select jsonb_build_object(
      'priceLists', (select coalesce(jsonb_agg(jsonb_build_object(
          'id', id, 'code', code, 'name', name, 'channelId', channel_id, 'marketId', market_id, 'country', country,
          'region', region, 'locationId', location_id, 'segmentId', segment_id, 'currency', currency,
          'taxIncluded', tax_included, 'priority', priority, 'version', version,
          'validFrom', extract(epoch from valid_from) * 1000, 'validUntil', extract(epoch from valid_until) * 1000)
          order by code), '[]')
        from pricing.price_list),
      'taxRates', (select coalesce(jsonb_agg(jsonb_build_object(
          'id', id, 'zoneId', zone_id, 'taxClass', tax_class, 'name', name, 'ratePpm', rate_ppm, 'version', version,
          'validFrom', extract(epoch from valid_from) * 1000, 'validUntil', extract(epoch from valid_until) * 1000)
          order by id), '[]')
        from pricing.tax_rate),
      'tariffs', (select coalesce(jsonb_agg(jsonb_build_object(
          'id', id, 'code', code, 'name', name, 'channelId', channel_id, 'method', method, 'serviceId', service_id,
          'countries', countries, 'currency', currency, 'amountMinor', amount_minor::text,
          'freeFromMinor', free_from_minor::text, 'taxClass', tax_class, 'active', active, 'version', version)
          order by code), '[]')
        from pricing.delivery_tariff),
      'promotions', ${promotionsJson}) as pricing`,
  })
  const { priceLists, taxRates, tariffs, promotions } = must(row, 'the one row of a select without from').pricing
  return {
    priceLists,
    taxRates,
    tariffs: tariffs.map(({ amountMinor, freeFromMinor, ...tariff }) => ({
      ...tariff,
      amountMinor: BigInt(amountMinor),
      freeFromMinor: freeFromMinor === null ? null : BigInt(freeFromMinor),
    })),
    promotions: promotions.map(promotionOf),
  }
}

/** JSON has no whole numbers beyond 2^53: amounts travel as text. */
interface PricingJson {
  readonly priceLists: readonly PriceList[]
  readonly taxRates: readonly TaxRate[]
  readonly tariffs: readonly (Omit<DeliveryTariff, 'amountMinor' | 'freeFromMinor'> & {
    readonly amountMinor: string
    readonly freeFromMinor: string | null
  })[]
  readonly promotions: readonly PromotionJsonRow[]
}

// The room's writers wait for each other on its revision row and have just read the row they replace: each `put…`
// writes the whole row, new or not.

export function putPriceList(tx: Tx, list: PriceList, revision: bigint): void {
  tx.send({
    name: 'pricing.put_price_list',
    text: `insert into pricing.price_list (id, code, name, channel_id, market_id, country, region, location_id,
                                           segment_id, currency, tax_included, priority, valid_from, valid_until,
                                           version, revision)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
           on conflict (id) do update
              set name = excluded.name, priority = excluded.priority, valid_from = excluded.valid_from,
                  valid_until = excluded.valid_until, version = excluded.version, revision = excluded.revision`,
    values: [
      list.id,
      list.code,
      list.name,
      list.channelId,
      list.marketId,
      list.country,
      list.region,
      list.locationId,
      list.segmentId,
      list.currency,
      list.taxIncluded,
      list.priority,
      timestampOf(list.validFrom),
      timestampOf(list.validUntil),
      list.version,
      revision,
    ],
  })
}

export function putTaxRate(tx: Tx, rate: TaxRate): void {
  tx.send({
    name: 'pricing.put_tax_rate',
    text: `insert into pricing.tax_rate (id, zone_id, tax_class, name, rate_ppm, valid_from, valid_until, version)
           values ($1, $2, $3, $4, $5, $6, $7, $8)
           on conflict (id) do update
              set name = excluded.name, rate_ppm = excluded.rate_ppm, valid_from = excluded.valid_from,
                  valid_until = excluded.valid_until, version = excluded.version`,
    values: [
      rate.id,
      rate.zoneId,
      rate.taxClass,
      rate.name,
      rate.ratePpm,
      timestampOf(rate.validFrom),
      timestampOf(rate.validUntil),
      rate.version,
    ],
  })
}

export function putTariff(tx: Tx, tariff: DeliveryTariff): void {
  tx.send({
    name: 'pricing.put_delivery_tariff',
    text: `insert into pricing.delivery_tariff (id, code, name, channel_id, method, service_id, countries, currency,
                                                amount_minor, free_from_minor, tax_class, active, version)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
           on conflict (id) do update
              set name = excluded.name, countries = excluded.countries, amount_minor = excluded.amount_minor,
                  free_from_minor = excluded.free_from_minor, tax_class = excluded.tax_class,
                  active = excluded.active, version = excluded.version`,
    values: [
      tariff.id,
      tariff.code,
      tariff.name,
      tariff.channelId,
      tariff.method,
      tariff.serviceId,
      tariff.countries,
      tariff.currency,
      tariff.amountMinor,
      tariff.freeFromMinor,
      tariff.taxClass,
      tariff.active,
      tariff.version,
    ],
  })
}

function timestampOf(instant: Instant | null): string | null {
  return instant === null ? null : formatInstant(instant)
}

export interface NewPrice {
  readonly variantId: Id<'variant'>
  readonly minQuantity: number
  /** Null withdraws the price. */
  readonly amountMinor: bigint | null
}

/**
 * Sets prices of one list, each variant and minimum once.
 * @returns how many are other than before
 */
export function putPrices(
  tx: Tx,
  {
    priceListId,
    prices,
    revision,
  }: {
    readonly priceListId: Id<'priceList'>
    readonly prices: readonly NewPrice[]
    readonly revision: bigint
  },
): Promise<number> {
  return tx.execute({
    name: 'pricing.put_prices',
    text: `insert into pricing.price (price_list_id, variant_id, min_quantity, amount_minor, revision)
           select $1, variant_id, min_quantity, amount_minor, $5::bigint
             from unnest($2::uuid[], $3::int[], $4::bigint[]) as new (variant_id, min_quantity, amount_minor)
           on conflict (variant_id, price_list_id, min_quantity) do update
              set amount_minor = excluded.amount_minor, revision = excluded.revision
            where price.amount_minor is distinct from excluded.amount_minor`,
    values: [
      priceListId,
      plainArray(prices.map(({ variantId }) => variantId)),
      plainArray(prices.map(({ minQuantity }) => minQuantity)),
      plainArray(prices.map(({ amountMinor }) => amountMinor)),
      revision,
    ],
  })
}

export async function readPrices(
  source: Queryable,
  variantIds: readonly Id<'variant'>[],
): Promise<Map<Id<'variant'>, readonly ListedPrice[]>> {
  const rows = await source.rows<{
    variant_id: Id<'variant'>
    price_list_id: Id<'priceList'>
    min_quantity: number
    amount_minor: bigint
  }>({
    name: 'pricing.read_prices',
    text: `select variant_id, price_list_id, min_quantity, amount_minor from pricing.price
            where variant_id = any($1::uuid[]) and amount_minor is not null
            order by variant_id, price_list_id, min_quantity`,
    values: [plainArray(variantIds)],
  })
  const pricesByVariant = new Map<Id<'variant'>, ListedPrice[]>()
  for (const { variant_id, price_list_id, min_quantity, amount_minor } of rows) {
    const price = { priceListId: price_list_id, minQuantity: min_quantity, amountMinor: amount_minor }
    const prices = pricesByVariant.get(variant_id)
    if (prices === undefined) pricesByVariant.set(variant_id, [price])
    else prices.push(price)
  }
  return pricesByVariant
}

/** @param limit  null is no limit */
export async function variantsRepricedSince(
  source: Queryable,
  revision: bigint,
  limit: number | null = null,
): Promise<Id<'variant'>[]> {
  const rows = await source.rows<{ variant_id: Id<'variant'> }>({
    name: 'pricing.variants_repriced_since',
    text: 'select distinct variant_id from pricing.price where revision > $1 limit $2',
    values: [revision, limit],
  })
  return rows.map(({ variant_id }) => variant_id)
}

/** A row of a list, as people page through it. */
export interface PriceRowPlace {
  readonly variantId: Id<'variant'>
  readonly minQuantity: number
}

/** A list's prices in variant order, smaller minimum first. @param page.after  the last row of the page before */
export function listPriceRows(
  source: Queryable,
  {
    priceListId,
    after,
    limit,
  }: {
    readonly priceListId: Id<'priceList'>
    readonly after: PriceRowPlace | null
    readonly limit: number
  },
): Promise<(PriceRowPlace & { readonly amountMinor: bigint })[]> {
  return source.rows({
    name: 'pricing.list_prices',
    text: `select variant_id as "variantId", min_quantity as "minQuantity", amount_minor as "amountMinor"
             from pricing.price
            where price_list_id = $1 and amount_minor is not null
              and ($2::uuid is null or (variant_id, min_quantity) > ($2, $3::int))
            order by variant_id, min_quantity limit $4`,
    values: [priceListId, after?.variantId ?? null, after?.minQuantity ?? null, limit],
  })
}
