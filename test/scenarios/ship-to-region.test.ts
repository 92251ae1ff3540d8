import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Answer } from '../support/api-client.ts'
import { newYork, openShop, pay, type Shop } from './shop.ts'

/* What a buyer types as their region, or leaves out, moves neither tax nor price nor what is sold there. */

const TENT = 'NF-RIDGE2-MOS'
const TARP = 'KW-TARP-SLA'
let shop: Shop

before(async () => {
  shop = await openShop()
  await merchant('POST', '/zones', { code: 'au-qld', name: 'Queensland', country: 'AU', regions: ['QLD'] })
  await merchant('POST', '/tax-rates', { zone: 'au-qld', taxClass: 'standard', name: 'Tax', ratePpm: 100_000 })
  const list = { code: 'alaska', name: 'Alaska', country: 'US', region: 'AK', currency: 'USD', taxIncluded: false }
  const { id } = await merchant('POST', '/price-lists', list)
  const prices = [{ sku: TENT, price: { amount: 99_900, currency: 'USD' } }]
  const { results } = await merchant('PUT', `/price-lists/${id}/prices`, { prices })
  assert.equal(results[0].status, 'set')
  const found = await merchant('GET', `/variants?sku=${TARP}`)
  const product = await merchant('GET', `/products/${found.items[0].productId}`)
  const rules = [{ effect: 'withhold', regions: ['US-CA'] }]
  await merchant('PATCH', `/products/${product.id}`, { rules }, product.version)
})
after(() => shop.close())

// oxfmt-ignore
const places = [
  // country  postal code  typed          stands as  tent                 tarp
  ['AU',      '4000',      'QLD',         'QLD',     'usual, taxed',      'sold'],
  ['AU',      '4000',      'Queensland',  'QLD',     'usual, taxed',      'sold'],
  ['AU',      '4000',      undefined,     'QLD',     'usual, taxed',      'sold'],
  ['AU',      '4000',      'NSW',         null,      'region elsewhere',  'region elsewhere'],
  ['AU',      '2000',      'NSW',         'NSW',     'usual, untaxed',    'sold'],
  ['US',      '99501',     'AK',          'AK',      "Alaska's, untaxed", 'sold'],
  ['US',      '99501',     'Alaska',      'AK',      "Alaska's, untaxed", 'sold'],
  ['US',      '99501',     undefined,     'AK',      "Alaska's, untaxed", 'sold'],
  ['US',      '90001',     'CA',          'CA',      'usual, taxed',      'withheld'],
  ['US',      '90001',     'California',  'CA',      'usual, taxed',      'withheld'],
  ['US',      '90001',     undefined,     'CA',      'usual, taxed',      'withheld'],
  ['US',      '90001',     'NY',          null,      'region elsewhere',  'region elsewhere'],
] as const

for (const [country, postalCode, region, kept, tent, tarp] of places) {
  test(`${region ?? 'no region'} with ${postalCode} in ${country}: ${tent}; a tarp: ${tarp}`, async () => {
    const shippingAddress = { ...newYork, country, postalCode, region }
    const ask = (sku: string) =>
      shop.asBuyer('POST', '/carts', { body: { lines: [{ sku, quantity: 1 }], shippingAddress } })
    const [tents, tarps] = [await ask(TENT), await ask(TARP)]
    assert.equal(tents.status === 201 ? priced(tents.json) : problem(tents), tent)
    assert.equal(tarps.status === 201 ? sold(tarps.json) : problem(tarps), tarp)
    if (kept !== null) assert.equal(tents.json.shippingAddress.region, kept)
  })
}

test('an order in one call goes by the region that the postal code tells', async () => {
  const place = (region: string | undefined, sku = TENT) =>
    shop.buy({
      lines: [{ sku, quantity: 1 }],
      email: 'ada@example.com',
      shippingAddress: { ...newYork, postalCode: '99501', region },
      payment: pay('tok_ok'),
    })
  const orders = [await place('AK'), await place('Alaska'), await place(undefined)]
  assert.deepEqual(
    orders.map(({ status, json }) => [status, json.totals?.items.amount]),
    orders.map(() => [201, 99_900]),
  )
  for (const { json } of orders) {
    const order = await merchant('GET', `/orders/${json.id}`)
    assert.deepEqual(order.groups[0].shipTo, { country: 'US', region: 'AK', postalCode: '99501' })
  }
  assert.equal(problem(await place('NY')), 'region elsewhere')
})

test('an order that a trusted channel sold keeps the region as we write it', async () => {
  const taken = await merchant('POST', '/orders', {
    channel: 'marketplace',
    reference: 'region-1',
    currency: 'EUR',
    taxIncluded: false,
    lines: [{ sku: TENT, quantity: 1, unitPrice: { amount: 1_000, currency: 'EUR' } }],
    shippingAddress: { ...newYork, postalCode: '96813', region: 'Hawaii' },
    fulfillment: { method: 'ship' },
    payment: { state: 'paid' },
  })
  const order = await merchant('GET', `/orders/${taken.id}`)
  assert.deepEqual(order.groups[0].shipTo, { country: 'US', region: 'HI', postalCode: '96813' })
})

test('an address in Hong Kong has no postal code', async () => {
  const { postalCode: _, region: __, ...rest } = newYork
  const body = { lines: [{ sku: TENT, quantity: 1 }], email: 'ada@example.com' }
  const made = await shop.asBuyer('POST', '/carts', { body: { ...body, shippingAddress: { ...rest, country: 'HK' } } })
  assert.equal(made.status, 201, JSON.stringify(made.json))
  assert.deepEqual(made.json.shippingAddress, { ...rest, country: 'HK' })
  const needed = await shop.asBuyer('POST', '/carts', {
    body: { ...body, shippingAddress: { ...rest, country: 'US' } },
  })
  assert.equal(problem(needed), 'postalCode missing')
})

async function merchant(method: string, path: string, body?: object, version?: number): Promise<Answer['json']> {
  const { status, json } = await shop.asMerchant(method, path, body, version)
  assert.ok(status < 300, `${method} ${path}: ${status} ${JSON.stringify(json)}`)
  return json
}

function priced({ totals }: Answer['json']): string {
  return `${totals.items.amount === 99_900 ? "Alaska's" : 'usual'}, ${totals.tax.amount > 0 ? 'taxed' : 'untaxed'}`
}

/** What is withheld somewhere is as unknown there as what does not exist. */
function sold({ problems }: Answer['json']): string {
  const isUnknown = (problems as readonly { readonly code: string }[]).some(({ code }) => code === 'sku_unknown')
  return isUnknown ? 'withheld' : 'sold'
}

function problem({ json }: Answer): string | null {
  const [first] = (json.problems ?? []) as readonly { readonly field: string; readonly problem: string }[]
  return first === undefined ? null : `${first.field} ${first.problem}`
}
