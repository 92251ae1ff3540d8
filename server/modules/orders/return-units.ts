import type { Id } from '../../kernel/id.ts'
import type { Tx } from '../../platform/db.ts'
import { raiseExceptions } from '../exceptions/index.ts'
import { lockFreeOrdersOfDemand, lockOrdersOfDemand, readOrdersOfDemand, returnUnits } from './demand.sql.ts'

/** Units whose claim was taken away because the goods are not there. */
export interface FreedUnits {
  readonly demandKind: string
  readonly demandId: string
  readonly stage: 'reserved' | 'allocated'
  readonly units: number
}

/**
 * Orders' side of "physical truth wins", handed to inventory by the composition root: orders are locked before gates,
 * and units that lost their claim are pending again, with an exception until somebody finds supply for them.
 */
export const demandOwner = {
  lockDemand: lockOrdersOfDemand,

  async lockDemandIfFree(tx: Tx, demandIds: readonly string[]): Promise<readonly string[]> {
    return (await lockFreeOrdersOfDemand(tx, demandIds)).map((row) => row.id)
  },

  async unitsFreed(tx: Tx, freed: readonly FreedUnits[]): Promise<void> {
    const ofOrders = freed.filter((each) => each.demandKind === 'demand_line')
    if (ofOrders.length === 0) return
    // A reserved claim is an unpaid order's: its units never left `pending`.
    const allocated = sumByDemand(ofOrders.filter((each) => each.stage === 'allocated'))
    if (allocated.length > 0) await returnUnits(tx, allocated)
    const owners = await readOrdersOfDemand(
      tx,
      ofOrders.map((each) => each.demandId),
    )
    const unitsByDemand = new Map(sumByDemand(ofOrders).map((each) => [each.demandId, each.units]))
    const byOrder = Map.groupBy(owners, (owner) => owner.order_id)
    await raiseExceptions(
      tx,
      [...byOrder].map(([orderId, lines]) =>
        missingUnits(
          orderId,
          lines.map(({ id, sku }) => ({ sku, units: unitsByDemand.get(id) ?? 0 })),
        ),
      ),
    )
  },
}

/** What an operator is told when units of an accepted order have no supply. */
export function missingUnits(orderId: Id<'order'>, lines: readonly { readonly sku: string; readonly units: number }[]) {
  return {
    reason: 'units_missing',
    objectKind: 'order' as const,
    objectId: orderId,
    facts: worst('lines', lines),
    nextAction: 'Find supply for the missing units, or cancel them.',
  }
}

/** What a person can look through; an order has up to 2,000 lines. */
const TOLD_MAX = 100

/** Facts for a person: the entries with the most units, under their name, and how many there are besides. */
export function worst<Name extends string, Entry extends { readonly units: number }>(
  name: Name,
  entries: readonly Entry[],
) {
  const told = entries.length > TOLD_MAX ? entries.toSorted((a, b) => b.units - a.units).slice(0, TOLD_MAX) : entries
  return { [name]: told, more: entries.length - told.length }
}

function sumByDemand(freed: readonly FreedUnits[]): { demandId: string; units: number }[] {
  const units = new Map<string, number>()
  for (const each of freed) units.set(each.demandId, (units.get(each.demandId) ?? 0) + each.units)
  return [...units].map(([demandId, sum]) => ({ demandId, units: sum }))
}
