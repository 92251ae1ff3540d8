import { randomUUID } from 'node:crypto'
import { newId } from '../../server/kernel/id.ts'
import type { CurrencyCode } from '../../server/kernel/money.ts'
import type { TrustedPlacement } from '../../server/modules/checkout/index.ts'
import type { Channel } from '../../server/modules/merchant/index.ts'
import type { Db } from '../../server/platform/db.ts'
import { ZIPS } from './shopper-order.ts'

export const TRUSTED_CHANNEL = 'market'
/** The most that `POST /v1/admin/orders/batch` takes. */
export const ORDERS_PER_BATCH = 500

const PRICE_MINOR = 1_999
const TAX_MINOR = 160
const DELIVERY_MINOR = 499
const DELIVERY_TAX_MINOR = 40

/** Adds to the shop of `createShop` a marketplace whose orders bring their own prices. */
export async function addTrustedChannel(db: Db): Promise<void> {
  await db.execute({
    name: 'bench.add_trusted_channel',
    text: `insert into merchant.channel
             (id, code, name, kind, legal_entity_id, currency, currencies, locale, zone, tax_included, trusted)
           select $1, $2, 'Market', 'marketplace', id, 'USD', '{USD}', 'en-US', zone, false, true
             from merchant.legal_entity`,
    values: [newId<'channel'>(), TRUSTED_CHANNEL],
  })
}

/** A paid order of two lines and a delivery charge, as `POST /v1/admin/orders` takes it; `reference` is its name. */
export function trustedBody(skus: readonly string[], reference: string, index: number): object {
  const usd = (amount: number) => ({ amount, currency: 'USD' })
  return {
    channel: TRUSTED_CHANNEL,
    reference,
    currency: 'USD',
    taxIncluded: false,
    lines: twoSkus(skus, index).map((sku) => ({ sku, quantity: 1, unitPrice: usd(PRICE_MINOR), tax: usd(TAX_MINOR) })),
    charges: [{ type: 'delivery', amount: usd(DELIVERY_MINOR), tax: usd(DELIVERY_TAX_MINOR) }],
    customer: { email: emailOf(reference) },
    shippingAddress: addressOf(index),
    fulfillment: { method: 'ship' },
    payment: { state: 'paid' },
  }
}

/** The same order as the route hands it to checkout. */
export function trustedPlacement(
  channel: Channel,
  skus: readonly string[],
  reference: string,
  index: number,
): TrustedPlacement {
  const address = addressOf(index)
  return {
    kind: 'trusted',
    actor: null,
    channel,
    reference,
    fingerprint: randomUUID(),
    placedAt: null,
    currency: 'USD' as CurrencyCode,
    taxIncluded: false,
    lines: twoSkus(skus, index).map((sku) => ({
      sku,
      quantity: 1,
      unitPriceMinor: BigInt(PRICE_MINOR),
      discountMinor: 0n,
      taxMinor: BigInt(TAX_MINOR),
    })),
    charges: [{ type: 'delivery', amountMinor: BigInt(DELIVERY_MINOR), taxMinor: BigInt(DELIVERY_TAX_MINOR) }],
    buyer: { email: emailOf(reference), address },
    shipTo: { country: address.country, region: address.region, postalCode: address.postalCode },
    method: 'ship',
    locationCode: null,
    paymentState: 'paid',
    tenders: [],
  }
}

function twoSkus(skus: readonly string[], index: number): string[] {
  return [skus[(index * 7_919) % skus.length] ?? '', skus[(index * 7_919 + 1) % skus.length] ?? '']
}

function emailOf(reference: string): string {
  return `${reference}@market.example`
}

function addressOf(index: number) {
  const postalCode = ZIPS[index % ZIPS.length] ?? ''
  return { name: 'Grace Buyer', line1: '2 Market Street', city: 'Town', region: 'NY', postalCode, country: 'US' }
}
