import { Type, type Static } from 'typebox'
import { formatId, type Id } from '../../kernel/id.ts'
import { must } from '../../kernel/invariant.ts'
import type { CurrencyCode } from '../../kernel/money.ts'
import { formatInstant, type Instant } from '../../kernel/time.ts'
import type { Db } from '../../platform/db.ts'
import { idJson, InstantJson, strict } from '../../platform/http/index.ts'
import {
  lineMoneyOf,
  orderNumber,
  PlacedLineJson,
  placedLineJson,
  PromiseJson,
  promiseJson,
  readOrderLineRows,
  readOrderRows,
  TotalsJson,
  totalsJson,
  totalsOf,
  type LineMoney,
  type NewOrder,
  type Totals,
} from '../orders/index.ts'
import { readPromises } from '../sourcing/index.ts'
import type { Draft } from './draft-order.ts'
import type { PaymentResult } from './settle-payments.ts'

/** What placing answers: only what never changes, so that a repeat of the request gets the same answer. */
export interface PlacedFacts {
  readonly id: Id<'order'>
  readonly number: bigint
  readonly currency: CurrencyCode
  readonly lines: readonly LineMoney[]
  readonly totals: Totals
  readonly method: NewOrder['method']
  readonly promise: { readonly earliest: Instant; readonly latest: Instant } | null
}

const placedOrder = {
  id: idJson('order'),
  number: Type.String({ examples: ['W-100234'] }),
  accessToken: Type.String({ description: 'Lets a guest read and pay this order; send it as `Waybill-Access-Token`.' }),
  lines: Type.Array(PlacedLineJson),
  totals: TotalsJson,
  promise: Type.Union([PromiseJson, Type.Null()]),
}

export const PlacedOrderJson = strict({ status: Type.Literal('open'), ...placedOrder }, { title: 'PlacedOrder' })

export const AwaitingOrderJson = strict(
  {
    status: Type.Literal('awaiting_payment'),
    ...placedOrder,
    paymentId: idJson('attempt'),
    payBy: InstantJson,
    nextAction: Type.Union([
      strict({ type: Type.Literal('redirect'), url: Type.String() }),
      strict({ type: Type.Literal('wait'), retryAfterMs: Type.Integer() }),
    ]),
  },
  { title: 'AwaitingOrder' },
)

export function factsOfDraft({ order, promise }: Draft): PlacedFacts {
  const { id, number, currency, lines, totals, method } = order
  return { id, number, currency, lines, totals, method, promise }
}

/** The same facts from the database, for a repeat. */
export async function readPlacedFacts(db: Db, orderId: Id<'order'>): Promise<PlacedFacts> {
  const [[row], lines, [promise]] = await Promise.all([
    readOrderRows(db, [orderId]),
    readOrderLineRows(db, [orderId]),
    readPromises(db, [orderId], { version: 1 }),
  ])
  const order = must(row, 'an order that was placed')
  return {
    id: order.id,
    number: order.number,
    currency: order.currency,
    lines: lines.map(lineMoneyOf),
    totals: totalsOf(order),
    method: order.method,
    promise: promise ?? null,
  }
}

export function placedOrderJson(facts: PlacedFacts, accessToken: string): Static<typeof PlacedOrderJson> {
  return { status: 'open', ...commonJson(facts, accessToken) }
}

export function awaitingOrderJson(
  facts: PlacedFacts,
  accessToken: string,
  attemptId: Id<'attempt'>,
  { payBy, nextAction }: PaymentResult & { kind: 'awaiting_payment' },
): Static<typeof AwaitingOrderJson> {
  return {
    status: 'awaiting_payment',
    ...commonJson(facts, accessToken),
    paymentId: formatId('attempt', attemptId),
    payBy: formatInstant(payBy),
    nextAction,
  }
}

function commonJson({ id, number, currency, lines, totals, method, promise }: PlacedFacts, accessToken: string) {
  return {
    id: formatId('order', id),
    number: orderNumber(number),
    accessToken,
    lines: lines.map((line) => placedLineJson(line, currency)),
    totals: totalsJson(totals, currency),
    promise: promise === null ? null : promiseJson(method, promise),
  }
}
