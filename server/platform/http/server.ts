import Fastify, { type FastifyReply, type FastifyRequest, type FastifyServerOptions } from 'fastify'
import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { TSchema } from 'typebox'
import { createTelemetry, type RecordRequest, type Telemetry } from '../telemetry.ts'
import { admission, setAnswerHeaders, type Authenticate, type AuthenticateCustomer } from './admission.ts'
import type { App } from './app.ts'
import { readBody } from './body.ts'
import { answerError, UnsupportedBodyError } from './failures.ts'
import { noPressureLimits, openPressure, pressureLimits, type PressureLimits } from './pressure.ts'
import { problemBody, refusePlatform } from './problem.ts'
import { openRateLimit } from './rate-limit.ts'
import { refusals, type PlatformCode } from './refusals.ts'
import { isRequestId, requestIds } from './request-id.ts'
import { checkResponses } from './response-check.ts'
import { readOperation, type Operation } from './route-policy.ts'
import { compileValidator, noBody, type RequestPart } from './validate.ts'

export interface HttpServerOptions {
  readonly authenticate: Authenticate
  /** Without it no customer's token is valid. */
  readonly authenticateCustomer?: AuthenticateCustomer
  /** Where requests and defects are told of; warnings on standard output when absent. */
  readonly telemetry?: Pick<Telemetry, 'log' | 'requestRecorder'>
  /** Requests of one key; 0 or absent means no limit. */
  readonly rateLimitPerSecond?: number
  readonly pressure?: PressureLimits
  /** For tests: an answer that is not what its schema says becomes a defect (500). Costs several requests each. */
  readonly checkResponses?: boolean
  /** How long `close` waits for requests under way until it cuts them off. */
  readonly drainMs?: number
  /** Monotonic, ms. */
  readonly now?: () => number
}

const BODY_BYTES_MAX = 1_048_576
/** A whole identifier, a handle or an encoded cursor; more than this is a path nobody has. */
const PARAM_CHARACTERS_MAX = 200
/** A body of a megabyte over a slow line; longer is an attack that keeps connections open. */
const REQUEST_TIMEOUT_MS = 30_000
/** Longer than the 60 s after which load balancers usually let go: it must not be us who closes under a request. */
const KEEP_ALIVE_MS = 72_000
const DRAIN_MS = 10_000

const operationsByApp = new WeakMap<object, Operation[]>()

/** The routes mounted on a server so far, HEAD excepted: what its API description and its rules are made from. */
export function operationsOf(app: App): readonly Operation[] {
  return operationsByApp.get(app) ?? []
}

/**
 * A server without routes, ready for rooms to mount theirs. Per request it does this:
 *
 *   admission   request id, headers, pressure, key, rate limit, scope, Idempotency-Key and If-Match  (admission.ts)
 *   body        strict JSON                                                                          (body.ts)
 *   validation  body, query and path by the route's schemas                                          (validate.ts)
 *   handler     the room's
 *   telemetry   one latency, one log line when slow or failed
 *
 * and answers what fails on the way as a problem (failures.ts).
 */
export function createHttpServer(options: HttpServerOptions): App {
  const now = options.now ?? (() => performance.now())
  const telemetry = options.telemetry ?? createTelemetry({ logLevel: 'warn' })
  const pressure = openPressure(options.pressure ?? (options.checkResponses ? noPressureLimits : pressureLimits), now)
  const rateLimit = openRateLimit(options.rateLimitPerSecond ?? 0)
  const { authenticate, authenticateCustomer = async () => null } = options
  const gatekeeper = { authenticate, authenticateCustomer, rateLimit, pressure, now }

  const app: App = Fastify(fastifyOptions(telemetry))
  app.decorateRequest('caller')
  app.decorateRequest('rawBody', null)
  app.decorateRequest('ifMatch', null)
  app.decorateRequest('seenAt', 0)

  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, parseBody)
  app.addContentTypeParser(['text/csv', 'application/gzip'], handOnFile)
  app.setValidatorCompiler(({ schema, httpPart }) => compileValidator(schema as TSchema, httpPart as RequestPart))
  // Answers keep to their schemas, as tests show (checkResponses). A compiled serialiser would save 0.6 of the 1.7 µs of
  // an order's answer, take 0.7 ms a schema at every start, and drop or coerce in silence what does not match.
  app.setSerializerCompiler(() => JSON.stringify)
  if (options.checkResponses) checkResponses(app)

  let drain: NodeJS.Timeout | undefined
  const answered = (record: RecordRequest, request: FastifyRequest, reply: FastifyReply): void => {
    pressure.inFlight--
    // Else the caller would keep the connection, and with it the server, until the drain's end.
    if (drain !== undefined) reply.header('connection', 'close')
    record(request.id, reply.statusCode, now() - request.seenAt)
  }

  const operations: Operation[] = []
  operationsByApp.set(app, operations)
  app.addHook('onRoute', (route) => {
    const operation = readOperation(route)
    if (operation.method !== 'HEAD') operations.push(operation)
    const takesBody = operation.method !== 'GET' && operation.method !== 'HEAD'
    if (takesBody && operation.body === null) route.schema = { ...route.schema, body: noBody }
    route.onRequest = [admission(operation, gatekeeper), ...listOf(route.onRequest)]
    const record = telemetry.requestRecorder(operation.method, operation.path)
    route.onSend = [
      ...listOf(route.onSend),
      (request, reply, _payload, done) => {
        answered(record, request, reply)
        done()
      },
    ]
  })

  app.setErrorHandler((error, request, reply) => {
    // A body that cannot be read fails before the path is known to lead nowhere.
    if (request.seenAt === 0) setAnswerHeaders(request, reply, false)
    answerError(telemetry.log, routeOf(request), error, reply)
  })
  const recordUnrouted = telemetry.requestRecorder('any', 'none')
  app.setNotFoundHandler((request, reply) => {
    request.seenAt = now()
    pressure.inFlight++
    const [path = ''] = request.url.split('?', 1)
    setAnswerHeaders(request, reply, path.startsWith('/v1/store/'))
    answerUnrouted(app, path, request, reply)
    answered(recordUnrouted, request, reply)
    return reply
  })

  app.addHook('preClose', (done) => {
    drain = setTimeout(() => app.server.closeAllConnections(), options.drainMs ?? DRAIN_MS)
    done()
  })
  app.addHook('onClose', (_app, done) => {
    clearTimeout(drain)
    pressure.close()
    done()
  })
  return app
}

function fastifyOptions({ log }: Pick<Telemetry, 'log'>) {
  const newRequestId = requestIds()
  return {
    logger: false,
    bodyLimit: BODY_BYTES_MAX,
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    // Requests that still come over open connections are answered, with `Connection: close`.
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    routerOptions: { maxParamLength: PARAM_CHARACTERS_MAX },
    genReqId: (request) => {
      const given = request.headers['waybill-request-id']
      return typeof given === 'string' && isRequestId(given) ? given : newRequestId()
    },
    frameworkErrors: (error, request, reply: FastifyReply) => {
      setAnswerHeaders(request, reply, false)
      answerError(log, 'none', error, reply)
    },
    clientErrorHandler: (error, socket) => answerBrokenHttp(error.code ?? '', socket, newRequestId()),
  } satisfies FastifyServerOptions
}

function parseBody(request: FastifyRequest, bytes: Buffer, done: (error: Error | null, body?: unknown) => void): void {
  const { 'content-type': type = '', 'content-encoding': encoding = 'identity' } = request.headers
  if (encoding !== 'identity' || (type.length > JSON_TYPE.length && !utf8Json.test(type))) {
    return done(new UnsupportedBodyError('the body is compressed or not in UTF-8'))
  }
  request.rawBody = bytes
  let body: unknown
  try {
    body = readBody(bytes)
  } catch (error) {
    return done(error as Error)
  }
  done(null, body)
}

/** A file may be larger than memory: the route that takes one reads it as it comes, and sees to its length. */
function handOnFile(
  request: FastifyRequest,
  payload: NodeJS.ReadableStream,
  done: (error: Error | null, body?: unknown) => void,
): void {
  const { 'content-type': type = '', 'content-encoding': encoding = 'identity' } = request.headers
  const isOurs = request.routeOptions.config.takesCsv === true
  if (isOurs && fileType.test(type) && (encoding === 'identity' || encoding === 'gzip')) return done(null, payload)
  done(new UnsupportedBodyError('a file is CSV in UTF-8, plain or in gzip, and goes where files are taken'))
}

const fileType = /^(text\/csv *(; *(charset="?utf-8"?|header="?present"?) *)*|application\/gzip *)$/i

const JSON_TYPE = 'application/json'
const utf8Json = /^application\/json *(; *charset="?utf-8"? *)?$/i

const routedMethods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const

/** Nothing is mounted for this method at this path: another method is (405), a browser asks what is, or nothing is. */
function answerUnrouted(app: App, path: string, request: FastifyRequest, reply: FastifyReply): void {
  const others = routedMethods.filter((method) => app.findRoute({ method, url: path }) !== null)
  if (others.length === 0) return void refusePlatform(reply, 'not_found')
  const allowed = [...others, ...(others.includes('GET') ? ['HEAD'] : []), 'OPTIONS'].join(', ')
  reply.header('allow', allowed)
  if (request.method !== 'OPTIONS') return void refusePlatform(reply, 'method_not_allowed')
  if (path.startsWith('/v1/store/')) {
    reply.header('access-control-allow-methods', allowed)
    reply.header(
      'access-control-allow-headers',
      'Authorization, Content-Type, Idempotency-Key, If-Match, Traceparent, Waybill-Access-Token, Waybill-Customer-Token, Waybill-Request-Id',
    )
    reply.header('access-control-max-age', '86400')
  }
  reply.code(204).send()
}

/** What Node's parser could not make a request of; there is no reply to use, only the socket. */
function answerBrokenHttp(error: string, socket: Socket, requestId: string): void {
  if (error === 'ECONNRESET' || !socket.writable) return void socket.destroy()
  const code: PlatformCode =
    error === 'HPE_HEADER_OVERFLOW'
      ? 'headers_too_large'
      : error === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? 'request_timeout'
        : 'malformed_request'
  const { status, meaning } = refusals[code]
  const body = JSON.stringify(problemBody(status, code, requestId, { detail: meaning }))
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\ncontent-type: application/problem+json\r\n` +
      `waybill-request-id: ${requestId}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n` +
      `connection: close\r\n\r\n${body}`,
  )
}

function routeOf(request: FastifyRequest): string {
  return `${request.method} ${request.routeOptions.url ?? 'none'}`
}

function listOf<Item>(items: Item | Item[] | undefined): Item[] {
  return items === undefined ? [] : Array.isArray(items) ? items : [items]
}
