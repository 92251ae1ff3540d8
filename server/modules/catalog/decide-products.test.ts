import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Id } from '../../kernel/id.ts'
import { instantFromMs } from '../../kernel/time.ts'
import { buildBook, type Attribute, type Category } from './book.ts'
import {
  decideProducts,
  type KnownCatalog,
  type ProductDecision,
  type ProductEdit,
  type VariantEdit,
} from './decide-products.ts'
import type { Product, Variant, VariantKind } from './product.ts'

// What the catalog of these tests holds: a tee in two sizes, a mug, and a bundle of both.
// oxfmt-ignore
const shelf = [
  ['tee',     'TEE-M physical', 'TEE-L physical'],
  ['mug',     'MUG physical'],
  ['gift',    'GIFT-BOX bundle of TEE-M + 2 MUG'],
] as const

// oxfmt-ignore
const cases = [
  // rows of one batch, apart by |                            what becomes of each
  ['socks: SOCKS',                                            'created'],
  ['socks',                                                   'variants_required'],
  ['socks untitled: SOCKS',                                   'title_required'],
  ['tee',                                                     'unchanged'],
  ['tee: TEE-M',                                              'unchanged'],
  ['tee: TEE-M physical',                                     'unchanged'],
  ['tee: TEE-XL',                                             'updated'],
  ['tee: TEE-M digital',                                      'v0 kind_fixed'],
  ['tee: MUG',                                                'v0 sku_taken'],
  ['socks: SOCKS, SOCKS',                                     'v1 sku_repeated'],
  ['socks: SOCKS | socks: SOCKS-L',                           'created | handle_repeated'],
  ['socks: SOCKS | shoes: SOCKS',                             'created | v0 sku_repeated'],
  ['socks: SOCKS, socks',                                     'created'],
  ['socks: SOCKS | tee: MUG | hat: HAT',                      'created | v0 sku_taken | created'],
  ['set: SET bundle of TEE-M + 3 MUG',                        'created'],
  ['set: SET bundle',                                         'v0 components_required'],
  ['set: SET physical of TEE-M',                              'v0 components_not_allowed'],
  ['set: SET bundle of SET',                                  'v0.c0 bundle_contains_itself'],
  ['set: SET bundle of TEE-M + GIFT-BOX',                     'v0.c1 component_is_bundle'],
  ['set: SET bundle of CARD | card: CARD gift_card',          'v0.c0 component_is_gift_card | created'],
  ['set: SET bundle of TEE-M + TEE-M',                        'v0.c1 component_repeated'],
  ['set: SET bundle of TEE-M + NOTHING',                      'v0.c1 component_unknown'],
  ['set: SET bundle of HAT | hat: HAT',                       'created | created'],
  ['set: SET bundle of HAT, HAT',                             'created'],
  ['set: SET bundle of BOX | box: BOX bundle of MUG',         'v0.c0 component_is_bundle | created'],
  ['set: SET bundle of BOX | box: BOX bundle of SET',         'v0.c0 bundle_contains_itself | v0.c0 bundle_contains_itself'],
  ['a: A bundle of B | b: B bundle of C | c: C bundle of A',
    'v0.c0 bundle_contains_itself | v0.c0 bundle_contains_itself | v0.c0 bundle_contains_itself'],
  ['a: A bundle of B | b: B bundle of C | c: C bundle of MUG','v0.c0 component_is_bundle | v0.c0 component_is_bundle | created'],
  ['set: SET bundle of BOX | box: BOX bundle of BOX',         'v0.c0 component_is_bundle | v0.c0 bundle_contains_itself'],
  ['set: SET bundle of HAT | hat: HAT, MUG',                  'v0.c0 component_unknown | v1 sku_taken'],
  ['a: A, AB bundle of B | b: B, BB bundle of C | c: MUG',
    'v1.c0 component_unknown | v1.c0 component_unknown | v0 sku_taken'],
  ['gift: GIFT-BOX bundle of TEE-M + 2 MUG',                  'unchanged'],
  ['gift: GIFT-BOX',                                          'unchanged'],
  ['gift: GIFT-BOX bundle of 2 MUG + TEE-M',                  'updated'],
  ['gift: GIFT-BOX bundle of MUG',                            'updated'],
  ['gift: GIFT-BOX bundle of nothing',                        'v0 components_required'],
  ['tee in web',                                              'updated'],
  ['tee in web+moon',                                         'channel_unknown'],
  ['tee in every',                                            'unchanged'],
  ['socks in every: SOCKS',                                   'created'],
] as const

for (const [rows, expected] of cases) {
  test(rows, () => {
    const decisions = decideProducts(rows.split(' | ').map(editOf), known, numberedIds(), instantFromMs(1_000))
    assert.equal(decisions.map(told).join(' | '), expected)
  })
}

test('a product takes at most 250 variants, counting those it has', () => {
  const variants = (count: number): VariantEdit[] =>
    Array.from({ length: count }, (_, index) => ({ sku: `TEE-${index}` }))
  const decide = (count: number) =>
    decideProducts([{ handle: 'tee', variants: variants(count) }], known, numberedIds(), instantFromMs(0)).map(told)
  assert.deepEqual(decide(248), ['updated'])
  assert.deepEqual(decide(249), ['too_many_variants'])
})

test('what an edit leaves out stays, what it sets to null goes, and the version counts up', () => {
  const edit: ProductEdit = {
    handle: 'tee',
    brand: null,
    variants: [{ sku: 'TEE-L', weightGrams: 200, barcode: null }],
  }
  const [decision] = decideProducts([edit], known, numberedIds(), instantFromMs(5_000))
  assert.ok(decision?.kind === 'updated')
  const before = productOf(shelf[0])
  const [medium, large] = before.variants
  assert.deepEqual(decision.product, {
    ...before,
    brand: null,
    version: 2,
    updatedAt: 5_000,
    variants: [medium, { ...large, weightGrams: 200, barcode: null }],
  })
  assert.deepEqual(decision.newVariantIds, [])
})

test('the order of names in options and texts is not a change', () => {
  const before: Product = { ...productOf(shelf[1]), texts: { de: { title: 'Becher' }, fr: { title: 'Tasse' } } }
  const changed = { ...known, productByHandle: new Map([['mug', before]]) }
  const edits: ProductEdit[] = [{ handle: 'mug', texts: { fr: { title: 'Tasse' }, de: { title: 'Becher' } } }]
  assert.deepEqual(decideProducts(edits, changed, numberedIds(), instantFromMs(9)).map(told), ['unchanged'])
})

// oxfmt-ignore
const details: readonly (readonly [what: string, edit: Omit<ProductEdit, 'handle'>, expected: string])[] = [
  ['values of attributes',        { attributes: { material: 'linen', waterproof: true, care: 'Wash.' } },  'updated'],
  ['no value',                    { attributes: { material: null } },                                      'unchanged'],
  ['no such attribute',           { attributes: { taste: 'sweet' } },                                      '/attributes/taste attribute_unknown'],
  ['no such choice',              { attributes: { material: 'gold' } },                                    '/attributes/material value_not_a_choice'],
  ['text where a truth belongs',  { attributes: { waterproof: 'true' } },                                  '/attributes/waterproof value_not_boolean'],
  ['a number where text belongs', { attributes: { care: 5 } },                                             '/attributes/care value_not_text'],
  ["a variant's on the product",  { attributes: { colour: 'red' } },                                       '/attributes/colour attribute_of_variants'],
  ["a product's on a variant",    { variants: [{ sku: 'MUG', attributes: { care: 'x' } }] },               '/variants/0/attributes/care attribute_of_products'],
  ['text where a number belongs', { variants: [{ sku: 'MUG', attributes: { weight: '5' } }] },             '/variants/0/attributes/weight value_not_number'],
  ['categories',                  { categories: ['tops', 'hats'] },                                        'updated'],
  ['no such category',            { categories: ['tops', 'moon'] },                                        '/categories/1 category_unknown'],
  ['texts',                       { texts: { de: { title: 'Becher', handle: 'becher' } } },                'updated'],
  ['the handle of another',       { texts: { de: { handle: 'tee' } } },                                    '/texts/de/handle handle_taken'],
  ['its own handle',              { texts: { de: { handle: 'mug' } } },                                    'updated'],
  ['a picture by address',        { media: [{ url: 'https://m.example/a.jpg', role: 'main', alt: {} }] },  'updated'],
  ['a picture nowhere',           { media: [{ role: 'main', alt: {} }] },                                  '/media/0 media_without_place'],
  ['a picture in two places',     { media: [{ url: 'https://m.example', ref: 'x', role: 'main', alt: {} }] }, '/media/0 media_without_place'],
  ['a picture that runs',         { media: [{ url: 'javascript:alert(1)', role: 'main', alt: {} }] },      '/media/0/url media_address'],
  ['a picture with a password',   { media: [{ url: 'https://a:b@m.example', role: 'main', alt: {} }] },    '/media/0/url media_address'],
  ["a picture of another's",      { media: [{ ref: 'x', role: 'main', alt: {}, skus: ['TEE-M'] }] },       '/media/0/skus/0 media_sku_unknown'],
  ['a rule',                      { rules: [{ effect: 'offer', countries: ['US'], regions: ['US-CA'] }] }, 'updated'],
  ['a rule that names nothing',   { rules: [{ effect: 'withhold' }] },                                     '/rules/0 rule_names_nothing'],
  ['a rule of no time',           { rules: [{ effect: 'offer', from: instantFromMs(5), until: instantFromMs(5) }] }, '/rules/0/until rule_ends_before_it_begins'],
  ['a rule for no country',       { rules: [{ effect: 'offer', countries: ['XQ'] }] },                     '/rules/0/countries/0 country_unknown'],
  ['a rule for a region elsewhere', { rules: [{ effect: 'offer', countries: ['US'], regions: ['CA-ON'] }] }, '/rules/0/regions/0 region_elsewhere'],
  ['a rule for no channel',       { rules: [{ effect: 'offer', channels: ['moon'] }] },                    '/rules/0/channels/0 channel_unknown'],
  ['a rule for nobody',           { rules: [{ effect: 'offer', segmentIds: ['nobody' as Id<'segment'>] }] }, '/rules/0/segments/0 segment_unknown'],
  ['a rule for nowhere',          { rules: [{ effect: 'offer', locationIds: ['nowhere' as Id<'location'>] }] }, '/rules/0/locations/0 location_unknown'],
  ['a weight of a download',      { variants: [{ sku: 'PDF', kind: 'digital', weightGrams: 5 }] },         '/variants/0/weightGrams measure_not_allowed'],
  ['a size of a bundle',          { variants: [{ sku: 'BOX', kind: 'bundle', lengthMm: 5, components: [{ sku: 'MUG', quantity: 2 }] }] }, '/variants/0/lengthMm measure_not_allowed'],
  ['a mug in parts',              { variants: [{ sku: 'MUG', separable: false }] },                        '/variants/0/separable separable_not_allowed'],
]
for (const [what, edit, expected] of details) {
  test(`a mug with ${what}: ${expected}`, () => {
    const [decision] = decideProducts([{ handle: 'mug', ...edit }], known, numberedIds(), instantFromMs(1))
    assert.ok(decision !== undefined)
    const answer =
      decision.kind === 'error' ? decision.errors.map(({ path, code }) => `${path} ${code}`).join(', ') : decision.kind
    assert.equal(answer, expected)
  })
}

test('a handle of one locale is nobody else’s, also within a batch', () => {
  const rows: ProductEdit[] = [
    { handle: 'tee', texts: { de: { handle: 'hemd' } } },
    { handle: 'mug', texts: { fr: { handle: 'hemd' } } },
    { handle: 'hemd', title: 'Hemd', variants: [{ sku: 'HEMD' }] },
  ]
  assert.deepEqual(decideProducts(rows, known, numberedIds(), instantFromMs(1)).map(told), [
    'updated',
    'handle_taken',
    'handle_taken',
  ])
})

test('texts and attributes that an edit leaves out stay, null takes them away', () => {
  const before: Product = {
    ...productOf(shelf[1]),
    texts: { de: { title: 'Becher' }, fr: { title: 'Tasse' } },
    attributes: { material: 'linen', care: 'Wash.' },
  }
  const changed = { ...known, productByHandle: new Map([['mug', before]]) }
  const edit: ProductEdit = { handle: 'mug', texts: { fr: null, de: { handle: 'becher' } }, attributes: { care: null } }
  const [decision] = decideProducts([edit], changed, numberedIds(), instantFromMs(9))
  assert.ok(decision?.kind === 'updated')
  assert.deepEqual(decision.product.texts, { de: { handle: 'becher' } })
  assert.deepEqual(decision.product.attributes, { material: 'linen' })
})

test('new variants are told apart from old ones', () => {
  const rows = [editOf('tee: TEE-M, TEE-XL'), editOf('socks: SOCKS, SOCKS-L')]
  const decisions = decideProducts(rows, known, numberedIds(), instantFromMs(0))
  assert.deepEqual(
    decisions.map((decision) => ('newVariantIds' in decision ? decision.newVariantIds.length : 0)),
    [1, 2],
  )
})

// — the catalog and the rows of these tests —

const known: KnownCatalog = {
  productByHandle: new Map(shelf.map((row) => [row[0], productOf(row)])),
  variantBySku: new Map(
    shelf.flatMap((row) => {
      const product = productOf(row)
      return product.variants.map(({ id, sku, kind }) => [sku, { id, kind, productId: product.id }])
    }),
  ),
  productIdByHandle: new Map(shelf.map((row) => [row[0], productOf(row).id])),
  channelIdByCode: new Map([['web', 'web' as Id<'channel'>]]),
  book: buildBook({
    category: [categoryOf('tops'), categoryOf('hats')],
    attribute: [
      attributeOf('material', { type: 'choice', level: 'product', choices: ['merino', 'linen'] }),
      attributeOf('colour', { type: 'choice', level: 'variant', choices: ['red', 'blue'] }),
      attributeOf('weight', { type: 'number', level: 'variant' }),
      attributeOf('waterproof', { type: 'boolean', level: 'product' }),
      attributeOf('care', { type: 'text', level: 'product' }),
    ],
  }),
  unknownIds: new Set(['nowhere', 'nobody']),
  isCountry: (code) => code === 'US' || code === 'CA',
}

function categoryOf(code: string): Category {
  return {
    id: code as Id<'category'>,
    code,
    parentId: null,
    position: 0,
    name: code,
    texts: {},
    active: true,
    version: 1,
  }
}

function attributeOf(
  code: string,
  { choices = [], ...kind }: Pick<Attribute, 'type' | 'level'> & { readonly choices?: readonly string[] },
): Attribute {
  return {
    id: code as Id<'attribute'>,
    code,
    name: code,
    names: {},
    unit: null,
    filterable: true,
    position: 0,
    version: 1,
    ...kind,
    choices: choices.map((choice) => ({ code: choice, name: choice, names: {} })),
  }
}

function productOf([handle, ...variants]: readonly [string, ...string[]]): Product {
  return {
    id: handle as Id<'product'>,
    handle,
    title: handle,
    texts: {},
    description: '',
    categoryIds: [],
    brand: 'Acme',
    status: 'active',
    taxClass: 'standard',
    media: [],
    content: [],
    attributes: {},
    channelIds: null,
    rules: [],
    version: 1,
    createdAt: instantFromMs(0),
    updatedAt: instantFromMs(0),
    variants: variants.map((text): Variant => {
      const { sku, kind, components = [] } = variantOf(text)
      return {
        id: sku as Id<'variant'>,
        sku,
        title: '',
        titles: {},
        kind: kind ?? 'physical',
        status: 'active',
        barcode: 'B1',
        options: {},
        attributes: {},
        weightGrams: null,
        lengthMm: null,
        widthMm: null,
        heightMm: null,
        separable: true,
        components: components.map((part) => ({ ...part, variantId: part.sku as Id<'variant'> })),
      }
    }),
  }
}

/** `socks untitled in web: SOCKS, SET bundle of TEE-M + 2 MUG` */
function editOf(row: string): ProductEdit {
  const [head = '', variants] = row.split(': ')
  const [handle = '', ...words] = head.split(' ')
  const channels = words.includes('in') ? words.at(-1) : undefined
  return {
    handle,
    ...(words.includes('untitled') ? {} : { title: handle }),
    ...(channels === undefined ? {} : { channels: channels === 'every' ? null : channels.split('+') }),
    ...(variants === undefined ? {} : { variants: variants.split(', ').map(variantOf) }),
  }
}

/** `SET bundle of TEE-M + 2 MUG` */
function variantOf(text: string): VariantEdit {
  const [head = '', parts] = text.split(' of ')
  const [sku = '', kind] = head.split(' ')
  const components = parts?.split(' + ').filter((part) => part !== 'nothing')
  return {
    sku,
    ...(kind === undefined ? {} : { kind: kind as VariantKind }),
    ...(components === undefined
      ? {}
      : {
          components: components.map((part) => {
            const [, quantity = '1', name = ''] = /^(?:(\d+) )?(\S+)$/.exec(part) ?? []
            return { sku: name, quantity: Number(quantity) }
          }),
        }),
  }
}

/** `v0.c1 component_unknown`: the first variant's second component. */
function told(decision: ProductDecision): string {
  if (decision.kind !== 'error') return decision.kind
  return decision.errors.map(({ path, code }) => `${placeOf(path)} ${code}`.trim()).join(', ')
}

function placeOf(path: string): string {
  const [, variant, component] = /^\/variants\/(\d+)(?:\/components\/(\d+))?/.exec(path) ?? []
  return variant === undefined ? '' : component === undefined ? `v${variant}` : `v${variant}.c${component}`
}

function numberedIds() {
  let next = 0
  return {
    productId: () => `product ${++next}` as Id<'product'>,
    variantId: () => `variant ${++next}` as Id<'variant'>,
  }
}
