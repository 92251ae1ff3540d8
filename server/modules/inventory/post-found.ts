import { must } from '../../kernel/invariant.ts'
import type { Instant } from '../../kernel/time.ts'
import { announceSupplyChange } from './announce.ts'
import type { Place } from './counter.sql.ts'
import type { GatedTx } from './gates.ts'
import { postStock, type StockEntry } from './inventory.sql.ts'
import { insertOnHand, readOnHand } from './on-hand.sql.ts'

/** Units that turned out to be at a place though the books did not hold them. */
export interface FoundUnits extends Place {
  readonly units: number
  /** The order or message that showed them. */
  readonly cause: string | null
  readonly occurredAt: Instant
}

/**
 * Books units in that must have been there, since they were seen to leave. Whoever calls this tells a person: the last
 * count of the place was wrong.
 *
 * @returns the unfenced, sellable row of each, in their order
 */
export async function postFound(tx: GatedTx, found: readonly FoundUnits[]): Promise<bigint[]> {
  const supplyIds = await ensureOnHand(tx, found)
  postStock(
    tx,
    found.map(({ units, cause, occurredAt }, index): StockEntry => ({
      supplyId: must(supplyIds[index], 'a row for every place'),
      reason: 'found',
      quantityDelta: units,
      claimedDelta: 0,
      claimId: null,
      cause,
      occurredAt,
    })),
  )
  announceSupplyChange(
    tx,
    found.map((each) => each.variantId),
  )
  return supplyIds
}

/**
 * The unfenced, sellable on-hand rows of places, made empty where a place never held the SKU.
 * @returns one for each place, in their order
 */
export async function ensureOnHand(tx: GatedTx, places: readonly Place[]): Promise<bigint[]> {
  const keys = places.map((place) => ({ ...place, disposition: 'sellable', channelId: null }) as const)
  insertOnHand(tx, keys)
  return (await readOnHand(tx, keys)).map((row) => must(row, 'a row that was just made').supplyId)
}
