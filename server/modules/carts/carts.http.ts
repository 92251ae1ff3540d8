import { Type, type Static } from 'typebox'
import { formatId, newId, parseId, type Id } from '../../kernel/id.ts'
import { invariant, must } from '../../kernel/invariant.ts'
import { readWritten } from '../../platform/after-commit.ts'
import { commitIf } from '../../platform/commit-if.ts'
import type { Db } from '../../platform/db.ts'
import {
  AddressJson,
  CurrencyCodeJson,
  Email,
  machineCode,
  once,
  Quantity,
  refuse,
  refusePlatform,
  sendVersion,
  Sku,
  strict,
  type App,
  type Caller,
  type KeyedRequest,
  type ProblemReply,
} from '../../platform/http/index.ts'
import { readRevisions } from '../../platform/revision.ts'
import type { Customers } from '../customers/index.ts'
import type { Channel } from '../merchant/index.ts'
import type { Payments } from '../payments/index.ts'
import { CodesBody, plainCode, PromotionCodeText } from '../pricing/index.ts'
import { readCart } from './cart.ts'
import { CartJson, renderCart } from './cart-json.ts'
import { refusals } from './carts.refusals.ts'
import { findCardForCart } from './cover-cart.ts'
import { createCart, editCart, type CartChanges, type EditCartRefusal } from './edit-cart.ts'
import { DeliveryOptionChoice, GroupNumberJson, GroupsBody, repeatedGroup } from './group-json.ts'
import type { GuestTokens, ReleaseGoods } from './ports.ts'
import { FIRST_GROUP } from './price-sale.ts'
import type { SellingRooms } from './selling-world.ts'
import { unknownCodes } from './read-standing.ts'

export interface CartsDeps {
  readonly db: Db
  readonly rooms: SellingRooms & { readonly customers: Customers; readonly payments: Payments }
  readonly tokens: GuestTokens
  readonly releaseGoods: ReleaseGoods
}

const CartLineBody = strict({ sku: Sku, quantity: Quantity, group: Type.Optional(GroupNumberJson) })
const cartFields = {
  currency: Type.Optional(CurrencyCodeJson),
  lines: Type.Optional(Type.Array(CartLineBody, { maxItems: 500 })),
  email: Type.Optional(Email),
  shippingAddress: Type.Optional(AddressJson),
  deliveryOption: Type.Optional(DeliveryOptionChoice),
  groups: Type.Optional(GroupsBody),
  codes: Type.Optional(CodesBody),
}
const CartBody = strict(cartFields)
const ById = strict({ id: Type.String() })
const ByLine = strict({ id: Type.String(), lineId: Type.String() })

interface StoreRequest {
  readonly caller: Caller
  readonly headers: Record<string, string | string[] | undefined>
}

export function mountCarts(app: App, deps: CartsDeps): void {
  const { db, rooms, tokens, releaseGoods } = deps

  const editDeps = (channel: Channel, customerId: Id<'person'> | undefined) => {
    return { customers: rooms.customers, channel, customerId, releaseGoods }
  }
  const channelOf = async ({ caller }: StoreRequest): Promise<Channel | null> => {
    if (caller.kind !== 'publishable') return null
    const book = rooms.merchant.peek() ?? (await rooms.merchant.currentBook())
    const channel = book.channelById.get(caller.channelId)
    return channel?.active ? channel : null
  }
  /** The id in the path, when the request brings the token that was given out with the cart. */
  const ownCartId = ({ headers }: StoreRequest, text: string): Id<'cart'> | null => {
    const cartId = parseId('cart', text)
    const token = headers['waybill-access-token']
    return cartId !== null && typeof token === 'string' && tokens.verifyAccessToken('cart', cartId, token)
      ? cartId
      : null
  }

  /** Read before a key is taken: a cart of another channel is nothing here, and nothing must leave no trace. */
  const cartOf = (channel: Channel, cartId: Id<'cart'>) =>
    readCart({ source: db, catalog: rooms.catalog }, { cartId, channelId: channel.id })

  /** Edits a cart that was seen a moment ago, once under the request's key. */
  const editOnce = <Reply extends ProblemReply>(
    request: KeyedRequest & StoreRequest,
    reply: Reply,
    edited: { readonly channel: Channel; readonly cartId: Id<'cart'>; readonly changes: CartChanges },
  ): Promise<Reply> => {
    const { channel, cartId, changes } = edited
    return once({ db }, request, reply, {
      refusals,
      work: async (tx) => {
        const wanted = { id: cartId, seenVersion: null, changes }
        const outcome = await editCart(tx, editDeps(channel, customerIdOf(request)), wanted)
        if (outcome.kind === 'refused') return { refuse: refusalJson(outcome.refusal) }
        invariant(outcome.kind === 'edited', 'carts are never deleted, and this one was there')
        return { status: 200, stored: { cartId } }
      },
      render: () => renderCart(deps, channel, cartId),
    })
  }

  app.post(
    '/v1/store/carts',
    {
      schema: { summary: 'Make a cart', tags: ['carts'], body: CartBody, response: { 201: CartJson } },
      config: { scope: 'store', idempotent: 'key', refusals },
    },
    async (request, reply) => {
      const channel = await channelOf(request)
      if (channel === null) return refusePlatform(reply, 'not_found')
      const read = await readChanges(deps, channel, request.body)
      if (read.kind === 'refused') return refuse(reply, refusals, read.refusal)
      return once({ db }, request, reply, {
        refusals,
        work: async (tx) => {
          const id = newId<'cart'>()
          const outcome = await createCart(tx, editDeps(channel, customerIdOf(request)), { id, changes: read.changes })
          if (outcome.kind === 'refused') return { refuse: refusalJson(outcome.refusal) }
          return { status: 201, stored: { cartId: id } }
        },
        render: ({ cartId }) => renderCart(deps, channel, cartId),
      })
    },
  )

  app.get(
    '/v1/store/carts/:id',
    {
      schema: {
        summary: 'Read a cart with its price and delivery options now',
        tags: ['carts'],
        params: ById,
        response: { 200: CartJson },
      },
      config: { scope: 'store', idempotent: 'safe' },
    },
    async (request, reply) => {
      const channel = await channelOf(request)
      const cartId = ownCartId(request, request.params.id)
      const cart = channel === null || cartId === null ? null : await renderCart(deps, channel, cartId)
      if (cart === null) return refusePlatform(reply, 'not_found')
      sendVersion(reply, cart.version)
      return cart
    },
  )

  app.patch(
    '/v1/store/carts/:id',
    {
      schema: { summary: 'Change a cart', tags: ['carts'], params: ById, body: CartBody, response: { 200: CartJson } },
      config: { scope: 'store', idempotent: 'natural', ifMatch: 'required', refusals },
    },
    async (request, reply) => {
      const channel = await channelOf(request)
      const cartId = ownCartId(request, request.params.id)
      if (channel === null || cartId === null) return refusePlatform(reply, 'not_found')
      const read = await readChanges(deps, channel, request.body)
      if (read.kind === 'refused') return refuse(reply, refusals, read.refusal)
      return edit(reply, channel, cartId, {
        seenVersion: request.ifMatch,
        changes: read.changes,
        customerId: customerIdOf(request),
      })
    },
  )

  app.post(
    '/v1/store/carts/:id/lines',
    {
      schema: {
        summary: 'Put units of a SKU in a cart',
        tags: ['carts'],
        params: ById,
        body: CartLineBody,
        response: { 200: CartJson },
      },
      config: { scope: 'store', idempotent: 'key', refusals },
    },
    async (request, reply) => {
      const channel = await channelOf(request)
      const cartId = ownCartId(request, request.params.id)
      if (channel === null || cartId === null) return refusePlatform(reply, 'not_found')
      const read = await readChanges(deps, channel, { lines: [request.body] })
      if (read.kind === 'refused') return refuse(reply, refusals, read.refusal)
      if ((await cartOf(channel, cartId)) === null) return refusePlatform(reply, 'not_found')
      const changes = { addLines: read.changes.lines }
      return editOnce(request, reply, { channel, cartId, changes })
    },
  )

  app.patch(
    '/v1/store/carts/:id/lines/:lineId',
    {
      schema: {
        summary: 'Change how many units a line has',
        tags: ['carts'],
        params: ByLine,
        body: strict({ quantity: Quantity }),
        response: { 200: CartJson },
      },
      config: { scope: 'store', idempotent: 'natural', refusals },
    },
    async (request, reply) => {
      const channel = await channelOf(request)
      const cartId = ownCartId(request, request.params.id)
      const lineId = parseId('cartLine', request.params.lineId)
      if (channel === null || cartId === null || lineId === null) return refusePlatform(reply, 'not_found')
      const changes = { setLine: { id: lineId, quantity: request.body.quantity } }
      return edit(reply, channel, cartId, { seenVersion: request.ifMatch, changes, customerId: customerIdOf(request) })
    },
  )

  app.delete(
    '/v1/store/carts/:id/lines/:lineId',
    {
      schema: { summary: 'Take a line out of a cart', tags: ['carts'], params: ByLine, response: { 200: CartJson } },
      config: { scope: 'store', idempotent: 'natural', refusals },
    },
    async (request, reply) => {
      const channel = await channelOf(request)
      const cartId = ownCartId(request, request.params.id)
      const lineId = parseId('cartLine', request.params.lineId)
      if (channel === null || cartId === null || lineId === null) return refusePlatform(reply, 'not_found')
      return edit(reply, channel, cartId, {
        seenVersion: request.ifMatch,
        changes: { removeLine: lineId },
        customerId: customerIdOf(request),
      })
    },
  )

  app.post(
    '/v1/store/carts/:id/codes',
    {
      schema: {
        summary: 'Name a promotion code for a cart',
        description: 'What the code gives, or why it gives nothing yet, stands in `promotions` of the cart.',
        tags: ['carts'],
        params: ById,
        body: strict({ code: PromotionCodeText }),
        response: { 200: CartJson },
      },
      config: { scope: 'store', idempotent: 'key', refusals },
    },
    async (request, reply) => {
      const channel = await channelOf(request)
      const cartId = ownCartId(request, request.params.id)
      if (channel === null || cartId === null) return refusePlatform(reply, 'not_found')
      const code = plainCode(request.body.code)
      const read = await readChanges(deps, channel, { codes: [code] })
      if (read.kind === 'refused') return refuse(reply, refusals, read.refusal)
      if ((await cartOf(channel, cartId)) === null) return refusePlatform(reply, 'not_found')
      return editOnce(request, reply, { channel, cartId, changes: { addCode: code } })
    },
  )

  app.delete(
    '/v1/store/carts/:id/codes/:code',
    {
      schema: {
        summary: 'Take a promotion code out of a cart',
        tags: ['carts'],
        params: strict({ id: Type.String(), code: Type.String() }),
        response: { 200: CartJson },
      },
      config: { scope: 'store', idempotent: 'natural', refusals },
    },
    async (request, reply) => {
      const channel = await channelOf(request)
      const cartId = ownCartId(request, request.params.id)
      if (channel === null || cartId === null) return refusePlatform(reply, 'not_found')
      return edit(reply, channel, cartId, {
        seenVersion: request.ifMatch,
        changes: { removeCode: plainCode(request.params.code) },
        customerId: customerIdOf(request),
      })
    },
  )

  app.post(
    '/v1/store/carts/:id/gift-cards',
    {
      schema: {
        summary: 'Pay a cart with a gift card, as far as it goes',
        tags: ['carts'],
        params: ById,
        body: strict({ code: machineCode(60, { examples: ['7HQ2KM-XW4TRD-9FCBPN'] }) }),
        response: { 200: CartJson },
      },
      config: { scope: 'store', idempotent: 'key', refusals },
    },
    async (request, reply) => {
      const channel = await channelOf(request)
      const cartId = ownCartId(request, request.params.id)
      if (channel === null || cartId === null) return refusePlatform(reply, 'not_found')
      const cart = await cartOf(channel, cartId)
      if (cart === null) return refusePlatform(reply, 'not_found')
      const { at } = await db.clock()
      const card = await findCardForCart({ source: db, payments: rooms.payments }, request.body.code, {
        channel,
        currency: cart.currency,
        at,
      })
      if (card.kind === 'refused') return refuse(reply, refusals, card.refusal)
      return editOnce(request, reply, { channel, cartId, changes: { addGiftCard: card.id } })
    },
  )

  app.delete(
    '/v1/store/carts/:id/gift-cards/:giftCardId',
    {
      schema: {
        summary: 'Take a gift card out of a cart',
        tags: ['carts'],
        params: strict({ id: Type.String(), giftCardId: Type.String() }),
        response: { 200: CartJson },
      },
      config: { scope: 'store', idempotent: 'natural', refusals },
    },
    async (request, reply) => {
      const channel = await channelOf(request)
      const cartId = ownCartId(request, request.params.id)
      const cardId = parseId('giftCard', request.params.giftCardId)
      if (channel === null || cartId === null || cardId === null) return refusePlatform(reply, 'not_found')
      return edit(reply, channel, cartId, {
        seenVersion: request.ifMatch,
        changes: { removeGiftCard: cardId },
        customerId: customerIdOf(request),
      })
    },
  )

  const edit = async <Reply extends ProblemReply>(
    reply: Reply,
    channel: Channel,
    id: Id<'cart'>,
    {
      seenVersion,
      changes,
      customerId,
    }: {
      readonly seenVersion: number | null
      readonly changes: CartChanges
      readonly customerId: Id<'person'> | undefined
    },
  ): Promise<Reply> => {
    const outcome = await commitIf(
      db,
      (tx) => editCart(tx, editDeps(channel, customerId), { id, seenVersion, changes }),
      ({ kind }) => kind === 'edited',
    )
    if (outcome.kind === 'not_found') return refusePlatform(reply, 'not_found')
    if (outcome.kind === 'refused') return refuse(reply, refusals, refusalJson(outcome.refusal))
    const cart = must(await readWritten(() => renderCart(deps, channel, id)), 'the cart that was just edited')
    sendVersion(reply, cart.version)
    reply.send(cart)
    return reply
  }
}

function customerIdOf({ caller }: StoreRequest): Id<'person'> | undefined {
  return caller.kind === 'publishable' ? caller.customer?.personId : undefined
}

function refusalJson(refusal: EditCartRefusal) {
  if (refusal.code !== 'order_exists') return refusal
  return { code: refusal.code, orderId: refusal.orderId === null ? null : formatId('order', refusal.orderId) }
}

type ReadChanges =
  | { readonly kind: 'read'; readonly changes: CartChanges }
  | { readonly kind: 'refused'; readonly refusal: ReadRefusal }

type ReadRefusal =
  | { readonly code: 'sku_unknown'; readonly skus: readonly string[] }
  | { readonly code: 'group_repeated'; readonly group: number }
  | { readonly code: 'code_unknown'; readonly codes: readonly string[] }

/** Reads a body; SKUs become variants, and what the channel does not sell is refused before anything is locked. */
async function readChanges(
  { db, rooms }: CartsDeps,
  channel: Channel,
  body: Static<typeof CartBody>,
): Promise<ReadChanges> {
  const { lines, codes: typed, ...rest } = body
  const codes = typed?.map(plainCode)
  const others = { ...rest, codes }
  const repeated = repeatedGroup(others.groups)
  if (repeated !== null) return { kind: 'refused', refusal: { code: 'group_repeated', group: repeated } }
  const unknownOnes = await unknownCodes(rooms.pricing, db, codes ?? [])
  if (unknownOnes.length > 0) return { kind: 'refused', refusal: { code: 'code_unknown', codes: unknownOnes } }
  if (lines === undefined) return { kind: 'read', changes: others }
  const revisions = await readRevisions(db)
  const offers = await rooms.catalog.offersAt(
    db,
    revisions.catalog,
    lines.map((each) => each.sku),
  )
  const unknown = lines.filter(({ sku }) => {
    const offer = offers.get(sku)
    // Rules about the buyer are for the quote: the cart may learn later where it goes.
    return offer?.status !== 'active' || !offer.channelIds.has(channel.id)
  })
  if (unknown.length > 0) {
    return { kind: 'refused', refusal: { code: 'sku_unknown', skus: [...new Set(unknown.map((each) => each.sku))] } }
  }
  const wanted = lines.map(({ sku, quantity, group = FIRST_GROUP }) => ({
    variantId: must(offers.get(sku), 'an offer that was just found').variantId,
    quantity,
    group,
  }))
  return { kind: 'read', changes: { ...others, lines: wanted } }
}
