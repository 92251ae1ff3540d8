import { Type } from 'typebox'
import { formatId, parseId, type Id } from '../../kernel/id.ts'
import { appendAudit } from '../../platform/audit.ts'
import type { Db } from '../../platform/db.ts'
import { actorOf, idJson, line, once, refusePlatform, strict, type App } from '../../platform/http/index.ts'
import { readGuestOrder, readOrderRows, type VerifyOrderToken } from '../orders/index.ts'
import { cancelOrder } from './cancel-order.ts'
import { refusals } from './changes.refusals.ts'

const CancelBody = strict({ reason: Type.Optional(line(200)) })
const Cancelled = strict({ id: idJson('order'), status: Type.Literal('cancelled') })
const ById = strict({ id: Type.String() })

export function mountChanges(app: App, { db, verify }: { readonly db: Db; readonly verify: VerifyOrderToken }): void {
  app.post(
    '/v1/store/orders/:id/cancel',
    {
      schema: {
        summary: 'Cancel an order that no location has begun to work on',
        tags: ['orders'],
        params: ById,
        body: CancelBody,
        response: { 200: Cancelled },
      },
      config: { scope: 'store', idempotent: 'key', refusals },
    },
    async (request, reply) => {
      const token = request.headers['waybill-access-token']
      const order = await readGuestOrder(db, {
        caller: request.caller,
        orderId: request.params.id,
        token: typeof token === 'string' ? token : undefined,
        verify,
      })
      if (order === null) return refusePlatform(reply, 'not_found')
      const { reason = 'buyer_asked' } = request.body
      return once({ db }, request, reply, {
        refusals,
        work: async (tx) => {
          const outcome = await cancelOrder(tx, { orderId: order.id, reason, actor: 'buyer' })
          if (outcome.kind === 'refused') return { refuse: outcome.refusal }
          return { status: 200, stored: { orderId: order.id } }
        },
        render: cancelledJson,
      })
    },
  )

  app.post(
    '/v1/admin/orders/:id/cancel',
    {
      schema: {
        summary: 'Cancel an order that no location has begun to work on',
        tags: ['orders'],
        params: ById,
        body: strict({ reason: line(200) }),
        response: { 200: Cancelled },
      },
      config: { scope: 'orders:write', idempotent: 'key', refusals },
    },
    async (request, reply) => {
      const orderId = parseId('order', request.params.id)
      const [order] = orderId === null ? [] : await readOrderRows(db, [orderId])
      if (order === undefined) return refusePlatform(reply, 'not_found')
      const actor = actorOf(request.caller)
      const { reason } = request.body
      return once({ db }, request, reply, {
        refusals,
        work: async (tx) => {
          const outcome = await cancelOrder(tx, { orderId: order.id, reason, actor })
          if (outcome.kind === 'refused') return { refuse: outcome.refusal }
          appendAudit(tx, [
            { actor, action: 'order.cancelled', object: formatId('order', order.id), detail: { reason } },
          ])
          return { status: 200, stored: { orderId: order.id } }
        },
        render: cancelledJson,
      })
    },
  )
}

function cancelledJson({ orderId }: { readonly orderId: Id<'order'> }) {
  return { id: formatId('order', orderId), status: 'cancelled' as const }
}
