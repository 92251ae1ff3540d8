import type { Queryable, Tx } from '../../platform/db.ts'
import { readRevisions } from '../../platform/revision.ts'
import type { Id } from '../../kernel/id.ts'
import type { Merchant } from '../merchant/index.ts'
import { buildBook } from './book.ts'
import { readProducts } from './catalog.sql.ts'
import { planEntry } from './plan-entry.ts'
import type { Product } from './product.ts'
import { addSearchWords, putSearchEntries } from './search-entries.sql.ts'
import { errorsForgiven, stubsOf } from './search-words.ts'
import { readTaxonomy } from './taxonomy.sql.ts'

/** Writes what lists and search look through, for products as they are being saved. */
export async function indexProducts(
  { merchant }: { readonly merchant: Merchant },
  tx: Tx,
  products: readonly Product[],
): Promise<void> {
  const [taxonomy, revisions] = await Promise.all([readTaxonomy(tx), readRevisions(tx)])
  const { rows } = await merchant.bookAt(tx, revisions.merchant)
  const locales = [...new Set(rows.channel.map(({ locale }) => locale))]
  const book = buildBook(taxonomy)
  const entries = products.map((product) => planEntry(product, { book, locales }))
  putSearchEntries(tx, entries)
  const words = new Set(entries.flatMap(({ texts }) => texts.flatMap(({ words: each }) => each.filter(isForgiving))))
  addSearchWords(
    tx,
    [...words].toSorted().map((word) => ({ word, stubs: stubsOf(word) })),
  )
}

/** SKUs, numbers and short words are meant as they are typed: nothing is looked up for them. */
function isForgiving(word: string): boolean {
  return errorsForgiven(word) > 0
}

/** The same for products that were written by other means, such as a restored backup of tables. */
export async function reindexProducts(
  deps: { readonly merchant: Merchant },
  tx: Tx & Queryable,
  ids: readonly Id<'product'>[],
): Promise<void> {
  await indexProducts(deps, tx, await readProducts(tx, ids))
}
