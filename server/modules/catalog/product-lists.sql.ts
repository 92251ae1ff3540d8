import type { Id } from '../../kernel/id.ts'
import type { Queryable } from '../../platform/db.ts'
import type { ProductStatus } from './product.ts'

export interface ProductFilter {
  readonly status: ProductStatus | null
  readonly categoryId: Id<'category'> | null
  /** The last product of the page before. */
  readonly before: Id<'product'> | null
  readonly limit: number
}

const isAsked = `($1::text is null or product.status = $1)
              and ($2::uuid is null or exists (select from catalog.product_category as filed
                                                where filed.product_id = product.id and filed.category_id = $2))
              and ($3::uuid is null or product.id < $3)`

/** The whole catalog, newest first. */
export function listProductIds(
  source: Queryable,
  { status, categoryId, before, limit }: ProductFilter,
): Promise<{ readonly id: Id<'product'> }[]> {
  return source.rows({
    name: 'catalog.list_products',
    text: `select product.id from catalog.product where ${isAsked} order by product.id desc limit $4`,
    values: [status, categoryId, before, limit],
  })
}

/** Products found by words, whatever their status, and those with a variant of exactly this SKU. */
export function searchProductIds(
  source: Queryable,
  {
    status,
    categoryId,
    before,
    limit,
    sku,
    words,
  }: ProductFilter & { readonly sku: string; readonly words: readonly string[] },
): Promise<{ readonly id: Id<'product'> }[]> {
  return source.rows({
    name: 'catalog.search_products',
    text: `with found as materialized (
             select product_id as id from catalog.search_entry
              where document @@ (select string_agg(quote_literal(word) || ':*', ' & ')::tsquery
                                   from unnest($6::text[]) as word)
             union
             select product_id from catalog.variant where sku = $5)
           select product.id from found join catalog.product using (id)
            where ${isAsked} order by product.id desc limit $4`,
    values: [status, categoryId, before, limit, sku, words],
  })
}
