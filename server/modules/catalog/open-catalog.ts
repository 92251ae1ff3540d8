import type { Id } from '../../kernel/id.ts'
import type { Queryable, Tx } from '../../platform/db.ts'
import { RevisionedMap } from '../../platform/revision.ts'
import { productsChangedSince, readProductIds, readProducts } from './catalog.sql.ts'
import type { ProductDecision, ProductEdit } from './decide-products.ts'
import { cacheOffers, cacheSkus, OFFERS_MAX, type Offer } from './offers.ts'
import type { Product } from './product.ts'
import {
  createProduct,
  editProduct,
  saveProducts,
  type CreateProductOutcome,
  type EditProductOutcome,
  type SaveProductsDeps,
} from './save-products.ts'

/** What is sold. Reads go through this node's caches and answer what the database holds at `revision` or later. */
export interface Catalog {
  /** Offers by SKU as written; a SKU that does not exist is left out. */
  offersAt(source: Queryable, revision: bigint, skus: Iterable<string>): Promise<Map<string, Offer>>
  offersByVariantAt(
    source: Queryable,
    revision: bigint,
    variantIds: Iterable<Id<'variant'>>,
  ): Promise<Map<Id<'variant'>, Offer>>
  /** Products with all their variants, whatever their status. */
  productsAt(source: Queryable, revision: bigint, ids: Iterable<Id<'product'>>): Promise<Map<Id<'product'>, Product>>
  productIdsByHandleAt(
    source: Queryable,
    revision: bigint,
    handles: Iterable<string>,
  ): Promise<Map<string, Id<'product'>>>
  /** See `saveProducts`: up to 500 rows a call. */
  saveProducts(
    tx: Tx,
    command: { readonly actor: string; readonly edits: readonly ProductEdit[] },
  ): Promise<ProductDecision[]>
  createProduct(tx: Tx, command: { readonly actor: string; readonly edit: ProductEdit }): Promise<CreateProductOutcome>
  editProduct(
    tx: Tx,
    command: {
      readonly actor: string
      readonly id: Id<'product'>
      readonly seenVersion: number
      readonly edit: Omit<ProductEdit, 'handle'>
    },
  ): Promise<EditProductOutcome>
}

export interface CatalogDeps extends SaveProductsDeps {
  /** Offers that a node keeps; the other caches follow it. */
  readonly offersMax?: number
}

export function openCatalog({ offersMax = OFFERS_MAX, ...deps }: CatalogDeps): Catalog {
  const offers = cacheOffers(offersMax)
  const skus = cacheSkus(offersMax)
  // A product with its texts and variants takes several times the memory of an offer.
  const productsMax = Math.ceil(offersMax / 10)
  const products = new RevisionedMap<Id<'product'>, Product>({
    entriesMax: productsMax,
    changedSince: async (source, revision) => (await productsChangedSince(source, revision)).map(({ id }) => id),
    load: async (source, ids) => new Map((await readProducts(source, ids)).map((product) => [product.id, product])),
  })
  const idsByHandle = new RevisionedMap<string, Id<'product'>>({
    entriesMax: productsMax,
    changedSince: async (source, revision) =>
      (await productsChangedSince(source, revision)).map(({ handle }) => handle),
    load: readProductIds,
  })
  return {
    offersAt: (source, revision, wanted) => offers.at(source, revision, wanted),
    async offersByVariantAt(source, revision, variantIds) {
      const skuByVariant = await skus.at(source, revision, variantIds)
      const found = await offers.at(source, revision, skuByVariant.values())
      return new Map([...found.values()].map((offer) => [offer.variantId, offer]))
    },
    productsAt: (source, revision, ids) => products.at(source, revision, ids),
    productIdsByHandleAt: (source, revision, handles) => idsByHandle.at(source, revision, handles),
    saveProducts: (tx, command) => saveProducts(deps, tx, command),
    createProduct: (tx, command) => createProduct(deps, tx, command),
    editProduct: (tx, command) => editProduct(deps, tx, command),
  }
}
