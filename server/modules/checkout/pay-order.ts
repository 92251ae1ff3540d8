import { newId, type Id } from '../../kernel/id.ts'
import { must } from '../../kernel/invariant.ts'
import { sumMinor } from '../../kernel/money.ts'
import { afterCommit } from '../../platform/after-commit.ts'
import { CommitUnknownError, type Tx } from '../../platform/db.ts'
import { releaseKeys, takeKeys } from '../../platform/http/index.ts'
import { lockOrderRows, orderNumber, readDemandLineRows, type OrderRow } from '../orders/index.ts'
import {
  FIRST_CALL_LEASE_MS,
  giveUpAttempts,
  insertAttempts,
  lockAttemptsOfOrders,
  readTenders,
  type AttemptRow,
  type NewAttempt,
} from '../payments/index.ts'
import { answerRepeat, type AnsweredPayment, type KeyRefusal, type PlaceDeps } from './place-orders.ts'
import type { RequestKey } from './placement.ts'
import type { KnownKey } from './prepare-orders.ts'
import { settlePatiently } from './settle-patiently.ts'

export type PayRefusal =
  | { readonly code: 'not_payable'; readonly orderStatus: string }
  | { readonly code: 'payment_overdue' }
  | { readonly code: 'payment_in_progress'; readonly retryAfterMs: number }
  | { readonly code: 'provider_unknown'; readonly provider: string }

export type PayOutcome =
  | { readonly kind: 'answered'; readonly payment: AnsweredPayment | null }
  | { readonly kind: 'refused'; readonly refusal: PayRefusal | KeyRefusal }

type Recorded =
  | {
      readonly kind: 'recorded'
      readonly attempt: NewAttempt
      readonly order: OrderRow
      readonly demandIds: readonly Id<'demandLine'>[]
    }
  | { readonly kind: 'refused'; readonly refusal: PayRefusal }
  | { readonly kind: 'key_known'; readonly state: KnownKey }

/**
 * Pays an order that still waits, with another card on the same claims.
 *
 *   prepare  one transaction:  lock the order, stop an attempt that waits for its buyer, record the new one
 *   pay      no transaction
 *   settle   one transaction, shared with placing
 */
export async function payOrder(
  deps: PlaceDeps,
  {
    orderId,
    key,
    provider,
    token,
    returnUrl,
  }: {
    readonly orderId: Id<'order'>
    readonly key: RequestKey
    readonly provider: string
    readonly token: string
    readonly returnUrl?: string | undefined
  },
): Promise<PayOutcome> {
  if (!deps.payments.hasProvider(provider)) {
    return { kind: 'refused', refusal: { code: 'provider_unknown', provider } }
  }
  const record = () => deps.db.inTransaction((tx) => recordAttempt(tx, { orderId, key, provider, token, returnUrl }))
  const recorded = await record().catch((error: unknown) => {
    if (!(error instanceof CommitUnknownError)) throw error
    // Taking the same key waits for a commit under way: it is ours by then, or free.
    return afterCommit(record)
  })
  if (recorded.kind === 'refused') return recorded
  if (recorded.kind === 'key_known') {
    const repeated = await afterCommit(() => answerRepeat(deps, recorded.state, key))
    return repeated.kind === 'refused' ? repeated : { kind: 'answered', payment: repeated.payment }
  }
  const { attempt, order, demandIds } = recorded
  const reference = orderNumber(order.number)
  const answer = await deps.payments.ask({ ...attempt, providerReference: null, reference })
  const payment = await settlePatiently(deps.settle, { orderId, attemptId: attempt.id, demandIds, answer, key })
  return { kind: 'answered', payment }
}

async function recordAttempt(
  tx: Tx,
  {
    orderId,
    key,
    provider,
    token,
    returnUrl,
  }: {
    readonly orderId: Id<'order'>
    readonly key: RequestKey
    readonly provider: string
    readonly token: string
    readonly returnUrl: string | undefined
  },
): Promise<Recorded> {
  // A repeat holds the key of a request that may be settling, which locks its order and then the key: it goes no further.
  const keys = await takeKeys(tx, [{ ...key, objectId: orderId }], FIRST_CALL_LEASE_MS)
  const state = must(keys[0], 'an answer for the key')
  if (state.kind !== 'taken') return { kind: 'key_known', state }
  const [orders, attempts, demand, tenders] = await Promise.all([
    lockOrderRows(tx, [orderId]),
    lockAttemptsOfOrders(tx, [orderId]),
    readDemandLineRows(tx, [orderId]),
    readTenders(tx, [orderId]),
  ])
  const order = must(orders[0], 'an order that the caller may see')
  const refusal = decidePayable(order, attempts, tx.at)
  if (refusal !== null) {
    releaseKeys(tx, [key.id])
    return { kind: 'refused', refusal }
  }
  giveUpAttempts(tx, attempts)
  const attempt: NewAttempt = {
    id: newId<'attempt'>(),
    orderId,
    provider,
    // Stored value that was reserved when the order was placed stays so until it ends.
    amount: {
      minor: order.total_minor - sumMinor(tenders.map(({ amount_minor }) => amount_minor)),
      currency: order.currency,
    },
    token,
    returnUrl,
    request: key,
  }
  insertAttempts(tx, [attempt], { withinMs: FIRST_CALL_LEASE_MS })
  return { kind: 'recorded', attempt, order, demandIds: demand.map((each) => each.id) }
}

/** Guards in the order in which the buyer should hear of them. */
export function decidePayable(
  order: Pick<OrderRow, 'status' | 'pay_by'>,
  attempts: readonly Pick<AttemptRow, 'status'>[],
  at: number,
): PayRefusal | null {
  if (order.status !== 'awaiting_payment') return { code: 'not_payable', orderStatus: order.status }
  if (attempts.some(({ status }) => status === 'pending' || status === 'unknown')) {
    return { code: 'payment_in_progress', retryAfterMs: 5_000 }
  }
  if (order.pay_by !== null && order.pay_by < at) return { code: 'payment_overdue' }
  return null
}
