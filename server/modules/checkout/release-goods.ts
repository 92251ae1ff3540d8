import type { Id } from '../../kernel/id.ts'
import type { Db, Tx } from '../../platform/db.ts'
import { deleteExpiredQuotes, lockCartsOfExpiredQuotes, readCartLines } from '../carts/index.ts'
import { freeClaims, lockGates, readClaimedVariants } from '../inventory/index.ts'

/** A cart may hold the gates of all its SKUs: a hundred carts keep the transaction well under its two seconds. */
const BATCH_MAX = 100

/** Frees what quotes claimed for the lines of carts. The caller holds the carts' locks; gates are locked here, after. */
export async function releaseGoods(
  tx: Tx,
  held: readonly { readonly cartId: Id<'cart'>; readonly lineIds: readonly Id<'cartLine'>[] }[],
): Promise<void> {
  const cartByLine = new Map<string, Id<'cart'>>(
    held.flatMap(({ cartId, lineIds }) => lineIds.map((lineId) => [lineId, cartId] as const)),
  )
  const lineIds = [...cartByLine.keys()]
  const variants = await readClaimedVariants(tx, lineIds)
  if (variants.length === 0) return
  const gated = await lockGates(
    tx,
    variants.map((each) => each.variant_id),
  )
  await freeClaims(gated, lineIds, { reason: 'freed', causeOf: (lineId) => cartByLine.get(lineId) ?? null })
}

/**
 * Takes back quotes whose time is over and gives their goods to everybody. One whose cart is just being ordered is left
 * alone: the order takes over its claims, late or not.
 * @returns how many; a full batch means there may be more
 */
export async function expireQuotes(db: Db): Promise<number> {
  return db.inTransaction(async (tx) => {
    const carts = await lockCartsOfExpiredQuotes(tx, BATCH_MAX)
    if (carts.length === 0) return 0
    const expired = await deleteExpiredQuotes(
      tx,
      carts.map((cart) => cart.id),
    )
    const holding = expired.flatMap((quote) => (quote.holds_goods ? [quote.cart_id] : []))
    if (holding.length > 0) {
      const lines = Map.groupBy(await readCartLines(tx, holding), (line) => line.cart_id)
      await releaseGoods(
        tx,
        [...lines].map(([cartId, ofCart]) => ({ cartId, lineIds: ofCart.map((line) => line.id) })),
      )
    }
    return expired.length
  })
}
