import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { Compile, type Validator } from 'typebox/compile'
import { newId, type Id } from '../../server/kernel/id.ts'
import { must } from '../../server/kernel/invariant.ts'
import { mountBrowse, openBrowse } from '../../server/modules/browse/index.ts'
import { openCatalog, type Catalog } from '../../server/modules/catalog/index.ts'
import { announceSupplyChange } from '../../server/modules/inventory/index.ts'
import { openMerchant } from '../../server/modules/merchant/index.ts'
import { openPricing } from '../../server/modules/pricing/index.ts'
import { openShipping } from '../../server/modules/shipping/index.ts'
import { openSourcing } from '../../server/modules/sourcing/index.ts'
import { createDb, DatabaseAwayError, type Db, type Statement, type Tx } from '../../server/platform/db.ts'
import { announceEvents } from '../../server/platform/events/announce.ts'
import { EventHorizon } from '../../server/platform/events/horizon.ts'
import { Wake } from '../../server/platform/events/wake.ts'
import { createHttpServer } from '../../server/platform/http/index.ts'
import { operationsOf } from '../../server/platform/http/server.ts'
import { raiseRevision, type RevisionedRoom } from '../../server/platform/revision.ts'
import { createTelemetry } from '../../server/platform/telemetry.ts'
import { createTestDatabase } from './database.ts'

/**
 * A shop to look at, on a database of its own. It sells through the channels `web`, whose name is its key, and `till`:
 *
 *   tee       2 variants: `tee` with 4 in the east and 3 at the store, `tee-l` with 30 under way; 25.00 $, 23.00 €
 *   cap       9 in the west, 50 at the counter, which is the till's, 2 in the east for the web only; 60.00 $
 *   set       a bundle of a tee and two caps; 90.00 $
 *   ebook     a download; 25.00 $
 *   unpriced  without a price; draft: not offered yet; secret: offered at the till, 8 may be sold ahead
 *
 * East and west ship to the US and Canada, the store ships and hands over, the counter hands over.
 */
export interface BrowseShop {
  /** Past the outlet: what other nodes write. */
  readonly db: Db
  /** The node's connection to the database, which can be pulled out, and its clock, which can be turned forward. */
  readonly outlet: { isOut: boolean; skewMs: number }
  variantId(sku: string): Id<'variant'>
  /** What the shop's people do through other rooms, told the way those rooms tell it. */
  change(room: RevisionedRoom | null, ...texts: readonly string[]): Promise<void>
  add(...products: readonly NewProduct[]): Promise<void>
  /** Sets what is on a shelf. @param where `tee east`, or `tee east web` for one channel only */
  stock(where: string, quantity: number): Promise<void>
  /** @param path  below /v1/store/. Answers are text that was written by hand: each is held against its schema. */
  get(path: string, headers?: Readonly<Record<string, string>>, channel?: string): Promise<ShopAnswer>
  /** The availability feed. */
  feed(query: string): Promise<ShopAnswer>
  list(query?: string, channel?: string): Promise<readonly ShownItem[]>
  available(skus: string, query?: string, channel?: string): Promise<readonly SkuItem[]>
  priceOf(handle: string): Promise<number | undefined>
  close(): Promise<void>
}

export interface NewProduct {
  readonly handle: string
  /** The handle, when left out; so are the SKUs. */
  readonly title?: string
  readonly skus?: readonly string[]
  readonly kind?: string
  /** No price at 0. */
  readonly cents?: number
  /** By code; made when there is none. */
  readonly category?: string
  /** More columns of the product, as SQL. */
  readonly fields?: Readonly<Record<string, string>>
}

export interface ShopAnswer {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
  readonly headers: Readonly<Record<string, unknown>>
}

export interface ShownItem {
  readonly handle: string
  readonly title: string
  readonly variants: readonly {
    readonly sku: string
    readonly price: { readonly amount: number }
    readonly availability: { readonly status: string; readonly quantity: number | null }
  }[]
}

export interface SkuItem {
  readonly sku: string
  readonly status: string
  readonly quantity: number | null
  readonly asOf: string
  readonly options: readonly {
    readonly id: string
    readonly earliest: string
    readonly price: { readonly amount: number }
  }[]
}

/** The revision that the change at hand has raised, for the rows it touches. */
export const catalogRevision = "(select value from platform.revision where room = 'catalog')"
export const pricingRevision = "(select value from platform.revision where room = 'pricing')"

export async function openBrowseShop(): Promise<BrowseShop> {
  const database = await createTestDatabase()
  const wake = new Wake()
  const onError = (): void => {}
  const plain = createDb({ databaseUrl: database.url, poolMax: 6, applicationName: 'test' })
  const shop = new Shelves(announceEvents(plain, { wake, onError }))
  await fillShop(shop)

  const outlet = { isOut: false, skewMs: 0 }
  const db = pluggedInto(outlet, plain)
  const browse = openBrowse({
    db,
    rooms: openRooms(db),
    readSegments: async () => new Set(),
    now: () => performance.now() + outlet.skewMs,
  })
  await browse.start({ horizon: new EventHorizon({ source: db, onBlocked: () => {} }), wake, onError })
  const app = createHttpServer({
    authenticate: (token) =>
      token === 'secret'
        ? { kind: 'secret', keyId: newId(), scopes: ['browse:read'] }
        : { kind: 'publishable', keyId: newId(), channelId: shop.channels[token] ?? newId() },
    telemetry: createTelemetry({ logLevel: 'silent' }),
  })
  mountBrowse(app, { browse })
  const validators = new Map(
    operationsOf(app).map(({ path, responses }): [string, Validator] => [path, Compile(must(responses['200'], path))]),
  )

  const check = (route: string, body: object): void => {
    const validator = must(validators.get(route), route)
    assert.ok(validator.Check(body), JSON.stringify([validator.Errors(body)[0], body]))
  }
  const get: BrowseShop['get'] = async (path, headers = {}, channel = 'web') => {
    const url = `/v1/store/${path}`
    const answer = await app.inject({ url, headers: { authorization: `Bearer ${channel}`, ...headers } })
    const body = (answer.body === '' ? {} : answer.json()) as ShopAnswer['body']
    if (answer.statusCode === 200) {
      const route = must(url.split('?')[0], url)
        .replace(/products\/.*/, 'products/:idOrHandle')
        .replace(/availability\/.*/, 'availability/:sku')
      check(route, body)
    }
    return { status: answer.statusCode, body, headers: answer.headers }
  }
  return {
    db: shop.db,
    outlet,
    get,
    async feed(query) {
      const url = `/v1/admin/availability-feed?${query}`
      const answer = await app.inject({ url, headers: { authorization: 'Bearer secret' } })
      const body = answer.json<ShopAnswer['body']>()
      if (answer.statusCode === 200) check('/v1/admin/availability-feed', body)
      return { status: answer.statusCode, body, headers: answer.headers }
    },
    variantId: (sku) => shop.variantId(sku),
    change: async (room, ...texts) => shop.change(room, ...texts),
    add: async (...products) => shop.change('catalog', ...products.flatMap((product) => shop.productSql(product))),
    stock: async (where, quantity) => shop.stock(where, quantity),
    list: async (query = '', channel = 'web') =>
      (await get(`products?${query}`, {}, channel)).body['items'] as readonly ShownItem[],
    available: async (skus, query = '', channel = 'web') =>
      (await get(`availability?skus=${skus}${query}`, {}, channel)).body['items'] as readonly SkuItem[],
    priceOf: async (handle) =>
      ((await get(`products/${handle}`)).body as unknown as ShownItem).variants[0]?.price.amount,
    async close() {
      await app.close()
      await browse.stop()
      await shop.db.close()
      await database.drop()
    },
  }
}

/** Asks again and again until it is so. */
export async function until(what: string, condition: () => Promise<boolean>): Promise<void> {
  const began = performance.now()
  while (!(await condition())) {
    assert.ok(performance.now() - began < 10_000, `in vain: ${what}`)
    await sleep(10)
  }
}

function pluggedInto(outlet: BrowseShop['outlet'], db: Db): Db {
  const whilePlugged = async <Result>(call: () => Promise<Result>): Promise<Result> => {
    if (outlet.isOut) throw new DatabaseAwayError('pulled out')
    return call()
  }
  return {
    rows: <Row>(statement: Statement) => whilePlugged(() => db.rows<Row>(statement)),
    execute: (statement) => whilePlugged(() => db.execute(statement)),
    inTransaction: (work) => whilePlugged(() => db.inTransaction(work)),
    clock: () => whilePlugged(() => db.clock()),
    poolUse: () => db.poolUse(),
    close: () => db.close(),
  }
}

function openRooms(db: Db) {
  const merchant = openMerchant({ db })
  const shipping = openShipping({ db })
  const catalog = openCatalog({ db, merchant, onVariantsCreated: () => {}, findUnknownPlaces: async () => new Set() })
  const pricing = openPricing({
    db,
    merchant,
    shippingServices: async () => (await shipping.currentBook()).services,
    locations: async () => [],
    segments: async () => [],
  })
  return { merchant, catalog, pricing, sourcing: openSourcing({ shipping, merchant }) }
}

/** The shop's tables, written to straight. */
class Shelves {
  readonly db: Db
  readonly channels: Readonly<Record<string, Id<'channel'>>> = { web: newId(), till: newId() }
  readonly places: Readonly<Record<string, Id<'location'>>> = {
    east: newId(),
    west: newId(),
    store: newId(),
    counter: newId(),
  }
  readonly #variants = new Map<string, Id<'variant'>>()
  readonly #catalog: Catalog
  #statements = 0

  constructor(db: Db) {
    this.db = db
    this.#catalog = openRooms(db).catalog
  }

  variantId(sku: string): Id<'variant'> {
    return must(this.#variants.get(sku), sku)
  }

  async change(room: RevisionedRoom | null, ...texts: readonly string[]): Promise<void> {
    await this.db.inTransaction(async (tx) => {
      if (room !== null) await raiseRevision(tx, room)
      for (const text of texts) await tx.execute({ name: `browse_shop.${this.#statements++}`, text })
      if (texts.some((text) => text.includes('catalog.'))) await this.#reindex(tx)
    })
  }

  /** What the catalog's own writers would have kept up: handles, and what lists and search look through. */
  async #reindex(tx: Tx): Promise<void> {
    await tx.execute({
      name: 'browse_shop.handles',
      text: `insert into catalog.product_handle select handle, id from catalog.product on conflict do nothing`,
    })
    const products = await tx.rows<{ id: Id<'product'> }>({
      name: 'browse_shop.products',
      text: `select id from catalog.product where revision = ${catalogRevision}`,
    })
    await this.#catalog.reindexProducts(
      tx,
      products.map(({ id }) => id),
    )
  }

  async stock(where: string, quantity: number): Promise<void> {
    const [sku = '', place = '', fence] = where.split(' ')
    const variantId = this.variantId(sku)
    await this.db.inTransaction(async (tx) => {
      await tx.execute({
        name: 'browse_shop.stock',
        text: `insert into inventory.supply (variant_id, location_id, kind, channel_id, quantity)
               values ($1, $2, 'on_hand', $3, $4)
               on conflict (variant_id, location_id, disposition, channel_id) where kind = 'on_hand'
               do update set quantity = excluded.quantity`,
        values: [variantId, this.places[place], fence === undefined ? null : this.channels[fence], quantity],
      })
      announceSupplyChange(tx, [variantId])
    })
  }

  productSql({
    handle,
    title = handle,
    skus = [handle],
    kind = 'physical',
    cents = 2_500,
    fields,
    category,
  }: NewProduct): string[] {
    const productId = newId()
    const columns = { status: "'active'", every_channel: 'true', ...fields }
    const texts = [
      `insert into catalog.product (id, handle, title, revision, created_at, updated_at, ${Object.keys(columns).join(', ')})
       values ('${productId}', '${handle}', '${title}', ${catalogRevision}, '2026-01-01', '2026-01-01',
               ${Object.values(columns).join(', ')})`,
    ]
    if (category !== undefined) {
      texts.push(
        `insert into catalog.category (id, code, name) values ('${newId()}', '${category}', '${category}')
         on conflict (code) do nothing`,
        `insert into catalog.product_category (product_id, category_id, position, title)
         select '${productId}', id, 0, '${title}' from catalog.category where code = '${category}'`,
      )
    }
    for (const [position, sku] of skus.entries()) {
      const id = newId<'variant'>()
      this.#variants.set(sku, id)
      texts.push(`insert into catalog.variant (id, product_id, sku, title, position, kind, stocked, status, revision)
                  values ('${id}', '${productId}', '${sku}', '', ${position}, '${kind}', ${kind === 'physical'}, 'active',
                          ${catalogRevision})`)
      if (cents > 0) {
        texts.push(`insert into pricing.price (price_list_id, variant_id, amount_minor, revision)
                    select id, '${id}', ${cents}, 1 from pricing.price_list where code = 'usd'`)
      }
    }
    return texts
  }
}

async function fillShop(shop: Shelves): Promise<void> {
  const [entity, ground, air] = [newId(), newId(), newId()]
  const { web, till } = shop.channels
  const { east, west, store, counter } = shop.places
  await shop.change(
    null,
    `insert into merchant.legal_entity (id, code, name, country, currency, zone)
     values ('${entity}', 'us', 'US', 'US', 'USD', 'UTC')`,
    `insert into merchant.channel (id, code, name, kind, legal_entity_id, currency, currencies, locale, zone,
                                   tax_included, tax_included_except)
     values ('${web}', 'web', 'Web', 'web', '${entity}', 'USD', '{USD,EUR}', 'en-US', 'UTC', false, '{EUR}'),
            ('${till}', 'till', 'Till', 'pos', '${entity}', 'USD', '{USD}', 'en-US', 'UTC', false, '{}')`,
    `insert into shipping.carrier (id, code, name) values ('${newId()}', 'carrier', 'Carrier')`,
    `insert into shipping.service (id, code, name, carrier_id)
     select service.id::uuid, service.code, service.code, carrier.id
       from shipping.carrier, (values ('${ground}', 'ground'), ('${air}', 'air')) as service (id, code)`,
    `insert into shipping.transit (service_id, from_country, to_country, days_min, days_max)
     values ('${ground}', 'US', 'US', 2, 4), ('${ground}', 'US', 'CA', 5, 9), ('${air}', 'US', 'US', 1, 1)`,
    `insert into pricing.delivery_tariff (id, code, name, method, service_id, countries, currency, amount_minor,
                                          free_from_minor)
     values (gen_random_uuid(), 'standard', 'S', 'ship', '${ground}', '{US,CA}', 'USD', 499, 5000),
            (gen_random_uuid(), 'express', 'E', 'ship', '${air}', '{US}', 'USD', 1499, null),
            (gen_random_uuid(), 'collect', 'C', 'pickup', null, '{US}', 'USD', 100, 4000)`,
    `insert into pricing.price_list (id, code, name, currency, tax_included, priority, valid_from, valid_until, revision)
     values (gen_random_uuid(), 'usd', 'USD', 'USD', false, 0, null, null, 1),
            (gen_random_uuid(), 'eur', 'EUR', 'EUR', true, 0, null, null, 1),
            (gen_random_uuid(), 'sale', 'Sale', 'USD', false, 9, '2100-01-01', '2100-01-02', 1)`,
    `insert into inventory.location (id, code, name, kind, legal_entity_id, zone, country, city, postal_code, latitude,
                                     longitude, revision)
     select id::uuid, code, code, 'warehouse', '${entity}', 'UTC', 'US', 'X', '1', latitude, longitude, 1
       from (values ('${east}', 'east', 40.7, -74), ('${west}', 'west', 34, -118), ('${store}', 'store', 41.8, -87.6),
                    ('${counter}', 'counter', 41.9, -87.7)) as place (id, code, latitude, longitude)`,
    `insert into sourcing.node (location_id, ships, offers_pickup, channel_ids, countries, handling_days)
     values ('${east}', true, false, '{}', '{US,CA}', 0), ('${west}', true, false, '{}', '{US,CA}', 1),
            ('${store}', true, true, '{}', '{US}', 2), ('${counter}', false, true, '{${till}}', '{US}', 0)`,
    ...[
      {
        handle: 'tee',
        title: 'merino tee',
        skus: ['tee', 'tee-l'],
        category: 'tops',
        fields: { texts: `'{"de": {"title": "Merino-Shirt"}}'`, description: "'Soft.'", brand: "'Rill'" },
      },
      { handle: 'cap', cents: 6_000 },
      { handle: 'set', kind: 'bundle', cents: 9_000 },
      { handle: 'ebook', kind: 'digital' },
      { handle: 'unpriced', cents: 0 },
      { handle: 'draft', fields: { status: "'draft'" } },
      { handle: 'secret', fields: { every_channel: 'false' } },
    ].flatMap((product: NewProduct) => shop.productSql(product)),
    `insert into catalog.assortment select '${till}', id from catalog.product where handle = 'secret'`,
    `update catalog.variant set options = '{"size": "M"}' where sku = 'tee'`,
  )
  const [tee, cap, set] = [shop.variantId('tee'), shop.variantId('cap'), shop.variantId('set')]
  await shop.change(
    null,
    `insert into catalog.bundle_component values ('${set}', '${tee}', 1, 0), ('${set}', '${cap}', 2, 1)`,
    `insert into pricing.price (price_list_id, variant_id, amount_minor, revision)
     select id, '${tee}', case code when 'eur' then 2300 else 1000 end, 1 from pricing.price_list where code <> 'usd'`,
    `insert into inventory.supply (variant_id, location_id, kind, eta, lead_days, quantity, source_ref)
     values ('${shop.variantId('tee-l')}', '${west}', 'inbound', '2100-01-05', null, 30, gen_random_uuid()),
            ('${shop.variantId('secret')}', '${store}', 'backorder', null, 10, 8, null)`,
  )
  const shelves = { 'tee east': 4, 'tee store': 3, 'cap west': 9, 'cap counter': 50, 'cap east web': 2 }
  for (const [where, quantity] of Object.entries(shelves)) await shop.stock(where, quantity)
}
