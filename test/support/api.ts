import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { goodManners } from '../../sandbox/psp/manners.ts'
import { startProvider } from '../../sandbox/psp/server.ts'
import { invariant } from '../../server/kernel/invariant.ts'
import { openNode, type Node } from '../../server/node.ts'
import { migrateJobs } from '../../server/platform/jobs/jobs.ts'
import { createTelemetry } from '../../server/platform/telemetry.ts'
import type { DemoKeys } from '../../server/seed/demo-keys.ts'
import { seedDemo } from '../../server/seed/seed.ts'
import { openApiClient, type ApiClient } from './api-client.ts'
import { operationsOf, type ApiDescription, type ApiOperation } from './api-operations.ts'
import { createTestDatabase } from './database.ts'
import { query } from './server.ts'

/** The whole server in this process: the demo merchant on a database of its own, the sandbox provider, a real port. */
export interface TestApi extends ApiClient {
  readonly node: Node
  readonly url: string
  readonly databaseUrl: string
  readonly keys: DemoKeys
  /** Every operation of the description that the server gives of itself. */
  readonly operations: readonly ApiOperation[]
  /** Every line the server logged so far, requests included. */
  readonly log: readonly string[]
  /** Where the sandbox provider keeps its book. */
  readonly providerDirectory: string
  readonly close: () => Promise<void>
}

export interface TestApiOptions {
  /** Of one key; 0, the default, means no limit. */
  readonly rateLimitPerSecond?: number
  /** Whether to react to events too, and not only to serve. */
  readonly works?: boolean
}

export async function openTestApi(options: TestApiOptions = {}): Promise<TestApi> {
  const opened = new AsyncDisposableStack()
  try {
    return await open(options, opened)
  } catch (error) {
    // Whatever stays open would keep the test's process alive for ever.
    await opened.disposeAsync()
    throw error
  }
}

async function open(
  { rateLimitPerSecond = 0, works = false }: TestApiOptions,
  opened: AsyncDisposableStack,
): Promise<TestApi> {
  const database = await createTestDatabase()
  opened.defer(() => database.drop())
  await migrateJobs(database.url)
  const directory = mkdtempSync(join(tmpdir(), 'waybill-psp-'))
  opened.defer(() => rmSync(directory, { recursive: true }))
  const provider = await startProvider({ directory, port: 0, manners: goodManners })
  opened.defer(() => provider.close())
  const log: string[] = []
  const node = openNode({
    databaseUrl: database.url,
    poolMax: 10,
    masterKey: Buffer.alloc(32, 7),
    pspUrl: provider.url,
    rateLimitPerSecond,
    telemetry: createTelemetry({ logLevel: 'debug', destination: { write: (line) => void log.push(line) } }),
    checkResponses: true,
  })
  opened.defer(() => node.stop())
  const seeded = await seedDemo(node)
  invariant(seeded.kind === 'seeded', 'a new database is empty')
  const { url } = await node.serve({ host: '127.0.0.1', port: 0 })
  if (works) await node.work()
  const client = openApiClient(url)
  opened.defer(() => client.close())
  const description = (await client.send({ method: 'GET', path: '/openapi.json' })).json as ApiDescription
  return {
    ...client,
    node,
    url,
    databaseUrl: database.url,
    keys: seeded.keys,
    operations: operationsOf(description),
    log,
    providerDirectory: directory,
    close: () => opened.disposeAsync(),
  }
}

/** What every table of ours holds, as a count and a sum over its rows: two that are equal are the same rows. */
export async function readTables({
  databaseUrl,
}: Pick<TestApi, 'databaseUrl'>): Promise<Readonly<Record<string, string>>> {
  const tables = await query<{ name: string }>(
    databaseUrl,
    `
    select format('%I.%I', schemaname, tablename) as name from pg_tables
     where schemaname not in ('pg_catalog', 'information_schema', 'graphile_worker') order by 1`,
  )
  const statement = tables.map(
    ({ name }) =>
      `select '${name}' as name, count(*) || ' rows ' || coalesce(sum(hashtextextended(t::text, 0)), 0) as rows from ${name} as t`,
  )
  const rows = await query<{ name: string; rows: string }>(databaseUrl, statement.join(' union all '))
  return Object.fromEntries(rows.map(({ name, rows: held }) => [name, held]))
}

const SETTLED_WITHIN_MS = 30_000
/** A reaction writes events of its own, to which others react: an order's longest such chain is shorter. */
const REACTIONS_MAX = 3

/** Waits until the background of a server that works has reacted to everything that happened so far. */
export async function untilSettled(api: Pick<TestApi, 'send'>): Promise<void> {
  const deadline = performance.now() + SETTLED_WITHIN_MS
  for (let reactions = 0; reactions < REACTIONS_MAX; reactions++) {
    const began = performance.now()
    // A reader's lag tells when it last had read everything; that must have been after we began to wait.
    while (Math.max(...(await readerLagsMs(api))) >= performance.now() - began) {
      invariant(performance.now() < deadline, 'the readers of events catch up')
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
}

async function readerLagsMs(api: Pick<TestApi, 'send'>): Promise<number[]> {
  const { text } = await api.send({ method: 'GET', path: '/metrics' })
  const lags = [...text.matchAll(/^waybill_event_lag_seconds\{[^}]*\} (\S+)$/gm)].map(
    ([, seconds]) => Number(seconds) * 1_000,
  )
  invariant(lags.length > 0, 'a server that works tells how far its readers are')
  return lags
}
