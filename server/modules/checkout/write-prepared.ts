import { formatId } from '../../kernel/id.ts'
import { invariant, must } from '../../kernel/invariant.ts'
import { appendAudit } from '../../platform/audit.ts'
import type { Tx } from '../../platform/db.ts'
import { releaseKeys, sendKeyAnswers } from '../../platform/http/index.ts'
import { markCartsOrdered, putQuotes, writeTerms } from '../carts/index.ts'
import type { Customers, SealedNewPerson } from '../customers/index.ts'
import { raiseExceptions } from '../exceptions/index.ts'
import {
  announceSupplyChange,
  convertClaims,
  endHeldClaims,
  insertClaims,
  postStock,
  type GatedTx,
  type HeldClaim,
  type StockEntry,
} from '../inventory/index.ts'
import { recordOrders } from '../orders/index.ts'
import {
  FIRST_CALL_LEASE_MS,
  insertAttempts,
  insertTransactions,
  recordTenders,
  type ValueAccountRow,
} from '../payments/index.ts'
import { recordRedemptions } from '../pricing/index.ts'
import { insertDecisions, insertPromises } from '../sourcing/index.ts'
import type { Draft } from './draft-order.ts'
import type { QuoteDraft } from './draft-quote.ts'
import type { Placement } from './placement.ts'
import type { Prepared } from './prepare-orders.ts'

/**
 * The writing half of the prepare transaction: one statement a table for the whole batch. From here on nothing is
 * refused; the statements travel together with COMMIT.
 */
export async function writePrepared(
  customers: Customers,
  tx: Tx,
  { gated, accounts }: { readonly gated: GatedTx; readonly accounts: readonly ValueAccountRow[] },
  requests: readonly Placement[],
  prepared: readonly Prepared[],
  people: readonly SealedNewPerson[],
): Promise<void> {
  const drafts = prepared.flatMap((each) => (each.kind === 'placed' ? [each.draft] : []))
  const quotes = prepared.flatMap((each) => (each.kind === 'quoted' ? (each.draft ?? []) : []))
  const released = requests.flatMap((request, index) =>
    request.kind === 'shopper' && prepared[index]?.kind === 'refused' ? [request.key.id] : [],
  )
  if (released.length > 0) releaseKeys(tx, released)
  await writeClaims(gated, drafts, quotes)
  if (quotes.length > 0) writeQuotes(tx, quotes)
  if (drafts.length === 0) return

  customers.recordSealed(tx, people)
  recordOrders(
    tx,
    drafts.map((draft) => draft.order),
  )
  const carts = drafts.flatMap(({ order }) =>
    order.cartId === null ? [] : [{ cartId: order.cartId, orderId: order.id }],
  )
  if (carts.length > 0) markCartsOrdered(tx, carts)

  const decided = drafts.flatMap(({ order, groups }) =>
    groups.flatMap(({ number, decisionId, facts, promise }, index) => {
      const { method } = must(order.groups[index], 'a group of the order for every decision')
      return facts === null ? [] : [{ orderId: order.id, group: number, method, decisionId, facts, promise }]
    }),
  )
  if (decided.length > 0) {
    insertDecisions(
      tx,
      decided.map(({ decisionId, orderId, group, facts }) => ({
        id: decisionId,
        kind: 'placing',
        orderId,
        group,
        facts,
      })),
    )
    insertPromises(
      tx,
      decided.flatMap(({ decisionId, orderId, group, method, promise }) =>
        promise === null || method === 'none'
          ? []
          : [{ orderId, group, version: 1, decisionId, method, ...promise, reason: 'placed' }],
      ),
    )
  }
  const attempts = drafts.flatMap(({ newAttempt }) => (newAttempt === null ? [] : [newAttempt]))
  if (attempts.length > 0) insertAttempts(tx, attempts, { withinMs: FIRST_CALL_LEASE_MS })
  recordRedemptions(
    tx,
    drafts.flatMap(({ offered }) => offered ?? []),
  )
  recordTenders(
    tx,
    accounts,
    drafts.flatMap(({ tenders }) => tenders),
  )
  const reported = drafts.flatMap((draft) => draft.reported)
  if (reported.length > 0) insertTransactions(tx, reported)
  // An order with nothing left to pay is finished here; the others' requests are answered when their payment is settled.
  const finished = requests.flatMap((request, index) => {
    const each = prepared[index]
    const isFinished = request.kind === 'shopper' && each?.kind === 'placed' && each.draft.newAttempt === null
    return isFinished ? [{ ...request.key, answer: { status: 201, stored: null } }] : []
  })
  if (finished.length > 0) sendKeyAnswers(tx, finished)
  appendAudit(
    tx,
    requests.flatMap((request, index) => {
      const each = prepared[index]
      if (request.kind !== 'trusted' || request.actor === null || each?.kind !== 'placed') return []
      return [
        { actor: request.actor, action: 'order.placed', object: formatId('order', each.draft.order.id), detail: {} },
      ]
    }),
  )
  await raiseExceptions(
    tx,
    drafts.flatMap((draft) => draft.exceptions),
  )
}

/** New claims first: a quote's may be converted by an order of the same batch. */
async function writeClaims(gated: GatedTx, drafts: readonly Draft[], quotes: readonly QuoteDraft[]): Promise<void> {
  const claims = [...quotes, ...drafts].flatMap((draft) => draft.claims)
  const freed = [...quotes, ...drafts].flatMap((draft) => draft.freed)
  const converted = drafts.flatMap((draft) => draft.converted)
  const entries = [
    ...freed.map((claim) => freedEntry(claim, gated)),
    ...quotes.flatMap((draft) => claimEntries(draft, draft.quote.cartId, gated)),
    ...drafts.flatMap((draft) => [...draft.entries, ...claimEntries(draft, draft.order.id, gated)]),
  ]
  if (claims.length > 0) insertClaims(gated, claims)
  if (entries.length > 0) {
    postStock(gated, entries)
    announceSupplyChange(gated, [
      ...claims.map((claim) => claim.variantId),
      ...freed.map((claim) => claim.supply.variantId),
    ])
  }
  if (freed.length > 0) {
    const ended = await endHeldClaims(
      gated,
      freed.map((claim) => claim.claimId),
    )
    invariant(ended === freed.length, 'claims that were read under their gates are there to be freed')
  }
  if (converted.length > 0) {
    const moved = await convertClaims(gated, converted)
    invariant(moved === converted.length, 'claims that were read under their gates are there to be converted')
  }
}

function writeQuotes(tx: Tx, quotes: readonly QuoteDraft[]): void {
  putQuotes(
    tx,
    quotes.map(({ quote }) => ({
      cart_id: quote.cartId,
      cart_version: quote.cartVersion,
      terms: writeTerms(quote),
      holds_goods: quote.holdsGoods,
      quoted_at: quote.quotedAt,
      expires_at: quote.expiresAt,
    })),
  )
}

/** A live claim raises its row's `claimed`; one that is consumed at once (carried out) brings its own entries. */
function claimEntries({ claims }: Pick<Draft, 'claims'>, cause: string, tx: Tx): StockEntry[] {
  return claims.flatMap((claim) =>
    claim.stage === 'consumed'
      ? []
      : [
          {
            supplyId: claim.supplyId,
            reason: 'claimed',
            quantityDelta: 0,
            claimedDelta: claim.quantity,
            claimId: claim.id,
            cause,
            occurredAt: tx.at,
          },
        ],
  )
}

function freedEntry({ claimId, lineId, supply, units }: HeldClaim, tx: Tx): StockEntry {
  return {
    supplyId: supply.supplyId,
    reason: 'freed',
    quantityDelta: 0,
    claimedDelta: -units,
    claimId,
    cause: lineId,
    occurredAt: tx.at,
  }
}
