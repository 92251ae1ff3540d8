import { newId, type Id } from '../../kernel/id.ts'
import { must } from '../../kernel/invariant.ts'
import type { Instant } from '../../kernel/time.ts'
import type { Db, Tx } from '../../platform/db.ts'
import { takeKeys, type KeyTaking } from '../../platform/http/index.ts'
import { readRevisions, type Revisions } from '../../platform/revision.ts'
import {
  buyerQuestion,
  groupChoices,
  lockCarts,
  quoteOf,
  QUOTES_PER_CART_MAX,
  readQuoteRows,
  readSellingWorld,
  stockedVariants,
  type CartRow,
  type Quote,
  type SellingRooms,
  type Standing,
} from '../carts/index.ts'
import type { Offer } from '../catalog/index.ts'
import { unknownBuyer, type Buyer, type Customers, type SealedNewPerson } from '../customers/index.ts'
import {
  insertCounterSupply,
  lockGates,
  readChannelLimits,
  readCounterSupply,
  readFreeSupply,
  readHeldClaims,
  type CounterSupply,
  type HeldClaim,
  type Place,
} from '../inventory/index.ts'
import { isReferenceTaken, readOrdersByReference, readOrdersOfCarts, takeOrderNumbers } from '../orders/index.ts'
import { FIRST_CALL_LEASE_MS, lockAccounts, spendableById, takeShares } from '../payments/index.ts'
import type { Channel } from '../merchant/index.ts'
import { lockUses, type OffersAsk, type PricingBook } from '../pricing/index.ts'
import type { SourcingBook } from '../sourcing/index.ts'
import { CartShelf } from './cart-shelf.ts'
import { decidePayment } from './decide-payment.ts'
import { decidePlacement, decideSale, noCartGoods } from './decide-placement.ts'
import { decideTrusted } from './decide-trusted.ts'
import { draftShopperOrder, type Draft } from './draft-order.ts'
import { draftQuote, type QuoteDraft } from './draft-quote.ts'
import { draftTrustedOrder } from './draft-trusted-order.ts'
import type { Placement, PlacementRefusal, QuotePlacement, ShopperPlacement, TrustedPlacement } from './placement.ts'
import { CounterPool, SupplyPool, type TakenUnits } from './supply-pool.ts'
import { writePrepared } from './write-prepared.ts'

export type Prepared =
  | { readonly kind: 'placed'; readonly draft: Draft }
  /** The draft is null when the cart had a quote that holds. */
  | { readonly kind: 'quoted'; readonly quote: Quote; readonly draft: QuoteDraft | null }
  | { readonly kind: 'refused'; readonly refusal: PlacementRefusal }
  /** The key was used before: answered, still running, or for another request. */
  | { readonly kind: 'key_known'; readonly state: KnownKey }
  /** The channel placed this reference before, with the same content. */
  | { readonly kind: 'placed_before'; readonly orderId: Id<'order'> }

/** What became of the request that used the key before. */
export type KnownKey = Exclude<KeyTaking, { readonly kind: 'taken' }>

export interface PrepareDeps {
  readonly db: Db
  readonly rooms: SellingRooms & { readonly customers: Customers }
  /** Set by each run: what the next one's look-ups may start from. */
  readonly seen: { revisions: Revisions | null }
}

/** How long a request may be at work before a repeat of it takes over: beyond the provider's deadline. */
const KEY_LOCK_MS = FIRST_CALL_LEASE_MS

/**
 * Each time around another transaction has committed an order that this batch brought too. Beyond this many the batch is
 * halved: alone, a request can lose to one other.
 */
const REFERENCE_RACES_MAX = 3

/** The configuration moved between looking up SKUs and locking them, and more gates are needed. */
class StaleWorldError extends Error {
  override readonly name = 'StaleWorldError'
}

/**
 * The prepare transaction, for a whole batch at once:
 *
 *   lock     keys, carts, the gates of every SKU, uses of offers, then stored value, in the house's order
 *   read     what is configured and what is free, in statements after the locks
 *   decide   each request in turn, purely, on what the ones before it left
 *   write    everything with one statement a table, sent together with COMMIT
 *
 * A refused request leaves nothing behind, its key included.
 */
export async function prepareOrders(deps: PrepareDeps, requests: readonly Placement[]): Promise<Prepared[]> {
  const buyers = requests.map((request) => introduce(deps.rooms.customers, request.buyer))
  for (let referenceRaces = 0; ;) {
    const revisions = deps.seen.revisions ?? (await readRevisions(deps.db))
    const skus = new Set(requests.flatMap((request) => request.lines.map((line) => line.sku)))
    const offers = await deps.rooms.catalog.offersAt(deps.db, revisions.catalog, skus)
    const gates = stockedVariants({ offers })
    const sourcing = await deps.rooms.sourcing.bookAt(deps.db, revisions)
    const pricing = await deps.rooms.pricing.bookAt(deps.db, revisions.pricing)
    const counters = counterPlaces(requests, offers, sourcing)
    const seen = { revisions, sourcing, pricing }
    try {
      return await deps.db.inTransaction((tx) => prepare(deps, tx, requests, { buyers, skus, gates, counters, seen }))
    } catch (error) {
      // Two take an order over under one reference at once, and no SKU in common keeps them apart. The one that waited
      // for the other's commit decides again: it finds that order now. Only who wants the same reference pays for it.
      if (isReferenceTaken(error) && ++referenceRaces <= REFERENCE_RACES_MAX) continue
      if (!(error instanceof StaleWorldError)) throw error
    }
  }
}

async function prepare(
  deps: PrepareDeps,
  tx: Tx,
  requests: readonly Placement[],
  {
    buyers,
    skus,
    gates,
    counters,
    seen,
  }: {
    readonly buyers: readonly Introduced[]
    readonly skus: ReadonlySet<string>
    readonly gates: ReadonlySet<Id<'variant'>>
    readonly counters: readonly Place[]
    readonly seen: SeenWorld
  },
): Promise<Prepared[]> {
  // Before any lock: who is known already costs a statement.
  const known = await readKnownBuyers(deps, tx, requests, seen)
  const orderIds = requests.map(() => newId<'order'>())
  const shoppers = requests.flatMap((request, index) => (request.kind === 'shopper' ? [{ request, index }] : []))
  const trusted = requests.flatMap((request) => (request.kind === 'trusted' ? [request] : []))
  const seenCarts = requests.flatMap((request) => (request.kind === 'trusted' ? [] : (request.cart ?? [])))
  const cartIds = [...new Set(seenCarts.map((cart) => cart.id))]
  const lineIds = seenCarts.flatMap((cart) => cart.lineIds)
  const accountIds = new Set(shoppers.flatMap(({ request }) => request.tenders.map(({ accountId }) => accountId)))
  const asks = requests.map((request, index) => offersAsk(request, { introduced: buyers[index], known: known[index] }))
  const keyed = shoppers.map(({ request, index }) => ({
    ...request.key,
    objectId: must(orderIds[index], 'an id for every request'),
  }))

  // One exchange: the server runs these in the order they are sent, each seeing what the locks before it waited for.
  const [
    keys,
    carts,
    gated,
    revisions,
    supply,
    limits,
    counter,
    numbers,
    referenced,
    liveOrders,
    quotes,
    claims,
    uses,
    accounts,
  ] = await Promise.all([
    keyed.length > 0 ? takeKeys(tx, keyed, KEY_LOCK_MS) : [],
    cartIds.length > 0 ? lockCarts(tx, cartIds) : [],
    lockGates(tx, gates),
    readRevisions(tx),
    readFreeSupply(tx, [...gates]),
    readChannelLimits(tx, [...gates]),
    counters.length > 0 ? readCounterSupply(tx, counters) : [],
    takeOrderNumbers(tx, requests.length),
    trusted.length > 0 ? readOrdersByReference(tx, trusted.map(referenceOf)) : [],
    cartIds.length > 0 ? readOrdersOfCarts(tx, cartIds) : [],
    cartIds.length > 0 ? readQuoteRows(tx, cartIds) : [],
    lineIds.length > 0 ? readHeldClaims(tx, lineIds) : [],
    lockUses(
      tx,
      seen.pricing,
      asks.flatMap((ask) => ask ?? []),
    ),
    accountIds.size > 0 ? lockAccounts(tx, [...accountIds]) : [],
  ])
  deps.seen.revisions = revisions
  const world = await readSellingWorld(deps.rooms, tx, { revisions, skus, at: tx.at })
  for (const variantId of stockedVariants(world)) if (!gates.has(variantId)) throw new StaleWorldError()
  if (shoppers.length > 0 && !uses.covers(world.pricing, tx.at)) throw new StaleWorldError()

  const keyByIndex = new Map(shoppers.map(({ index }, place) => [index, keys[place]]))
  const pool = new SupplyPool(supply, limits)
  const value = spendableById(accounts)
  const counterPool = new CounterPool([...counter, ...(await addCounterRows(tx, counters, counter))])
  const cartById = new Map(carts.map((cart) => [cart.id, cart]))
  const shelf = new CartShelf(
    quotes.map(quoteOf),
    // What stands on a SKU that the line asks for no longer is not touched without its gate; the sweep frees it.
    claims.filter(({ supply: row }) => gates.has(row.variantId)),
  )
  const liveOrderByCart = new Map(liveOrders.map((order) => [order.cart_id, order.id]))
  const orderByReference = new Map<string, { readonly id: Id<'order'>; readonly fingerprint: string | null }>(
    referenced.map((order) => [`${order.channel_id} ${order.reference}`, order]),
  )
  const moveUnits = (
    { id: channelId }: Channel,
    { taken, freed }: { readonly taken: readonly TakenUnits[]; readonly freed: readonly HeldClaim[] },
  ): void => {
    pool.release(channelId, freed)
    counterPool.free(freed)
    pool.claim(channelId, taken)
    counterPool.claim(taken)
  }
  const standingOf = (index: number): Standing => ({
    buyer: must(known[index], 'a buyer for every request'),
    offers: uses.offersFor(must(asks[index], 'an ask for every sale'), world.pricing),
  })
  const prepared = requests.map((request, index): Prepared => {
    const id = must(orderIds[index], 'an id for every request')
    const number = must(numbers[index], 'a number for every request')
    const { personId, addressId } = must(buyers[index], 'a buyer for every request')
    if (request.kind === 'trusted') {
      const before = orderByReference.get(`${request.channel.id} ${request.reference}`)
      if (before !== undefined) return answerBefore(request, before)
      const decision = decideTrusted(request, world, pool, counterPool)
      if (decision.kind === 'refused') return decision
      const draft = draftTrustedOrder(request, decision, { id, number, personId, addressId }, tx.at)
      orderByReference.set(`${request.channel.id} ${request.reference}`, { id, fingerprint: request.fingerprint })
      return { kind: 'placed', draft }
    }
    if (request.kind === 'quote') {
      const refusal = refuseCart(request, cartById, liveOrderByCart) ?? refuseQuote(request, cartById, tx.at)
      if (refusal !== null) return { kind: 'refused', refusal }
      const { quote, held } = shelf.of(request.cart, tx.at)
      if (quote !== null) return { kind: 'quoted', quote, draft: null }
      // What an earlier quote still holds is free for this one.
      const own = held.flat()
      pool.release(request.channel.id, own)
      const decision = decideSale(request, world, pool, { ...noCartGoods, standing: standingOf(index) })
      pool.claim(request.channel.id, own)
      if (decision.kind === 'refused') return decision
      const draft = draftQuote(request, decision, own, tx.at)
      const taken = draft.quote.holdsGoods ? decision.groups.flatMap((group) => group.allotments) : []
      moveUnits(request.channel, { taken, freed: own })
      shelf.put(request.cart, draft)
      return { kind: 'quoted', quote: draft.quote, draft }
    }
    const state = must(keyByIndex.get(index), 'an answer for every key')
    if (state.kind !== 'taken') return { kind: 'key_known', state }
    const cartRefusal = refuseCart(request, cartById, liveOrderByCart)
    if (cartRefusal !== null) return { kind: 'refused', refusal: cartRefusal }
    const customerKey = asks[index]?.customerKey ?? null
    const { quote, held } = request.cart === null ? noCartGoods : shelf.of(request.cart, tx.at)
    // A limited offer is who orders first's, also of those who were quoted it: then the cart is priced as it stands.
    const keeps = quote !== null && uses.canTake(quote.priced.applied, customerKey)
    const brought = { standing: standingOf(index), quote: keeps ? quote : null, held }
    const decision = decidePlacement(request, world, pool, brought)
    if (decision.kind === 'refused') return decision
    const payment = decidePayment(request, decision.current, { at: tx.at, value })
    if (payment.kind === 'refused') return payment
    takeShares(value, payment.shares)
    uses.take(decision.priced.applied, customerKey)
    const taken = decision.groups.flatMap((group) => group.allotments)
    moveUnits(request.channel, { taken, freed: decision.freed })
    if (request.cart !== null) liveOrderByCart.set(request.cart.id, id)
    const draft = draftShopperOrder(request, decision, payment, { id, number, personId, addressId, customerKey }, tx.at)
    return { kind: 'placed', draft }
  })
  const people = buyers.flatMap(({ sealed }, index) =>
    sealed !== null && prepared[index]?.kind === 'placed' ? [sealed] : [],
  )
  await writePrepared(deps.rooms.customers, tx, { gated, accounts }, requests, prepared, people)
  return prepared
}

/** Re-checks, under its lock, the cart that was read before. */
function refuseCart(
  { cart: expected }: ShopperPlacement | QuotePlacement,
  cartById: ReadonlyMap<Id<'cart'>, CartRow>,
  liveOrderByCart: ReadonlyMap<Id<'cart'>, Id<'order'>>,
): PlacementRefusal | null {
  if (expected === null) return null
  const cart = cartById.get(expected.id)
  if (cart === undefined) return { code: 'cart_not_found' }
  const orderId = liveOrderByCart.get(expected.id)
  if (orderId !== undefined) return { code: 'order_exists', orderId }
  if (cart.status === 'expired') return { code: 'cart_expired' }
  return cart.version === expected.version ? null : { code: 'cart_changed', currentVersion: cart.version }
}

function refuseQuote(
  { cart }: QuotePlacement,
  cartById: ReadonlyMap<Id<'cart'>, CartRow>,
  at: Instant,
): PlacementRefusal | null {
  const { expires_at, quotes_made } = must(cartById.get(cart.id), 'a cart that was not refused')
  if (expires_at < at) return { code: 'cart_expired' }
  return quotes_made < QUOTES_PER_CART_MAX ? null : { code: 'too_many_quotes', quotesMax: QUOTES_PER_CART_MAX }
}

function answerBefore(
  request: TrustedPlacement,
  before: { readonly id: Id<'order'>; readonly fingerprint: string | null },
): Prepared {
  return before.fingerprint === request.fingerprint
    ? { kind: 'placed_before', orderId: before.id }
    : { kind: 'refused', refusal: { code: 'reference_reused', orderId: before.id } }
}

/** What was looked up before anything was locked. */
interface SeenWorld {
  readonly revisions: Revisions
  readonly sourcing: SourcingBook
  readonly pricing: PricingBook
}

/** Who the buyers are to the merchant, one for each request; trusted channels have decided that themselves. */
async function readKnownBuyers(
  { rooms }: PrepareDeps,
  tx: Tx,
  requests: readonly Placement[],
  { revisions, sourcing }: SeenWorld,
): Promise<Buyer[]> {
  const sales = requests.flatMap((request, index) => (request.kind === 'trusted' ? [] : [{ request, index }]))
  const buyers = requests.map(() => unknownBuyer)
  if (sales.length === 0) return buyers
  const questions = sales.map(({ request }) => {
    const personId = 'personId' in request.buyer ? request.buyer.personId : null
    return buyerQuestion(personId, groupChoices(request), { sourcing })
  })
  const known = await rooms.customers.buyersAt(tx, revisions.customers, { questions, at: tx.at })
  for (const [place, { index }] of sales.entries()) buyers[index] = must(known[place], 'a buyer for every question')
  return buyers
}

/** Which offers a request asks for; null when its prices are facts. */
function offersAsk(
  request: Placement,
  { introduced, known }: { readonly introduced: Introduced | undefined; readonly known: Buyer | undefined },
): OffersAsk | null {
  if (request.kind === 'trusted') return null
  return {
    codes: request.codes,
    customerKey: known?.usesKey ?? introduced?.sealed?.person.emailHash ?? null,
    quotedIds: request.cart?.quotedPromotionIds ?? [],
  }
}

interface Introduced {
  readonly personId: Id<'person'> | null
  readonly addressId: Id<'address'> | null
  /** To be written with the order; null when the vault has the buyer already, or there is nothing to keep. */
  readonly sealed: SealedNewPerson | null
}

/** A guest of a one-call order is sealed before anything is locked; a cart's buyer is in the vault already. */
function introduce(customers: Customers, buyer: ShopperPlacement['buyer']): Introduced {
  if ('personId' in buyer) return { personId: buyer.personId, addressId: null, sealed: null }
  const { email, address, otherAddresses = [] } = buyer
  if (email === null && address === null && otherAddresses.length === 0) {
    return { personId: null, addressId: null, sealed: null }
  }
  const [sealed = null] = customers.sealPeople([
    { id: newId<'person'>(), kind: 'guest', email, address, otherAddresses },
  ])
  return { personId: sealed?.personId ?? null, addressId: sealed?.addressId ?? null, sealed }
}

/** The on-hand rows that counter sales take from. */
function counterPlaces(
  requests: readonly Placement[],
  offers: ReadonlyMap<string, Offer>,
  { network }: Pick<SourcingBook, 'network'>,
): Place[] {
  const places = new Map<string, Place>()
  for (const request of requests) {
    if (request.kind !== 'trusted' || request.method !== 'carried_out') continue
    const locationId = network.nodeByCode.get(request.locationCode ?? '')?.locationId
    if (locationId === undefined) continue
    for (const { sku } of request.lines) {
      const offer = offers.get(sku)
      if (offer === undefined) continue
      for (const { variantId, stocked } of offer.components.length > 0 ? offer.components : [offer]) {
        if (stocked) places.set(`${variantId} ${locationId}`, { variantId, locationId })
      }
    }
  }
  return [...places.values()]
}

/** A location that sells what it never held gets an empty row for it. */
async function addCounterRows(tx: Tx, wanted: readonly Place[], known: readonly Place[]): Promise<CounterSupply[]> {
  const knownKeys = new Set(known.map(({ variantId, locationId }) => `${variantId} ${locationId}`))
  const missing = wanted.filter(({ variantId, locationId }) => !knownKeys.has(`${variantId} ${locationId}`))
  return missing.length === 0 ? [] : insertCounterSupply(tx, missing)
}

function referenceOf({ channel, reference }: TrustedPlacement) {
  return { channelId: channel.id, reference }
}
