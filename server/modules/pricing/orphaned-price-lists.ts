import type { Tx } from '../../platform/db.ts'
import { raiseRevision } from '../../platform/revision.ts'
import type { Channel } from '../merchant/index.ts'
import { isUsable } from './check-pricing.ts'
import { readPricing } from './pricing.sql.ts'

/**
 * Codes of the price lists that some channel can use as channels are and none could as they would be. Lists that are
 * over are nobody's concern. Whoever saves a list meanwhile waits for the transaction, and is checked against what it did.
 */
export async function orphanedPriceLists(
  tx: Tx,
  { before, after }: { readonly before: readonly Channel[]; readonly after: readonly Channel[] },
): Promise<string[]> {
  await raiseRevision(tx, 'pricing')
  const { priceLists } = await readPricing(tx)
  return priceLists
    .filter(({ validUntil }) => validUntil === null || validUntil > tx.at)
    .filter((list) => isUsable(list, before) && !isUsable(list, after))
    .map(({ code }) => code)
}
