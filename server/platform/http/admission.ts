import type { FastifyReply, FastifyRequest } from 'fastify'
import { holdsScope, publicCaller, type Caller, type PublishableCaller, type SignedInCustomer } from './caller.ts'
import { keyProblem } from './idempotency.ts'
import type { Pressure } from './pressure.ts'
import { refusePlatform } from './problem.ts'
import type { RateLimit } from './rate-limit.ts'
import type { RoutePolicy } from './route-policy.ts'

/** Whose key a bearer token is; null when nobody's. Answers at once where it can: a promise costs every request. */
export type Authenticate = (token: string) => Caller | null | Promise<Caller | null>

/** Whose account a customer's token opens at a head; null when nobody's, 'away' when whoever knows cannot be asked. */
export type AuthenticateCustomer = (head: PublishableCaller, token: string) => Promise<SignedInCustomer | 'away' | null>

export interface Gatekeeper {
  readonly authenticate: Authenticate
  readonly authenticateCustomer: AuthenticateCustomer
  readonly rateLimit: RateLimit
  readonly pressure: Pressure
  readonly now: () => number
}

type Admit = (request: FastifyRequest, reply: FastifyReply, done: (error?: Error) => void) => void

/**
 * The one hook before a route's handler: who is it, may they, is there room, and are the headers there that the route
 * asks for. It answers itself or calls `done`. Made once a route, so that nothing about the route is looked up again.
 */
export function admission(
  policy: RoutePolicy,
  { authenticate, authenticateCustomer, rateLimit, pressure, now }: Gatekeeper,
): Admit {
  const isRead = policy.method === 'GET' || policy.method === 'HEAD'
  const isOpenToBrowsers = policy.scope === 'store'

  const admitCaller = (
    caller: Caller | null,
    request: FastifyRequest,
    reply: FastifyReply,
    done: (error?: Error) => void,
  ): void => {
    // Callers without a valid key share the limit of their address, so that guessing keys is limited too.
    const limitKey = caller === null || caller.kind === 'public' ? request.ip : caller.keyId
    const left = rateLimit.take(limitKey, request.seenAt)
    if (left !== Number.POSITIVE_INFINITY) {
      reply.header('ratelimit-policy', rateLimit.policy)
      reply.header('ratelimit', `"key";r=${left > 0 ? left : 0};t=1`)
    }
    if (left < 0) return void refusePlatform(reply, 'rate_limited', {}, 1)
    if (caller === null) return refuseToken(reply, 'invalid_token')
    if (!holdsScope(caller, policy.scope)) return refuseScope(reply, policy.scope)
    request.caller = caller
    if (policy.idempotent === 'key') {
      const problem = keyProblem(request.headers['idempotency-key'])
      if (problem !== null) return void refusePlatform(reply, problem)
    }
    if (policy.ifMatch !== null && !readIfMatch(policy.ifMatch, request, reply)) return
    const customerToken = request.headers['waybill-customer-token']
    if (customerToken === undefined && policy.customer !== 'required') return done()
    admitCustomer(caller, customerToken, { request, reply, done })
  }

  /** Guests never come here: their requests pay for one look at the headers. */
  const admitCustomer = (
    caller: Caller,
    token: string | string[] | undefined,
    { request, reply, done }: { request: FastifyRequest; reply: FastifyReply; done: (error?: Error) => void },
  ): void => {
    if (caller.kind !== 'publishable' || policy.customer === 'ignored') return done()
    if (token === undefined) return void refusePlatform(reply, 'customer_required')
    if (typeof token !== 'string' || token.length > CUSTOMER_TOKEN_CHARACTERS_MAX)
      return void refusePlatform(reply, 'customer_token_invalid')
    authenticateCustomer(caller, token)
      .then((customer) => {
        if (customer === null) return void refusePlatform(reply, 'customer_token_invalid')
        if (customer === 'away') return void refusePlatform(reply, 'identity_provider_away', {}, 5)
        request.caller = { ...caller, customer }
        done()
      })
      .catch(done)
  }

  return (request, reply, done) => {
    request.seenAt = now()
    pressure.inFlight++
    setAnswerHeaders(request, reply, isOpenToBrowsers)
    if (policy.scope === 'public') {
      request.caller = publicCaller
      return done()
    }
    if (pressure.refuses(isRead)) return void refusePlatform(reply, 'overloaded', {}, 1)
    const token = bearerToken(request.headers.authorization)
    if (token === null) return refuseToken(reply, null)
    const caller = authenticate(token)
    if (caller === null || 'kind' in caller) return admitCaller(caller, request, reply, done)
    caller.then((found) => admitCaller(found, request, reply, done)).catch(done)
  }
}

/** Identity providers put groups and claims into their tokens; Node reads 16 kB of headers in all. */
const CUSTOMER_TOKEN_CHARACTERS_MAX = 8_192

const bearer = /^bearer +([\x21-\x7e]+)$/i

function bearerToken(header: string | undefined): string | null {
  // The way every client writes it, without a regular expression.
  if (header?.startsWith('Bearer ')) return header.slice(7)
  return bearer.exec(header ?? '')?.[1] ?? null
}

function refuseToken(reply: FastifyReply, error: string | null): void {
  reply.header(
    'www-authenticate',
    error === null ? 'Bearer realm="waybill"' : `Bearer realm="waybill", error="${error}"`,
  )
  refusePlatform(reply, 'unauthenticated')
}

function refuseScope(reply: FastifyReply, scope: string): void {
  reply.header('www-authenticate', `Bearer realm="waybill", error="insufficient_scope", scope="${scope}"`)
  refusePlatform(reply, 'scope_missing', { scope })
}

/** @returns whether the request may go on; else it was answered */
function readIfMatch(need: 'required' | 'optional', request: FastifyRequest, reply: FastifyReply): boolean {
  const header = request.headers['if-match']
  if (header === undefined) {
    if (need === 'optional') return true
    refusePlatform(reply, 'if_match_required')
    return false
  }
  const version = /^"(\d{1,9})"$/.exec(header)?.[1]
  if (version === undefined) {
    refusePlatform(reply, 'if_match_invalid')
    return false
  }
  request.ifMatch = Number(version)
  return true
}

const TRACE_PARENT = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/

/**
 * Headers of every answer, also of problems. Set by hand: @fastify/helmet alone cost 45 % of an empty request.
 * Browsers of any origin may read what a publishable key opens, since no cookie speaks for them; nothing else.
 */
export function setAnswerHeaders(request: FastifyRequest, reply: FastifyReply, isOpenToBrowsers: boolean): void {
  reply.header('waybill-request-id', request.id)
  reply.header('x-content-type-options', 'nosniff')
  reply.header('x-frame-options', 'DENY')
  reply.header('referrer-policy', 'no-referrer')
  reply.header('cache-control', 'no-store')
  const { traceparent, origin } = request.headers
  if (typeof traceparent === 'string' && TRACE_PARENT.test(traceparent)) reply.header('traceparent', traceparent)
  if (isOpenToBrowsers && origin !== undefined) {
    reply.header('access-control-allow-origin', '*')
    reply.header('access-control-expose-headers', 'ETag, RateLimit, RateLimit-Policy, Retry-After, Waybill-Request-Id')
  }
}
