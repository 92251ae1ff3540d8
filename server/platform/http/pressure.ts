export interface PressureLimits {
  /** Requests under way at which reads are turned away, and at which everything is. */
  readonly readsInFlightMax: number
  readonly inFlightMax: number
  /** Lateness of the event loop, ms, at which reads are turned away, and at which everything is. */
  readonly readsLagMaxMs: number
  readonly lagMaxMs: number
}

/**
 * At 5,000 requests a second 2,000 under way are 0.4 s of work; whoever waits behind them is better told at once.
 * Orders may queue longer than pages: a shopper repeats a page by hand, an order not at all.
 */
export const pressureLimits: PressureLimits = {
  readsInFlightMax: 2_000,
  inFlightMax: 8_000,
  readsLagMaxMs: 500,
  lagMaxMs: 2_000,
}

/** For tests of what is answered: on a busy machine they would otherwise be told to come again. */
export const noPressureLimits: PressureLimits = {
  readsInFlightMax: Infinity,
  inFlightMax: Infinity,
  readsLagMaxMs: Infinity,
  lagMaxMs: Infinity,
}

/**
 * How hard this process is at work. Our own because @fastify/under-pressure makes no difference between reads and
 * writes, and because it costs a hook more.
 */
export interface Pressure {
  inFlight: number
  /** Whether a request is to be turned away unread, reads before writes. */
  refuses(isRead: boolean): boolean
  close(): void
}

const SAMPLE_MS = 100

export function openPressure(limits: PressureLimits, now: () => number): Pressure {
  let expectedAt = now() + SAMPLE_MS
  let lagMs = 0
  const timer = setInterval(() => {
    const at = now()
    lagMs = Math.max(0, at - expectedAt)
    expectedAt = at + SAMPLE_MS
  }, SAMPLE_MS)
  timer.unref()
  return {
    inFlight: 0,
    refuses(isRead) {
      const { inFlight } = this
      return isRead
        ? inFlight > limits.readsInFlightMax || lagMs > limits.readsLagMaxMs
        : inFlight > limits.inFlightMax || lagMs > limits.lagMaxMs
    },
    close: () => clearInterval(timer),
  }
}
