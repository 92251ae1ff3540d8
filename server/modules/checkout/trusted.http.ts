import { Type, type Static } from 'typebox'
import { formatId, type Id } from '../../kernel/id.ts'
import type { CurrencyCode } from '../../kernel/money.ts'
import { afterCommit } from '../../platform/after-commit.ts'
import type { Db } from '../../platform/db.ts'
import { fingerprintOfContent } from '../../platform/fingerprint.ts'
import {
  actorOf,
  AddressJson,
  CurrencyCodeJson,
  Email,
  idJson,
  InstantJson,
  machineCode,
  MoneyJson,
  PositiveMoneyJson,
  Quantity,
  readInstant,
  refuse,
  SignedMoneyJson,
  Sku,
  strict,
  type App,
} from '../../platform/http/index.ts'
import { tidyAddress } from '../customers/index.ts'
import type { Merchant } from '../merchant/index.ts'
import { orderNumber, readOrderRows } from '../orders/index.ts'
import { refusals } from './checkout.refusals.ts'
import type { PlaceDeps } from './place-orders.ts'
import { placeTrustedOrders, type TrustedOutcome } from './place-trusted-orders.ts'
import { shipToOf, type PlacementRefusal, type TrustedPlacement } from './placement.ts'
import { answerRefusal, refusalJson } from './refusal-json.ts'

const TrustedOrderBody = strict(
  {
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
    charges: Type.Optional(
      Type.Array(
        strict({
          type: Type.String({ pattern: '^[a-z][a-z0-9_]{0,39}$' }),
          amount: SignedMoneyJson,
          tax: Type.Optional(SignedMoneyJson),
        }),
        { maxItems: 100 },
      ),
    ),
    customer: Type.Optional(strict({ email: Type.Optional(Email) })),
    shippingAddress: Type.Optional(AddressJson),
    fulfillment: strict({
      method: Type.Union([Type.Literal('ship'), Type.Literal('pickup'), Type.Literal('carried_out')]),
      location: Type.Optional(machineCode(64)),
    }),
    payment: strict({
      state: Type.Union([Type.Literal('paid'), Type.Literal('authorized'), Type.Literal('due')]),
      tenders: Type.Optional(
        Type.Array(
          strict({
            kind: Type.Enum(['gift_card', 'store_credit', 'card', 'cash', 'other']),
            amount: PositiveMoneyJson,
          }),
          {
            maxItems: 20,
            description: 'How it was paid, as facts: nothing is taken from gift cards or credit of ours.',
          },
        ),
      ),
    }),
  },
  { title: 'TrustedOrder' },
)
type TrustedOrderBody = Static<typeof TrustedOrderBody>

const TrustedOrderJson = strict({
  id: idJson('order'),
  number: Type.String(),
  reference: Type.String(),
  status: Type.String(),
})
/** An order has at most 2,000 lines of some 100 bytes each; five hundred of usual size fit. */
const BULK_BODY_BYTES_MAX = 10_000_000

/** Orders that trusted channels have sold already, one by one and in batches. */
export function mountTrustedOrders(app: App, deps: PlaceDeps & { readonly merchant: Merchant }): void {
  const { db } = deps
  app.post(
    '/v1/admin/orders',
    {
      schema: {
        summary: 'Take over an order that a trusted channel has sold',
        tags: ['orders'],
        body: TrustedOrderBody,
        response: { 200: TrustedOrderJson, 201: TrustedOrderJson },
      },
      config: { scope: 'orders:write', idempotent: 'natural', refusals },
    },
    async (request, reply) => {
      const read = await readTrusted(deps.merchant, request.body, actorOf(request.caller))
      if (read.kind === 'refused') return refuse(reply, refusals, read.refusal)
      const [outcome] = await placeTrustedOrders(deps, [read.placement])
      if (outcome === undefined || outcome.kind === 'refused') {
        return answerRefusal(reply, outcome?.refusal ?? { code: 'cart_empty' })
      }
      const taken = await afterCommit(() => trustedJson(db, outcome.orderId))
      return reply.code(outcome.kind === 'placed' ? 201 : 200).send(taken)
    },
  )

  app.post(
    '/v1/admin/orders/batch',
    {
      bodyLimit: BULK_BODY_BYTES_MAX,
      schema: {
        summary: 'Take over up to 500 orders; each is answered for itself',
        tags: ['orders'],
        body: strict({ orders: Type.Array(TrustedOrderBody, { minItems: 1, maxItems: 500 }) }),
        response: {
          200: strict({
            results: Type.Array(
              strict({
                index: Type.Integer(),
                status: Type.Union([Type.Literal('placed'), Type.Literal('placed_before'), Type.Literal('refused')]),
                id: Type.Optional(idJson('order')),
                code: Type.Optional(Type.String()),
                detail: Type.Optional(Type.String()),
              }),
            ),
          }),
        },
      },
      config: { scope: 'orders:write', idempotent: 'natural', refusals },
    },
    async (request) => {
      const actor = actorOf(request.caller)
      const read = await Promise.all(request.body.orders.map((order) => readTrusted(deps.merchant, order, actor)))
      const placements = read.flatMap((each) => (each.kind === 'read' ? [each.placement] : []))
      const outcomes = (await placeTrustedOrders(deps, placements)).values()
      const results = read.map((each) => (each.kind === 'read' ? (outcomes.next().value as TrustedOutcome) : each))
      return { results: results.map(trustedResultJson) }
    },
  )
}

function trustedResultJson(outcome: TrustedOutcome, index: number) {
  if (outcome.kind !== 'refused') return { index, status: outcome.kind, id: formatId('order', outcome.orderId) }
  const { code, ...facts } = refusalJson(outcome.refusal)
  return {
    index,
    status: 'refused' as const,
    code,
    detail: `${refusals[outcome.refusal.code].meaning} ${JSON.stringify(facts)}`,
  }
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
async function readTrusted(merchant: Merchant, body: TrustedOrderBody, actor: string): Promise<ReadTrusted> {
  const book = merchant.peek() ?? (await merchant.currentBook())
  const channel = book.channelByCode.get(body.channel)
  if (channel === undefined || !channel.trusted) {
    return { kind: 'refused', refusal: { code: 'channel_not_trusted', channel: body.channel } }
  }
  const currency: CurrencyCode = body.currency
  const foreign = [
    ...body.lines.flatMap(({ unitPrice, discount, tax }) => [unitPrice, discount, tax]),
    ...(body.charges ?? []).flatMap(({ amount, tax }) => [amount, tax]),
    ...(body.payment.tenders ?? []).map(({ amount }) => amount),
  ].some((money) => money !== undefined && money.currency !== currency)
  if (foreign) return { kind: 'refused', refusal: { code: 'currency_unknown', currencies: [currency] } }
  // Not checked: it has been sold. Its region and postal code are told as those of our own orders are.
  const address = body.shippingAddress === undefined ? null : tidyAddress(body.shippingAddress)
  const minorOf = (money: { amount: number } | undefined) => BigInt(money?.amount ?? 0)
  return {
    kind: 'read',
    placement: {
      kind: 'trusted',
      actor,
      channel,
      reference: body.reference,
      // What makes two orders under one reference the same: everything the channel said about it.
      fingerprint: fingerprintOfContent(body),
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
        type,
        amountMinor: minorOf(amount),
        taxMinor: minorOf(tax),
      })),
      buyer: { email: body.customer?.email ?? null, address },
      shipTo: shipToOf(address),
      method: body.fulfillment.method,
      locationCode: body.fulfillment.location ?? null,
      paymentState: body.payment.state,
      tenders: (body.payment.tenders ?? []).map(({ kind, amount }) => ({ kind, amountMinor: minorOf(amount) })),
    },
  }
}
