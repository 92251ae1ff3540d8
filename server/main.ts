import { randomBytes } from 'node:crypto'
import { createWriteStream, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { dirname, join, resolve } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { spawnProvider } from '../sandbox/psp/spawn.ts'
import { createSandboxProvider } from './adapters/psp/sandbox.ts'
import type {
  AuditOptions,
  ExportFileOptions,
  ImportFileOptions,
  ImportOrdersOptions,
  KeysOptions,
  ListenOptions,
} from './cli/main-door.ts'
import type { Id } from './kernel/id.ts'
import { compareProviderBooks, renderComparisons, type BookComparison } from './modules/payments/index.ts'
import { upsertNodes } from './modules/sourcing/index.ts'
import { openNode, type Node } from './node.ts'
import { readConfig, type Config } from './platform/config.ts'
import { createDb, type Db, type Tx } from './platform/db.ts'
import { sealAudit } from './platform/audit.ts'
import { auditJson } from './platform/audits/audits.http.ts'
import { openAuditDb } from './platform/audits/open-audit-db.ts'
import { renderAudit } from './platform/audits/render-audit.ts'
import { runAudits } from './platform/audits/run-audits.ts'
import { createHttpServer, mountPlatform, type App } from './platform/http/index.ts'
import { migrateJobs } from './platform/jobs/jobs.ts'
import { isKeyOfDatabase } from './platform/master-key.ts'
import { migrate as migrateDatabase } from './platform/migrate.ts'
import { startEmbeddedPostgres } from './platform/postgres/embedded.ts'
import { createTelemetry } from './platform/telemetry.ts'
import { raiseRevision } from './platform/revision.ts'
import { openRooms } from './rooms.ts'
import { mountRoutes } from './routes.ts'
import { derivedId } from './seed/derived-id.ts'
import { createDemoKeys, type DemoKeys } from './seed/demo-keys.ts'
import { seedDemo } from './seed/seed.ts'
import { version } from './version.ts'

/*
 * The composition root: the only file that reads the environment. It brings up what a command needs, hands it to the
 * rooms, and takes it down again.
 */

/** The environment is not what a start needs; the message lists every problem. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}

const repository = fileURLToPath(new URL('..', import.meta.url))

/** Brings up everything on this machine and serves until asked to end. */
export async function start(options: ListenOptions): Promise<void> {
  const config = configure(options)
  await assertPortFree(config)
  const began = performance.now()
  await withDatabase(config, async (databaseUrl) => {
    await migrateAll(databaseUrl)
    const provider = await startProvider(config)
    try {
      const node = await openConfigured(config, databaseUrl, provider?.url ?? config.pspUrl ?? null)
      try {
        const seeded = await seedIfEmpty(node, config)
        // Whoever finds it ready finds all of it: a start that fails halfway must not have taken requests.
        await node.work()
        const { url } = await node.serve(config)
        await greet({ url, config, seeded, ms: performance.now() - began })
        letGoOfTheStart()
        await askedToEnd()
      } finally {
        await node.stop()
      }
    } finally {
      await provider?.stop()
    }
  })
}

/** Serves the API on a database that is up to date; background work is left to `work`. */
export async function serve(options: ListenOptions): Promise<void> {
  const config = configure(options)
  await assertPortFree(config)
  await withDatabase(config, async (databaseUrl) => {
    const node = await openConfigured(config, databaseUrl, config.pspUrl ?? null)
    try {
      const { url } = await node.serve(config)
      say(`Waybill serves on ${url}`)
      await askedToEnd()
    } finally {
      await node.stop()
    }
  })
}

export async function work(): Promise<void> {
  const config = configure({})
  await withDatabase(config, async (databaseUrl) => {
    const node = await openConfigured(config, databaseUrl, config.pspUrl ?? null)
    try {
      await node.work()
      say('Waybill works in the background')
      await askedToEnd()
    } finally {
      await node.stop()
    }
  })
}

export async function migrate(): Promise<void> {
  await withDatabase(configure({}), async (databaseUrl) => {
    const applied = await migrateAll(databaseUrl)
    say(applied.length === 0 ? 'The database is up to date.' : `Applied ${applied.join(', ')}.`)
  })
}

export async function seed(): Promise<void> {
  const config = configure({})
  await withDatabase(config, async (databaseUrl) => {
    await migrateAll(databaseUrl)
    const node = await openConfigured(config, databaseUrl, null)
    try {
      const demoKeys = await seedIfEmpty(node, config)
      say(demoKeys === null ? 'The database is not empty; nothing was seeded.' : 'Seeded the demo merchant.')
    } finally {
      await node.stop()
    }
  })
}

export async function importOrders(options: ImportOrdersOptions): Promise<number> {
  // Much garbage in little time: collecting it sooner takes a hundred MB less, for little time.
  setFlagsFromString('--heap-growing-percent=25')
  const config = configure({})
  return withDatabase(config, async (databaseUrl) => {
    await migrateAll(databaseUrl)
    const node = await openConfigured(config, databaseUrl, null, { statementTimeoutMs: 0 })
    const { importRetailOrders } = await import('./modules/integrations/index.ts')
    try {
      const outcome = await importRetailOrders({ ...node, joinNetwork, say, isTerminal: process.stdout.isTTY }, options)
      // No worker may be running: what this wrote into the audit log is sealed here.
      await sealAudit(node.db)
      return outcome
    } finally {
      await node.stop()
    }
  })
}

export async function importFile(options: ImportFileOptions): Promise<number> {
  const config = configure({})
  return withDatabase(config, async (databaseUrl) => {
    await migrateAll(databaseUrl)
    const node = await openConfigured(config, databaseUrl, null)
    const { importFile: take } = await import('./modules/integrations/index.ts')
    try {
      const outcome = await take({ ...node, say }, options)
      await sealAudit(node.db)
      return outcome
    } finally {
      await node.stop()
    }
  })
}

export async function exportFile({ kind, file }: ExportFileOptions): Promise<void> {
  const config = configure({})
  // Standard output may be the file.
  const tell = (line: string): void => void process.stderr.write(`${line}\n`)
  await withDatabase(
    config,
    async (databaseUrl) => {
      const node = await openConfigured(config, databaseUrl, null)
      const { exportFile: write } = await import('./modules/integrations/index.ts')
      const out = file === undefined ? process.stdout : createWriteStream(file, { mode: 0o600 })
      try {
        await write(node, { kind, out })
      } finally {
        await node.stop()
      }
    },
    tell,
  )
}

/** The import's counter sells what its channel carries out and sends nothing. */
async function joinNetwork(
  tx: Tx,
  { locationId, channelId }: { readonly locationId: Id<'location'>; readonly channelId: Id<'channel'> },
): Promise<void> {
  await raiseRevision(tx, 'sourcing')
  upsertNodes(tx, [
    { locationId, ships: false, offersPickup: false, channelIds: [channelId], countries: [], handlingDays: 0 },
  ])
}

export async function keys(options: KeysOptions): Promise<number> {
  const config = configure({})
  return withDatabase(config, async (databaseUrl) => {
    const node = await openConfigured(config, databaseUrl, null)
    const { runKeysCommand } = await import('./cli/keys.ts')
    try {
      return await runKeysCommand({ db: node.db, rooms: node.rooms, say }, options)
    } finally {
      await node.stop()
    }
  })
}

export async function audit({ json, providerBooks }: AuditOptions): Promise<number> {
  const config = configure({})
  return withDatabase(config, async (databaseUrl) => {
    const db = openAuditDb(databaseUrl)
    try {
      const results = await runAudits(db)
      const books = providerBooks ? await compareWithProviders(config, db) : null
      say(
        json
          ? JSON.stringify({ ...auditJson(results), ...(books && { providerBooks: books }) })
          : [renderAudit(results), ...(books === null ? [] : [renderComparisons(books)])].join('\n\n'),
      )
      const isSound = books?.every((book) => book.kind === 'compared' && book.differences.count === 0) ?? true
      return isSound && results.every((result) => result.violations === 0) ? 0 : 1
    } finally {
      await db.close()
    }
  })
}

async function compareWithProviders(config: Config, db: Db): Promise<BookComparison[]> {
  const spawned = config.pspUrl === undefined ? await startProvider(config) : null
  const baseUrl = config.pspUrl ?? spawned?.url
  const provider = baseUrl === undefined ? null : createSandboxProvider({ baseUrl })
  try {
    return await compareProviderBooks(db, provider === null ? [] : [provider])
  } finally {
    await provider?.close()
    await spawned?.stop()
  }
}

/** A server with every route and no database behind it, to describe the API from. */
export function describeApi(): App {
  const db = createDb({ databaseUrl: 'postgres://nowhere', poolMax: 1, applicationName: 'describe' })
  const app = createHttpServer({ authenticate: () => null })
  mountRoutes(app, { db, auditDb: db, rooms: openRooms({ db, masterKey: randomBytes(32), providers: [] }) })
  mountPlatform(app, { version, ready: () => null, metrics: async () => '' })
  return app
}

function configure({ host, port }: ListenOptions): Config {
  const reading = readConfig(process.env)
  if ('problems' in reading)
    throw new ConfigError(`the configuration is not right:\n  ${reading.problems.join('\n  ')}`)
  const { config } = reading
  return {
    ...config,
    host: host ?? config.host,
    port: port ?? config.port,
    dataDir: resolve(repository, config.dataDir),
  }
}

/** Before anything is started or touched: a person who starts twice should hear it at once. */
async function assertPortFree({ host, port }: Config): Promise<void> {
  if (port === 0) return
  const probe = createServer()
  await new Promise<void>((done, fail) => {
    probe.once('error', (error: NodeJS.ErrnoException) => {
      fail(
        new ConfigError(
          error.code === 'EADDRINUSE'
            ? `port ${port} on ${host} is taken, perhaps by another Waybill; end that one, or choose another with PORT=… or --port`
            : `cannot listen on ${host}:${port}: ${error.message}`,
        ),
      )
    })
    probe.listen({ host, port, exclusive: true }, () => probe.close(() => done()))
  })
}

async function withDatabase<Result>(
  config: Config,
  use: (databaseUrl: string) => Promise<Result>,
  log: (line: string) => void = say,
): Promise<Result> {
  if (config.databaseUrl !== undefined) return use(config.databaseUrl)
  const postgres = await startEmbeddedPostgres({ dataDir: join(config.dataDir, 'postgres'), log })
  try {
    return await use(postgres.url)
  } finally {
    await postgres.stop()
  }
}

async function migrateAll(databaseUrl: string): Promise<readonly string[]> {
  const { applied } = await migrateDatabase({ databaseUrl, log: say })
  await migrateJobs(databaseUrl)
  return applied
}

async function openConfigured(
  config: Config,
  databaseUrl: string,
  pspUrl: string | null,
  { statementTimeoutMs }: { readonly statementTimeoutMs?: number } = {},
): Promise<Node> {
  const masterKey = await masterKeyOf(config, databaseUrl)
  return openNode({
    databaseUrl,
    poolMax: config.poolMax,
    masterKey,
    pspUrl,
    rateLimitPerSecond: config.rateLimitPerSecond,
    telemetry: createTelemetry({ logLevel: config.logLevel, processMetrics: true }),
    ...(statementTimeoutMs === undefined ? {} : { statementTimeoutMs }),
  })
}

const MASTER_KEY_BYTES = 32

/** The configured key, or that of the data directory, which is made on the first start of a new database. */
async function masterKeyOf({ masterKey, dataDir }: Config, databaseUrl: string): Promise<Uint8Array> {
  const path = join(dataDir, 'master.key')
  const db = createDb({ databaseUrl, poolMax: 1, applicationName: 'waybill start' })
  try {
    const isNew = masterKey === undefined && !existsSync(path)
    // A database that knows a key is asked before one is made: nothing is left behind where it is the wrong one.
    const isRight =
      (!isNew || (await isKeyOfDatabase(db, randomBytes(MASTER_KEY_BYTES), { isNew }))) &&
      (await isKeyOfDatabase(db, masterKey ?? readMasterKey(path), { isNew: false }))
    if (isRight) return masterKey ?? readMasterKey(path)
    throw new ConfigError(
      `this database was made with another master key: give the right one in WAYBILL_MASTER_KEY, or as ${path}`,
    )
  } finally {
    await db.close()
  }
}

/** Readable by its owner only: who loses it loses the personal data. */
function readMasterKey(path: string): Uint8Array {
  if (!existsSync(path)) {
    mkdirSync(dirname(path), { recursive: true })
    try {
      writeFileSync(path, `${randomBytes(MASTER_KEY_BYTES).toString('base64')}\n`, { mode: 0o600, flag: 'wx' })
    } catch (error) {
      // Another process made it in this moment.
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
  }
  const key = Buffer.from(readFileSync(path, 'utf8').trim(), 'base64')
  if (key.byteLength !== MASTER_KEY_BYTES) throw new ConfigError(`${path} does not hold 32 bytes in base64`)
  return key
}

async function startProvider({ sandbox, dataDir }: Config): Promise<Awaited<ReturnType<typeof spawnProvider>> | null> {
  if (!sandbox) return null
  const directory = join(dataDir, 'sandbox', 'psp')
  mkdirSync(directory, { recursive: true })
  return spawnProvider({ directory })
}

/** The demo's keys, when an empty database was just filled with it. */
async function seedIfEmpty(node: Node, config: Config): Promise<DemoKeys | null> {
  const outcome = await seedDemo(node, (step) => say(`seeding the demo merchant: ${step}`))
  if (outcome.kind === 'seeded') {
    writeDemoFile(config, `http://${config.host}:${config.port}`, outcome.keys)
    return outcome.keys
  }
  if (existsSync(demoFile(config)) || !(await isDemo(node))) return null
  // The keys were made and the process died before it could write them down: nobody knows them, so make others.
  const demoKeys = await createDemoKeys(node)
  writeDemoFile(config, `http://${config.host}:${config.port}`, demoKeys)
  return demoKeys
}

async function isDemo({ rooms }: Node): Promise<boolean> {
  const { rows } = await rooms.merchant.currentBook()
  return rows.legalEntity.some(({ id }) => id === derivedId('legalEntity', 'us'))
}

/** What the demo file holds. */
type WrittenDemo = DemoKeys & { readonly url?: string }

function writeDemoFile(config: Config, url: string, demoKeys: DemoKeys): void {
  writeFileSync(demoFile(config), `${JSON.stringify({ ...demoKeys, url }, null, 2)}\n`, { mode: 0o600 })
}

function demoFile({ dataDir }: Config): string {
  return join(dataDir, 'demo.json')
}

async function isServed(url: string | undefined): Promise<boolean> {
  if (url === undefined) return false
  const answer = await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(1_000) }).catch(() => null)
  return answer?.ok === true
}

async function greet({
  url,
  config,
  seeded,
  ms,
}: {
  readonly url: string
  readonly config: Config
  readonly seeded: DemoKeys | null
  readonly ms: number
}): Promise<void> {
  const path = demoFile(config)
  const demo: WrittenDemo | null =
    seeded ?? (existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as WrittenDemo) : null)
  // A second one on the same data directory leaves the tour with the first.
  if (demo !== null && (seeded !== null || !(await isServed(demo.url)))) writeDemoFile(config, url, demo)
  say(`
Waybill ${version} is ready after ${(ms / 1_000).toFixed(1)} s

  API             ${url}
  documentation   ${url}/docs${
    demo === null
      ? ''
      : `
  publishable key ${demo.publishableKey}
  secret key      ${demo.secretKey}
  all demo keys   ${path}`
  }

Ctrl-C ends it.`)
}

/**
 * Compiling schemas and reading configuration leaves some thirty megabytes of garbage, which an idle process would keep
 * until somebody works it. Once, when nobody waits.
 */
function letGoOfTheStart(): void {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  setTimeout(collect, 1_000).unref()
}

/** One Ctrl-C reaches us up to three times: from the terminal, from npm and from bin/waybill. */
const SAME_SIGNAL_MS = 1_000

/** Resolves at the first signal; a person who asks again ends the process without waiting. */
function askedToEnd(): Promise<void> {
  return new Promise((ended) => {
    let askedAtMs: number | undefined
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.on(signal, () => {
        if (askedAtMs === undefined) {
          askedAtMs = performance.now()
          say('ending')
          ended()
        } else if (performance.now() - askedAtMs > SAME_SIGNAL_MS) {
          process.exit(1)
        }
      })
    }
  })
}

function say(message: string): void {
  process.stdout.write(`${message}\n`)
}
