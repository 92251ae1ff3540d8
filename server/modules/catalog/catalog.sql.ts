import type { Id } from '../../kernel/id.ts'
import { formatInstant } from '../../kernel/time.ts'
import { plainArray, type Queryable, type Tx } from '../../platform/db.ts'
import type { KnownVariant } from './decide-products.ts'
import type { Offer } from './offers.ts'
import {
  isStocked,
  type Product,
  type ProductStatus,
  type Variant,
  type VariantKind,
  type VariantStatus,
} from './product.ts'

/** A product with everything in it. */
type ProductRow = Omit<Product, 'channelIds'> & {
  readonly everyChannel: boolean
  readonly assortment: readonly Id<'channel'>[]
}

const productColumns = `product.id, product.handle, product.title, product.titles, product.description,
                  product.category, product.brand, product.status, product.tax_class as "taxClass",
                  product.content_ref as "contentRef", product.every_channel as "everyChannel", product.version,
                  product.created_at as "createdAt", product.updated_at as "updatedAt",
                  (select coalesce(array_agg(assortment.channel_id order by assortment.channel_id), '{}')
                     from catalog.assortment where assortment.product_id = product.id) as assortment,
                  (select coalesce(jsonb_agg(jsonb_build_object(
                            'id', variant.id, 'sku', variant.sku, 'title', variant.title, 'kind', variant.kind,
                            'status', variant.status, 'barcode', variant.barcode, 'weightGrams', variant.weight_grams,
                            'lengthMm', variant.length_mm, 'widthMm', variant.width_mm, 'heightMm', variant.height_mm,
                            'options', variant.options, 'separable', variant.separable,
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

/**
 * Writes products whole, new or not, with their variants, components and assortment, and without waiting. Writers of
 * the catalog wait for each other on its revision and have just read what they replace. Nothing is ever deleted but
 * components and assortment: what was sold stays known.
 */
export function putProducts(tx: Tx, products: readonly Product[], revision: bigint): void {
  if (products.length === 0) return
  putProductRows(tx, products, revision)
  putVariantRows(tx, products, revision)
  const bundles = products.flatMap(({ variants }) => variants.filter(({ kind }) => kind === 'bundle'))
  if (bundles.length > 0) replaceComponents(tx, bundles)
  replaceAssortment(tx, products)
}

function putProductRows(tx: Tx, products: readonly Product[], revision: bigint): void {
  tx.send({
    name: 'catalog.put_products',
    text: `insert into catalog.product (id, handle, title, titles, description, category, brand, status, tax_class,
                                        content_ref, every_channel, version, revision, created_at, updated_at)
           select id, handle, title, titles::jsonb, description, category, brand, status, tax_class,
                  content_ref, every_channel, version, $13::bigint, $14::timestamptz, $14::timestamptz
             from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
                         $8::text[], $9::text[], $10::text[], $11::boolean[], $12::int[])
               as put (id, handle, title, titles, description, category, brand, status, tax_class, content_ref,
                       every_channel, version)
           on conflict (id) do update
              set title = excluded.title, titles = excluded.titles, description = excluded.description,
                  category = excluded.category, brand = excluded.brand, status = excluded.status,
                  tax_class = excluded.tax_class, content_ref = excluded.content_ref,
                  every_channel = excluded.every_channel, version = excluded.version, revision = excluded.revision,
                  updated_at = excluded.updated_at`,
    values: [
      plainArray(products.map(({ id }) => id)),
      products.map(({ handle }) => handle),
      products.map(({ title }) => title),
      products.map(({ titles }) => JSON.stringify(titles)),
      products.map(({ description }) => description),
      products.map(({ category }) => category),
      products.map(({ brand }) => brand),
      plainArray(products.map(({ status }) => status)),
      products.map(({ taxClass }) => taxClass),
      products.map(({ contentRef }) => contentRef),
      plainArray(products.map(({ channelIds }) => String(channelIds === null))),
      plainArray(products.map(({ version }) => version)),
      revision,
      formatInstant(tx.at),
    ],
  })
}

/** All variants of the products, so that each carries the revision of its product. */
function putVariantRows(tx: Tx, products: readonly Product[], revision: bigint): void {
  const rows = products.flatMap(({ id, variants }) =>
    variants.map((variant, position) => ({ productId: id, position, variant })),
  )
  const column = <Value>(of: (variant: Variant) => Value): Value[] => rows.map(({ variant }) => of(variant))
  tx.send({
    name: 'catalog.put_variants',
    text: `insert into catalog.variant (id, product_id, sku, title, position, kind, stocked, status, barcode,
                                        weight_grams, length_mm, width_mm, height_mm, options, separable, revision)
           select id, product_id, sku, title, position, kind, stocked, status, barcode, weight_grams,
                  length_mm, width_mm, height_mm, options::jsonb, separable, $16::bigint
             from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::int[], $6::text[], $7::boolean[],
                         $8::text[], $9::text[], $10::int[], $11::int[], $12::int[], $13::int[], $14::text[],
                         $15::boolean[])
               as put (id, product_id, sku, title, position, kind, stocked, status, barcode, weight_grams,
                       length_mm, width_mm, height_mm, options, separable)
           on conflict (id) do update
              set title = excluded.title, position = excluded.position, status = excluded.status,
                  barcode = excluded.barcode, weight_grams = excluded.weight_grams, length_mm = excluded.length_mm,
                  width_mm = excluded.width_mm, height_mm = excluded.height_mm, options = excluded.options,
                  separable = excluded.separable, revision = excluded.revision`,
    values: [
      plainArray(column(({ id }) => id)),
      plainArray(rows.map(({ productId }) => productId)),
      column(({ sku }) => sku),
      column(({ title }) => title),
      plainArray(rows.map(({ position }) => position)),
      plainArray(column(({ kind }) => kind)),
      plainArray(column(({ kind }) => String(isStocked(kind)))),
      plainArray(column(({ status }) => status)),
      column(({ barcode }) => barcode),
      plainArray(column(({ weightGrams }) => weightGrams)),
      plainArray(column(({ lengthMm }) => lengthMm)),
      plainArray(column(({ widthMm }) => widthMm)),
      plainArray(column(({ heightMm }) => heightMm)),
      column(({ options }) => JSON.stringify(options)),
      plainArray(column(({ separable }) => String(separable))),
      revision,
    ],
  })
}

function replaceComponents(tx: Tx, bundles: readonly Variant[]): void {
  const rows = bundles.flatMap(({ id, components }) =>
    components.map(({ variantId, quantity }, position) => ({ bundleId: id, variantId, quantity, position })),
  )
  tx.send({
    name: 'catalog.delete_components',
    text: 'delete from catalog.bundle_component where bundle_id = any($1::uuid[])',
    values: [plainArray(bundles.map(({ id }) => id))],
  })
  tx.send({
    name: 'catalog.insert_components',
    text: `insert into catalog.bundle_component (bundle_id, component_id, quantity, position)
           select * from unnest($1::uuid[], $2::uuid[], $3::int[], $4::int[])`,
    values: [
      plainArray(rows.map(({ bundleId }) => bundleId)),
      plainArray(rows.map(({ variantId }) => variantId)),
      plainArray(rows.map(({ quantity }) => quantity)),
      plainArray(rows.map(({ position }) => position)),
    ],
  })
}

function replaceAssortment(tx: Tx, products: readonly Product[]): void {
  const rows = products.flatMap(({ id, channelIds }) => (channelIds ?? []).map((channelId) => ({ id, channelId })))
  tx.send({
    name: 'catalog.delete_assortment',
    text: 'delete from catalog.assortment where product_id = any($1::uuid[])',
    values: [plainArray(products.map(({ id }) => id))],
  })
  if (rows.length === 0) return
  tx.send({
    name: 'catalog.insert_assortment',
    text: `insert into catalog.assortment (channel_id, product_id) select * from unnest($1::uuid[], $2::uuid[])`,
    values: [plainArray(rows.map(({ channelId }) => channelId)), plainArray(rows.map(({ id }) => id))],
  })
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
    text: `select variant.id as "variantId", product.id as "productId", product.category, variant.sku,
                  ${fullTitle('product', 'variant')} as title, variant.kind, variant.stocked,
                  case when product.status = 'active' then variant.status else product.status end as status,
                  product.tax_class as "taxClass", variant.weight_grams as "weightGrams", variant.separable,
                  product.every_channel as "everyChannel",
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

/** Products of which anything changed after a revision. */
export function productsChangedSince(
  source: Queryable,
  revision: bigint,
): Promise<{ readonly id: Id<'product'>; readonly handle: string }[]> {
  return source.rows({
    name: 'catalog.products_changed_since',
    text: 'select id, handle from catalog.product where revision > $1',
    values: [revision],
  })
}

export async function readProductIds(
  source: Queryable,
  handles: readonly string[],
): Promise<Map<string, Id<'product'>>> {
  const rows = await source.rows<{ id: Id<'product'>; handle: string }>({
    name: 'catalog.read_product_ids',
    text: 'select id, handle from catalog.product where handle = any($1::text[])',
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
