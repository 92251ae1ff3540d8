import { randomUUID } from 'node:crypto'
import type { Dispatcher } from 'undici'
import { ZIPS } from './shopper-order.ts'

/** `POST /v1/store/orders` of one shopper, paid by a card that works. */
export function orderRequest({
  publishableKey,
  lines,
  index,
}: {
  readonly publishableKey: string
  readonly lines: readonly { readonly sku: string | undefined; readonly quantity: number }[]
  /** Of the shopper: where they live and what they are called. */
  readonly index: number
}): Dispatcher.RequestOptions {
  return {
    method: 'POST',
    path: '/v1/store/orders',
    headers: {
      authorization: `Bearer ${publishableKey}`,
      'content-type': 'application/json',
      'idempotency-key': randomUUID(),
    },
    body: JSON.stringify({
      lines,
      email: `shopper${index}@example.com`,
      shippingAddress: {
        name: 'Ada Shopper',
        line1: '1 Main Street',
        city: 'Town',
        postalCode: ZIPS[index % ZIPS.length],
        country: 'US',
      },
      payment: { provider: 'sandbox', token: 'tok_ok' },
    }),
  }
}
