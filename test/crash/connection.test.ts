import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { assertBooks } from '../support/books.ts'
import { ClientLog } from '../support/client-log.ts'
import { startCommitProxy, type CommitProxy, type CutMoment } from '../support/commit-proxy.ts'
import { openHead, type Head } from '../support/head.ts'
import { Intake } from '../support/intake.ts'
import { seededRandom } from '../support/random-seed.ts'
import { findFreePort, startServer, type ShopServer } from '../support/shop-server.ts'
import { openTestShop, type TestShop } from '../support/test-shop.ts'
import { Windows } from '../support/windows.ts'

const random = seededRandom()
const LOADED_MS = 8_000

let shop: TestShop
let proxy: CommitProxy
let server: ShopServer
let head: Head
let directory = ''
const cuts = new Windows<CutMoment>(['answer of COMMIT lost', 'COMMIT lost', 'within a transaction', 'idle'])
/** Share of COMMITs that meet a broken connection; none before the load and after it. */
let danger = 0

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'waybill-crash-'))
  shop = await openTestShop({ skus: 20, locations: 3 })
  await shop.stock(Object.fromEntries(shop.skus.map((sku) => [sku, { l1: 20_000, l2: 20_000 }])))
  proxy = await startCommitProxy(shop.databaseUrl, {
    decide: () => (random.chance(danger) ? random.pick(['lose_commit', 'lose_answer']) : 'pass'),
    onCut: (moment) => cuts.hit(moment),
  })
  server = await startServer({ command: 'start', port: await findFreePort(), env: { ...shop.env, DATABASE_URL: proxy.databaseUrl } })
  head = openHead({ url: server.url, apiKey: shop.publishableKey, connections: 48 })
})
after(async () => {
  await head.close()
  await server.stop()
  await proxy.close()
  await shop.close()
  await rm(directory, { recursive: true })
})

test('connections to the database break, also while committing: every order is there once', async (t) => {
  const log = new ClientLog(join(directory, 'client.jsonl'))
  const intake = new Intake({ shop, head, log, random, clients: 48 })
  intake.begin()
  danger = 0.08
  for (const until = performance.now() + LOADED_MS; performance.now() < until; ) {
    await sleep(random.integer(20, 120))
    proxy.cut(random.chance(0.7) ? 'within a transaction' : 'idle')
  }
  danger = 0
  assert.ok(!server.hasEnded(), `the server ended and said:\n${server.lastWords.join('\n')}`)
  await intake.end()
  t.diagnostic(`cuts: ${cuts.describe()}; answers by status: ${[...intake.heard].map(([status, count]) => `${status}: ${count}`).join(', ')}`)
  const judged = await intake.judge()
  t.diagnostic(JSON.stringify(judged))
  assert.deepEqual(server.defects, [])
  cuts.assertAllHit()
  await assertBooks({ databaseUrl: shop.databaseUrl, providerUrl: shop.provider.url })
  log.close()
})
