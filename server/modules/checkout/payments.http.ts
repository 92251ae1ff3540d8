import { Type } from 'typebox'
import { formatId } from '../../kernel/id.ts'
import { must } from '../../kernel/invariant.ts'
import { formatInstant } from '../../kernel/time.ts'
import { readWritten } from '../../platform/after-commit.ts'
import {
  actorOf,
  expectedVersion,
  idJson,
  InstantJson,
  line,
  machineCode,
  moneyJson,
  PositiveMoneyJson,
  readId,
  refuse,
  refusePlatform,
  sendVersion,
  strict,
  type App,
} from '../../platform/http/index.ts'
import { readAttemptRows, type AttemptRow } from '../payments/index.ts'
import type { CheckoutHttpDeps } from './checkout.http.ts'
import { refusals } from './checkout.refusals.ts'
import { settleByHand } from './settle-by-hand.ts'

const tags = ['payments']
const params = strict({ id: idJson('attempt') })

const PaymentJson = strict(
  {
    id: idJson('attempt'),
    version: Type.Integer(),
    orderId: idJson('order'),
    provider: Type.String(),
    providerReference: Type.Union([Type.String(), Type.Null()]),
    status: Type.Enum([
      'pending',
      'action_required',
      'unknown',
      'authorised',
      'declined',
      'mismatched',
      'void_due',
      'voided',
    ]),
    amount: PositiveMoneyJson,
    failure: Type.Union([Type.String(), Type.Null()], { description: 'Why it did not succeed, or is not known.' }),
    tries: Type.Integer({ description: 'How often the provider was asked.' }),
    decidedBy: Type.Union([Type.String(), Type.Null()], {
      description: "Who decided it in the provider's stead; null where the provider answered.",
    }),
    createdAt: InstantJson,
  },
  { title: 'PaymentAttempt' },
)

const DecisionBody = strict(
  {
    outcome: Type.Enum(['authorised', 'declined']),
    providerReference: Type.Optional(
      machineCode(200, { description: "The provider's id of the payment; needed for one that it has authorised." }),
    ),
    evidence: line(500, { description: 'What this is known from: a statement, a screen, a person at the provider.' }),
  },
  { title: 'PaymentDecision' },
)

/** Payments one by one, and what a person says of those whose provider says nothing. */
export function mountAdminPayments(app: App, { db, merchant }: CheckoutHttpDeps): void {
  app.get(
    '/v1/admin/payments/:id',
    {
      schema: { summary: 'Reads a payment', tags, params, response: { 200: PaymentJson } },
      config: { scope: 'payments:read', idempotent: 'safe' },
    },
    async (request, reply) => {
      const [attempt] = await readAttemptRows(db, [readId('attempt', request.params.id)])
      if (attempt === undefined) return refusePlatform(reply, 'not_found')
      return sendVersion(reply, attempt.version).send(paymentJson(attempt))
    },
  )

  app.put(
    '/v1/admin/payments/:id/decision',
    {
      schema: {
        summary: 'Decides a payment whose provider does not say what became of it',
        description:
          'For a payment that is `unknown`, or `pending` without end. `authorised` opens the order. `declined` lets it ' +
          'be paid anew, or expire; should the provider have the money after all, it is given back.',
        tags,
        params,
        body: DecisionBody,
        response: { 200: PaymentJson },
      },
      config: { scope: 'payments:write', idempotent: 'natural', ifMatch: 'required', refusals },
    },
    async (request, reply) => {
      const attemptId = readId('attempt', request.params.id)
      const { outcome, providerReference = null, evidence } = request.body
      const settled = await settleByHand(
        { db, merchant },
        {
          attemptId,
          seenVersion: expectedVersion(request),
          found: { outcome, providerReference, evidence },
          actor: actorOf(request.caller),
        },
      )
      switch (settled.kind) {
        case 'unknown':
          return refusePlatform(reply, 'not_found')
        case 'version_mismatch':
          return refusePlatform(reply, 'version_mismatch', { currentVersion: settled.currentVersion })
        case 'refused':
          return refuse(reply, refusals, settled.refusal)
        case 'settled': {
          const [row] = await readWritten(() => readAttemptRows(db, [attemptId]))
          const attempt = must(row, 'the payment that was decided')
          return sendVersion(reply, attempt.version).send(paymentJson(attempt))
        }
      }
    },
  )
}

function paymentJson(attempt: AttemptRow) {
  return {
    id: formatId('attempt', attempt.id),
    version: attempt.version,
    orderId: formatId('order', attempt.order_id),
    provider: attempt.provider,
    providerReference: attempt.provider_reference,
    status: attempt.status,
    amount: moneyJson({ minor: attempt.amount_minor, currency: attempt.currency }),
    failure: attempt.failure,
    tries: attempt.tries,
    decidedBy: attempt.decided_by,
    createdAt: formatInstant(attempt.created_at),
  }
}
