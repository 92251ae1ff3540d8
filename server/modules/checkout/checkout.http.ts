import { Type, type Static } from 'typebox'
import { formatId, newId, parseId, type Id } from '../../kernel/id.ts'
import { formatInstant } from '../../kernel/time.ts'
import { afterCommit } from '../../platform/after-commit.ts'
import {
  AddressJson,
  CurrencyCodeJson,
  Email,
  InstantJson,
  keyRequestOf,
  line,
  MoneyJson,
  moneyJson,
  Quantity,
  readInstant,
  readMoney,
  refuse,
  refusePlatform,
  Sku,
  strict,
  type App,
  type Caller,
  type ProblemReply,
} from '../../platform/http/index.ts'
import { FIRST_GROUP, GroupNumberJson, GroupsBody, readCart, repeatedGroup, type GuestTokens } from '../carts/index.ts'
import type { Catalog } from '../catalog/index.ts'
import { checkAddress, tidyAddress, type Address, type Customers } from '../customers/index.ts'
import type { Channel, Merchant } from '../merchant/index.ts'
import { orderNumber, readGuestOrder } from '../orders/index.ts'
import { readAttemptRowsOfOrders } from '../payments/index.ts'
import { CodesBody, plainCode } from '../pricing/index.ts'
import { refusals } from './checkout.refusals.ts'
import { mountSoldGiftCards } from './gift-cards.http.ts'
import { payOrder } from './pay-order.ts'
import { mountAdminPayments } from './payments.http.ts'
import { PaymentBody, PaymentToken, readPayment } from './payment-body.ts'
import { placeOrder, resumePayment, type PlaceDeps, type PlaceOutcome } from './place-orders.ts'
import {
  AwaitingOrderJson,
  awaitingOrderJson,
  factsOfDraft,
  PlacedOrderJson,
  placedOrderJson,
  readPlacedFacts,
} from './placed-order-json.ts'
import { seenCart, shipToOf, type ShopperPlacement } from './placement.ts'
import { answerRefusal } from './refusal-json.ts'
import type { PaymentResult } from './settle-payments.ts'
import { mountTrustedOrders } from './trusted.http.ts'

export interface CheckoutHttpDeps extends PlaceDeps {
  readonly merchant: Merchant
  readonly catalog: Catalog
  readonly tokens: GuestTokens
  readonly customers: Pick<Customers, 'keepAddress'>
}

const Accept = strict({ latestBy: Type.Optional(InstantJson) })
const ById = strict({ id: Type.String() })
const placedResponses = { 201: PlacedOrderJson, 202: AwaitingOrderJson } as const

const StoreOrderBody = strict({
  currency: Type.Optional(CurrencyCodeJson),
  lines: Type.Array(strict({ sku: Sku, quantity: Quantity, group: Type.Optional(GroupNumberJson) }), {
    minItems: 1,
    maxItems: 500,
  }),
  email: Type.Optional(Email),
  shippingAddress: Type.Optional(AddressJson),
  deliveryOption: Type.Optional(line(100)),
  groups: Type.Optional(GroupsBody),
  codes: Type.Optional(CodesBody),
  total: Type.Optional(MoneyJson),
  due: Type.Optional(MoneyJson),
  payment: PaymentBody,
  accept: Type.Optional(Accept),
})

export function mountCheckout(app: App, deps: CheckoutHttpDeps): void {
  mountTrustedOrders(app, deps)
  mountSoldGiftCards(app, deps)
  mountAdminPayments(app, deps)
  const { db, tokens } = deps
  const channelOf = async (channelId: Id<'channel'>): Promise<Channel | undefined> => {
    const book = deps.merchant.peek() ?? (await deps.merchant.currentBook())
    const channel = book.channelById.get(channelId)
    return channel?.active ? channel : undefined
  }

  app.post(
    '/v1/store/orders',
    {
      schema: {
        summary: 'Place an order in one call',
        tags: ['orders'],
        body: StoreOrderBody,
        response: placedResponses,
      },
      config: { scope: 'store', idempotent: 'key', refusals },
    },
    async (request, reply) => {
      const { caller, body } = request
      const channel = caller.kind === 'publishable' ? await channelOf(caller.channelId) : undefined
      if (channel === undefined) return refusePlatform(reply, 'not_found')
      const currency = body.currency ?? channel.currency
      if ([body.total, body.due].some((money) => money !== undefined && money.currency !== currency)) {
        return refuse(reply, refusals, { code: 'currency_unknown', currencies: [currency] })
      }
      const repeated = repeatedGroup(body.groups)
      if (repeated !== null) return refuse(reply, refusals, { code: 'group_repeated', group: repeated })
      const addresses = [body.shippingAddress, ...(body.groups ?? []).map((group) => group.shippingAddress)]
      const problems = addresses.flatMap((address) => (address ? checkAddress(address) : []))
      if (problems.length > 0) return refuse(reply, refusals, { code: 'address_invalid', problems })
      const paying = await readPayment(deps, body.payment, { channel, currency, personId: customerOf(caller) })
      if (paying.kind === 'refused') return answerRefusal(reply, paying.refusal)
      const outcome = await placeOrder(deps, {
        kind: 'shopper',
        key: keyRequestOf(request),
        channel,
        cart: null,
        currency,
        codes: (body.codes ?? []).map(plainCode),
        lines: body.lines.map(({ sku, quantity, group = FIRST_GROUP }) => ({ sku, quantity, group })),
        ...(await readGroups(deps, caller, body)),
        seenMinor: body.total === undefined ? null : readMoney(body.total).minor,
        latestBy: body.accept?.latestBy === undefined ? null : readInstant(body.accept.latestBy),
        payment: paying.payment,
        tenders: paying.tenders,
        seenDueMinor: body.due === undefined ? null : readMoney(body.due).minor,
        mustSayDue: false,
      })
      return answerPlaced(reply, deps, outcome)
    },
  )

  app.post(
    '/v1/store/carts/:id/order',
    {
      schema: {
        summary: 'Turn a cart into an order',
        tags: ['carts'],
        params: ById,
        body: strict({
          total: MoneyJson,
          due: Type.Optional(MoneyJson),
          payment: Type.Optional(PaymentBody),
          accept: Type.Optional(Accept),
        }),
        response: placedResponses,
      },
      config: { scope: 'store', idempotent: 'key', refusals },
    },
    async (request, reply) => {
      const { caller, body } = request
      const token = request.headers['waybill-access-token']
      const channel = caller.kind === 'publishable' ? await channelOf(caller.channelId) : undefined
      const cartId = parseId('cart', request.params.id)
      if (channel === undefined || cartId === null || typeof token !== 'string')
        return refusePlatform(reply, 'not_found')
      const cart = tokens.verifyAccessToken('cart', cartId, token)
        ? await readCart({ source: db, catalog: deps.catalog }, { cartId, channelId: channel.id })
        : null
      if (cart === null) return refusePlatform(reply, 'not_found')
      if (body.total.currency !== cart.currency || (body.due ?? body.total).currency !== cart.currency) {
        return refuse(reply, refusals, { code: 'currency_unknown', currencies: [cart.currency] })
      }
      const paying = await readPayment(deps, body.payment, {
        channel,
        currency: cart.currency,
        personId: customerOf(request.caller),
      })
      if (paying.kind === 'refused') return answerRefusal(reply, paying.refusal)
      const outcome = await placeOrder(deps, {
        kind: 'shopper',
        key: keyRequestOf(request),
        channel,
        cart: seenCart(cart),
        currency: cart.currency,
        lines: cart.lines,
        codes: cart.codes,
        groups: cart.groups,
        buyer: { personId: cart.personId },
        seenMinor: readMoney(body.total).minor,
        latestBy: body.accept?.latestBy === undefined ? null : readInstant(body.accept.latestBy),
        payment: paying.payment,
        tenders: [...cart.giftCardIds.map((accountId) => ({ accountId, amountMinor: null })), ...paying.tenders],
        seenDueMinor: body.due === undefined ? null : readMoney(body.due).minor,
        mustSayDue: cart.giftCardIds.length > 0,
      })
      return answerPlaced(reply, deps, outcome)
    },
  )

  app.post(
    '/v1/store/orders/:id/payments',
    {
      schema: {
        summary: 'Pay an order that still waits, with another card',
        tags: ['orders'],
        params: ById,
        body: PaymentToken,
        response: placedResponses,
      },
      config: { scope: 'store', idempotent: 'key', refusals },
    },
    async (request, reply) => {
      const order = await guestOrder(request)
      if (order === null) return refusePlatform(reply, 'not_found')
      const { provider, token, returnUrl } = request.body
      const outcome = await payOrder(deps, {
        orderId: order.id,
        key: keyRequestOf(request),
        provider,
        token,
        returnUrl,
      })
      if (outcome.kind === 'refused') return answerRefusal(reply, outcome.refusal)
      return answerPlaced(reply, deps, { kind: 'answered', orderId: order.id, draft: null, payment: outcome.payment })
    },
  )

  app.post(
    '/v1/store/orders/:id/payments/:paymentId/continue',
    {
      schema: {
        summary: "Go on with a payment after the provider's step",
        tags: ['orders'],
        params: strict({ id: Type.String(), paymentId: Type.String() }),
        response: placedResponses,
      },
      config: { scope: 'store', idempotent: 'natural', refusals },
    },
    async (request, reply) => {
      const order = await guestOrder(request)
      const attempts = order === null ? [] : await readAttemptRowsOfOrders(db, [order.id])
      const attemptId = parseId('attempt', request.params.paymentId)
      if (order === null || attemptId === null || attempts.every((attempt) => attempt.id !== attemptId))
        return refusePlatform(reply, 'not_found')
      const payment = await resumePayment(deps, order.id, { key: null, attemptId })
      return answerPlaced(reply, deps, { kind: 'answered', orderId: order.id, draft: null, payment })
    },
  )

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
}

/** Who is signed in; their store credit may pay. */
function customerOf(caller: Caller): Id<'person'> | null {
  return caller.kind === 'publishable' ? (caller.customer?.personId ?? null) : null
}

/**
 * Where the goods of a one-call order go, and the people and addresses that this tells of. A guest goes into the vault
 * with the order; a signed-in customer is there, and their own e-mail stands.
 */
async function readGroups(
  { db, customers }: CheckoutHttpDeps,
  caller: Caller,
  { email, shippingAddress, deliveryOption, groups = [] }: Static<typeof StoreOrderBody>,
): Promise<Pick<ShopperPlacement, 'groups' | 'buyer'>> {
  const told = [{ number: FIRST_GROUP, deliveryOption, shippingAddress }, ...groups].map((group) => ({
    number: group.number,
    deliveryOption: group.deliveryOption ?? null,
    addressId: newId<'address'>(),
    // Tidied before anything sees it: taxes, prices and assortments go by region and postal code.
    address: group.shippingAddress ? tidyAddress(group.shippingAddress) : null,
  }))
  const customer = caller.kind === 'publishable' ? caller.customer : undefined
  const keptIds =
    customer === undefined
      ? told.map((group) => group.addressId)
      : await db.inTransaction((tx) => {
          const { personId } = customer
          const keep = async (address: Address | null) =>
            address === null ? null : customers.keepAddress(tx, { personId, address })
          return Promise.all(told.map(({ address }) => keep(address)))
        })
  const [own, ...others] = told.map(({ addressId, address }) => address && { id: addressId, ...address })
  return {
    buyer:
      customer === undefined
        ? { email: email ?? null, address: own ?? null, otherAddresses: others.flatMap((address) => address ?? []) }
        : { personId: customer.personId },
    groups: told.map(({ number, deliveryOption: option, address }, index) => ({
      number,
      deliveryOption: option,
      shipTo: address === null ? null : shipToOf(address),
      addressId: address === null ? null : (keptIds[index] ?? null),
    })),
  }
}

async function answerPlaced<Reply extends ProblemReply>(
  reply: Reply,
  { db, tokens }: CheckoutHttpDeps,
  outcome: PlaceOutcome,
): Promise<Reply> {
  if (outcome.kind === 'refused') return answerRefusal(reply, outcome.refusal)
  const { draft, orderId } = outcome
  const facts = draft === null ? await afterCommit(() => readPlacedFacts(db, orderId)) : factsOfDraft(draft)
  const accessToken = tokens.makeAccessToken('order', outcome.orderId)
  const { payment } = outcome
  if (payment === null || payment.result.kind === 'placed')
    return answer(reply, 201, placedOrderJson(facts, accessToken))
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
