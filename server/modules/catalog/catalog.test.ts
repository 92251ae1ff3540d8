import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { createTestDatabase, type TestDatabase } from '../../../test/support/database.ts'
import { newId, type Id } from '../../kernel/id.ts'
import { instantFromMs } from '../../kernel/time.ts'
import { must } from '../../kernel/invariant.ts'
import type { CurrencyCode } from '../../kernel/money.ts'
import { createDb, type Db } from '../../platform/db.ts'
import { readRevisions } from '../../platform/revision.ts'
import { createConfiguration, openMerchant } from '../merchant/index.ts'
import { findVariants, readSkus } from './catalog.sql.ts'
import type { ProductEdit } from './decide-products.ts'
import { openCatalog, type Catalog, type CatalogDeps } from './open-catalog.ts'

const actor = 'key_01h2xcejqtf2nbrexx3vqjhp41'

let database: TestDatabase
let db: Db
let deps: CatalogDeps
let catalog: Catalog
let web: Id<'channel'>
let store: Id<'channel'>
/** What the port was told, by transaction. */
const told: Id<'variant'>[][] = []

before(async () => {
  database = await createTestDatabase()
  db = createDb({ databaseUrl: database.url, poolMax: 20, applicationName: 'test' })
  deps = {
    db,
    merchant: openMerchant({ db }),
    onVariantsCreated: (_tx, variantIds) => void told.push([...variantIds]),
    findUnknownPlaces: async () => new Set(),
  }
  catalog = openCatalog(deps)
  const entity = await db.inTransaction((tx) =>
    createConfiguration(tx, {
      actor,
      kind: 'legalEntity',
      fields: {
        code: 'fernway',
        name: 'Fernway',
        country: 'US',
        currency: 'USD' as CurrencyCode,
        timeZone: 'America/New_York',
      },
    }),
  )
  assert.ok(entity.kind === 'created')
  web = await makeChannel('web', entity.row.id)
  store = await makeChannel('store', entity.row.id)
  for (const code of ['tees', 'list', 'other']) await addCategory(code)
})
after(async () => {
  await db.close()
  await database.drop()
})

test('what was saved is what is read, by SKU, by variant and by handle', async () => {
  const edit: ProductEdit = {
    handle: 'whole',
    title: 'Merino tee',
    texts: { de: { title: 'Merino-Shirt', handle: 'ganz' } },
    description: 'Soft.\nWarm.',
    categories: ['tees'],
    brand: 'Fernway',
    status: 'active',
    taxClass: 'reduced',
    media: [{ ref: 'cms:1', role: 'main', alt: { en: 'A tee' }, skus: ['WHOLE-M'] }],
    content: [{ system: 'cms', ref: '123', role: 'story' }],
    attributes: {},
    rules: [{ effect: 'withhold', countries: ['US'], regions: ['US-CA'], until: instantFromMs(4_000_000_000_000) }],
    channels: ['web'],
    variants: [
      {
        sku: 'WHOLE-M',
        title: 'M',
        barcode: '4006381333931',
        weightGrams: 180,
        lengthMm: 300,
        widthMm: 200,
        heightMm: 20,
        options: { size: 'M', colour: 'sailor\'s "blue" \\ {1,2}' },
      },
      { sku: 'WHOLE-CARD', title: 'Care guide', kind: 'digital' },
    ],
  }
  const [productId] = await save(edit)
  const ids = await catalog.productIdsByHandleAt(db, await revision(), ['whole', 'nothing'])
  assert.deepEqual([...ids], [['whole', productId]])
  const product = must((await catalog.productsAt(db, await revision(), [productId])).get(productId), 'the product')
  const { variants, createdAt, updatedAt, ...rest } = product
  const { variants: _, channels: __, categories: ___, ...fields } = edit
  const tees = must((await catalog.currentBook()).categoryByCode.get('tees'), 'the category').id
  const rule = {
    effect: 'withhold',
    channelIds: [],
    countries: ['US'],
    regions: ['US-CA'],
    segmentIds: [],
    locationIds: [],
    from: null,
    until: 4_000_000_000_000,
  }
  assert.deepEqual(rest, {
    ...fields,
    id: productId,
    categoryIds: [tees],
    channelIds: [web],
    rules: [rule],
    version: 1,
  })
  assert.equal((await catalog.productIdsByHandleAt(db, await revision(), ['ganz'])).get('ganz'), productId)
  assert.equal(await catalog.nextAssortmentChange(db, updatedAt), rule.until)
  assert.equal(createdAt, updatedAt)
  assert.deepEqual(
    variants.map(({ sku, kind, options }) => [sku, kind, options]),
    [
      ['WHOLE-M', 'physical', edit.variants?.[0]?.options],
      ['WHOLE-CARD', 'digital', {}],
    ],
  )

  const offers = await catalog.offersAt(db, await revision(), ['WHOLE-M', 'WHOLE-CARD', 'whole-m'])
  const variantId = must(variants[0], 'a variant').id
  const { channelIds, ...offer } = must(offers.get('WHOLE-M'), 'the offer')
  assert.deepEqual(offer, {
    variantId,
    productId,
    sku: 'WHOLE-M',
    title: 'Merino tee – M',
    kind: 'physical',
    stocked: true,
    status: 'active',
    taxClass: 'reduced',
    weightGrams: 180,
    rules: [rule],
    categories: ['tees'],
    components: [],
    separable: true,
  })
  assert.deepEqual([channelIds.has(web), channelIds.has(store)], [true, false])
  assert.deepEqual([...offers.keys()].toSorted(), ['WHOLE-CARD', 'WHOLE-M'])
  assert.equal(offers.get('WHOLE-CARD')?.stocked, false)
  const byVariant = await catalog.offersByVariantAt(db, await revision(), [variantId, newId()])
  assert.deepEqual([...byVariant], [[variantId, offers.get('WHOLE-M')]])
  assert.deepEqual([...(await readSkus(db, [variantId]))], [[variantId, 'WHOLE-M']])
  assert.deepEqual((await findVariants(db, ['WHOLE-M'])).get('WHOLE-M'), {
    id: variantId,
    productId,
    kind: 'physical',
    stocked: true,
  })
})

// oxfmt-ignore
const statuses = [
  // product     variant      offer
  ['active',     'active',    'active'],
  ['active',     'archived',  'archived'],
  ['draft',      'active',    'draft'],
  ['archived',   'active',    'archived'],
] as const

for (const [product, variant, offer] of statuses) {
  test(`an ${variant} variant of a product that is ${product} is offered as ${offer}`, async () => {
    const sku = `STATUS-${product}-${variant}`
    await save({ handle: sku.toLowerCase(), title: 'T', status: product, variants: [{ sku, status: variant }] })
    assert.equal((await catalog.offersAt(db, await revision(), [sku])).get(sku)?.status, offer)
  })
}

test('a bundle is offered with its components, and follows their titles', async () => {
  await save(
    { handle: 'cup', title: 'Cup', variants: [{ sku: 'CUP', weightGrams: 300 }] },
    { handle: 'ebook', title: 'Book', variants: [{ sku: 'EBOOK', title: 'PDF', kind: 'digital' }] },
    {
      handle: 'set',
      title: 'Tea set',
      variants: [
        {
          sku: 'SET',
          kind: 'bundle',
          separable: false,
          components: [
            { sku: 'CUP', quantity: 4 },
            { sku: 'EBOOK', quantity: 1 },
          ],
        },
      ],
    },
  )
  const component = async () => (await catalog.offersAt(db, await revision(), ['SET'])).get('SET')?.components
  const variants = await findVariants(db, ['CUP', 'EBOOK'])
  const expected = [
    { variantId: variants.get('CUP')?.id, sku: 'CUP', title: 'Cup', quantity: 4, stocked: true, weightGrams: 300 },
    {
      variantId: variants.get('EBOOK')?.id,
      sku: 'EBOOK',
      title: 'Book – PDF',
      quantity: 1,
      stocked: false,
      weightGrams: null,
    },
  ]
  assert.deepEqual(await component(), expected)
  await save({ handle: 'cup', title: 'Mug' })
  assert.deepEqual(await component(), [{ ...expected[0], title: 'Mug' }, expected[1]])
  await save({ handle: 'set', variants: [{ sku: 'SET', components: [{ sku: 'EBOOK', quantity: 2 }] }] })
  assert.deepEqual(await component(), [{ ...expected[1], quantity: 2 }])
})

test('a node answers from its cache until told of a newer revision, and then what the database holds', async () => {
  await save({ handle: 'cached', title: 'Old', variants: [{ sku: 'CACHED' }] })
  const seen = await revision()
  const title = async (at: bigint, sku = 'CACHED') => (await catalog.offersAt(db, at, [sku])).get(sku)?.title
  assert.equal(await title(seen), 'Old')
  assert.equal(await title(seen, 'LATER'), undefined)
  await save({ handle: 'cached', title: 'New' }, { handle: 'later', title: 'Later', variants: [{ sku: 'LATER' }] })
  assert.equal(await title(seen), 'Old', 'still cached')
  assert.equal(await title(await revision()), 'New')
  assert.equal(await title(await revision(), 'LATER'), 'Later', 'that it did not exist was cached, too')
  const ids = await catalog.productIdsByHandleAt(db, await revision(), ['later'])
  assert.equal(ids.size, 1)
})

test('a product without channels is offered in every channel, also in one that opens later', async () => {
  await save(
    { handle: 'everywhere', title: 'E', variants: [{ sku: 'EVERYWHERE' }] },
    { handle: 'nowhere', title: 'N', channels: [], variants: [{ sku: 'NOWHERE' }] },
  )
  const later = newId<'channel'>()
  const offers = await catalog.offersAt(db, await revision(), ['EVERYWHERE', 'NOWHERE'])
  assert.deepEqual(
    [web, later].map((id) => offers.get('EVERYWHERE')?.channelIds.has(id)),
    [true, true],
  )
  assert.deepEqual(
    [web, later].map((id) => offers.get('NOWHERE')?.channelIds.has(id)),
    [false, false],
  )
  await save({ handle: 'everywhere', channels: ['store'] })
  const narrowed = (await catalog.offersAt(db, await revision(), ['EVERYWHERE'])).get('EVERYWHERE')
  assert.deepEqual(
    [web, store].map((id) => narrowed?.channelIds.has(id)),
    [false, true],
  )
})

test('an offer tells the categories above its own, and follows them when they move', async () => {
  await addCategory('deep')
  await addCategory('deeper', 'deep')
  await save({ handle: 'filed', title: 'F', categories: ['deeper', 'tees'], variants: [{ sku: 'FILED' }] })
  const told = async () => (await catalog.offersAt(db, await revision(), ['FILED'])).get('FILED')?.categories
  assert.deepEqual(await told(), ['deep', 'deeper', 'tees'])
  const deep = must((await catalog.currentBook()).categoryByCode.get('deep'), 'the category')
  const list = must((await catalog.currentBook()).categoryByCode.get('list'), 'the category')
  const command = { actor, kind: 'category', id: deep.id, seenVersion: 1, changes: { parentId: list.id } } as const
  assert.equal((await db.inTransaction((tx) => catalog.editTaxonomy(tx, command))).kind, 'edited')
  assert.deepEqual(await told(), ['deep', 'deeper', 'list', 'tees'])
})

test('rooms that keep something by variant are told of new ones only, in the transaction', async () => {
  told.length = 0
  await save({ handle: 'told', title: 'T', variants: [{ sku: 'TOLD-1' }, { sku: 'TOLD-2', kind: 'digital' }] })
  await save({ handle: 'told', variants: [{ sku: 'TOLD-1', title: 'One' }, { sku: 'TOLD-3' }] })
  await save({ handle: 'told', title: 'Told' })
  const variants = await findVariants(db, ['TOLD-1', 'TOLD-2', 'TOLD-3'])
  const idOf = (sku: string) => variants.get(sku)?.id
  assert.deepEqual(told, [[idOf('TOLD-1'), idOf('TOLD-2')], [idOf('TOLD-3')]])

  const failing = openCatalog({ ...deps, onVariantsCreated: () => Promise.reject(new Error('no gate')) })
  const edit = { handle: 'gateless', title: 'G', variants: [{ sku: 'GATELESS' }] }
  await assert.rejects(
    db.inTransaction((tx) => failing.saveProducts(tx, { actor, edits: [edit] })),
    /no gate/,
  )
  assert.equal((await findVariants(db, ['GATELESS'])).size, 0, 'without a gate there is no variant')
})

test('every change is told and audited with its version; a repeat changes nothing', async () => {
  const edit: ProductEdit = { handle: 'announced', title: 'A', variants: [{ sku: 'ANNOUNCED' }] }
  const [id] = await save(edit)
  const seen = await revision()
  assert.deepEqual(
    (await decide(edit)).map(({ kind }) => kind),
    ['unchanged'],
  )
  assert.deepEqual(await changedSkus(seen), [])
  await save({ handle: 'announced', brand: 'B' })
  assert.deepEqual(await changedSkus(seen), ['ANNOUNCED'])
  const events = await rowsOf(
    'select type, version, data from platform.event where aggregate_id = $1 order by position',
    [id],
  )
  assert.deepEqual(
    events.map(({ type, version }) => [type, version]),
    [
      ['product.created', 1],
      ['product.edited', 2],
    ],
  )
  const audit = await rowsOf(
    "select actor, action from platform.audit_entry where detail ->> 'handle' = 'announced' order by recorded_at, id",
    [],
  )
  assert.deepEqual(audit, [
    { actor, action: 'product.created' },
    { actor, action: 'product.edited' },
  ])
})

test('forty writers of one handle and SKU make one product, its versions without a gap', async () => {
  const outcomes = await Promise.all(
    Array.from({ length: 40 }, (_, index) =>
      decide(
        { handle: 'race', title: `Race ${index}`, variants: [{ sku: 'RACE' }] },
        { handle: `race-${index}`, title: 'R', variants: [{ sku: 'RACE' }] },
      ),
    ),
  )
  assert.equal(outcomes.filter(([first]) => first?.kind === 'created').length, 1)
  assert.equal(outcomes.filter(([first]) => first?.kind === 'updated').length, 39)
  assert.ok(
    outcomes.every(([, second]) => second?.kind === 'error'),
    'the SKU stays with the first product',
  )
  const [product] = (
    await catalog.productsAt(
      db,
      await revision(),
      (await catalog.productIdsByHandleAt(db, await revision(), ['race'])).values(),
    )
  ).values()
  assert.equal(product?.version, 40)
  const [counted] = await rowsOf(
    'select count(*)::int as n, max(version) as last from platform.event where aggregate_id = $1',
    [product?.id],
  )
  assert.deepEqual(counted, { n: 40, last: 40 })
})

test('an edit is refused when the product moved on, when there is none and when it makes no sense', async () => {
  const [id] = await save({ handle: 'edited', title: 'One', variants: [{ sku: 'EDITED' }] })
  const edit = (seenVersion: number, change: Omit<ProductEdit, 'handle'>, productId: Id<'product'> = id) =>
    db.inTransaction((tx) => catalog.editProduct(tx, { actor, id: productId, seenVersion, edit: change }))
  const done = await edit(1, { title: 'Two' })
  assert.ok(done.kind === 'edited' && done.product.version === 2)
  assert.deepEqual(await edit(1, { title: 'Three' }), { kind: 'version_mismatch', currentVersion: 2 })
  assert.deepEqual(await edit(1, { title: 'Three' }, newId()), { kind: 'unknown' })
  const refused = await edit(2, { variants: [{ sku: 'CUP' }] })
  assert.ok(refused.kind === 'refused' && refused.refusal.code === 'product_invalid')
  const same = await edit(2, { title: 'Two' })
  assert.ok(same.kind === 'edited' && same.product.version === 2, 'nothing new keeps its version')
})

async function addCategory(code: string, parent: string | null = null): Promise<void> {
  const { categoryByCode } = await catalog.currentBook()
  const parentId = parent === null ? null : (categoryByCode.get(parent)?.id ?? null)
  const fields = { code, parentId, position: 0, name: code, texts: {}, active: true }
  const outcome = await db.inTransaction((tx) => catalog.createTaxonomy(tx, { actor, kind: 'category', fields }))
  assert.equal(outcome.kind, 'created')
}

function decide(...edits: ProductEdit[]) {
  return db.inTransaction((tx) => catalog.saveProducts(tx, { actor, edits }))
}

async function save(...edits: ProductEdit[]): Promise<[Id<'product'>, ...Id<'product'>[]]> {
  const ids = (await decide(...edits)).map((decision) => {
    assert.ok(decision.kind !== 'error', JSON.stringify(decision))
    return decision.product.id
  })
  return [must(ids[0], 'a product'), ...ids.slice(1)]
}

async function revision(): Promise<bigint> {
  return (await readRevisions(db)).catalog
}

async function changedSkus(since: bigint): Promise<string[]> {
  return (await rowsOf<{ sku: string }>('select sku from catalog.variant where revision > $1', [since])).map(
    ({ sku }) => sku,
  )
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
