import { formatId, newId, type Id } from '../../kernel/id.ts'
import { must } from '../../kernel/invariant.ts'
import { addMs } from '../../kernel/time.ts'
import type { Db } from '../../platform/db.ts'
import { appendEvents } from '../../platform/events/append.ts'
import { moneyJson } from '../../platform/http/index.ts'
import { raiseExceptions } from '../exceptions/index.ts'
import { attemptOf } from './attempt.ts'
import { FIRST_CALL_DEADLINE_MS, type Payments } from './open-payments.ts'
import {
  insertTransactions,
  lockAttempts,
  readAttemptRows,
  readTransactionRows,
  updateAttempts,
} from './payments.sql.ts'

/** A provider that cannot be reached is asked again after this, by the sweep. */
const TRY_AGAIN_MS = 60_000

/**
 * Gives an attempt's money back at the provider: call, then one transaction that books what came of it.
 * The command's key is the attempt's id with a suffix, so a call that is repeated voids once.
 */
export async function voidAttempt(
  { db, payments }: { readonly db: Db; readonly payments: Payments },
  attemptId: Id<'attempt'>,
): Promise<void> {
  const [row] = await readAttemptRows(db, [attemptId])
  if (row?.status !== 'void_due') return
  const attempt = attemptOf(row)
  const { provider, amount, providerReference } = attempt
  const answer =
    providerReference === null
      ? null
      : await payments
          .provider(provider)
          .void(
            { commandKey: `${attempt.id}-void`, providerReference, currency: amount.currency },
            { deadlineMs: FIRST_CALL_DEADLINE_MS },
          )
  await db.inTransaction(async (tx) => {
    const [locked] = await lockAttempts(tx, [attemptId])
    const { status, version } = must(locked, 'an attempt that was read')
    if (status !== 'void_due') return
    const isVoided = answer === null || answer.kind === 'voided'
    updateAttempts(tx, [
      {
        id: attemptId,
        status: isVoided ? 'voided' : 'void_due',
        providerReference,
        actionUrl: null,
        failure: isVoided ? null : failureOf(answer),
        // What the provider refuses is for a person; what is not known is asked again.
        nextTryAt: isVoided || answer.kind !== 'unknown' ? null : addMs(tx.wallAt, TRY_AGAIN_MS),
      },
    ])
    if (answer?.kind === 'voided' && answer.voidedMinor > 0n) {
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
        type: isVoided ? 'payment.voided' : 'payment.void_failed',
        aggregateKind: 'payment',
        aggregateId: attemptId,
        version: version + 1,
        occurredAt: tx.at,
        data: {
          paymentId: formatId('attempt', attemptId),
          orderId: formatId('order', attempt.orderId),
          provider,
          amount: moneyJson(amount),
          failure: isVoided ? null : failureOf(answer),
        },
      },
    ])
    if (!isVoided && answer.kind !== 'unknown') {
      await raiseExceptions(tx, [
        {
          reason: 'payment_void_refused',
          objectKind: 'attempt',
          objectId: attemptId,
          facts: { provider, failure: failureOf(answer) },
          nextAction: 'Give the money back at the provider by hand, then close this.',
        },
      ])
    }
  })
}

function failureOf(answer: { readonly kind: string; readonly code?: string; readonly cause?: string } | null): string {
  return answer?.code ?? answer?.cause ?? answer?.kind ?? 'voided'
}
