import { must } from '../../kernel/invariant.ts'
import { refusals, type PlatformCode, type Refusal, type RefusalTable } from './refusals.ts'

/**
 * A reply whatever its route declares: problems look the same everywhere and stand outside the routes' own schemas.
 * Fastify binds a reply to its route by type parameters that cannot be widened, so only what is used here is asked for.
 */
export interface ProblemReply {
  readonly request: { readonly id: string }
  code(status: number): unknown
  header(name: string, value: string): unknown
  type(contentType: string): unknown
  serializer(serialize: (payload: unknown) => string): unknown
  send(payload: unknown): unknown
}

/** A problem as RFC 9457 has it, with the stable `code` that programs decide on. */
export interface Problem extends Refusal {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly requestId: string
}

/** Answers with what a room's table says about its refusal. */
export function refuse<Refused extends Refusal, Reply extends ProblemReply>(
  reply: Reply,
  table: RefusalTable<Refused>,
  refusal: Refused,
): Reply {
  const { status, meaning } = must(table[refusal.code as Refused['code']], `a row for the refusal ${refusal.code}`)
  const { code, ...extras } = refusal
  return problem(reply, status, code, { detail: meaning, ...extras })
}

/**
 * Answers with one of the platform's own refusals.
 * @param retryAfterSeconds  whole seconds for `Retry-After`, for those whose meaning names it
 */
export function refusePlatform<Reply extends ProblemReply>(
  reply: Reply,
  code: PlatformCode,
  extras: Readonly<Record<string, unknown>> = {},
  retryAfterSeconds?: number,
): Reply {
  const { status, meaning } = refusals[code]
  if (retryAfterSeconds !== undefined) reply.header('retry-after', String(retryAfterSeconds))
  return problem(reply, status, code, { detail: meaning, ...extras })
}

/** Answers `application/problem+json`. */
export function problem<Reply extends ProblemReply>(
  reply: Reply,
  status: number,
  code: string,
  extras: Readonly<Record<string, unknown>> = {},
): Reply {
  reply.code(status)
  reply.type('application/problem+json')
  // A serializer of its own also keeps Fastify from appending a charset, which this media type does not have.
  reply.serializer(JSON.stringify)
  reply.send(problemBody(status, code, reply.request.id, extras))
  return reply
}

export function problemBody(
  status: number,
  code: string,
  requestId: string,
  extras: Readonly<Record<string, unknown>>,
): Problem {
  return { type: `urn:waybill:problem:${code}`, title: titleOf(code), status, code, requestId, ...extras }
}

/** `out_of_stock` → `Out of stock`. */
function titleOf(code: string): string {
  const words = code.replaceAll('_', ' ')
  return words.charAt(0).toUpperCase() + words.slice(1)
}
