import { randomUUID } from 'node:crypto'
import { Pool } from 'undici'
import { partOptions } from '../support/child.ts'
import { runLoad } from '../support/measure.ts'
import { ZIPS } from '../support/shopper-order.ts'

export interface CheckoutLoadOptions {
  readonly url: string
  readonly publishableKey: string
  readonly skus: readonly string[]
  readonly concurrency: number
  readonly seconds: number
  readonly warmupSeconds: number
}

/**
 * A guest's whole walk over keep-alive connections: a cart with a line, a second line, who and where to, a delivery
 * option, the order, and a look at it. A walk has failed when one of its six answers is not what was asked for.
 */
const { url, publishableKey, skus, concurrency, seconds, warmupSeconds } = partOptions<CheckoutLoadOptions>()
const pool = new Pool(url, { connections: concurrency, pipelining: 1 })
const failures: Record<string, number> = {}

interface Step {
  readonly method: 'GET' | 'POST' | 'PATCH'
  readonly path: string
  readonly status: number
  readonly token?: string
  readonly version?: number
  readonly body?: object
}

/** What the walk reads of carts and orders. */
interface Answered {
  readonly id: string
  readonly accessToken: string
  readonly version: number
  readonly deliveryOptions: readonly { readonly id: string }[]
  readonly totals: { readonly total: object }
}

class WalkFailedError extends Error {}

async function take({ method, path, status, token, version, body }: Step): Promise<Answered> {
  const answer = await pool.request({
    method,
    path: `/v1/store${path}`,
    headers: {
      authorization: `Bearer ${publishableKey}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(method === 'POST' ? { 'idempotency-key': randomUUID() } : {}),
      ...(token === undefined ? {} : { 'waybill-access-token': token }),
      ...(version === undefined ? {} : { 'if-match': `"${version}"` }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const json = (await answer.body.json()) as Answered
  if (answer.statusCode === status) return json
  const what = `${method} ${path.replace(/[a-z]+_[0-9a-z]{26}/g, ':id')} ${answer.statusCode}`
  failures[what] = (failures[what] ?? 0) + 1
  throw new WalkFailedError(what)
}

async function walk(index: number): Promise<void> {
  const [first, second] = [skus[(index * 7919) % skus.length], skus[(index * 104_729 + 13) % skus.length]]
  const made = await take({
    method: 'POST',
    path: '/carts',
    status: 201,
    body: { lines: [{ sku: first, quantity: 1 }] },
  })
  const path = `/carts/${made.id}`
  const token = made.accessToken
  const added = await take({
    method: 'POST',
    path: `${path}/lines`,
    status: 200,
    token,
    body: { sku: second, quantity: 1 },
  })
  const told = await take({
    method: 'PATCH',
    path,
    status: 200,
    token,
    version: added.version,
    body: {
      email: `shopper${index}@example.com`,
      shippingAddress: {
        name: 'Ada Shopper',
        line1: '1 Main Street',
        city: 'Town',
        postalCode: ZIPS[index % ZIPS.length],
        country: 'US',
      },
    },
  })
  const [option] = told.deliveryOptions
  const chosen = await take({
    method: 'PATCH',
    path,
    status: 200,
    token,
    version: told.version,
    body: { deliveryOption: option?.id },
  })
  const { total } = chosen.totals
  const placed = await take({
    method: 'POST',
    path: `${path}/order`,
    status: 201,
    token,
    body: { total, payment: { provider: 'sandbox', token: 'tok_ok' } },
  })
  await take({
    method: 'GET',
    path: `/orders/${placed.id}`,
    status: 200,
    token: placed.accessToken,
  })
}

const result = await runLoad({
  concurrency,
  seconds,
  warmupSeconds,
  async call(index) {
    try {
      await walk(index)
      return true
    } catch (error) {
      if (!(error instanceof WalkFailedError)) throw error
      return false
    }
  },
})
await pool.close()
process.stdout.write(`${JSON.stringify({ ...result, failures })}\n`)
