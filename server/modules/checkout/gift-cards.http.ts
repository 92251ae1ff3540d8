import { Type } from 'typebox'
import { formatId, parseId } from '../../kernel/id.ts'
import { idJson, once, refusePlatform, strict, type App } from '../../platform/http/index.ts'
import { readGuestOrder } from '../orders/index.ts'
import { readShownCode, readSoldCards, showCode, ShownCode } from '../payments/index.ts'
import type { CheckoutHttpDeps } from './checkout.http.ts'
import { refusals } from './checkout.refusals.ts'

/** The buyer's own gift cards: whoever holds the order's token sees each code once. */
export function mountSoldGiftCards(app: App, { db, payments, tokens }: CheckoutHttpDeps): void {
  app.post(
    '/v1/store/orders/:id/gift-cards/:giftCardId/show-code',
    {
      schema: {
        summary: 'Show the code of a gift card that the order bought, once',
        description: 'A repeat with the same key shows it again for a day, should the answer be lost.',
        tags: ['orders'],
        params: strict({ id: Type.String(), giftCardId: Type.String() }),
        response: { 200: strict({ id: idJson('giftCard'), code: ShownCode }, { title: 'ShownCode' }) },
      },
      config: { scope: 'store', idempotent: 'key', refusals },
    },
    async (request, reply) => {
      const token = request.headers['waybill-access-token']
      const order = await readGuestOrder(db, {
        caller: request.caller,
        orderId: request.params.id,
        token: typeof token === 'string' ? token : undefined,
        verify: (orderId, given) => tokens.verifyAccessToken('order', orderId, given),
      })
      const id = parseId('giftCard', request.params.giftCardId)
      const cards = order === null ? [] : await readSoldCards(db, [order.id])
      if (id === null || cards.every((card) => card.id !== id)) return refusePlatform(reply, 'not_found')
      return once({ db }, request, reply, {
        refusals,
        work: async (tx) => {
          const shown = await showCode(tx, { id, actor: null })
          return shown === 'shown'
            ? { status: 200, stored: { id } }
            : { refuse: { code: 'code_shown_before' as const } }
        },
        render: async (stored) => ({
          id: formatId('giftCard', stored.id),
          code: await readShownCode(db, payments.codes, stored.id),
        }),
      })
    },
  )
}
