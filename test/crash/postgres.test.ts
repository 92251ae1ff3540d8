import assert from 'node:assert/strict'
import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { migrate } from '../../server/platform/migrate.ts'
import { startEmbeddedPostgres } from '../../server/platform/postgres/embedded.ts'
import { isPostgresOf } from '../../server/platform/postgres/process.ts'
import { assertBooks } from '../support/books.ts'
import { Cleanup } from '../support/cleanup.ts'
import { ClientLog } from '../support/client-log.ts'
import { openHead, type Head } from '../support/head.ts'
import { allDecided, hurry } from '../support/hurry.ts'
import { Intake } from '../support/intake.ts'
import { seededRandom } from '../support/random-seed.ts'
import { makeThrowAwayDir } from '../support/server.ts'
import { findFreePort, startServer, type ShopServer } from '../support/shop-server.ts'
import { openTestShop, type TestShop } from '../support/test-shop.ts'
import { Windows } from '../support/windows.ts'

/*
 * kill -9 of every PostgreSQL process under intake load. The server is started as a newcomer starts it, with the
 * embedded, durable database under its data directory: it must bring that up again by itself and go on.
 */

const random = seededRandom()
/** `KILLS=100` for an evening. */
const KILLS = Number(process.env['KILLS'] ?? 3)

const cleanup = new Cleanup()
let directory = ''
let dataDir = ''
let shop: TestShop
let server: ShopServer
let head: Head

before(async () => {
  directory = cleanup.after(makeThrowAwayDir(), (path) => rmSync(path, { recursive: true, force: true }))
  dataDir = join(directory, 'postgres')
  const postgres = await startEmbeddedPostgres({ dataDir, log: () => {} })
  try {
    await migrate({ databaseUrl: postgres.url, log: () => {} })
    const database = { url: postgres.url, drop: async () => {} }
    shop = cleanup.after(await openTestShop({ skus: 20, locations: 3, database }), (opened) => opened.close())
    await shop.stock(Object.fromEntries(shop.skus.map((sku) => [sku, { l1: 20_000, l2: 20_000 }])))
  } finally {
    await postgres.stop()
  }
  const { DATABASE_URL: _, ...env } = shop.env
  server = cleanup.after(
    await startServer({ command: 'start', port: await findFreePort(), env: { ...env, WAYBILL_DATA_DIR: directory } }),
    (started) => started.stop(),
  )
  head = cleanup.after(openHead({ url: server.url, apiKey: shop.publishableKey, connections: 48 }), (opened) =>
    opened.close(),
  )
})

const findPostgres = (): number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => isPostgresOf(pid, dataDir))

test(
  'every PostgreSQL process is killed under load: what was acknowledged is there',
  { skip: process.platform !== 'linux' && 'reads /proc' },
  async (t) => {
    const log = new ClientLog(join(directory, 'client.jsonl'))
    const intake = new Intake({ shop, head, log, random, clients: 40, giftCard: await shop.giftCard(1_000_000n) })
    t.after(() => intake.abandon())
    const windows = new Windows([
      'PostgreSQL processes killed',
      'requests under way',
      'orders recorded and not settled',
    ])
    const servesAgainMs: number[] = []
    const killedAt: Date[] = []
    intake.begin()
    for (let kill = 0; kill < KILLS; kill++) {
      await intake.told(random.integer(60, 150))
      await sleep(random.integer(0, 50))
      const pids = findPostgres()
      windows.hit('requests under way', intake.shoppersWaiting().length)
      killedAt.push(new Date())
      for (const pid of pids) process.kill(pid, 'SIGKILL')
      windows.hit('PostgreSQL processes killed', pids.length)
      servesAgainMs.push(await intake.probe())
    }
    await intake.told(50)
    await intake.end()
    windows.hit('orders recorded and not settled', await countBetween(killedAt))
    t.diagnostic(
      `${windows.describe()}; serves again after ${servesAgainMs.join(', ')} ms; answers: ${intake.describe()}`,
    )

    await hurry(shop.db)
    t.diagnostic(JSON.stringify(await intake.judge()))
    await allDecided(shop.db)
    assert.ok(!server.hasEnded(), 'the server has not ended')
    assert.deepEqual(server.defects, [])
    await assertBooks({ databaseUrl: shop.databaseUrl, providerUrl: shop.provider.url })
    windows.assertAllHit()
    log.close()
  },
)

/** Orders that were recorded before one of these moments, and whose payment was settled after it. */
async function countBetween(moments: readonly Date[]): Promise<number> {
  const [row] = await shop.db.rows<{ count: number }>({
    name: 'test.between',
    text: `select count(distinct attempt.order_id)::int
             from unnest($1::timestamptz[]) as moment (at)
             join platform.event as placed on placed.type = 'order.placed' and placed.recorded_at < moment.at
             join payments.attempt on attempt.order_id = placed.aggregate_id
             join platform.event as settled on settled.aggregate_id = attempt.id and settled.version = 1
                                           and settled.recorded_at > moment.at`,
    values: [moments],
  })
  return row?.count ?? 0
}
