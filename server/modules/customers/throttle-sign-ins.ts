import type { Tx } from '../../platform/db.ts'
import { decideSuccess, decideThrottle, type ThrottleKind } from './decide-throttle.ts'
import type { KeyRing } from './key-ring.ts'
import { lockThrottles, updateThrottle, type ThrottleRow } from './sign-in.sql.ts'

/** Who tries: the e-mail they name, whether it has an account or not, and where they come from. */
export interface Attempt {
  /** Normalised. */
  readonly email: string
  /** The IP address the request came from; null where nothing can be guessed and only the mailbox is protected. */
  readonly from: string | null
}

export type CountedAttempt = { readonly kind: 'go_on' } | { readonly kind: 'wait'; readonly retryAfterMs: number }

/** Counts an attempt as failed before anything about it is looked at; `forgive` takes it back. */
export async function countAttempt(tx: Tx, keys: KeyRing, attempt: Attempt): Promise<CountedAttempt> {
  const kinds = kindsByKey(keys, attempt)
  const decisions = (await lockAll(tx, kinds)).map((row) => ({
    row,
    decision: decideThrottle(kinds.get(nameOf(row.key)) ?? 'account', throttleOf(row), tx.wallAt),
  }))
  const waits = decisions.flatMap(({ decision }) => (decision.kind === 'wait' ? [decision.retryAfterMs] : []))
  // Who is told to wait is not counted: waiting as told must lead somewhere.
  if (waits.length > 0) return { kind: 'wait', retryAfterMs: Math.max(...waits) }
  for (const { row, decision } of decisions) {
    if (decision.kind === 'go_on') write(tx, row.key, decision.counted)
  }
  return { kind: 'go_on' }
}

/** The attempt was right. */
export async function forgive(tx: Tx, keys: KeyRing, attempt: Attempt): Promise<void> {
  const kinds = kindsByKey(keys, attempt)
  for (const row of await lockAll(tx, kinds)) {
    write(tx, row.key, decideSuccess(kinds.get(nameOf(row.key)) ?? 'account', throttleOf(row)))
  }
}

function lockAll(tx: Tx, kinds: ReadonlyMap<string, ThrottleKind>): Promise<ThrottleRow[]> {
  return lockThrottles(
    tx,
    [...kinds.keys()].map((name) => Buffer.from(name, 'hex')),
  )
}

/** Only keyed hashes are kept, of the address as well. */
function kindsByKey(keys: KeyRing, { email, from }: Attempt): Map<string, ThrottleKind> {
  const kinds = new Map<string, ThrottleKind>([[nameOf(keys.hash('throttle', `account ${email}`)), 'account']])
  if (from !== null) kinds.set(nameOf(keys.hash('throttle', `address ${from}`)), 'address')
  return kinds
}

function nameOf(key: Buffer): string {
  return key.toString('hex')
}

function throttleOf(row: ThrottleRow) {
  return { failures: row.failures, blockedUntil: row.blocked_until, countedAt: row.counted_at }
}

function write(tx: Tx, key: Buffer, { failures, blockedUntil, countedAt }: ReturnType<typeof throttleOf>): void {
  updateThrottle(tx, { key, failures, blocked_until: blockedUntil, counted_at: countedAt })
}
