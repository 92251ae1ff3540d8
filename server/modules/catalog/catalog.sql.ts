import type { Id } from '../../kernel/id.ts'
import { plainArray, type Queryable } from '../../platform/db.ts'
import type { KnownVariant } from './decide-products.ts'
import type { Offer } from './offers.ts'
import type { Product, ProductStatus, VariantKind, VariantStatus } from './product.ts'

/** A product with everything in it. */
type ProductRow = Omit<Product, 'channelIds'> & {
  readonly everyChannel: boolean
  readonly assortment: readonly Id<'channel'>[]
}

/** A product's rules as JSON, in their order. */
const rulesOf = (productId: string): string => `(select coalesce(jsonb_agg(jsonb_build_object(
                            'effect', rule.effect, 'channelIds', rule.channel_ids, 'countries', rule.countries,
                            'regions', rule.regions, 'segmentIds', rule.segment_ids, 'locationIds', rule.location_ids,
                            'from', extract(epoch from rule.valid_from) * 1000,
                            'until', extract(epoch from rule.valid_until) * 1000) order by rule.position), '[]')
                     from catalog.assortment_rule as rule where rule.product_id = ${productId})`

/** The categories a product is in itself, the main one first. */
const categoryIdsOf = (
  productId: string,
): string => `(select coalesce(array_agg(filed.category_id order by filed.position), '{}')
                     from catalog.product_category as filed where filed.product_id = ${productId})`

const productColumns = `product.id, product.handle, product.title, product.texts, product.description,
                  product.brand, product.status, product.tax_class as "taxClass", product.media, product.content,
                  product.attributes, product.every_channel as "everyChannel", product.version,
                  ${categoryIdsOf('product.id')} as "categoryIds", ${rulesOf('product.id')} as rules,
                  product.created_at as "createdAt", product.updated_at as "updatedAt",
                  (select coalesce(array_agg(assortment.channel_id order by assortment.channel_id), '{}')
                     from catalog.assortment where assortment.product_id = product.id) as assortment,
                  (select coalesce(jsonb_agg(jsonb_build_object(
                            'id', variant.id, 'sku', variant.sku, 'title', variant.title, 'titles', variant.titles,
                            'kind', variant.kind,
                            'status', variant.status, 'barcode', variant.barcode, 'weightGrams', variant.weight_grams,
                            'lengthMm', variant.length_mm, 'widthMm', variant.width_mm, 'heightMm', variant.height_mm,
                            'options', variant.options, 'attributes', variant.attributes,
                            'separable', variant.separable,
                            'components', case when variant.kind <> 'bundle' then '[]' else
                              (select coalesce(jsonb_agg(jsonb_build_object(
                                        'variantId', part.id, 'sku', part.sku, 'quantity', component.quantity)
                                        order by component.position), '[]')
                                 from catalog.bundle_component as component
                                 join catalog.variant as part on part.id = component.component_id
                                where component.bundle_id = variant.id) end)
                          order by variant.position), '[]')
                     from catalog.variant where variant.product_id = product.id) as variants`

export async function readProducts(source: Queryable, ids: readonly Id<'product'>[]): Promise<Product[]> {
  const rows = await source.rows<ProductRow>({
    name: 'catalog.read_products',
    text: `select ${productColumns} from catalog.product where product.id = any($1::uuid[])`,
    values: [plainArray(ids)],
  })
  return rows.map(productOf)
}

export async function readProductsByHandle(source: Queryable, handles: readonly string[]): Promise<Product[]> {
  const rows = await source.rows<ProductRow>({
    name: 'catalog.read_products_by_handle',
    text: `select ${productColumns} from catalog.product where product.handle = any($1::text[])`,
    values: [handles],
  })
  return rows.map(productOf)
}

function productOf({ everyChannel, assortment, ...product }: ProductRow): Product {
  return { ...product, channelIds: everyChannel ? null : assortment }
}

/** Variants by SKU, as little as other rows and rooms need to name one. */
export async function findVariants(
  source: Queryable,
  skus: readonly string[],
): Promise<Map<string, KnownVariant & { readonly stocked: boolean }>> {
  const rows = await source.rows<KnownVariant & { readonly sku: string; readonly stocked: boolean }>({
    name: 'catalog.find_variants',
    text: `select sku, id, product_id as "productId", kind, stocked from catalog.variant where sku = any($1::text[])`,
    values: [skus],
  })
  return new Map(rows.map(({ sku, ...variant }) => [sku, variant]))
}

/** The SKUs of variants, for answers that name what other rooms hold by id. */
export async function readSkus(
  source: Queryable,
  variantIds: readonly Id<'variant'>[],
): Promise<Map<Id<'variant'>, string>> {
  const rows = await source.rows<{ id: Id<'variant'>; sku: string }>({
    name: 'catalog.read_skus',
    text: 'select id, sku from catalog.variant where id = any($1::uuid[])',
    values: [plainArray(variantIds)],
  })
  return new Map(rows.map(({ id, sku }) => [id, sku]))
}

/** What a sale needs to know of a SKU, in the shape that caches keep. */
export type OfferRow = Omit<Offer, 'channelIds'> & {
  readonly everyChannel: boolean
  readonly assortment: readonly Id<'channel'>[]
}

const fullTitle = (product: string, variant: string): string =>
  `case when ${variant}.title = '' then ${product}.title else ${product}.title || ' – ' || ${variant}.title end`

export function readOffers(source: Queryable, skus: readonly string[]): Promise<OfferRow[]> {
  return source.rows({
    name: 'catalog.read_offers',
    text: `select variant.id as "variantId", product.id as "productId", variant.sku,
                  ${fullTitle('product', 'variant')} as title, variant.kind, variant.stocked,
                  case when product.status = 'active' then variant.status else product.status end as status,
                  product.tax_class as "taxClass", variant.weight_grams as "weightGrams", variant.separable,
                  (with recursive above (id, code, parent_id) as (
                     select own.id, own.code, own.parent_id
                       from catalog.product_category as filed join catalog.category as own on own.id = filed.category_id
                      where filed.product_id = product.id
                     union
                     select parent.id, parent.code, parent.parent_id
                       from above join catalog.category as parent on parent.id = above.parent_id)
                   select coalesce(array_agg(code::text order by code), '{}') from above) as categories,
                  ${rulesOf('product.id')} as rules, product.every_channel as "everyChannel",
                  (select coalesce(array_agg(assortment.channel_id), '{}')
                     from catalog.assortment where assortment.product_id = product.id) as assortment,
                  case when variant.kind <> 'bundle' then '[]' else
                    (select coalesce(jsonb_agg(jsonb_build_object(
                              'variantId', part.id, 'sku', part.sku, 'title', ${fullTitle('whole', 'part')},
                              'quantity', component.quantity, 'stocked', part.stocked,
                              'weightGrams', part.weight_grams) order by component.position), '[]')
                       from catalog.bundle_component as component
                       join catalog.variant as part on part.id = component.component_id
                       join catalog.product as whole on whole.id = part.product_id
                      where component.bundle_id = variant.id) end as components
             from catalog.variant join catalog.product on product.id = variant.product_id
            where variant.sku = any($1::text[])`,
    values: [skus],
  })
}

/** Every variant and bundle there is, sold or not, in the order of their ids. @param after  null for the first page */
export async function walkVariants(
  source: Queryable,
  { after, limit }: { readonly after: Id<'variant'> | null; readonly limit: number },
): Promise<{ readonly id: Id<'variant'>; readonly sku: string }[]> {
  return source.rows({
    name: 'catalog.walk_variants',
    text: `select id, sku from catalog.variant where id > $1 order by id limit $2`,
    values: [after ?? '00000000-0000-0000-0000-000000000000', limit],
  })
}

/**
 * SKUs of these variants, of everything that changed after a revision, and of the bundles either is in; at most
 * `limit` of them, so that a change of the whole catalog is no longer a list than the caller can use.
 */
export async function skusTouched(
  source: Queryable,
  {
    variantIds,
    since,
    limit,
  }: {
    readonly variantIds: readonly Id<'variant'>[]
    readonly since: bigint
    readonly limit: number
  },
): Promise<string[]> {
  const rows = await source.rows<{ sku: string }>({
    name: 'catalog.skus_touched',
    text: `with touched as (
             select id, sku from catalog.variant where id = any($1::uuid[])
             union
             (select id, sku from catalog.variant where revision > $2 limit $3))
           select sku from touched
           union
           select bundle.sku
             from touched
             join catalog.bundle_component as component on component.component_id = touched.id
             join catalog.variant as bundle on bundle.id = component.bundle_id
           limit $3`,
    values: [plainArray(variantIds), since, limit],
  })
  return rows.map(({ sku }) => sku)
}

/** SKUs of everything that changed after a revision, and of the bundles it is in. */
export async function skusChangedSince(source: Queryable, revision: bigint): Promise<string[]> {
  const rows = await source.rows<{ sku: string }>({
    name: 'catalog.skus_changed_since',
    text: `select sku from catalog.variant where revision > $1
           union
           select bundle.sku
             from catalog.variant
             join catalog.bundle_component as component on component.component_id = variant.id
             join catalog.variant as bundle on bundle.id = component.bundle_id
            where variant.revision > $1`,
    values: [revision],
  })
  return rows.map(({ sku }) => sku)
}

export async function variantsChangedSince(source: Queryable, revision: bigint): Promise<Id<'variant'>[]> {
  const rows = await source.rows<{ id: Id<'variant'> }>({
    name: 'catalog.variants_changed_since',
    text: 'select id from catalog.variant where revision > $1',
    values: [revision],
  })
  return rows.map(({ id }) => id)
}

/** Products of which anything changed after a revision, once for each of their handles. */
export function productsChangedSince(
  source: Queryable,
  revision: bigint,
): Promise<{ readonly id: Id<'product'>; readonly handle: string }[]> {
  return source.rows({
    name: 'catalog.products_changed_since',
    text: `select product.id, named.handle from catalog.product
             join catalog.product_handle as named on named.product_id = product.id where product.revision > $1`,
    values: [revision],
  })
}

/** Products by any handle they have or had, in whatever locale. */
export async function readProductIds(
  source: Queryable,
  handles: readonly string[],
): Promise<Map<string, Id<'product'>>> {
  const rows = await source.rows<{ id: Id<'product'>; handle: string }>({
    name: 'catalog.read_product_ids',
    text: 'select product_id as id, handle from catalog.product_handle where handle = any($1::text[])',
    values: [handles],
  })
  return new Map(rows.map(({ id, handle }) => [handle, id]))
}

export interface VariantRow {
  readonly id: Id<'variant'>
  readonly productId: Id<'product'>
  readonly sku: string
  readonly title: string
  readonly kind: VariantKind
  readonly stocked: boolean
  readonly status: VariantStatus
  readonly productStatus: ProductStatus
}

/** Variants in id order. @param page.after  the last variant of the page before */
export function listVariantRows(
  source: Queryable,
  {
    sku,
    productId,
    after,
    limit,
  }: {
    readonly sku: string | null
    readonly productId: Id<'product'> | null
    readonly after: Id<'variant'> | null
    readonly limit: number
  },
): Promise<VariantRow[]> {
  return source.rows({
    name: 'catalog.list_variants',
    text: `select variant.id, variant.product_id as "productId", variant.sku,
                  ${fullTitle('product', 'variant')} as title, variant.kind, variant.stocked, variant.status,
                  product.status as "productStatus"
             from catalog.variant join catalog.product on product.id = variant.product_id
            where ($1::text is null or variant.sku = $1) and ($2::uuid is null or variant.product_id = $2)
              and ($3::uuid is null or variant.id > $3)
            order by variant.id limit $4`,
    values: [sku, productId, after, limit],
  })
}
