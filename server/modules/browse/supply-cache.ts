import type { Id } from '../../kernel/id.ts'
import { must } from '../../kernel/invariant.ts'
import { BoundedCache } from './bounded-cache.ts'
import type { Moment } from './moment.ts'
import { isOutage } from './outage.ts'
import type { Supply } from './supply.ts'

export interface SupplyCacheOptions {
  /** Places of SKUs, not SKUs: one that lies at 500 locations weighs as much as 500 that lie at one. */
  readonly placesMax: number
  /** Supply of every SKU asked for, as the database holds it now. */
  readonly load: (variantIds: readonly Id<'variant'>[]) => Promise<ReadonlyMap<Id<'variant'>, Supply>>
  /** The moment up to which changes have been handed to `invalidate`. */
  readonly asOf: () => Moment
  /** False while the database is known to be away: what is kept is then told without trying. */
  readonly canLoad: () => boolean
}

/** At 500 locations a SKU a full load reads 50,000 rows, some 100 ms. */
const LOAD_MAX = 100
/** While both are under way misses gather for the next: a node never asks for more than this at once. */
const LOADS_AT_ONCE_MAX = 2

interface Load {
  readonly supplies: Promise<ReadonlyMap<Id<'variant'>, Supply>>
  /** SKUs that changed after the load began, with what was known just before: it may not have seen the change. */
  readonly overtaken: Map<Id<'variant'>, Moment>
}

/**
 * What is free of SKUs, kept by this node: loaded when first asked for, many at once, and outdated by change events.
 *
 * A change that arrives while its SKU is being loaded may or may not be in what is loaded: the result then counts as
 * outdated from the start. Whoever waits for it gets it with the time as of which it is right, the next one asks anew.
 * What is outdated stays until its successor is here: it is what is told when the database is away.
 */
export class SupplyCache {
  readonly #options: SupplyCacheOptions
  readonly #supplies: BoundedCache<Id<'variant'>, Supply>
  readonly #loading = new Map<Id<'variant'>, Load>()
  readonly #wanted = new Map<Id<'variant'>, PromiseWithResolvers<Load>>()
  #loadsUnderWay = 0

  constructor(options: SupplyCacheOptions) {
    this.#options = options
    this.#supplies = new BoundedCache({
      weightMax: options.placesMax,
      weightOf: ({ shelves, others, limits }) => 1 + shelves.length / 2 + others.length + limits.length,
      // Pages may still hold it, and nobody will tell it of changes any more.
      onEvicted: (supply) => this.#outdate(supply),
    })
  }

  /** What is kept of a SKU, perhaps outdated. */
  peek(variantId: Id<'variant'>): Supply | undefined {
    return this.#supplies.get(variantId)
  }

  /**
   * Supply of SKUs, loaded where it is not kept or outdated.
   * @throws DatabaseAwayError, BusyError  where nothing at all is kept of one of them
   */
  async read(variantIds: Iterable<Id<'variant'>>): Promise<Map<Id<'variant'>, Supply>> {
    const found = new Map<Id<'variant'>, Supply>()
    const missing: Id<'variant'>[] = []
    const canLoad = this.#options.canLoad()
    for (const variantId of new Set(variantIds)) {
      const supply = this.#supplies.get(variantId)
      if (supply !== undefined && (supply.outdatedAsOf === null || !canLoad)) found.set(variantId, supply)
      else missing.push(variantId)
    }
    await Promise.all(missing.map(async (variantId) => found.set(variantId, await this.#loadedOrKept(variantId))))
    return found
  }

  /** As `read`, but content with what is outdated: for putting things in order, where a change a moment ago may be missed. */
  async readRoughly(variantIds: Iterable<Id<'variant'>>): Promise<Map<Id<'variant'>, Supply>> {
    const found = new Map<Id<'variant'>, Supply>()
    const missing: Id<'variant'>[] = []
    for (const variantId of new Set(variantIds)) {
      const supply = this.#supplies.get(variantId)
      if (supply === undefined) missing.push(variantId)
      else found.set(variantId, supply)
    }
    if (missing.length > 0) for (const [variantId, supply] of await this.read(missing)) found.set(variantId, supply)
    return found
  }

  /** To be called for every change, before `asOf` moves beyond it. */
  invalidate(variantIds: Iterable<Id<'variant'>>): void {
    for (const variantId of variantIds) {
      const supply = this.#supplies.get(variantId)
      if (supply !== undefined) this.#outdate(supply)
      const load = this.#loading.get(variantId)
      if (load === undefined) continue
      load.overtaken.set(variantId, this.#options.asOf())
      this.#loading.delete(variantId)
    }
  }

  #outdate(supply: Supply): void {
    supply.outdatedAsOf ??= this.#options.asOf()
  }

  async #loadedOrKept(variantId: Id<'variant'>): Promise<Supply> {
    try {
      return await this.#load(variantId)
    } catch (error) {
      const kept = this.#supplies.get(variantId)
      if (kept === undefined || !isOutage(error)) throw error
      return kept
    }
  }

  async #load(variantId: Id<'variant'>): Promise<Supply> {
    const load = this.#loading.get(variantId) ?? (await this.#begun(variantId))
    return must((await load.supplies).get(variantId), 'supply of every SKU that is asked for')
  }

  /** The next load that begins; everybody who asks until then shares it. */
  #begun(variantId: Id<'variant'>): Promise<Load> {
    let wanted = this.#wanted.get(variantId)
    if (wanted === undefined) {
      wanted = Promise.withResolvers<Load>()
      this.#wanted.set(variantId, wanted)
      if (this.#wanted.size === 1) queueMicrotask(() => this.#beginLoads())
    }
    return wanted.promise
  }

  #beginLoads(): void {
    while (this.#wanted.size > 0 && this.#loadsUnderWay < LOADS_AT_ONCE_MAX) {
      const batch = [...this.#wanted].slice(0, LOAD_MAX)
      const variantIds = batch.map(([variantId]) => variantId)
      const overtaken = new Map<Id<'variant'>, Moment>()
      this.#loadsUnderWay++
      const load: Load = { overtaken, supplies: this.#run(variantIds, overtaken) }
      for (const [variantId, { resolve }] of batch) {
        this.#wanted.delete(variantId)
        this.#loading.set(variantId, load)
        resolve(load)
      }
    }
  }

  async #run(
    variantIds: readonly Id<'variant'>[],
    overtaken: ReadonlyMap<Id<'variant'>, Moment>,
  ): Promise<ReadonlyMap<Id<'variant'>, Supply>> {
    try {
      const loaded = await this.#options.load(variantIds)
      for (const [variantId, supply] of loaded) {
        supply.outdatedAsOf = overtaken.get(variantId) ?? null
        if (isNewer(supply, this.#supplies.get(variantId))) this.#supplies.set(variantId, supply)
      }
      return loaded
    } finally {
      this.#loadsUnderWay--
      for (const variantId of variantIds) if (!overtaken.has(variantId)) this.#loading.delete(variantId)
      this.#beginLoads()
    }
  }
}

/** A load that was overtaken may end after the one that overtook it. */
function isNewer(supply: Supply, kept: Supply | undefined): boolean {
  if (kept === undefined || supply.outdatedAsOf === null) return true
  return kept.outdatedAsOf !== null && kept.outdatedAsOf.ms <= supply.outdatedAsOf.ms
}
