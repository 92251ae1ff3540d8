import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { createTestDatabase, type TestDatabase } from '../../../test/support/database.ts'
import { newId, type Id } from '../../kernel/id.ts'
import { must } from '../../kernel/invariant.ts'
import type { CurrencyCode } from '../../kernel/money.ts'
import { addMs, type Instant } from '../../kernel/time.ts'
import { createDb, type Db } from '../../platform/db.ts'
import { createConfiguration, openMerchant } from '../merchant/index.ts'
import { isOffered, type Buyer } from './assortment.ts'
import type { ProductEdit } from './decide-products.ts'
import { countFacets, findProducts, type FoundProducts, type ProductQuestion } from './find-products.ts'
import { openCatalog, type Catalog } from './open-catalog.ts'
import type { Filters } from './plan-search.ts'
import type { NewTaxonomy } from './save-taxonomy.ts'
import type { ProductPlace } from './search.sql.ts'

const actor = 'key_01h2xcejqtf2nbrexx3vqjhp41'

let database: TestDatabase
let db: Db
let catalog: Catalog
let web: Id<'channel'>
let store: Id<'channel'>

before(async () => {
  database = await createTestDatabase()
  db = createDb({ databaseUrl: database.url, poolMax: 8, applicationName: 'test' })
  catalog = openCatalog({
    db,
    merchant: openMerchant({ db }),
    onVariantsCreated: () => {},
    findUnknownPlaces: async () => new Set(),
  })
  const entity = await db.inTransaction((tx) =>
    createConfiguration(tx, {
      actor,
      kind: 'legalEntity',
      fields: { code: 'us', name: 'US', country: 'US', currency: 'USD' as CurrencyCode, timeZone: 'UTC' },
    }),
  )
  assert.ok(entity.kind === 'created')
  web = await makeChannel('web', entity.row.id)
  store = await makeChannel('store', entity.row.id)
  for (const code of ['list', 'other', 'ruled']) await addCategory(code)
})
after(async () => {
  await db.close()
  await database.drop()
})

// oxfmt-ignore
const lists = [
  // asks                                                      titles, in order
  [{ category: 'list' },                                       ['Apple jam', 'Berry jam', 'Cherry pie', 'Date']],
  [{ category: 'list', limit: 2 },                             ['Apple jam', 'Berry jam', '…']],
  [{ category: 'list', after: 'Berry jam' },                   ['Cherry pie', 'Date']],
  [{ category: 'list', channelId: 'store' },                   ['Apple jam', 'Berry jam', 'Date']],
  [{ category: 'list', query: 'jam' },                         ['Apple jam', 'Berry jam']],
  [{ category: 'list', query: 'JAM app' },                     ['Apple jam']],
  [{ category: 'list', query: 'jam cherry' },                  ['Cherry pie', 'Apple jam', 'Berry jam']],
  [{ category: 'list', query: 'grandma' },                     ['Date']],
  [{ category: 'list', query: 'LIST-3' },                      ['Cherry pie']],
  [{ category: 'list', query: 'LIST-3', channelId: 'store' },  []],
  [{ category: 'list', query: "' | !x:* & \\ (" },             []],
  [{ category: 'list', query: '%' },                           []],
  [{ query: 'jam' },                                           ['Apple jam', 'Berry jam', 'Jam of another category']],
  [{ query: 'jam', limit: 1 },                                 ['Apple jam', '…']],
  [{ category: 'lis' },                                        []],
] as const

test('a channel lists what it offers, by title, page by page', async () => {
  const variants = (number: number) => [{ sku: `LIST-${number}` }]
  const edits: ProductEdit[] = [
    { handle: 'l2', title: 'Berry jam', channels: ['web', 'store'], variants: variants(2) },
    { handle: 'l4', title: 'Date', brand: "Grandma's", variants: variants(4) },
    { handle: 'l1', title: 'Apple jam', variants: variants(1) },
    { handle: 'l3', title: 'Cherry pie', channels: ['web'], variants: variants(3) },
    { handle: 'l5', title: 'A draft', status: 'draft', variants: variants(5) },
    { handle: 'l6', title: 'Without variants', variants: [{ sku: 'LIST-6', status: 'archived' }] },
    { handle: 'l7', title: 'Offered nowhere', channels: [], variants: variants(7) },
  ]
  await save(...edits.map((edit) => ({ categories: ['list'], ...edit })))
  await save({ handle: 'l8', title: 'Jam of another category', categories: ['other'], variants: variants(8) })
  const titles = new Map<string, Id<'product'>>()
  for (const { id, title } of await rowsOf<{ id: Id<'product'>; title: string }>(
    'select id, title from catalog.product',
    [],
  ))
    titles.set(title, id)
  for (const [{ after: afterTitle, channelId, ...asked }, expected] of lists.map(
    ([ask, ...rest]) => [{ after: undefined, channelId: 'web', ...ask }, ...rest] as const,
  )) {
    const place =
      afterTitle === undefined
        ? null
        : { relevance: 0, title: afterTitle, id: must(titles.get(afterTitle), 'a product') }
    const page = await list({ ...asked, after: place, channelId: channelId === 'store' ? store : web })
    assert.deepEqual(page, expected, JSON.stringify(asked))
  }
})

test('everything a channel offers comes once, in order, however small the pages', async () => {
  for (const channelId of [web, store]) {
    const whole = await list({ channelId, limit: 1_000 })
    assert.ok(whole.length > 3)
    // The database's collation decides what comes before what.
    const ordered = await rowsOf<{ title: string }>('select title from unnest($1::text[]) as title order by title', [
      whole,
    ])
    assert.deepEqual(
      whole,
      ordered.map(({ title }) => title),
    )
    const walked: string[] = []
    let place: ProductPlace | null = null
    do {
      const question = await questionOf({ channelId })
      const found: FoundProducts = await findProducts(db, question, { after: place, limit: 3 })
      const { places, next } = found
      walked.push(...places.map(({ title }) => title))
      place = next
    } while (place !== null)
    assert.deepEqual(walked, whole)
  }
})

// A small shop with everything search has to tell apart.
const shop: readonly ProductEdit[] = [
  {
    handle: 'ridge-tent',
    title: 'Ridge Tent',
    texts: { de: { title: 'Kuppelzelt für zwei' }, fr: { title: 'Tente légère' } },
    description: 'Two doors and a porch.',
    brand: 'Northfold',
    categories: ['shelter-tents'],
    attributes: { waterproof: true },
    variants: [
      { sku: 'NF-RIDGE-MOS', barcode: '4006381333931', attributes: { colour: 'moss', weight: 1_980 } },
      { sku: 'NF-RIDGE-SND', attributes: { colour: 'sand', weight: 1_990 } },
    ],
  },
  {
    handle: 'tarp',
    title: 'Featherlite Tarp',
    description: 'A tent for who likes the stars.',
    brand: 'Kestrel',
    categories: ['shelter'],
    attributes: { waterproof: true },
    variants: [{ sku: 'KW-TARP', attributes: { colour: 'sand', weight: 410 } }],
  },
  {
    handle: 'boots',
    title: 'Granite Boots',
    texts: { de: { title: 'Wanderstiefel' } },
    brand: 'Northfold',
    categories: ['shoes'],
    attributes: { waterproof: false },
    variants: [{ sku: 'NF-BOOT-42', attributes: { weight: 1_200 } }],
  },
  {
    handle: 'sneakers',
    title: 'Town Sneakers',
    brand: 'Kestrel',
    categories: ['shoes'],
    variants: [{ sku: 'KW-SNEAK' }],
  },
  { handle: 'tento', title: 'テント泊セット', categories: ['shelter'], variants: [{ sku: 'JP-1' }] },
]

// oxfmt-ignore
const searches: readonly (readonly [asked: ListAsked, expected: readonly string[]])[] = [
  [{ query: 'tent' },                                  ['Ridge Tent', 'Featherlite Tarp']],
  [{ query: 'Tents' },                                 ['Ridge Tent', 'Featherlite Tarp']],
  [{ query: 'ridge tnet' },                            ['Ridge Tent']],
  [{ query: 'grnaite' },                               ['Granite Boots']],
  [{ query: 'fetherlite' },                          ['Featherlite Tarp']],
  [{ query: 'feath' },                                 ['Featherlite Tarp']],
  [{ query: 'wanderstiefeln', locale: 'de-DE' },       ['Granite Boots']],
  [{ query: 'zelt', locale: 'de-DE' },                 []],
  [{ query: 'Kuppelzelte', locale: 'de-DE' },          ['Ridge Tent']],
  [{ query: 'légères tentes', locale: 'fr-FR' },       ['Ridge Tent']],
  [{ query: 'legere', locale: 'fr-FR' },               ['Ridge Tent']],
  [{ query: 'nf-ridge-mos' },                          ['Ridge Tent']],
  [{ query: 'NFRIDGEMOS' },                            ['Ridge Tent']],
  [{ query: '4006381333931' },                         ['Ridge Tent']],
  [{ query: 'northfold' },                             ['Granite Boots', 'Ridge Tent']],
  [{ query: 'northfold boots' },                       ['Granite Boots']],
  [{ query: 'footwear' },                              ['Granite Boots', 'Town Sneakers']],
  [{ query: 'schuhe', locale: 'de' },                  ['Granite Boots', 'Town Sneakers']],
  [{ query: 'moss' },                                  ['Ridge Tent']],
  [{ query: 'moos', locale: 'de' },                    ['Ridge Tent']],
  [{ query: 'テント' },                                 ['テント泊セット']],
  [{ query: 'the' },                                   ['Featherlite Tarp']],
  [{ query: '???' },                                   []],
  [{ query: 'tent', category: 'shoes' },               []],
  [{ query: 'tent', brands: ['Kestrel'] },             ['Featherlite Tarp']],
  [{ category: 'shelter' },                            ['Featherlite Tarp', 'Ridge Tent', 'テント泊セット']],
  [{ category: 'shelter-tents' },                      ['Ridge Tent']],
  [{ brands: ['Northfold', 'Kestrel'], category: 'shoes' }, ['Granite Boots', 'Town Sneakers']],
  [{ attributes: [{ code: 'colour', values: ['moss'] }] },  ['Ridge Tent']],
  [{ attributes: [{ code: 'colour', values: ['moss', 'sand'] }, { code: 'waterproof', values: ['true'] }] },
    ['Featherlite Tarp', 'Ridge Tent']],
  [{ attributes: [{ code: 'waterproof', values: ['false'] }] }, ['Granite Boots']],
  [{ ranges: [{ code: 'weight', from: 400, to: 1_200 }] },  ['Featherlite Tarp', 'Granite Boots']],
  [{ ranges: [{ code: 'weight', from: 1_985, to: null }] }, ['Ridge Tent']],
  [{ ranges: [{ code: 'weight', from: 5_000, to: null }] }, []],
]

test('a shop is searched: typing errors, stems, languages, SKUs, categories by name, filters', async () => {
  await openSmallShop()
  for (const [asked, expected] of searches) {
    assert.deepEqual(await list(asked), expected, JSON.stringify(asked))
  }
})

test('facets count what a list could be narrowed by; a filter does not narrow its own values', async () => {
  await openSmallShop()
  const told = async (asked: ListAsked) => {
    const { categories, brands, attributes, matched } = await countFacets(db, await questionOf(asked))
    return {
      matched,
      categories: categories.map(({ category, count }) => `${category.code} ${count}`),
      brands: brands.map(({ brand, count }) => `${brand} ${count}`),
      attributes: attributes.map(({ attribute, values, span }) =>
        [
          attribute.code,
          ...values.map(({ value, count }) => `${value} ${count}`),
          ...(span === null ? [] : [`${span.low}..${span.high}`]),
        ].join(' '),
      ),
    }
  }
  assert.deepEqual(await told({ category: 'shelter' }), {
    matched: 3,
    categories: ['shelter 3', 'shelter-tents 1'],
    brands: ['Kestrel 1', 'Northfold 1'],
    attributes: ['colour moss 1 sand 2', 'waterproof true 2', 'weight 410..1990'],
  })
  const chosen = { category: 'shelter', attributes: [{ code: 'colour', values: ['moss'] }] }
  assert.deepEqual(await told(chosen), {
    matched: 1,
    categories: ['shelter 1', 'shelter-tents 1'],
    brands: ['Northfold 1'],
    attributes: ['colour moss 1 sand 2', 'waterproof true 1', 'weight 1980..1990'],
  })
  assert.deepEqual((await told({ query: 'tent', brands: ['Kestrel'] })).brands, ['Kestrel 1', 'Northfold 1'])
  assert.deepEqual(await told({ query: 'xyzzy plugh' }), {
    matched: 0,
    categories: [],
    brands: [],
    attributes: [],
  })
})

const day = (days: number, at: Instant): Instant => addMs(at, days * 86_400_000)

test('lists and offers agree on who may buy what, where and when', async () => {
  const { at } = await db.clock()
  const vip = newId<'segment'>()
  const till = newId<'location'>()
  // oxfmt-ignore
  const rules: readonly (readonly [sku: string, rules: NonNullable<ProductEdit['rules']>])[] = [
    ['NOT-CA',   [{ effect: 'withhold', regions: ['US-CA'] }]],
    ['EU-ONLY',  [{ effect: 'offer', countries: ['DE', 'FR'] }]],
    ['VIP',      [{ effect: 'offer', segmentIds: [vip] }]],
    ['AT-TILL',  [{ effect: 'offer', locationIds: [till] }]],
    ['ENDED',    [{ effect: 'offer', until: at }]],
    ['TO-COME',  [{ effect: 'offer', from: day(1, at) }]],
    ['NOW',      [{ effect: 'offer', from: day(-1, at), until: day(1, at) }]],
    ['WEB-VIP',  [{ effect: 'offer', channels: ['web'], segmentIds: [vip] }, { effect: 'offer', channels: ['store'] }]],
    ['DE-NOT-VIP', [{ effect: 'offer', countries: ['DE'] }, { effect: 'withhold', segmentIds: [vip] }]],
  ]
  await save(
    ...rules.map(([sku, each]) => ({
      handle: `rule-${sku.toLowerCase()}`,
      title: sku,
      categories: ['ruled'],
      variants: [{ sku }],
      rules: each,
    })),
  )
  // oxfmt-ignore
  const buyers: readonly (readonly [buyer: Partial<Buyer>, offered: readonly string[]])[] = [
    [{},                                          ['NOT-CA', 'NOW']],
    [{ country: undefined },                      ['NOT-CA', 'NOW']],
    [{ region: 'US-CA' },                         ['NOW']],
    [{ region: 'US-NY' },                         ['NOT-CA', 'NOW']],
    [{ country: 'DE' },                           ['DE-NOT-VIP', 'EU-ONLY', 'NOT-CA', 'NOW']],
    [{ country: 'DE', segmentIds: new Set([vip]) }, ['EU-ONLY', 'NOT-CA', 'NOW', 'VIP', 'WEB-VIP']],
    [{ locationId: till },                        ['AT-TILL', 'NOT-CA', 'NOW']],
    [{ at: day(2, at) },                          ['NOT-CA', 'TO-COME']],
    [{ at: day(-2, at) },                         ['ENDED', 'NOT-CA']],
    [{ channelId: store },                        ['NOT-CA', 'NOW', 'WEB-VIP']],
  ]
  const offers = await catalog.offersAt(
    db,
    0n,
    rules.map(([sku]) => sku),
  )
  for (const [buyer, expected] of buyers) {
    const whole: Buyer = { channelId: web, at, country: 'US', ...buyer }
    const decided = [...offers.values()].filter((offer) => isOffered(offer, whole)).map(({ sku }) => sku)
    assert.deepEqual(decided.toSorted(), expected, JSON.stringify(buyer))
    for (const asked of [{ category: 'ruled' }, { query: 'rule', category: 'ruled' }, {}] as const) {
      const listed = await list({ ...asked, query: null, limit: 1_000, buyer: whole, channelId: whole.channelId })
      const ruled = listed.filter((title) => rules.some(([sku]) => sku === title))
      assert.deepEqual(ruled.toSorted(), expected, JSON.stringify([asked, buyer]))
    }
  }
})

async function openSmallShop(): Promise<void> {
  if ((await catalog.currentBook()).categoryByCode.has('shelter')) return
  await addCategory('shelter')
  await addCategory('shelter-tents', 'shelter')
  await addCategory('shoes', null, { name: 'Footwear', texts: { de: { name: 'Schuhe' } } })
  const choices = ['moss', 'sand'].map((code) => ({ code, name: code, names: code === 'moss' ? { de: 'Moos' } : {} }))
  for (const [position, [code, type, level]] of (
    [
      ['colour', 'choice', 'variant'],
      ['waterproof', 'boolean', 'product'],
      ['weight', 'number', 'variant'],
    ] as const
  ).entries()) {
    const fields = {
      code,
      name: code,
      names: {},
      type,
      level,
      unit: null,
      filterable: true,
      position,
      choices: type === 'choice' ? choices : [],
    }
    const outcome = await db.inTransaction((tx) => catalog.createTaxonomy(tx, { actor, kind: 'attribute', fields }))
    assert.equal(outcome.kind, 'created', JSON.stringify(outcome))
  }
  await save(...shop)
}

interface ListAsked extends Partial<Omit<Filters, 'categoryId'>> {
  readonly channelId?: Id<'channel'>
  readonly category?: string
  readonly locale?: string
  readonly buyer?: Partial<Buyer>
  readonly after?: ProductPlace | null
  readonly limit?: number
}

async function questionOf({
  channelId = web,
  category,
  locale = 'en-US',
  buyer,
  ...asked
}: ListAsked): Promise<ProductQuestion> {
  const book = await catalog.currentBook()
  const { query = null, brands = [], attributes = [], ranges = [] } = asked
  const categoryId = category === undefined ? null : (book.categoryByCode.get(category)?.id ?? newId<'category'>())
  return {
    book,
    buyer: { channelId, at: (await db.clock()).at, country: 'US', ...buyer },
    locale,
    filters: { query, categoryId, brands, attributes, ranges },
  }
}

async function list({ after: place = null, limit = 50, ...asked }: ListAsked): Promise<string[]> {
  const { places, next } = await findProducts(db, await questionOf(asked), { after: place, limit })
  return [...places.map(({ title }) => title), ...(next === null ? [] : ['…'])]
}

async function addCategory(
  code: string,
  parent: string | null = null,
  more: Partial<NewTaxonomy<'category'>> = {},
): Promise<void> {
  const { categoryByCode } = await catalog.currentBook()
  const parentId = parent === null ? null : (categoryByCode.get(parent)?.id ?? null)
  const fields = { code, parentId, position: 0, name: code, texts: {}, active: true, ...more }
  const outcome = await db.inTransaction((tx) => catalog.createTaxonomy(tx, { actor, kind: 'category', fields }))
  assert.equal(outcome.kind, 'created')
}

async function save(...edits: ProductEdit[]): Promise<void> {
  const decisions = await db.inTransaction((tx) => catalog.saveProducts(tx, { actor, edits }))
  for (const decision of decisions) assert.notEqual(decision.kind, 'error', JSON.stringify(decision))
}

async function makeChannel(code: string, legalEntityId: Id<'legalEntity'>): Promise<Id<'channel'>> {
  const outcome = await db.inTransaction((tx) =>
    createConfiguration(tx, {
      actor,
      kind: 'channel',
      fields: {
        code,
        name: code,
        kind: 'web',
        legalEntityId,
        marketId: null,
        currency: 'USD' as CurrencyCode,
        currencies: ['USD' as CurrencyCode],
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
    }),
  )
  assert.ok(outcome.kind === 'created', JSON.stringify(outcome))
  return outcome.row.id
}

function rowsOf<Row = Record<string, unknown>>(text: string, values: unknown[]): Promise<Row[]> {
  return db.rows<Row>({ name: '', text, values })
}
