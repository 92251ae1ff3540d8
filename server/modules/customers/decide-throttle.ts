import { addMs, DAY_MS, MINUTE_MS, SECOND_MS, type Instant } from '../../kernel/time.ts'

/** Failed sign-ins of one account, or from one address, as they were counted so far. */
export interface Throttle {
  readonly failures: number
  readonly blockedUntil: Instant
  /** Of an account the last failure; of an address the time up to which failures were forgotten. */
  readonly countedAt: Instant
}

/** What is slowed: guessing at one account, or guessing from one place at many. */
export type ThrottleKind = 'account' | 'address'

/**
 * Failures that cost nothing. People mistype a few times; behind one address sit offices, and heads that sign their
 * shoppers in from their own server.
 */
const FREE_FAILURES = { account: 5, address: 100 } as const satisfies Record<ThrottleKind, number>
const BLOCK_MIN_MS = SECOND_MS
const BLOCK_MAX_MS = 15 * MINUTE_MS
/** After a day without a failure all of an account's are forgotten. */
const FORGOTTEN_AFTER_MS = DAY_MS
/** Of an address one is forgotten so often, a hundred in a quarter of an hour: behind it are many people. */
const ADDRESS_LEAK_MS = 9 * SECOND_MS

export type ThrottleDecision =
  | { readonly kind: 'go_on'; readonly counted: Throttle }
  | { readonly kind: 'wait'; readonly retryAfterMs: number }

/**
 * Decides whether one more attempt may be made and counts it as failed: an attempt is counted before its password is
 * looked at, so that forty at once are not forty free guesses. A success takes the count back.
 *
 * From the last free failure on the pause doubles: 1 s, 2 s, 4 s … 15 min. At that pace a day has 105 guesses.
 *
 * @param wallAt  wall time: who guesses does not live in business time
 */
export function decideThrottle(kind: ThrottleKind, before: Throttle, wallAt: Instant): ThrottleDecision {
  if (before.blockedUntil > wallAt) return { kind: 'wait', retryAfterMs: before.blockedUntil - wallAt }
  const { failures: left, countedAt } = forget(kind, before, wallAt)
  const failures = left + 1
  const beyond = failures - FREE_FAILURES[kind]
  const blockMs = beyond < 0 ? 0 : Math.min(BLOCK_MIN_MS * 2 ** Math.min(beyond, 20), BLOCK_MAX_MS)
  return { kind: 'go_on', counted: { failures, blockedUntil: addMs(wallAt, blockMs), countedAt } }
}

function forget(
  kind: ThrottleKind,
  { failures, countedAt }: Throttle,
  wallAt: Instant,
): Pick<Throttle, 'failures' | 'countedAt'> {
  const passedMs = Math.max(0, wallAt - countedAt)
  if (kind === 'account') return { failures: passedMs > FORGOTTEN_AFTER_MS ? 0 : failures, countedAt: wallAt }
  const leaked = Math.floor(passedMs / ADDRESS_LEAK_MS)
  // What is left of a drop stays for the next time, else failures that follow each other closely would never leak.
  return leaked >= failures
    ? { failures: 0, countedAt: wallAt }
    : { failures: failures - leaked, countedAt: addMs(countedAt, leaked * ADDRESS_LEAK_MS) }
}

/** What is left after a success: nothing of an account, one less of an address, where others may sit as well. */
export function decideSuccess(kind: ThrottleKind, counted: Throttle): Throttle {
  const failures = kind === 'account' ? 0 : Math.max(0, counted.failures - 1)
  return { ...counted, failures, blockedUntil: counted.countedAt }
}
