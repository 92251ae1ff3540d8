import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { spawnProvider } from '../../sandbox/psp/spawn.ts'
import { createDb, type Db } from '../../server/platform/db.ts'
import { openRooms } from '../../server/rooms.ts'
import type { DoorOptions, DoorResult } from '../parts/door.ts'
import type { HttpLoadOptions } from '../parts/http-load.ts'
import type { LastUnitsOptions, LastUnitsResult } from '../parts/last-units-load.ts'
import type { LimitOptions, LimitResult } from '../parts/limit.ts'
import { runPart, startProcess } from './child.ts'
import type { Cluster } from './cluster.ts'
import { cpuMs, round, type LoadResult } from './measure.ts'
import { createShop, readShop, type ShopSize } from './shop.ts'

const WARMUP_SECONDS = 3

/** A database `name` with a shop; @returns a publishable key of its channel */
export async function buildShop(cluster: Cluster, name: string, size: ShopSize): Promise<string> {
  const db = createDb({
    databaseUrl: await cluster.createMigrated(name),
    poolMax: 2,
    applicationName: 'bench',
    statementTimeoutMs: 0,
  })
  const { channelId } = await createShop(db, size)
  const key = await createPublishableKey(db, channelId)
  await db.close()
  return key
}

export async function readSkus(databaseUrl: string): Promise<readonly string[]> {
  const db = createDb({ databaseUrl, poolMax: 1, applicationName: 'bench' })
  try {
    return (await readShop(db)).skus
  } finally {
    await db.close()
  }
}

async function createPublishableKey(
  db: Db,
  channelId: Awaited<ReturnType<typeof readShop>>['channelId'],
): Promise<string> {
  const { identity } = openRooms({ db, masterKey: benchMasterKey, providers: [] })
  const outcome = await db.inTransaction((tx) =>
    identity.createApiKey(tx, { actor: 'bench', scopes: null }, { kind: 'publishable', name: 'bench', channelId }),
  )
  if (outcome.kind === 'refused') throw new Error(outcome.refusal.code)
  return outcome.key
}

export const benchMasterKey = Buffer.alloc(32, 7)

export async function measureLimit(
  cluster: Cluster,
  { shop, ...options }: { readonly shop: string; readonly concurrency: number; readonly orders: number },
): Promise<LimitResult> {
  const recordUrl = await cluster.copy(shop, 'record')
  const replayUrl = await cluster.copy(shop, 'replay')
  const result = await runPart<LimitResult>('limit.ts', { ...options, recordUrl, replayUrl } satisfies LimitOptions)
  await cluster.drop('record')
  await cluster.drop('replay')
  return result
}

export async function measureDoor(
  cluster: Cluster,
  { shop, ...options }: Omit<DoorOptions, 'databaseUrl' | 'warmupSeconds'> & { readonly shop: string },
): Promise<DoorResult> {
  const databaseUrl = await cluster.copy(shop, 'door')
  const result = await runPart<DoorResult>('door.ts', {
    ...options,
    databaseUrl,
    warmupSeconds: WARMUP_SECONDS,
  } satisfies DoorOptions)
  await cluster.drop('door')
  return result
}

export interface HttpResult extends LoadResult {
  readonly serverCpuMsPerOrder: number
  readonly providerCpuMsPerOrder: number
  readonly statuses: Readonly<Record<string, number>>
}

/** The same orders through `servers` processes on one database, with the provider and the clients in their own. */
export async function measureHttp(
  cluster: Cluster,
  {
    shop,
    concurrency,
    seconds,
    publishableKey,
    servers = 1,
    skusUsed,
  }: {
    readonly shop: string
    readonly concurrency: number
    readonly seconds: number
    readonly publishableKey: string
    readonly servers?: number
    readonly skusUsed?: number
  },
): Promise<HttpResult> {
  return throughNodes(cluster, { shop, servers }, async ({ urls, skus, nodesCpuMs, providerCpuMs }) => {
    const before = { nodes: nodesCpuMs(), provider: providerCpuMs() }
    const load = await runPart<LoadResult & { statuses: Record<string, number> }>('http-load.ts', {
      urls,
      publishableKey,
      skus: skus.slice(0, skusUsed ?? skus.length),
      concurrency,
      seconds,
      warmupSeconds: WARMUP_SECONDS,
    } satisfies HttpLoadOptions)
    const orders = load.statuses['201'] ?? 1
    return {
      ...load,
      serverCpuMsPerOrder: round((nodesCpuMs() - before.nodes) / orders),
      providerCpuMsPerOrder: round((providerCpuMs() - before.provider) / orders),
    }
  })
}

/** The shop's first SKU, of which it has fewer units than there are buyers. */
export async function measureLastUnits(
  cluster: Cluster,
  {
    shop,
    publishableKey,
    buyers,
    servers,
  }: { readonly shop: string; readonly publishableKey: string; readonly buyers: number; readonly servers: number },
): Promise<LastUnitsResult> {
  return throughNodes(cluster, { shop, servers }, ({ urls, skus }) => {
    const [sku = ''] = skus
    return runPart('last-units-load.ts', { urls, publishableKey, sku, buyers } satisfies LastUnitsOptions)
  })
}

interface Nodes {
  readonly urls: readonly string[]
  readonly skus: readonly string[]
  /** CPU time so far. */
  readonly nodesCpuMs: () => number
  readonly providerCpuMs: () => number
}

/** Runs `work` against serving processes on a copy of the shop, with a provider of its own, and ends all of them. */
async function throughNodes<Result>(
  cluster: Cluster,
  { shop, servers }: { readonly shop: string; readonly servers: number },
  work: (nodes: Nodes) => Promise<Result>,
): Promise<Result> {
  const databaseUrl = await cluster.copy(shop, 'http')
  const skus = await readSkus(databaseUrl)
  const directory = mkdtempSync(join(tmpdir(), 'waybill-bench-psp-'))
  const provider = await spawnProvider({ directory })
  const nodes = await Promise.all(Array.from({ length: servers }, () => startServer(databaseUrl, provider.url)))
  const result = await work({
    urls: nodes.map(({ match }) => match[1] ?? ''),
    skus,
    nodesCpuMs: () => nodes.reduce((sum, { pid }) => sum + (cpuMs(pid) ?? 0), 0),
    providerCpuMs: () => cpuMs(provider.pid) ?? 0,
  })
  await Promise.all(nodes.map((node) => node.stop()))
  await provider.stop()
  rmSync(directory, { recursive: true, force: true })
  await cluster.drop('http')
  return result
}

export function startServer(databaseUrl: string, pspUrl: string): ReturnType<typeof startProcess> {
  return startProcess(['server/cli.ts', 'serve', '--port', '0'], {
    env: {
      DATABASE_URL: databaseUrl,
      WAYBILL_PSP_URL: pspUrl,
      WAYBILL_MASTER_KEY: benchMasterKey.toString('base64'),
      WAYBILL_RATE_LIMIT_PER_SECOND: '0',
      WAYBILL_LOG_LEVEL: 'warn',
    },
    ready: /serves on (http:\S+)/,
  })
}
