import { parseId, type Id } from '../../kernel/id.ts'
import { must } from '../../kernel/invariant.ts'
import type { Instant } from '../../kernel/time.ts'
import type { Db } from '../../platform/db.ts'
import { followEvents, type EventFollower } from '../../platform/events/follow.ts'
import type { EventHorizon, Horizon } from '../../platform/events/horizon.ts'
import type { StoredEvent } from '../../platform/events/reader.ts'
import type { Wake } from '../../platform/events/wake.ts'
import { readRevisions } from '../../platform/revision.ts'
import { startTicker, type Ticker } from '../../platform/time/ticker.ts'
import { BoundedCache } from './bounded-cache.ts'
import { momentOf, type Moment } from './moment.ts'
import { isSameWorld, readWorld, type BrowsedRooms, type World } from './world.ts'

export interface WatchOptions {
  readonly db: Db
  readonly rooms: BrowsedRooms
  /** Monotonic, ms. */
  readonly now: () => number
  /** Called for every change of supply, before `asOf` moves beyond it. */
  readonly onSupplyChanged: (variantIds: readonly Id<'variant'>[]) => void
}

export interface WatchSources {
  readonly horizon: EventHorizon
  readonly wake: Wake
  readonly onError: (error: unknown) => void
}

/** How old what is configured may be at most, while the database answers. */
const REFRESH_MS = 250
/** After four refreshes in vain what is kept is told without asking. */
const AWAY_AFTER_MS = 1_000
/** Answers older than this say so. */
const DEGRADED_AFTER_MS = 5_000
/** Some 10 MB; reading a TypeID takes 4 µs, remembering it 0.1, and the same SKUs change all day. */
const IDS_MAX = 50_000

interface Reading {
  readonly at: Instant
  readonly wallAt: Instant
  /** When it was asked for, by our own clock. */
  readonly askedMs: number
}

/**
 * Keeps what this node knows up to date: one small statement four times a second for everything configured, and the
 * events of changed supply. Requests ask nobody how late it is or what has changed.
 */
export class Watch {
  readonly #options: WatchOptions
  readonly #variantIdByText = new BoundedCache<string, Id<'variant'>>({ weightMax: IDS_MAX })
  #world: World | undefined
  #reading: Reading | undefined
  #seen: Horizon | undefined
  #asOf: Moment | undefined
  #follower: EventFollower | undefined
  #ticker: Ticker | undefined
  #isFailing = false

  constructor(options: WatchOptions) {
    this.#options = options
  }

  /** Resolves when there is a world, and supply loaded from now on misses no change. */
  async start({ horizon, wake, onError }: WatchSources): Promise<void> {
    const tell = (error: unknown): void => {
      // An outage is told once, not four times a second while it lasts.
      if (!this.#isFailing) onError(error)
      this.#isFailing = true
    }
    const firstLook = Promise.withResolvers<void>()
    this.#follower = await followEvents({
      source: this.#options.db,
      horizon,
      wake,
      types: ['inventory.changed'],
      onEvents: (events) => this.#options.onSupplyChanged(this.#changedVariants(events)),
      onIdle: (seen) => {
        this.#seen = seen
        this.#noteProgress()
        firstLook.resolve()
      },
      onError: tell,
    })
    await firstLook.promise
    await this.#refresh()
    this.#ticker = startTicker({
      name: 'browse-refresh',
      everyMs: REFRESH_MS,
      run: () => this.#refresh(),
      onError: tell,
    })
  }

  async stop(): Promise<void> {
    await Promise.all([this.#ticker?.stop(), this.#follower?.stop()])
  }

  get world(): World {
    return must(this.#world, 'a world: reading begins after start')
  }

  /** Business time when the database was last asked; stands still while it is away. */
  get at(): Instant {
    return must(this.#reading, 'a reading: reading begins after start').at
  }

  /** Up to here this node has seen everything. */
  get asOf(): Moment {
    return must(this.#asOf, 'a moment: reading begins after start')
  }

  /** The last event that was seen: everything up to it is final, and nothing kept here is older without knowing it. */
  get seen(): Horizon {
    return must(this.#seen, 'a look: reading begins after start')
  }

  /** Whether it is so long ago that answers must say it. */
  isLongAgo({ ms }: Moment): boolean {
    return this.#options.now() - ms > DEGRADED_AFTER_MS
  }

  /** False while the database is known not to answer. */
  canAsk(): boolean {
    return this.#reading !== undefined && this.#options.now() - this.#reading.askedMs < AWAY_AFTER_MS
  }

  /** Seen is the older of the two: what was configured at the reading, what had happened at the look at the events. */
  #noteProgress(): void {
    if (this.#reading === undefined || this.#seen === undefined) return
    const { at, wallAt, askedMs } = this.#reading
    const behindMs = Math.max(0, wallAt - this.#seen.wallAt)
    this.#asOf = momentOf(behindMs === 0 ? at : this.#seen.at, askedMs - behindMs)
  }

  async #refresh(): Promise<void> {
    const { db, rooms, now } = this.#options
    const askedMs = now()
    const [revisions, { at, wallAt }] = await Promise.all([readRevisions(db), db.clock()])
    const before = this.#world
    const isOver = before !== undefined && (at >= before.pricesUntil || at >= before.assortmentUntil)
    if (before === undefined || isOver || !isSameWorld(before.revisions, revisions)) {
      this.#world = await readWorld(rooms, db, { revisions, at })
      if (before !== undefined) before.outdatedAsOf = this.asOf
    }
    this.#reading = { at, wallAt, askedMs }
    this.#noteProgress()
    this.#isFailing = false
  }

  #changedVariants(events: readonly StoredEvent[]): Id<'variant'>[] {
    const changed = new Set<string>()
    for (const { data } of events) for (const text of data['variantIds'] as readonly string[]) changed.add(text)
    return [...changed].map((text) => this.#readVariantId(text))
  }

  #readVariantId(text: string): Id<'variant'> {
    let variantId = this.#variantIdByText.get(text)
    if (variantId === undefined) {
      variantId = must(parseId('variant', text), 'the id of a variant in an event of inventory')
      this.#variantIdByText.set(text, variantId)
    }
    return variantId
  }
}
