import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { formatId, newId, type Id } from '../../kernel/id.ts'
import { must } from '../../kernel/invariant.ts'
import type { CurrencyCode } from '../../kernel/money.ts'
import { formatInstant, type Instant } from '../../kernel/time.ts'
import { shippingRoutes } from '../carts/index.ts'
import type { Offer } from '../catalog/index.ts'
import type { SupplySummary, UsedLimit } from '../inventory/index.ts'
import type { Channel } from '../merchant/index.ts'
import {
  anonymousBuyer,
  noOffers,
  offeredTariffs,
  tariffAmount,
  type DeliveryTariff,
  type PricingBook,
  type SellingTerms,
} from '../pricing/index.ts'
import { estimateRoutes, rankForPickup, sells, type Node, type Route, type SourcingBook } from '../sourcing/index.ts'
import { buildShippingBook } from '../shipping/index.ts'
import { DeliveryDesk } from './delivery-desk.ts'
import { PICKUPS_TOLD_MAX, writeOptions } from './delivery-options.ts'
import { stockedParts } from './listing.ts'
import { Numbering } from './numbering.ts'
import { supplyOf } from './supply.ts'
import type { Storefront, World } from './world.ts'

const seed = 20_261_122
const at = Date.UTC(2026, 10, 22, 13) as Instant
const channelId = newId<'channel'>()
const everyDay = { workingDays: [1, 2, 3, 4, 5, 6, 7], closedDates: [] }
const weekdays = { workingDays: [1, 2, 3, 4, 5], closedDates: ['2026-11-26'] }
const otherChannelId = newId<'channel'>()
const [ground, air] = [newId<'shippingService'>(), newId<'shippingService'>()]
const [tee, cap, set] = [newId<'variant'>(), newId<'variant'>(), newId<'variant'>()]
const channel = { id: channelId, taxIncluded: true, taxIncludedExcept: [] } as unknown as Channel
const terms: SellingTerms = { id: channelId, currency: 'USD' as CurrencyCode, taxIncluded: true, taxRounding: 'line' }

const points = [
  [40.7, -74],
  [34, -118],
  [41.8, -87.6],
  [43.6, -79.4],
  [29.8, -95.4],
] as const
const locationIds = points.map(() => newId<'location'>())
const nodesArbitrary = fc.tuple(
  ...points.map(([latitude, longitude], index) =>
    fc.record({
      locationId: fc.constant(must(locationIds[index], 'a location')),
      code: fc.constant(`l${index}`),
      name: fc.constant(''),
      timeZone: fc.constantFrom('UTC', 'America/New_York'),
      calendar: fc.constantFrom(everyDay, weekdays),
      handlingMinutes: fc.constantFrom(0, 90),
      cutOffMinutes: fc.constantFrom(1_440, 600),
      cutOffByService: fc.constantFrom(new Map(), new Map([[ground, 480]])),
      opening: fc.constantFrom([], [{ weekday: 2, opens: 540, closes: 1_080 }]),
      pickupMinutes: fc.constantFrom(0, 240),
      region: fc.constant(null),
      postalCode: fc.constant(''),
      country: fc.constant(index === 3 ? 'CA' : 'US'),
      point: fc.constant({ latitude, longitude }),
      ships: fc.boolean(),
      offersPickup: fc.boolean(),
      channelIds: fc.constantFrom([], [], [channelId], [otherChannelId]),
      countries: fc.constantFrom(['US'], ['US', 'CA'], ['CA']),
      handlingDays: fc.integer({ min: 0, max: 3 }),
    }),
  ),
)

const tariff = { channelId: null, currency: 'USD' as CurrencyCode, taxClass: 'standard', active: true, version: 1 }
const tariffsArbitrary = fc
  .tuple(fc.constantFrom(null, 4_000n, 9_000n), fc.constantFrom(0n, 499n), fc.constantFrom(null, 1_000n))
  .map(([freeFromMinor, collectMinor, collectFreeFromMinor]): DeliveryTariff[] => [
    {
      ...tariff,
      id: newId(),
      code: 'standard',
      name: '',
      method: 'ship',
      serviceId: ground,
      countries: ['US', 'CA'],
      amountMinor: 499n,
      freeFromMinor,
    },
    {
      ...tariff,
      id: newId(),
      code: 'express',
      name: '',
      method: 'ship',
      serviceId: air,
      countries: ['US', 'CA'],
      amountMinor: 1_499n,
      freeFromMinor: null,
    },
    {
      ...tariff,
      id: newId(),
      code: 'collect',
      name: '',
      method: 'pickup',
      serviceId: null,
      countries: ['US'],
      amountMinor: collectMinor,
      freeFromMinor: collectFreeFromMinor,
    },
  ])
const transit = (from: string, to: string, daysMin: number, daysMax: number, toPostalPrefix = '') => {
  return { from, fromPostalPrefix: '', to, toPostalPrefix, daysMin, daysMax }
}
const service = { name: '', carrier: 'c', calendarId: null, active: true, version: 1 }
const shipping = buildShippingBook({
  carriers: [],
  services: [
    {
      ...service,
      id: ground,
      code: 'ground',
      transit: [
        transit('US', 'US', 2, 4),
        transit('US', 'US', 3, 5, '9'),
        transit('US', 'CA', 5, 9),
        transit('CA', 'CA', 1, 2),
      ],
    },
    { ...service, id: air, code: 'air', transit: [transit('US', 'US', 1, 1), transit('CA', 'US', 2, 2)] },
  ],
})

const rowArbitrary = fc.record({
  locationId: fc.constantFrom(...locationIds),
  kind: fc.constantFrom('on_hand' as const, 'on_hand' as const, 'inbound' as const, 'backorder' as const),
  channelId: fc.constantFrom(null, null, channelId, otherChannelId),
  units: fc.integer({ min: 0, max: 4 }),
  days: fc.integer({ min: -1, max: 9 }),
})
const rowsArbitrary = fc
  .uniqueArray(rowArbitrary, {
    maxLength: 6,
    selector: (row) => `${row.locationId} ${row.kind} ${row.channelId} ${row.kind === 'inbound' ? row.days : ''}`,
  })
  .map((rows) =>
    rows.map(({ locationId, kind, channelId: fence, units, days }): SupplySummary => ({
      locationId,
      kind,
      channelId: fence,
      quantity: units + 2,
      claimed: 2,
      safetyStock: 0,
      eta: kind === 'inbound' ? ((at + days * 86_400_000) as Instant) : null,
      leadDays: kind === 'backorder' ? days + 1 : null,
    })),
  )

const part = (variantId: Id<'variant'>, quantity: number) => ({
  variantId,
  sku: '',
  title: '',
  quantity,
  stocked: true,
  weightGrams: null,
})
const offerOf = (variantId: Id<'variant'>, components: Offer['components'] = []): Offer => ({
  variantId,
  productId: newId(),
  sku: 'it',
  title: '',
  kind: components.length === 0 ? 'physical' : 'bundle',
  stocked: components.length === 0,
  status: 'active',
  taxClass: 'standard',
  channelIds: { has: () => true },
  rules: [],
  categories: [],
  weightGrams: null,
  components,
  separable: true,
})
const limitArbitrary = fc.option(
  fc.record({
    buffer: fc.integer({ min: 0, max: 4 }),
    cap: fc.constantFrom(null, null, 0, 3, 9),
    claimed: fc.integer({ min: 0, max: 2 }),
  }),
  { freq: 1 },
)
const offersArbitrary = fc.constantFrom(
  offerOf(tee),
  offerOf(tee),
  offerOf(set, [part(tee, 1), part(cap, 2)]),
  offerOf(set, [part(cap, 3)]),
)

interface Scene {
  readonly nodes: readonly Node[]
  readonly tariffs: readonly DeliveryTariff[]
  readonly offer: Offer
  readonly priceMinor: bigint
  readonly supply: ReadonlyMap<Id<'variant'>, readonly SupplySummary[]>
  readonly limits: readonly UsedLimit[]
  readonly country: string
  readonly postalCode: string
}

const sceneArbitrary: fc.Arbitrary<Scene> = fc
  .record({
    nodes: nodesArbitrary,
    tariffs: tariffsArbitrary,
    offer: offersArbitrary,
    priceMinor: fc.constantFrom(999n, 4_000n, 12_000n),
    supply: fc.tuple(rowsArbitrary, rowsArbitrary).map(
      ([ofTee, ofCap]) =>
        new Map([
          [tee, ofTee],
          [cap, ofCap],
        ]),
    ),
    limits: fc.tuple(limitArbitrary, limitArbitrary).map((limits) =>
      limits.flatMap((limit, index) => {
        return limit === null ? [] : [{ ...limit, variantId: index === 0 ? tee : cap, channelId }]
      }),
    ),
    place: fc.constantFrom(['US', '10001'], ['US', '90001'], ['US', ''], ['CA', 'M5V'], ['DE', '10115'], ['ZZ', '1']),
  })
  .map(({ place: [country = '', postalCode = ''], ...scene }) => ({ ...scene, country, postalCode }))

function worldOf({ nodes, tariffs }: Pick<Scene, 'nodes' | 'tariffs'>) {
  const network = {
    nodes,
    nodeById: new Map(nodes.map((node) => [node.locationId, node])),
    nodeByCode: new Map(nodes.map((node) => [node.code, node])),
    rankings: new Map(),
  }
  const sourcing: SourcingBook = { network, revision: 1n, shipping, calendarById: new Map(), routes: new Map() }
  const pricing: PricingBook = {
    priceLists: [],
    priceListById: new Map(),
    tariffs,
    taxRates: [],
    promotions: [],
    promotionBook: noOffers.promotions,
    taxPeriodsByZone: new Map(),
  }
  return { sourcing, pricing }
}

/** The way carts find it: every route on its own, by the planner of orders. */
function offeredByCart({ offer, priceMinor, supply, limits, country, postalCode, ...scene }: Scene): unknown {
  const world = worldOf(scene)
  const { network } = world.sourcing
  const rows = [...supply]
    .flatMap(([variantId, summaries]) => summaries.map((row) => ({ ...row, variantId })))
    .map((row, n) => ({ ...row, supplyId: BigInt(n), free: row.quantity - row.claimed - row.safetyStock }))
  const routes = shippingRoutes({ country, postalCode, region: null }, terms, world).map(({ tariff: by, route }) => {
    return { id: by.code, by, route, place: {} }
  })
  const pickups = network.nodes.flatMap((node) => {
    const ranking = rankForPickup(network, channelId, node.locationId)
    const by = offeredTariffs(scene.tariffs, { channel: terms, country: node.country }).find(isPickup)
    if (ranking.candidates.length === 0 || by === undefined) return []
    const route: Route = { method: 'pickup', zone: node.code, ranking }
    return [{ id: `${by.code}:${node.code}`, by, route, place: { locationId: formatId('location', node.locationId) } }]
  })
  const ways = [...routes, ...pickups]
  const demands = stockedParts(offer)
  const estimates = estimateRoutes(
    ways.map(({ route }) => route),
    { at, channelId, demands, supply: { rows, limits }, network },
  )
  return ways
    .flatMap(({ id, by, place }, index) => {
      const window = estimates[index]?.window ?? null
      const price = { amount: Number(tariffAmount(by, priceMinor)), currency: 'USD' }
      if (window === null) return []
      const [earliest, latest] = [formatInstant(window.earliest), formatInstant(window.latest)]
      return [{ id, method: by.method, ...place, earliest, latest, price }]
    })
    .toSorted((a, b) => a.price.amount - b.price.amount || (a.id < b.id ? -1 : 1))
}

const isPickup = ({ method }: DeliveryTariff): boolean => method === 'pickup'

function offeredHere({ offer, priceMinor, supply, limits, country, postalCode, ...scene }: Scene): unknown {
  const numbers = new Numbering<Id<'location'>>()
  const selling = scene.nodes.filter((node) => sells(node, channelId)).map(({ locationId }) => numbers.of(locationId))
  const places = new Uint8Array(100)
  for (const number of selling) places[number] = 1
  const storefront: Storefront = {
    world: worldOf(scene) as unknown as World,
    channel,
    terms,
    buyer: anonymousBuyer,
    places,
    key: 'web ',
  }
  const parts = stockedParts(offer)
  const supplies = parts.map(({ variantId }) => {
    const ofVariant = limits.filter((limit) => limit.variantId === variantId)
    return supplyOf(supply.get(variantId) ?? [], numbers, ofVariant)
  })
  const plan = new DeliveryDesk(numbers).planFor(storefront, { country, postalCode })
  return JSON.parse(writeOptions(plan, { parts, supplies, unitPriceMinor: priceMinor, at }, numbers))
}

test(`what is told of one unit is what a cart with it offers (seed ${seed})`, () => {
  let offered = 0
  fc.assert(
    fc.property(sceneArbitrary, (scene) => {
      const expected = offeredByCart(scene)
      offered += (expected as unknown[]).length
      assert.deepEqual(offeredHere(scene), expected)
    }),
    { seed, numRuns: 3_000 },
  )
  assert.ok(offered > 1_000, `only ${offered} options were compared`)
})

test('of many places to pick goods up, the nearest that have them are told', () => {
  const [sample] = fc.sample(nodesArbitrary, { seed, numRuns: 1 })
  const nodes = Array.from({ length: 40 }, (_, index): Node => ({
    ...must(sample?.[0], 'a node'),
    locationId: newId(),
    code: `s${String(index).padStart(2, '0')}`,
    country: 'US',
    point: { latitude: 40.7, longitude: -74 - index },
    offersPickup: true,
    channelIds: [],
  }))
  // Every second one is sold out; ten of the others have it soon.
  const rows = nodes
    .filter((_, index) => index % 2 === 0)
    .map(({ locationId }, index): SupplySummary => ({
      locationId,
      kind: index < 14 ? 'on_hand' : 'inbound',
      channelId: null,
      quantity: 1,
      claimed: 0,
      safetyStock: 0,
      eta: index < 14 ? null : at,
      leadDays: null,
    }))
  const [tariffs = []] = fc.sample(tariffsArbitrary, { seed, numRuns: 1 })
  const scene = { nodes, tariffs, limits: [], priceMinor: 1n, country: 'US', postalCode: '10001' }
  for (const offer of [offerOf(tee), offerOf(set, [part(tee, 1), part(cap, 1)])]) {
    const options = offeredHere({
      ...scene,
      offer,
      supply: new Map([
        [tee, rows],
        [cap, rows],
      ]),
    }) as { id: string; method: string }[]
    const told = options.filter(({ method }) => method === 'pickup').map(({ id }) => id)
    const nearest = nodes
      .filter((_, index) => index % 2 === 0)
      .slice(0, PICKUPS_TOLD_MAX)
      .map(({ code }) => `collect:${code}`)
    assert.deepEqual(told, nearest)
  }
})
