import { leftOut, type Words } from './api-examples.ts'
import type { Random } from './random.ts'

/** Plenty of it lies at `wh-columbus` (`openShop` sees to that), and every channel sells it. */
export const SKU = 'NF-RIDGE2-MOS'
/** Never stocked by `openShop`: what the demo holds of it. */
export const OTHER_SKU = 'NF-RIDGE2-SAN'
/** A gift card that the demo sells. */
export const GIFT_CARD_SKU = 'WB-GIFT-50'
/** A seller's own price comes from here, a shopper's never does. */
export const TRUSTED_CHANNEL = 'store-pos'

/** Of every customer who has one. */
export const PASSWORD = 'correct horse battery'

export interface ShopIds {
  /** One id of each kind that the demo has, by its prefix: `chn`, `ent`, `loc`; `seller` is the web shop's entity. */
  readonly byPrefix: Readonly<Record<string, string>>
}

let made = 0

/** A text that nothing else here is called. */
export function unique(prefix: string): string {
  return `${prefix}-${++made}`
}

export function newKey(): string {
  return unique('key-of-a-hostile-request')
}

/**
 * What the demo's shopkeeper would say. An operation added later that wants more than its schema tells is taught here
 * or in api-scenes.ts; the test "every operation has an example" says which.
 */
export function shopWords({ byPrefix }: ShopIds): Words {
  const one = (prefix: string) => () => byPrefix[prefix]
  const daysAgo = (days: number) => () => new Date(Date.now() - days * 86_400_000).toISOString()
  const money = (min: number, max: number) => (random: Random) => ({
    amount: random.integer(min, max),
    currency: 'USD',
  })
  return {
    sku: () => SKU,
    'variants.sku': () => unique('HOSTILE'),
    'components.sku': () => SKU,
    skus: () => SKU,
    channel: () => TRUSTED_CHANNEL,
    channels: () => [TRUSTED_CHANNEL, 'web'],
    location: () => 'wh-columbus',
    'fulfillment.location': () => 'store-brooklyn',
    channelId: one('chn'),
    channelIds: () => [byPrefix['chn']],
    legalEntityId: one('ent'),
    'gift-cards.legalEntityId': one('seller'),
    'store-credits.legalEntityId': one('seller'),
    customerId: one('per'),
    marketId: one('mkt'),
    locationIds: () => [byPrefix['loc']],
    product: one('prd'),
    'query.channel': one('chn'),
    'query.customer': () => 'buyer@example.com',
    'query.number': () => 'W-1',
    'query.reason': () => 'missing_units',
    'query.cursor': () => leftOut,
    'query.since': () => leftOut,
    'query.placedAfter': daysAgo(30),
    // Safety stock is of all channels.
    'limits.entries.channel': () => leftOut,
    // A country that the demo has no zone in.
    'zones.country': () => 'NZ',
    'zones.regions': () => leftOut,
    'zones.postalPrefixes': () => [String(1_000 + (++made % 9_000))],

    segment: () => 'vip',
    segments: () => ['vip'],
    market: () => 'us',
    markets: () => ['us'],
    tariffs: () => ['standard'],
    'price-lists.region': () => 'NY',
    'goods.skus': () => [SKU],
    'goods.products': () => [byPrefix['prd']],
    'parts.quantity': () => 2,
    'minimum.items': money(1_000, 9_000),
    'effect.amount': money(100, 900),
    'promotions.validFrom': () => '2026-01-01T00:00:00Z',
    'tax-rates.validFrom': () => '2026-01-01T00:00:00Z',
    'price-lists.validFrom': () => '2026-01-01T00:00:00Z',
    // Either named codes or generated ones.
    'codes.generate': () => leftOut,
    'codes.usesMax': () => 5,
    'codes.codes': () => [unique('CODE')],
    // A buyer names one that the demo merchant has; what it gives is told in the cart, or refused with an order.
    'codes.code': () => 'WELCOME10',
    'carts.codes': () => ['WELCOME10'],
    'orders.codes': () => [],

    code: () => unique('code'),
    handle: () => unique('handle'),
    reference: () => unique('reference'),
    commandKey: () => unique('command'),
    messageId: () => unique('message'),
    taxClass: () => unique('class'),
    zone: () => 'us-ny',
    carrier: () => 'swiftline',
    service: () => 'swiftline-ground',
    deliveryOption: () => 'standard',

    currency: () => 'USD',
    currencies: () => ['USD', 'EUR'],
    taxIncludedExcept: () => ['EUR'],
    country: () => 'US',
    countries: () => ['US'],
    region: () => 'NY',
    postalCode: () => '10001',
    phone: () => '+12125550123',
    email: () => `${unique('buyer')}@example.com`,
    timeZone: () => 'America/New_York',
    locale: () => 'en-US',
    titles: () => ({ de: 'Zelt' }),
    texts: () => ({ de: { title: `Zelt ${unique('de')}` } }),
    'categories.texts': () => ({ de: { name: 'Zelte' } }),
    'products.categories': () => ['tents'],
    category: () => 'tents',
    parent: () => null,
    'products.attributes': () => ({ waterproof: true }),
    'batch.products.attributes': () => ({ waterproof: true }),
    'variants.attributes': () => ({ colour: 'moss', weight: 900 }),
    'query.attributes': () => 'colour:moss,sand;weight:..9000',
    'media.url': () => 'https://media.example.com/tent.jpg',
    // Either the address or the id of a CMS.
    'media.ref': () => leftOut,
    'media.skus': () => leftOut,
    alt: () => ({ en: 'A tent' }),
    regions: () => ['US-NY'],
    'query.region': () => 'US-NY',
    'rules.channels': () => ['web'],
    'rules.from': () => '2026-01-01T00:00:00Z',
    'rules.until': () => '2030-01-01T00:00:00Z',
    'rules.segments': () => leftOut,
    'rules.locations': () => [byPrefix['loc']],
    'attributes.type': () => 'choice',
    'attributes.unit': () => null,
    'attributes.filterable': () => true,
    'attributes.choices': () => [{ code: 'one', name: 'One' }],
    names: () => ({ de: 'Name' }),
    options: () => ({ size: 'M' }),
    latitude: () => 40.75,
    longitude: () => -73.99,

    price: money(100, 9_000),
    freeFrom: money(10_000, 20_000),
    unitPrice: money(500, 9_000),
    'lines.discount': money(0, 400),
    'lines.tax': money(0, 90),
    'charges.type': () => 'delivery',
    'charges.amount': money(100, 900),
    'charges.tax': money(0, 90),
    // What the buyer agreed to is said by the scene, which knows it.
    'order.total': () => ({ amount: 1, currency: 'USD' }),
    'orders.total': () => leftOut,
    // Cards are brought by the scene that made them.
    tenders: () => [{ kind: 'provider', provider: 'sandbox', token: 'tok_ok' }],
    // Those of a trusted order would have to add up to what it costs.
    'batch.orders.payment.tenders': () => leftOut,
    due: () => leftOut,
    'gift-cards.amount': money(1_000, 9_000),
    'adjustments.amount': money(1, 90),
    'store-credits.amount': money(100, 900),
    'query.last4': () => '2345',
    'query.customerId': () => leftOut,
    provider: () => 'sandbox',
    token: () => 'tok_ok',
    'accept.latestBy': () => '2099-01-01T00:00:00Z',

    placedAt: daysAgo(1),
    asOf: daysAgo(0),
    occurredAt: daysAgo(0),
    validUntil: () => '2030-01-01T00:00:00Z',
    calendarId: () => null,
    cutOff: () => '14:00',
    cutOffs: () => [],
    openingHours: () => [{ weekday: 1, opens: '09:00', closes: '18:00' }],
    workingDays: () => [1, 2, 3, 4, 5],
    closedDates: () => ['2027-01-01'],
    transit: () => [{ from: 'US', to: 'US', toPostalPrefix: '96', daysMin: 1, daysMax: 4 }],
    cartTtlS: () => 3_600,
    quoteTtlS: () => 900,
    claimsAt: () => 'order',
    paymentTtlS: () => 1_800,
    paymentCapS: () => 7_200,

    password: () => PASSWORD,
    current: () => PASSWORD,
    tag: () => 'vip',
    tags: () => ['vip'],
    // Else its end would make no sense.
    taxExempt: () => true,
    taxExemptUntil: () => '2030-01-01T00:00:00Z',
    'consents.channel': () => 'email',
    purpose: () => 'newsletter',
    source: () => 'checkout',
    rule: () => ({
      any: [
        { fact: 'orderCount', atLeast: 3 },
        { fact: 'tag', in: ['vip'] },
      ],
    }),
    issuer: () => `https://${unique('login')}.example.com`,
    jwksUrl: () => 'https://login.example.com/keys',
    // Keys are fetched or written down, never both.
    jwks: () => leftOut,
    algorithms: () => ['EdDSA'],

    scopes: () => ['orders:read'],
    delta: (random) => random.integer(1, 50),
    'variants.kind': () => 'physical',
    // Of bundles only.
    'variants.components': () => leftOut,
    'variants.separable': () => leftOut,
    method: () => 'ship',
    meaning: () => 'physical',
  }
}
