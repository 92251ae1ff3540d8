import type { Id } from '../../kernel/id.ts'
import { must } from '../../kernel/invariant.ts'
import type { Instant } from '../../kernel/time.ts'
import {
  unitsLeaving,
  type Allowance,
  type CounterSupply,
  type FreeSupply,
  type LastCount,
  type UsedLimit,
} from '../inventory/index.ts'
import { decideAllowances, type Network } from '../sourcing/index.ts'

/** Supply that is free under the locked gates; what one order of a batch takes is gone for the next. */
export class SupplyPool {
  readonly #rowsByVariant = new Map<Id<'variant'>, PooledSupply[]>()
  readonly #limits: PooledLimit[]

  constructor(rows: readonly FreeSupply[], limits: readonly UsedLimit[] = []) {
    this.#limits = limits.map((limit) => ({ ...limit }))
    for (const row of rows) {
      const rowsOfVariant = this.#rowsByVariant.get(row.variantId)
      if (rowsOfVariant === undefined) this.#rowsByVariant.set(row.variantId, [{ ...row }])
      else rowsOfVariant.push({ ...row })
    }
  }

  get byVariant(): ReadonlyMap<Id<'variant'>, readonly FreeSupply[]> {
    return this.#rowsByVariant
  }

  /** What the channel may still sell of the SKUs that it sells under limits. */
  allowances(channelId: Id<'channel'>, network: Network): ReadonlyMap<Id<'variant'>, Allowance> {
    return decideAllowances(this.#limits, { channelId, network, supply: this.#rowsByVariant })
  }

  /** Takes units that a channel now holds claims on. */
  claim(channelId: Id<'channel'>, taken: readonly TakenUnits[]): void {
    this.take(taken)
    this.#count(channelId, taken, 1)
  }

  /** Undoes `claim`. */
  unclaim(channelId: Id<'channel'>, taken: readonly TakenUnits[]): void {
    this.#add(taken, 1)
    this.#count(channelId, taken, -1)
  }

  /** Units that claims of a channel's cart held; the rows they stand on may have had nothing free. */
  release(channelId: Id<'channel'>, held: readonly HeldUnits[]): void {
    for (const { supply, units } of held) {
      const rows = this.#rowsByVariant.get(supply.variantId)
      const row = rows?.find((each) => each.supplyId === supply.supplyId)
      if (row !== undefined) row.free += units
      else if (rows !== undefined) rows.push({ ...supply, free: units })
      else this.#rowsByVariant.set(supply.variantId, [{ ...supply, free: units }])
    }
    this.#count(channelId, held, -1)
  }

  take(taken: readonly TakenUnits[]): void {
    this.#add(taken, -1)
  }

  #add(moved: readonly TakenUnits[], sign: 1 | -1): void {
    for (const { supply, units } of moved) {
      const row = this.#rowsByVariant.get(supply.variantId)?.find((each) => each.supplyId === supply.supplyId)
      if (row !== undefined) row.free += sign * units
    }
  }

  #count(channelId: Id<'channel'>, moved: readonly TakenUnits[], sign: 1 | -1): void {
    if (this.#limits.length === 0) return
    for (const { supply, units } of moved) {
      const limit = this.#limits.find((each) => each.variantId === supply.variantId && each.channelId === channelId)
      if (limit !== undefined) limit.claimed += sign * units
    }
  }
}

export interface TakenUnits {
  readonly supply: Pick<FreeSupply, 'supplyId' | 'variantId'>
  readonly units: number
}

/** Of a claim that a cart holds; its row may have nothing free and not be in the pool. */
export interface HeldUnits {
  readonly supply: Omit<FreeSupply, 'free'>
  readonly units: number
}

type PooledSupply = { -readonly [Field in keyof FreeSupply]: FreeSupply[Field] }
type PooledLimit = { -readonly [Field in keyof UsedLimit]: UsedLimit[Field] }

/** What left a counter with its buyer. `found` units were not in the books and are booked in first. */
export interface CounterTake {
  readonly variantId: Id<'variant'>
  readonly supplyId: bigint
  readonly units: number
  /** Units by which on hand falls: none when the place was counted after they left. */
  readonly leaving: number
  readonly found: number
}

/** On-hand rows at counters, under the locked gates: goods that are carried out are gone, whatever the books say. */
export class CounterPool {
  readonly #rows = new Map<
    string,
    { readonly supplyId: bigint; readonly lastCount: LastCount | null; unclaimed: number }
  >()

  constructor(rows: readonly CounterSupply[]) {
    for (const { variantId, locationId, supplyId, unclaimed, lastCount } of rows) {
      this.#rows.set(`${variantId} ${locationId}`, { supplyId, unclaimed, lastCount })
    }
  }

  take({
    variantId,
    locationId,
    units,
    occurredAt,
  }: {
    readonly variantId: Id<'variant'>
    readonly locationId: Id<'location'>
    readonly units: number
    readonly occurredAt: Instant
  }): CounterTake {
    const row = must(this.#rows.get(`${variantId} ${locationId}`), 'an on-hand row for what is carried out')
    const leaving = unitsLeaving({ units, occurredAt, acceptedAt: null }, row.lastCount)
    const found = Math.max(0, leaving - row.unclaimed)
    row.unclaimed = Math.max(0, row.unclaimed - leaving)
    return { variantId, supplyId: row.supplyId, units, leaving, found }
  }

  /** Units of these rows that another order of the batch claimed. */
  claim(taken: readonly TakenUnits[]): void {
    this.#move(taken, -1)
  }

  /** Units of these rows that a cart of the batch gave up. */
  free(freed: readonly TakenUnits[]): void {
    this.#move(freed, 1)
  }

  #move(units: readonly TakenUnits[], sign: 1 | -1): void {
    if (this.#rows.size === 0) return
    for (const { supply, units: moved } of units) {
      for (const row of this.#rows.values()) if (row.supplyId === supply.supplyId) row.unclaimed += sign * moved
    }
  }
}
