import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { openTestShop, type TestShop } from '../../../test/support/test-shop.ts'
import { newId } from '../../kernel/id.ts'
import { must } from '../../kernel/invariant.ts'
import { DatabaseAwayError, type Db } from '../../platform/db.ts'
import { createHttpServer, type App, type Caller } from '../../platform/http/index.ts'
import { mountCarts } from './carts.http.ts'

let shop: TestShop
let app: App
let reader: App
/** Whether the database goes away as soon as a transaction has committed. */
let goesAway = false

before(async () => {
  shop = await openTestShop({ skus: 1, locations: 1 })
  const book = await shop.rooms.merchant.currentBook()
  const channel = must(book.channelByCode.get('web'), 'the web channel')
  const caller: Caller = { kind: 'publishable', keyId: newId(), channelId: channel.id }
  const open = (db: Db): App => {
    const opened = createHttpServer({ authenticate: () => caller, checkResponses: true })
    mountCarts(opened, { db, rooms: shop.rooms, tokens: shop.rooms.identity, releaseGoods: async () => undefined })
    return opened
  }
  app = open(leavesAfterCommit(shop.db))
  reader = open(shop.db)
})
after(async () => {
  await Promise.all([app.close(), reader.close()])
  await shop.close()
})

function leavesAfterCommit(db: Db): Db {
  let isAway = false
  const away = () => Promise.reject(new DatabaseAwayError('the connection broke'))
  return {
    rows: (statement) => (isAway ? away() : db.rows(statement)),
    execute: (statement) => (isAway ? away() : db.execute(statement)),
    clock: () => (isAway ? away() : db.clock()),
    poolUse: () => db.poolUse(),
    close: () => db.close(),
    async inTransaction(work) {
      const result = await db.inTransaction(work)
      isAway = goesAway
      return result
    },
  }
}

test('an edit that is made and cannot be shown is not told as if it were not made', async () => {
  const made = await app.inject({
    method: 'POST',
    url: '/v1/store/carts',
    headers: { authorization: 'Bearer x', 'idempotency-key': newId() },
    payload: { lines: [{ sku: shop.skus[0], quantity: 2 }] },
  })
  assert.equal(made.statusCode, 201, made.body)
  const { id, version, accessToken, lines } = made.json()
  const headers = { authorization: 'Bearer x', 'waybill-access-token': accessToken }
  goesAway = true
  const edited = await app.inject({
    method: 'PATCH',
    url: `/v1/store/carts/${id}/lines/${lines[0].id}`,
    headers: { ...headers, 'if-match': `"${version}"` },
    payload: { quantity: 3 },
  })
  assert.deepEqual([edited.statusCode, edited.json().code], [503, 'written_unread'])
  assert.equal(edited.headers['retry-after'], '2')
  const read = await reader.inject({ method: 'GET', url: `/v1/store/carts/${id}`, headers })
  assert.equal(read.json().lines[0].quantity, 3)
})
