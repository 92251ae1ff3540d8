import { Type } from 'typebox'
import { formatId, parseId, type Id } from '../../kernel/id.ts'
import type { CurrencyCode } from '../../kernel/money.ts'
import { formatInstant } from '../../kernel/time.ts'
import type { Queryable } from '../../platform/db.ts'
import {
  customerOf,
  decodeCursor,
  encodeCursor,
  idJson,
  InstantJson,
  moneyJson,
  page,
  pageQuery,
  refusePlatform,
  SignedMoneyJson,
  strict,
  type App,
  type Caller,
} from '../../platform/http/index.ts'
import type { Customers } from '../customers/index.ts'
import { orderNumber, readOrderRows, type OrderRow } from '../orders/index.ts'
import type { OrderviewsDeps } from './orderviews.http.ts'
import { listOrderRows, type ListedOrderRow } from './orderviews.sql.ts'

const OwnOrderJson = strict(
  {
    id: idJson('order'),
    number: Type.String({ examples: ['W-100234'] }),
    channelId: idJson('channel'),
    status: Type.Enum(['awaiting_payment', 'open', 'completed', 'cancelled', 'expired']),
    total: SignedMoneyJson,
    placedAt: InstantJson,
  },
  { title: 'OwnOrder' },
)

/** What an account's owner sees of their orders, those that they placed as a guest included. */
export function mountOwnOrders(app: App, { db, customers }: OrderviewsDeps): void {
  app.get(
    '/v1/store/customer/orders',
    {
      schema: {
        summary: "Lists the customer's orders, newest first",
        description: 'Of every channel. The list follows the orders within moments.',
        tags: ['orders'],
        querystring: strict(pageQuery),
        response: { 200: page(OwnOrderJson) },
      },
      config: { scope: 'store', customer: 'required' },
    },
    async (request, reply) => {
      const { limit, cursor } = request.query
      const place = cursor === undefined ? null : decodeCursor(cursor, ['instant', 'uuid'])
      if (cursor !== undefined && place === null) {
        return refusePlatform(reply, 'invalid_request', {
          errors: [{ path: '/cursor', message: 'is not of this list' }],
        })
      }
      const personIds = await customers.readIdsOf(db, customerOf(request.caller).personId)
      const everything = {
        status: null,
        channelId: null,
        variantId: null,
        number: null,
        reference: null,
        placedAfter: null,
      }
      const before = place === null ? null : { placedAt: place[0], orderId: place[1] as Id<'order'> }
      const rows = await listOrderRows(db, { ...everything, personIds }, { before, limit: limit + 1 })
      const last = rows.length > limit ? rows[limit - 1] : undefined
      return reply.send({
        items: rows.slice(0, limit).map(ownOrderJson),
        nextCursor: last === undefined ? null : encodeCursor([last.placed_at, last.order_id]),
      })
    },
  )
}

/**
 * The order a signed-in customer asks for, when it is their account's.
 * @returns null for everything else, so that an order of somebody else's looks like one that does not exist
 */
export async function readOwnOrder(
  source: Queryable,
  customers: Pick<Customers, 'readAccountsOf'>,
  { caller, orderId: text }: { readonly caller: Caller; readonly orderId: string },
): Promise<OrderRow | null> {
  const orderId = parseId('order', text)
  if (orderId === null || caller.kind !== 'publishable' || caller.customer === undefined) return null
  const [order] = await readOrderRows(source, [orderId])
  const personId = order?.person_id ?? null
  if (order === undefined || personId === null) return null
  const accounts = await customers.readAccountsOf(source, [personId])
  return accounts.get(personId) === caller.customer.personId ? order : null
}

function ownOrderJson(row: ListedOrderRow) {
  return {
    id: formatId('order', row.order_id),
    number: orderNumber(row.number),
    channelId: formatId('channel', row.channel_id),
    status: row.status,
    total: moneyJson({ minor: row.total_minor, currency: row.currency as CurrencyCode }),
    placedAt: formatInstant(row.placed_at),
  }
}
