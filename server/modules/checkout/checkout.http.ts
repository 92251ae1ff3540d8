import { hash } from 'node:crypto'
import { Type, type Static } from 'typebox'
import { formatId, parseId, type Id } from '../../kernel/id.ts'
import type { CurrencyCode } from '../../kernel/money.ts'
import { formatInstant } from '../../kernel/time.ts'
import { appendAudit } from '../../platform/audit.ts'
import type { Db } from '../../platform/db.ts'
import {
  actorOf, AddressJson, CurrencyCodeJson, Email, idJson, InstantJson, keyRequestOf, line, machineCode, MoneyJson,
  moneyJson, Quantity, readInstant, readMoney, refuse, refusePlatform, SignedMoneyJson, Sku, strict, type App,
  type ProblemReply,
} from '../../platform/http/index.ts'
import { readCart, type GuestTokens } from '../carts/index.ts'
import type { Catalog } from '../catalog/index.ts'
import { checkAddress } from '../customers/index.ts'
import type { Channel, Merchant } from '../merchant/index.ts'
import { orderNumber, readGuestOrder, readOrderRows, type ShipTo } from '../orders/index.ts'
import { readAttemptRowsOfOrders } from '../payments/index.ts'
import { refusals } from './checkout.refusals.ts'
import { payOrder, type PayRefusal } from './pay-order.ts'
import { placeOrder, resumePayment, type KeyRefusal, type PlaceDeps, type PlaceOutcome } from './place-orders.ts'
import { placeTrustedOrders, type TrustedOutcome } from './place-trusted-orders.ts'
import {
  AwaitingOrderJson, awaitingOrderJson, factsOfDraft, PlacedOrderJson, placedOrderJson, readPlacedFacts,
} from './placed-order-json.ts'
import type { PlacementRefusal, TrustedPlacement } from './placement.ts'
import type { PaymentResult } from './settle-payments.ts'

export interface CheckoutHttpDeps extends PlaceDeps {
  readonly merchant: Merchant
  readonly catalog: Catalog
  readonly tokens: GuestTokens
}

const PaymentBody = strict({
  provider: Type.String({ pattern: '^[a-z][a-z0-9_-]{0,39}$', examples: ['sandbox'] }),
  token: Type.String({ minLength: 1, maxLength: 500, examples: ['tok_ok'], description: 'One-time token of the provider; never card data.' }),
  returnUrl: Type.Optional(Type.String({ format: 'uri', maxLength: 500, description: 'Where the provider sends the buyer back to.' })),
}, { title: 'PaymentToken' })
const Accept = strict({ latestBy: Type.Optional(InstantJson) })
const ById = strict({ id: Type.String() })
const placedResponses = { 201: PlacedOrderJson, 202: AwaitingOrderJson } as const

const StoreOrderBody = strict({
  currency: Type.Optional(CurrencyCodeJson),
  lines: Type.Array(strict({ sku: Sku, quantity: Quantity }), { minItems: 1, maxItems: 500 }),
  email: Type.Optional(Email),
  shippingAddress: Type.Optional(AddressJson),
  deliveryOption: Type.Optional(line(100)),
  total: Type.Optional(MoneyJson),
  payment: PaymentBody,
  accept: Type.Optional(Accept),
})

const TrustedOrderBody = strict({
  channel: machineCode(64, { description: "The channel's code." }),
  reference: machineCode(200),
  placedAt: Type.Optional(InstantJson),
  currency: CurrencyCodeJson,
  taxIncluded: Type.Boolean(),
  lines: Type.Array(
    strict({
      sku: Sku,
      quantity: Quantity,
      unitPrice: MoneyJson,
      discount: Type.Optional(MoneyJson),
      tax: Type.Optional(MoneyJson),
    }),
    { minItems: 1, maxItems: 2_000 },
  ),
  charges: Type.Optional(Type.Array(
    strict({ type: Type.String({ pattern: '^[a-z][a-z0-9_]{0,39}$' }), amount: SignedMoneyJson, tax: Type.Optional(SignedMoneyJson) }),
    { maxItems: 100 },
  )),
  customer: Type.Optional(strict({ email: Type.Optional(Email) })),
  shippingAddress: Type.Optional(AddressJson),
  fulfillment: strict({
    method: Type.Union([Type.Literal('ship'), Type.Literal('pickup'), Type.Literal('carried_out')]),
    location: Type.Optional(machineCode(64)),
  }),
  payment: strict({ state: Type.Union([Type.Literal('paid'), Type.Literal('authorized'), Type.Literal('due')]) }),
}, { title: 'TrustedOrder' })
type TrustedOrderBody = Static<typeof TrustedOrderBody>

const TrustedOrderJson = strict({ id: idJson('order'), number: Type.String(), reference: Type.String(), status: Type.String() })
/** An order has at most 2,000 lines of some 100 bytes each; five hundred of usual size fit. */
const BULK_BODY_BYTES_MAX = 10_000_000

export function mountCheckout(app: App, deps: CheckoutHttpDeps): void {
  const { db, tokens } = deps
  const channelOf = async (channelId: Id<'channel'>): Promise<Channel | undefined> => {
    const book = deps.merchant.peek() ?? (await deps.merchant.currentBook())
    return book.channelById.get(channelId)
  }

  app.post('/v1/store/orders', {
    schema: { summary: 'Place an order in one call', tags: ['orders'], body: StoreOrderBody, response: placedResponses },
    config: { scope: 'store', idempotent: 'key', refusals },
  }, async (request, reply) => {
    const { caller, body } = request
    const channel = caller.kind === 'publishable' ? await channelOf(caller.channelId) : undefined
    if (channel === undefined) return refusePlatform(reply, 'not_found')
    const currency = body.currency ?? channel.currency
    if (body.total !== undefined && body.total.currency !== currency) {
      return refuse(reply, refusals, { code: 'currency_unknown', currencies: [currency] })
    }
    const problems = body.shippingAddress === undefined ? [] : checkAddress(body.shippingAddress)
    if (problems.length > 0) return refuse(reply, refusals, { code: 'address_invalid', problems })
    const outcome = await placeOrder(deps, {
      kind: 'shopper',
      key: keyRequestOf(request),
      channel,
      cart: null,
      currency,
      lines: body.lines,
      buyer: { email: body.email ?? null, address: body.shippingAddress ?? null },
      shipTo: shipToOf(body.shippingAddress),
      deliveryOption: body.deliveryOption ?? null,
      seenMinor: body.total === undefined ? null : readMoney(body.total).minor,
      latestBy: body.accept?.latestBy === undefined ? null : readInstant(body.accept.latestBy),
      payment: body.payment,
    }, body.payment.returnUrl)
    return answerPlaced(reply, deps, outcome)
  })

  app.post('/v1/store/carts/:id/order', {
    schema: {
      summary: 'Turn a cart into an order',
      tags: ['carts'],
      params: ById,
      body: strict({ total: MoneyJson, payment: PaymentBody, accept: Type.Optional(Accept) }),
      response: placedResponses,
    },
    config: { scope: 'store', idempotent: 'key', refusals },
  }, async (request, reply) => {
    const { caller, body } = request
    const token = request.headers['waybill-access-token']
    const channel = caller.kind === 'publishable' ? await channelOf(caller.channelId) : undefined
    const cartId = parseId('cart', request.params.id)
    if (channel === undefined || cartId === null || typeof token !== 'string') return refusePlatform(reply, 'not_found')
    const cart = tokens.verifyAccessToken('cart', cartId, token)
      ? await readCart({ source: db, catalog: deps.catalog }, { cartId, channelId: channel.id })
      : null
    if (cart === null) return refusePlatform(reply, 'not_found')
    if (body.total.currency !== cart.currency) {
      return refuse(reply, refusals, { code: 'currency_unknown', currencies: [cart.currency] })
    }
    const outcome = await placeOrder(deps, {
      kind: 'shopper',
      key: keyRequestOf(request),
      channel,
      cart: { id: cartId, version: cart.version },
      currency: cart.currency,
      lines: cart.lines,
      buyer: { personId: cart.personId, addressId: cart.addressId },
      shipTo: cart.shipTo,
      deliveryOption: cart.deliveryOption,
      seenMinor: readMoney(body.total).minor,
      latestBy: body.accept?.latestBy === undefined ? null : readInstant(body.accept.latestBy),
      payment: body.payment,
    }, body.payment.returnUrl)
    return answerPlaced(reply, deps, outcome)
  })

  app.post('/v1/store/orders/:id/payments', {
    schema: {
      summary: 'Pay an order that still waits, with another card',
      tags: ['orders'],
      params: ById,
      body: PaymentBody,
      response: placedResponses,
    },
    config: { scope: 'store', idempotent: 'key', refusals },
  }, async (request, reply) => {
    const order = await guestOrder(request)
    if (order === null) return refusePlatform(reply, 'not_found')
    const { provider, token, returnUrl } = request.body
    const outcome = await payOrder(deps, { orderId: order.id, key: keyRequestOf(request), provider, token, returnUrl })
    if (outcome.kind === 'refused') return answerRefusal(reply, outcome.refusal)
    return answerPlaced(reply, deps, { kind: 'answered', orderId: order.id, draft: null, payment: outcome.payment })
  })

  app.post('/v1/store/orders/:id/payments/:paymentId/continue', {
    schema: {
      summary: "Go on with a payment after the provider's step",
      tags: ['orders'],
      params: strict({ id: Type.String(), paymentId: Type.String() }),
      response: placedResponses,
    },
    config: { scope: 'store', idempotent: 'natural', refusals },
  }, async (request, reply) => {
    const order = await guestOrder(request)
    const attempts = order === null ? [] : await readAttemptRowsOfOrders(db, [order.id])
    const attemptId = parseId('attempt', request.params.paymentId)
    if (order === null || attemptId === null || attempts.every((attempt) => attempt.id !== attemptId)) return refusePlatform(reply, 'not_found')
    const payment = await resumePayment(deps, order.id, { key: null, attemptId })
    return answerPlaced(reply, deps, { kind: 'answered', orderId: order.id, draft: null, payment })
  })

  const guestOrder = (request: {
    readonly caller: Parameters<typeof readGuestOrder>[1]['caller']
    readonly headers: Record<string, string | string[] | undefined>
    readonly params: { readonly id: string }
  }) => {
    const token = request.headers['waybill-access-token']
    return readGuestOrder(db, {
      caller: request.caller,
      orderId: request.params.id,
      token: typeof token === 'string' ? token : undefined,
      verify: (orderId, given) => tokens.verifyAccessToken('order', orderId, given),
    })
  }

  app.post('/v1/admin/orders', {
    schema: {
      summary: 'Take over an order that a trusted channel has sold',
      tags: ['orders'],
      body: TrustedOrderBody,
      response: { 200: TrustedOrderJson, 201: TrustedOrderJson },
    },
    config: { scope: 'orders:write', idempotent: 'natural', refusals },
  }, async (request, reply) => {
    const read = await readTrusted(deps.merchant, request.body)
    if (read.kind === 'refused') return refuse(reply, refusals, read.refusal)
    const [outcome] = await placeTrustedOrders(deps, [read.placement])
    if (outcome === undefined || outcome.kind === 'refused') {
      return answerRefusal(reply, outcome?.refusal ?? { code: 'cart_empty' })
    }
    await auditTrusted(db, actorOf(request.caller), [outcome])
    return reply.code(outcome.kind === 'placed' ? 201 : 200).send(await trustedJson(db, outcome.orderId))
  })

  app.post('/v1/admin/orders/batch', {
    bodyLimit: BULK_BODY_BYTES_MAX,
    schema: {
      summary: 'Take over up to 500 orders; each is answered for itself',
      tags: ['orders'],
      body: strict({ orders: Type.Array(TrustedOrderBody, { minItems: 1, maxItems: 500 }) }),
      response: {
        200: strict({
          results: Type.Array(strict({
            index: Type.Integer(),
            status: Type.Union([Type.Literal('placed'), Type.Literal('placed_before'), Type.Literal('refused')]),
            id: Type.Optional(idJson('order')),
            code: Type.Optional(Type.String()),
            detail: Type.Optional(Type.String()),
          })),
        }),
      },
    },
    config: { scope: 'orders:write', idempotent: 'natural', refusals },
  }, async (request) => {
    const read = await Promise.all(request.body.orders.map((order) => readTrusted(deps.merchant, order)))
    const placements = read.flatMap((each) => (each.kind === 'read' ? [each.placement] : []))
    const outcomes = (await placeTrustedOrders(deps, placements)).values()
    const results = read.map((each) => (each.kind === 'read' ? (outcomes.next().value as TrustedOutcome) : each))
    await auditTrusted(db, actorOf(request.caller), results.filter((each) => each.kind !== 'refused'))
    return { results: results.map(trustedResultJson) }
  })
}

function trustedResultJson(outcome: TrustedOutcome, index: number) {
  if (outcome.kind !== 'refused') return { index, status: outcome.kind, id: formatId('order', outcome.orderId) }
  const { code, ...facts } = refusalJson(outcome.refusal)
  return { index, status: 'refused' as const, code, detail: `${refusals[outcome.refusal.code].meaning} ${JSON.stringify(facts)}` }
}

async function auditTrusted(
  db: Db, actor: string, placed: readonly { readonly kind: string; readonly orderId?: Id<'order'> }[],
): Promise<void> {
  const entries = placed.flatMap(({ kind, orderId }) =>
    kind === 'placed' && orderId !== undefined
      ? [{ actor, action: 'order.placed', object: formatId('order', orderId), detail: {} }]
      : [],
  )
  if (entries.length > 0) await db.inTransaction(async (tx) => appendAudit(tx, entries))
}

async function trustedJson(db: Db, orderId: Id<'order'>): Promise<Static<typeof TrustedOrderJson>> {
  const [order] = await readOrderRows(db, [orderId])
  return {
    id: formatId('order', orderId),
    number: order === undefined ? '' : orderNumber(order.number),
    reference: order?.reference ?? '',
    status: order?.status ?? '',
  }
}

type ReadTrusted =
  | { readonly kind: 'read'; readonly placement: TrustedPlacement }
  | { readonly kind: 'refused'; readonly refusal: PlacementRefusal }

/** Reads one trusted order; a channel that is not trusted may not bring its own prices. */
async function readTrusted(merchant: Merchant, body: TrustedOrderBody): Promise<ReadTrusted> {
  const book = merchant.peek() ?? (await merchant.currentBook())
  const channel = book.channelByCode.get(body.channel)
  if (channel === undefined || !channel.trusted) {
    return { kind: 'refused', refusal: { code: 'channel_not_trusted', channel: body.channel } }
  }
  const currency: CurrencyCode = body.currency
  const foreign = [
    ...body.lines.flatMap(({ unitPrice, discount, tax }) => [unitPrice, discount, tax]),
    ...(body.charges ?? []).flatMap(({ amount, tax }) => [amount, tax]),
  ].some((money) => money !== undefined && money.currency !== currency)
  if (foreign) return { kind: 'refused', refusal: { code: 'currency_unknown', currencies: [currency] } }
  const minorOf = (money: { amount: number } | undefined) => BigInt(money?.amount ?? 0)
  return {
    kind: 'read',
    placement: {
      kind: 'trusted',
      channel,
      reference: body.reference,
      fingerprint: fingerprintOfOrder(body),
      placedAt: body.placedAt === undefined ? null : readInstant(body.placedAt),
      currency,
      taxIncluded: body.taxIncluded,
      lines: body.lines.map(({ sku, quantity, unitPrice, discount, tax }) => ({
        sku,
        quantity,
        unitPriceMinor: minorOf(unitPrice),
        discountMinor: minorOf(discount),
        taxMinor: minorOf(tax),
      })),
      charges: (body.charges ?? []).map(({ type, amount, tax }) => ({
        type, amountMinor: minorOf(amount), taxMinor: minorOf(tax),
      })),
      buyer: { email: body.customer?.email ?? null, address: body.shippingAddress ?? null },
      shipTo: shipToOf(body.shippingAddress),
      method: body.fulfillment.method,
      locationCode: body.fulfillment.location ?? null,
      paymentState: body.payment.state,
    },
  }
}

/** What makes two orders under one reference the same: everything the channel said about it. */
export function fingerprintOfOrder(body: object): string {
  const hex = hash('sha256', JSON.stringify(body), 'hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`
}

function shipToOf(address: Static<typeof AddressJson> | undefined): ShipTo | null {
  if (address === undefined) return null
  return { country: address.country, region: address.region ?? null, postalCode: address.postalCode }
}

async function answerPlaced<Reply extends ProblemReply>(
  reply: Reply,
  { db, tokens }: CheckoutHttpDeps,
  outcome: PlaceOutcome,
): Promise<Reply> {
  if (outcome.kind === 'refused') return answerRefusal(reply, outcome.refusal)
  const facts = outcome.draft === null ? await readPlacedFacts(db, outcome.orderId) : factsOfDraft(outcome.draft)
  const accessToken = tokens.makeAccessToken('order', outcome.orderId)
  const { payment } = outcome
  if (payment === null || payment.result.kind === 'placed') return answer(reply, 201, placedOrderJson(facts, accessToken))
  const { result, attemptId } = payment
  if (result.kind === 'awaiting_payment') {
    return answer(reply, 202, awaitingOrderJson(facts, accessToken, attemptId, result))
  }
  return refuse(reply, refusals, declinedRefusal(facts, accessToken, result))
}

function declinedRefusal(
  facts: Awaited<ReturnType<typeof readPlacedFacts>>,
  accessToken: string,
  { reason, payBy }: PaymentResult & { kind: 'declined' },
) {
  return {
    code: 'payment_declined' as const,
    reason,
    order: {
      id: formatId('order', facts.id),
      number: orderNumber(facts.number),
      accessToken,
      payBy: formatInstant(payBy),
      total: moneyJson({ minor: facts.totals.totalMinor, currency: facts.currency }),
    },
  }
}

function answer<Reply extends ProblemReply>(reply: Reply, status: number, body: object): Reply {
  reply.code(status)
  reply.send(body)
  return reply
}

function answerRefusal<Reply extends ProblemReply>(reply: Reply, refusal: PlacementRefusal | PayRefusal | KeyRefusal): Reply {
  if (refusal.code === 'request_in_progress') return refusePlatform(reply, 'request_in_progress', {}, 1)
  if (refusal.code === 'idempotency_key_reused') return refusePlatform(reply, 'idempotency_key_reused')
  return refuse(reply, refusals, refusalJson(refusal))
}

/** A refusal in the API's form: TypeIDs, Money, RFC 3339. */
function refusalJson(refusal: PlacementRefusal | PayRefusal) {
  switch (refusal.code) {
    case 'order_exists':
    case 'reference_reused':
      return { ...refusal, orderId: formatId('order', refusal.orderId) }
    case 'total_changed':
    case 'promise_changed': {
      const { totalMinor, currency, earliest, latest } = refusal.current
      return {
        code: refusal.code,
        current: {
          total: moneyJson({ minor: totalMinor, currency }),
          promise: { earliest: formatInstant(earliest), latest: formatInstant(latest) },
        },
      }
    }
    case 'placed_in_future':
      return { code: refusal.code, at: formatInstant(refusal.at) }
    default:
      return refusal
  }
}

