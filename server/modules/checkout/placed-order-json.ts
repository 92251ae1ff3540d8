import { Type, type Static } from 'typebox'
import { formatId, type Id } from '../../kernel/id.ts'
import { must } from '../../kernel/invariant.ts'
import type { CurrencyCode } from '../../kernel/money.ts'
import { formatInstant } from '../../kernel/time.ts'
import type { Db } from '../../platform/db.ts'
import { idJson, InstantJson, strict } from '../../platform/http/index.ts'
import {
  groupJson,
  lineMoneyOf,
  OrderGroupJson,
  orderNumber,
  PlacedLineJson,
  placedLineJson,
  promisedGroupsOf,
  PromiseJson,
  promiseJson,
  readDeliveryGroupRows,
  readOrderLineRows,
  readOrderRows,
  TotalsJson,
  totalsJson,
  totalsOf,
  type LineMoney,
  type PromisedGroup,
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
  readonly groups: readonly PromisedGroup[]
}

const placedOrder = {
  id: idJson('order'),
  number: Type.String({ examples: ['W-100234'] }),
  accessToken: Type.String({ description: 'Lets a guest read and pay this order; send it as `Waybill-Access-Token`.' }),
  lines: Type.Array(PlacedLineJson),
  totals: TotalsJson,
  promise: Type.Union([PromiseJson, Type.Null()]),
  groups: Type.Array(OrderGroupJson),
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

export function factsOfDraft({ order, groups }: Draft): PlacedFacts {
  const { id, number, currency, lines, totals } = order
  const promised = order.groups.map((group, index) => ({ ...group, promise: groups[index]?.promise ?? null }))
  return { id, number, currency, lines, totals, groups: promised }
}

/** The same facts from the database, for a repeat. */
export async function readPlacedFacts(db: Db, orderId: Id<'order'>): Promise<PlacedFacts> {
  const [[row], groups, lines, promises] = await Promise.all([
    readOrderRows(db, [orderId]),
    readDeliveryGroupRows(db, [orderId]),
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
    groups: promisedGroupsOf(groups, promises),
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

function commonJson({ id, number, currency, lines, totals, groups }: PlacedFacts, accessToken: string) {
  return {
    id: formatId('order', id),
    number: orderNumber(number),
    accessToken,
    lines: lines.map((line) => placedLineJson(line, currency)),
    totals: totalsJson(totals, currency),
    promise: promiseJson(groups),
    groups: groups.map(groupJson),
  }
}
