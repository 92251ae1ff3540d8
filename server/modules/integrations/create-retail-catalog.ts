import { createHash } from 'node:crypto'
import { money } from '../../kernel/money.ts'
import type { Db } from '../../platform/db.ts'
import { findVariants, type Catalog, type ProductEdit } from '../catalog/index.ts'
import type { Pricing } from '../pricing/index.ts'
import { expectDone } from './expect-done.ts'
import { inParts } from './in-parts.ts'
import { GBP } from './plan-retail-invoice.ts'
import type { RetailSku } from './plan-retail-import.ts'
import { IMPORT_ACTOR, type RetailShop } from './prepare-retail-shop.ts'

/** The most the catalog's door takes at once. */
const PRODUCTS_PER_COMMAND = 500

export interface CatalogDeps {
  readonly db: Db
  readonly catalog: Pick<Catalog, 'saveProducts'>
  readonly pricing: Pick<Pricing, 'setPrices'>
}

/**
 * Adds a product with one variant for every SKU that the catalog does not have, offered in the import's channel alone,
 * with its price where it was ever sold for money. A SKU the merchant sells already is theirs: it stays as it is.
 *
 * @returns how many were new
 */
export async function createRetailCatalog(
  { db, catalog, pricing }: CatalogDeps,
  { channel, priceListId }: RetailShop,
  skus: readonly RetailSku[],
): Promise<number> {
  const known = await findVariants(
    db,
    skus.map(({ sku }) => sku),
  )
  const missing = skus.filter(({ sku }) => !known.has(sku))
  for (const part of inParts(missing, PRODUCTS_PER_COMMAND)) {
    const products = part.map((each) => productOf(each, channel.code))
    const prices = part.flatMap(({ sku, priceMinor }) =>
      priceMinor === null ? [] : [{ sku, price: money(priceMinor, GBP) }],
    )
    // Together: a SKU that is there has its price.
    await db.inTransaction(async (tx) => {
      const saved = await catalog.saveProducts(tx, { actor: IMPORT_ACTOR, edits: products })
      expectDone(
        saved.every(({ kind }) => kind === 'created'),
        'catalog',
        saved,
      )
      const priced = await pricing.setPrices(tx, { actor: IMPORT_ACTOR, priceListId, edits: prices })
      const isSet = priced.kind === 'done' && priced.results.every(({ kind }) => kind === 'set')
      expectDone(isSet, 'price list', priced)
    })
  }
  return missing.length
}

function productOf({ sku, title }: RetailSku, channel: string): ProductEdit {
  return { handle: handleOf(sku), title, channels: [channel], variants: [{ sku, kind: 'physical' }] }
}

/** Never a handle of the merchant's own, nor one of another SKU. */
function handleOf(sku: string): string {
  const words = sku.toLowerCase().match(/[a-z0-9]+/g) ?? []
  const isPlain = words.join('') === sku.toLowerCase()
  const suffix = isPlain ? [] : [createHash('sha256').update(sku).digest('hex').slice(0, 8)]
  return ['online-retail', ...words, ...suffix].join('-')
}
