import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatId, parseId } from '../kernel/id.ts'
import { locatePostalCode } from '../modules/sourcing/index.ts'
import { derivedId } from './derived-id.ts'
import { carriers, locations, services, tariffs } from './network-data.ts'
import { bundles, products } from './products.ts'
import { stockOf } from './stock-table.ts'
import { zones } from './zones.ts'

const variants = products.flatMap((product) => product.variants)

test('enough to browse: 60 products and more of one to six variants, bundles, and things nobody packs', () => {
  assert.ok(products.length >= 60)
  assert.ok(products.every((product) => product.variants.length >= 1 && product.variants.length <= 6))
  assert.equal(bundles.length, 2)
  const countOf = (kind: string) => products.filter((product) => product.kind === kind).length
  assert.deepEqual(['digital', 'gift_card', 'service'].map(countOf), [1, 1, 1])
})

test('no SKU and no handle twice, and every bundle is made of things on shelves', () => {
  const skus = [...variants, ...bundles].map(({ sku }) => sku)
  const handles = [...products, ...bundles].map(({ handle }) => handle)
  assert.equal(new Set(skus).size, skus.length)
  assert.equal(new Set(handles).size, handles.length)
  const physical = products.filter(({ kind }) => kind === 'physical')
  const packed = new Set(physical.flatMap((product) => product.variants.map(({ sku }) => sku)))
  const missing = bundles.flatMap(({ components }) => components).filter(({ sku }) => !packed.has(sku))
  assert.deepEqual(missing, [])
})

test('a bundle costs less than its parts', () => {
  const bySku = new Map(variants.map((variant) => [variant.sku, variant]))
  for (const { sku, usd, eur, components } of bundles) {
    const sum = (currency: 'usd' | 'eur') =>
      components.reduce((total, part) => total + (bySku.get(part.sku)?.[currency] ?? 0) * part.quantity, 0)
    assert.ok(usd < sum('usd') && eur < sum('eur'), `${sku}: ${usd} of ${sum('usd')}, ${eur} of ${sum('eur')}`)
  }
})

test('what is packed has a weight and a size that a carrier would take', () => {
  for (const { kind, variants: each } of products) {
    for (const { sku, grams, mm } of each) {
      const isSized = grams > 0 && grams <= 31_500 && mm.every((side) => side > 0 && side <= 1_750)
      assert.equal(isSized, kind === 'physical', sku)
    }
  }
})

test('locations lie where their postal codes are', () => {
  for (const { code, country, postalCode, latitude, longitude } of locations) {
    assert.deepEqual(locatePostalCode(country, postalCode)?.point, { latitude, longitude }, code)
  }
})

test('services have carriers, tariffs have services that go where they say', () => {
  const carrierCodes = carriers.map(({ code }) => code as string)
  assert.deepEqual(
    services.filter(({ carrier }) => !carrierCodes.includes(carrier)),
    [],
  )
  for (const [code, , method, serviceCode, to] of tariffs) {
    const service = services.find((each) => each.code === serviceCode)
    assert.equal(service === undefined, method === 'pickup', code)
    assert.ok(
      to.every((country) => service === undefined || (service.to as readonly string[]).includes(country)),
      code,
    )
  }
})

test('the stock has every case a shop knows', () => {
  const stock = stockOf(
    products.flatMap((product) => product.variants.map(({ sku }) => ({ sku, spread: product.spread }))),
  )
  const bySku = Map.groupBy(stock.lines, ({ sku }) => sku)
  const totals = [...bySku.values()].map((lines) => lines.reduce((sum, { onHand }) => sum + onHand, 0))
  assert.ok(
    totals.some((total) => total === 0),
    'sold out',
  )
  assert.ok(
    totals.some((total) => total > 0 && total < 10),
    'low',
  )
  assert.ok(
    totals.some((total) => total > 200),
    'plenty',
  )
  const isOnlyAt = (place: string) =>
    [...bySku.values()].some((lines) => lines.every(({ location }) => location === place))
  assert.ok(isOnlyAt('vendor-portland'), 'only at the vendor')
  assert.ok(stock.inbound.length > 0 && stock.backorders.length > 0)
  assert.ok(stock.lines.every(({ location, safetyStock }) => safetyStock === 0 || location.startsWith('store-')))
  assert.ok(stock.lines.some(({ safetyStock }) => safetyStock > 0))
  assert.deepEqual(stockOf([{ sku: 'EA-STOVE', spread: 'low' }]), stockOf([{ sku: 'EA-STOVE', spread: 'low' }]))
})

test('ZIP prefixes are three digits and belong to one state', () => {
  const prefixes = zones.filter(({ country }) => country === 'US').flatMap(({ postalPrefixes }) => postalPrefixes)
  assert.ok(prefixes.every((prefix) => /^\d{3}$/.test(prefix)))
  assert.equal(new Set(prefixes).size, prefixes.length)
})

test('derived ids are UUIDs of version 7, the same every time, different by kind and name', () => {
  const id = derivedId('channel', 'web')
  assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  assert.equal(derivedId('channel', 'web'), id)
  assert.equal(parseId('channel', formatId('channel', id)), id)
  assert.notEqual(derivedId('channel', 'pos'), id)
  assert.notEqual(derivedId('market', 'web'), id)
})
