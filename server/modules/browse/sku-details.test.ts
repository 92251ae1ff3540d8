import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import { openBrowseShop, until, type BrowseShop } from '../../../test/support/browse-shop.ts'

interface Details {
  readonly status: string
  readonly quantity: number | null
  readonly dates: readonly { readonly from: string | null; readonly quantity: number }[]
  readonly sellable: number | null
  readonly backorder: { readonly quantity: number; readonly leadDays: number } | null
  readonly pickups: readonly {
    readonly code: string
    readonly quantity: number
    readonly readyAt: string
    readonly today: boolean
  }[]
}

let shop: BrowseShop
before(async () => {
  shop = await openBrowseShop()
  // A Tuesday, two in the afternoon in Chicago; the store is open from ten to eight and needs an hour.
  await shop.change(
    'inventory',
    `update inventory.location set zone = 'America/Chicago' where code = 'store'`,
    `update platform.clock set anchor_business = '2099-11-24T20:00:00Z', anchor_database = clock_timestamp(), rate = 0.001`,
  )
  await shop.change(
    'sourcing',
    `insert into sourcing.opening (location_id, weekday, opens, closes)
     select id, weekday, 600, 1200 from inventory.location, generate_series(1, 6) as weekday where code = 'store'`,
    `update sourcing.node set pickup_minutes = 60
      where location_id = (select id from inventory.location where code = 'store')`,
  )
  await until(
    'the store as it opens',
    async () => (await read('tee')).pickups[0]?.readyAt.startsWith('2099-11-24T21') === true,
  )
})
after(() => shop.close())

const read = async (sku: string, channel = 'web'): Promise<Details> => {
  const answer = await shop.get(`availability/${sku}?country=US&postalCode=60614`, {}, channel)
  assert.equal(answer.status, 200, JSON.stringify(answer.body))
  return answer.body as unknown as Details
}
test('units by date: on shelves, then with what comes; sold ahead in all', async () => {
  const { dates, sellable, status } = await read('tee-l')
  assert.equal(status, 'preorder')
  assert.deepEqual(dates, [
    { from: null, quantity: 0 },
    { from: '2100-01-05T00:00:00.000Z', quantity: 30 },
  ])
  assert.equal(sellable, 30)
  const secret = await read('secret', 'till')
  assert.deepEqual([secret.status, secret.dates, secret.sellable], ['backorder', [{ from: null, quantity: 0 }], 8])
  assert.deepEqual(secret.backorder, { quantity: 8, leadDays: 10 })
  assert.equal((await read('tee-l')).backorder, null)
  const ebook = await read('ebook')
  assert.deepEqual([ebook.quantity, ebook.dates, ebook.sellable, ebook.pickups], [null, [], null, []])
})

test('pick up today at the store while there is time to put it aside, tomorrow afterwards', async () => {
  const pickedUpAt = async (time: string, readyAt: string, today: boolean) => {
    await shop.change(
      null,
      `update platform.clock set anchor_business = '${time}', anchor_database = clock_timestamp()`,
    )
    await until(`at ${time} it is ready at ${readyAt}`, async () => {
      const pickups = (await read('tee')).pickups.map((each) => [each.code, each.quantity, each.readyAt, each.today])
      return isDeepStrictEqual(pickups, [['store', 3, readyAt, today]])
    })
  }
  await pickedUpAt('2099-11-24T20:03:00Z', '2099-11-24T21:05:00.000Z', true)
  // 18:59 there: just by closing. Two minutes later it is tomorrow, after ten.
  await pickedUpAt('2099-11-25T00:59:00Z', '2099-11-25T02:00:00.000Z', true)
  await pickedUpAt('2099-11-25T01:01:00Z', '2099-11-25T16:05:00.000Z', false)
})

test('what a channel may not sell it does not hand over either', async () => {
  await shop.change(
    null,
    `insert into inventory.channel_limit select '${shop.variantId('tee')}', id, 6, null from merchant.channel where code = 'web'`,
  )
  await shop.stock('tee east', 4)
  await until('the limit, and the stock that makes it be seen', async () => (await read('tee')).quantity === 1)
  const { quantity, pickups, dates } = await read('tee')
  assert.deepEqual([quantity, pickups[0]?.quantity, dates], [1, 1, [{ from: null, quantity: 1 }]])
  assert.equal((await read('tee', 'till')).quantity, 7)
})

test('an answer is named by its content, kept by caches for a moment, and not sent again', async () => {
  for (const path of ['availability/cap?country=US', 'availability?skus=cap,tee&country=US']) {
    const { headers } = await shop.get(path)
    assert.match(String(headers['etag']), /^W\/"/)
    assert.match(String(headers['cache-control']), /s-maxage=\d+, stale-while-revalidate=\d+/)
    assert.equal(headers['vary'], 'Authorization, Waybill-Customer-Token')
    const again = await shop.get(path, { 'if-none-match': String(headers['etag']) })
    assert.deepEqual([again.status, again.body], [304, {}])
  }
  const path = 'availability/cap?country=US'
  const { headers } = await shop.get(path)
  await shop.stock('cap west', 1)
  await until(
    'a new answer',
    async () => (await shop.get(path, { 'if-none-match': String(headers['etag']) })).status === 200,
  )
})

test('what is long ago says so and is kept by nobody', async () => {
  shop.outlet.isOut = true
  shop.outlet.skewMs += 6_000
  const { status, body, headers } = await shop.get('availability/cap?country=US')
  shop.outlet.isOut = false
  assert.deepEqual([status, body['degraded'], headers['etag']], [200, true, undefined])
})

test('what is not sold here is not found', async () => {
  assert.equal((await shop.get('availability/nothing')).status, 404)
  assert.equal((await shop.get('availability/unpriced')).status, 404)
})
