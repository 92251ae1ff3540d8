import { projectOrders } from '../../server/modules/orderviews/index.ts'
import type { Id } from '../../server/kernel/id.ts'
import { createDb } from '../../server/platform/db.ts'
import { openRooms } from '../../server/rooms.ts'
import { partOptions } from '../support/child.ts'
import { instantProvider } from '../support/instant-provider.ts'
import { benchMasterKey } from '../support/intake.ts'
import { readShop } from '../support/shop.ts'
import { shopperOrder } from '../support/shopper-order.ts'
import { ORDERS_PER_BATCH, TRUSTED_CHANNEL, trustedPlacement } from '../support/trusted-order.ts'

export interface PlaceSeedOptions {
  readonly databaseUrl: string
  readonly shopperOrders: number
  readonly trustedOrders: number
}

/** Between which every id of these orders was made, Unix ms by this machine's clock. */
export interface SeedPeriod {
  readonly fromMs: number
  readonly toMs: number
}

const SHOPPERS_AT_ONCE = 128

/** Places orders through the door, pays them, and lists them as the background worker would. */
const { databaseUrl, shopperOrders, trustedOrders } = partOptions<PlaceSeedOptions>()
const db = createDb({ databaseUrl, poolMax: 10, applicationName: 'seed' })
const { merchant, checkout } = openRooms({ db, masterKey: benchMasterKey, providers: [instantProvider] })
const { channelId, skus } = await readShop(db)
const book = await merchant.currentBook()
const own = book.channelById.get(channelId)
const trusted = book.channelByCode.get(TRUSTED_CHANNEL)
if (own === undefined || trusted === undefined) throw new Error('the shop lacks a channel')

const fromMs = Date.now()
let next = 0
await Promise.all(
  Array.from({ length: SHOPPERS_AT_ONCE }, async () => {
    while (next < shopperOrders) {
      const outcome = await checkout.placeOrder(shopperOrder(own, skus, next++))
      if (outcome.kind === 'refused') throw new Error(`an order was refused: ${outcome.refusal.code}`)
    }
  }),
)
for (let placed = 0; placed < trustedOrders; placed += ORDERS_PER_BATCH) {
  const outcomes = await checkout.placeTrustedOrders(
    Array.from({ length: ORDERS_PER_BATCH }, (_, index) =>
      trustedPlacement(trusted, skus, `seed-${placed + index}`, placed + index),
    ),
  )
  for (const outcome of outcomes) {
    if (outcome.kind === 'refused') throw new Error(`an order was refused: ${outcome.refusal.code}`)
  }
}
await checkout.drained()
const period: SeedPeriod = { fromMs, toMs: Date.now() }

const orders = await db.rows<{ id: Id<'order'> }>({
  name: 'bench.seed_orders',
  text: 'select id from orders.orders order by id',
})
for (let from = 0; from < orders.length; from += ORDERS_PER_BATCH) {
  await db.inTransaction((tx) =>
    projectOrders(
      tx,
      orders.slice(from, from + ORDERS_PER_BATCH).map(({ id }) => id),
    ),
  )
}
await db.close()
process.stdout.write(`${JSON.stringify(period)}\n`)
