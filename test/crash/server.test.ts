import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { assertBooks } from '../support/books.ts'
import { Cleanup } from '../support/cleanup.ts'
import { ClientLog } from '../support/client-log.ts'
import { openHead, type Head } from '../support/head.ts'
import { startHoldingProxy, type HoldingProxy } from '../support/holding-proxy.ts'
import { allDecided, hurry } from '../support/hurry.ts'
import { Intake } from '../support/intake.ts'
import { seededRandom } from '../support/random-seed.ts'
import { findFreePort, startServer, type ShopServer } from '../support/shop-server.ts'
import { openTestShop, type TestShop } from '../support/test-shop.ts'
import { Windows } from '../support/windows.ts'

/*
 * kill -9 of the server under intake load, again and again. Between the server and the payment provider, and between the
 * clients and the server, stand proxies that keep questions or answers to themselves shortly before some of the kills,
 * so that they meet orders between two phases: recorded and not asked for, asked for and not settled, settled and not
 * answered.
 */

const random = seededRandom()
/** `KILLS=100` for an evening. */
const KILLS = Number(process.env['KILLS'] ?? 8)

const cleanup = new Cleanup()
let shop: TestShop
let provider: HoldingProxy
let front: HoldingProxy
let head: Head
let port = 0
let directory = ''

before(async () => {
  directory = cleanup.after(await mkdtemp(join(tmpdir(), 'waybill-crash-')), (path) => rm(path, { recursive: true }))
  shop = cleanup.after(await openTestShop({ skus: 20, locations: 3 }), (opened) => opened.close())
  await shop.stock(Object.fromEntries(shop.skus.map((sku) => [sku, { l1: 20_000, l2: 20_000 }])))
  provider = cleanup.after(await startHoldingProxy(shop.provider.url), (started) => started.close())
  port = await findFreePort()
  front = cleanup.after(await startHoldingProxy(`http://127.0.0.1:${port}`), (started) => started.close())
  head = cleanup.after(openHead({ url: front.url, apiKey: shop.publishableKey, connections: 48 }), (opened) =>
    opened.close(),
  )
})

const start = (): Promise<ShopServer> =>
  startServer({ command: 'start', port, env: { ...shop.env, WAYBILL_PSP_URL: provider.url } })

const momentsOfARequest = [
  'before prepare',
  'between prepare and pay',
  'between pay and settle',
  'between settle and answer',
] as const
type Moment = (typeof momentsOfARequest)[number]

/** What is kept back before a kill, in turn. */
const holds: readonly (() => void)[] = [
  () => {},
  () => provider.hold('questions'),
  () => provider.hold('answers'),
  () => front.hold('answers'),
]

test('the server is killed under load: no acknowledged order is lost, none is there twice', async (t) => {
  const log = new ClientLog(join(directory, 'client.jsonl'))
  const intake = new Intake({ shop, head, log, random, clients: 40, giftCard: await shop.giftCard(1_000_000n) })
  t.after(() => intake.abandon())
  const moments = new Windows<Moment>(momentsOfARequest)
  const readyMs: number[] = []
  let server = await start()
  cleanup.after(server, () => server.kill())
  intake.begin()
  for (let kill = 0; kill < KILLS; kill++) {
    await intake.told(random.integer(10, 60))
    holds[kill % holds.length]?.()
    await sleep(random.integer(30, 150))
    const waiting = intake.shoppersWaiting()
    await server.kill()
    provider.drop()
    front.drop()
    for (const [moment, times] of Object.entries(await findInterrupted(waiting))) moments.hit(moment as Moment, times)
    server = await start()
    readyMs.push(Math.round(server.readyMs))
  }
  await intake.told(20)
  await intake.end()
  t.diagnostic(
    `interrupted: ${moments.describe()}; ready after ${readyMs.join(', ')} ms; answers: ${intake.describe()}`,
  )

  await hurry(shop.db)
  t.diagnostic(JSON.stringify(await intake.judge()))
  await allDecided(shop.db)
  assert.deepEqual(server.defects, [])
  await assertBooks({ databaseUrl: shop.databaseUrl, providerUrl: shop.provider.url })
  moments.assertAllHit()
  log.close()
})

/** Where requests stood when their server died, by what they left in the database and at the provider. */
async function findInterrupted(keys: readonly string[]): Promise<Record<Moment, number>> {
  const rows = await shop.db.rows<{ status: string; attempt: string | null }>({
    name: 'test.interrupted',
    text: `select key.status, attempt.id::text as attempt
             from platform.idempotency_key as key left join payments.attempt on attempt.request_key = key.id
            where key.id = any($1::uuid[])`,
    values: [keys.map((key) => shop.keyId(key))],
  })
  const recorded = rows.filter(({ status }) => status === 'in_progress')
  const asked = await Promise.all(
    recorded.map(async ({ attempt }) => (await fetch(`${shop.provider.url}/payments?key=${attempt}`)).ok),
  )
  const paid = asked.filter(Boolean).length
  return {
    'before prepare': keys.length - rows.length,
    'between prepare and pay': recorded.length - paid,
    'between pay and settle': paid,
    'between settle and answer': rows.length - recorded.length,
  }
}
