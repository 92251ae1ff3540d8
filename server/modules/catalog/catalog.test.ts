import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { createTestDatabase, type TestDatabase } from '../../../test/support/database.ts'
import { newId, type Id } from '../../kernel/id.ts'
import { must } from '../../kernel/invariant.ts'
import type { CurrencyCode } from '../../kernel/money.ts'
import { createDb, type Db } from '../../platform/db.ts'
import { readRevisions } from '../../platform/revision.ts'
import { createConfiguration, openMerchant } from '../merchant/index.ts'
import { findVariants, readSkus } from './catalog.sql.ts'
import type { ProductEdit } from './decide-products.ts'
import { listOffered, type OfferedList } from './list-products.ts'
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
  deps = { merchant: openMerchant({ db }), onVariantsCreated: (_tx, variantIds) => void told.push([...variantIds]) }
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
})
after(async () => {
  await db.close()
  await database.drop()
})

test('what was saved is what is read, by SKU, by variant and by handle', async () => {
  const edit: ProductEdit = {
    handle: 'whole',
    title: 'Merino tee',
    titles: { de: 'Merino-Shirt' },
    description: 'Soft.\nWarm.',
    category: 'tees',
    brand: 'Fernway',
    status: 'active',
    taxClass: 'reduced',
    contentRef: 'cms:123',
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
  const { variants: _, channels: __, ...fields } = edit
  assert.deepEqual(rest, { ...fields, id: productId, channelIds: [web], version: 1 })
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
    category: edit.category,
    sku: 'WHOLE-M',
    title: 'Merino tee – M',
    kind: 'physical',
    stocked: true,
    status: 'active',
    taxClass: 'reduced',
    weightGrams: 180,
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

// oxfmt-ignore
const lists = [
  // asks                                                      titles, in order
  [{ category: 'list' },                                       ['Apple jam', 'Berry jam', 'Cherry pie', 'Date']],
  [{ category: 'list', limit: 2 },                             ['Apple jam', 'Berry jam', '…']],
  [{ category: 'list', after: 'Berry jam' },                   ['Cherry pie', 'Date']],
  [{ category: 'list', channelId: 'store' },                   ['Apple jam', 'Berry jam', 'Date']],
  [{ category: 'list', query: 'jam' },                         ['Apple jam', 'Berry jam']],
  [{ category: 'list', query: 'JAM app' },                     ['Apple jam']],
  [{ category: 'list', query: 'jam cherry' },                  []],
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
  await save(...edits.map((edit) => ({ category: 'list', ...edit })))
  await save({ handle: 'l8', title: 'Jam of another category', category: 'other', variants: variants(8) })
  const titles = new Map<string, Id<'product'>>()
  for (const { id, title } of await rowsOf<{ id: Id<'product'>; title: string }>(
    'select id, title from catalog.product',
    [],
  ))
    titles.set(title, id)
  for (const [{ after: afterTitle, channelId, ...asked }, expected] of lists.map(
    ([ask, ...rest]) => [{ after: undefined, channelId: 'web', ...ask }, ...rest] as const,
  )) {
    const place = afterTitle === undefined ? null : { title: afterTitle, id: must(titles.get(afterTitle), 'a product') }
    const page = await list({ ...asked, after: place, channelId: channelId === 'store' ? store : web })
    assert.deepEqual(page, expected, JSON.stringify(asked))
  }
})

test('everything a channel offers comes once, in order, however small the pages', async () => {
  for (const channelId of [web, store]) {
    const whole = await list({ channelId, limit: 1_000 })
    assert.ok(whole.length > 10)
    // The database's collation decides what comes before what.
    const ordered = await rowsOf<{ title: string }>('select title from unnest($1::text[]) as title order by title', [
      whole,
    ])
    assert.deepEqual(
      whole,
      ordered.map(({ title }) => title),
    )
    const walked: string[] = []
    let place: OfferedList['after'] = null
    do {
      const { ids, next } = await listOffered(db, { channelId, category: null, query: null, after: place, limit: 3 })
      walked.push(...(await titlesOf(ids)))
      place = next
    } while (place !== null)
    assert.deepEqual(walked, whole)
  }
})

async function list(asked: Partial<OfferedList>): Promise<string[]> {
  const { ids, next } = await listOffered(db, {
    channelId: web,
    category: null,
    query: null,
    after: null,
    limit: 50,
    ...asked,
  })
  return [...(await titlesOf(ids)), ...(next === null ? [] : ['…'])]
}

async function titlesOf(ids: readonly Id<'product'>[]): Promise<string[]> {
  const products = await catalog.productsAt(db, await revision(), ids)
  return ids.map((id) => must(products.get(id), 'a listed product').title)
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
