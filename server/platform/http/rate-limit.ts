/** What a key has left of this second, as the RateLimit header fields tell it. */
export interface RateLimit {
  /** Structured field of draft-ietf-httpapi-ratelimit-headers: `"key";q=5000;w=1`. */
  readonly policy: string
  /**
   * Counts a request of `key`.
   * @param at  now, monotonic ms
   * @returns   how many more it may send within this second; below zero it was one too many
   */
  take(key: string, at: number): number
}

/**
 * Counts requests by key in windows of one second, on this node.
 *
 * A counter and a map that is emptied every second: 0.1 µs a request, where @fastify/rate-limit added 11 µs to one
 * that takes 34 in all. A window lets twice the limit through around its edge, which a limit that protects the other
 * callers can afford.
 *
 * @param perSecond  requests of one key; 0 means no limit
 */
export function openRateLimit(perSecond: number): RateLimit {
  const policy = `"key";q=${perSecond};w=1`
  if (perSecond === 0) return { policy, take: () => Number.POSITIVE_INFINITY }
  const takenByKey = new Map<string, number>()
  let windowEnd = Number.NEGATIVE_INFINITY
  return {
    policy,
    take(key, at) {
      if (at >= windowEnd) {
        takenByKey.clear()
        windowEnd = at + WINDOW_MS
      }
      const taken = (takenByKey.get(key) ?? 0) + 1
      takenByKey.set(key, taken)
      return perSecond - taken
    },
  }
}

const WINDOW_MS = 1_000
