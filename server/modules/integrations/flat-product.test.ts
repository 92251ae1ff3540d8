import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { newId } from '../../kernel/id.ts'
import { instantFromMs } from '../../kernel/time.ts'
import {
  readProductRow,
  variantKinds,
  type Attribute,
  type CatalogBook,
  type FlatNames,
  type Product,
} from '../catalog/index.ts'
import { readCell, writeCell, type FileRow } from './cell.ts'
import { columnOfPath, flatColumns, flatRows, readFlatProduct } from './flat-product.ts'
import { readList, writeList } from './list-cell.ts'

/* A product that goes out as rows says the same of itself when they are read. */

const attributes = [
  { code: 'material', type: 'text', level: 'product' },
  { code: 'weight', type: 'number', level: 'variant' },
  { code: 'warm', type: 'boolean', level: 'variant' },
] as const
const book = {
  attributeByCode: new Map(attributes.map((each) => [each.code, each as unknown as Attribute])),
} as unknown as CatalogBook

const names: FlatNames = {
  options: ['size', 'Colour of it'],
  attributes: attributes.map(({ code }) => code),
  texts: [
    ['de', 'title'],
    ['de', 'description'],
    ['de', 'handle'],
  ],
  variantTitles: ['de', 'fr-CA'],
}
const columns = flatColumns(names)

const line = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 12 })
  .map((text) => `${fc.sample(fc.constantFrom('', '=', "'", '+', '-'), { seed: text.length, numRuns: 1 })[0]}${text}`)
  .filter((text) => text.trim() !== '' && !/[\p{Cc}\u2028\u2029]/u.test(text) && text.isWellFormed())
const sku = line.map((text) => text.trim()).filter((text) => text.length > 0)
const some = <Value>(values: Readonly<Record<string, fc.Arbitrary<Value>>>) => fc.record(values, { requiredKeys: [] })
const handle = fc.stringMatching(/^[a-z0-9]{1,8}$/)

const products = fc.record({
  handle,
  title: line,
  texts: fc.oneof(
    fc.constant({}),
    fc.record({
      de: fc.record({ title: line, description: line, handle }, { requiredKeys: ['title'] }),
    }),
  ),
  description: fc.oneof(line, fc.constant(''), fc.constant('Two\nlines, "quoted"\r\nand more')),
  brand: fc.option(line),
  status: fc.constantFrom('draft', 'active', 'archived'),
  channels: fc.constantFrom(null, [], ['web'], ['web', 'pos']),
  attributes: some({ material: line }),
  skus: fc.uniqueArray(sku, { minLength: 1, maxLength: 4 }),
  variant: fc.record({
    title: fc.oneof(line, fc.constant('')),
    titles: some({ de: line, 'fr-CA': line }),
    kind: fc.constantFrom(...variantKinds),
    status: fc.constantFrom('active', 'archived'),
    barcode: fc.option(sku),
    weightGrams: fc.option(fc.nat({ max: 10_000 })),
    options: some({ size: line, 'Colour of it': line }),
    attributes: some<string | number | boolean>({
      weight: fc.double({ min: -1e9, max: 1e9, noNaN: true }).map((value) => (Object.is(value, -0) ? 0 : value)),
      warm: fc.boolean(),
    }),
    components: fc.uniqueArray(fc.record({ sku, quantity: fc.integer({ min: 1, max: 999 }) }), {
      selector: (part) => part.sku,
      minLength: 1,
      maxLength: 3,
    }),
  }),
})

test('what goes out comes in as it was', () => {
  fc.assert(
    fc.property(products, (drawn) => {
      // Plain objects, which fast-check does not always make.
      const { channels, skus, variant, ...said } = JSON.parse(JSON.stringify(drawn)) as typeof drawn
      const at = instantFromMs(0)
      const product = {
        ...said,
        id: newId<'product'>(),
        categoryIds: [],
        taxClass: 'standard',
        media: [],
        content: [],
        rules: [],
        channelIds: channels,
        version: 1,
        createdAt: at,
        updatedAt: at,
        variants: skus.map((each) => ({
          ...variant,
          id: newId<'variant'>(),
          sku: each,
          lengthMm: null,
          widthMm: 7,
          heightMm: 0,
          separable: true,
          components:
            variant.kind === 'bundle'
              ? variant.components.map((part) => ({ ...part, variantId: newId<'variant'>() }))
              : [],
        })),
      } as unknown as Product
      const cells = flatRows(product, columns, { channelCode: (id) => id, categoryCode: (id) => id })
      const rows = cells.map((row, index): FileRow => {
        const read = columns.map((column, place) => [column, readCell(writeCell(row[place] ?? ''))] as const)
        return { line: index + 2, cells: new Map(read), problems: [] }
      })
      const { row, problems } = readFlatProduct(rows, { before: null, book })
      assert.deepEqual([...problems], [])
      const read = readProductRow(row)
      assert.equal(read.kind, 'edit', JSON.stringify(read))
      const edit = read.kind === 'edit' ? read.edit : null
      assert.deepEqual(
        { ...edit, variants: undefined },
        {
          handle: product.handle,
          title: product.title,
          description: product.description,
          brand: product.brand,
          status: product.status,
          taxClass: 'standard',
          categories: [],
          channels,
          ...(Object.keys(product.texts).length > 0 ? { texts: product.texts } : {}),
          ...(Object.keys(product.attributes).length > 0 ? { attributes: product.attributes } : {}),
          variants: undefined,
        },
      )
      assert.deepEqual(
        edit?.variants?.map(({ attributes: told = {}, components = [], ...rest }) => ({
          ...rest,
          attributes: told,
          components,
        })),
        product.variants.map(({ components, ...rest }) => ({
          ...withoutId(rest),
          components: components.map((part) => ({ sku: part.sku, quantity: part.quantity })),
        })),
      )
    }),
    { seed: 20_261_122, numRuns: 400 },
  )
})

function withoutId<Of extends { readonly id: unknown }>(variant: Of): Omit<Of, 'id'> {
  return Object.fromEntries(Object.entries(variant).filter(([name]) => name !== 'id')) as Omit<Of, 'id'>
}

test('a list in a cell survives, whatever stands in it', () => {
  fc.assert(
    fc.property(fc.array(sku), (items) => assert.deepEqual(readList(writeList(items)), items)),
    { seed: 20_261_122 },
  )
})

const paths = [
  ['/title', 0, 'title'],
  ['/taxClass', 0, 'tax_class'],
  ['/texts/de/handle', 0, 'handle:de'],
  ['/attributes/material', 0, 'attribute:material'],
  ['/categories/2', 0, 'categories'],
  ['/variants', 0, null],
  ['/variants/3', 3, null],
  ['/variants/1/weightGrams', 1, 'weight_grams'],
  ['/variants/1/titles/fr-CA', 1, 'variant_title:fr-CA'],
  ['/variants/2/options/a~1b', 2, 'option:a/b'],
  ['/variants/2/components/0/sku', 2, 'components'],
] as const

for (const [path, index, column] of paths) {
  test(`an error at ${path} is that of row ${index}, ${column}`, () => {
    assert.deepEqual(columnOfPath(path), { index, column })
  })
}
