import { expireCarts, reopenCartRows } from './modules/carts/index.ts'
import { expireQuotes } from './modules/checkout/index.ts'
import { expireOrders } from './modules/changes/index.ts'
import type { Checkout } from './modules/checkout/index.ts'
import { countOrders, forgetOldSignIns, uncountOrders } from './modules/customers/index.ts'
import { raiseExceptions } from './modules/exceptions/index.ts'
import { readOrderRows, readOrdersOfPeople, type OrderRow } from './modules/orders/index.ts'
import { advanceImports, forgetFiles, type FileDeps } from './modules/integrations/index.ts'
import { dueAttempts, expireValue, forgetShownCodes } from './modules/payments/index.ts'
import { sealAudit } from './platform/audit.ts'
import type { Tx } from './platform/db.ts'
import type { Due, Reaction } from './platform/events/journey.ts'
import type { ParkedEvent, StoredEvent } from './platform/events/reader.ts'
import { deleteOldKeys, KEY_RETENTION_MS } from './platform/http/index.ts'
import { parseId, type Id } from './kernel/id.ts'
import { must } from './kernel/invariant.ts'
import { addMs, HOUR_MS, SECOND_MS } from './kernel/time.ts'
import { addJobFor, sweepDue } from './platform/outbound/intent.ts'

/*
 * What happens after the click, on one page: "when this happened, do that" and "when this due time passes, do that".
 * Reactions are set-based and run in the transaction that moves the reader's position; calls to the outside are jobs.
 */

/** @param rooms  those that hold keys or caches which a reaction needs */
export function reactionsOf({ checkout }: { readonly checkout: Checkout }): Readonly<Record<string, Reaction>> {
  return {
    'order.accepted': async (tx, events) => {
      // Sold gift cards are their buyer's as soon as the money is safe.
      await checkout.issueSoldCards(tx, idsOf(events))
      // Segments may ask how often an account ordered.
      await countAccepted(tx, events)
    },
    'customer.guests_merged': countOfGuests,
    // A payment nobody is asking about any more: its request died, or the provider's answer was unknown.
    'payment.due': addJobFor('askPayment'),
    // Its order ended: what was authorised is given back.
    'payment.void_due': addJobFor('askPayment'),
    // The buyer may go on with their cart.
    'order.cancelled': async (tx, events) => {
      await reopenCarts(tx, events)
      await uncountOrders(tx, idsOf(events))
    },
    'order.expired': reopenCarts,
  }
}

/** @param rooms  those that take what files say */
export function duesOf(rooms: FileDeps['rooms']): readonly Due[] {
  return [
    { name: 'expire-orders', everyMs: SECOND_MS, limit: 100, run: (db) => expireOrders(db) },
    { name: 'expire-quotes', everyMs: SECOND_MS, limit: 100, run: (db) => expireQuotes(db) },
    { name: 'expire-carts', everyMs: 5 * SECOND_MS, limit: 500, run: (db) => expireCarts(db) },
    {
      name: 'announce-due-payments',
      everyMs: SECOND_MS,
      limit: 500,
      run: (db, limit) => sweepDue(db, dueAttempts, limit),
    },
    { name: 'expire-value', everyMs: 5 * SECOND_MS, limit: 500, run: (db, limit) => expireValue(db, limit) },
    { name: 'forget-shown-codes', everyMs: HOUR_MS, limit: 500, run: (db, limit) => forgetShownCodes(db, limit) },
    { name: 'seal-audit', everyMs: SECOND_MS, limit: Infinity, run: async (db) => (await sealAudit(db)).sealedCount },
    {
      name: 'forget-old-keys',
      everyMs: HOUR_MS,
      limit: 5_000,
      run: async (db, limit) => deleteOldKeys(db, addMs((await db.clock()).wallAt, -KEY_RETENTION_MS), limit),
    },
    { name: 'forget-old-sign-ins', everyMs: HOUR_MS, limit: 1_000, run: forgetOldSignIns },
    // One part at a time, of the file that waited for longest; a full run is followed by the next at once.
    { name: 'take-files', everyMs: 250, limit: 1, run: (db) => advanceImports({ db, rooms }) },
    { name: 'forget-files', everyMs: HOUR_MS, limit: 1, run: forgetFiles },
  ]
}

/** Whose orders these are is for customers to say; those of guests wait until they turn out to be somebody's. */
async function countAccepted(tx: Tx, events: readonly StoredEvent[]): Promise<void> {
  await countOrders(tx, ordersToCount(await readOrderRows(tx, idsOf(events))))
}

async function countOfGuests(tx: Tx, events: readonly StoredEvent[]): Promise<void> {
  const guestIds = events.flatMap(({ data }) =>
    (data as { readonly guestIds: readonly string[] }).guestIds.map((id) => must(parseId('person', id), 'a guest')),
  )
  await countOrders(tx, ordersToCount(await readOrdersOfPeople(tx, guestIds)))
}

function ordersToCount(orders: readonly OrderRow[]) {
  return orders.flatMap(({ id, person_id, currency, total_minor, placed_at, status }) =>
    status === 'open' || status === 'completed'
      ? [{ orderId: id, personId: person_id, currency, totalMinor: total_minor, placedAt: placed_at }]
      : [],
  )
}

async function reopenCarts(tx: Tx, events: readonly StoredEvent[]): Promise<void> {
  const orders = await readOrderRows(tx, idsOf(events))
  const ended = orders.flatMap(({ id, cart_id }) => (cart_id === null ? [] : [{ cartId: cart_id, orderId: id }]))
  if (ended.length > 0) reopenCartRows(tx, ended)
}

function idsOf(events: readonly StoredEvent[]): Id<'order'>[] {
  return events.map((event) => event.aggregateId as Id<'order'>)
}

/** An aggregate whose reaction fails is set aside and laid before a person; the others go on. */
export async function onParked(tx: Tx, { reader, event, reason }: ParkedEvent): Promise<void> {
  await raiseExceptions(tx, [
    {
      reason: 'reaction_failed',
      objectKind: 'event',
      objectId: event.aggregateId as never,
      facts: { reader, type: event.type, position: Number(event.position), reason },
      nextAction: 'Repair what the reason names, then retry: later events of this object wait behind it.',
    },
  ])
}
