import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import {
  openBrowseShop,
  pricingRevision,
  until,
  type BrowseShop,
  type ShopAnswer,
  type ShownItem,
  type SkuItem,
} from '../../../test/support/browse-shop.ts'
import { must } from '../../kernel/invariant.ts'
import { formatInstant } from '../../kernel/time.ts'

let shop: BrowseShop
before(async () => {
  shop = await openBrowseShop()
})
after(() => shop.close())

test('with the database away what was read is told, and after five seconds as degraded; the rest is a 503', async () => {
  const paths = ['products?category=tops', 'products/cap', 'availability?skus=cap,tee&country=US&postalCode=10001']
  const before_ = await Promise.all(paths.map((path) => shop.get(path)))
  const content = (body: ShopAnswer['body']): string =>
    JSON.stringify(body).replaceAll(/"(asOf|earliest|latest)":"[^"]*"/g, '')
  shop.outlet.isOut = true
  for (const [index, path] of paths.entries()) {
    const answer = await shop.get(path)
    assert.deepEqual([answer.status, 'degraded' in answer.body], [200, false], path)
    assert.equal(content(answer.body), content(must(before_[index], path).body))
  }
  // Another node sells; this one cannot hear of it.
  await shop.stock('tee east', 1)
  shop.outlet.skewMs += 6_000
  for (const [index, path] of paths.entries()) {
    const { status, body, headers } = await shop.get(path)
    assert.deepEqual(
      [status, body['degraded'], headers['etag'], headers['cache-control']],
      [200, true, undefined, 'no-store'],
      path,
    )
    const { degraded: _, ...rest } = body
    assert.equal(content(rest), content(must(before_[index], path).body))
  }
  for (const path of ['products?category=tops&limit=3', 'products/set', 'availability?skus=cap,never-asked']) {
    const { status, body, headers } = await shop.get(path)
    assert.deepEqual([status, body['code'], headers['retry-after']], [503, 'database_away', '2'], path)
  }
  shop.outlet.isOut = false
  await until('the other node’s sale', async () => (await shop.available('tee'))[0]?.quantity === 4)
  assert.ok(!('degraded' in (await shop.get('availability?skus=tee')).body))
  await shop.stock('tee east', 4)
})

test('what changed just before the database went away is told as it was, as of then', async () => {
  await until('four', async () => (await shop.available('tee'))[0]?.quantity === 7)
  await shop.get('products/tee')
  await shop.stock('tee east', 2)
  const { at: changedAt } = await shop.db.clock()
  // The node hears of it, and nobody asks until the database is gone.
  await until('the news', async () => {
    const { body } = await shop.get('products/cap')
    return Date.parse(String(body['asOf'])) > changedAt
  })
  shop.outlet.isOut = true
  const { body: product } = await shop.get('products/tee')
  const [item] = await shop.available('tee')
  const units = (product as unknown as ShownItem).variants[0]?.availability.quantity
  assert.deepEqual([units, item?.quantity], [7, 7])
  for (const asOf of [String(product['asOf']), String(item?.asOf)]) {
    assert.ok(Date.parse(asOf) < changedAt, `${asOf} is not before ${formatInstant(changedAt)}`)
  }
  shop.outlet.isOut = false
  await until('the truth', async () => (await shop.available('tee'))[0]?.quantity === 5)
})

test('what was configured anew when the database went away is told as it was, too', async () => {
  const raise = (handle: string): string =>
    `update pricing.price set amount_minor = amount_minor + 1, revision = ${pricingRevision}
      where amount_minor >= 2500 and variant_id = '${shop.variantId(handle)}'`
  const paths = ['products/tee', 'availability?skus=tee']
  const [tee, units] = await Promise.all(paths.map((path) => shop.get(path)))
  const [teePrice, capPrice] = [await shop.priceOf('tee'), await shop.priceOf('cap')]
  await shop.change('pricing', raise('tee'), raise('cap'))
  await until('the new price of another product', async () => (await shop.priceOf('cap')) === Number(capPrice) + 1)
  shop.outlet.isOut = true
  assert.equal(await shop.priceOf('tee'), teePrice)
  const [item] = await shop.available('tee')
  assert.equal(item?.quantity, (units?.body['items'] as SkuItem[])[0]?.quantity)
  assert.ok(String((await shop.get('products/tee')).body['asOf']) >= String(tee?.body['asOf']))
  shop.outlet.isOut = false
  await until('the new price', async () => (await shop.priceOf('tee')) === Number(teePrice) + 1)
})
