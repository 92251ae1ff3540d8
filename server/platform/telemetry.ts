import { pino, stdTimeFunctions, type DestinationStream, type Logger, type LevelWithSilent } from 'pino'
import { collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import { withoutCardNumbers } from './http/card-number.ts'
import { RequestLatencies } from './request-latencies.ts'

export type { Logger }
export type LogLevel = LevelWithSilent

/** One value of a gauge that has several, told apart by labels. */
export interface Reading {
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

export interface GaugeOptions {
  /** With its unit at the end: `waybill_event_lag_seconds`. */
  readonly name: `waybill_${string}`
  readonly help: string
  readonly labelNames?: readonly string[]
  /** Must be quick. When it fails the gauge is left out of the answer and the failure is logged. */
  readonly read: () => number | readonly Reading[] | Promise<number | readonly Reading[]>
}

export type RecordRequest = (requestId: string, status: number, ms: number) => void

/** What the process tells about itself: its log and its metrics. */
export interface Telemetry {
  readonly log: Logger
  /**
   * A function that records the requests of one route: in the metrics, and in the log when a request was slow or
   * failed, or when debugging. `route` is the template, `/v1/store/orders/:id`: a path would make a series an order.
   */
  requestRecorder(method: string, route: string): RecordRequest
  /** Registers a gauge that is read when somebody asks: queue depths, event lag, pool use. */
  gauge(gauge: GaugeOptions): void
  /** The text of `GET /metrics`, in the Prometheus exposition format. */
  metrics(): Promise<string>
}

export interface TelemetryOptions {
  readonly logLevel: LogLevel
  /** Where log lines go, standard output when absent. */
  readonly destination?: DestinationStream
  /** CPU, memory, event-loop lag, garbage collection: once a process, and not in tests. */
  readonly processMetrics?: boolean
}

const SLOW_MS = 1_000

export function createTelemetry({ logLevel, destination, processMetrics = false }: TelemetryOptions): Telemetry {
  const log = createLog(logLevel, destination)
  const registry = new Registry()
  if (processMetrics) collectDefaultMetrics({ register: registry })
  const latencies = new RequestLatencies()
  const isDebug = log.isLevelEnabled('debug')
  return {
    log,
    requestRecorder(method, route) {
      const observe = latencies.observer(method, route)
      return (requestId, status, ms) => {
        observe(status, ms)
        const isFailure = status >= 500 && status !== 503
        if (isFailure) log.warn({ requestId, method, route, status, ms }, 'request failed')
        else if (ms > SLOW_MS) log.info({ requestId, method, route, status, ms }, 'slow request')
        else if (isDebug) log.debug({ requestId, method, route, status, ms }, 'request')
      }
    },
    gauge: (options) => registerGauge(registry, log, options),
    metrics: async () => latencies.render() + (await registry.metrics()),
  }
}

function registerGauge(registry: Registry, log: Logger, { name, help, labelNames = [], read }: GaugeOptions): void {
  const collect = async function (this: Gauge): Promise<void> {
    this.reset()
    try {
      const readings = await read()
      if (typeof readings === 'number') this.set(readings)
      else for (const { labels, value } of readings) this.set(labels, value)
    } catch (err) {
      // Without the database the other metrics are wanted all the more.
      this.remove()
      log.warn({ err, gauge: name }, 'a gauge could not be read')
    }
  }
  new Gauge({ name, help, labelNames, collect, registers: [registry] })
}

/**
 * A log of one JSON object a line. Personal data and secrets do not get in: properties with telling names are dropped
 * at any depth, and what is left is searched for card numbers, e-mail addresses and keys.
 */
function createLog(level: LogLevel, destination: DestinationStream | undefined): Logger {
  const options = {
    level,
    base: null,
    timestamp: stdTimeFunctions.isoTime,
    serializers: { err: describeError, error: describeError },
    formatters: { level: (label: string) => ({ level: label }), log: withoutSecrets },
    hooks: { streamWrite: (text: string) => text.replace(jsonString, hideSecrets) },
  }
  return destination === undefined ? pino(options) : pino(options, destination)
}

const tellingNames = new Set(
  [
    'authorization',
    'cookie',
    'password',
    'secret',
    'token',
    'accessToken',
    'apiKey',
    'masterKey',
    'databaseUrl',
    'email',
    'phone',
    'name',
    'firstName',
    'lastName',
    'address',
    'shippingAddress',
    'billingAddress',
    'line1',
    'line2',
    'city',
    'region',
    'postalCode',
    'body',
    'headers',
    'query',
    'waybill-access-token',
    'idempotency-key',
  ].map((name) => name.toLowerCase()),
)
const DEPTH_MAX = 6

function withoutSecrets(object: Record<string, unknown>, depth = 0): Record<string, unknown> {
  const kept: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(object)) {
    kept[key] = tellingNames.has(key.toLowerCase()) ? '[hidden]' : withoutSecretsWithin(value, depth + 1)
  }
  return kept
}

function withoutSecretsWithin(value: unknown, depth: number): unknown {
  if (typeof value === 'bigint') return value.toString()
  if (typeof value !== 'object' || value === null || value instanceof Error) return value
  if (depth > DEPTH_MAX) return '[deep]'
  if (Array.isArray(value)) return value.map((item) => withoutSecretsWithin(item, depth + 1))
  return withoutSecrets(value as Record<string, unknown>, depth)
}

const jsonString = /"(?:[^"\\]|\\.)*"/g
const emailAddress = /[^\s"\\<>()[\],;:@]{1,64}@[^\s"\\<>()[\],;:@]{1,253}\.[A-Za-z]{2,}/g
const keyOrBearer = /\bwb_[a-z]{2}_[0-9A-Za-z]{43}\b|\bBearer +[^\s"\\]+/g

function hideSecrets(text: string): string {
  return withoutCardNumbers(text.replace(keyOrBearer, '[key]').replace(emailAddress, '[email]'))
}

interface DescribedError {
  readonly type: string
  readonly message: string
  readonly stack?: string | undefined
  readonly code?: string | undefined
  readonly cause?: DescribedError | undefined
}

/** Only these: a database error also carries the row and the values it stumbled over. */
function describeError(error: unknown): DescribedError {
  if (!(error instanceof Error)) return { type: typeof error, message: String(error) }
  const { code } = error as { code?: unknown }
  return {
    type: error.name,
    message: error.message,
    stack: error.stack,
    code: typeof code === 'string' ? code : undefined,
    cause: error.cause instanceof Error ? describeError(error.cause) : undefined,
  }
}
