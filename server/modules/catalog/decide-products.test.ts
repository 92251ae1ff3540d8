import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Id } from '../../kernel/id.ts'
import { instantFromMs } from '../../kernel/time.ts'
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
  ['set: SET bundle of TEE-M + TEE-M',                        'v0.c1 component_repeated'],
  ['set: SET bundle of TEE-M + NOTHING',                      'v0.c1 component_unknown'],
  ['set: SET bundle of HAT | hat: HAT',                       'created | created'],
  ['set: SET bundle of HAT, HAT',                             'created'],
  ['set: SET bundle of BOX | box: BOX bundle of MUG',         'v0.c0 component_is_bundle | created'],
  ['set: SET bundle of BOX | box: BOX bundle of SET',         'v0.c0 component_is_bundle | v0.c0 component_is_bundle'],
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

test('the order of names in options and titles is not a change', () => {
  const before: Product = { ...productOf(shelf[1]), titles: { de: 'Becher', fr: 'Tasse' } }
  const changed = { ...known, productByHandle: new Map([['mug', before]]) }
  const edits: ProductEdit[] = [{ handle: 'mug', titles: { fr: 'Tasse', de: 'Becher' } }]
  assert.deepEqual(decideProducts(edits, changed, numberedIds(), instantFromMs(9)).map(told), ['unchanged'])
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
  channelIdByCode: new Map([['web', 'web' as Id<'channel'>]]),
}

function productOf([handle, ...variants]: readonly [string, ...string[]]): Product {
  return {
    id: handle as Id<'product'>,
    handle,
    title: handle,
    titles: {},
    description: '',
    category: null,
    brand: 'Acme',
    status: 'active',
    taxClass: 'standard',
    contentRef: null,
    channelIds: null,
    version: 1,
    createdAt: instantFromMs(0),
    updatedAt: instantFromMs(0),
    variants: variants.map((text): Variant => {
      const { sku, kind, components = [] } = variantOf(text)
      return {
        id: sku as Id<'variant'>,
        sku,
        title: '',
        kind: kind ?? 'physical',
        status: 'active',
        barcode: 'B1',
        options: {},
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
