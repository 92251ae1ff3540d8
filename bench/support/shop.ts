import { newId, type Id } from '../../server/kernel/id.ts'
import type { Db, Statement } from '../../server/platform/db.ts'

export interface ShopSize {
  readonly skus: number
  readonly locations: number
  /** Units on hand of each SKU at each location. */
  readonly unitsEach: number
}

export interface Shop {
  readonly channelId: Id<'channel'>
  readonly skus: readonly string[]
}

/**
 * A shop of a chosen size, written straight into the tables: a benchmark of placing orders does not want to wait for
 * the catalog's own doors. One American channel, flat tax, one tariff, locations spread over the country.
 */
export async function createShop(db: Db, { skus, locations, unitsEach }: ShopSize): Promise<Shop> {
  const entity = newId<'legalEntity'>()
  const channelId = newId<'channel'>()
  const zone = newId<'zone'>()
  const carrier = newId()
  const service = newId<'shippingService'>()
  const list = newId<'priceList'>()
  const statements: readonly (readonly [string, readonly unknown[]])[] = [
    [
      "insert into merchant.legal_entity (id, code, name, country, currency, zone) values ($1, 'bench', 'Bench Inc.', 'US', 'USD', 'America/New_York')",
      [entity],
    ],
    [
      `insert into merchant.channel (id, code, name, kind, legal_entity_id, currency, currencies, locale, zone, tax_included, trusted)
      values ($1, 'web', 'Web', 'web', $2, 'USD', '{USD}', 'en-US', 'America/New_York', false, false)`,
      [channelId, entity],
    ],
    ["insert into merchant.zone (id, code, name, country) values ($1, 'us', 'United States', 'US')", [zone]],
    ["insert into shipping.carrier (id, code, name) values ($1, 'carrier', 'Carrier')", [carrier]],
    [
      "insert into shipping.service (id, code, name, carrier_id) values ($1, 'ground', 'Ground', $2)",
      [service, carrier],
    ],
    [
      "insert into shipping.transit (service_id, from_country, to_country, days_min, days_max) values ($1, 'US', 'US', 2, 4)",
      [service],
    ],
    [
      `insert into pricing.price_list (id, code, name, currency, tax_included, revision) values ($1, 'usd', 'USD', 'USD', false, 1)`,
      [list],
    ],
    [
      "insert into pricing.tax_rate (id, zone_id, tax_class, name, rate_ppm) values (gen_random_uuid(), $1, 'standard', 'Sales tax', 80000)",
      [zone],
    ],
    [
      `insert into pricing.delivery_tariff (id, code, name, method, service_id, countries, currency, amount_minor)
      values (gen_random_uuid(), 'standard', 'Standard', 'ship', $1, '{US}', 'USD', 499)`,
      [service],
    ],
    [
      `insert into inventory.location (id, code, name, kind, legal_entity_id, zone, country, region, city, postal_code, latitude, longitude, revision)
      select gen_random_uuid(), 'l' || n, 'Location ' || n, 'warehouse', $1, 'America/New_York', 'US', 'NY', 'City', '10001',
             30 + (n * 7919 % 1800) / 100.0, -(70 + (n * 104729 % 5000) / 100.0), 1
        from generate_series(1, $2::int) as n`,
      [entity, locations],
    ],
    [
      `insert into sourcing.node (location_id, ships, offers_pickup, countries) select id, true, false, '{US}' from inventory.location`,
      [],
    ],
    [
      `insert into catalog.product (id, handle, title, status, revision, created_at, updated_at)
      select gen_random_uuid(), 'product-' || n, 'Product ' || n, 'active', 1, '2026-01-01', '2026-01-01' from generate_series(1, $1::int) as n`,
      [skus],
    ],
    [
      `insert into catalog.variant (id, product_id, sku, title, position, kind, stocked, status, revision)
      select gen_random_uuid(), id, 'SKU-' || substr(handle, 9), '', 1, 'physical', true, 'active', 1 from catalog.product`,
      [],
    ],
    ['insert into catalog.product_handle (handle, product_id) select handle, id from catalog.product', []],
    [
      `insert into catalog.search_entry (product_id, title, everywhere, has_rules, document, facets)
      select id, title, true, false, to_tsvector('simple', title) || array_to_tsvector('{o:any}'), '{}' from catalog.product`,
      [],
    ],
    ['insert into inventory.gate (variant_id) select id from catalog.variant', []],
    [
      'insert into pricing.price (price_list_id, variant_id, amount_minor, revision) select $1, id, 1000 + (random() * 5000)::int, 1 from catalog.variant',
      [list],
    ],
    [
      `insert into inventory.supply (variant_id, location_id, kind, quantity)
      select variant.id, location.id, 'on_hand', $1 from catalog.variant cross join inventory.location`,
      [unitsEach],
    ],
    [
      `insert into inventory.stock_entry (supply_id, reason, quantity_delta, occurred_at) select id, 'opening', quantity, '2026-01-01' from inventory.supply where quantity > 0`,
      [],
    ],
    ['analyze', []],
  ]
  for (const [index, [text, values]] of statements.entries()) {
    const statement: Statement = { name: `bench.shop_${index}`, text, values }
    await db.execute(statement)
  }
  return readShop(db)
}

/** The shop that `createShop` made in this database or in the one it was copied from. */
export async function readShop(db: Db): Promise<Shop> {
  const [channel] = await db.rows<{ id: Id<'channel'> }>({
    name: 'bench.shop_channel',
    text: "select id from merchant.channel where code = 'web'",
    values: [],
  })
  const skus = await db.rows<{ sku: string }>({
    name: 'bench.shop_skus',
    text: 'select sku from catalog.variant order by sku',
    values: [],
  })
  if (channel === undefined) throw new Error('this database has no shop')
  return { channelId: channel.id, skus: skus.map(({ sku }) => sku) }
}
