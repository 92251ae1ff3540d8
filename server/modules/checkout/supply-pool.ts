import type { Id } from '../../kernel/id.ts'
import { must } from '../../kernel/invariant.ts'
import type { CounterSupply, FreeSupply } from '../inventory/index.ts'

/** Supply that is free under the locked gates; what one order of a batch takes is gone for the next. */
export class SupplyPool {
  readonly #rowsByVariant = new Map<Id<'variant'>, PooledSupply[]>()

  constructor(rows: readonly FreeSupply[]) {
    for (const row of rows) {
      const rowsOfVariant = this.#rowsByVariant.get(row.variantId)
      if (rowsOfVariant === undefined) this.#rowsByVariant.set(row.variantId, [{ ...row }])
      else rowsOfVariant.push({ ...row })
    }
  }

  get byVariant(): ReadonlyMap<Id<'variant'>, readonly FreeSupply[]> {
    return this.#rowsByVariant
  }

  take(allotments: readonly { readonly supply: { readonly supplyId: bigint; readonly variantId: Id<'variant'> }; readonly units: number }[]): void {
    for (const { supply, units } of allotments) {
      const row = this.#rowsByVariant.get(supply.variantId)?.find((each) => each.supplyId === supply.supplyId)
      if (row !== undefined) row.free -= units
    }
  }
}

type PooledSupply = { -readonly [Field in keyof FreeSupply]: FreeSupply[Field] }

/** What left a counter with its buyer. `found` units were not in the books and are booked in first. */
export interface CounterTake {
  readonly variantId: Id<'variant'>
  readonly supplyId: bigint
  readonly units: number
  readonly found: number
}

/** On-hand rows at counters, under the locked gates: goods that are carried out are gone, whatever the books say. */
export class CounterPool {
  readonly #rows = new Map<string, { readonly supplyId: bigint; unclaimed: number }>()

  constructor(rows: readonly CounterSupply[]) {
    for (const { variantId, locationId, supplyId, unclaimed } of rows) {
      this.#rows.set(`${variantId} ${locationId}`, { supplyId, unclaimed })
    }
  }

  has(variantId: Id<'variant'>, locationId: Id<'location'>): boolean {
    return this.#rows.has(`${variantId} ${locationId}`)
  }

  take(variantId: Id<'variant'>, locationId: Id<'location'>, units: number): CounterTake {
    const row = must(this.#rows.get(`${variantId} ${locationId}`), 'an on-hand row for what is carried out')
    const found = Math.max(0, units - row.unclaimed)
    row.unclaimed = Math.max(0, row.unclaimed - units)
    return { variantId, supplyId: row.supplyId, units, found }
  }
}
