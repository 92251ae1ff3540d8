import { formatId, type Id } from '../../kernel/id.ts'
import { must } from '../../kernel/invariant.ts'
import type { Tx } from '../../platform/db.ts'
import { readRevisions } from '../../platform/revision.ts'
import type { Catalog } from '../catalog/index.ts'
import { raiseExceptions } from '../exceptions/index.ts'
import type { Merchant } from '../merchant/index.ts'
import {
  deliverPendingUnits,
  lockOrderRows,
  readOrderLineRows,
  readUndeliveredRows,
  type DemandLineRow,
  type OrderLineRow,
  type OrderRow,
} from '../orders/index.ts'
import { issueSoldCards, type Payments } from '../payments/index.ts'

/**
 * Cards made of one line by themselves, about 2 ms. A larger sale is one that a person looks at before it is as good as
 * cash, and would keep the journey's transaction open too long.
 */
const CARDS_PER_LINE_MAX = 200

/**
 * Makes the gift cards of orders that were accepted, one a unit, and delivers the units. What makes it happen once: the
 * units are pending under the order's lock, and delivered in the transaction that makes their cards.
 *
 * A card is worth the line's unit price: a discount lowers what is paid for it, not what it holds. From here on the order
 * can no longer be cancelled as a whole: the card may be spent by now.
 */
export async function issueCardsOfOrders(
  tx: Tx,
  {
    catalog,
    merchant,
    payments,
  }: {
    readonly catalog: Catalog
    readonly merchant: Merchant
    readonly payments: Payments
  },
  orderIds: readonly Id<'order'>[],
): Promise<void> {
  const candidates = await readUndeliveredRows(tx, orderIds)
  if (candidates.length === 0) return
  const revisions = await readRevisions(tx)
  const onlyCards = async (lines: readonly DemandLineRow[]): Promise<DemandLineRow[]> => {
    const variantIds = lines.map(({ variant_id }) => variant_id)
    const offers = await catalog.offersByVariantAt(tx, revisions.catalog, variantIds)
    return lines.filter(({ variant_id }) => offers.get(variant_id)?.kind === 'gift_card')
  }
  const seen = await onlyCards(candidates)
  if (seen.length === 0) return

  const ids = [...new Set(seen.map(({ order_id }) => order_id))]
  const [orders, demand, lines] = await Promise.all([
    lockOrderRows(tx, ids),
    readUndeliveredRows(tx, ids),
    readOrderLineRows(tx, ids),
  ])
  const book = await merchant.bookAt(tx, revisions.merchant)
  const orderById = new Map(orders.map((order) => [order.id, order]))
  const lineById = new Map(lines.map((line) => [line.id, line]))
  // Cancelled since, or made before: those units are not pending under the lock.
  const owed = (await onlyCards(demand)).map((line) => ({
    line,
    order: must(orderById.get(line.order_id), 'the order of a demand line'),
    sold: must(lineById.get(line.line_id), 'the order line of a demand line'),
  }))
  const ready = owed.filter(({ order, line, sold }) => whyNotIssued(order, line, sold) === null)
  issueSoldCards(
    tx,
    payments.codes,
    ready.flatMap(({ order, line, sold }) => {
      const channel = must(book.channelById.get(order.channel_id), 'the channel of an order')
      return Array.from({ length: line.pending }, (_, index) => ({
        legalEntityId: channel.legalEntityId,
        currency: order.currency,
        amountMinor: sold.unit_price_minor,
        expiresAt: null,
        sold: { orderId: order.id, demandId: line.id, unit: line.ordered - line.pending + index + 1 },
      }))
    }),
  )
  if (ready.length > 0) {
    deliverPendingUnits(
      tx,
      ready.map(({ line }) => ({ demandId: line.id, units: line.pending })),
    )
  }
  await raiseExceptions(
    tx,
    owed.flatMap(({ order, line, sold }) => {
      const cause = whyNotIssued(order, line, sold)
      if (cause === null || cause === 'ended') return []
      return [
        {
          reason: 'gift_cards_not_issued',
          objectKind: 'order' as const,
          objectId: order.id,
          facts: { orderId: formatId('order', order.id), sku: line.sku, units: line.pending, cause },
          nextAction: 'Make the cards by hand once it is clear what they are worth and that they are paid.',
        },
      ]
    }),
  )
}

/**
 * Why a sold card is not made by itself; null when it is. A card within a bundle has no price of its own, one that costs
 * nothing would be worth nothing, and one that is still due would be spent before it is paid.
 */
function whyNotIssued(
  { status, payment_terms }: OrderRow,
  { variant_id, pending }: DemandLineRow,
  sold: OrderLineRow,
): 'ended' | 'unpaid' | 'in_bundle' | 'worth_nothing' | 'too_many' | null {
  if (status !== 'open' && status !== 'completed') return 'ended'
  if (payment_terms === 'due') return 'unpaid'
  if (variant_id !== sold.variant_id) return 'in_bundle'
  if (sold.unit_price_minor === 0n) return 'worth_nothing'
  return pending > CARDS_PER_LINE_MAX ? 'too_many' : null
}
