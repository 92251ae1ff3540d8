import { money, type CurrencyCode } from '../kernel/money.ts'
import type { Tx } from '../platform/db.ts'
import { addCodes, type NewPricing, type Pricing, type PricingKind } from '../modules/pricing/index.ts'
import { derivedId } from './derived-id.ts'
import { tariffs } from './network-data.ts'
import { bundles, products } from './products.ts'
import { expectSound, SEED_ACTOR as actor, type SeedDeps } from './seed-deps.ts'
import { zones } from './zones.ts'

const lists = [
  { code: 'usd', name: 'Dollars, before sales tax', currency: 'USD', taxIncluded: false },
  { code: 'eur', name: 'Euros, with VAT', currency: 'EUR', taxIncluded: true },
] as const

/** Price lists with their prices, tax rates and what delivery costs the buyer. */
export async function seedPrices({ db, rooms: { pricing } }: SeedDeps): Promise<void> {
  const book = await pricing.currentBook()
  await db.inTransaction(async (tx) => {
    for (const { currency, ...list } of lists) {
      if (book.priceLists.some(({ code }) => code === list.code)) continue
      await create(pricing, tx, 'priceList', {
        ...list,
        id: derivedId('priceList', list.code),
        currency: currency as CurrencyCode,
        channelId: null,
        priority: 0,
        validFrom: null,
        validUntil: null,
      })
    }
    for (const fields of taxRates()) {
      const { zoneId, taxClass } = fields
      if (book.taxRates.some((rate) => rate.zoneId === zoneId && rate.taxClass === taxClass)) continue
      await create(pricing, tx, 'taxRate', fields)
    }
    for (const [code, name, method, service, countries, currency, cents, freeFromCents] of tariffs) {
      if (book.tariffs.some((tariff) => tariff.code === code)) continue
      await create(pricing, tx, 'deliveryTariff', {
        id: derivedId('deliveryTariff', code),
        code,
        name,
        channelId: null,
        method,
        countries,
        serviceId: service === null ? null : derivedId('shippingService', service),
        currency: currency as CurrencyCode,
        amountMinor: BigInt(cents),
        freeFromMinor: freeFromCents === null ? null : BigInt(freeFromCents),
        taxClass: 'standard',
        active: true,
      })
    }
  })

  await seedPromotions(db, pricing)

  const priced = [...products.flatMap(({ variants }) => variants), ...bundles]
  for (const { code, currency } of lists) {
    const edits = priced.map(({ sku, usd, eur }) => {
      const price = money(BigInt(currency === 'USD' ? usd : eur), currency as CurrencyCode)
      return { sku, price }
    })
    const priceListId = derivedId('priceList', code)
    const outcome = await db.inTransaction((tx) => pricing.setPrices(tx, { actor, priceListId, edits }))
    const isSet = outcome.kind === 'done' && outcome.results.every(({ kind }) => kind === 'set')
    expectSound(isSet, `prices in ${currency}`, outcome)
  }
}

/** What the shop has on offer: a welcome by code, half of delivery for a full cart, three for two. */
async function seedPromotions(db: SeedDeps['db'], pricing: Pricing): Promise<void> {
  const { promotions } = await pricing.currentBook()
  const offers: NewPricing<'promotion'>[] = [
    {
      ...usualTerms,
      name: '10 % off your first order',
      needsCode: true,
      effect: { kind: 'percent_off', ratePpm: 100_000 },
      usesPerCustomerMax: 1,
    },
    {
      ...usualTerms,
      name: 'Half off delivery from $150',
      currency: 'USD' as CurrencyCode,
      itemsMinMinor: 15_000n,
      effect: { kind: 'delivery_percent_off', ratePpm: 500_000, tariffIds: [] },
    },
    {
      ...usualTerms,
      name: 'Apparel: three for two',
      goods: { variantIds: [], productIds: [], categories: ['apparel'] },
      effect: { kind: 'buy_x_get_y', buyUnits: 2, getUnits: 1, ratePpm: 1_000_000, timesMax: null },
    },
  ]
  for (const offer of offers) {
    const id = derivedId('promotion', offer.name)
    if (promotions.some((promotion) => promotion.id === id)) continue
    await db.inTransaction(async (tx) => {
      await create(pricing, tx, 'promotion', { ...offer, id })
      if (!offer.needsCode) return
      const wanted = { kind: 'named', codes: ['WELCOME10'] } as const
      const outcome = await addCodes(tx, { actor, promotionId: id, wanted, usesMax: null })
      expectSound(outcome.kind === 'added', 'the code WELCOME10', outcome)
    })
  }
}

/** For everybody, at any time, with whatever else is on offer. */
const usualTerms = {
  active: true,
  combinable: true,
  currency: null,
  validFrom: null,
  validUntil: null,
  priority: 0,
  needsCode: false,
  channelIds: [],
  marketIds: [],
  segmentIds: [],
  goods: { variantIds: [], productIds: [], categories: [] },
  itemsMinMinor: null,
  quantityMin: null,
  usesMax: null,
  usesPerCustomerMax: null,
} as const

/** Where nothing is due there is no row: no rate and a rate of zero come to the same. */
function taxRates(): NewPricing<'taxRate'>[] {
  return zones.flatMap(({ code, name, rates }) =>
    Object.entries(rates)
      .filter(([, ratePpm]) => ratePpm > 0)
      .map(([taxClass, ratePpm]) => ({
        id: derivedId('taxRate', `${code} ${taxClass}`),
        zoneId: derivedId('zone', code),
        taxClass,
        name: `${name}, ${taxClass}`,
        ratePpm,
      })),
  )
}

async function create<Kind extends PricingKind>(
  pricing: Pricing,
  tx: Tx,
  kind: Kind,
  fields: NewPricing<Kind>,
): Promise<void> {
  const outcome = await pricing.createPricing(tx, { actor, kind, fields })
  expectSound(outcome.kind === 'created', kind, outcome)
}
