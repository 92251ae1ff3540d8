export { isOffered, type Assortment, type AssortmentRule, type Buyer } from './assortment.ts'
export {
  lookUpLocale,
  subtreeOf,
  trailOf,
  type Attribute,
  type CatalogBook,
  type Category,
  type Choice,
} from './book.ts'
export { findVariants, readProducts, readProductsByHandle, readSkus, skusTouched, walkVariants } from './catalog.sql.ts'
export { events } from './catalog.events.ts'
export { mountCatalog } from './catalog.http.ts'
export { refusals, type CatalogRefusal } from './catalog.refusals.ts'
export type { RuleEdit } from './check-details.ts'
export type { ProductDecision, ProductEdit, VariantEdit } from './decide-products.ts'
export {
  countFacets,
  findProducts,
  type AttributeFacet,
  type Facets,
  type FoundProducts,
  type ProductQuestion,
} from './find-products.ts'
export type { Offer, OfferComponent } from './offers.ts'
export { openCatalog, type Catalog, type CatalogDeps } from './open-catalog.ts'
export type { AttributeFilter, Filters, RangeFilter } from './plan-search.ts'
export type { FindUnknownPlaces, OnVariantsCreated } from './ports.ts'
export { variantKinds } from './product.ts'
export type {
  AttributeValue,
  AttributeValues,
  BundleComponent,
  ContentRef,
  Media,
  Product,
  ProductStatus,
  ProductTexts,
  Variant,
  VariantKind,
  VariantStatus,
} from './product.ts'
export { readProductRow, type ReadProductRow } from './read-product-row.ts'
export { VARIANTS_PER_PRODUCT_MAX, type RowError } from './row-errors.ts'
export type { CreateProductOutcome, EditProductOutcome, SaveProductRefusal } from './save-products.ts'
export type { ProductPlace } from './search.sql.ts'
export { readFlatNames, walkProductIds, type FlatNames } from './flat-products.sql.ts'
export type { NewTaxonomy } from './save-taxonomy.ts'
