import { Type } from 'typebox'
import { formatId, parseId, type Id } from '../../kernel/id.ts'
import { formatInstant, type Instant } from '../../kernel/time.ts'
import type { Db } from '../../platform/db.ts'
import { readEventsOf } from '../../platform/events/history.sql.ts'
import {
  decodeCursor,
  encodeCursor,
  idJson,
  InstantJson,
  machineCode,
  moneyJson,
  page,
  pageQuery,
  readId,
  readInstant,
  refusePlatform,
  SignedMoneyJson,
  Sku,
  strict,
  type App,
} from '../../platform/http/index.ts'
import type { CurrencyCode } from '../../kernel/money.ts'
import { readRevisions } from '../../platform/revision.ts'
import type { Catalog } from '../catalog/index.ts'
import type { Customers } from '../customers/index.ts'
import { orderNumber, readGuestOrder, readOrderRows, type OrderRow, type VerifyOrderToken } from '../orders/index.ts'
import { readAttemptRowsOfOrders } from '../payments/index.ts'
import { explainSourcing } from './explain-sourcing.ts'
import { listOrderRows, type ListedOrderRow } from './orderviews.sql.ts'
import { mountOwnOrders, readOwnOrder } from './own-orders.http.ts'
import { AdminOrderJson, adminOrderJson, StoreOrderJson, storeOrderJson } from './read-order.ts'

export interface OrderviewsDeps {
  readonly db: Db
  readonly catalog: Catalog
  readonly customers: Customers
  readonly verify: VerifyOrderToken
}

const ById = strict({ id: Type.String() })
const StatusQuery = Type.Enum(['awaiting_payment', 'open', 'completed', 'cancelled', 'expired'])
const ListedOrder = strict(
  {
    id: idJson('order'),
    number: Type.String(),
    channelId: idJson('channel'),
    reference: Type.Union([Type.String(), Type.Null()]),
    customerId: Type.Union([idJson('person'), Type.Null()]),
    status: StatusQuery,
    total: SignedMoneyJson,
    placedAt: InstantJson,
  },
  { title: 'ListedOrder' },
)

export function mountOrderviews(app: App, deps: OrderviewsDeps): void {
  const { db, catalog, customers, verify } = deps
  mountOwnOrders(app, deps)
  app.get(
    '/v1/store/orders/:id',
    {
      schema: {
        summary: 'Read an order',
        description: 'With the access token given out with it, or with the token of the customer whose order it is.',
        tags: ['orders'],
        params: ById,
        response: { 200: StoreOrderJson },
      },
      config: { scope: 'store', idempotent: 'safe' },
    },
    async (request, reply) => {
      const token = request.headers['waybill-access-token']
      const asked = { caller: request.caller, orderId: request.params.id }
      const order =
        typeof token === 'string'
          ? await readGuestOrder(db, { ...asked, token, verify })
          : await readOwnOrder(db, customers, asked)
      return order === null ? refusePlatform(reply, 'not_found') : storeOrderJson(db, order)
    },
  )

  app.get(
    '/v1/admin/orders',
    {
      schema: {
        summary: 'List orders, newest first',
        tags: ['orders'],
        querystring: strict({
          ...pageQuery,
          status: Type.Optional(StatusQuery),
          channel: Type.Optional(idJson('channel')),
          sku: Type.Optional(Sku),
          customer: Type.Optional(
            Type.String({
              minLength: 3,
              maxLength: 254,
              description: 'Exact e-mail address or telephone number, or a customer id.',
            }),
          ),
          number: Type.Optional(Type.String({ pattern: '^W-[0-9]{1,15}$' })),
          reference: Type.Optional(machineCode(200)),
          placedAfter: Type.Optional(InstantJson),
        }),
        response: { 200: page(ListedOrder) },
      },
      config: { scope: 'orders:read', idempotent: 'safe' },
    },
    async (request, reply) => {
      const { limit, cursor, status, channel, sku, customer, number, reference, placedAfter } = request.query
      const before = cursor === undefined ? null : decodePlace(cursor)
      if (before === undefined) return refusePlatform(reply, 'invalid_request', cursorErrors)
      const variantId = sku === undefined ? null : await findVariantId(db, catalog, sku)
      if (sku !== undefined && variantId === null) return { items: [], nextCursor: null }
      const rows = await listOrderRows(
        db,
        {
          status: status ?? null,
          channelId: channel === undefined ? null : readId('channel', channel),
          variantId,
          personIds: customer === undefined ? null : await findPersonIds(db, customers, customer),
          number: number === undefined ? null : BigInt(number.slice(2)),
          reference: reference ?? null,
          placedAfter: placedAfter === undefined ? null : readInstant(placedAfter),
        },
        { before, limit: limit + 1 },
      )
      const last = rows.length > limit ? rows[limit - 1] : undefined
      return {
        items: rows.slice(0, limit).map(listedJson),
        nextCursor: last === undefined ? null : encodeCursor([last.placed_at, last.order_id]),
      }
    },
  )

  const find = async (text: string): Promise<OrderRow | undefined> => {
    const orderId = parseId('order', text)
    return orderId === null ? undefined : (await readOrderRows(db, [orderId]))[0]
  }

  app.get(
    '/v1/admin/orders/:id',
    {
      schema: { summary: 'Read an order', tags: ['orders'], params: ById, response: { 200: AdminOrderJson } },
      config: { scope: 'orders:read', idempotent: 'safe' },
    },
    async (request, reply) => {
      const order = await find(request.params.id)
      return order === undefined ? refusePlatform(reply, 'not_found') : adminOrderJson(db, order)
    },
  )

  app.get(
    '/v1/admin/orders/:id/timeline',
    {
      schema: {
        summary: 'What happened to an order and its payments, oldest first',
        tags: ['orders'],
        params: ById,
        response: {
          200: strict({
            items: Type.Array(
              strict({
                type: Type.String(),
                occurredAt: InstantJson,
                recordedAt: InstantJson,
                version: Type.Integer(),
                data: Type.Record(Type.String(), Type.Unknown()),
              }),
            ),
          }),
        },
      },
      config: { scope: 'orders:read', idempotent: 'safe' },
    },
    async (request, reply) => {
      const order = await find(request.params.id)
      if (order === undefined) return refusePlatform(reply, 'not_found')
      const attempts = await readAttemptRowsOfOrders(db, [order.id])
      const events = await readEventsOf(db, [order.id, ...attempts.map((attempt) => attempt.id)])
      return {
        items: events.map((event) => ({
          type: event.type,
          occurredAt: formatInstant(event.occurred_at),
          recordedAt: formatInstant(event.recorded_at),
          version: event.version,
          data: event.data as Record<string, unknown>,
        })),
      }
    },
  )

  app.get(
    '/v1/admin/orders/:id/sourcing',
    {
      schema: {
        summary: 'Why these locations: every sourcing decision in words and data',
        tags: ['orders'],
        params: ById,
        response: {
          200: strict({
            decisions: Type.Array(
              strict({
                id: idJson('decision'),
                sequence: Type.Integer(),
                kind: Type.String(),
                group: Type.Integer({ description: 'The delivery group it is about.' }),
                decidedAt: InstantJson,
                ruleVersion: Type.Integer(),
                networkRevision: Type.Integer(),
                words: Type.Array(Type.String()),
                facts: Type.Unknown(),
              }),
            ),
          }),
        },
      },
      config: { scope: 'orders:read', idempotent: 'safe' },
    },
    async (request, reply) => {
      const order = await find(request.params.id)
      return order === undefined
        ? refusePlatform(reply, 'not_found')
        : { decisions: await explainSourcing(db, order.id) }
    },
  )
}

async function findVariantId(db: Db, catalog: Catalog, sku: string): Promise<Id<'variant'> | null> {
  const revisions = await readRevisions(db)
  return (await catalog.offersAt(db, revisions.catalog, [sku])).get(sku)?.variantId ?? null
}

async function findPersonIds(db: Db, customers: Customers, text: string): Promise<Id<'person'>[]> {
  const personId = parseId('person', text)
  if (personId !== null) return [personId]
  const search = text.includes('@') ? { email: text } : { phone: text }
  return (await customers.findPeople(db, search, 100)).map((person) => person.id)
}

function listedJson(row: ListedOrderRow) {
  return {
    id: formatId('order', row.order_id),
    number: orderNumber(row.number),
    channelId: formatId('channel', row.channel_id),
    reference: row.reference,
    customerId: row.person_id === null ? null : formatId('person', row.person_id),
    status: row.status,
    total: moneyJson({ minor: row.total_minor, currency: row.currency as CurrencyCode }),
    placedAt: formatInstant(row.placed_at),
  }
}

/** Undefined when the text is not a cursor of this list. */
function decodePlace(cursor: string): { placedAt: Instant; orderId: Id<'order'> } | undefined {
  const place = decodeCursor(cursor, ['instant', 'uuid'])
  return place === null ? undefined : { placedAt: place[0], orderId: place[1] as Id<'order'> }
}

const cursorErrors = { errors: [{ path: '/cursor', message: 'is not a cursor of this list' }] }
