import type { Id } from '../../kernel/id.ts'
import { invariant, must } from '../../kernel/invariant.ts'
import { afterCommit } from '../../platform/after-commit.ts'
import type { Batcher } from '../../platform/batch/batch.ts'
import type { Db } from '../../platform/db.ts'
import { orderNumber, readDemandLineRows, readOrderRows } from '../orders/index.ts'
import { askable, attemptOf, isUndecided, readAttemptRowsOfOrders, type Payments } from '../payments/index.ts'
import type { Draft } from './draft-order.ts'
import type { Placement, PlacementRefusal, RequestKey, ShopperPlacement } from './placement.ts'
import type { KnownKey, Prepared } from './prepare-orders.ts'
import { settlePatiently } from './settle-patiently.ts'
import { readStoredPayment, type PaymentResult, type Settlable, type SettledPayment } from './settle-payments.ts'

export type PlaceOutcome =
  | {
      readonly kind: 'answered'
      readonly orderId: Id<'order'>
      /** What was written; null when an earlier request with the same key or reference wrote it. */
      readonly draft: Draft | null
      /** Null when nothing was to be paid to a provider. */
      readonly payment: AnsweredPayment | null
    }
  | { readonly kind: 'refused'; readonly refusal: PlacementRefusal | KeyRefusal }

export type RepeatOutcome =
  | Extract<PlaceOutcome, { kind: 'answered' }>
  | { readonly kind: 'refused'; readonly refusal: KeyRefusal }

export interface AnsweredPayment {
  readonly attemptId: Id<'attempt'>
  readonly result: PaymentResult
}

export type KeyRefusal = { readonly code: 'idempotency_key_reused' } | { readonly code: 'request_in_progress' }

export interface PlaceDeps {
  readonly db: Db
  readonly payments: Payments
  readonly prepare: Batcher<Placement, Prepared>
  readonly settle: Batcher<Settlable, SettledPayment>
}

/**
 * Turns a shopper's cart or request into an order; a cart has at most one live order.
 *
 *   prepare  one transaction:  lock, price, decide, claim stock, reserve stored value, record order and payment attempt
 *   pay      no transaction:   authorise what stored value leaves; the attempt's id is the provider's idempotency key
 *   settle   one transaction:  open and announced, or still awaiting payment with its claims until `payBy`
 *
 * Prepare and settle are shared with the other requests that arrive meanwhile. A crash between two phases leaves an
 * order awaiting payment: repeating the request with its key, or the sweep over due attempts, goes on from there.
 */
export async function placeOrder(deps: PlaceDeps, request: ShopperPlacement): Promise<PlaceOutcome> {
  const { provider } = request.payment ?? {}
  if (provider !== undefined && !deps.payments.hasProvider(provider)) {
    return { kind: 'refused', refusal: { code: 'provider_unknown', provider } }
  }
  const prepared = await deps.prepare.submit(request, { lane: 'shopper' })
  if (prepared.kind === 'refused') return prepared
  if (prepared.kind === 'key_known') {
    const { state } = prepared
    return afterCommit(() => answerRepeat(deps, state, request.key))
  }
  if (prepared.kind === 'placed_before')
    return { kind: 'answered', orderId: prepared.orderId, draft: null, payment: null }
  invariant(prepared.kind === 'placed', 'an order is answered as an order')
  const { draft } = prepared
  if (draft.newAttempt === null) {
    return { kind: 'answered', orderId: draft.order.id, draft, payment: null }
  }

  const reference = orderNumber(draft.order.number)
  const answer = await deps.payments.ask({ ...draft.newAttempt, providerReference: null, reference })
  const payment = await settlePatiently(deps.settle, {
    orderId: draft.order.id,
    attemptId: draft.newAttempt.id,
    demandIds: draft.order.lines.flatMap((line) => line.demand.map((demand) => demand.id)),
    answer,
    key: request.key,
  })
  return { kind: 'answered', orderId: draft.order.id, draft, payment }
}

/** The same request again: its stored answer, or the rest of the way that its first execution did not finish. */
export async function answerRepeat(deps: PlaceDeps, state: KnownKey, key: RequestKey): Promise<RepeatOutcome> {
  switch (state.kind) {
    case 'reused':
      return { kind: 'refused', refusal: { code: 'idempotency_key_reused' } }
    case 'in_progress':
      return { kind: 'refused', refusal: { code: 'request_in_progress' } }
    case 'completed': {
      const orderId = must(state.objectId, 'a placed order') as Id<'order'>
      return { kind: 'answered', orderId, draft: null, payment: readStoredPayment(state.answer.stored) }
    }
    case 'taken_over': {
      const orderId = must(state.objectId, 'the order that was being placed') as Id<'order'>
      const payment = await resumePayment(deps, orderId, { key })
      return { kind: 'answered', orderId, draft: null, payment }
    }
  }
}

/**
 * Goes on with a payment from wherever its execution ended: asks the provider under the same key and settles. Safe to
 * run at any time and twice. Without an attempt's id it is the one that the key's request made, or the order's latest.
 */
export async function resumePayment(
  deps: PlaceDeps,
  orderId: Id<'order'>,
  {
    key,
    attemptId,
  }: {
    readonly key: RequestKey | null
    readonly attemptId?: Id<'attempt'>
  },
): Promise<AnsweredPayment | null> {
  const [[order], attempts, demand] = await Promise.all([
    readOrderRows(deps.db, [orderId]),
    readAttemptRowsOfOrders(deps.db, [orderId]),
    readDemandLineRows(deps.db, [orderId]),
  ])
  const row =
    attemptId === undefined
      ? (attempts.find((each) => each.request_key === key?.id) ?? attempts.at(-1))
      : attempts.find((each) => each.id === attemptId)
  if (order === undefined || row === undefined) return null
  const attempt = attemptOf(row)
  const answer = isUndecided(attempt.status)
    ? await deps.payments.ask(askable(attempt, orderNumber(order.number)), { isRepeat: true })
    : null
  const demandIds = demand.map((each) => each.id)
  // A worker that goes on with it answers the request that died; its client may repeat it any time.
  const request = key ?? attempt.request
  return settlePatiently(deps.settle, { orderId, attemptId: attempt.id, demandIds, answer, key: request })
}
