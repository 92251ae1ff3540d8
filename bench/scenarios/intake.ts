import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { spawnProvider } from '../../sandbox/psp/spawn.ts'
import { createDb, type Db } from '../../server/platform/db.ts'
import { openRooms } from '../../server/rooms.ts'
import type { DoorOptions, DoorResult } from '../parts/door.ts'
import type { HttpLoadOptions } from '../parts/http-load.ts'
import type { LimitOptions, LimitResult } from '../parts/limit.ts'
import type { ScenarioContext } from '../scenarios.ts'
import { runPart, startProcess } from '../support/child.ts'
import type { Cluster } from '../support/cluster.ts'
import { cpuMs, round, type LoadResult } from '../support/measure.ts'
import { createShop, readShop, type ShopSize } from '../support/shop.ts'

const shopSize: ShopSize = { skus: 5_000, locations: 4, unitsEach: 100_000 }
const SECONDS = 8
const WARMUP_SECONDS = 3
const LIMIT_ORDERS = 20_000

export async function intake({ cluster, log, seconds = SECONDS, concurrencies = [32, 128, 512] }: ScenarioContext) {
  const publishableKey = await buildShop(cluster, 'shop', shopSize)
  const runs: object[] = []
  for (const concurrency of concurrencies) {
    log(`intake at ${concurrency}: limit`)
    const limit = await measureLimit(cluster, { concurrency, orders: LIMIT_ORDERS })
    log(`intake at ${concurrency}: door`)
    const door = await measureDoor(cluster, { concurrency, seconds })
    log(`intake at ${concurrency}: http`)
    const http = await measureHttp(cluster, { concurrency, seconds, publishableKey })
    runs.push({
      concurrency,
      doorOfLimit: round(door.perSecond / limit.perSecond),
      httpOfLimit: round(http.perSecond / limit.perSecond),
      limit,
      door,
      http,
    })
  }
  return { ...shopSize, runs }
}

/** A database `name` with a shop; @returns a publishable key of its channel */
export async function buildShop(cluster: Cluster, name: string, size: ShopSize): Promise<string> {
  const db = createDb({
    databaseUrl: await cluster.createMigrated(name), poolMax: 2, applicationName: 'bench', statementTimeoutMs: 0,
  })
  const { channelId } = await createShop(db, size)
  const key = await createPublishableKey(db, channelId)
  await db.close()
  return key
}

async function createPublishableKey(db: Db, channelId: Awaited<ReturnType<typeof readShop>>['channelId']): Promise<string> {
  const { identity } = openRooms({ db, masterKey: benchMasterKey, providers: [] })
  const outcome = await db.inTransaction((tx) =>
    identity.createApiKey(tx, { actor: 'bench', scopes: null }, { kind: 'publishable', name: 'bench', channelId }),
  )
  if (outcome.kind === 'refused') throw new Error(outcome.refusal.code)
  return outcome.key
}

export const benchMasterKey = Buffer.alloc(32, 7)

async function measureLimit(cluster: Cluster, options: { readonly concurrency: number; readonly orders: number }): Promise<LimitResult> {
  const recordUrl = await cluster.copy('shop', 'record')
  const replayUrl = await cluster.copy('shop', 'replay')
  const result = await runPart<LimitResult>('limit.ts', { ...options, recordUrl, replayUrl } satisfies LimitOptions)
  await cluster.drop('record')
  await cluster.drop('replay')
  return result
}

async function measureDoor(cluster: Cluster, options: { readonly concurrency: number; readonly seconds: number }): Promise<DoorResult> {
  const databaseUrl = await cluster.copy('shop', 'door')
  const result = await runPart<DoorResult>('door.ts', {
    ...options, databaseUrl, warmupSeconds: WARMUP_SECONDS,
  } satisfies DoorOptions)
  await cluster.drop('door')
  return result
}

interface HttpResult extends LoadResult {
  readonly serverCpuMsPerOrder: number
  readonly providerCpuMsPerOrder: number
  readonly statuses: Readonly<Record<string, number>>
}

async function measureHttp(
  cluster: Cluster,
  { concurrency, seconds, publishableKey }: {
    readonly concurrency: number
    readonly seconds: number
    readonly publishableKey: string
  },
): Promise<HttpResult> {
  const databaseUrl = await cluster.copy('shop', 'http')
  const db = createDb({ databaseUrl, poolMax: 1, applicationName: 'bench' })
  const { skus } = await readShop(db)
  await db.close()
  const provider = await spawnProvider({ directory: mkdtempSync(join(tmpdir(), 'waybill-bench-psp-')) })
  const server = await startProcess(['server/cli.ts', 'serve', '--port', '0'], {
    env: {
      DATABASE_URL: databaseUrl,
      WAYBILL_PSP_URL: provider.url,
      WAYBILL_MASTER_KEY: benchMasterKey.toString('base64'),
      WAYBILL_RATE_LIMIT_PER_SECOND: '0',
      WAYBILL_LOG_LEVEL: 'warn',
    },
    ready: /serves on (http:\S+)/,
  })
  const before = { server: cpuMs(server.pid) ?? 0, provider: cpuMs(provider.pid) ?? 0 }
  const load = await runPart<LoadResult & { statuses: Record<string, number> }>('http-load.ts', {
    urls: [server.match[1] ?? ''], publishableKey, skus, concurrency, seconds, warmupSeconds: WARMUP_SECONDS,
  } satisfies HttpLoadOptions)
  const orders = load.statuses['201'] ?? 1
  const result = {
    ...load,
    serverCpuMsPerOrder: round(((cpuMs(server.pid) ?? 0) - before.server) / orders),
    providerCpuMsPerOrder: round(((cpuMs(provider.pid) ?? 0) - before.provider) / orders),
  }
  await server.stop()
  await provider.stop()
  await cluster.drop('http')
  return result
}
