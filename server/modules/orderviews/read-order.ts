import type { Static } from 'typebox'
import { Type } from 'typebox'
import { formatId, type Id } from '../../kernel/id.ts'
import { must } from '../../kernel/invariant.ts'
import { formatInstant } from '../../kernel/time.ts'
import type { Queryable } from '../../platform/db.ts'
import { idJson, InstantJson, MoneyJson, moneyJson, SignedMoneyJson, strict } from '../../platform/http/index.ts'
import {
  buckets,
  type Bucket,
  groupJson,
  lineMoneyOf,
  OrderGroupJson,
  orderNumber,
  PlacedLineJson,
  placedLineJson,
  promisedGroupsOf,
  PromiseJson,
  promiseJson,
  readChargeRows,
  readDeliveryGroupRows,
  readDemandLineRows,
  readOrderLineRows,
  TotalsJson,
  totalsJson,
  totalsOf,
  type DemandLineRow,
  type OrderRow,
} from '../orders/index.ts'
import {
  formatAccountId,
  readAttemptRowsOfOrders,
  readSoldCards,
  readTenders,
  readTransactionRows,
  type AttemptRow,
  type TransactionRow,
  type ValueAccountRow,
  type ValueTenderRow,
} from '../payments/index.ts'
import { AppliedOfferJson, readRedemptions, redemptionJson } from '../pricing/index.ts'
import { readPromises } from '../sourcing/index.ts'

const StatusJson = Type.Enum(['awaiting_payment', 'open', 'completed', 'cancelled', 'expired'])
const BucketsJson = strict(
  {
    pending: Type.Integer(),
    allocated: Type.Integer(),
    in_work: Type.Integer(),
    shipped: Type.Integer(),
    delivered: Type.Integer(),
    lost: Type.Integer(),
    returned: Type.Integer(),
    cancelled: Type.Integer(),
  },
  { title: 'Units', description: 'Every unit of the line stands in exactly one of these.' },
)

const orderJson = {
  id: idJson('order'),
  number: Type.String({ examples: ['W-100234'] }),
  version: Type.Integer(),
  status: StatusJson,
  fulfillmentStatus: Type.Enum(['unfulfilled', 'partially_shipped', 'shipped', 'delivered', 'none']),
  paymentStatus: Type.Enum(['awaiting', 'authorised', 'paid', 'due', 'none']),
  placedAt: InstantJson,
  payBy: Type.Union([InstantJson, Type.Null()]),
  lines: Type.Array(strict({ ...PlacedLineJson.properties, units: BucketsJson }, { title: 'OrderLineWithUnits' })),
  charges: Type.Array(
    strict(
      {
        type: Type.String(),
        group: Type.Union([Type.Integer(), Type.Null()], { description: 'The group whose delivery it pays for.' }),
        amount: SignedMoneyJson,
        tax: SignedMoneyJson,
      },
      { title: 'Charge' },
    ),
  ),
  totals: TotalsJson,
  promotions: Type.Array(AppliedOfferJson, { description: 'What it was placed with.' }),
  promise: Type.Union([PromiseJson, Type.Null()]),
  groups: Type.Array(OrderGroupJson),
  payments: Type.Array(
    strict(
      {
        id: idJson('attempt'),
        provider: Type.String(),
        status: Type.String(),
        amount: SignedMoneyJson,
        failure: Type.Union([Type.String(), Type.Null()]),
        actionUrl: Type.Union([Type.String(), Type.Null()]),
        createdAt: InstantJson,
      },
      { title: 'Payment' },
    ),
  ),
  tenders: Type.Array(
    strict(
      {
        kind: Type.Enum(['gift_card', 'store_credit', 'card', 'cash', 'other']),
        last4: Type.Union([Type.String(), Type.Null()], { description: "Of a gift card's code." }),
        amount: MoneyJson,
        status: Type.Enum(['reserved', 'posted', 'released', 'reported']),
        refunded: MoneyJson,
      },
      { title: 'Tender' },
    ),
    {
      description:
        'What is paid with besides a provider; `payments` has the rest. `reported`: a trusted channel says that it has the money.',
    },
  ),
  giftCards: Type.Array(
    strict(
      {
        id: idJson('giftCard'),
        last4: Type.String(),
        sku: Type.String(),
        codeShown: Type.Boolean({ description: 'Whether its code was shown; it is shown once.' }),
      },
      { title: 'SoldGiftCard' },
    ),
    { description: 'Gift cards that were bought, once the order is accepted.' },
  ),
  shipments: Type.Array(Type.Never()),
  returns: Type.Array(Type.Never()),
} as const

export const StoreOrderJson = strict(orderJson, { title: 'Order' })
export const AdminOrderJson = strict(
  {
    ...orderJson,
    channelId: idJson('channel'),
    reference: Type.Union([Type.String(), Type.Null()]),
    customerId: Type.Union([idJson('person'), Type.Null()]),
  },
  { title: 'AdminOrder' },
)

/** An order as its buyer sees it: what it is, where its units stand, what was promised and paid. */
export async function storeOrderJson(source: Queryable, order: OrderRow): Promise<Static<typeof StoreOrderJson>> {
  const ids: readonly Id<'order'>[] = [order.id]
  const [groupRows, lines, demand, charges, promises, attempts, transactions, tenders, cards, offers] =
    await Promise.all([
      readDeliveryGroupRows(source, ids),
      readOrderLineRows(source, ids),
      readDemandLineRows(source, ids),
      readChargeRows(source, ids),
      readPromises(source, ids),
      readAttemptRowsOfOrders(source, ids),
      readTransactionRows(source, ids),
      readTenders(source, ids),
      readSoldCards(source, ids),
      readRedemptions(source, ids),
    ])
  const demandByLine = Map.groupBy(demand, (each) => each.line_id)
  const { currency } = order
  const groups = promisedGroupsOf(groupRows, promises)
  return {
    id: formatId('order', order.id),
    number: orderNumber(order.number),
    version: order.version,
    status: order.status,
    fulfillmentStatus: fulfillmentStatus(demand),
    paymentStatus: paymentStatus(
      order,
      transactions.some((each) => each.kind === 'authorisation'),
      attempts.length === 0 && tenders.some((each) => each.status === 'posted'),
    ),
    placedAt: formatInstant(order.placed_at),
    payBy: order.pay_by === null ? null : formatInstant(order.pay_by),
    lines: lines.map((line) => ({
      ...placedLineJson(lineMoneyOf(line), currency),
      units: unitsOf(demandByLine.get(line.id) ?? [], line.quantity),
    })),
    charges: charges.map((charge) => ({
      type: charge.type,
      group: charge.group_number,
      amount: moneyJson({ minor: charge.amount_minor, currency }),
      tax: moneyJson({ minor: charge.tax_minor, currency }),
    })),
    totals: totalsJson(totalsOf(order), currency),
    promotions: offers.map(redemptionJson),
    promise: promiseJson(groups),
    groups: groups.map(groupJson),
    payments: attempts.map(paymentJson),
    tenders: [...tenders.map(tenderJson), ...transactions.filter(({ kind }) => kind === 'external').map(reportedJson)],
    giftCards: cards.map((card) => soldCardJson(card, demand)),
    shipments: [],
    returns: [],
  }
}

export async function adminOrderJson(source: Queryable, order: OrderRow): Promise<Static<typeof AdminOrderJson>> {
  return {
    ...(await storeOrderJson(source, order)),
    channelId: formatId('channel', order.channel_id),
    reference: order.reference,
    customerId: order.person_id === null ? null : formatId('person', order.person_id),
  }
}

function paymentJson(attempt: AttemptRow) {
  return {
    id: formatId('attempt', attempt.id),
    provider: attempt.provider,
    status: attempt.status,
    amount: moneyJson({ minor: attempt.amount_minor, currency: attempt.currency }),
    failure: attempt.failure,
    actionUrl: attempt.action_url,
    createdAt: formatInstant(attempt.created_at),
  }
}

function tenderJson({ kind, code_last4, amount_minor, status, refunded_minor, currency }: ValueTenderRow) {
  return {
    kind,
    last4: code_last4,
    amount: moneyJson({ minor: amount_minor, currency }),
    status,
    refunded: moneyJson({ minor: refunded_minor, currency }),
  }
}

function reportedJson({ provider, amount_minor, currency }: TransactionRow) {
  return {
    // The schema lets channels tell these kinds only.
    kind: provider as 'gift_card' | 'store_credit' | 'card' | 'cash' | 'other',
    last4: null,
    amount: moneyJson({ minor: amount_minor, currency }),
    status: 'reported' as const,
    refunded: moneyJson({ minor: 0n, currency }),
  }
}

/** Not what is left on it: it may be somebody else's by now. */
function soldCardJson(card: ValueAccountRow, demand: readonly DemandLineRow[]) {
  return {
    id: formatAccountId(card),
    last4: must(card.code_last4, 'the end of a code'),
    sku: must(
      demand.find(({ id }) => id === card.sold_demand_id),
      'the line that a card is a unit of',
    ).sku,
    codeShown: card.code_shown_at !== null,
  }
}

/**
 * Units of an order line by bucket. A bundle line has several demand lines: it stands in a bucket with as many bundles
 * as its scarcest component, the rest of the line where its last component is.
 */
function unitsOf(demand: readonly DemandLineRow[], quantity: number): Record<Bucket, number> {
  const units = { pending: 0, allocated: 0, in_work: 0, shipped: 0, delivered: 0, lost: 0, returned: 0, cancelled: 0 }
  if (demand.length === 1) {
    const only = must(demand[0], 'the one demand line')
    for (const bucket of buckets) units[bucket] = only[bucket]
    return units
  }
  // Furthest bucket first: a bundle is shipped when its last component is.
  let left = quantity
  for (const bucket of buckets.toReversed()) {
    const reached = Math.min(...demand.map((line) => bundlesAtOrBeyond(line, bucket, quantity)))
    const here = Math.max(0, Math.min(left, reached - (quantity - left)))
    units[bucket] = here
    left -= here
  }
  return units
}

function bundlesAtOrBeyond(line: DemandLineRow, bucket: (typeof buckets)[number], quantity: number): number {
  const perBundle = line.ordered / quantity
  const place = buckets.indexOf(bucket)
  const units = buckets.slice(place).reduce((sum, each) => sum + line[each], 0)
  return Math.floor(units / perBundle)
}

function fulfillmentStatus(demand: readonly DemandLineRow[]): Static<typeof StoreOrderJson>['fulfillmentStatus'] {
  const total = (bucket: (typeof buckets)[number]) => demand.reduce((sum, line) => sum + line[bucket], 0)
  const waiting = total('pending') + total('allocated') + total('in_work')
  const shipped = total('shipped')
  const delivered = total('delivered')
  if (waiting + shipped + delivered === 0) return 'none'
  if (waiting === 0) return shipped === 0 ? 'delivered' : 'shipped'
  return shipped + delivered > 0 ? 'partially_shipped' : 'unfulfilled'
}

/** @param isPaidByValue  gift cards and store credit paid everything: no provider has to capture anything */
function paymentStatus(
  order: OrderRow,
  isAuthorised: boolean,
  isPaidByValue: boolean,
): Static<typeof StoreOrderJson>['paymentStatus'] {
  if (order.status === 'cancelled' || order.status === 'expired') return 'none'
  if (order.payment_terms === 'paid' || isPaidByValue) return 'paid'
  if (order.payment_terms === 'due') return 'due'
  if (order.payment_terms === 'authorized' || isAuthorised) return 'authorised'
  return order.total_minor === 0n ? 'none' : 'awaiting'
}
