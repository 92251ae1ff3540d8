import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Id } from '../../kernel/id.ts'
import type { CurrencyCode } from '../../kernel/money.ts'
import type { SellingTerms } from './price-choice.ts'
import { offeredTariffs, tariffAmount, type DeliveryTariff } from './price-delivery.ts'

const web: SellingTerms = {
  id: 'web' as Id<'channel'>,
  currency: 'USD' as CurrencyCode,
  taxIncluded: false,
  taxRounding: 'line',
}

// oxfmt-ignore
const offerCases = [
  // tariffs                                                               to    offered
  ['ground 5.00 US',                                                       'US', 'ground 500'],
  ['ground 5.00 US',                                                       'DE', ''],
  ['ground 5.00 US+DE, express 15.00 US',                                  'US', 'ground 500, express 1500'],
  ['express 15.00 US, ground 5.00 US',                                     'US', 'ground 500, express 1500'],
  ['ground 5.00 US, ground 4.00 US',                                       'US', 'ground 400'],
  ['ground 5.00 US, ground 9.00 US web',                                   'US', 'ground 900'],
  ['ground 5.00 US, ground 1.00 US store',                                 'US', 'ground 500'],
  ['ground 5.00 US EUR',                                                   'US', ''],
  ['ground 5.00 US off',                                                   'US', ''],
  ['pickup 0.00 US, ground 5.00 US, pickup 1.00 US',                       'US', 'pickup 0, ground 500'],
] as const

for (const [tariffs, country, offered] of offerCases) {
  test(`of [${tariffs}] web offers [${offered}] to ${country}`, () => {
    const found = offeredTariffs(tariffs.split(', ').map(tariffOf), { channel: web, country })
    assert.equal(found.map((tariff) => `${tariff.name} ${tariff.amountMinor}`).join(', '), offered)
  })
}

// oxfmt-ignore
const freeCases = [
  // items   free from  asks for
  [9_999n,   10_000n,   500n],
  [10_000n,  10_000n,   0n],
  [10_001n,  10_000n,   0n],
  [99_999n,  null,      500n],
  [0n,       null,      500n],
] as const

for (const [itemsMinor, freeFromMinor, amountMinor] of freeCases) {
  test(`for ${itemsMinor} a tariff of 500, free from ${String(freeFromMinor)}, asks for ${amountMinor}`, () => {
    assert.equal(tariffAmount({ ...tariffOf('ground 5.00 US', 0), freeFromMinor }, itemsMinor), amountMinor)
  })
}

/** `ground 5.00 US+DE web EUR off` */
function tariffOf(text: string, index: number): DeliveryTariff {
  const [name = '', amount = '', countries = '', ...words] = text.split(' ')
  return {
    id: `${index}` as Id<'deliveryTariff'>,
    code: `${name}-${index}`,
    name,
    channelId: (words.find((word) => word === 'web' || word === 'store') ?? null) as Id<'channel'> | null,
    method: name === 'pickup' ? 'pickup' : 'ship',
    serviceId: name === 'pickup' ? null : (name as Id<'shippingService'>),
    countries: countries.split('+'),
    currency: (words.includes('EUR') ? 'EUR' : 'USD') as CurrencyCode,
    amountMinor: BigInt(amount.replace('.', '')),
    freeFromMinor: null,
    taxClass: 'standard',
    active: !words.includes('off'),
    version: 1,
  }
}
