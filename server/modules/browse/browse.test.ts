import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Compile, type Validator } from 'typebox/compile'
import { createTestDatabase, type TestDatabase } from '../../../test/support/database.ts'
import { formatId, newId, type Id } from '../../kernel/id.ts'
import { must } from '../../kernel/invariant.ts'
import { formatInstant, type Instant } from '../../kernel/time.ts'
import { createDb, DatabaseAwayError, type Db, type Statement } from '../../platform/db.ts'
import { announceEvents } from '../../platform/events/announce.ts'
import { EventHorizon } from '../../platform/events/horizon.ts'
import { Wake } from '../../platform/events/wake.ts'
import { createHttpServer, encodeCursor, type App } from '../../platform/http/index.ts'
import { raiseRevision, type RevisionedRoom } from '../../platform/revision.ts'
import { createTelemetry } from '../../platform/telemetry.ts'
import { openCatalog } from '../catalog/index.ts'
import { announceSupplyChange } from '../inventory/index.ts'
import { openMerchant } from '../merchant/index.ts'
import { openPricing } from '../pricing/index.ts'
import { openShipping } from '../shipping/index.ts'
import { openSourcing } from '../sourcing/index.ts'
import { AvailabilityListJson, ProductListJson, ShownProductJson } from './browse-json.ts'
import { mountBrowse } from './browse.http.ts'
import { openBrowse, type Browse } from './open-browse.ts'

/** A connection that can be pulled out, and a clock that can be turned forward. */
const outlet = { isOut: false, skewMs: 0 }

function pluggedIn(db: Db): Db {
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

let database: TestDatabase
let direct: Db
let app: App
let browse: Browse
let statements = 0

const web = newId<'channel'>()
const till = newId<'channel'>()
const [east, west, store, counter] = [
  newId<'location'>(),
  newId<'location'>(),
  newId<'location'>(),
  newId<'location'>(),
]
const [usd, sale, eur] = [newId<'priceList'>(), newId<'priceList'>(), newId<'priceList'>()]
const variants = new Map<string, Id<'variant'>>()

function openRooms(db: Db) {
  const merchant = openMerchant({ db })
  const shipping = openShipping({ db })
  const catalog = openCatalog({ merchant, onVariantsCreated: () => {} })
  const pricing = openPricing({ db, merchant, shippingServices: async () => (await shipping.currentBook()).services })
  return { merchant, catalog, pricing, sourcing: openSourcing({ shipping }) }
}

/** What a shop's people would do through other rooms; told the way those rooms tell it. */
async function change(room: RevisionedRoom | null, ...texts: readonly string[]): Promise<void> {
  await direct.inTransaction(async (tx) => {
    if (room !== null) await raiseRevision(tx, room)
    for (const text of texts) await tx.execute({ name: `browse_test.${statements++}`, text })
  })
}

/** Sets what is on a shelf. @param where `tee east` or `tee east web` for one channel only */
async function stock(where: string, quantity: number): Promise<void> {
  const [sku = '', place = '', fence] = where.split(' ')
  const variantId = must(variants.get(sku), sku)
  const locationId = { east, west, store, counter }[place]
  await direct.inTransaction(async (tx) => {
    await tx.execute({
      name: `browse_test.${statements++}`,
      text: `insert into inventory.supply (variant_id, location_id, kind, channel_id, quantity)
             values ('${variantId}', '${locationId}', 'on_hand', ${fence === undefined ? 'null' : `'${web}'`}, ${quantity})
             on conflict (variant_id, location_id, disposition, channel_id) where kind = 'on_hand'
             do update set quantity = excluded.quantity`,
    })
    announceSupplyChange(tx, [variantId])
  })
}

const catalogRevision = "(select value from platform.revision where room = 'catalog')"
const pricingRevision = "(select value from platform.revision where room = 'pricing')"

interface NewProduct {
  readonly handle: string
  readonly title?: string
  readonly fields?: Readonly<Record<string, string>>
  readonly skus?: readonly string[]
  readonly kind?: string
  readonly cents?: number
}

function productSql({
  handle,
  title = handle,
  fields = {},
  skus = [handle],
  kind = 'physical',
  cents = 2_500,
}: NewProduct): string[] {
  const productId = newId()
  const columns = Object.entries({ status: "'active'", every_channel: 'true', ...fields })
  return [
    `insert into catalog.product (id, handle, title, revision, created_at, updated_at, ${columns.map(([name]) => name).join(', ')})
     values ('${productId}', '${handle}', '${title}', ${catalogRevision}, '2026-01-01', '2026-01-01', ${columns.map(([, value]) => value).join(', ')})`,
    ...skus.flatMap((sku, position) => {
      const id = newId<'variant'>()
      variants.set(sku, id)
      return [
        `insert into catalog.variant (id, product_id, sku, title, position, kind, stocked, status, revision)
         values ('${id}', '${productId}', '${sku}', '', ${position}, '${kind}', ${kind === 'physical'}, 'active', ${catalogRevision})`,
        ...(cents === 0
          ? []
          : [
              `insert into pricing.price (price_list_id, variant_id, amount_minor, revision) values ('${usd}', '${id}', ${cents}, 1)`,
            ]),
      ]
    }),
  ]
}

async function openShop(): Promise<void> {
  const entity = newId()
  const [ground, air] = [newId(), newId()]
  await change(
    null,
    `insert into merchant.legal_entity (id, code, name, country, currency, zone) values ('${entity}', 'us', 'US', 'US', 'USD', 'UTC')`,
    `insert into merchant.channel (id, code, name, kind, legal_entity_id, currency, currencies, locale, zone, tax_included,
                                   tax_included_except)
     values ('${web}', 'web', 'Web', 'web', '${entity}', 'USD', '{USD,EUR}', 'en-US', 'UTC', false, '{EUR}'),
            ('${till}', 'till', 'Till', 'pos', '${entity}', 'USD', '{USD}', 'en-US', 'UTC', false, '{}')`,
    `insert into shipping.carrier (id, code, name) values ('${newId()}', 'carrier', 'Carrier')`,
    ...[
      [ground, 'ground'],
      [air, 'air'],
    ].map(
      ([id, code]) =>
        `insert into shipping.service (id, code, name, carrier_id) select '${id}', '${code}', '${code}', id from shipping.carrier`,
    ),
    `insert into shipping.transit values ('${ground}', 'US', 'US', 2, 4), ('${ground}', 'US', 'CA', 5, 9), ('${air}', 'US', 'US', 1, 1)`,
    `insert into pricing.delivery_tariff (id, code, name, method, service_id, countries, currency, amount_minor, free_from_minor)
     values (gen_random_uuid(), 'standard', 'S', 'ship', '${ground}', '{US,CA}', 'USD', 499, 5000),
            (gen_random_uuid(), 'express', 'E', 'ship', '${air}', '{US}', 'USD', 1499, null),
            (gen_random_uuid(), 'collect', 'C', 'pickup', null, '{US}', 'USD', 100, 4000)`,
    `insert into pricing.price_list (id, code, name, currency, tax_included, priority, valid_from, valid_until, revision)
     values ('${usd}', 'usd', 'USD', 'USD', false, 0, null, null, 1), ('${eur}', 'eur', 'EUR', 'EUR', true, 0, null, null, 1),
            ('${sale}', 'sale', 'Sale', 'USD', false, 9, '2100-01-01', '2100-01-02', 1)`,
    ...(
      [
        [east, 'east', 40.7, -74],
        [west, 'west', 34, -118],
        [store, 'store', 41.8, -87.6],
        [counter, 'counter', 41.9, -87.7],
      ] as const
    ).map(
      ([id, code, latitude, longitude]) =>
        `insert into inventory.location (id, code, name, kind, legal_entity_id, zone, country, city, postal_code, latitude, longitude, revision)
         values ('${id}', '${code}', '${code}', 'warehouse', '${entity}', 'UTC', 'US', 'X', '1', ${latitude}, ${longitude}, 1)`,
    ),
    `insert into sourcing.node (location_id, ships, offers_pickup, channel_ids, countries, handling_days)
     values ('${east}', true, false, '{}', '{US,CA}', 0), ('${west}', true, false, '{}', '{US,CA}', 1),
            ('${store}', true, true, '{}', '{US}', 2), ('${counter}', false, true, '{${till}}', '{US}', 0)`,
    ...productSql({
      handle: 'tee',
      title: 'merino tee',
      skus: ['tee', 'tee-l'],
      fields: { titles: `'{"de": "Merino-Shirt"}'`, description: "'Soft.'", category: "'tops'", brand: "'Rill'" },
    }),
    ...productSql({ handle: 'cap', cents: 6_000 }),
    ...productSql({ handle: 'set', kind: 'bundle', cents: 9_000 }),
    ...productSql({ handle: 'ebook', kind: 'digital' }),
    ...productSql({ handle: 'unpriced', cents: 0 }),
    ...productSql({ handle: 'draft', fields: { status: "'draft'" } }),
    ...productSql({ handle: 'secret', fields: { every_channel: 'false' } }),
    `insert into catalog.assortment select '${till}', id from catalog.product where handle = 'secret'`,
  )
  const id = (sku: string): string => must(variants.get(sku), sku)
  await change(
    null,
    `update catalog.variant set options = '{"size": "M"}' where sku = 'tee'`,
    `insert into catalog.bundle_component values ('${id('set')}', '${id('tee')}', 1, 0), ('${id('set')}', '${id('cap')}', 2, 1)`,
    `insert into pricing.price values ('${eur}', '${id('tee')}', 2300, 1), ('${sale}', '${id('tee')}', 1000, 1)`,
    `insert into inventory.supply (variant_id, location_id, kind, eta, quantity, source_ref)
     values ('${id('tee-l')}', '${west}', 'inbound', '2100-01-05', 30, gen_random_uuid()),
            ('${id('secret')}', '${store}', 'backorder', null, 8, null)`,
  )
  for (const [where, quantity] of [
    ['tee east', 4],
    ['tee store', 3],
    ['cap west', 9],
    ['cap counter', 50],
    ['cap east web', 2],
  ] as const) {
    await stock(where, quantity)
  }
}

before(async () => {
  database = await createTestDatabase()
  const wake = new Wake()
  const onError = (): void => {}
  const plain = createDb({ databaseUrl: database.url, poolMax: 6, applicationName: 'test' })
  direct = announceEvents(plain, { wake, onError })
  await openShop()
  const db = pluggedIn(plain)
  browse = openBrowse({ db, rooms: openRooms(db), now: () => performance.now() + outlet.skewMs })
  await browse.start({ horizon: new EventHorizon({ source: db, onBlocked: () => {} }), wake, onError })
  const callers: Readonly<Record<string, Id<'channel'>>> = { web, till }
  app = createHttpServer({
    authenticate: (token) => ({ kind: 'publishable', keyId: newId(), channelId: callers[token] ?? newId() }),
    telemetry: createTelemetry({ logLevel: 'silent' }),
  })
  mountBrowse(app, { browse })
})
after(async () => {
  await app.close()
  await browse.stop()
  await direct.close()
  await database.drop()
})

const validators: Readonly<Record<string, Validator>> = {
  products: Compile(ProductListJson),
  product: Compile(ShownProductJson),
  availability: Compile(AvailabilityListJson),
}

interface Body {
  readonly [field: string]: unknown
}

/** Answers are sent as text that was written by hand: each is held against its schema here. */
async function get(path: string, headers: Record<string, string> = {}, channel = 'web') {
  const answer = await app.inject({
    url: `/v1/store/${path}`,
    headers: { authorization: `Bearer ${channel}`, ...headers },
  })
  const body = (answer.body === '' ? {} : answer.json()) as Body
  if (answer.statusCode === 200) {
    const validator = must(validators[path.startsWith('products/') ? 'product' : (path.split('?')[0] ?? '')], path)
    assert.ok(validator.Check(body), JSON.stringify([validator.Errors(body)[0], body]))
  }
  return { status: answer.statusCode, body, headers: answer.headers }
}

interface ShownItem {
  readonly handle: string
  readonly title: string
  readonly variants: readonly {
    readonly sku: string
    readonly price: { readonly amount: number }
    readonly availability: { readonly status: string; readonly quantity: number | null }
  }[]
}
interface SkuItem {
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

async function list(query = '', channel = 'web'): Promise<readonly ShownItem[]> {
  return (await get(`products?${query}`, {}, channel)).body['items'] as readonly ShownItem[]
}
async function available(skus: string, query = '', channel = 'web'): Promise<readonly SkuItem[]> {
  return (await get(`availability?skus=${skus}${query}`, {}, channel)).body['items'] as readonly SkuItem[]
}
async function until(what: string, condition: () => Promise<boolean>): Promise<void> {
  const began = performance.now()
  while (!(await condition())) {
    assert.ok(performance.now() - began < 5_000, `in vain: ${what}`)
    await sleep(10)
  }
}
const priceOf = async (handle: string): Promise<number | undefined> => {
  return ((await get(`products/${handle}`)).body as unknown as ShownItem).variants[0]?.price.amount
}

test('a channel is shown what it sells, by title, with its price and what can be had', async () => {
  const items = await list()
  assert.deepEqual(
    items.map(({ handle, variants: shown }) => [
      handle,
      ...shown.map(
        ({ sku, price, availability }) => `${sku} ${price.amount} ${availability.status} ${availability.quantity}`,
      ),
    ]),
    [
      // Two of the caps are kept for the web; the fifty at the counter are the till's.
      ['cap', 'cap 6000 in_stock 11'],
      ['ebook', 'ebook 2500 in_stock null'],
      ['tee', 'tee 2500 in_stock 7', 'tee-l 2500 preorder 30'],
      ['set', 'set 9000 low_stock 5'],
    ],
  )
  const tee = items[2] as unknown as Body
  assert.deepEqual((tee['variants'] as readonly unknown[])[0], {
    id: formatId('variant', must(variants.get('tee'), 'tee')),
    sku: 'tee',
    title: '',
    options: { size: 'M' },
    price: { amount: 2500, currency: 'USD' },
    availability: { status: 'in_stock', quantity: 7 },
  })
  assert.deepEqual([tee['title'], tee['category'], tee['brand']], ['merino tee', 'tops', 'Rill'])
})

test('another channel, currency, category, query: each sees its own', async () => {
  const summary = (items: readonly ShownItem[]): string =>
    items
      .map(({ variants: [first] }) => `${first?.sku} ${first?.price.amount} ${first?.availability.quantity}`)
      .join(', ')
  assert.equal(summary(await list('', 'till')), 'cap 6000 59, ebook 2500 null, tee 2500 7, secret 2500 8, set 9000 7')
  assert.equal(summary(await list('currency=EUR')), 'tee 2300 7')
  assert.equal(summary(await list('category=tops')), 'tee 2500 7')
  assert.equal(summary(await list('query=meri')), 'tee 2500 7')
  assert.equal(summary(await list('query=tee-l')), 'tee 2500 7')
  assert.equal(summary(await list('category=none')), '')
})

test('a product is read by its id and by its handle, in the language asked for', async () => {
  const { status, body } = await get('products/tee')
  assert.equal(status, 200)
  const { asOf, ...product } = body
  assert.equal(typeof asOf, 'string')
  assert.equal(product['description'], 'Soft.')
  const { asOf: _, ...byId } = (await get(`products/${String(product['id'])}`)).body
  assert.deepEqual(byId, product)
  for (const [locale, title] of [
    ['de-AT', 'Merino-Shirt'],
    ['de', 'Merino-Shirt'],
    ['den', 'merino tee'],
    ['fr-CH', 'merino tee'],
  ]) {
    assert.equal((await get(`products/tee?locale=${locale}`)).body['title'], title, locale)
    assert.equal((await list(`locale=${locale}&category=tops`))[0]?.title, title, locale)
  }
})

const refusals = [
  ['products/nothing', 404, 'not_found'],
  ['products/prd_01h2xcejqtf2nbrexx3vqjhp41', 404, 'not_found'],
  ['products/draft', 404, 'not_found'],
  ['products/secret', 404, 'not_found'],
  ['products/unpriced', 404, 'not_found'],
  ['products/cap?currency=EUR', 404, 'not_found'],
  ['products?currency=GBP', 422, 'currency_unknown'],
  ['products/tee?currency=GBP', 422, 'currency_unknown'],
  ['availability?skus=tee&currency=GBP', 422, 'currency_unknown'],
  ['products?cursor=abc', 422, 'invalid_request'],
  [`products?cursor=${encodeCursor(['tee'])}`, 422, 'invalid_request'],
  [`products?cursor=${encodeCursor(['tee', 'no uuid'])}`, 422, 'invalid_request'],
] as const
for (const [path, status, code] of refusals) {
  test(`${path.slice(0, 60)}: ${status} ${code}`, async () => {
    const answer = await get(path)
    assert.deepEqual([answer.status, answer.body['code']], [status, code], JSON.stringify(answer.body))
    if (code === 'currency_unknown') assert.deepEqual(answer.body['currencies'], ['USD', 'EUR'])
    assert.equal((await get(path, {}, 'a channel that nobody knows')).status, 404)
  })
}

test('pages follow each other to the end, nothing twice or missing, whatever happens before and behind', async () => {
  const titles = Array.from({ length: 23 }, (_, n) => (n === 7 ? '長'.repeat(290) : `Walk ${n}`))
  const paged = { category: "'paged'" }
  await change('catalog', ...titles.flatMap((title, n) => productSql({ handle: `walk-${n}`, title, fields: paged })))
  await until('new products', async () => (await list('category=paged')).length === 23)

  const seen: string[] = []
  let cursor: string | null = ''
  while (cursor !== null) {
    const { body } = await get(`products?category=paged&limit=5${cursor === '' ? '' : `&cursor=${cursor}`}`)
    const items = body['items'] as readonly ShownItem[]
    assert.ok(items.length > 0 && items.length <= 5)
    seen.push(...items.map(({ title }) => title))
    cursor = body['nextCursor'] as string | null
    // Into pages that were read already: neither may push others along.
    await change(
      'catalog',
      ...productSql({ handle: `late-${seen.length}`, title: ` Early ${seen.length}`, fields: paged }),
    )
    if (seen.length === 10) {
      await change(
        'catalog',
        `update catalog.product set status = 'archived', revision = ${catalogRevision} where handle = 'walk-0'`,
      )
    }
  }
  assert.deepEqual(seen.toSorted(), titles.toSorted())
})

test('options are told for the place asked for, else for the home of the channel', async () => {
  const ways = async (sku: string, query = ''): Promise<string> => {
    const options = (await available(sku, query))[0]?.options ?? []
    return options.map(({ id, price }) => `${id} ${price.amount}`).join(', ')
  }
  assert.equal(await ways('tee'), 'collect:store 100, standard 499, express 1499')
  assert.equal(await ways('tee', '&country=US&postalCode=60601'), 'collect:store 100, standard 499, express 1499')
  assert.equal(await ways('tee', '&country=CA&postalCode=M5V'), 'collect:store 100, standard 499')
  assert.equal(await ways('cap', '&country=US'), 'standard 0, express 1499')
  assert.equal(await ways('tee-l'), 'standard 499, express 1499')
  assert.equal(await ways('ebook'), '')
})

test('SKUs are told in the order asked for, each once; what is not sold here is told apart', async () => {
  const { body } = await get('availability?skus=cap,gone,tee,cap,secret,unpriced,Tee')
  assert.deepEqual(
    (body['items'] as SkuItem[]).map(({ sku }) => sku),
    ['cap', 'tee'],
  )
  assert.deepEqual(body['unknownSkus'], ['gone', 'secret', 'unpriced', 'Tee'])
  assert.ok(!('unknownSkus' in (await get('availability?skus=tee')).body))
})

test('an answer is named by its content: who has it is told so, until something on it changes', async () => {
  const first = await get('products?category=tops')
  const tag = String(first.headers['etag'])
  await sleep(300)
  assert.equal((await get('products?category=tops', { 'if-none-match': tag })).status, 304, 'whatever the time')
  await stock('tee store', 2)
  await until('a new page', async () => (await get('products?category=tops', { 'if-none-match': tag })).status === 200)
  await stock('tee store', 3)
  await until(
    'the page as it was',
    async () => (await get('products?category=tops', { 'if-none-match': tag })).status === 304,
  )
})

test('an answer holds everything that was committed before its asOf', async () => {
  const committed: { units: number; at: Instant }[] = []
  let isOver = false
  const answers: { quantity: number; asOf: Instant }[] = []
  const read = async (): Promise<void> => {
    while (!isOver) {
      const [item] = await available('cap', '', 'till')
      answers.push({ quantity: Number(item?.quantity), asOf: Date.parse(item?.asOf ?? '') as Instant })
      const page = await get('products/cap', {}, 'till')
      const [shown] = (page.body as unknown as ShownItem).variants
      answers.push({
        quantity: Number(shown?.availability.quantity),
        asOf: Date.parse(String(page.body['asOf'])) as Instant,
      })
      await sleep(1)
    }
  }
  const readers = Array.from({ length: 4 }, read)
  await stock('cap west', 0)
  for (let units = 1; units <= 60; units++) {
    await stock('cap counter', units)
    committed.push({ units, at: (await direct.clock()).at })
  }
  const last = must(committed.at(-1), 'the last change')
  await until('the last change', async () => answers.some(({ asOf }) => asOf > last.at))
  isOver = true
  await Promise.all(readers)
  const known = answers.filter(({ asOf }) => asOf >= must(committed[0], 'the first change').at)
  for (const { quantity, asOf } of known) {
    const before = committed.findLast(({ at }) => at < asOf)
    assert.ok(
      quantity >= (before?.units ?? 0),
      `${quantity} as of ${formatInstant(asOf)}, when there were ${before?.units}`,
    )
  }
  assert.ok(new Set(known.map(({ quantity }) => quantity)).size > 5, 'answers from between the changes')
  await stock('cap counter', 50)
  await stock('cap west', 9)
})

test('a changed price or product shows; a price list begins and ends by itself', async () => {
  await priceOf('tee')
  await change(
    'pricing',
    `update pricing.price set amount_minor = 2600, revision = ${pricingRevision} where amount_minor = 2500 and variant_id = '${variants.get('tee')}'`,
  )
  await until('the new price', async () => (await priceOf('tee')) === 2_600)
  await change(
    'catalog',
    `update catalog.product set title = 'Wool tee', revision = ${catalogRevision} where handle = 'tee'`,
  )
  await until('the new title', async () => (await get('products/tee')).body['title'] === 'Wool tee')

  await change('catalog', ...productSql({ handle: 'vest', fields: { category: "'tops'" } }))
  await until('the new product', async () => (await list('category=tops')).length === 2)
  assert.equal((await available('vest')).length, 1)
  await change(
    'catalog',
    `update catalog.product set status = 'archived', revision = ${catalogRevision} where handle = 'vest'`,
    `update catalog.variant set revision = ${catalogRevision} where sku = 'vest'`,
  )
  await until('its end', async () => (await list('category=tops')).length === 1)
  assert.deepEqual((await get('availability?skus=vest')).body['unknownSkus'], ['vest'])

  const shipping = async (): Promise<number | undefined> => {
    const options = (await available('tee', '&country=US'))[0]?.options ?? []
    return options.find(({ id }) => id === 'express')?.price.amount
  }
  assert.equal(await shipping(), 1_499)
  await change('pricing', `update pricing.delivery_tariff set amount_minor = 1299 where code = 'express'`)
  await until('the new tariff', async () => (await shipping()) === 1_299)

  const turn = async (time: string): Promise<void> =>
    change(null, `update platform.clock set anchor_business = '${time}', anchor_database = clock_timestamp()`)
  await turn('2100-01-01T12:00:00Z')
  await until('the sale', async () => (await priceOf('tee')) === 1_000)
  await turn('2100-01-02T12:00:00Z')
  await until('the end of the sale', async () => (await priceOf('tee')) === 2_600)
  assert.match(String((await get('products/tee')).body['asOf']), /^2100-01-02T12/)
  const earliest = (await available('tee', '&country=US'))[0]?.options.map((option) => option.earliest) ?? []
  assert.ok(earliest.length > 0 && earliest.every((text) => text > '2100-01-02T12'), String(earliest))
})

test('with the database away what was read is told, and after five seconds as degraded; the rest is a 503', async () => {
  const paths = ['products?category=tops', 'products/cap', 'availability?skus=cap,tee&country=US&postalCode=10001']
  const before_ = await Promise.all(paths.map((path) => get(path)))
  const content = (body: Body): string => JSON.stringify(body).replaceAll(/"(asOf|earliest|latest)":"[^"]*"/g, '')
  outlet.isOut = true
  for (const [index, path] of paths.entries()) {
    const answer = await get(path)
    assert.deepEqual([answer.status, 'degraded' in answer.body], [200, false], path)
    assert.equal(content(answer.body), content(must(before_[index], path).body))
  }
  // Another node sells; this one cannot hear of it.
  await stock('tee east', 1)
  outlet.skewMs += 6_000
  for (const [index, path] of paths.entries()) {
    const { status, body, headers } = await get(path)
    assert.deepEqual(
      [status, body['degraded'], headers['etag'], headers['cache-control']],
      [200, true, undefined, 'no-store'],
      path,
    )
    const { degraded: _, ...rest } = body
    assert.equal(content(rest), content(must(before_[index], path).body))
  }
  for (const path of ['products?category=tops&limit=3', 'products/set', 'availability?skus=cap,never-asked']) {
    const { status, body, headers } = await get(path)
    assert.deepEqual([status, body['code'], headers['retry-after']], [503, 'database_away', '2'], path)
  }
  outlet.isOut = false
  await until('the other node’s sale', async () => (await available('tee'))[0]?.quantity === 4)
  assert.ok(!('degraded' in (await get('availability?skus=tee')).body))
  await stock('tee east', 4)
})

test('what changed just before the database went away is told as it was, as of then', async () => {
  await until('four', async () => (await available('tee'))[0]?.quantity === 7)
  await get('products/tee')
  await stock('tee east', 2)
  const { at: changedAt } = await direct.clock()
  // The node hears of it, and nobody asks until the database is gone.
  await until('the news', async () => {
    const { body } = await get('products/cap')
    return Date.parse(String(body['asOf'])) > changedAt
  })
  outlet.isOut = true
  const { body: product } = await get('products/tee')
  const [item] = await available('tee')
  const units = (product as unknown as ShownItem).variants[0]?.availability.quantity
  assert.deepEqual([units, item?.quantity], [7, 7])
  for (const asOf of [String(product['asOf']), String(item?.asOf)]) {
    assert.ok(Date.parse(asOf) < changedAt, `${asOf} is not before ${formatInstant(changedAt)}`)
  }
  outlet.isOut = false
  await until('the truth', async () => (await available('tee'))[0]?.quantity === 5)
})

test('what was configured anew when the database went away is told as it was, too', async () => {
  const raise = (handle: string): string =>
    `update pricing.price set amount_minor = amount_minor + 1, revision = ${pricingRevision}
      where price_list_id = '${usd}' and variant_id = '${must(variants.get(handle), handle)}'`
  const paths = ['products/tee', 'availability?skus=tee']
  const [tee, units] = await Promise.all(paths.map((path) => get(path)))
  const [teePrice, capPrice] = [await priceOf('tee'), await priceOf('cap')]
  await change('pricing', raise('tee'), raise('cap'))
  await until('the new price of another product', async () => (await priceOf('cap')) === Number(capPrice) + 1)
  outlet.isOut = true
  assert.equal(await priceOf('tee'), teePrice)
  const [item] = await available('tee')
  assert.equal(item?.quantity, (units?.body['items'] as SkuItem[])[0]?.quantity)
  assert.ok(String((await get('products/tee')).body['asOf']) >= String(tee?.body['asOf']))
  outlet.isOut = false
  await until('the new price', async () => (await priceOf('tee')) === Number(teePrice) + 1)
})
