import { isDeepStrictEqual } from 'node:util'
import type { Id } from '../../kernel/id.ts'
import { must } from '../../kernel/invariant.ts'
import { readRevisions } from '../../platform/revision.ts'
import {
  readFlatNames,
  readProductRow,
  readProducts,
  readProductsByHandle,
  variantKinds,
  walkProductIds,
  type Product,
  type ProductDecision,
  type ProductEdit,
  type VariantKind,
} from '../catalog/index.ts'
import { textIn, type FileRow, type Problem } from './cell.ts'
import { accepted, neighbourRefused, refusedRow, type FileKind, type RowOutcome } from './file-kind.ts'
import { insertForeseen, readForeseen } from './files.sql.ts'
import { columnOfPath, flatColumns, flatRows, readFlatProduct } from './flat-product.ts'
import { readList } from './list-cell.ts'

/** Up to the 250 variants of one product more; the catalog's writers wait for some 100 ms. */
const ROWS_PER_PART = 250
const PRODUCTS_PER_PAGE = 100

/** Products with their variants, a row a variant; what a product says stands on its first row. */
export const productsFile: FileKind = {
  name: 'products',
  columns: [
    { name: 'handle', about: 'Which product; those of one stand together.', required: true },
    { name: 'sku', about: 'Which of its variants.', required: true, code: true },
    { name: 'title', about: 'Of the product, on its first row; a new one needs it.' },
    { name: 'description', about: 'Of the product.' },
    { name: 'brand', about: 'Of the product.' },
    { name: 'status', about: '`draft`, `active` or `archived`; empty leaves it.' },
    { name: 'tax_class', about: 'Such as `standard`; empty leaves it.' },
    { name: 'categories', about: 'Codes, the main one first: `tents|outdoor`.' },
    { name: 'channels', about: 'Codes; `*` for every channel, `-` for none; empty leaves them.' },
    { name: 'title:', about: '`title:de`: the title in another locale.' },
    { name: 'description:', about: '`description:de`.' },
    { name: 'handle:', about: "`handle:de`: its name in that locale's addresses." },
    { name: 'variant_title', about: 'Tells the variant from the others.' },
    { name: 'variant_title:', about: '`variant_title:de`.' },
    { name: 'kind', about: `${variantKinds.map((kind) => `\`${kind}\``).join(', ')}; empty: physical, or as it is.` },
    { name: 'variant_status', about: '`active` or `archived`; empty leaves it.' },
    { name: 'barcode', about: 'Of the variant.', code: true },
    { name: 'weight_grams', about: 'Whole grams.' },
    { name: 'length_mm', about: 'Whole millimetres.' },
    { name: 'width_mm', about: 'Whole millimetres.' },
    { name: 'height_mm', about: 'Whole millimetres.' },
    { name: 'option:', about: '`option:size`: what shoppers choose by.' },
    {
      name: 'attribute:',
      about: '`attribute:material`, by the code; of the product on its first row, else of the variant.',
    },
    { name: 'separable', about: '`true` or `false`, of a bundle: whether its parts may be shipped apart.' },
    { name: 'components', about: 'Of a bundle: `2*MUG|1*TEE-M`; empty leaves them.', code: true },
  ],
  rowsPerPart: ROWS_PER_PART,
  placeOf(row) {
    const sku = textIn(row, 'sku') ?? ''
    const isBundle = textIn(row, 'kind') === 'bundle' || (textIn(row, 'components') ?? '') !== ''
    return {
      group: textIn(row, 'handle') ?? '',
      key: sku === '' ? null : sku,
      stage: isBundle ? 1 : 0,
      subject: sku === '' ? null : sku,
    }
  },
  taking: {
    kind: 'joined',
    async take({ rooms }, tx, { importId, rows, actor, dryRun }) {
      const groups = [...Map.groupBy(rows, groupOf)]
      const revisions = await readRevisions(tx)
      const [book, products] = await Promise.all([
        rooms.catalog.bookAt(tx, revisions.catalog),
        readProductsByHandle(
          tx,
          groups.map(([handle]) => handle),
        ),
      ])
      const productByHandle = new Map(products.map((product) => [product.handle, product]))
      const read = groups.map(([handle, group]) => readGroup(group, productByHandle.get(handle) ?? null, book))
      const edits = read.flatMap(({ edit }) => edit ?? [])
      const assumed = dryRun ? await readAssumed() : new Map<string, VariantKind>()
      const foreseen = await rooms.catalog.foreseeProducts(tx, { edits, assumed })
      const news = foreseen.flatMap((each) =>
        each.kind === 'created' || each.kind === 'updated' ? each.product.variants : [],
      )
      if (dryRun && news.length > 0) insertForeseen(tx, importId, news)
      // A file that says nothing new takes no lock, and leaves the caches of all nodes as they are.
      const decisions = dryRun || news.length === 0 ? foreseen : await rooms.catalog.saveProducts(tx, { actor, edits })
      const answers = decisions.values()
      return read.flatMap((group) =>
        group.edit === null
          ? refuseGroup(group.rows, group.problems)
          : outcomesOf(group, must(answers.next().value, 'a decision for every product')),
      )

      /** What bundles of the file may contain though it is not there: rows before have told that they would make it. */
      async function readAssumed(): Promise<Map<string, VariantKind>> {
        const skus = rows.flatMap((row) =>
          readList(textIn(row, 'components') ?? '').map((part) => part.replace(/^\d+\*/, '')),
        )
        if (skus.length === 0) return new Map()
        const variants = await readForeseen(tx, importId, [...new Set(skus)])
        return new Map(variants.map(({ sku, kind }) => [sku, kind as VariantKind]))
      }
    },
  },
  async *walk({ db, rooms }) {
    const names = await readFlatNames(db)
    const columns = flatColumns(names)
    yield [columns]
    let after: Id<'product'> | null = null
    for (;;) {
      const ids: Id<'product'>[] = await walkProductIds(db, { after, limit: PRODUCTS_PER_PAGE })
      const [products, { channelById }, { categoryById }] = await Promise.all([
        readProducts(db, ids),
        rooms.merchant.currentBook(),
        rooms.catalog.currentBook(),
      ])
      const productById = new Map(products.map((product) => [product.id, product]))
      const codes = {
        channelCode: (id: Id<'channel'>) => must(channelById.get(id), 'a channel of the assortment').code,
        categoryCode: (id: Id<'category'>) => must(categoryById.get(id), 'a category of a product').code,
      }
      yield ids.flatMap((id) => flatRows(must(productById.get(id), 'a product just listed'), columns, codes))
      after = ids.at(-1) ?? null
      if (ids.length < PRODUCTS_PER_PAGE) return
    }
  },
}

/** Rows apart from those they belong to are refused, and do not spoil them. */
function groupOf(row: FileRow): string {
  const handle = textIn(row, 'handle') ?? ''
  return row.problems.some(({ code }) => code === 'rows_apart') ? `${handle} apart` : handle
}

interface ReadGroup {
  readonly rows: readonly FileRow[]
  readonly before: Product | null
  /** Null when something is wrong with a row. */
  readonly edit: ProductEdit | null
  readonly problems: ReadonlyMap<number, readonly Problem[]>
}

function readGroup(
  rows: readonly FileRow[],
  before: Product | null,
  book: Parameters<typeof readFlatProduct>[1]['book'],
): ReadGroup {
  const flat = readFlatProduct(rows, { before, book })
  const problems = new Map(flat.problems)
  const read = readProductRow(flat.row)
  // What a cell could not be read for is said once, in its own words.
  if (read.kind === 'invalid') addErrors(problems, rows, read.errors)
  const isFit = read.kind === 'edit' && problems.size === 0
  return { rows, before, edit: isFit ? read.edit : null, problems }
}

interface PathError {
  readonly path: string
  readonly code: string
  readonly message: string
}

function addErrors(
  problems: Map<number, readonly Problem[]>,
  rows: readonly FileRow[],
  errors: readonly PathError[],
): void {
  for (const { path, code, message } of errors) {
    const { index, column } = columnOfPath(path)
    const row = rows[index] ?? must(rows[0], 'a row of a product')
    const known = problems.get(row.line) ?? []
    if (column !== null && known.some((problem) => problem.column === column)) continue
    const value = column === null ? null : (row.cells.get(column) ?? null)
    problems.set(row.line, [...known, { column, value, code, message }])
  }
}

function outcomesOf({ rows, before, problems }: ReadGroup, decision: ProductDecision): RowOutcome[] {
  if (decision.kind === 'error') {
    const told = new Map(problems)
    addErrors(told, rows, decision.errors)
    return refuseGroup(rows, told)
  }
  const { variants, version: _, updatedAt: __, ...product } = decision.product
  const isProductChanged = decision.kind === 'updated' && !isSameProduct(product, before)
  return rows.map((row, index) => {
    const sku = textIn(row, 'sku') ?? ''
    if (decision.kind !== 'updated') return accepted(row.line, decision.kind, sku)
    const was = before?.variants.find((variant) => variant.sku === sku)
    const is = variants.find((variant) => variant.sku === sku)
    if (was === undefined) return accepted(row.line, 'created', sku)
    const isChanged = (index === 0 && isProductChanged) || !isDeepStrictEqual(was, is)
    return accepted(row.line, isChanged ? 'changed' : 'unchanged', sku)
  })
}

function isSameProduct(product: Omit<Product, 'variants' | 'version' | 'updatedAt'>, before: Product | null): boolean {
  if (before === null) return false
  const { variants: _, version: __, updatedAt: ___, ...was } = before
  return isDeepStrictEqual(product, was)
}

/** The catalog takes a product whole or not at all. */
function refuseGroup(rows: readonly FileRow[], problems: ReadonlyMap<number, readonly Problem[]>): RowOutcome[] {
  const spoiler = [...problems.keys()][0] ?? rows[0]?.line ?? 0
  return rows.map((row) => {
    const own = problems.get(row.line) ?? [neighbourRefused(spoiler)]
    return refusedRow(row.line, textIn(row, 'sku') ?? null, own)
  })
}
