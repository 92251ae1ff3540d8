import { formatId, newId, type Id } from '../../kernel/id.ts'
import { must } from '../../kernel/invariant.ts'
import { addMs } from '../../kernel/time.ts'
import type { Db } from '../../platform/db.ts'
import { appendEvents } from '../../platform/events/append.ts'
import { moneyJson } from '../../platform/http/index.ts'
import { raiseExceptions } from '../exceptions/index.ts'
import { attemptOf, type Attempt } from './attempt.ts'
import { askable, FIRST_CALL_DEADLINE_MS, type Payments } from './open-payments.ts'
import {
  insertTransactions,
  lockAttempts,
  readAttemptRows,
  readTransactionRows,
  updateAttempts,
} from './payments.sql.ts'
import type { VoidAnswer } from './ports.ts'

/** A provider that cannot be reached is asked again after this, by the sweep. */
const TRY_AGAIN_MS = 60_000

/**
 * Gives an attempt's money back at the provider: call, then one transaction that books what came of it.
 * The command's key is the attempt's id with a suffix, so a call that is repeated voids once.
 *
 * @param reference  the order's number, as the provider's statements show it
 */
export async function voidAttempt(
  { db, payments }: { readonly db: Db; readonly payments: Payments },
  { attemptId, reference }: { readonly attemptId: Id<'attempt'>; readonly reference: string },
): Promise<void> {
  const [row] = await readAttemptRows(db, [attemptId])
  if (row?.status !== 'void_due') return
  const attempt = attemptOf(row)
  const { provider, amount } = attempt
  const { providerReference, answer } = await giveBack(payments, attempt, reference)
  await db.inTransaction(async (tx) => {
    const [locked] = await lockAttempts(tx, [attemptId])
    const { status, version } = must(locked, 'an attempt that was read')
    if (status !== 'void_due') return
    const failure = failureOf(answer)
    updateAttempts(tx, [
      {
        id: attemptId,
        status: failure === null ? 'voided' : 'void_due',
        providerReference,
        actionUrl: null,
        failure,
        // What the provider refuses is for a person; what is not known is asked again.
        nextTryAt: answer.kind === 'unknown' ? addMs(tx.wallAt, TRY_AGAIN_MS) : null,
      },
    ])
    if (answer.kind === 'voided' && answer.voidedMinor > 0n) {
      const fact = {
        attemptId,
        orderId: attempt.orderId,
        tender: attempt.tender,
        amountMinor: answer.voidedMinor,
        currency: answer.currency,
        provider,
      }
      const voided = {
        ...fact,
        id: newId<'transaction'>(),
        kind: 'void',
        providerReference: answer.transactionReference,
      } as const
      // A buyer who approved at the bank after we had given up: what is given back was authorised there, unseen by us.
      const unseen = {
        ...fact,
        id: newId<'transaction'>(),
        kind: 'authorisation',
        providerReference: providerReference ?? attemptId,
      } as const
      const booked = await readTransactionRows(tx, [attempt.orderId])
      const isSeen = booked.some(({ attempt_id, kind }) => attempt_id === attemptId && kind === 'authorisation')
      insertTransactions(tx, isSeen ? [voided] : [unseen, voided])
    }
    appendEvents(tx, [
      {
        type: failure === null ? 'payment.voided' : 'payment.void_failed',
        aggregateKind: 'payment',
        aggregateId: attemptId,
        version: version + 1,
        occurredAt: tx.at,
        data: {
          paymentId: formatId('attempt', attemptId),
          orderId: formatId('order', attempt.orderId),
          provider,
          amount: moneyJson(amount),
          failure,
        },
      },
    ])
    if (failure !== null && answer.kind !== 'unknown') {
      await raiseExceptions(tx, [
        {
          reason: 'payment_void_refused',
          objectKind: 'attempt',
          objectId: attemptId,
          facts: { provider, failure },
          nextAction: 'Give the money back at the provider by hand, then close this.',
        },
      ])
    }
  })
}

interface GivenBack {
  readonly providerReference: string | null
  readonly answer: VoidAnswer | { readonly kind: 'nothing_there' }
}

/** Without a reference it is looked for first: a person may have ended a payment that the provider took all the same. */
async function giveBack(payments: Payments, attempt: Attempt, reference: string): Promise<GivenBack> {
  if (attempt.providerReference !== null) return voidAt(payments, attempt, attempt.providerReference)
  const found = await payments.find(askable(attempt, reference))
  switch (found.kind) {
    case 'authorised':
    case 'requires_action':
    case 'pending':
      return voidAt(payments, attempt, found.providerReference)
    case 'declined':
    case 'voided':
      return { providerReference: found.providerReference, answer: { kind: 'nothing_there' } }
    case 'not_found':
      return { providerReference: null, answer: { kind: 'nothing_there' } }
    case 'mismatch':
    case 'unknown':
      return { providerReference: null, answer: found }
  }
}

async function voidAt(
  payments: Payments,
  { id, provider, amount: { currency } }: Attempt,
  providerReference: string,
): Promise<GivenBack> {
  const request = { commandKey: `${id}-void`, providerReference, currency }
  const answer = await payments.provider(provider).void(request, { deadlineMs: FIRST_CALL_DEADLINE_MS })
  return { providerReference, answer }
}

/** Null when nothing of it is reserved any more. */
function failureOf(answer: GivenBack['answer']): string | null {
  switch (answer.kind) {
    case 'voided':
    case 'nothing_there':
      return null
    case 'refused':
      return answer.code
    case 'unknown':
      return answer.cause
    case 'mismatch':
      return answer.kind
  }
}
