import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type {
  FastifyBaseLogger,
  FastifyInstance,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from 'fastify'
import type { Caller, CustomerNeed, Scope } from './caller.ts'
import type { RefusalTable } from './refusals.ts'

/** The server that rooms mount their routes on: handlers know what their schemas have let through. */
export type App = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>

/**
 * Why the same write sent twice has one effect: by an `Idempotency-Key` header, by a key within the body or path
 * (channel and reference, `commandKey`, `messageId`, a PUT), or because it changes nothing.
 */
export type Idempotent = 'key' | 'natural' | 'safe'

declare module 'fastify' {
  interface FastifyContextConfig {
    readonly scope: Scope
    /** Every route but GET says. */
    readonly idempotent?: Idempotent
    /** Whether the version the caller decided on is asked for; it is then in `request.ifMatch`. */
    readonly ifMatch?: 'required' | 'optional'
    /** Takes a file of CSV, packed or not, as a stream in `request.body`; null where none was sent. */
    readonly takesCsv?: boolean
    /** Of store routes; where nothing is said a customer's token is looked at if there is one. */
    readonly customer?: CustomerNeed
    /** What the route may refuse with, for the API description. */
    readonly refusals?: RefusalTable
  }
  interface FastifySchema {
    readonly summary?: string
    readonly description?: string
    readonly tags?: readonly string[]
    /** Not part of the described API: the pages that describe it. */
    readonly hide?: boolean
  }
  interface FastifyRequest {
    caller: Caller
    /** The body's bytes as they were sent; null without a body. */
    rawBody: Buffer | null
    /** The version in `If-Match`, or null. */
    ifMatch: number | null
    /** When the server first saw the request, ms of the process's monotonic clock. */
    seenAt: number
  }
}
