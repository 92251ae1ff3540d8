import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import { createTestDatabase, type TestDatabase } from '../../../test/support/database.ts'
import { newId } from '../../kernel/id.ts'
import type { CurrencyCode } from '../../kernel/money.ts'
import { createDb, type Db } from '../../platform/db.ts'
import { createHttpServer, type App, type Caller } from '../../platform/http/index.ts'
import { createConfiguration, openMerchant } from '../merchant/index.ts'
import { mountCatalog } from './catalog.http.ts'
import { openCatalog } from './open-catalog.ts'

let database: TestDatabase
let db: Db
let app: App

before(async () => {
  database = await createTestDatabase()
  db = createDb({ databaseUrl: database.url, poolMax: 8, applicationName: 'test' })
  const merchant = openMerchant({ db })
  await openShop()
  const caller: Caller = { kind: 'secret', keyId: newId(), scopes: ['catalog:read', 'catalog:write'] }
  app = createHttpServer({ authenticate: () => caller, checkResponses: true })
  mountCatalog(app, {
    db,
    merchant,
    catalog: openCatalog({ db, merchant, onVariantsCreated: () => {}, findUnknownPlaces: async () => new Set() }),
  })
})
after(async () => {
  await app.close()
  await db.close()
  await database.drop()
})

interface Answer {
  readonly status: number
  readonly etag: unknown
  readonly body: { readonly [field: string]: unknown }
}

async function send(
  method: 'GET' | 'POST' | 'PATCH',
  url: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const answer = await app.inject({
    method,
    url,
    headers: { authorization: 'Bearer x', ...headers },
    ...(body === undefined ? {} : { payload: body as object }),
  })
  return { status: answer.statusCode, etag: answer.headers['etag'], body: answer.json() }
}
const post = (body: unknown, key: string = randomUUID()) =>
  send('POST', '/v1/admin/products', body, { 'idempotency-key': key })
const patch = (id: unknown, version: number, body: unknown) =>
  send('PATCH', `/v1/admin/products/${String(id)}`, body, { 'if-match': `"${version}"` })
const batch = (...products: unknown[]) => send('POST', '/v1/admin/products/batch', { products })

const addCategory = (code: string, more: object = {}) =>
  send('POST', '/v1/admin/categories', { code, name: code, ...more }, { 'idempotency-key': randomUUID() })
const addAttribute = (code: string, more: object) =>
  send('POST', '/v1/admin/attributes', { code, name: code, ...more }, { 'idempotency-key': randomUUID() })

const tee = (handle: string, sku: string) => ({ handle, title: 'Merino tee', variants: [{ sku }] })

test('a product is added once, repeated, read, edited and listed', async () => {
  await addCategory('story')
  const key = randomUUID()
  const made = await post(
    { ...tee('story', 'STORY'), channels: ['web'], categories: ['story'], texts: { de: { title: 'Shirt' } } },
    key,
  )
  assert.equal(made.status, 201)
  assert.equal(made.etag, '"1"')
  const { id, createdAt, updatedAt, variants, ...rest } = made.body
  assert.deepEqual(rest, {
    handle: 'story',
    title: 'Merino tee',
    texts: { de: { title: 'Shirt' } },
    description: '',
    categories: ['story'],
    brand: null,
    status: 'active',
    taxClass: 'standard',
    media: [],
    content: [],
    attributes: {},
    rules: [],
    channels: ['web'],
    version: 1,
  })
  assert.equal(createdAt, updatedAt)
  const [variant] = variants as { id: string }[]
  assert.deepEqual(variant, {
    id: variant?.id,
    sku: 'STORY',
    title: '',
    titles: {},
    kind: 'physical',
    stocked: true,
    status: 'active',
    barcode: null,
    weightGrams: null,
    lengthMm: null,
    widthMm: null,
    heightMm: null,
    options: {},
    attributes: {},
    separable: true,
    components: [],
  })
  assert.deepEqual(
    await post(
      { ...tee('story', 'STORY'), channels: ['web'], categories: ['story'], texts: { de: { title: 'Shirt' } } },
      key,
    ),
    made,
  )
  assert.deepEqual(await send('GET', `/v1/admin/products/${String(id)}`), { ...made, status: 200 })

  const edited = await patch(id, 1, {
    channels: null,
    variants: [
      { sku: 'STORY', weightGrams: 180 },
      { sku: 'STORY-L', title: 'L' },
    ],
  })
  assert.equal(edited.status, 200)
  assert.deepEqual([edited.body['version'], edited.body['channels'], edited.etag], [2, null, '"2"'])
  assert.deepEqual(
    (edited.body['variants'] as { sku: string }[]).map(({ sku }) => sku),
    ['STORY', 'STORY-L'],
  )
  for (const query of [
    'category=story',
    'query=meri&category=story',
    'query=STORY-L',
    'category=story&status=active',
  ]) {
    assert.deepEqual(
      (await send('GET', `/v1/admin/products?${query}`)).body,
      { items: [edited.body], nextCursor: null },
      query,
    )
  }
  assert.deepEqual((await send('GET', '/v1/admin/products?category=story&status=draft')).body['items'], [])
  const { items } = (await send('GET', `/v1/admin/variants?product=${String(id)}`)).body as {
    items: { sku: string; title: string }[]
  }
  assert.deepEqual(
    items.map(({ sku, title }) => [sku, title]),
    [
      ['STORY', 'Merino tee'],
      ['STORY-L', 'Merino tee – L'],
    ],
  )
  assert.equal(((await send('GET', '/v1/admin/variants?sku=STORY')).body['items'] as unknown[]).length, 1)
})

test('a batch answers row by row: what is good goes in, what is not is told with every reason', async () => {
  await post(tee('batch-old', 'BATCH-OLD'))
  const answer = await batch(
    tee('batch-new', 'BATCH-NEW'),
    { handle: 'batch-old', title: 'Changed' },
    { handle: 'batch-old-again', title: 'X', variants: [{ sku: 'BATCH-OLD' }] },
    { handle: 'Not A Handle', title: '', price: 5, variants: [{ sku: ' blank ' }, { sku: 'OK', weightGrams: -1 }] },
    'not a row',
    null,
    17,
    [],
    {
      handle: 'batch-set',
      title: 'Set',
      variants: [
        {
          sku: 'BATCH-SET',
          kind: 'bundle',
          components: [
            { sku: 'BATCH-NEW', quantity: 2 },
            { sku: 'GONE', quantity: 1 },
          ],
        },
      ],
    },
    { handle: 'batch-new-2', variants: [] },
  )
  assert.equal(answer.status, 200)
  const results = answer.body['results'] as {
    index: number
    status: string
    id?: string
    errors?: { path: string; code: string }[]
  }[]
  assert.deepEqual(
    results.map(({ index, status, errors }) => [
      index,
      status,
      ...new Set((errors ?? []).map(({ path, code }) => `${path} ${code}`)),
    ]),
    [
      [0, 'created'],
      [1, 'updated'],
      [2, 'error', '/variants/0/sku sku_taken'],
      [
        3,
        'error',
        '/price invalid',
        '/handle invalid',
        '/title invalid',
        '/variants/0/sku invalid',
        '/variants/1/weightGrams invalid',
      ],
      [4, 'error', ' invalid'],
      [5, 'error', ' invalid'],
      [6, 'error', ' invalid'],
      [7, 'error', ' invalid'],
      [8, 'error', '/variants/0/components/1/sku component_unknown'],
      [9, 'error', '/title title_required', '/variants variants_required'],
    ],
  )
  assert.ok(results.slice(0, 2).every(({ id }) => id?.startsWith('prd_')))
  const again = await batch(tee('batch-new', 'BATCH-NEW'), { handle: 'batch-old', title: 'Changed' })
  assert.deepEqual(
    (again.body['results'] as { status: string }[]).map(({ status }) => status),
    ['unchanged', 'unchanged'],
  )
})

test('SKUs and barcodes of digits are not taken for payment cards, texts are', async () => {
  const luhn = '4111111111111111'
  const answer = await batch({
    handle: 'digits',
    title: 'Digits',
    variants: [{ sku: luhn, barcode: '4012888888881881' }],
  })
  assert.deepEqual(
    (answer.body['results'] as { status: string }[]).map(({ status }) => status),
    ['created'],
  )
  assert.equal((await batch({ handle: 'card', title: `Card ${luhn}`, variants: [{ sku: 'CARD' }] })).status, 422)
})

test('a full batch of 500 products goes in at once, one more row is too many', async () => {
  const rows = Array.from({ length: 500 }, (_, index) => tee(`full-${index}`, `FULL-${index}`))
  const answer = await batch(...rows)
  assert.ok((answer.body['results'] as { status: string }[]).every(({ status }) => status === 'created'))
  assert.equal((await batch(...rows, tee('full-500', 'FULL-500'))).status, 422)
  const wide = Array.from({ length: 21 }, (_, row) => ({
    handle: `wide-${row}`,
    title: 'Wide',
    variants: Array.from({ length: 240 }, (__, column) => ({ sku: `WIDE-${row}-${column}` })),
  }))
  const refused = await batch(...wide)
  assert.deepEqual([refused.status, refused.body['code'], refused.body['variantsMax']], [422, 'batch_too_large', 5_000])
  assert.equal((await batch(...wide.slice(1))).status, 200)
})

test('lists are walked page by page, newest first', async () => {
  await addCategory('paged')
  await batch(
    ...Array.from({ length: 5 }, (_, index) => ({ ...tee(`paged-${index}`, `PAGED-${index}`), categories: ['paged'] })),
  )
  const handles: string[] = []
  let cursor = ''
  do {
    const page = (await send('GET', `/v1/admin/products?category=paged&limit=2${cursor}`)).body as {
      items: { handle: string }[]
      nextCursor: string | null
    }
    handles.push(...page.items.map(({ handle }) => handle))
    cursor = page.nextCursor === null ? '' : `&cursor=${page.nextCursor}`
  } while (cursor !== '')
  assert.deepEqual(handles, ['paged-4', 'paged-3', 'paged-2', 'paged-1', 'paged-0'])
})

type RefusalRow = readonly [what: string, answer: () => Promise<Answer>, status: number, code: string]
const unknownId = 'prd_01h2xcejqtf2nbrexx3vqjhp41'
const refused: readonly RefusalRow[] = [
  ['an unknown product', () => send('GET', `/v1/admin/products/${unknownId}`), 404, 'not_found'],
  ['an id of another kind', () => send('GET', '/v1/admin/products/ord_01h2xcejqtf2nbrexx3vqjhp41'), 404, 'not_found'],
  ['an edit of an unknown product', () => patch(unknownId, 1, { title: 'X' }), 404, 'not_found'],
  ['a handle that is taken', () => post(tee('story', 'OTHER')), 409, 'handle_taken'],
  ['a SKU that is taken', () => post(tee('thief', 'STORY')), 422, 'product_invalid'],
  [
    'a bundle with itself inside',
    () =>
      post({
        ...tee('self', 'SELF'),
        variants: [{ sku: 'SELF', kind: 'bundle', components: [{ sku: 'SELF', quantity: 1 }] }],
      }),
    422,
    'product_invalid',
  ],
  ['no key', () => send('POST', '/v1/admin/products', tee('keyless', 'KEYLESS')), 400, 'idempotency_key_required'],
  ['an edit without a version', () => send('PATCH', `/v1/admin/products/${unknownId}`, {}), 428, 'if_match_required'],
  ['a handle that is edited', () => patch(unknownId, 1, { handle: 'new' }), 422, 'invalid_request'],
  ['no variants', () => post({ handle: 'bare', title: 'Bare', variants: [] }), 422, 'invalid_request'],
  [
    'an unknown kind',
    () => post({ ...tee('kind', 'KIND'), variants: [{ sku: 'KIND', kind: 'liquid' }] }),
    422,
    'invalid_request',
  ],
  [
    'a locale that is none',
    () => post({ ...tee('locale', 'LOCALE'), texts: { 'de_DE!': { title: 'X' } } }),
    422,
    'invalid_request',
  ],
  [
    'a prototype among the options',
    () => post(JSON.parse('{"handle":"proto","title":"P","variants":[{"sku":"PROTO","options":{"__proto__":"x"}}]}')),
    422,
    'invalid_request',
  ],
  ['no rows', () => batch(), 422, 'invalid_request'],
  ['a cursor of our own making', () => send('GET', '/v1/admin/products?cursor=WyJ4Il0'), 422, 'invalid_request'],
  ['a product filter that is no id', () => send('GET', '/v1/admin/variants?product=1'), 422, 'invalid_request'],
]
for (const [what, answer, status, code] of refused) {
  test(`${what}: ${status} ${code}`, async () => {
    const { status: answered, body } = await answer()
    assert.deepEqual([answered, body['code']], [status, code])
  })
}

test('the reasons of an invalid product are told place by place', async () => {
  const { body } = await post({ ...tee('thief', 'STORY'), channels: ['moon'] })
  assert.deepEqual(body['problems'], [
    { path: '/variants/0/sku', code: 'sku_taken', message: 'The SKU is a variant of another product.' },
    { path: '/channels/0', code: 'channel_unknown', message: 'There is no channel with this code.' },
  ])
})

test('a stale version is refused with the current one', async () => {
  const { body } = await post(tee('stale', 'STALE'))
  await patch(body['id'], 1, { title: 'Two' })
  const stale = await patch(body['id'], 1, { title: 'Three' })
  assert.deepEqual([stale.status, stale.body['code'], stale.body['currentVersion']], [412, 'version_mismatch', 2])
})

test('a category is added, moved and read; what would make no tree is refused with every reason', async () => {
  const camp = await addCategory('camp', { name: 'Camp', texts: { de: { name: 'Camping', handle: 'zelten' } } })
  assert.deepEqual([camp.status, camp.etag, camp.body['parent']], [201, '"1"', null])
  const tents = await addCategory('tents', { parent: 'camp', position: 5 })
  assert.equal(tents.body['parent'], 'camp')
  const path = `/v1/admin/categories/${String(tents.body['id'])}`
  const edit = (version: number, change: object, url = path) =>
    send('PATCH', url, change, { 'if-match': `"${version}"` })
  const moved = await edit(1, { parent: null, name: 'Tents' })
  assert.deepEqual([moved.status, moved.body['parent'], moved.body['version']], [200, null, 2])
  assert.deepEqual(await send('GET', path), moved)
  assert.equal((await edit(1, { name: 'Late' })).body['code'], 'version_mismatch')
  assert.equal((await edit(2, { parent: 'camp' })).status, 200)

  const problemsOf = ({ status, body }: Answer) => [
    status,
    ...(body['problems'] as { path: string; code: string }[]).map((problem) => `${problem.path} ${problem.code}`),
  ]
  assert.deepEqual(problemsOf(await addCategory('camp', { parent: 'gone', texts: { fr: { handle: 'zelten' } } })), [
    422,
    '/code code_taken',
    '/texts/fr/handle handle_taken',
    '/parent parent_unknown',
  ])
  assert.deepEqual(problemsOf(await addCategory('zelten')), [422, '/code handle_taken'])
  const root = `/v1/admin/categories/${String(camp.body['id'])}`
  assert.deepEqual(problemsOf(await edit(1, { parent: 'tents' }, root)), [422, '/parent parent_is_below'])
  assert.deepEqual(problemsOf(await edit(1, { parent: 'camp' }, root)), [422, '/parent parent_is_below'])
  for (let level = 2; level < 10; level++) {
    const parent = level === 2 ? 'tents' : `level-${level - 1}`
    assert.equal((await addCategory(`level-${level}`, { parent })).status, 201)
  }
  assert.deepEqual(problemsOf(await addCategory('level-10', { parent: 'level-9' })), [422, '/parent too_deep'])
  const { items } = (await send('GET', '/v1/admin/categories')).body as { items: { code: string }[] }
  const codes = items.map(({ code }) => code)
  assert.ok(codes.indexOf('camp') < codes.indexOf('tents') && codes.indexOf('tents') < codes.indexOf('level-2'))
})

test('an attribute is added and edited; what products may have of it cannot be taken away', async () => {
  const made = await addAttribute('colour', {
    type: 'choice',
    level: 'variant',
    filterable: true,
    choices: [{ code: 'red', name: 'Red', names: { de: 'Rot' } }],
  })
  assert.equal(made.status, 201, JSON.stringify(made.body))
  const edit = (version: number, change: object) =>
    send('PATCH', `/v1/admin/attributes/${String(made.body['id'])}`, change, { 'if-match': `"${version}"` })
  const blue = { code: 'blue', name: 'Blue' }
  const refusedEdit = await edit(1, { choices: [blue, blue], unit: 'cm' })
  assert.deepEqual(
    (refusedEdit.body['problems'] as { path: string; code: string }[]).map(({ path, code }) => `${path} ${code}`),
    ['/unit unit_not_allowed', '/choices/1/code choice_repeated', '/choices choice_removed'],
  )
  const red = { code: 'red', name: 'Crimson' }
  assert.equal((await edit(1, { choices: [red, blue] })).status, 200)
  assert.equal((await edit(2, { type: 'text' })).body['code'], 'invalid_request')
  const bad = await addAttribute('story', { type: 'text', level: 'product', filterable: true, choices: [red] })
  assert.deepEqual(
    (bad.body['problems'] as { code: string }[]).map(({ code }) => code),
    ['choices_not_allowed', 'filter_not_allowed'],
  )
  const product = await post({
    ...tee('coloured', 'COLOURED'),
    variants: [{ sku: 'COLOURED', attributes: { colour: 'blue' } }],
    rules: [{ effect: 'withhold', countries: ['US'], regions: ['US-CA'], from: '2026-01-01T00:00:00.000Z' }],
    media: [{ url: 'https://media.example.com/a.jpg', role: 'main', alt: { en: 'A tee' } }],
    content: [{ system: 'cms', ref: 'a', role: 'story' }],
  })
  assert.equal(product.status, 201, JSON.stringify(product.body))
  const read = await send('GET', `/v1/admin/products/${String(product.body['id'])}`)
  assert.deepEqual(read.body, product.body)
  assert.deepEqual(read.body['rules'], [
    { effect: 'withhold', countries: ['US'], regions: ['US-CA'], from: '2026-01-01T00:00:00.000Z' },
  ])
})

async function openShop(): Promise<void> {
  await db.inTransaction(async (tx) => {
    const actor = 'key_01h2xcejqtf2nbrexx3vqjhp41'
    const currency = 'USD' as CurrencyCode
    const entity = await createConfiguration(tx, {
      actor,
      kind: 'legalEntity',
      fields: { code: 'fernway', name: 'Fernway', country: 'US', currency, timeZone: 'America/New_York' },
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
        currency,
        currencies: [currency],
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
  })
}
