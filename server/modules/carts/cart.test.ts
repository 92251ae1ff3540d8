import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { createTestDatabase, type TestDatabase } from '../../../test/support/database.ts'
import { newId, type Id } from '../../kernel/id.ts'
import type { CurrencyCode } from '../../kernel/money.ts'
import { addMs } from '../../kernel/time.ts'
import { createDb, type Db, type Queryable } from '../../platform/db.ts'
import type { Catalog, Offer } from '../catalog/index.ts'
import { readCart } from './cart.ts'
import { addCartUnits, insertCart, lockCarts, updateCart } from './carts.sql.ts'

let database: TestDatabase
let db: Db
before(async () => {
  database = await createTestDatabase()
  db = createDb({ databaseUrl: database.url, poolMax: 4, applicationName: 'test' })
})
after(async () => {
  await db.close()
  await database.drop()
})

const catalog = {
  offersByVariantAt: async (_source: unknown, _revision: bigint, variantIds: readonly Id<'variant'>[]) =>
    new Map(variantIds.map((id) => [id, { sku: id } as unknown as Offer])),
} as unknown as Catalog

const channelId = newId<'channel'>()

/** Units of one SKU in the cart, and its next version. */
async function add(cartId: Id<'cart'>, variantId: Id<'variant'>): Promise<void> {
  await db.inTransaction(async (tx) => {
    const [cart] = await lockCarts(tx, [cartId])
    assert.ok(cart !== undefined)
    addCartUnits(tx, cartId, [{ id: newId<'cartLine'>(), group: 1, variantId, quantity: 1 }])
    updateCart(tx, cart, addMs(tx.at, 3_600_000))
  })
}

test('a cart that is edited while it is read has the lines of its version', async () => {
  const [cartId, variantId] = [newId<'cart'>(), newId<'variant'>()]
  await db.inTransaction(async (tx) => {
    insertCart(tx, { id: cartId, channelId, currency: 'EUR' as CurrencyCode, expiresAt: addMs(tx.at, 3_600_000) })
  })
  await add(cartId, variantId)
  // Somebody edits between any two statements of the reader.
  let turn: Promise<unknown> = Promise.resolve()
  const busy: Queryable = {
    ...db,
    rows: <Row>(statement: Parameters<Db['rows']>[0]) => {
      const rows = turn.then(() => db.rows<Row>(statement))
      turn = rows.then(() => add(cartId, variantId))
      return rows
    },
  }
  const cart = await readCart({ source: busy, catalog }, { cartId, channelId })
  assert.ok(cart !== null)
  assert.deepEqual(
    cart.lines.map(({ sku, quantity }) => [sku, quantity]),
    [[variantId, cart.version - 1]],
    'every edit is one unit and one version',
  )
})
