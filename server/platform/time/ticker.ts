import { pause } from './pause.ts'

export interface TickerOptions {
  readonly name: string
  readonly everyMs: number
  /** Who may do this work; without, every process does. Its work must be harmless when done twice. */
  readonly leader?: { isHeld(): boolean }
  /** @returns true when there is more to do at once: a full batch was worked off */
  readonly run: (stop: AbortSignal) => Promise<boolean | void>
  readonly onError: (error: unknown, name: string) => void
}

export interface Ticker {
  readonly name: string
  /** Milliseconds since the last run that succeeded; null before the first, and in processes that do not lead. */
  idleMs(): number | null
  /** Ends after the run in hand. */
  stop(): Promise<void>
}

/** How soon a process that has become the leader notices. */
const LEADER_POLL_MS = 1_000

/**
 * Does periodic work (sweeps, sealing, retention): the first time at once, then `everyMs` after the last beginning.
 * Runs never overlap; one that takes longer than its period is followed by the next at once, missed ones are not made
 * up for. An error is reported and the next run comes at its time.
 */
export function startTicker(options: TickerOptions): Ticker {
  const stop = new AbortController()
  let succeededAtMs: number | null = null
  const ended = tick(options, stop.signal, () => {
    succeededAtMs = performance.now()
  })
  return {
    name: options.name,
    idleMs: () =>
      succeededAtMs === null || options.leader?.isHeld() === false ? null : performance.now() - succeededAtMs,
    async stop() {
      stop.abort()
      await ended
    },
  }
}

async function tick(
  { name, everyMs, leader, run, onError }: TickerOptions,
  stop: AbortSignal,
  onSuccess: () => void,
): Promise<void> {
  while (!stop.aborted) {
    if (leader?.isHeld() === false) {
      await pause(Math.min(everyMs, LEADER_POLL_MS), stop)
      continue
    }
    const beganAtMs = performance.now()
    let hasMore: boolean | void = false
    try {
      hasMore = await run(stop)
      onSuccess()
    } catch (error) {
      onError(error, name)
    }
    const restMs = hasMore === true ? 0 : beganAtMs + everyMs - performance.now()
    if (restMs > 0) await pause(restMs, stop)
  }
}
