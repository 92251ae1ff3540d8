import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { createTestDatabase, type TestDatabase } from '../../../test/support/database.ts'
import { newId, type Id } from '../../kernel/id.ts'
import { must } from '../../kernel/invariant.ts'
import { money, type CurrencyCode, type Money } from '../../kernel/money.ts'
import { addMs, DAY_MS, parseInstant, type Instant } from '../../kernel/time.ts'
import { createDb, type Db } from '../../platform/db.ts'
import { commitIf } from '../../platform/commit-if.ts'
import { readRevisions } from '../../platform/revision.ts'
import { findVariants, openCatalog } from '../catalog/index.ts'
import {
  createConfiguration,
  editConfiguration,
  openMerchant,
  type Channel,
  type ConfigurationChanges,
  type Zone,
} from '../merchant/index.ts'
import { taxRatesIn } from './book.ts'
import { orphanedPriceLists } from './orphaned-price-lists.ts'
import { openPricing, type Pricing, type PricingDeps } from './open-pricing.ts'
import { priceCart } from './price-cart.ts'
import { anonymousBuyer } from './price-choice.ts'
import { noOffers } from './promotion.ts'
import type { NewPricing, PricingByKind, PricingChanges, PricingKind } from './save-pricing.ts'
import type { PriceEdit } from './set-prices.ts'

const actor = 'key_01h2xcejqtf2nbrexx3vqjhp41'
const usd = 'USD' as CurrencyCode
const eur = 'EUR' as CurrencyCode
const jpy = 'JPY' as CurrencyCode
const ground = { id: newId<'shippingService'>(), code: 'ground' }
const store = { id: newId<'location'>(), code: 'store-brooklyn' }
const vip = { id: newId<'segment'>(), code: 'vip' }
const noon = must(parseInstant('2026-06-15T12:00:00Z'), 'an instant')

let database: TestDatabase
let db: Db
let deps: PricingDeps
let pricing: Pricing
let web: Channel
let zone: Zone
let tee: Id<'variant'>
let goods: Id<'product'>
let mug: Id<'variant'>

before(async () => {
  database = await createTestDatabase()
  db = createDb({ databaseUrl: database.url, poolMax: 20, applicationName: 'test' })
  const merchant = openMerchant({ db })
  deps = {
    db,
    merchant,
    shippingServices: async () => [ground],
    locations: async () => [store],
    segments: async () => [vip],
  }
  pricing = openPricing(deps)
  await db.inTransaction(async (tx) => {
    const entity = await createConfiguration(tx, {
      actor,
      kind: 'legalEntity',
      fields: { code: 'fernway', name: 'Fernway', country: 'US', currency: usd, timeZone: 'America/New_York' },
    })
    assert.ok(entity.kind === 'created')
    const channel = await createConfiguration(tx, {
      actor,
      kind: 'channel',
      fields: {
        code: 'web',
        name: 'Web',
        kind: 'web',
        legalEntityId: entity.row.id,
        marketId: null,
        currency: usd,
        currencies: [usd, jpy],
        locale: 'en-US',
        timeZone: 'America/New_York',
        taxIncluded: false,
        trusted: false,
        cartTtlS: 3_600,
        quoteTtlS: 900,
        claimsAt: 'order',
        paymentTtlS: 1_800,
        paymentCapS: 86_400,
        active: true,
      },
    })
    assert.ok(channel.kind === 'created')
    web = channel.row
    const made = await createConfiguration(tx, {
      actor,
      kind: 'zone',
      fields: { code: 'us-ny', name: 'New York', country: 'US', regions: ['NY'], postalPrefixes: [] },
    })
    assert.ok(made.kind === 'created')
    zone = made.row
    const catalog = openCatalog({ db, merchant, onVariantsCreated: () => {}, findUnknownPlaces: async () => new Set() })
    await catalog.saveProducts(tx, {
      actor,
      edits: [{ handle: 'goods', title: 'Goods', variants: [{ sku: 'TEE' }, { sku: 'MUG' }] }],
    })
  })
  const variants = await findVariants(db, ['TEE', 'MUG'])
  goods = must(variants.get('TEE'), 'the tee').productId
  tee = must(variants.get('TEE'), 'the tee').id
  mug = must(variants.get('MUG'), 'the mug').id
})
after(async () => {
  await db.close()
  await database.drop()
})

function listFields(code: string): NewPricing<'priceList'> {
  return {
    code,
    name: code,
    channelId: null,
    currency: usd,
    taxIncluded: false,
    priority: 0,
    validFrom: null,
    validUntil: null,
  }
}
function rateFields(): NewPricing<'taxRate'> {
  return { zoneId: zone.id, taxClass: 'standard', name: 'NY sales tax', ratePpm: 88_750 }
}
function tariffFields(code: string): NewPricing<'deliveryTariff'> {
  return {
    code,
    name: code,
    channelId: null,
    method: 'ship',
    serviceId: ground.id,
    countries: ['US'],
    currency: usd,
    amountMinor: 599n,
    freeFromMinor: 10_000n,
    taxClass: 'standard',
    active: true,
  }
}

test('a cart is priced from what was saved: list, rate and tariff', async () => {
  const list = await create('priceList', listFields('retail'))
  const rate = await create('taxRate', rateFields())
  const tariff = await create('deliveryTariff', tariffFields('ground'))
  await set(list.id, ['TEE', 1999n], ['MUG', 999_999_999_999n])

  const book = await pricing.bookAt(db, await revision())
  assert.deepEqual(
    [book.priceListById.get(list.id), book.taxRates, book.tariffs],
    [{ ...list, version: 2 }, [rate], [tariff]],
  )
  const prices = await pricing.pricesAt(db, await revision(), [tee, mug, newId()])
  assert.deepEqual([...prices.keys()].toSorted(), [tee, mug].toSorted())
  assert.deepEqual(prices.get(mug), [{ priceListId: list.id, minQuantity: 1, amountMinor: 999_999_999_999n }])
  const priced = priceCart({
    at: noon,
    channel: web,
    priceLists: book.priceListById,
    prices,
    buyer: anonymousBuyer,
    deliveries: [{ tariff }],
    taxRates: taxRatesIn(book, zone.id, noon),
    offers: noOffers,
    lines: [
      {
        lineKey: 'TEE',
        variantId: tee,
        productId: goods,
        categories: [],
        isGiftCard: false,
        quantity: 2,
        taxClass: 'standard',
      },
    ],
  })
  assert.ok(priced.kind === 'priced')
  assert.deepEqual(priced.totals, {
    itemsMinor: 3998n,
    discountMinor: 0n,
    deliveryMinor: 599n,
    taxMinor: 355n + 53n,
    totalMinor: 3998n + 599n + 408n,
  })
})

test('a node answers from its cache until told of a newer revision; a withdrawn price is gone', async () => {
  const list = await create('priceList', listFields('cached'))
  const priceOf = async (at: bigint) =>
    (await pricing.pricesAt(db, at, [tee])).get(tee)?.find(({ priceListId }) => priceListId === list.id)?.amountMinor
  const unset = await revision()
  assert.equal(await priceOf(unset), undefined)
  await set(list.id, ['TEE', 100n])
  assert.equal(await priceOf(unset), undefined, 'still cached')
  assert.equal(await priceOf(await revision()), 100n)
  await set(list.id, ['TEE', 200n])
  assert.equal(await priceOf(await revision()), 200n)
  await set(list.id, ['TEE', null])
  assert.equal(await priceOf(await revision()), undefined)
  const other = openPricing(deps)
  const listed = (await other.pricesAt(db, await revision(), [tee])).get(tee) ?? []
  assert.ok(
    listed.every(({ priceListId }) => priceListId !== list.id),
    'nor does a node that starts afterwards see it',
  )
})

test('prices are set row by row: what is good goes in, what is not is told', async () => {
  const list = await create('priceList', listFields('rows'))
  const edits: PriceEdit[] = [
    { sku: 'TEE', price: money(100n, usd) },
    { sku: 'NOTHING', price: money(100n, usd) },
    { sku: 'MUG', price: money(100n, eur) },
    { sku: 'TEE', price: money(200n, usd) },
  ]
  const outcome = await db.inTransaction((tx) => pricing.setPrices(tx, { actor, priceListId: list.id, edits }))
  assert.ok(outcome.kind === 'done')
  assert.deepEqual(
    outcome.results.map((result) =>
      result.kind === 'error' ? result.errors.map(({ path, code }) => `${path} ${code}`) : result.kind,
    ),
    ['set', ['/sku sku_unknown'], ['/price/currency currency_differs'], ['/sku sku_repeated']],
  )
  assert.deepEqual(await storedPrices(list.id), [{ variant_id: tee, amount_minor: 100n }])
  assert.deepEqual(await db.inTransaction((tx) => pricing.setPrices(tx, { actor, priceListId: newId(), edits })), {
    kind: 'unknown',
  })
})

test('prices that are set anew and the same keep the list as it is', async () => {
  const list = await create('priceList', listFields('same'))
  const version = async () => (await pricing.currentBook()).priceListById.get(list.id)?.version
  await set(list.id, ['TEE', 100n], ['MUG', 200n])
  assert.equal(await version(), 2)
  await set(list.id, ['TEE', 100n])
  assert.equal(await version(), 2)
  await set(list.id, ['TEE', 101n], ['MUG', 200n])
  assert.equal(await version(), 3)
  const events = await rowsOf<{ type: string; version: number }>(
    'select type, version from platform.event where aggregate_id = $1 order by position',
    [list.id],
  )
  assert.deepEqual(
    events.map(({ type, version: told }) => [type, told]),
    [
      ['price_list.created', 1],
      ['price_list.repriced', 2],
      ['price_list.repriced', 3],
    ],
  )
})

const refusedLists: readonly (readonly [string, () => Partial<NewPricing<'priceList'>>, string])[] = [
  ['a code in capitals', () => ({ code: 'Retail' }), 'code_invalid'],
  ['a code that is taken', () => ({ code: 'retail' }), 'code_taken'],
  ['a blank name', () => ({ name: ' ' }), 'name_blank'],
  ['a channel that is none', () => ({ channelId: newId() }), 'channel_unknown'],
  ['a currency no channel sells in', () => ({ currency: eur }), 'currency_not_sold_in'],
  ['a currency the channel lacks', () => ({ currency: eur, channelId: web.id }), 'currency_not_sold_in'],
  [
    'prices with tax, where the channel tells them without',
    () => ({ taxIncluded: true, channelId: web.id }),
    'tax_mode_differs',
  ],
  [
    'a validity that ends before it begins',
    () => ({ validFrom: noon, validUntil: addMs(noon, -1) }),
    'validity_reversed',
  ],
  ['a region that is none', () => ({ country: 'US', region: 'ZZ' }), 'region_invalid'],
  ['a region without its country', () => ({ region: 'NY' }), 'region_invalid'],
  ['a validity of no time', () => ({ validFrom: noon, validUntil: noon }), 'validity_reversed'],
  [
    'a list of the channel',
    () => ({ channelId: web.id, currency: jpy, validFrom: noon, validUntil: addMs(noon, 1) }),
    'created',
  ],
]
for (const [what, change, expected] of refusedLists) {
  test(`price list, ${what}: ${expected}`, async () =>
    assertOutcome(await make('priceList', { ...listFields('odd'), ...change() }), expected))
}

const refusedRates: readonly (readonly [string, () => Partial<NewPricing<'taxRate'>>, string])[] = [
  ['a second one of the zone and class', () => ({}), 'tax_rates_overlap'],
  ['another class', () => ({ taxClass: 'reduced' }), 'created'],
  ['a zone that is none', () => ({ zoneId: newId() }), 'zone_unknown'],
  ['more than the whole', () => ({ taxClass: 'x', ratePpm: 1_000_001 }), 'tax_rate_out_of_range'],
  ['less than nothing', () => ({ taxClass: 'x', ratePpm: -1 }), 'tax_rate_out_of_range'],
]
for (const [what, change, expected] of refusedRates) {
  test(`tax rate, ${what}: ${expected}`, async () =>
    assertOutcome(await make('taxRate', { ...rateFields(), ...change() }), expected))
}

const refusedTariffs: readonly (readonly [string, () => Partial<NewPricing<'deliveryTariff'>>, string])[] = [
  ['a code that is taken', () => ({ code: 'ground' }), 'code_taken'],
  ['a service that is none', () => ({ serviceId: newId() }), 'service_unknown'],
  ['shipping without a service', () => ({ serviceId: null }), 'service_required'],
  ['pickup with a service', () => ({ method: 'pickup' }), 'service_not_allowed'],
  ['pickup', () => ({ code: 'pickup', method: 'pickup', serviceId: null }), 'created'],
  ['a country that is none', () => ({ countries: ['US', 'XX'] }), 'country_unknown'],
  ['a currency no channel sells in', () => ({ currency: eur }), 'currency_not_sold_in'],
  ['a channel that is none', () => ({ channelId: newId() }), 'channel_unknown'],
]
for (const [what, change, expected] of refusedTariffs) {
  test(`delivery tariff, ${what}: ${expected}`, async () =>
    assertOutcome(await make('deliveryTariff', { ...tariffFields('odd'), ...change() }), expected))
}

test('an edit changes what it names, is told and audited, and is refused when the row moved on', async () => {
  const tariff = await create('deliveryTariff', tariffFields('edited'))
  const edited = await edit('deliveryTariff', tariff.id, 1, { amountMinor: 0n, freeFromMinor: null, active: false })
  assert.deepEqual(edited, {
    kind: 'edited',
    row: { ...tariff, amountMinor: 0n, freeFromMinor: null, active: false, version: 2 },
  })
  assert.deepEqual(
    (await pricing.currentBook()).tariffs.find(({ id }) => id === tariff.id),
    edited.kind === 'edited' && edited.row,
  )
  assert.deepEqual(await edit('deliveryTariff', tariff.id, 1, { name: 'X' }), {
    kind: 'version_mismatch',
    currentVersion: 2,
  })
  assert.deepEqual(await edit('deliveryTariff', newId(), 1, { name: 'X' }), { kind: 'unknown' })
  const refused = await edit('deliveryTariff', tariff.id, 2, { countries: ['XX'] })
  assert.deepEqual(refused, {
    kind: 'refused',
    refusal: { code: 'country_unknown', country: 'XX', reasons: [{ code: 'country_unknown', country: 'XX' }] },
  })

  const list = await create('priceList', listFields('edited'))
  const until: Instant = addMs(noon, DAY_MS)
  const ended = await edit('priceList', list.id, 1, { validUntil: until, priority: -1 })
  assert.deepEqual(ended, { kind: 'edited', row: { ...list, validUntil: until, priority: -1, version: 2 } })
  assert.deepEqual((await pricing.currentBook()).priceListById.get(list.id), {
    ...list,
    validUntil: until,
    priority: -1,
    version: 2,
  })

  const audit = await rowsOf<{ action: string; detail: object }>(
    `select action, detail from platform.audit_entry
      where action like 'delivery_tariff.%' and detail @> '{"fields": ["active"]}' order by id`,
    [],
  )
  assert.deepEqual(audit.at(-1), {
    action: 'delivery_tariff.edited',
    detail: { fields: ['amountMinor', 'freeFromMinor', 'active'] },
  })
})

test('a channel cannot leave a price list behind that no channel could use; one that is over it can', async () => {
  const change = async (changes: ConfigurationChanges<'channel'>) => {
    const outcome = await commitIf(
      db,
      async (tx) => {
        const edited = await editConfiguration(
          tx,
          { orphanedPriceLists },
          { actor, kind: 'channel', id: web.id, seenVersion: web.version, changes },
        )
        return edited.kind === 'refused' ? edited.refusal : edited.kind
      },
      () => false,
    )
    return outcome
  }
  const dollars = (await pricing.currentBook()).priceLists.filter(({ currency }) => currency === usd)
  const yen = await create('priceList', { ...listFields('yen'), currency: jpy })
  const told = await change({ currencies: [usd] })
  assert.ok(typeof told === 'object' && told.code === 'price_lists_orphaned')
  assert.ok(
    told.priceLists.includes('yen') && !told.priceLists.some((code) => dollars.some((list) => list.code === code)),
  )
  const without = await change({ taxIncluded: true })
  assert.ok(typeof without === 'object' && without.code === 'price_lists_orphaned')
  assert.ok(without.priceLists.includes('yen') && without.priceLists.includes('retail'))
  assert.equal(await change({ name: 'Shop', taxIncluded: false, currencies: [jpy, usd] }), 'edited')

  const living = (await pricing.currentBook()).priceLists.filter(({ currency }) => currency === jpy)
  for (const list of living) {
    const ended = await edit('priceList', list.id, list.version, {
      validFrom: null,
      validUntil: addMs(noon, -DAY_MS * 10_000),
    })
    assert.equal(ended.kind, 'edited')
  }
  assert.ok(living.some(({ id }) => id === yen.id))
  assert.equal(await change({ currencies: [usd] }), 'edited')
})

test('forty at once set the same price: the versions of the list have no gap', async () => {
  const list = await create('priceList', listFields('race'))
  await Promise.all(Array.from({ length: 40 }, (_, index) => set(list.id, ['TEE', BigInt(index)])))
  const [counted] = await rowsOf(
    'select count(*)::int as n, max(version) as last from platform.event where aggregate_id = $1',
    [list.id],
  )
  assert.deepEqual(counted, { n: 41, last: 41 })
})

function make<Kind extends PricingKind>(kind: Kind, fields: NewPricing<Kind>) {
  return db.inTransaction((tx) => pricing.createPricing(tx, { actor, kind, fields }))
}

async function create<Kind extends PricingKind>(kind: Kind, fields: NewPricing<Kind>): Promise<PricingByKind[Kind]> {
  const outcome = await make(kind, fields)
  assertOutcome(outcome, 'created')
  assert.ok(outcome.kind === 'created')
  return outcome.row
}

function edit<Kind extends PricingKind>(
  kind: Kind,
  id: PricingByKind[Kind]['id'],
  seenVersion: number,
  changes: PricingChanges<Kind>,
) {
  return db.inTransaction((tx) => pricing.editPricing(tx, { actor, kind, id, seenVersion, changes }))
}

function assertOutcome(
  outcome: { readonly kind: string; readonly refusal?: { readonly code: string } },
  expected: string,
): void {
  assert.equal(outcome.refusal?.code ?? outcome.kind, expected)
}

async function set(priceListId: Id<'priceList'>, ...prices: readonly (readonly [sku: string, minor: bigint | null])[]) {
  const edits = prices.map(([sku, minor]) => ({
    sku,
    price: minor === null ? null : ({ minor, currency: usd } satisfies Money),
  }))
  const outcome = await db.inTransaction((tx) => pricing.setPrices(tx, { actor, priceListId, edits }))
  assert.ok(outcome.kind === 'done' && outcome.results.every(({ kind }) => kind !== 'error'), 'the prices are set')
}

function storedPrices(priceListId: Id<'priceList'>) {
  return rowsOf('select variant_id, amount_minor from pricing.price where price_list_id = $1', [priceListId])
}

async function revision(): Promise<bigint> {
  return (await readRevisions(db)).pricing
}

function rowsOf<Row = unknown>(text: string, values: unknown[]): Promise<Row[]> {
  return db.rows<Row>({ name: '', text, values })
}
