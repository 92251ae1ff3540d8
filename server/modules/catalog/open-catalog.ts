import type { Id } from '../../kernel/id.ts'
import type { Instant } from '../../kernel/time.ts'
import type { Db, Queryable, Tx } from '../../platform/db.ts'
import { readRevisions, RevisionedBook, RevisionedMap } from '../../platform/revision.ts'
import { buildBook, type CatalogBook } from './book.ts'
import { productsChangedSince, readProductIds, readProducts } from './catalog.sql.ts'
import type { ProductDecision, ProductEdit } from './decide-products.ts'
import type { TaxonomyByKind, TaxonomyKind } from './check-taxonomy.ts'
import { reindexProducts } from './index-products.ts'
import { cacheOffers, cacheSkus, OFFERS_MAX, type Offer } from './offers.ts'
import type { Product, VariantKind } from './product.ts'
import {
  createProduct,
  editProduct,
  foreseeProducts,
  saveProducts,
  type CreateProductOutcome,
  type EditProductOutcome,
  type SaveProductsDeps,
} from './save-products.ts'
import {
  createTaxonomy,
  editTaxonomy,
  type CreateTaxonomyOutcome,
  type EditTaxonomyOutcome,
  type NewTaxonomy,
  type TaxonomyChanges,
} from './save-taxonomy.ts'
import { readNextAssortmentChange, readTaxonomy } from './taxonomy.sql.ts'

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
  /** Categories and attributes, kept whole in memory on every node. */
  bookAt(source: Queryable, revision: bigint): Promise<CatalogBook>
  /** The book as the database holds it now: asks for the revision first. */
  currentBook(): Promise<CatalogBook>
  /** When the next rule of some assortment begins or ends to hold; null when none does. */
  nextAssortmentChange(source: Queryable, at: Instant): Promise<Instant | null>
  /** By any handle a product has or had, in whatever locale. */
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
  /** See `foreseeProducts`. */
  foreseeProducts(
    tx: Tx,
    command: { readonly edits: readonly ProductEdit[]; readonly assumed: ReadonlyMap<string, VariantKind> },
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
  createTaxonomy<Kind extends TaxonomyKind>(
    tx: Tx,
    command: { readonly actor: string; readonly kind: Kind; readonly fields: NewTaxonomy<Kind> },
  ): Promise<CreateTaxonomyOutcome<Kind>>
  editTaxonomy<Kind extends TaxonomyKind>(
    tx: Tx,
    command: {
      readonly actor: string
      readonly kind: Kind
      readonly id: TaxonomyByKind[Kind]['id']
      readonly seenVersion: number
      readonly changes: TaxonomyChanges<Kind>
    },
  ): Promise<EditTaxonomyOutcome<Kind>>
  /** Writes what lists and search look through, for products that were written by other means. */
  reindexProducts(tx: Tx, ids: readonly Id<'product'>[]): Promise<void>
}

export interface CatalogDeps extends SaveProductsDeps {
  readonly db: Db
  /** Offers that a node keeps; the other caches follow it. */
  readonly offersMax?: number
}

export function openCatalog({ db, offersMax = OFFERS_MAX, ...deps }: CatalogDeps): Catalog {
  const books = new RevisionedBook(async (source: Queryable) => buildBook(await readTaxonomy(source)))
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
    bookAt: (source, revision) => books.at(source, revision),
    currentBook: async () => books.at(db, (await readRevisions(db)).catalog),
    nextAssortmentChange: readNextAssortmentChange,
    productIdsByHandleAt: (source, revision, handles) => idsByHandle.at(source, revision, handles),
    saveProducts: (tx, command) => saveProducts(deps, tx, command),
    foreseeProducts: (tx, command) => foreseeProducts(deps, tx, command),
    createProduct: (tx, command) => createProduct(deps, tx, command),
    editProduct: (tx, command) => editProduct(deps, tx, command),
    createTaxonomy,
    editTaxonomy,
    reindexProducts: (tx, ids) => reindexProducts(deps, tx, ids),
  }
}
