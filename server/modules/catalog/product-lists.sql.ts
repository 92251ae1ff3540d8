import type { Id } from '../../kernel/id.ts'
import type { Queryable } from '../../platform/db.ts'
import type { ProductStatus } from './product.ts'

/** Where a list by title stands; the next page begins behind it. */
export interface ProductPlace {
  readonly title: string
  readonly id: Id<'product'>
}

export interface OfferedPage {
  readonly channelId: Id<'channel'>
  readonly after: ProductPlace
  readonly limit: number
}

/** Before every product: titles are not empty. */
export const firstPlace: ProductPlace = { title: '', id: '00000000-0000-0000-0000-000000000000' as Id<'product'> }

// Three statements rather than one with optional filters: each has its index, and a prepared plan that would fit them
// all reads the catalog by title until it has met enough products of a rare category.

const isOffered = `product.status = 'active'
              and (product.every_channel
                   or exists (select from catalog.assortment
                               where assortment.channel_id = $1 and assortment.product_id = product.id))
              and exists (select from catalog.variant
                           where variant.product_id = product.id and variant.status = 'active')`

/** Everything a channel offers, by title. A narrow assortment is read as such, not filtered out of the catalog. */
export function listOfferedRows(source: Queryable, { channelId, after, limit }: OfferedPage): Promise<ProductPlace[]> {
  return source.rows({
    name: 'catalog.list_offered',
    text: `select id, title
             from ((select product.id, product.title from catalog.product
                     where product.status = 'active' and product.every_channel
                       and (product.title, product.id) > ($2, $3::uuid)
                       and exists (select from catalog.variant
                                    where variant.product_id = product.id and variant.status = 'active')
                     order by product.title, product.id limit $4)
                   union all
                   (select product.id, product.title
                      from catalog.assortment join catalog.product on product.id = assortment.product_id
                     where assortment.channel_id = $1 and product.status = 'active' and not product.every_channel
                       and (product.title, product.id) > ($2, $3::uuid)
                       and exists (select from catalog.variant
                                    where variant.product_id = product.id and variant.status = 'active')
                     order by product.title, product.id limit $4)) as offered
            order by title, id limit $4`,
    values: [channelId, after.title, after.id, limit],
  })
}

export function listOfferedRowsInCategory(
  source: Queryable,
  { channelId, after, limit, category }: OfferedPage & { readonly category: string },
): Promise<ProductPlace[]> {
  return source.rows({
    name: 'catalog.list_offered_in_category',
    text: `select product.id, product.title from catalog.product
            where ${isOffered}
              and product.category = $5 and (product.title, product.id) > ($2, $3::uuid)
            order by product.title, product.id limit $4`,
    values: [channelId, after.title, after.id, limit, category],
  })
}

/**
 * Products whose title, brand and category hold words that begin with each of the query's words, and those with a
 * variant of exactly this SKU.
 * @param category  null for all
 */
export function searchOfferedRows(
  source: Queryable,
  {
    channelId,
    after,
    limit,
    category,
    query,
  }: OfferedPage & { readonly category: string | null; readonly query: string },
): Promise<ProductPlace[]> {
  return source.rows({
    name: 'catalog.search_offered',
    text: `select product.id, product.title from catalog.product
            where ${isOffered}
              and ${matches('$6')}
              and ($5::text is null or product.category = $5) and (product.title, product.id) > ($2, $3::uuid)
            order by product.title, product.id limit $4`,
    values: [channelId, after.title, after.id, limit, category, query],
  })
}

export interface ProductFilter {
  readonly status: ProductStatus | null
  readonly category: string | null
  /** The last product of the page before. */
  readonly before: Id<'product'> | null
  readonly limit: number
}

/** The whole catalog, newest first. */
export function listProductIds(
  source: Queryable,
  { status, category, before, limit }: ProductFilter,
): Promise<{ readonly id: Id<'product'> }[]> {
  return source.rows({
    name: 'catalog.list_products',
    text: `select product.id from catalog.product
            where ($1::text is null or product.status = $1) and ($2::text is null or product.category = $2)
              and ($3::uuid is null or product.id < $3)
            order by product.id desc limit $4`,
    values: [status, category, before, limit],
  })
}

export function searchProductIds(
  source: Queryable,
  { status, category, before, limit, query }: ProductFilter & { readonly query: string },
): Promise<{ readonly id: Id<'product'> }[]> {
  return source.rows({
    name: 'catalog.search_products',
    text: `select product.id from catalog.product
            where ${matches('$5')}
              and ($1::text is null or product.status = $1) and ($2::text is null or product.category = $2)
              and ($3::uuid is null or product.id < $3)
            order by product.id desc limit $4`,
    values: [status, category, before, limit, query],
  })
}

/** The words as the index `product_by_words` has them; a query without words matches no words. */
function matches(parameter: string): string {
  return `(to_tsvector('simple', product.title || ' ' || coalesce(product.brand, '') || ' '
                                            || coalesce(product.category, ''))
                   @@ (select string_agg(quote_literal(word) || ':*', ' & ')::tsquery
                         from unnest(tsvector_to_array(to_tsvector('simple', ${parameter}))) as word)
                   or product.id = any(array(select variant.product_id from catalog.variant
                                              where variant.sku = ${parameter})))`
}
