import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, before, test } from 'node:test'
import { offerCart, plainPromotion, linesOf } from '../../../test/support/offer-cart.ts'
import { openPricingShop } from '../../../test/support/pricing-shop.ts'
import { newId, type Id } from '../../kernel/id.ts'
import { must } from '../../kernel/invariant.ts'
import type { CurrencyCode } from '../../kernel/money.ts'
import { createDb, type Db, type Tx } from '../../platform/db.ts'
import { addCodes } from './add-codes.ts'
import { buildBook, type PricingBook } from './book.ts'
import { priceCart, type AppliedOffer } from './price-cart.ts'
import { readPricing } from './pricing.sql.ts'
import type { Promotion } from './promotion.ts'
import { putPromotion } from './promotions.sql.ts'
import { recordRedemptions, releaseRedemptions } from './redeem-offers.ts'
import { postRedemptions } from './redemptions.sql.ts'
import { lockUses, readUses, type OffersAsk, type UsesPool } from './uses-pool.ts'

const CLIENTS = 50
const usd = 'USD' as CurrencyCode

let shop: Awaited<ReturnType<typeof openPricingShop>>
let db: Db

before(async () => {
  shop = await openPricingShop()
  db = createDb({ databaseUrl: shop.databaseUrl, poolMax: CLIENTS, applicationName: 'test' })
})
after(async () => {
  await db.close()
  await shop.close()
})

/** A promotion of 10 % with one code; each is in a book of its own, as if it were the only one. */
async function offer(
  terms: Partial<Promotion>,
  code: { readonly text: string; readonly usesMax: number | null } | null,
): Promise<PricingBook> {
  const promotion = plainPromotion(newId<'promotion'>(), {
    effect: { kind: 'percent_off', ratePpm: 100_000 },
    needsCode: code !== null,
    ...terms,
  })
  await db.inTransaction(async (tx) => {
    putPromotion(tx, promotion)
    if (code === null) return
    const { text, usesMax } = code
    const wanted = { kind: 'named', codes: [text] } as const
    const added = await addCodes(tx, { actor: 'system', promotionId: promotion.id, wanted, usesMax })
    assert.equal(added.kind, 'added')
  })
  const rows = await readPricing(db)
  return buildBook({ ...rows, promotions: rows.promotions.filter(({ id }) => id === promotion.id) })
}

function ask(codes: readonly string[], customer: string | null = null): OffersAsk {
  return { codes, customerKey: customer === null ? null : createHash('sha256').update(customer).digest() }
}

function decide(pool: UsesPool, book: PricingBook, wanted: OffersAsk): readonly AppliedOffer[] {
  const cart = offerCart({ lines: linesOf('2 tee à 10.00'), promotions: [], offers: pool.offersFor(wanted, book) })
  const priced = priceCart(cart)
  assert.ok(priced.kind === 'priced')
  return priced.applied
}

/** What placing does of it: lock, decide, record. @returns how many offers each order got */
async function place(
  tx: Tx,
  book: PricingBook,
  orders: readonly { readonly id: Id<'order'>; readonly wanted: OffersAsk }[],
): Promise<number[]> {
  const pool = await lockUses(
    tx,
    book,
    orders.map(({ wanted }) => wanted),
  )
  const offered = orders.map(({ id, wanted }) => {
    const applied = decide(pool, book, wanted)
    pool.take(applied, wanted.customerKey)
    return { orderId: id, currency: usd, customerKey: wanted.customerKey, applied, state: 'reserved' as const }
  })
  recordRedemptions(tx, offered)
  return offered.map(({ applied }) => applied.length)
}

async function placeAtOnce(book: PricingBook, asks: readonly OffersAsk[]): Promise<number> {
  const given = await Promise.all(
    asks.map(async (wanted) => db.inTransaction((tx) => place(tx, book, [{ id: newId(), wanted }]))),
  )
  return given.flat().reduce((sum, count) => sum + count, 0)
}

const crowd = (code: string, customer: (index: number) => string | null = () => null) =>
  Array.from({ length: CLIENTS }, (_, index) => ask([code], customer(index)))

const races = [
  ['a code for one use', { usesMax: null }, 1, () => null, 1],
  ['a code for seven uses', { usesMax: null }, 7, () => null, 7],
  ['a promotion for three orders, by a code without limit', { usesMax: 3 }, null, () => null, 3],
  ['a promotion once for each of five customers', { usesPerCustomerMax: 1 }, null, (n: number) => `c${n % 5}`, 5],
  [
    'a promotion twice a customer and five in all',
    { usesPerCustomerMax: 2, usesMax: 5 },
    null,
    (n: number) => `d${n % 4}`,
    5,
  ],
  ['a code without any limit', {}, null, () => null, CLIENTS],
] as const

for (const [index, [what, terms, usesMax, customer, expected]] of races.entries()) {
  test(`${CLIENTS} at once use ${what}: ${expected} get it`, async () => {
    const book = await offer(terms, { text: `RACE-${index}`, usesMax })
    assert.equal(await placeAtOnce(book, crowd(`RACE-${index}`, customer)), expected)
    assert.equal(await countLive(book), expected)
    await assertCountersAgree()
  })
}

test(`${CLIENTS} at once get a promotion without a code that is for nine orders: 9 get it`, async () => {
  const book = await offer({ usesMax: 9 }, null)
  assert.equal(
    await placeAtOnce(
      book,
      Array.from({ length: CLIENTS }, () => ask([])),
    ),
    9,
  )
  await assertCountersAgree()
})

test('in one batch each order sees what the ones before it took', async () => {
  const book = await offer({}, { text: 'BATCH', usesMax: 2 })
  const orders = Array.from({ length: 5 }, () => ({ id: newId<'order'>(), wanted: ask(['BATCH']) }))
  assert.deepEqual(await db.inTransaction((tx) => place(tx, book, orders)), [1, 1, 0, 0, 0])
})

test('the same order twice is one use; posted and released it is given back, once', async () => {
  const book = await offer({ usesMax: 5, usesPerCustomerMax: 2 }, { text: 'AGAIN', usesMax: 4 })
  const order = { id: newId<'order'>(), wanted: ask(['AGAIN'], 'ada') }
  const left = async () => {
    const pool = await readUses(db, book, [order.wanted], 0 as never)
    const { codes, uses } = pool.offersFor(order.wanted, book)
    return [codes[0]?.found?.usesLeft, [...uses.byPromotion.values()][0], [...(uses.ofCustomer ?? []).values()][0]]
  }
  assert.deepEqual(await left(), [4, 5, 2])
  await db.inTransaction((tx) => place(tx, book, [order]))
  await db.inTransaction((tx) => place(tx, book, [order]))
  assert.deepEqual(await left(), [3, 4, 1])
  const post = () => db.inTransaction(async (tx) => postRedemptions(tx, [order.id]))
  await post()
  await post()
  assert.deepEqual(await statesOf(order.id), ['posted'])
  assert.deepEqual(await left(), [3, 4, 1])
  const release = () => db.inTransaction((tx) => releaseRedemptions(tx, [order.id]))
  await Promise.all(Array.from({ length: 10 }, release))
  assert.deepEqual(await statesOf(order.id), ['released'])
  assert.deepEqual(await left(), [4, 5, 2])
  await post()
  assert.deepEqual(await statesOf(order.id), ['released'], 'what was given back stays so')
})

test('orders that end and orders that come, crosswise: nobody waits for ever, and counters agree', async () => {
  const books = await Promise.all([
    offer({ usesMax: 40, usesPerCustomerMax: 30 }, { text: 'CROSS-1', usesMax: 40 }),
    offer({ usesMax: 40, usesPerCustomerMax: 30 }, { text: 'CROSS-2', usesMax: 40 }),
  ])
  const all = buildBook({
    priceLists: [],
    taxRates: [],
    tariffs: [],
    promotions: books.flatMap(({ promotions }) => promotions.map((each) => ({ ...each, combinable: true }))),
  })
  await Promise.all(
    Array.from({ length: CLIENTS }, async (_, index) => {
      const codes = index % 2 === 0 ? ['CROSS-1', 'CROSS-2'] : ['CROSS-2', 'CROSS-1']
      const orders = [0, 1].map((part) => ({ id: newId<'order'>(), wanted: ask(codes, `e${(index + part) % 3}`) }))
      await db.inTransaction((tx) => place(tx, all, orders))
      await db.inTransaction((tx) =>
        releaseRedemptions(
          tx,
          orders.map(({ id }) => id),
        ),
      )
    }),
  )
  await assertCountersAgree()
})

test('who records without a lock is refused by the schema', async () => {
  const book = await offer({}, { text: 'UNLOCKED', usesMax: 1 })
  const stale = await readUses(db, book, [ask(['UNLOCKED'])], 0 as never)
  const applied = decide(stale, book, ask(['UNLOCKED']))
  const record = () =>
    db.inTransaction(async (tx) =>
      recordRedemptions(tx, [{ orderId: newId(), currency: usd, customerKey: null, applied, state: 'reserved' }]),
    )
  await record()
  await assert.rejects(record, { code: '23514' })
})

async function statesOf(orderId: Id<'order'>): Promise<string[]> {
  const rows = await db.rows<{ state: string }>({
    name: 'test.states',
    text: 'select state from pricing.redemption where order_id = $1',
    values: [orderId],
  })
  return rows.map(({ state }) => state)
}

async function countLive({ promotions }: PricingBook): Promise<number> {
  const rows = await db.rows<{ count: number }>({
    name: 'test.live',
    text: `select count(*)::int as count from pricing.redemption where promotion_id = any($1::uuid[]) and state <> 'released'`,
    values: [promotions.map(({ id }) => id)],
  })
  return must(rows[0], 'a count').count
}

/** Every counter is the number of live redemptions behind it. */
async function assertCountersAgree(): Promise<void> {
  const wrong = await db.rows({
    name: 'test.counters',
    text: `select 'promotion' as what, promotion_id::text as id from pricing.promotion_uses as counter
            where used <> (select count(*) from pricing.redemption
                            where promotion_id = counter.promotion_id and state <> 'released')
           union all
           select 'code', id::text from pricing.promotion_code as counter
            where uses_max is not null
              and used <> (select count(*) from pricing.redemption where code_id = counter.id and state <> 'released')
           union all
           select 'customer', promotion_id::text from pricing.customer_uses as counter
            where used <> (select count(*) from pricing.redemption
                            where promotion_id = counter.promotion_id and customer_key = counter.customer_key
                              and state <> 'released')`,
  })
  assert.deepEqual(wrong, [])
}
