import { createJwksFetcher, type JwksFetcher } from './adapters/oidc/fetch-jwks.ts'
import { createSandboxProvider, type SandboxProvider } from './adapters/psp/sandbox.ts'
import { duesOf, onParked, reactionsOf } from './journey.ts'
import { askPayment } from './modules/checkout/index.ts'
import { projectOrders } from './modules/orderviews/index.ts'
import type { Id } from './kernel/id.ts'
import { openAuditDb } from './platform/audits/open-audit-db.ts'
import { announceEvents } from './platform/events/announce.ts'
import { EventHorizon } from './platform/events/horizon.ts'
import { runJourney, type Journey } from './platform/events/journey.ts'
import { listenForEvents, type EventListener } from './platform/events/listen.ts'
import { startReader, type EventReader } from './platform/events/reader.ts'
import { Wake } from './platform/events/wake.ts'
import { createDb, type Db } from './platform/db.ts'
import { createHttpServer, mountPlatform, type App } from './platform/http/index.ts'
import { startJobs, type Jobs } from './platform/jobs/jobs.ts'
import { startLease, type Lease } from './platform/lease.ts'
import { registerProcess, type RegisteredProcess } from './platform/process.ts'
import type { Telemetry } from './platform/telemetry.ts'
import { startTicker, type Ticker } from './platform/time/ticker.ts'
import { openRooms, type Rooms } from './rooms.ts'
import { mountRoutes } from './routes.ts'
import { version } from './version.ts'

export interface NodeOptions {
  readonly databaseUrl: string
  readonly poolMax: number
  readonly masterKey: Uint8Array
  /** Where the sandbox payment provider listens; null when there is none. */
  readonly pspUrl: string | null
  readonly rateLimitPerSecond: number
  readonly telemetry: Telemetry
  /** Answer checks of tests: a response outside its schema becomes a 500. */
  readonly checkResponses?: boolean
}

/** One process of Waybill on a database: its rooms, and whatever of serving and working it was asked to do. */
export interface Node {
  readonly db: Db
  readonly rooms: Rooms
  serve(listen: { readonly host: string; readonly port: number }): Promise<{ url: string }>
  work(): Promise<void>
  /** Ends serving first, then what was begun, then the connections. */
  stop(): Promise<void>
}

const JOBS_AT_ONCE = 8
/** Two statements a second at most are spent on noticing keys that other nodes revoked. */
const KEY_REFRESH_MS = 500

export function openNode(options: NodeOptions): Node {
  return new RunningNode(options)
}

class RunningNode implements Node {
  readonly db: Db
  readonly rooms: Rooms
  readonly #options: NodeOptions
  readonly #wake = new Wake()
  readonly #horizon: EventHorizon
  readonly #provider: SandboxProvider | null
  readonly #jwks: JwksFetcher
  #app: App | undefined
  #auditDb: Db | undefined
  #listener: EventListener | undefined
  #keyRefresh: Ticker | undefined
  #working: Working | undefined

  constructor(options: NodeOptions) {
    this.#options = options
    const { telemetry } = options
    const plain = createDb({
      databaseUrl: options.databaseUrl,
      poolMax: options.poolMax,
      applicationName: 'waybill',
    })
    this.db = announceEvents(plain, {
      wake: this.#wake,
      onError: (err) => telemetry.log.warn({ err }, 'readers of other nodes were not told'),
    })
    this.#horizon = new EventHorizon({
      source: this.db,
      onBlocked: ({ waitedMs, holders }) =>
        telemetry.log.error({ waitedMs, holders }, 'an old transaction keeps the readers of events waiting'),
    })
    this.#provider = options.pspUrl === null ? null : createSandboxProvider({ baseUrl: options.pspUrl })
    // Where payments move no money, customers may come from this machine too.
    const allowsLoopback = options.pspUrl !== null
    this.#jwks = createJwksFetcher({ allowsLoopback })
    this.rooms = openRooms({
      db: this.db,
      masterKey: options.masterKey,
      jwks: { fetch: this.#jwks.fetch, allowsLoopback },
      providers: this.#provider === null ? [] : [this.#provider],
    })
    this.#observe()
  }

  async serve({ host, port }: { readonly host: string; readonly port: number }): Promise<{ url: string }> {
    const { telemetry, rateLimitPerSecond, checkResponses = false } = this.#options
    const { identity } = this.rooms
    await identity.refresh()
    const app = createHttpServer({
      authenticate: (token) => identity.authenticate(token),
      authenticateCustomer: this.rooms.customers.authenticateCustomer,
      telemetry,
      rateLimitPerSecond,
      checkResponses,
    })
    this.#app = app
    this.#auditDb ??= openAuditDb(this.#options.databaseUrl)
    mountRoutes(app, { db: this.db, auditDb: this.#auditDb, rooms: this.rooms })
    await this.rooms.browse.start({
      horizon: this.#horizon,
      wake: this.#wake,
      onError: (err) => telemetry.log.warn({ err }, 'what is browsed may be old'),
    })
    mountPlatform(app, { version, ready: () => this.#missing(), metrics: () => telemetry.metrics() })
    this.#listen()
    this.#keyRefresh = startTicker({
      name: 'refresh-keys',
      everyMs: KEY_REFRESH_MS,
      run: () => identity.refresh(),
      onError: (err) => telemetry.log.warn({ err }, 'keys could not be refreshed'),
    })
    return { url: await app.listen({ host, port }) }
  }

  async work(): Promise<void> {
    this.#listen()
    this.#working = await startWorking(this, {
      ...this.#options,
      horizon: this.#horizon,
      wake: this.#wake,
    })
  }

  async stop(): Promise<void> {
    await this.#app?.close()
    await this.rooms.checkout.drained()
    await Promise.all([
      this.#keyRefresh?.stop(),
      this.#listener?.stop(),
      this.#working?.stop(),
      this.rooms.browse.stop(),
    ])
    this.#horizon.close()
    await this.#provider?.close()
    await this.#jwks.close()
    await this.#auditDb?.close()
    await this.db.close()
  }

  /** Readers here are woken by what other nodes append. */
  #listen(): void {
    const { databaseUrl, telemetry } = this.#options
    this.#listener ??= listenForEvents({
      databaseUrl,
      applicationName: 'waybill listen',
      wake: this.#wake,
      onError: (err) => telemetry.log.warn({ err }, 'listening for events was interrupted'),
    })
  }

  /** What keeps this node from taking orders, for the operator. */
  async #missing(): Promise<string | null> {
    try {
      await this.db.clock()
      return null
    } catch {
      return 'the database cannot be reached'
    }
  }

  #observe(): void {
    const { telemetry } = this.#options
    telemetry.gauge({
      name: 'waybill_queue_depth',
      help: 'Requests that wait for the next batch.',
      labelNames: ['queue', 'lane'],
      read: () =>
        Object.entries(this.rooms.checkout.queues()).flatMap(([queue, { shopper, bulk }]) => [
          { labels: { queue, lane: 'shopper' }, value: shopper },
          { labels: { queue, lane: 'bulk' }, value: bulk },
        ]),
    })
    telemetry.gauge({
      name: 'waybill_db_connections',
      help: 'Database connections of this process, and requests that wait for one.',
      labelNames: ['state'],
      read: () => Object.entries(this.db.poolUse()).map(([state, value]) => ({ labels: { state }, value })),
    })
    telemetry.gauge({
      name: 'waybill_event_lag_seconds',
      help: 'How far the readers of this process are behind the events.',
      labelNames: ['reader'],
      read: () => this.#working?.lags().map(({ reader, seconds }) => ({ labels: { reader }, value: seconds })) ?? [],
    })
  }
}

interface Working {
  lags(): { readonly reader: string; readonly seconds: number }[]
  stop(): Promise<void>
}

/** The background: the journey's reactions and dues, the order list, outside calls. */
async function startWorking(
  node: Node,
  {
    telemetry,
    databaseUrl,
    horizon,
    wake,
  }: Pick<NodeOptions, 'telemetry' | 'databaseUrl'> & {
    readonly horizon: EventHorizon
    readonly wake: Wake
  },
): Promise<Working> {
  const { db, rooms } = node
  const onError = (err: unknown, where: string): void => telemetry.log.error({ err, where }, 'background work failed')
  const registered: RegisteredProcess = await registerProcess({
    db,
    kind: 'work',
    version,
    onError: (error) => onError(error, 'heartbeat'),
  })
  const jobs: Jobs = await startJobs({
    db,
    databaseUrl,
    version,
    concurrency: JOBS_AT_ONCE,
    onError,
    tasks: { askPayment: (payload) => askPayment({ db, payments: rooms.payments, checkout: rooms.checkout }, payload) },
  }).catch(async (error: unknown) => {
    await registered.stop().catch((failure: unknown) => onError(failure, 'heartbeat'))
    throw error
  })
  // From here on nothing fails: what follows waits for a database that is away.
  const leader: Lease = startLease({
    db,
    name: 'work',
    holder: registered.id,
    onError: (error) => onError(error, 'lease'),
  })
  const journey: Journey = runJourney({
    db,
    horizon,
    wake,
    name: 'journey',
    reactions: reactionsOf(rooms),
    dues: duesOf(rooms),
    leader,
    onParked,
    onError,
  })
  const orderList: EventReader = startReader({
    db,
    horizon,
    wake,
    name: 'orderviews',
    types: ['order.placed', 'order.accepted', 'order.completed', 'order.cancelled', 'order.expired'],
    handle: (tx, events) =>
      projectOrders(
        tx,
        events.map((event) => event.aggregateId as Id<'order'>),
      ),
    onParked,
    onError: (error) => onError(error, 'orderviews'),
  })
  return {
    lags: () => [
      { reader: 'journey', seconds: journey.lagMs() / 1_000 },
      { reader: 'orderviews', seconds: orderList.lagMs() / 1_000 },
    ],
    async stop() {
      await Promise.all([journey.stop(), orderList.stop(), jobs.stop(), leader.stop()])
      await registered.stop()
    },
  }
}
