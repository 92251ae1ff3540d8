import type { Id } from '../../kernel/id.ts'
import { createBatcher, type Batcher, type FinishedBatch, type QueueDepth } from '../../platform/batch/batch.ts'
import type { Db, Tx } from '../../platform/db.ts'
import type { SellingRooms } from '../carts/index.ts'
import type { Customers } from '../customers/index.ts'
import type { Payments } from '../payments/index.ts'
import { issueCardsOfOrders } from './issue-sold-cards.ts'
import { placeOrder, resumePayment, type PlaceDeps, type PlaceOutcome } from './place-orders.ts'
import { placeTrustedOrders, type TrustedOutcome } from './place-trusted-orders.ts'
import type { Placement, ShopperPlacement, TrustedPlacement } from './placement.ts'
import { prepareOrders, type Prepared } from './prepare-orders.ts'
import { settlePayments, type Settlable, type SettledPayment } from './settle-payments.ts'

/** The one road into the house: every order of every channel is prepared and settled by these two batchers. */
export interface Checkout extends PlaceDeps {
  placeOrder(request: ShopperPlacement): Promise<PlaceOutcome>
  placeTrustedOrders(orders: readonly TrustedPlacement[]): Promise<TrustedOutcome[]>
  /** For workers: goes on with a payment whose request is gone. */
  resumeAttempt(orderId: Id<'order'>, attemptId: Id<'attempt'>): Promise<void>
  /** For the journey: see `issueCardsOfOrders`. */
  issueSoldCards(tx: Tx, orderIds: readonly Id<'order'>[]): Promise<void>
  queues(): { readonly prepare: QueueDepth; readonly settle: QueueDepth }
  drained(): Promise<void>
}

/** Lines of one prepare transaction: 256 orders of two lines take some 60 ms, so locks stay short. */
const PREPARE_LINES_MAX = 512
/** Payments of one settle transaction. */
const SETTLE_MAX = 256
/** One run at work in the database and one being decided here keep both processors busy; more only wait for gates. */
const CONCURRENCY = 2
/** Beyond this, waiting takes longer than a shopper does. */
const QUEUE_MAX = 20_000

export function openCheckout(deps: {
  readonly db: Db
  readonly rooms: SellingRooms & { readonly customers: Customers }
  readonly payments: Payments
  readonly onBatch?: (batch: FinishedBatch) => void
}): Checkout {
  const { db, rooms, payments, onBatch = () => {} } = deps
  const prepareDeps = { db, rooms, seen: { revisions: null } }
  const prepare: Batcher<Placement, Prepared> = createBatcher({
    name: 'prepare',
    batchLinesMax: PREPARE_LINES_MAX,
    concurrency: CONCURRENCY,
    queueMax: QUEUE_MAX,
    linesOf: (request) => request.lines.length,
    // A channel that repeats itself is answered with the order it placed, also within one batch; a shopper is told to wait.
    keyOf: (request) => (request.kind === 'shopper' ? request.key.id : null),
    run: (requests) => prepareOrders(prepareDeps, requests),
    onBatch,
  })
  const settle: Batcher<Settlable, SettledPayment> = createBatcher({
    name: 'settle',
    batchLinesMax: SETTLE_MAX,
    concurrency: CONCURRENCY,
    queueMax: QUEUE_MAX,
    linesOf: () => 1,
    run: (requests) => settlePayments({ db, merchant: rooms.merchant }, requests),
    onBatch,
  })
  const place: PlaceDeps = { db, payments, prepare, settle }
  return {
    ...place,
    placeOrder: (request) => placeOrder(place, request),
    placeTrustedOrders: (orders) => placeTrustedOrders(place, orders),
    async resumeAttempt(orderId, attemptId) {
      await resumePayment(place, orderId, { key: null, attemptId })
    },
    issueSoldCards: (tx, orderIds) => issueCardsOfOrders(tx, { ...rooms, payments }, orderIds),
    queues: () => ({ prepare: prepare.depth(), settle: settle.depth() }),
    async drained() {
      await prepare.drained()
      await settle.drained()
    },
  }
}
