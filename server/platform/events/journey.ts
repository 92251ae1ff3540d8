import type { Db, Tx } from '../db.ts'
import { startTicker } from '../time/ticker.ts'
import {
  retryParked,
  startReader,
  type EventReader,
  type ReaderOptions,
  type RetryOutcome,
  type StoredEvent,
} from './reader.ts'

/** "When this happened, do that": for all events of a type in a batch at once, in their order. */
export type Reaction = (tx: Tx, events: readonly StoredEvent[]) => Promise<void>

/** "When this due time passes, do that." */
export interface Due {
  readonly name: string
  readonly everyMs: number
  /** Objects one run deals with. */
  readonly limit: number
  /** @returns how many it dealt with; a full run is followed by the next at once */
  readonly run: (db: Db, limit: number) => Promise<number>
}

export interface JourneyOptions extends Pick<
  ReaderOptions,
  'db' | 'horizon' | 'wake' | 'batchMax' | 'onParked' | 'onBatch'
> {
  readonly name: string
  /** By event type. */
  readonly reactions: Readonly<Record<string, Reaction>>
  readonly dues: readonly Due[]
  /** Who looks after what is due. Reactions need no leader: the reader's own row sees to that. */
  readonly leader: { isHeld(): boolean }
  /**
   * Runs before the reactions of a batch and takes every lock they need, in the order of the house: reactions that lock
   * one after the other would take the second order after the first SKU gate.
   */
  readonly lockAll?: Reaction
  /** @param where  the reader's or the due's name */
  readonly onError: (error: unknown, where: string) => void
}

export interface Journey extends EventReader {
  /** Takes what is set aside of one aggregate through its reactions again. */
  retry(aggregateId: string): Promise<RetryOutcome>
}

/** Runs a table of reactions and dues; the effect of a batch and the position behind it are one commit. */
export function runJourney(options: JourneyOptions): Journey {
  const { db, name, reactions, dues, leader, onError } = options
  const handle = handleBy(reactions, options.lockAll)
  const reader = startReader({
    ...options,
    types: Object.keys(reactions),
    handle,
    onError: (error) => onError(error, name),
  })
  const tickers = dues.map((due) =>
    startTicker({
      name: due.name,
      everyMs: due.everyMs,
      leader,
      onError,
      run: async () => (await due.run(db, due.limit)) >= due.limit,
    }),
  )
  return {
    caughtUp: () => reader.caughtUp(),
    lagMs: () => reader.lagMs(),
    retry: (aggregateId) => retryReactions(options, aggregateId),
    async stop() {
      await Promise.all([reader.stop(), ...tickers.map((ticker) => ticker.stop())])
    },
  }
}

/** The same for a node that does not run the journey. */
export function retryReactions(
  { db, name, reactions, lockAll }: Pick<JourneyOptions, 'db' | 'name' | 'reactions' | 'lockAll'>,
  aggregateId: string,
): Promise<RetryOutcome> {
  return retryParked({ db, name, handle: handleBy(reactions, lockAll) }, aggregateId)
}

function handleBy(
  reactions: Readonly<Record<string, Reaction>>,
  lockAll: Reaction | undefined,
): ReaderOptions['handle'] {
  return async (tx, events) => {
    await lockAll?.(tx, events)
    for (const { type, events: same } of planSteps(events)) await reactions[type]?.(tx, same)
  }
}

/**
 * Gathers a batch into few steps of one type each, so that every reaction gets all it can at once; the events of one
 * aggregate stay in their order. 100 orders placed and paid in one batch are two steps, not two hundred.
 */
export function planSteps(
  events: readonly StoredEvent[],
): readonly { readonly type: string; readonly events: readonly StoredEvent[] }[] {
  const steps: { readonly type: string; readonly events: StoredEvent[] }[] = []
  const lastStepByAggregate = new Map<string, number>()
  for (const event of events) {
    let index = lastStepByAggregate.get(event.aggregateId) ?? 0
    while (index < steps.length && steps[index]?.type !== event.type) index++
    const step = (steps[index] ??= { type: event.type, events: [] })
    step.events.push(event)
    lastStepByAggregate.set(event.aggregateId, index)
  }
  return steps
}
