import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before, test } from 'node:test'
import { createTestDatabase, type TestDatabase } from '../../test/support/database.ts'
import { must } from '../kernel/invariant.ts'
import { instantFromMs } from '../kernel/time.ts'
import { createDb, type Db } from '../platform/db.ts'
import { decideZone } from '../modules/merchant/index.ts'
import { taxRatesIn } from '../modules/pricing/index.ts'
import { adminScopes } from '../modules/identity/index.ts'
import { openRooms, type Rooms } from '../rooms.ts'
import { derivedId } from './derived-id.ts'
import { locations } from './network-data.ts'
import { seedDemo } from './seed.ts'
import { seedMerchant } from './seed-merchant.ts'
import { seedNetwork } from './seed-network.ts'

interface House {
  readonly database: TestDatabase
  readonly db: Db
  readonly rooms: Rooms
}

const houses: House[] = []

async function openHouse(): Promise<House> {
  const database = await createTestDatabase()
  const db = createDb({ databaseUrl: database.url, poolMax: 4, applicationName: 'test' })
  const house = { database, db, rooms: openRooms({ db, masterKey: randomBytes(32), providers: [] }) }
  houses.push(house)
  return house
}

let first: House
before(async () => {
  first = await openHouse()
})
after(async () => {
  for (const { database, db } of houses) {
    await db.close()
    await database.drop()
  }
})

/** Everything seeded but the ids of products and supply, and the days of arrivals. */
async function contentOf({ db }: House): Promise<unknown[]> {
  return db.rows({
    name: 'test.content',
    text: `select 'channel' as what, id::text, code as name, currencies::text as value from merchant.channel
           union all select 'zone', id::text, code, regions::text || postal_prefixes::text from merchant.zone
           union all select 'location', id::text, code, latitude::text from inventory.location
           union all select 'service', id::text, code, active::text from shipping.service
           union all select 'tariff', id::text, code, amount_minor::text from pricing.delivery_tariff
           union all select 'tax', id::text, name, rate_ppm::text from pricing.tax_rate
           union all select 'product', '', handle, title || description from catalog.product
           union all select 'variant', '', sku, title || kind || ' ' || coalesce(weight_grams, 0) from catalog.variant
           union all select 'price', price_list_id::text, sku, amount_minor::text
                       from pricing.price join catalog.variant on variant.id = price.variant_id
           union all select 'supply ' || supply.kind, location_id::text, sku, quantity || ' ' || safety_stock
                       from inventory.supply join catalog.variant on variant.id = supply.variant_id
           union all select 'node', location_id::text, '', handling_days::text from sourcing.node
           order by 1, 2, 3, 4`,
  })
}

async function countOf(db: Db, what: string, from: string): Promise<number> {
  const text = `select count(*) as count from ${from}`
  const [row] = await db.rows<{ count: bigint }>({ name: `test.count_${what}`, text })
  return Number(must(row, 'a count').count)
}

test('an empty database becomes a merchant one can sell for', async () => {
  const { db, rooms } = first
  const steps: string[] = []
  const outcome = await seedDemo({ db, rooms }, (step) => steps.push(step))
  assert.ok(outcome.kind === 'seeded')
  assert.deepEqual(steps, [
    'merchant',
    'locations and delivery',
    'products',
    'prices and taxes',
    'customers',
    'stock',
    'keys',
  ])

  assert.ok((await countOf(db, 'products', 'catalog.product')) >= 60)
  assert.equal(await countOf(db, 'locations', 'inventory.location where active'), 6)
  assert.equal(await countOf(db, 'nodes', 'sourcing.node where active'), 6)
  const { channelByCode } = await rooms.merchant.currentBook()
  assert.deepEqual([...channelByCode.keys()].toSorted(), ['marketplace', 'store-pos', 'web'])
  const unpriced = await countOf(
    db,
    'unpriced',
    'catalog.variant where (select count(*) from pricing.price where variant_id = variant.id) <> 2',
  )
  assert.equal(unpriced, 0)
  const noGate = await countOf(
    db,
    'no_gate',
    'catalog.variant where stocked and not exists (select from inventory.gate where variant_id = variant.id)',
  )
  assert.equal(noGate, 0)
})

test('its stock has every case: plenty, low, none, inbound, backorder, safety stock', async () => {
  const { db } = first
  for (const [what, from] of [
    ['plenty', `inventory.supply where kind = 'on_hand' and quantity > 100`],
    ['low', `inventory.supply where kind = 'on_hand' and quantity between 1 and 3`],
    ['none', `catalog.variant where stocked and id <> all (select variant_id from inventory.supply)`],
    ['inbound', `inventory.supply where kind = 'inbound' and eta is not null`],
    ['backorder', `inventory.supply where kind = 'backorder' and quantity > 0`],
    ['safety', `inventory.supply where safety_stock > 0`],
  ] as const) {
    assert.ok((await countOf(db, what, from)) > 0, what)
  }
  const wrong = await countOf(
    db,
    'ledger',
    `inventory.supply where quantity <> coalesce(
    (select sum(quantity_delta) from inventory.stock_entry where supply_id = supply.id), 0)`,
  )
  assert.equal(wrong, 0, 'every quantity is the sum of its ledger')
})

test('addresses meet the taxes of where they are', async () => {
  const { rooms } = first
  const { zones } = await rooms.merchant.currentBook()
  const pricing = await rooms.pricing.currentBook()
  const rateAt = (country: string, region: string, postalCode: string, taxClass: string): number => {
    const zone = must(decideZone(zones, { country, region, postalCode }), `a zone in ${country}`)
    return taxRatesIn(pricing, zone.id, instantFromMs(0)).get(taxClass) ?? 0
  }
  const rows = [
    // country region postal code  class       parts per million
    ['US', 'CA', '94103', 'standard', 72_500],
    ['US', '', '94103', 'standard', 72_500],
    ['US', 'OR', '97205', 'standard', 0],
    ['US', 'NJ', '07030', 'clothing', 0],
    ['US', 'NJ', '07030', 'standard', 66_250],
    ['US', 'TN', '37201', 'food', 40_000],
    ['DE', '', '10115', 'standard', 190_000],
    ['DE', '', '27498', 'standard', 0],
    ['FR', '', '75001', 'food', 55_000],
    ['ES', '', '38001', 'standard', 0],
    ['US', 'CA', '94103', 'exempt', 0],
    ['DE', '', '10115', 'exempt', 0],
  ] as const
  for (const [country, region, postalCode, taxClass, expected] of rows) {
    assert.equal(rateAt(country, region, postalCode, taxClass), expected, `${country} ${postalCode} ${taxClass}`)
  }
})

test('a second seeding leaves it alone; so does one into somebody else’s database', async () => {
  const content = await contentOf(first)
  assert.deepEqual(await seedDemo(first), { kind: 'not_empty' })
  assert.deepEqual(await contentOf(first), content)

  const other = await openHouse()
  await other.db.execute({
    name: 'test.other_merchant',
    text: `insert into merchant.legal_entity (id, code, name, country, currency, zone)
           values (gen_random_uuid(), 'us', 'Somebody', 'US', 'USD', 'UTC')`,
  })
  assert.deepEqual(await seedDemo(other), { kind: 'not_empty' })
  assert.equal(await countOf(other.db, 'other', 'merchant.channel'), 0)
})

test('interrupted anywhere, the next seeding finishes it, and the content is the same as ever', async () => {
  const second = await openHouse()
  await seedMerchant(second)
  await seedNetwork(second)
  // As a process that was killed: nothing in memory, half of it in the database.
  const again = { ...second, rooms: openRooms({ db: second.db, masterKey: randomBytes(32), providers: [] }) }
  assert.equal((await seedDemo(again)).kind, 'seeded')
  const drop = (rows: unknown[]) => rows.map((row) => JSON.stringify(row))
  assert.deepEqual(drop(await contentOf(second)), drop(await contentOf(first)))
})

test('its keys open what they should', async () => {
  const { db, rooms } = await openHouse()
  const outcome = await seedDemo({ db, rooms })
  assert.ok(outcome.kind === 'seeded')
  const { publishableKey, secretKey, partnerKeys } = outcome.keys
  const head = await rooms.identity.authenticate(publishableKey)
  assert.ok(head?.kind === 'publishable' && head.channelId === derivedId('channel', 'web'))
  const admin = await rooms.identity.authenticate(secretKey)
  assert.deepEqual(admin?.kind === 'secret' && admin.scopes, adminScopes.toSorted())
  for (const { code } of locations) {
    const partner = await rooms.identity.authenticate(must(partnerKeys[code], `a key for ${code}`))
    assert.deepEqual(partner?.kind === 'partner' && partner.locationIds, [derivedId('location', code)])
  }
})
