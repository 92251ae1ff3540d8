import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
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
