import { AsyncResource } from 'node:async_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { invariant, InvariantError } from '../../kernel/invariant.ts'
import { BusyError, CommitUnknownError, DatabaseAwayError, sqlState } from '../db.ts'
import { Fifo } from './fifo.ts'

/** Somebody waits for a shopper's request; bulk comes from machines that can wait. */
export type Lane = 'shopper' | 'bulk'

export interface BatcherOptions<Request, Outcome> {
  readonly name: string
  /** A run holds at most this many lines, so that its transaction stays short; a request with more runs alone. */
  readonly batchLinesMax: number
  /** Runs in flight at once. */
  readonly concurrency: number
  /** Requests that may wait, in each lane. */
  readonly queueMax: number
  /** A request that has waited so long is refused instead of begun: its caller has given up. */
  readonly waitMaxMs?: number
  readonly linesOf: (request: Request) => number
  /** What may be under way once at a time, with its caller in it; null when the request has no key. */
  readonly keyOf?: (request: Request) => string | null
  /**
   * Does all requests in one transaction, all or nothing, and answers each in their order. A decision that refuses a
   * request is an outcome; an error is nobody's answer.
   *
   * With `settle` the requests ran before and it is unknown whether they were committed: inserting the same keys again
   * waits for a commit that is still under way, and tells.
   */
  readonly run: (requests: readonly Request[], how: { readonly settle: boolean }) => Promise<readonly Outcome[]>
  /** Monotonic milliseconds. */
  readonly clock?: () => number
  readonly onBatch?: (batch: FinishedBatch) => void
}

/** For metrics. */
export interface FinishedBatch {
  readonly name: string
  readonly requestCount: number
  readonly bulkCount: number
  readonly lineCount: number
  readonly failedCount: number
  /** Of the request that waited longest. */
  readonly waitedMs: number
  readonly tookMs: number
}

export interface QueueDepth {
  readonly shopper: number
  readonly bulk: number
  /** Runs in flight. */
  readonly running: number
}

export interface Batcher<Request, Outcome> {
  /**
   * @returns the request's own outcome
   * @throws QueueFullError          too many wait, or this one waited too long; it was not begun
   * @throws DuplicateInFlightError  a request with the same key is under way here
   * @throws whatever `run` threw on this request alone, or on all of its batch (`BusyError` and the like)
   */
  submit(request: Request, where: { readonly lane: Lane }): Promise<Outcome>
  depth(): QueueDepth
  /** Resolves when nothing waits and nothing runs. */
  drained(): Promise<void>
}

/** 503: come again after `retryAfterMs`. */
export class QueueFullError extends Error {
  override readonly name = 'QueueFullError'
  readonly retryAfterMs: number

  constructor(message: string, retryAfterMs: number) {
    super(message)
    this.retryAfterMs = retryAfterMs
  }
}

/** 409: the first request with this key is not answered yet. */
export class DuplicateInFlightError extends Error {
  override readonly name = 'DuplicateInFlightError'
}

/** A shopper whose order was prepared pays and comes back to settle; one who was answered is followed by another. */
const SHOPPERS_ABOUT_MS = 250

/** Below this two transactions cost more than they gain side by side. */
const SHARE_FROM = 64

const WAIT_MAX_MS = 5_000
const RETRY_AFTER_MIN_MS = 100
const RETRY_AFTER_MAX_MS = 10_000
/** Until a database that was killed under load has recovered: four seconds in all. */
const SETTLE_AFTER_MS = [20, 100, 400, 1_000, 2_500] as const

/**
 * Turns concurrent requests into few transactions: while `concurrency` runs are in flight, requests gather; the next
 * run takes all that fit. An idle batcher makes nobody wait: the first request goes with whatever arrived in the same
 * turn of the event loop.
 *
 * While shoppers wait, bulk gets at most a quarter of a batch (and gets it even when shoppers alone would fill the
 * batch), and no more than that while some were here a moment ago; else all of it. A bulk request larger than that
 * quarter passes up its turns until they add up.
 *
 * Data that PostgreSQL refuses (SQLSTATE class 22 and 23) and an error in our own decision halve the batch until the
 * request that causes it stands alone; that one gets the error, its neighbours their outcomes. An unknown commit is
 * settled by running the same requests again. Any other error, such as `BusyError`, answers the whole batch.
 */
export function createBatcher<Request, Outcome>(options: BatcherOptions<Request, Outcome>): Batcher<Request, Outcome> {
  return new CoalescingBatcher(options)
}

interface Item<Request, Outcome> {
  readonly request: Request
  readonly lane: Lane
  /** As many as it counts for: at least one, at most a whole batch. */
  readonly lines: number
  readonly key: string | null
  readonly submittedAtMs: number
  readonly resolve: (outcome: Outcome) => void
  readonly reject: (error: unknown) => void
}

/** What each item of a batch will be told once the next batch is on its way. */
type Answer<Request, Outcome> =
  | { readonly kind: 'outcome'; readonly item: Item<Request, Outcome>; readonly outcome: Outcome }
  | { readonly kind: 'error'; readonly item: Item<Request, Outcome>; readonly error: unknown }

class CoalescingBatcher<Request, Outcome> implements Batcher<Request, Outcome> {
  readonly #options: BatcherOptions<Request, Outcome>
  readonly #clock: () => number
  readonly #waitMaxMs: number
  readonly #bulkShare: number
  readonly #queues: Readonly<Record<Lane, Fifo<Item<Request, Outcome>>>> = { shopper: new Fifo(), bulk: new Fifo() }
  readonly #keysUnderWay = new Set<string>()
  /** Bound to where the batcher was made: a run belongs to no single request's async context. */
  readonly #begin: () => void
  #isBeginning = false
  #running = 0
  #runsWithShoppers = 0
  #shopperCameAtMs = -Infinity
  /** Lines that bulk did not take because its first request is larger than its share. */
  #bulkCredit = 0
  /** Moving average over batches; what one request costs a slot. */
  #msPerRequest = 1
  readonly #onDrained: (() => void)[] = []

  constructor(options: BatcherOptions<Request, Outcome>) {
    invariant(
      options.batchLinesMax >= 1 && options.concurrency >= 1 && options.queueMax >= 1,
      'a batcher has room for one',
    )
    this.#options = options
    this.#clock = options.clock ?? (() => performance.now())
    this.#waitMaxMs = options.waitMaxMs ?? WAIT_MAX_MS
    this.#bulkShare = Math.max(1, Math.floor(options.batchLinesMax / 4))
    this.#begin = AsyncResource.bind(() => {
      this.#isBeginning = false
      this.#fillSlots()
    })
  }

  submit(request: Request, { lane }: { readonly lane: Lane }): Promise<Outcome> {
    const { name, queueMax, batchLinesMax, linesOf, keyOf } = this.#options
    const queue = this.#queues[lane]
    if (queue.length >= queueMax) {
      return Promise.reject(
        new QueueFullError(`${queueMax} requests wait for ${name}`, this.#retryAfterMs(queue.length)),
      )
    }
    const key = keyOf?.(request) ?? null
    if (key !== null) {
      if (this.#keysUnderWay.has(key)) {
        return Promise.reject(new DuplicateInFlightError(`a request with the same key is under way in ${name}`))
      }
      this.#keysUnderWay.add(key)
    }
    const lines = Math.min(Math.max(linesOf(request), 1), batchLinesMax)
    const { promise, resolve, reject } = Promise.withResolvers<Outcome>()
    if (lane === 'shopper') this.#shopperCameAtMs = this.#clock()
    queue.push({ request, lane, lines, key, submittedAtMs: this.#clock(), resolve, reject })
    if (!this.#isBeginning && this.#running < this.#options.concurrency) {
      this.#isBeginning = true
      setImmediate(this.#begin)
    }
    return promise
  }

  depth(): QueueDepth {
    return { shopper: this.#queues.shopper.length, bulk: this.#queues.bulk.length, running: this.#running }
  }

  async drained(): Promise<void> {
    if (this.#isDrained()) return
    await new Promise<void>((resolve) => this.#onDrained.push(resolve))
  }

  #isDrained(): boolean {
    return this.#running === 0 && this.#queues.shopper.length === 0 && this.#queues.bulk.length === 0
  }

  #fillSlots(): void {
    while (this.#running < this.#options.concurrency) {
      const items = this.#takeBatch()
      if (items.length === 0) break
      this.#running++
      void this.#work(items)
    }
    if (this.#isDrained()) for (const resolve of this.#onDrained.splice(0)) resolve()
  }

  /** Shoppers stand before bulk, should both want the last unit. */
  #takeBatch(): Item<Request, Outcome>[] {
    this.#refuseLate()
    const { shopper, bulk } = this.#queues
    const bulkItems = take(bulk, this.#bulkAllowance())
    const bulkLines = bulkItems.reduce((sum, { lines }) => sum + lines, 0)
    return take(shopper, this.#options.batchLinesMax - bulkLines, this.#share(shopper.length)).concat(bulkItems)
  }

  /**
   * Requests that one run may take so that the free slots share what waits. Clients that are answered together come back
   * together: one run would take them all, and this process and the database would work by turns for ever.
   */
  #share(waiting: number): number {
    const freeSlots = this.#options.concurrency - this.#running
    return freeSlots > 1 && waiting >= SHARE_FROM ? Math.ceil(waiting / freeSlots) : waiting
  }

  /**
   * Lines that bulk may have of the next batch. Shoppers in a run are waiting too: for its answer. Where some were here
   * a moment ago the next finds no full load of bulk before them.
   */
  #bulkAllowance(): number {
    const { batchLinesMax } = this.#options
    const shopper = this.#queues.shopper.first
    const bulk = this.#queues.bulk.first
    const doShoppersWait = shopper !== undefined || this.#runsWithShoppers > 0
    if (bulk === undefined || !doShoppersWait) {
      this.#bulkCredit = 0
      const areShoppersAbout = this.#clock() - this.#shopperCameAtMs < SHOPPERS_ABOUT_MS
      return areShoppersAbout && bulk !== undefined ? Math.max(bulk.lines, this.#bulkShare) : batchLinesMax
    }
    // A quarter of the batch that goes, not of the largest there could be: a few shoppers must not carry a full load.
    const quarter = shopper === undefined ? this.#bulkShare : Math.max(bulk.lines, Math.ceil(this.#shopperLines() / 3))
    // The first shopper goes with this batch, however large the request.
    if (bulk.lines <= this.#bulkShare) {
      return Math.min(this.#bulkShare, quarter, batchLinesMax - (shopper?.lines ?? 0))
    }
    if (shopper === undefined) return 0
    this.#bulkCredit += this.#bulkShare
    if (this.#bulkCredit < bulk.lines) return 0
    this.#bulkCredit = 0
    return bulk.lines
  }

  /** Lines of shoppers that the next batch may take, at most three quarters of it. */
  #shopperLines(): number {
    const { shopper } = this.#queues
    const share = this.#share(shopper.length)
    let lines = 0
    let requests = 0
    for (const item of shopper) {
      if (requests++ === share || lines >= 3 * this.#bulkShare) break
      lines += item.lines
    }
    return lines
  }

  #refuseLate(): void {
    const lateBeforeMs = this.#clock() - this.#waitMaxMs
    for (const queue of [this.#queues.shopper, this.#queues.bulk]) {
      for (let item = queue.first; item !== undefined && item.submittedAtMs < lateBeforeMs; item = queue.first) {
        queue.shift()
        this.#forget(item)
        item.reject(
          new QueueFullError(
            `waited ${this.#waitMaxMs} ms for ${this.#options.name}`,
            this.#retryAfterMs(queue.length),
          ),
        )
      }
    }
  }

  async #work(items: readonly Item<Request, Outcome>[]): Promise<void> {
    const beganAtMs = this.#clock()
    const answers: Answer<Request, Outcome>[] = []
    const bulkCount = items.filter(({ lane }) => lane === 'bulk').length
    const hasShoppers = bulkCount < items.length
    if (hasShoppers) this.#runsWithShoppers++
    await this.#run(items, false, answers)
    const tookMs = this.#clock() - beganAtMs
    this.#msPerRequest += 0.2 * (tookMs / items.length - this.#msPerRequest)
    for (const item of items) this.#forget(item)
    this.#running--
    if (hasShoppers) this.#runsWithShoppers--
    // The next batch first: answering a full one takes milliseconds, in which the database would have nothing to do.
    this.#fillSlots()
    for (const answer of answers) {
      if (answer.kind === 'outcome') answer.item.resolve(answer.outcome)
      else answer.item.reject(answer.error)
    }
    this.#options.onBatch?.({
      name: this.#options.name,
      requestCount: items.length,
      bulkCount,
      lineCount: items.reduce((sum, { lines }) => sum + lines, 0),
      failedCount: answers.filter(({ kind }) => kind === 'error').length,
      waitedMs: beganAtMs - Math.min(...items.map(({ submittedAtMs }) => submittedAtMs)),
      tookMs,
    })
  }

  /** Never throws: every item gets its answer. */
  async #run(
    items: readonly Item<Request, Outcome>[],
    settle: boolean,
    answers: Answer<Request, Outcome>[],
  ): Promise<void> {
    try {
      answers.push(...(await this.#runOnce(items, settle)))
    } catch (error) {
      if (error instanceof CommitUnknownError) await this.#settle(items, error, answers)
      else await this.#isolate(items, { settle, error }, answers)
    }
  }

  async #runOnce(items: readonly Item<Request, Outcome>[], settle: boolean): Promise<Answer<Request, Outcome>[]> {
    const outcomes = await this.#options.run(
      items.map(({ request }) => request),
      { settle },
    )
    if (outcomes.length === items.length) {
      return items.map((item, index) => ({ kind: 'outcome', item, outcome: outcomes[index] as Outcome }))
    }
    // It may have been committed: an error of all, never run again.
    const error = new InvariantError(`${this.#options.name} answered ${outcomes.length} of ${items.length} requests`)
    return items.map((item) => ({ kind: 'error', item, error }))
  }

  async #isolate(
    items: readonly Item<Request, Outcome>[],
    { settle, error }: { readonly settle: boolean; readonly error: unknown },
    answers: Answer<Request, Outcome>[],
  ): Promise<void> {
    if (items.length === 1 || !isOneRequestsFault(error)) {
      for (const item of items) answers.push({ kind: 'error', item, error })
      return
    }
    const middle = items.length >> 1
    await this.#run(items.slice(0, middle), settle, answers)
    await this.#run(items.slice(middle), settle, answers)
  }

  async #settle(
    items: readonly Item<Request, Outcome>[],
    unknown: CommitUnknownError,
    answers: Answer<Request, Outcome>[],
  ): Promise<void> {
    for (const delayMs of SETTLE_AFTER_MS) {
      await sleep(delayMs)
      try {
        answers.push(...(await this.#runOnce(items, true)))
        return
      } catch (error) {
        if (isPassing(error)) continue
        await this.#isolate(items, { settle: true, error }, answers)
        return
      }
    }
    for (const item of items) answers.push({ kind: 'error', item, error: unknown })
  }

  #forget({ key }: Item<Request, Outcome>): void {
    if (key !== null) this.#keysUnderWay.delete(key)
  }

  /** When about half of those who wait now will have been served. */
  #retryAfterMs(waiting: number): number {
    const ms = ((waiting / 2) * this.#msPerRequest) / this.#options.concurrency
    return Math.round(Math.min(Math.max(ms, RETRY_AFTER_MIN_MS), RETRY_AFTER_MAX_MS))
  }
}

/** Takes from the front while it fits. */
function take<Request, Outcome>(
  queue: Fifo<Item<Request, Outcome>>,
  linesMax: number,
  requestsMax = Infinity,
): Item<Request, Outcome>[] {
  const items: Item<Request, Outcome>[] = []
  let lines = 0
  for (let item = queue.first; item !== undefined && lines + item.lines <= linesMax; item = queue.first) {
    if (items.length >= requestsMax) break
    queue.shift()
    items.push(item)
    lines += item.lines
  }
  return items
}

/** Of data PostgreSQL refused or a decision that threw, one request is the cause; of anything else, none. */
function isOneRequestsFault(error: unknown): boolean {
  const state = sqlState(error)
  return state === undefined ? !isPassing(error) : /^2[23]/.test(state)
}

/** The state the database is in; another time it works. */
function isPassing(error: unknown): boolean {
  return error instanceof BusyError || error instanceof DatabaseAwayError || error instanceof CommitUnknownError
}
