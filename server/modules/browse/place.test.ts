import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import fc from 'fast-check'
import {
  openBrowseShop,
  pricingRevision,
  catalogRevision,
  until,
  type BrowseShop,
} from '../../../test/support/browse-shop.ts'
import { newId, type Id } from '../../kernel/id.ts'
import type { CurrencyCode } from '../../kernel/money.ts'
import { instantFromMs } from '../../kernel/time.ts'
import { marketsOf, type Channel, type MerchantBook } from '../merchant/index.ts'
import { listsFor, type PriceList } from '../pricing/index.ts'
import { guestAt, nowhere, pricedPart, pricedPlaces } from './place.ts'

let shop: BrowseShop
const market = newId<'market'>()
before(async () => {
  shop = await openBrowseShop()
})
after(() => shop.close())

const list = (code: string, cents: number, where: Readonly<Record<string, string>>): string[] => [
  `insert into pricing.price_list (id, code, name, currency, tax_included, revision, ${Object.keys(where).join(', ')})
   values (gen_random_uuid(), '${code}', '${code}', 'USD', false, ${pricingRevision}, ${Object.values(where).join(', ')})`,
  `insert into pricing.price (price_list_id, variant_id, amount_minor, revision)
   select id, '${shop.variantId('tee')}', ${cents}, ${pricingRevision} from pricing.price_list where code = '${code}'`,
]
const priceOf = async (path: string): Promise<number | undefined> => {
  const { body } = await shop.get(path)
  const variants = (body['items'] as { variants: unknown[] }[] | undefined)?.[0]?.variants ?? body['variants']
  return (variants as { price: { amount: number } }[] | undefined)?.[0]?.price.amount
}
const isTold = async (sku: string, where: string): Promise<boolean> => {
  const { body } = await shop.get(`availability?skus=${sku}${where}`)
  return (body['items'] as unknown[]).length === 1
}

test('where no list names a place, everybody is at one storefront', () => {
  assert.equal(pricedPlaces([listOf({})], bookOf([])), null)
})

// oxfmt-ignore
const prices = [
  // asked from                        price  by the list of
  ['',                                 2_500, 'everybody'],
  ['country=US',                       2_500, 'everybody'],
  ['country=US&region=US-CA',          2_500, 'everybody'],
  ['country=US&region=US-NY',          1_500, 'New York'],
  ['region=US-NY',                     1_500, 'New York: the channel sells from the US'],
  ['country=CA',                       2_200, 'Canada'],
  ['country=CA&region=US-NY',          2_200, 'Canada, which has no such region'],
  ['country=SE',                       1_700, 'the Nordic market'],
  ['country=DE',                       2_500, 'everybody'],
  ['location=store',                   1_400, 'the store'],
  ['location=store&country=CA',        1_400, 'the store, whatever else is said'],
  ['location=east&country=CA',         2_500, 'everybody: the place of a location counts'],
] as const
test('a page shows what a guest there would pay', async () => {
  await shop.change(
    'merchant',
    `insert into merchant.market (id, code, name, countries) values ('${market}', 'nordic', 'Nordic', '{SE,NO}')`,
  )
  await shop.change(
    'pricing',
    ...list('ny', 1_500, { country: "'US'", region: "'NY'" }),
    ...list('ca', 2_200, { country: "'CA'" }),
    ...list('nordic', 1_700, { market_id: `'${market}'` }),
    ...list('store', 1_400, { location_id: "(select id from inventory.location where code = 'store')" }),
  )
  await until('the lists', async () => (await priceOf('products/tee?country=CA')) === 2_200)
  for (const [where, cents, whose] of prices) {
    assert.equal(await priceOf(`products/tee?${where}`), cents, `${where}: ${whose}`)
    assert.equal(await priceOf(`products?category=tops&${where}`), cents, `${where} in a list: ${whose}`)
  }
})

test('filters by price go by the price there', async () => {
  const handles = async (where: string): Promise<string[]> => (await shop.list(where)).map(({ handle }) => handle)
  assert.deepEqual(await handles('priceTo=1500&country=US&region=US-NY'), ['tee'])
  assert.deepEqual(await handles('priceTo=1500&country=US'), [])
})

test('delivery is free from what it costs there', async () => {
  // Pickups are free from 40.00 $: a dearer tee would be fetched for nothing.
  await shop.change('pricing', ...list('dear', 4_500, { country: "'US'", region: "'HI'" }))
  const feeAt = async (where: string): Promise<number | undefined> =>
    (await shop.available('tee', where))[0]?.options.find(({ id }) => id.startsWith('collect'))?.price.amount
  await until('the dear list', async () => (await feeAt('&country=US&region=US-HI')) === 0)
  assert.equal(await feeAt('&country=US'), 100)
})

test('what is sold at one location only is shown when that location asks', async () => {
  await shop.add({ handle: 'mug' })
  await shop.change(
    'catalog',
    `insert into catalog.assortment_rule (product_id, position, effect, location_ids)
     select id, 0, 'offer', array[(select id from inventory.location where code = 'store')]
       from catalog.product where handle = 'mug'`,
    `update catalog.product set revision = ${catalogRevision} where handle = 'mug'`,
    `update catalog.variant set revision = ${catalogRevision} where sku = 'mug'`,
  )
  await until('the mug', async () => (await shop.get('products/mug?location=store')).status === 200)
  const rows = [
    ['', false],
    ['location=east', false],
    ['location=store', true],
  ] as const
  for (const [where, isShown] of rows) {
    const status = (path: string): Promise<number> => shop.get(path).then((answer) => answer.status)
    assert.equal(await status(`products/mug?${where}`), isShown ? 200 : 404, where)
    assert.equal((await shop.list(`query=mug&${where}`)).length, isShown ? 1 : 0, where)
    assert.equal(await isTold('mug', `&${where}`), isShown, where)
    assert.equal(await status(`availability/mug?${where}`), isShown ? 200 : 404, where)
  }
})

test('a location that sells nothing for the channel is refused', async () => {
  for (const location of ['nowhere', 'counter', 'loc_00000000000000000000000000']) {
    const { status, body } = await shop.get(`products/tee?location=${location}`)
    assert.deepEqual([status, body['code']], [422, 'location_unknown'], location)
  }
})

const channelOf = (marketId: Id<'market'> | null): Channel => ({ marketId }) as Channel
const usd = 'USD' as CurrencyCode
function bookOf(
  markets: readonly { readonly id: Id<'market'>; readonly countries: readonly string[] }[],
): MerchantBook {
  return { rows: { market: markets } } as unknown as MerchantBook
}
function listOf(where: Partial<PriceList>): PriceList {
  return {
    id: newId(),
    code: '',
    name: '',
    channelId: null,
    marketId: null,
    country: null,
    region: null,
    locationId: null,
    segmentId: null,
    currency: usd,
    taxIncluded: false,
    priority: 0,
    validFrom: null,
    validUntil: null,
    version: 1,
    ...where,
  }
}

test('what is left of a place lets the same lists hold as the whole of it', () => {
  const countries = ['US', 'CA', 'SE', 'DE']
  const regions = ['NY', 'ON']
  const [one, two] = [newId<'market'>(), newId<'market'>()]
  const [here, there] = [newId<'location'>(), newId<'location'>()]
  const country = fc.constantFrom(...countries)
  const lists = fc.array(
    fc
      .record({
        marketId: fc.constantFrom(null, one, two),
        country: fc.option(country),
        region: fc.option(fc.constantFrom(...regions)),
        locationId: fc.constantFrom(null, here),
      })
      .map((where) => listOf({ ...where, region: where.country === null ? null : where.region })),
    { maxLength: 4 },
  )
  const markets = fc.record({ one: fc.subarray(countries), two: fc.subarray(countries) })
  const place = fc.record({
    country,
    region: fc.option(fc.constantFrom(...regions)),
    locationId: fc.constantFrom(undefined, here, there),
  })
  let heldBySome = 0
  fc.assert(
    fc.property(lists, markets, place, fc.constantFrom(null, one), (priceLists, in_, at, own) => {
      const book = bookOf([
        { id: one, countries: in_.one },
        { id: two, countries: in_.two },
      ])
      const channel = channelOf(own)
      const priced = pricedPlaces(priceLists, book)
      const region = at.region === null ? undefined : `${at.country}-${at.region}`
      const part = priced === null ? nowhere : pricedPart({ ...at, region }, priced)
      const question = {
        at: instantFromMs(0),
        channel: { id: newId<'channel'>(), currency: usd, taxIncluded: false, taxRounding: 'line' },
        priceLists: new Map(priceLists.map((each) => [each.id, each])),
      } as const
      const segmentIds = new Set<Id<'segment'>>()
      const held = listsFor({ ...question, buyer: { ...guestAt(part, channel, book), segmentIds } })
      const whole = {
        marketIds: marketsOf(channel, at.country, book),
        country: at.country,
        region: at.region,
        locationId: at.locationId ?? null,
        segmentIds,
        taxExempt: false,
      }
      assert.deepEqual(held, listsFor({ ...question, buyer: whole }))
      if (held.length > 0) heldBySome++
    }),
    { seed: 20_261_122, numRuns: 2_000 },
  )
  assert.ok(heldBySome > 200)
})
