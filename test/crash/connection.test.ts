import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { assertBooks } from '../support/books.ts'
import { Cleanup } from '../support/cleanup.ts'
import { ClientLog } from '../support/client-log.ts'
import { startCommitProxy, type CommitProxy, type CutMoment } from '../support/commit-proxy.ts'
import { openHead, type Head } from '../support/head.ts'
import { Intake } from '../support/intake.ts'
import { seededRandom } from '../support/random-seed.ts'
import { findFreePort, startServer, type ShopServer } from '../support/shop-server.ts'
import { openTestShop, type TestShop } from '../support/test-shop.ts'
import { Windows } from '../support/windows.ts'

const random = seededRandom()
/** As long as it takes to hit every moment some times: on a busy machine longer than on an idle one. */
const LOADED_MIN_MS = 3_000
const LOADED_MAX_MS = 30_000
const HITS_MIN = 5

const cleanup = new Cleanup()
let shop: TestShop
let cut: CommitProxy['cut']
let server: ShopServer
let head: Head
let directory = ''
const cuts = new Windows<CutMoment>(['answer of COMMIT lost', 'COMMIT lost', 'within a transaction', 'idle'])
/** Share of COMMITs that meet a broken connection; none before the load and after it. */
let danger = 0

before(async () => {
  directory = cleanup.after(await mkdtemp(join(tmpdir(), 'waybill-crash-')), (path) => rm(path, { recursive: true }))
  shop = cleanup.after(await openTestShop({ skus: 20, locations: 3 }), (opened) => opened.close())
  await shop.stock(Object.fromEntries(shop.skus.map((sku) => [sku, { l1: 20_000, l2: 20_000 }])))
  const proxy = await startCommitProxy(shop.databaseUrl, {
    decide: () => (random.chance(danger) ? random.pick(['lose_commit', 'lose_answer']) : 'pass'),
    onCut: (moment) => cuts.hit(moment),
  })
  cut = cleanup.after(proxy, (started) => started.close()).cut
  const env = { ...shop.env, DATABASE_URL: proxy.databaseUrl }
  server = cleanup.after(await startServer({ command: 'start', port: await findFreePort(), env }), (started) =>
    started.stop(),
  )
  head = cleanup.after(openHead({ url: server.url, apiKey: shop.publishableKey, connections: 48 }), (opened) =>
    opened.close(),
  )
})

function isToGoOn(elapsedMs: number): boolean {
  return elapsedMs < LOADED_MIN_MS || (cuts.fewest() < HITS_MIN && elapsedMs < LOADED_MAX_MS)
}

test('connections to the database break, also while committing: every order is there once', async (t) => {
  const log = new ClientLog(join(directory, 'client.jsonl'))
  const intake = new Intake({ shop, head, log, random, clients: 48, giftCard: await shop.giftCard(1_000_000n) })
  t.after(() => intake.abandon())
  intake.begin()
  danger = 0.1
  for (const beganMs = performance.now(); isToGoOn(performance.now() - beganMs);) {
    await sleep(random.integer(20, 120))
    cut(random.chance(0.7) ? 'within a transaction' : 'idle')
  }
  danger = 0
  assert.ok(!server.hasEnded(), 'the server has not ended')
  await intake.end()
  t.diagnostic(`cuts: ${cuts.describe()}; answers: ${intake.describe()}`)
  const judged = await intake.judge()
  t.diagnostic(JSON.stringify(judged))
  assert.deepEqual(server.defects, [])
  cuts.assertAllHit()
  await assertBooks({ databaseUrl: shop.databaseUrl, providerUrl: shop.provider.url })
  log.close()
})
