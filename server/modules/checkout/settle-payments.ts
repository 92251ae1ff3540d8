import { formatId, type Id } from '../../kernel/id.ts'
import { must } from '../../kernel/invariant.ts'
import { addMs, SECOND_MS, type Instant } from '../../kernel/time.ts'
import type { Db, Tx } from '../../platform/db.ts'
import { sendKeyAnswers, type Json } from '../../platform/http/index.ts'
import { readRevisions } from '../../platform/revision.ts'
import { closeExceptions, raiseExceptions, type NewException } from '../exceptions/index.ts'
import { promoteClaims } from '../inventory/index.ts'
import type { Merchant } from '../merchant/index.ts'
import { postRedemptions } from '../pricing/index.ts'
import { extendPayBy, lockOrderRows, openOrders, type OrderRow } from '../orders/index.ts'
import {
  isUndecided,
  lockAttempts,
  postTenders,
  settleAttempts,
  type AttemptRow,
  type AttemptStatus,
  type AuthoriseAnswer,
  type NotFound,
  type PersonsDecision,
  type RequestIdentity,
  type Settled,
} from '../payments/index.ts'

export interface Settlable {
  readonly orderId: Id<'order'>
  readonly attemptId: Id<'attempt'>
  readonly demandIds: readonly Id<'demandLine'>[]
  /** Null when the attempt was decided already: the request is answered with how it stands. */
  readonly answer: AuthoriseAnswer | NotFound | PersonsDecision | null
  /** The request that is answered by this settlement, by itself or by whoever went on with its payment. */
  readonly key: RequestIdentity | null
}

/** What a payment attempt came to; kept as the answer of the request's key and given again to its repeats. */
export type PaymentResult =
  | { readonly kind: 'placed' }
  | { readonly kind: 'declined'; readonly reason: string; readonly payBy: Instant }
  | {
      readonly kind: 'awaiting_payment'
      readonly payBy: Instant
      readonly nextAction:
        | { readonly type: 'redirect'; readonly url: string }
        | { readonly type: 'wait'; readonly retryAfterMs: number }
    }

export interface SettledPayment {
  readonly result: PaymentResult
  readonly attemptId: Id<'attempt'>
}

/**
 * The settle transaction, for a whole batch: what providers answered becomes open orders, or orders that go on waiting
 * with their claims until `payBy`. Touches no supply row; a payment that somebody else settled first stays as it is.
 *
 *   lock   orders, then attempts, then stored value that opened orders are paid with, in the house's order
 *   write  attempts, money facts, claim stages, order status, units, events, the requests' answers
 */
export async function settlePayments(
  { db, merchant }: { readonly db: Db; readonly merchant: Merchant },
  requests: readonly Settlable[],
): Promise<SettledPayment[]> {
  return db.inTransaction(async (tx) => {
    const [orders, attempts] = await Promise.all([
      lockOrderRows(tx, [...new Set(requests.map((request) => request.orderId))]),
      lockAttempts(tx, [...new Set(requests.map((request) => request.attemptId))]),
    ])
    return settleLocked(tx, requests, { merchant, orders, attempts })
  })
}

/** What settling does once the orders and the attempts are locked. */
export async function settleLocked(
  tx: Tx,
  requests: readonly Settlable[],
  {
    merchant,
    orders,
    attempts,
  }: {
    readonly merchant: Merchant
    readonly orders: readonly OrderRow[]
    readonly attempts: readonly AttemptRow[]
  },
): Promise<SettledPayment[]> {
  const orderById = new Map(orders.map((order) => [order.id, order]))
  const attemptById = new Map(attempts.map((attempt) => [attempt.id, attempt]))
  // Several may have asked about one attempt at once, a buyer twice or a buyer and a worker: the last answer counts.
  const asked = [...new Map(requests.map((request) => [request.attemptId, request])).values()]
  const opening = new Set<Id<'order'>>()
  const settled = settleAttempts(
    tx,
    asked.map(({ orderId, attemptId, answer }) => {
      const attempt = must(attemptById.get(attemptId), 'the attempt that was asked for')
      const { status } = must(orderById.get(orderId), 'the order of the attempt')
      // Two attempts of one order in one batch: the first to succeed opens it, the other is given back.
      const orderWaits = status === 'awaiting_payment' && !opening.has(orderId)
      // One that was given up before does not open it, whatever the provider says by now.
      if (orderWaits && isMoney(answer) && isUndecided(attempt.status)) opening.add(orderId)
      return { attempt, answer, orderWaits }
    }),
  )
  const settledById = new Map(settled.map((each) => [each.attempt.id, each]))

  const opened = asked.filter((request) => justAuthorised(settledById.get(request.attemptId)))
  if (opened.length > 0) {
    const allocated = await promoteClaims(
      tx,
      opened.flatMap((request) => request.demandIds),
      { from: 'reserved', to: 'allocated' },
    )
    await openOrders(
      tx,
      opened.map((request) => must(orderById.get(request.orderId), 'a locked order')),
      allocated.map(({ demand_id, units }) => ({ demandId: demand_id as Id<'demandLine'>, units })),
    )
    postRedemptions(
      tx,
      opened.map(({ orderId }) => orderId),
    )
    // What the provider did not pay was reserved of stored value; most orders have none.
    const shared = opened.filter(({ orderId, attemptId }) => {
      const { amount_minor } = must(attemptById.get(attemptId), 'a locked attempt')
      return amount_minor < must(orderById.get(orderId), 'a locked order').total_minor
    })
    await postTenders(
      tx,
      shared.map(({ orderId }) => orderId),
    )
  }
  const channelOf = await channelsById(tx, merchant, orders)
  const answered = requests.map((request) => {
    const order = must(orderById.get(request.orderId), 'a locked order')
    const each = must(settledById.get(request.attemptId), 'a settlement for every request')
    const result = resultOf(each, order, channelOf)
    if (result.kind === 'awaiting_payment' && result.payBy !== order.pay_by) extendPayBy(tx, [order.id], result.payBy)
    return { attemptId: request.attemptId, result }
  })
  const overdue = settled.flatMap((each) => {
    const order = must(orderById.get(each.attempt.orderId), 'a locked order')
    return each.status === 'unknown' || each.status === 'pending'
      ? overdueException(each, order, channelOf(order.channel_id))
      : []
  })
  await raiseExceptions(tx, [...settled.flatMap(exceptionOf), ...overdue])
  await closeExceptions(tx, settled.flatMap(closingsOf))
  const keys = requests.flatMap(({ key }, index) =>
    key === null ? [] : [{ ...key, answer: storedPayment(must(answered[index], 'an answer for every request')) }],
  )
  if (keys.length > 0) sendKeyAnswers(tx, keys)
  return answered
}

function isMoney(answer: Settlable['answer']): boolean {
  return answer?.kind === 'authorised' || (answer?.kind === 'found_by_person' && answer.outcome === 'authorised')
}

const httpStatusByResult = { placed: 201, awaiting_payment: 202, declined: 402 } as const

function storedPayment({ attemptId, result }: SettledPayment): { status: number; stored: Json } {
  return { status: httpStatusByResult[result.kind], stored: { attemptId, result } }
}

/** Reads back what `storedPayment` wrote; null where there was nothing to pay. */
export function readStoredPayment(stored: Json): SettledPayment | null {
  return stored as SettledPayment | null
}

interface Terms {
  readonly paymentTtlS: number
  readonly paymentCapS: number
}

async function channelsById(
  tx: Tx,
  merchant: Merchant,
  orders: readonly OrderRow[],
): Promise<(channelId: Id<'channel'>) => Terms> {
  // How long to wait is not money: the book as this node last saw it will do, unless a channel is newer than that.
  const seen = merchant.peek()
  const isEnough = seen !== undefined && orders.every((order) => seen.channelById.has(order.channel_id))
  const book = isEnough ? seen : await merchant.bookAt(tx, (await readRevisions(tx)).merchant)
  return (channelId) => must(book.channelById.get(channelId), 'the channel of an order')
}

function justAuthorised(settled: Settled | undefined): boolean {
  return settled?.settlement?.status === 'authorised'
}

function resultOf(
  { status, settlement, attempt }: Settled,
  order: OrderRow,
  termsOf: (channelId: Id<'channel'>) => Terms,
): PaymentResult {
  if (status === 'authorised') return { kind: 'placed' }
  const payBy = order.pay_by ?? order.placed_at
  if (isOver(status)) return { kind: 'declined', reason: settlement?.failure ?? attempt.failure ?? status, payBy }
  const url = settlement === null ? attempt.actionUrl : settlement.actionUrl
  if (status === 'action_required' && url !== null) {
    return { kind: 'awaiting_payment', payBy, nextAction: { type: 'redirect', url } }
  }
  const retryAfterMs = Math.max(1_000, settlement?.askAgainAfterMs ?? 1_000)
  return {
    kind: 'awaiting_payment',
    payBy: status === 'unknown' ? extendedPayBy(order, payBy, termsOf(order.channel_id)) : payBy,
    nextAction: { type: 'wait', retryAfterMs },
  }
}

/** An unknown payment must not expire under the buyer: it gets another turn, up to the channel's cap. */
function extendedPayBy(order: OrderRow, payBy: Instant, { paymentTtlS, paymentCapS }: Terms): Instant {
  const cap = addMs(order.placed_at, paymentCapS * SECOND_MS)
  const extended = addMs(payBy, paymentTtlS * SECOND_MS)
  return extended < cap ? extended : (Math.max(payBy, cap) as Instant)
}

/** The cap is reached and the provider still does not say: now a person must ask. */
function overdueException({ attempt }: Settled, order: OrderRow, { paymentTtlS, paymentCapS }: Terms): NewException[] {
  const cap = addMs(order.placed_at, paymentCapS * SECOND_MS)
  if (order.pay_by === null || addMs(order.pay_by, paymentTtlS * SECOND_MS) < cap) return []
  return [
    {
      reason: 'payment_unknown',
      objectKind: 'order',
      objectId: order.id,
      facts: { provider: attempt.provider, paymentId: formatId('attempt', attempt.id) },
      nextAction:
        'Ask the provider what became of this payment and say so in a decision; the order keeps its goods until it is known.',
    },
  ]
}

function isOver(status: AttemptStatus): boolean {
  return status === 'declined' || status === 'mismatched' || status === 'void_due' || status === 'voided'
}

/** What a person was asked about and is known by now. What the first call answers was nobody's question yet. */
function closingsOf({ attempt, settlement }: Settled) {
  const isFirstAnswer = attempt.tries <= 1 && attempt.status !== 'unknown'
  if (settlement === null || isUndecided(settlement.status) || isFirstAnswer) return []
  const closedBy = settlement.decidedBy ?? 'settle-payments'
  const told = { closedBy, resolution: `the payment is ${settlement.status}` }
  return [
    { ...told, reason: 'payment_unknown', objectId: attempt.orderId },
    ...(settlement.alarm === 'payment_refused'
      ? []
      : [{ ...told, reason: 'payment_refused' as const, objectId: attempt.id }]),
  ]
}

function exceptionOf({ attempt, settlement, contradiction }: Settled): NewException[] {
  if (contradiction !== null) {
    return [
      {
        reason: 'payment_contradicted',
        objectKind: 'attempt',
        objectId: attempt.id,
        facts: { provider: attempt.provider, decidedBy: attempt.decidedBy, answered: contradiction },
        nextAction: 'The provider does not have the money that a person saw there: ask it, or cancel the order.',
      },
    ]
  }
  const alarm = settlement?.alarm ?? null
  if (settlement === null || alarm === null) return []
  return [
    {
      reason: alarm,
      objectKind: 'attempt',
      objectId: attempt.id,
      facts: { provider: attempt.provider, failure: settlement.failure },
      nextAction:
        alarm === 'payment_mismatch'
          ? 'Compare the payment with the provider: it answered about other money than was asked.'
          : 'Check the provider account and its configuration: it refuses our calls.',
    },
  ]
}
