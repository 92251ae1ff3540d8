import { randomUUID } from 'node:crypto'
import { must } from '../../server/kernel/invariant.ts'
import { newId, type Id } from '../../server/kernel/id.ts'
import type { Db } from '../../server/platform/db.ts'
import { createHttpServer, type App, type Caller } from '../../server/platform/http/index.ts'
import {
  mountCustomers,
  mountSegments,
  mountSignIn,
  mountStoreCustomer,
  type Customers,
} from '../../server/modules/customers/index.ts'

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, unknown>>
  readonly body: { readonly [field: string]: unknown }
}

/** A head and its own server before the customers room: what each of them may send. */
export interface CustomerHead {
  readonly app: App
  readonly channelId: Id<'channel'>
  /** With the publishable key, and the customer's token where one is given. */
  store(method: Method, path: string, options?: Options): Promise<Answer>
  /** With a secret key. */
  admin(method: Method, path: string, options?: Options): Promise<Answer>
  /** Fetches the newest message of a kind and its token, as whoever sends the mails does. */
  mailbox(kind: string, customerId?: string): Promise<{ readonly email: string; readonly token: string } | null>
  close(): Promise<void>
}

type Method = 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE'
interface Options {
  readonly body?: object
  readonly token?: string
  readonly version?: number
  readonly key?: string
  readonly from?: string
}

export function openCustomerHead({ db, customers }: { readonly db: Db; readonly customers: Customers }): CustomerHead {
  const keyId = newId<'apiKey'>()
  const channelId = newId<'channel'>()
  const callers: Readonly<Record<string, Caller>> = {
    head: { kind: 'publishable', keyId, channelId },
    server: { kind: 'secret', keyId, scopes: ['customers:read', 'customers:write'] },
  }
  const app = createHttpServer({
    authenticate: (token) => callers[token] ?? null,
    authenticateCustomer: customers.authenticateCustomer,
    checkResponses: true,
  })
  mountCustomers(app, { db, customers, records: [] })
  mountSegments(app, { db, customers })
  mountSignIn(app, { db, customers, isChannel: async (id) => id === channelId })
  mountStoreCustomer(app, { db, customers })

  const send = async (caller: string, method: Method, url: string, options: Options = {}): Promise<Answer> => {
    const { body, token, version, key = randomUUID(), from = '198.51.100.1' } = options
    const answer = await app.inject({
      method,
      url,
      remoteAddress: from,
      headers: {
        authorization: `Bearer ${caller}`,
        'idempotency-key': key,
        ...(token === undefined ? {} : { 'waybill-customer-token': token }),
        ...(version === undefined ? {} : { 'if-match': `"${version}"` }),
      },
      ...(body === undefined ? {} : { payload: body }),
    })
    return { status: answer.statusCode, headers: answer.headers, body: answer.json() }
  }
  const head: CustomerHead = {
    app,
    channelId,
    store: (method, path, options) => send('head', method, `/v1/store/${path}`, options),
    admin: (method, path, options) => send('server', method, `/v1/admin/${path}`, options),
    async mailbox(kind, customerId) {
      const { body } = await head.admin('GET', 'customer-messages?limit=100')
      const items = body['items'] as readonly { id: string; kind: string; customerId: string }[]
      const last = items.findLast(
        (item) => item.kind === kind && (customerId === undefined || item.customerId === customerId),
      )
      if (last === undefined) return null
      const revealed = await head.admin('POST', `customer-messages/${last.id}/reveal`)
      return must(revealed.body, 'the message') as unknown as { email: string; token: string }
    },
    close: () => app.close(),
  }
  return head
}
