import { Type, type Static } from 'typebox'
import { formatId, type Id } from '../../kernel/id.ts'
import { must, unreachable } from '../../kernel/invariant.ts'
import { commitIf } from '../../platform/commit-if.ts'
import type { Db } from '../../platform/db.ts'
import {
  actorOf,
  decodeCursor,
  encodeCursor,
  expectedVersion,
  idJson,
  line,
  once,
  page,
  pageQuery,
  readId,
  refuse,
  refusePlatform,
  sendVersion,
  Sku,
  strict,
  type App,
} from '../../platform/http/index.ts'
import type { Merchant } from '../merchant/index.ts'
import { listVariantRows, readProducts } from './catalog.sql.ts'
import { refusals } from './catalog.refusals.ts'
import type { ProductDecision } from './decide-products.ts'
import type { Catalog } from './open-catalog.ts'
import { readProductRow } from './read-product-row.ts'
import {
  NewProductBody,
  ProductEditBody,
  ProductJson,
  productJson,
  readProductEdit,
  ProductResult,
  ProductRow,
  VariantListItem,
} from './product-json.ts'
import { searchedWords } from './plan-search.ts'
import { TaxonomyCode } from './taxonomy-json.ts'
import { mountTaxonomy } from './taxonomy.http.ts'
import { listProductIds, searchProductIds } from './product-lists.sql.ts'
import type { Product } from './product.ts'

export interface CatalogHttpDeps {
  readonly db: Db
  readonly catalog: Catalog
  readonly merchant: Merchant
}

/** One transaction each; a batch of this size holds the catalog's writers for about 60 ms. */
const BATCH_PRODUCTS_MAX = 500
/** Written with one statement, which must stay well below the two seconds a statement may take. */
const BATCH_VARIANTS_MAX = 5_000
/** 5,000 variants of 1 kB, and room for descriptions. */
const BATCH_BODY_BYTES_MAX = 8_388_608

const tags = ['catalog']
const params = strict({ id: idJson('product') })
const read = { scope: 'catalog:read' } as const
const foreignCursor = { errors: [{ path: '/cursor', message: 'is not of this list' }] }

const listQuery = strict({
  ...pageQuery,
  query: Type.Optional(line(200, { description: 'Beginnings of words of title, brand and category, or a SKU.' })),
  category: Type.Optional(TaxonomyCode),
  status: Type.Optional(ProductJson.properties.status),
})

const BatchBody = strict({
  products: Type.Array(
    // A row that is not one is answered as such, so that the others go in.
    Type.Union([ProductRow, Type.Unknown()]),
    { minItems: 1, maxItems: BATCH_PRODUCTS_MAX },
  ),
})

export function mountCatalog(app: App, deps: CatalogHttpDeps): void {
  const { db, catalog } = deps
  mountTaxonomy(app, deps)

  app.get(
    '/v1/admin/products',
    {
      schema: {
        summary: 'Lists products, newest first',
        tags,
        querystring: listQuery,
        response: { 200: page(ProductJson) },
      },
      config: read,
    },
    async (request, reply) => {
      const { limit, cursor, query, category = null, status = null } = request.query
      const before = cursor === undefined ? ([null] as const) : decodeCursor(cursor, ['uuid'])
      if (before === null) return refusePlatform(reply, 'invalid_request', foreignCursor)
      const { categoryByCode } = await catalog.currentBook()
      const categoryId = category === null ? null : categoryByCode.get(category)?.id
      if (categoryId === undefined) return reply.send({ items: [], nextCursor: null })
      const filter = { categoryId, status, before: before[0] as Id<'product'> | null, limit: limit + 1 }
      const rows = await (query === undefined
        ? listProductIds(db, filter)
        : searchProductIds(db, { ...filter, sku: query, words: searchedWords(query) }))
      const ids = rows.slice(0, limit).map(({ id }) => id)
      const productById = new Map((await readProducts(db, ids)).map((product) => [product.id, product]))
      const view = await viewer(deps)
      const last = rows.length > limit ? ids.at(-1) : undefined
      return reply.send({
        items: ids.map((id) => view(must(productById.get(id), 'a product, of which none is ever deleted'))),
        nextCursor: last === undefined ? null : encodeCursor([last]),
      })
    },
  )

  app.get(
    '/v1/admin/products/:id',
    {
      schema: { summary: 'Reads a product with its variants', tags, params, response: { 200: ProductJson } },
      config: read,
    },
    async (request, reply) => {
      const [product] = await readProducts(db, [readId('product', request.params.id)])
      if (product === undefined) return refusePlatform(reply, 'not_found')
      const view = await viewer(deps)
      return sendVersion(reply, product.version).send(view(product))
    },
  )

  app.post(
    '/v1/admin/products',
    {
      schema: {
        summary: 'Adds a product with its variants',
        tags,
        body: NewProductBody,
        response: { 201: ProductJson },
      },
      config: { scope: 'catalog:write', idempotent: 'key', refusals },
    },
    async (request, reply) => {
      // Before the transaction: inside, a second connection would be asked for while the first is held.
      const view = await viewer(deps)
      return once({ db }, request, reply, {
        refusals,
        work: async (tx) => {
          const outcome = await catalog.createProduct(tx, {
            actor: actorOf(request.caller),
            edit: readProductEdit(request.body),
          })
          return outcome.kind === 'refused'
            ? { refuse: outcome.refusal }
            : { status: 201, stored: view(outcome.product) }
        },
        render: (stored) => {
          sendVersion(reply, stored.version)
          return stored
        },
      })
    },
  )

  app.patch(
    '/v1/admin/products/:id',
    {
      schema: {
        summary: 'Edits a product and its variants',
        tags,
        params,
        body: ProductEditBody,
        response: { 200: ProductJson },
      },
      config: { scope: 'catalog:write', idempotent: 'natural', ifMatch: 'required', refusals },
    },
    async (request, reply) => {
      const command = {
        actor: actorOf(request.caller),
        id: readId('product', request.params.id),
        seenVersion: expectedVersion(request),
        edit: readProductEdit(request.body),
      }
      const outcome = await commitIf(
        db,
        (tx) => catalog.editProduct(tx, command),
        ({ kind }) => kind === 'edited',
      )
      switch (outcome.kind) {
        case 'edited': {
          const view = await viewer(deps)
          return sendVersion(reply, outcome.product.version).send(view(outcome.product))
        }
        case 'unknown':
          return refusePlatform(reply, 'not_found')
        case 'version_mismatch':
          return refusePlatform(reply, 'version_mismatch', { currentVersion: outcome.currentVersion })
        case 'refused':
          return refuse(reply, refusals, outcome.refusal)
        default:
          return unreachable(outcome)
      }
    },
  )

  app.post(
    '/v1/admin/products/batch',
    {
      schema: {
        summary: 'Adds and changes up to 500 products by handle, their variants by SKU',
        description:
          'Rows with errors are left out and answered with every error; the others are saved. ' +
          'What a row leaves out stays as it is. The same batch again changes nothing.',
        tags,
        body: BatchBody,
        response: { 200: strict({ results: Type.Array(ProductResult) }) },
      },
      config: { scope: 'catalog:write', idempotent: 'natural', refusals },
      bodyLimit: BATCH_BODY_BYTES_MAX,
    },
    async (request, reply) => {
      const rows = request.body.products.map(readProductRow)
      const edits = rows.flatMap((row) => (row.kind === 'edit' ? [row.edit] : []))
      const variantCount = edits.reduce((count, { variants = [] }) => count + variants.length, 0)
      if (variantCount > BATCH_VARIANTS_MAX) {
        return refuse(reply, refusals, { code: 'batch_too_large', variantsMax: BATCH_VARIANTS_MAX })
      }
      const command = { actor: actorOf(request.caller), edits }
      const saved = await commitIf(
        db,
        (tx) => catalog.saveProducts(tx, command),
        (decisions) => decisions.some(({ kind }) => kind === 'created' || kind === 'updated'),
      )
      const decisions = saved.values()
      const results = rows.map((row, index) =>
        row.kind === 'edit'
          ? resultOf(must(decisions.next().value, 'a decision an edit'), index)
          : { index, status: 'error' as const, errors: [...row.errors] },
      )
      return reply.send({ results })
    },
  )

  app.get(
    '/v1/admin/variants',
    {
      schema: {
        summary: 'Lists variants, all or by SKU or product',
        tags,
        querystring: strict({ ...pageQuery, sku: Type.Optional(Sku), product: Type.Optional(idJson('product')) }),
        response: { 200: page(VariantListItem) },
      },
      config: read,
    },
    async (request, reply) => {
      const { limit, cursor, sku = null, product } = request.query
      const after = cursor === undefined ? ([null] as const) : decodeCursor(cursor, ['uuid'])
      if (after === null) return refusePlatform(reply, 'invalid_request', foreignCursor)
      const rows = await listVariantRows(db, {
        sku,
        productId: product === undefined ? null : readId('product', product),
        after: after[0] as Id<'variant'> | null,
        limit: limit + 1,
      })
      const last = rows.length > limit ? rows[limit - 1] : undefined
      return reply.send({
        items: rows.slice(0, limit).map(({ id, productId, ...row }) => {
          return { ...row, id: formatId('variant', id), productId: formatId('product', productId) }
        }),
        nextCursor: last === undefined ? null : encodeCursor([last.id]),
      })
    },
  )
}

/** Products name channels and categories by code, which stays, so any book that knows them will do. */
async function viewer({
  merchant,
  catalog,
}: CatalogHttpDeps): Promise<(product: Product) => Static<typeof ProductJson>> {
  const [{ channelById }, { categoryById }] = await Promise.all([merchant.currentBook(), catalog.currentBook()])
  return (product) => productJson(product, { channelById, categoryById })
}

function resultOf(decision: ProductDecision, index: number): Static<typeof ProductResult> {
  return decision.kind === 'error'
    ? { index, status: 'error', errors: [...decision.errors] }
    : { index, status: decision.kind, id: formatId('product', decision.product.id) }
}
