import { randomUUID } from 'node:crypto'
import type { CurrencyCode } from '../../server/kernel/money.ts'
import type { ShopperPlacement } from '../../server/modules/checkout/index.ts'
import type { Channel } from '../../server/modules/merchant/index.ts'

/** American places far from each other, so that different locations are nearest. */
export const ZIPS = ['10001', '60601', '94103', '77001', '33101', '98101', '80202', '02108', '30303', '85001']

/** A shopper's order of two SKUs, as `POST /v1/store/orders` hands it to checkout. */
export function shopperOrder(channel: Channel, skus: readonly string[], index: number): ShopperPlacement {
  const first = pick(skus, index * 7919)
  const second = pick(skus, index * 104_729 + 13)
  const postalCode = pick(ZIPS, index)
  return {
    kind: 'shopper',
    key: { id: randomUUID(), fingerprint: randomUUID(), run: randomUUID() },
    channel,
    cart: null,
    codes: [],
    currency: 'USD' as CurrencyCode,
    lines:
      first === second
        ? [{ sku: first, quantity: 2, group: 1 }]
        : [
            { sku: first, quantity: 1, group: 1 },
            { sku: second, quantity: 1, group: 1 },
          ],
    buyer: {
      email: `shopper${index}@example.com`,
      address: { name: 'Ada Shopper', line1: '1 Main Street', city: 'Town', region: 'NY', postalCode, country: 'US' },
    },
    groups: [{ number: 1, deliveryOption: null, shipTo: { country: 'US', region: 'NY', postalCode }, addressId: null }],
    seenMinor: null,
    latestBy: null,
    payment: { provider: 'sandbox', token: 'tok_ok' },
    tenders: [],
    seenDueMinor: null,
    mustSayDue: false,
  }
}

function pick<Item>(items: readonly Item[], index: number): Item {
  return items[index % items.length] as Item
}
