import type { Id } from '../../kernel/id.ts'
import { must } from '../../kernel/invariant.ts'
import type { AttributeValue, CatalogBook, FlatNames, Product, ProductTexts, Variant } from '../catalog/index.ts'
import { textIn, type FileRow, type Problem } from './cell.ts'
import { readList, writeList } from './list-cell.ts'

/*
 * A product as rows of a flat file, and back. What a file does not have columns for stays as it is: media, references
 * to content, and the rules of the assortment are no flat things.
 */

const measures = {
  weight_grams: 'weightGrams',
  length_mm: 'lengthMm',
  width_mm: 'widthMm',
  height_mm: 'heightMm',
} as const
const members = ['title', 'description', 'handle'] as const

const productColumns = ['handle', 'title', 'description', 'brand', 'status', 'tax_class', 'categories', 'channels']
const variantColumns = [
  'variant_title',
  'kind',
  'variant_status',
  'barcode',
  ...Object.keys(measures),
  'separable',
  'components',
]

/** The columns of a catalog's whole file. */
export function flatColumns({ options, attributes, texts, variantTitles }: FlatNames): string[] {
  return [
    ...productColumns,
    ...texts.map(([locale, member]) => `${member}:${locale}`),
    'sku',
    ...variantColumns,
    ...variantTitles.map((locale) => `variant_title:${locale}`),
    ...options.map((name) => `option:${name}`),
    ...attributes.map((code) => `attribute:${code}`),
  ]
}

export interface Codes {
  readonly channelCode: (id: Id<'channel'>) => string
  readonly categoryCode: (id: Id<'category'>) => string
}

/** A row a variant; what the product says stands on the first. */
export function flatRows(product: Product, columns: readonly string[], codes: Codes): string[][] {
  return product.variants.map((variant, index) =>
    columns.map(
      (column) =>
        variantText(variant, column) ??
        (column === 'handle' ? product.handle : index > 0 ? '' : productText(product, column, codes)),
    ),
  )
}

function productText(product: Product, column: string, { channelCode, categoryCode }: Codes): string {
  const [base, name] = split(column)
  if (name !== null && base === 'attribute') return valueText(product.attributes[name])
  if (name !== null) return product.texts[name]?.[base as keyof ProductTexts] ?? ''
  switch (base) {
    case 'title':
      return product.title
    case 'description':
      return product.description
    case 'brand':
      return product.brand ?? ''
    case 'status':
      return product.status
    case 'tax_class':
      return product.taxClass
    case 'categories':
      return writeList(product.categoryIds.map(categoryCode))
    case 'channels':
      return channelsText(product.channelIds?.map(channelCode) ?? null)
    default:
      return ''
  }
}

function channelsText(codes: readonly string[] | null): string {
  if (codes === null) return '*'
  return codes.length === 0 ? '-' : writeList(codes)
}

/** Null for what is not the variant's to say. */
function variantText(variant: Variant, column: string): string | null {
  const [base, name] = split(column)
  if (name !== null) {
    if (base === 'option') return variant.options[name] ?? ''
    if (base === 'variant_title') return variant.titles[name] ?? ''
    return base === 'attribute' && name in variant.attributes ? valueText(variant.attributes[name]) : null
  }
  switch (base) {
    case 'sku':
      return variant.sku
    case 'variant_title':
      return variant.title
    case 'kind':
      return variant.kind
    case 'variant_status':
      return variant.status
    case 'barcode':
      return variant.barcode ?? ''
    case 'weight_grams':
    case 'length_mm':
    case 'width_mm':
    case 'height_mm':
      return String(variant[measures[base]] ?? '')
    case 'separable':
      return String(variant.separable)
    case 'components':
      return writeList(variant.components.map(({ sku, quantity }) => `${quantity}*${sku}`))
    default:
      return null
  }
}

function valueText(value: AttributeValue | undefined): string {
  return value === undefined ? '' : String(value)
}

/** `option:size` → `option`, `size`; `sku` → `sku`, null. */
function split(column: string): readonly [string, string | null] {
  const colon = column.indexOf(':')
  return colon < 0 ? [column, null] : [column.slice(0, colon), column.slice(colon + 1)]
}

export interface FlatProduct {
  /** As the API takes a row of a batch; not judged yet. */
  readonly row: object
  /** What no cell could be read as, by line. */
  readonly problems: ReadonlyMap<number, readonly Problem[]>
}

/** Reads the rows of one product, in their order. @param before  as it is; null when it is new */
export function readFlatProduct(
  rows: readonly FileRow[],
  { before, book }: { readonly before: Product | null; readonly book: CatalogBook },
): FlatProduct {
  const problems = new Map(
    rows.flatMap(({ line, problems: known }) => (known.length > 0 ? [[line, known] as const] : [])),
  )
  const refuse = ({ line, cells }: FileRow, column: string, code: string, message: string): void => {
    const value = cells.get(column) ?? null
    problems.set(line, [...(problems.get(line) ?? []), { column, value, code, message }])
  }
  const first = must(rows[0], 'a row of a product')
  for (const row of rows) {
    if ((textIn(row, 'sku') ?? '') === '') refuse(row, 'sku', 'value_required', 'A row needs a value here.')
    for (const [column, cell] of row.cells) {
      if (row === first || cell === '' || !isOfProduct(column, book)) continue
      if (cell !== first.cells.get(column)) {
        refuse(
          row,
          column,
          'differs_from_first',
          `The product says something else on line ${first.line}; leave this empty.`,
        )
      }
    }
    for (const [column, cell] of row.cells) {
      const [base, code] = split(column)
      if (base === 'attribute' && code !== null && cell.trim() !== '' && !book.attributeByCode.has(code)) {
        refuse(row, column, 'attribute_unknown', 'There is no attribute with this code.')
      }
    }
  }
  const variants = rows.map((row) => readVariant(row, { before, book, refuse: refuse.bind(null, row) }))
  return { row: { ...readProduct(first, before, book), variants }, problems }
}

function isOfProduct(column: string, { attributeByCode }: CatalogBook): boolean {
  const [base, name] = split(column)
  if (base === 'attribute') return name !== null && attributeByCode.get(name)?.level === 'product'
  return base !== 'handle' || name !== null ? [...productColumns, ...members].includes(base) : false
}

function readProduct(row: FileRow, before: Product | null, book: CatalogBook): object {
  const { cells } = row
  const title = cells.get('title') ?? ''
  const description = cells.get('description')
  const brand = cells.get('brand')
  const status = textIn(row, 'status') ?? ''
  const taxClass = textIn(row, 'tax_class') ?? ''
  const categories = textIn(row, 'categories')
  const channels = textIn(row, 'channels') ?? ''
  const texts = readTexts(row, before)
  const attributes = readAttributes(row, 'product', before?.attributes ?? {}, book)
  return {
    handle: textIn(row, 'handle') ?? '',
    ...(title.trim() === '' ? {} : { title }),
    ...(description === undefined ? {} : { description }),
    ...(brand === undefined ? {} : { brand: brand.trim() === '' ? null : brand }),
    ...(status === '' ? {} : { status }),
    ...(taxClass === '' ? {} : { taxClass }),
    ...(categories === undefined ? {} : { categories: readList(categories) }),
    ...(channels === '' ? {} : { channels: channels === '*' ? null : channels === '-' ? [] : readList(channels) }),
    ...(Object.keys(texts).length === 0 ? {} : { texts }),
    ...(Object.keys(attributes).length === 0 ? {} : { attributes }),
  }
}

/** The catalog replaces what a locale says whole: what the file has no column for is told again. */
function readTexts(row: FileRow, before: Product | null): Record<string, ProductTexts | null> {
  const texts: Record<string, Record<string, string>> = {}
  for (const [column, cell] of row.cells) {
    const [base, locale] = split(column)
    const member = members.find((each) => each === base)
    if (locale === null || member === undefined) continue
    const local = (texts[locale] ??= { ...before?.texts[locale] })
    if (cell.trim() === '') delete local[member]
    else local[member] = member === 'handle' ? cell.trim() : cell
  }
  return Object.fromEntries(
    Object.entries(texts).flatMap(([locale, local]): [string, ProductTexts | null][] => {
      if (Object.keys(local).length > 0) return [[locale, local]]
      return before?.texts[locale] === undefined ? [] : [[locale, null]]
    }),
  )
}

function readAttributes(
  { cells }: FileRow,
  level: 'product' | 'variant',
  before: Product['attributes'],
  { attributeByCode }: CatalogBook,
): Record<string, AttributeValue | null> {
  const read: Record<string, AttributeValue | null> = {}
  for (const [column, cell] of cells) {
    const [base, code] = split(column)
    const attribute = base === 'attribute' && code !== null ? attributeByCode.get(code) : undefined
    if (attribute?.level !== level || code === null) continue
    const text = cell.trim()
    if (text !== '') read[code] = attribute.type === 'text' ? cell : valueOf(text, attribute.type)
    else if (code in before) read[code] = null
  }
  return read
}

/** As the catalog judges it: what is no number stays text, and is refused there. */
function valueOf(text: string, type: 'number' | 'boolean' | 'choice'): AttributeValue {
  if (type === 'number' && /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(text)) return Number(text)
  if (type === 'boolean' && (text === 'true' || text === 'false')) return text === 'true'
  return text
}

interface VariantReading {
  readonly before: Product | null
  readonly book: CatalogBook
  readonly refuse: (column: string, code: string, message: string) => void
}

function readVariant(row: FileRow, { before: product, book, refuse }: VariantReading): object {
  const sku = textIn(row, 'sku') ?? ''
  const before = product?.variants.find((variant) => variant.sku === sku)
  const title = row.cells.get('variant_title')
  const kind = textIn(row, 'kind') ?? ''
  const status = textIn(row, 'variant_status') ?? ''
  const barcode = textIn(row, 'barcode')
  const separable = textIn(row, 'separable') ?? ''
  const components = textIn(row, 'components') ?? ''
  if (separable !== '' && separable !== 'true' && separable !== 'false') {
    refuse('separable', 'not_a_choice', 'This is neither true nor false.')
  }
  const attributes = readAttributes(row, 'variant', before?.attributes ?? {}, book)
  return {
    sku,
    ...(title === undefined ? {} : { title }),
    ...named(row, 'variant_title', 'titles', before?.titles ?? {}),
    ...(kind === '' ? {} : { kind }),
    ...(status === '' ? {} : { status }),
    ...(barcode === undefined ? {} : { barcode: barcode === '' ? null : barcode }),
    ...readMeasures(row, refuse),
    ...named(row, 'option', 'options', before?.options ?? {}),
    ...(separable === '' ? {} : { separable: separable === 'true' }),
    ...(components === '' ? {} : { components: readComponents(components, refuse) }),
    ...(Object.keys(attributes).length === 0 ? {} : { attributes }),
  }
}

/** The catalog replaces these whole: what the file has no column for is told again. */
function named(
  { cells }: FileRow,
  base: string,
  member: 'titles' | 'options',
  before: Readonly<Record<string, string>>,
): object {
  const after = { ...before }
  let isTold = false
  for (const [column, cell] of cells) {
    const [of, name] = split(column)
    if (of !== base || name === null) continue
    isTold = true
    if (cell.trim() === '') delete after[name]
    else after[name] = cell
  }
  return isTold ? { [member]: after } : {}
}

function readMeasures(row: FileRow, refuse: VariantReading['refuse']): object {
  const read: Record<string, number | null> = {}
  for (const [column, member] of Object.entries(measures)) {
    const text = textIn(row, column)
    if (text === undefined) continue
    if (text !== '' && !/^\d{1,9}$/.test(text))
      refuse(column, 'not_a_whole_number', 'This is not a whole number, in digits alone.')
    else read[member] = text === '' ? null : Number(text)
  }
  return read
}

function readComponents(text: string, refuse: VariantReading['refuse']): object[] {
  return readList(text).flatMap((item) => {
    const [, quantity, sku] = /^(\d{1,7})\*(.+)$/.exec(item) ?? []
    if (quantity !== undefined && sku !== undefined) return [{ sku, quantity: Number(quantity) }]
    refuse(
      'components',
      'not_a_component',
      'A component is a quantity, a star and a SKU: `2*MUG`, with bars between several.',
    )
    return []
  })
}

const columnByMember: Readonly<Record<string, string>> = {
  taxClass: 'tax_class',
  weightGrams: 'weight_grams',
  lengthMm: 'length_mm',
  widthMm: 'width_mm',
  heightMm: 'height_mm',
}

/**
 * Which cell an error of the catalog is about. @param path  a JSON pointer into the product
 * @returns the row's place among the product's, and its column; null when no column is meant
 */
export function columnOfPath(path: string): { readonly index: number; readonly column: string | null } {
  const [, member = '', second, third = '', fourth] = path.split('/').map(unescape)
  if (member === 'variants' && second !== undefined) {
    const index = Number(second)
    switch (third) {
      case '':
        return { index, column: null }
      case 'title':
        return { index, column: 'variant_title' }
      case 'titles':
        return { index, column: `variant_title:${fourth}` }
      case 'status':
        return { index, column: 'variant_status' }
      case 'options':
        return { index, column: `option:${fourth}` }
      case 'attributes':
        return { index, column: `attribute:${fourth}` }
      default:
        return { index, column: columnByMember[third] ?? third }
    }
  }
  if (member === 'texts') return { index: 0, column: third === '' ? null : `${third}:${second}` }
  if (member === 'attributes') return { index: 0, column: `attribute:${second}` }
  return { index: 0, column: member === '' || member === 'variants' ? null : (columnByMember[member] ?? member) }
}

function unescape(step: string): string {
  return step.replaceAll('~1', '/').replaceAll('~0', '~')
}
