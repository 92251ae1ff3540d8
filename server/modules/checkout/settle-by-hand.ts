import { formatId, type Id } from '../../kernel/id.ts'
import { must } from '../../kernel/invariant.ts'
import { appendAudit } from '../../platform/audit.ts'
import { commitIf } from '../../platform/commit-if.ts'
import type { Db, Tx } from '../../platform/db.ts'
import type { Merchant } from '../merchant/index.ts'
import { lockOrderRows, readDemandLineRows } from '../orders/index.ts'
import { isProviderReferenceTaken, lockAttempts, readAttemptRows, type AttemptRow } from '../payments/index.ts'
import { decideUnknownPayment, type DecisionRefusal, type FoundPayment } from './decide-unknown-payment.ts'
import { settleLocked } from './settle-payments.ts'

export type SettleByHandOutcome =
  | { readonly kind: 'settled' }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'version_mismatch'; readonly currentVersion: number }
  | { readonly kind: 'refused'; readonly refusal: DecisionRefusal }

/**
 * Settles a payment whose provider does not answer with what a person found out there.
 *
 *   one transaction:  lock the order, then the attempt; settle as if the provider had said it; close what asked for a
 *                     person; keep who said so and what they know it from
 *
 * The provider's own answer may arrive at the same time: it takes the same locks, the first of the two settles, and the
 * other finds it settled. One that was declined is looked for at the provider once more, and given back if it is there.
 */
export async function settleByHand(
  { db, merchant }: { readonly db: Db; readonly merchant: Merchant },
  command: {
    readonly attemptId: Id<'attempt'>
    readonly seenVersion: number
    readonly found: FoundPayment
    readonly actor: string
  },
): Promise<SettleByHandOutcome> {
  const [attempt] = await readAttemptRows(db, [command.attemptId])
  if (attempt === undefined) return { kind: 'unknown' }
  try {
    return await commitIf(
      db,
      (tx) => settleFound(tx, merchant, { ...command, orderId: attempt.order_id }),
      ({ kind }) => kind === 'settled',
    )
  } catch (error) {
    if (!isProviderReferenceTaken(error)) throw error
    return { kind: 'refused', refusal: { code: 'payment_reference_taken' } }
  }
}

async function settleFound(
  tx: Tx,
  merchant: Merchant,
  {
    orderId,
    attemptId,
    seenVersion,
    found,
    actor,
  }: Parameters<typeof settleByHand>[1] & { readonly orderId: Id<'order'> },
): Promise<SettleByHandOutcome> {
  const [orders, attempts] = await Promise.all([lockOrderRows(tx, [orderId]), lockAttempts(tx, [attemptId])])
  const attempt = must(attempts[0], 'an attempt that was read')
  const decision = decideUnknownPayment(attempt, { seenVersion, found, actor })
  if (decision.kind === 'repeated') return { kind: 'settled' }
  if (decision.kind !== 'accepted') return decision
  const demand = await readDemandLineRows(tx, [orderId])
  const { outcome, evidence } = found
  const { providerReference } = decision
  const answer = { kind: 'found_by_person', outcome, providerReference, actor } as const
  const demandIds = demand.map(({ id }) => id)
  await settleLocked(tx, [{ orderId, attemptId, demandIds, answer, key: requestOf(attempt) }], {
    merchant,
    orders,
    attempts,
  })
  const detail = { outcome, providerReference, evidence, was: attempt.status }
  appendAudit(tx, { actor, action: 'payment.decided', object: formatId('attempt', attemptId), detail })
  return { kind: 'settled' }
}

/** The request that began it is answered with it, should its client still repeat it. */
function requestOf({ request_key: id, request_run: run }: AttemptRow) {
  return id === null || run === null ? null : { id, run }
}
