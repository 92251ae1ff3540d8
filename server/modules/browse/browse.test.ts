import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  catalogRevision,
  openBrowseShop,
  pricingRevision,
  until,
  type BrowseShop,
  type ShopAnswer,
  type ShownItem,
  type SkuItem,
} from '../../../test/support/browse-shop.ts'
import { formatId } from '../../kernel/id.ts'
import { must } from '../../kernel/invariant.ts'
import { formatInstant, type Instant } from '../../kernel/time.ts'
import { encodeCursor } from '../../platform/http/index.ts'

let shop: BrowseShop
before(async () => {
  shop = await openBrowseShop()
})
after(() => shop.close())

test('a channel is shown what it sells, by title, with its price and what can be had', async () => {
  const items = await shop.list()
  assert.deepEqual(
    items.map(({ handle, variants: shown }) => [
      handle,
      ...shown.map(
        ({ sku, price, availability }) => `${sku} ${price.amount} ${availability.status} ${availability.quantity}`,
      ),
    ]),
    [
      // Two of the caps are kept for the web; the fifty at the counter are the till's.
      ['cap', 'cap 6000 in_stock 11'],
      ['ebook', 'ebook 2500 in_stock null'],
      ['tee', 'tee 2500 in_stock 7', 'tee-l 2500 preorder 30'],
      ['set', 'set 9000 low_stock 5'],
    ],
  )
  const tee = items[2] as unknown as ShopAnswer['body']
  assert.deepEqual((tee['variants'] as readonly unknown[])[0], {
    id: formatId('variant', shop.variantId('tee')),
    sku: 'tee',
    title: '',
    options: { size: 'M' },
    attributes: {},
    price: { amount: 2500, currency: 'USD' },
    availability: { status: 'in_stock', quantity: 7 },
  })
  assert.deepEqual([tee['title'], tee['category'], tee['brand']], ['merino tee', 'tops', 'Rill'])
})

test('another channel, currency, category, query: each sees its own', async () => {
  const summary = (items: readonly ShownItem[]): string =>
    items
      .map(({ variants: [first] }) => `${first?.sku} ${first?.price.amount} ${first?.availability.quantity}`)
      .join(', ')
  assert.equal(
    summary(await shop.list('', 'till')),
    'cap 6000 59, ebook 2500 null, tee 2500 7, secret 2500 8, set 9000 7',
  )
  assert.equal(summary(await shop.list('currency=EUR')), 'tee 2300 7')
  assert.equal(summary(await shop.list('category=tops')), 'tee 2500 7')
  assert.equal(summary(await shop.list('query=meri')), 'tee 2500 7')
  assert.equal(summary(await shop.list('query=tee-l')), 'tee 2500 7')
  assert.equal(summary(await shop.list('category=none')), '')
})

test('a product is read by its id and by its handle, in the language asked for', async () => {
  const { status, body } = await shop.get('products/tee')
  assert.equal(status, 200)
  const { asOf, ...product } = body
  assert.equal(typeof asOf, 'string')
  assert.equal(product['description'], 'Soft.')
  const { asOf: _, ...byId } = (await shop.get(`products/${String(product['id'])}`)).body
  assert.deepEqual(byId, product)
  for (const [locale, title] of [
    ['de-AT', 'Merino-Shirt'],
    ['de', 'Merino-Shirt'],
    ['den', 'merino tee'],
    ['fr-CH', 'merino tee'],
  ]) {
    assert.equal((await shop.get(`products/tee?locale=${locale}`)).body['title'], title, locale)
    assert.equal((await shop.list(`locale=${locale}&category=tops`))[0]?.title, title, locale)
  }
})

const refusals = [
  ['products/nothing', 404, 'not_found'],
  ['products/prd_01h2xcejqtf2nbrexx3vqjhp41', 404, 'not_found'],
  ['products/draft', 404, 'not_found'],
  ['products/secret', 404, 'not_found'],
  ['products/unpriced', 404, 'not_found'],
  ['products/cap?currency=EUR', 404, 'not_found'],
  ['products?currency=GBP', 422, 'currency_unknown'],
  ['products/tee?currency=GBP', 422, 'currency_unknown'],
  ['availability?skus=tee&currency=GBP', 422, 'currency_unknown'],
  ['products?cursor=abc', 422, 'invalid_request'],
  [`products?cursor=${encodeCursor(['tee'])}`, 422, 'invalid_request'],
  [`products?cursor=${encodeCursor(['tee', 'no uuid'])}`, 422, 'invalid_request'],
] as const
for (const [path, status, code] of refusals) {
  test(`${path.slice(0, 60)}: ${status} ${code}`, async () => {
    const answer = await shop.get(path)
    assert.deepEqual([answer.status, answer.body['code']], [status, code], JSON.stringify(answer.body))
    if (code === 'currency_unknown') assert.deepEqual(answer.body['currencies'], ['USD', 'EUR'])
    assert.equal((await shop.get(path, {}, 'a channel that nobody knows')).status, 404)
  })
}

test('pages follow each other to the end, nothing twice or missing, whatever happens before and behind', async () => {
  const titles = Array.from({ length: 23 }, (_, n) => (n === 7 ? '長'.repeat(290) : `Walk ${n}`))
  const paged = { category: 'paged' }
  await shop.add(...titles.map((title, n) => ({ handle: `walk-${n}`, title, ...paged })))
  await until('new products', async () => (await shop.list('category=paged')).length === 23)

  const seen: string[] = []
  let cursor: string | null = ''
  while (cursor !== null) {
    const { body } = await shop.get(`products?category=paged&limit=5${cursor === '' ? '' : `&cursor=${cursor}`}`)
    const items = body['items'] as readonly ShownItem[]
    assert.ok(items.length > 0 && items.length <= 5)
    seen.push(...items.map(({ title }) => title))
    cursor = body['nextCursor'] as string | null
    // Into pages that were read already: neither may push others along.
    await shop.add({ handle: `late-${seen.length}`, title: ` Early ${seen.length}`, ...paged })
    if (seen.length === 10) {
      await shop.change(
        'catalog',
        `update catalog.product set status = 'archived', revision = ${catalogRevision} where handle = 'walk-0'`,
      )
    }
  }
  assert.deepEqual(seen.toSorted(), titles.toSorted())
})

test('options are told for the place asked for, else for the home of the channel', async () => {
  const ways = async (sku: string, query = ''): Promise<string> => {
    const options = (await shop.available(sku, query))[0]?.options ?? []
    return options.map(({ id, price }) => `${id} ${price.amount}`).join(', ')
  }
  assert.equal(await ways('tee'), 'collect:store 100, standard 499, express 1499')
  assert.equal(await ways('tee', '&country=US&postalCode=60601'), 'collect:store 100, standard 499, express 1499')
  assert.equal(await ways('tee', '&country=CA&postalCode=M5V'), 'collect:store 100, standard 499')
  assert.equal(await ways('cap', '&country=US'), 'standard 0, express 1499')
  assert.equal(await ways('tee-l'), 'standard 499, express 1499')
  assert.equal(await ways('ebook'), '')
})

test('SKUs are told in the order asked for, each once; what is not sold here is told apart', async () => {
  const { body } = await shop.get('availability?skus=cap,gone,tee,cap,secret,unpriced,Tee')
  assert.deepEqual(
    (body['items'] as SkuItem[]).map(({ sku }) => sku),
    ['cap', 'tee'],
  )
  assert.deepEqual(body['unknownSkus'], ['gone', 'secret', 'unpriced', 'Tee'])
  assert.ok(!('unknownSkus' in (await shop.get('availability?skus=tee')).body))
})

test('an answer is named by its content: who has it is told so, until something on it changes', async () => {
  const first = await shop.get('products?category=tops')
  const tag = String(first.headers['etag'])
  await sleep(300)
  assert.equal((await shop.get('products?category=tops', { 'if-none-match': tag })).status, 304, 'whatever the time')
  await shop.stock('tee store', 2)
  await until(
    'a new page',
    async () => (await shop.get('products?category=tops', { 'if-none-match': tag })).status === 200,
  )
  await shop.stock('tee store', 3)
  await until(
    'the page as it was',
    async () => (await shop.get('products?category=tops', { 'if-none-match': tag })).status === 304,
  )
})

test('an answer holds everything that was committed before its asOf', async () => {
  const committed: { units: number; at: Instant }[] = []
  let isOver = false
  const answers: { quantity: number; asOf: Instant }[] = []
  const read = async (): Promise<void> => {
    while (!isOver) {
      const [item] = await shop.available('cap', '', 'till')
      answers.push({ quantity: Number(item?.quantity), asOf: Date.parse(item?.asOf ?? '') as Instant })
      const page = await shop.get('products/cap', {}, 'till')
      const [shown] = (page.body as unknown as ShownItem).variants
      answers.push({
        quantity: Number(shown?.availability.quantity),
        asOf: Date.parse(String(page.body['asOf'])) as Instant,
      })
      await sleep(1)
    }
  }
  const readers = Array.from({ length: 4 }, read)
  await shop.stock('cap west', 0)
  for (let units = 1; units <= 60; units++) {
    await shop.stock('cap counter', units)
    committed.push({ units, at: (await shop.db.clock()).at })
  }
  const last = must(committed.at(-1), 'the last change')
  await until('the last change', async () => answers.some(({ asOf }) => asOf > last.at))
  isOver = true
  await Promise.all(readers)
  const known = answers.filter(({ asOf }) => asOf >= must(committed[0], 'the first change').at)
  for (const { quantity, asOf } of known) {
    const before = committed.findLast(({ at }) => at < asOf)
    assert.ok(
      quantity >= (before?.units ?? 0),
      `${quantity} as of ${formatInstant(asOf)}, when there were ${before?.units}`,
    )
  }
  assert.ok(new Set(known.map(({ quantity }) => quantity)).size > 5, 'answers from between the changes')
  await shop.stock('cap counter', 50)
  await shop.stock('cap west', 9)
})

test('a changed price or product shows; a price list begins and ends by itself', async () => {
  await shop.priceOf('tee')
  await shop.change(
    'pricing',
    `update pricing.price set amount_minor = 2600, revision = ${pricingRevision} where amount_minor = 2500 and variant_id = '${shop.variantId('tee')}'`,
  )
  await until('the new price', async () => (await shop.priceOf('tee')) === 2_600)
  await shop.change(
    'catalog',
    `update catalog.product set title = 'Wool tee', revision = ${catalogRevision} where handle = 'tee'`,
  )
  await until('the new title', async () => (await shop.get('products/tee')).body['title'] === 'Wool tee')

  await shop.add({ handle: 'vest', category: 'tops' })
  await until('the new product', async () => (await shop.list('category=tops')).length === 2)
  assert.equal((await shop.available('vest')).length, 1)
  await shop.change(
    'catalog',
    `update catalog.product set status = 'archived', revision = ${catalogRevision} where handle = 'vest'`,
    `update catalog.variant set revision = ${catalogRevision} where sku = 'vest'`,
  )
  await until('its end', async () => (await shop.list('category=tops')).length === 1)
  assert.deepEqual((await shop.get('availability?skus=vest')).body['unknownSkus'], ['vest'])

  const shipping = async (): Promise<number | undefined> => {
    const options = (await shop.available('tee', '&country=US'))[0]?.options ?? []
    return options.find(({ id }) => id === 'express')?.price.amount
  }
  assert.equal(await shipping(), 1_499)
  await shop.change('pricing', `update pricing.delivery_tariff set amount_minor = 1299 where code = 'express'`)
  await until('the new tariff', async () => (await shipping()) === 1_299)

  const turn = async (time: string): Promise<void> =>
    shop.change(null, `update platform.clock set anchor_business = '${time}', anchor_database = clock_timestamp()`)
  await turn('2100-01-01T12:00:00Z')
  await until('the sale', async () => (await shop.priceOf('tee')) === 1_000)
  await turn('2100-01-02T12:00:00Z')
  await until('the end of the sale', async () => (await shop.priceOf('tee')) === 2_600)
  assert.match(String((await shop.get('products/tee')).body['asOf']), /^2100-01-02T12/)
  const earliest = (await shop.available('tee', '&country=US'))[0]?.options.map((option) => option.earliest) ?? []
  assert.ok(earliest.length > 0 && earliest.every((text) => text > '2100-01-02T12'), String(earliest))
})
