import { randomUUID } from 'node:crypto'
import { Pool } from 'undici'
import { must } from '../../server/kernel/invariant.ts'

export interface HeadRequest {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly path: string
  readonly body?: object
  /** The `Idempotency-Key`. */
  readonly key?: string
  /** The token that was given out with the order or the cart. */
  readonly token?: string
  /** The version that was seen. */
  readonly ifMatch?: number
  /** Another API key than the head's own. */
  readonly apiKey?: string
}

export interface Answer {
  readonly status: number
  readonly body: any // eslint-disable-line typescript/no-explicit-any -- its shape is what tests look into
}

/** Whether a server said anything, and what. Silence says nothing about what it did. */
export type Heard = ({ readonly kind: 'answer' } & Answer) | { readonly kind: 'silence'; readonly cause: string }

/** A head as the server sees it: an API key and some connections. */
export interface Head {
  send(request: HeadRequest): Promise<Heard>
  /** For servers that stay up: silence is an error. */
  ask(request: HeadRequest): Promise<Answer>
  /** Opens all connections, so that a race does not begin with handshakes. */
  warm(): Promise<void>
  close(): Promise<void>
}

export interface HeadOptions {
  /** The node to talk to, fixed through its restarts. */
  readonly url: string
  readonly apiKey: string
  readonly connections: number
  /** Longer than the provider's deadline and the settling of an unknown commit. */
  readonly patienceMs?: number
}

const PATIENCE_MS = 15_000

export function openHead({ url, apiKey, connections, patienceMs = PATIENCE_MS }: HeadOptions): Head {
  const pool = new Pool(url, {
    connections,
    pipelining: 1,
    headersTimeout: patienceMs,
    bodyTimeout: patienceMs,
    connect: { timeout: 2_000 },
  })
  const send = async (request: HeadRequest): Promise<Heard> => {
    try {
      const { statusCode: status, body } = await pool.request({
        method: request.method ?? 'POST',
        path: request.path,
        headers: headersOf(request, apiKey),
        body: request.body === undefined ? null : JSON.stringify(request.body),
      })
      return { kind: 'answer', status, body: await body.json() }
    } catch (error) {
      return { kind: 'silence', cause: error instanceof Error ? error.message : String(error) }
    }
  }
  return {
    send,
    async ask(request) {
      const heard = await send(request)
      if (heard.kind === 'silence') throw new Error(`${url}${request.path}: ${heard.cause}`)
      return { status: heard.status, body: heard.body }
    },
    async warm() {
      await Promise.all(Array.from({ length: connections }, () => send({ method: 'GET', path: '/healthz' })))
    },
    close: () => pool.destroy(),
  }
}

function headersOf({ body, key, token, ifMatch, apiKey }: HeadRequest, ownApiKey: string): Record<string, string> {
  return {
    authorization: `Bearer ${apiKey ?? ownApiKey}`,
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    ...(key === undefined ? {} : { 'idempotency-key': key }),
    ...(ifMatch === undefined ? {} : { 'if-match': `"${ifMatch}"` }),
    ...(token === undefined ? {} : { 'waybill-access-token': token }),
  }
}

/** A key nobody else uses. */
export function newKey(): string {
  return `key-${randomUUID()}`
}

/** The provider's tokens, by what becomes of the payment. */
export type PaymentToken = 'tok_ok' | 'tok_declined' | 'tok_3ds' | 'tok_timeout' | 'tok_slow'

/** The body of `POST /v1/store/orders`: somebody in New York has these sent to them. */
export function storeOrder(
  lines: readonly { readonly sku: string; readonly quantity: number }[],
  { token = 'tok_ok', shopper = 'ada' }: { readonly token?: PaymentToken; readonly shopper?: string } = {},
) {
  return {
    lines,
    email: `${shopper}@example.com`,
    shippingAddress: shippingAddress(),
    payment: { provider: 'sandbox', token },
  }
}

export function shippingAddress() {
  return {
    name: 'Ada Shopper',
    line1: '1 Main Street',
    city: 'New York',
    region: 'NY',
    postalCode: '10001',
    country: 'US',
  }
}

/** The bank's page for a payment that waits for its buyer. */
export async function answerChallenge(placed: Answer, decision: 'approve' | 'decline'): Promise<void> {
  const { url } = must(placed.body.nextAction, 'a step for the buyer') as { url: string }
  const response = await fetch(`${url}/${decision}`, { method: 'POST' })
  if (!response.ok) throw new Error(`${url}/${decision} answered ${response.status}`)
  await response.arrayBuffer()
}
