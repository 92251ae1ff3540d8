import { formatId, newId, type Id } from '../../kernel/id.ts'
import { addMs } from '../../kernel/time.ts'
import type { Tx } from '../../platform/db.ts'
import { appendEvents, type NewEvent } from '../../platform/events/append.ts'
import { moneyJson } from '../../platform/http/schemas.ts'
import { attemptOf, isUndecided, type Attempt, type AttemptRow, type AttemptStatus } from './attempt.ts'
import { decideLateAnswer, decideSettlement, type PersonsDecision, type Settlement } from './decide-settlement.ts'
import { insertTransactions, updateAttempts, type AttemptUpdate, type NewTransaction } from './payments.sql.ts'
import type { AuthoriseAnswer, NotFound } from './ports.ts'

export interface Answered {
  readonly attempt: AttemptRow
  /** Null: it was decided before, and is answered as it stands. */
  readonly answer: AuthoriseAnswer | NotFound | PersonsDecision | null
  /** Whether its order, locked by the caller, still waits for the money. */
  readonly orderWaits: boolean
}

export interface Settled {
  readonly attempt: Attempt
  readonly status: AttemptStatus
  readonly settlement: Settlement | null
  /** What the provider says against the person who decided in its stead. */
  readonly contradiction: string | null
}

/**
 * Writes what providers answered into attempts whose orders and rows are locked.
 * An attempt that another call decided first is answered as it stands: two answers to one question count once.
 */
export function settleAttempts(tx: Tx, answered: readonly Answered[]): Settled[] {
  const settled = answered.map(settlementOf)
  const changed = settled.filter((each): each is Settled & { settlement: Settlement } => each.settlement !== null)
  if (changed.length === 0) return settled

  updateAttempts(
    tx,
    changed.map(({ attempt, settlement }) => updateOf(tx, attempt.id, settlement)),
  )
  const booked = changed.filter(({ settlement }) => settlement.authorised !== null)
  if (booked.length > 0)
    insertTransactions(
      tx,
      booked.map(({ attempt, settlement }) => bookingOf(attempt, settlement)),
    )
  appendEvents(
    tx,
    changed.map(({ attempt, settlement }) => eventOf(tx, attempt, settlement)),
  )
  return settled
}

function settlementOf({ attempt, answer, orderWaits }: Answered): Settled {
  const asItStands = { attempt: attemptOf(attempt), status: attempt.status, settlement: null, contradiction: null }
  if (answer === null) return asItStands
  if (isUndecided(attempt.status)) {
    const settlement = decideSettlement(answer, { orderWaits, tries: attempt.tries })
    return { ...asItStands, status: settlement.status, settlement }
  }
  if (attempt.decided_by === null || answer.kind === 'found_by_person') return asItStands
  const late = decideLateAnswer(attempt, answer)
  switch (late.kind) {
    case 'agrees':
      return asItStands
    case 'give_back':
      return { ...asItStands, status: late.settlement.status, settlement: late.settlement }
    case 'contradicts':
      return { ...asItStands, contradiction: late.answered }
  }
}

function updateOf(tx: Tx, id: Id<'attempt'>, settlement: Settlement): AttemptUpdate {
  const { askAgainAfterMs } = settlement
  return {
    id,
    status: settlement.status,
    providerReference: settlement.providerReference,
    actionUrl: settlement.actionUrl,
    failure: settlement.failure,
    decidedBy: settlement.decidedBy,
    nextTryAt: askAgainAfterMs === null ? null : addMs(tx.wallAt, askAgainAfterMs),
  }
}

function bookingOf(attempt: Attempt, settlement: Settlement): NewTransaction {
  return {
    id: newId<'transaction'>(),
    attemptId: attempt.id,
    orderId: attempt.orderId,
    tender: attempt.tender,
    kind: 'authorisation',
    amountMinor: attempt.amount.minor,
    currency: attempt.amount.currency,
    provider: attempt.provider,
    providerReference: settlement.providerReference ?? attempt.id,
  }
}

function eventOf(tx: Tx, attempt: Attempt, settlement: Settlement): NewEvent {
  return {
    type: `payment.${settlement.status}`,
    aggregateKind: 'payment',
    aggregateId: attempt.id,
    version: attempt.version + 1,
    occurredAt: tx.at,
    data: {
      paymentId: formatId('attempt', attempt.id),
      orderId: formatId('order', attempt.orderId),
      provider: attempt.provider,
      amount: moneyJson(attempt.amount),
      failure: settlement.failure,
    },
  }
}
