import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { newId } from '../../kernel/id.ts'
import { openBrowseShop, catalogRevision, pricingRevision, type BrowseShop } from '../../../test/support/browse-shop.ts'

interface Page {
  readonly items: readonly { readonly sku: string; readonly status: string; readonly quantity: number | null }[]
  readonly nextCursor: string
  readonly hasMore: boolean
  readonly isFull: boolean
}

let shop: BrowseShop
before(async () => {
  shop = await openBrowseShop()
})
after(() => shop.close())

async function read(since?: string, limit = 2): Promise<Page> {
  const text = `channel=web&limit=${limit}${since === undefined ? '' : `&since=${since}`}`
  const answer = await shop.feed(text)
  assert.equal(answer.status, 200, JSON.stringify(answer.body))
  return answer.body as unknown as Page
}

/** A marketplace: it keeps what it was told last of each SKU, and its place. */
class Reader {
  readonly told = new Map<string, string>()
  cursor: string | undefined
  walks = 0

  async catchUp(): Promise<void> {
    for (let hasMore = true; hasMore;) {
      const page = await read(this.cursor)
      for (const { sku, status, quantity } of page.items) this.told.set(sku, `${status} ${quantity}`)
      if (page.isFull) this.walks++
      this.cursor = page.nextCursor
      hasMore = page.hasMore
    }
  }

  async until(sku: string, expected: string): Promise<void> {
    for (let tries = 0; this.told.get(sku) !== expected; tries++) {
      assert.ok(tries < 200, `${sku} is ${this.told.get(sku)}, not ${expected}`)
      await this.catchUp()
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
}

test('a walk tells everything the channel sells, page by page, and ends', async () => {
  const reader = new Reader()
  await reader.catchUp()
  const told = Object.fromEntries(reader.told)
  assert.deepEqual(told, {
    tee: 'in_stock 7',
    'tee-l': 'preorder 30',
    cap: 'in_stock 11',
    set: 'low_stock 5',
    ebook: 'in_stock null',
  })
  assert.ok(reader.walks >= 3, 'pages of two')
  const idle = await read(reader.cursor)
  assert.deepEqual([idle.items, idle.hasMore, idle.isFull], [[], false, false])
})

test('what changed while a walk goes on is told after it', async () => {
  const first = await read()
  assert.ok(first.isFull && first.hasMore)
  // Told already or not yet: told again.
  await shop.stock('cap east', 20)
  await shop.stock('tee east', 1)
  const reader = new Reader()
  reader.cursor = first.nextCursor
  await reader.until('cap', 'in_stock 31')
  await reader.until('tee', 'low_stock 4')
  // The bundle of a tee and two caps has as many as it has tees.
  await reader.until('set', 'low_stock 4')
})

test('a change of supply tells that SKU and the bundles it is in, nothing else', async () => {
  const reader = new Reader()
  await reader.catchUp()
  const before = new Map(reader.told)
  await shop.stock('tee east', 9)
  reader.told.clear()
  await reader.until('tee', 'in_stock 12')
  await reader.catchUp()
  assert.deepEqual([...reader.told.keys()].toSorted(), ['set', 'tee'])
  assert.notEqual(before.get('tee'), reader.told.get('tee'))
})

/** As `setPrices` writes it: the list is another version. */
const repricing = (sku: string): string[] => [
  `update pricing.price set amount_minor = amount_minor + 1, revision = ${pricingRevision}
    where amount_minor is not null and variant_id = '${shop.variantId(sku)}'`,
  `update pricing.price_list set version = version + 1, revision = ${pricingRevision} where code = 'usd'`,
]

/** What a reader who knew everything is told after a change, until they hear of another price that came after it. */
async function toldAfter(change: () => Promise<void>): Promise<{ skus: string[]; isFull: boolean }> {
  const reader = new Reader()
  await reader.catchUp()
  await change()
  await shop.change('pricing', ...repricing('cap'))
  const skus = new Set<string>()
  let isFull = false
  for (let tries = 0; !skus.has('cap'); tries++) {
    assert.ok(tries < 200, 'the cap’s price is told')
    const page = await read(reader.cursor, 50)
    for (const { sku } of page.items) skus.add(sku)
    isFull ||= page.isFull
    reader.cursor = page.nextCursor
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  // With the bundle it is in.
  return { skus: [...skus.difference(new Set(['cap', 'set']))].toSorted(), isFull }
}

const list = (code: string, columns: Readonly<Record<string, string>> = {}): string => {
  const all = { currency: "'USD'", tax_included: 'false', revision: pricingRevision, ...columns }
  return `insert into pricing.price_list (id, code, name, ${Object.keys(all).join(', ')})
          values (gen_random_uuid(), '${code}', '${code}', ${Object.values(all).join(', ')})`
}
const untouching: readonly (readonly [string, () => readonly string[], readonly string[]])[] = [
  ['one price', () => repricing('tee'), ['tee']],
  ['another name of a list', () => [`update pricing.price_list set name = 'Dollars', version = version + 1`], []],
  ['a list in another currency', () => [list('sek', { currency: "'SEK'" })], []],
  ['a list of another channel', () => [list('tills', { channel_id: `'${newId()}'` })], []],
  ['a list that holds one day', () => [list('later', { valid_from: "'2101-01-01'" })], []],
]
for (const [words, texts, expected] of untouching) {
  test(`${words} is told as what it touches, not by a walk`, async () => {
    assert.deepEqual(await toldAfter(() => shop.change('pricing', ...texts())), { skus: expected, isFull: false })
  })
}

test('what of a channel no shopper sees begins no walk', async () => {
  const { isFull } = await toldAfter(() =>
    shop.change('merchant', `update merchant.channel set name = 'The web', version = version + 1 where code = 'web'`),
  )
  assert.equal(isFull, false)
})

test('a list that begins to hold may touch every SKU: a walk', async () => {
  assert.equal((await toldAfter(() => shop.change('pricing', list('now')))).isFull, true)
})

test('a product that is archived, or loses its price, ceases to be sold; a new one comes', async () => {
  const reader = new Reader()
  await reader.catchUp()
  await shop.change(
    'catalog',
    `update catalog.product set status = 'archived', revision = ${catalogRevision} where handle = 'ebook'`,
    `update catalog.variant set revision = ${catalogRevision} where sku = 'ebook'`,
  )
  await reader.until('ebook', 'not_sold 0')
  await shop.change(
    'pricing',
    `update pricing.price set amount_minor = null, revision = ${pricingRevision}
      where variant_id = '${shop.variantId('tee-l')}'`,
  )
  await reader.until('tee-l', 'not_sold 0')
  await shop.add({ handle: 'vest' })
  await reader.until('vest', 'out_of_stock 0')
  await shop.stock('vest store', 3)
  await reader.until('vest', 'low_stock 3')
})

test('a change that touches every SKU begins a new walk, which also tells what is no longer sold', async () => {
  const reader = new Reader()
  await reader.catchUp()
  const { walks } = reader
  await shop.change('sourcing', 'update sourcing.node set ships = false, offers_pickup = false')
  await reader.until('cap', 'out_of_stock 0')
  await reader.catchUp()
  assert.ok(reader.walks > walks)
  assert.equal(reader.told.get('ebook'), 'not_sold 0')
})

const strange = [
  ['channel=nobody', 404],
  ['channel=till&since=e30', 422],
  ['channel=web&since=WyJhIl0', 422],
  ['channel=web&limit=0', 422],
  ['limit=1', 422],
] as const
for (const [query, status] of strange) {
  test(`the feed of ${query} is ${status}`, async () => {
    assert.equal((await shop.feed(query)).status, status)
  })
}

test("another channel's cursor is not taken", async () => {
  const { nextCursor } = await read()
  assert.equal((await shop.feed(`channel=till&since=${nextCursor}`)).status, 422)
})
