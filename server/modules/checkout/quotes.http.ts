import { Type } from 'typebox'
import { must } from '../../kernel/invariant.ts'
import { parseId, type Id } from '../../kernel/id.ts'
import { refusePlatform, sendVersion, strict, type App } from '../../platform/http/index.ts'
import { CartJson, readCart, renderCart, type RenderDeps } from '../carts/index.ts'
import type { Channel } from '../merchant/index.ts'
import { refusals } from './checkout.refusals.ts'
import { seenCart } from './placement.ts'
import type { PlaceDeps } from './place-orders.ts'
import { answerRefusal } from './refusal-json.ts'

export interface QuotesHttpDeps extends RenderDeps {
  readonly prepare: PlaceDeps['prepare']
}

/** The start of checkout: a price and promises that hold, with the goods where the channel says so. */
export function mountQuotes(app: App, deps: QuotesHttpDeps): void {
  const { db, rooms, tokens, prepare } = deps
  const channelOf = async (channelId: Id<'channel'>): Promise<Channel | undefined> => {
    const book = rooms.merchant.peek() ?? (await rooms.merchant.currentBook())
    const channel = book.channelById.get(channelId)
    return channel?.active ? channel : undefined
  }

  app.post(
    '/v1/store/carts/:id/quote',
    {
      schema: {
        summary: 'Fix price and promise of a cart until `quote.expiresAt`',
        description:
          'The quote holds as long as the cart stays as it is; asked for again meanwhile it is the same one. Where the ' +
          'channel claims goods at checkout, they are kept for the cart until then.',
        tags: ['carts'],
        params: strict({ id: Type.String() }),
        response: { 200: CartJson },
      },
      config: { scope: 'store', idempotent: 'natural', refusals },
    },
    async (request, reply) => {
      const { caller } = request
      const channel = caller.kind === 'publishable' ? await channelOf(caller.channelId) : undefined
      const cartId = parseId('cart', request.params.id)
      const token = request.headers['waybill-access-token']
      if (channel === undefined || cartId === null || typeof token !== 'string')
        return refusePlatform(reply, 'not_found')
      const cart = tokens.verifyAccessToken('cart', cartId, token)
        ? await readCart({ source: db, catalog: rooms.catalog }, { cartId, channelId: channel.id })
        : null
      if (cart === null) return refusePlatform(reply, 'not_found')
      const outcome = await prepare.submit(
        {
          kind: 'quote',
          channel,
          currency: cart.currency,
          lines: cart.lines,
          groups: cart.groups,
          codes: cart.codes,
          cart: seenCart(cart),
          buyer: { personId: cart.personId },
        },
        { lane: 'shopper' },
      )
      if (outcome.kind === 'refused') return answerRefusal(reply, outcome.refusal)
      const rendered = must(await renderCart(deps, channel, cartId), 'the cart that was just quoted')
      sendVersion(reply, rendered.version)
      return rendered
    },
  )
}
