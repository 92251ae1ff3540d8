import { WrittenUnreadError } from '../after-commit.ts'
import { DuplicateInFlightError, QueueFullError } from '../batch/batch.ts'
import { BusyError, CommitUnknownError, DatabaseAwayError } from '../db.ts'
import type { Logger } from '../telemetry.ts'
import { MalformedJsonError } from './body.ts'
import { refusePlatform, type ProblemReply } from './problem.ts'
import type { PlatformCode } from './refusals.ts'
import { InvalidRequestError, UnknownPathError } from './validate.ts'

/** Seconds after which a repeat is likely to succeed. */
const retryAfterByCode: { readonly [Code in PlatformCode]?: number } = {
  busy: 1,
  request_in_progress: 1,
  database_away: 2,
  outcome_unknown: 2,
  written_unread: 2,
}

/** What Fastify found wrong before a handler ran. */
const codeByFastifyError: Readonly<Record<string, PlatformCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'body_too_large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupported_media_type',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'malformed_request',
  FST_ERR_BAD_URL: 'malformed_request',
  FST_ERR_MAX_PARAM_LENGTH: 'not_found',
  FST_ERR_ROUTE_MISSING_CONTENT_TYPE: 'unsupported_media_type',
}

/** Which of the platform's refusals an error is. What nobody foresaw is `internal`. */
export function codeOfError(error: unknown): PlatformCode {
  if (error instanceof InvalidRequestError) return 'invalid_request'
  if (error instanceof UnknownPathError) return 'not_found'
  if (error instanceof MalformedJsonError) return 'malformed_json'
  if (error instanceof UnsupportedBodyError) return 'unsupported_media_type'
  if (error instanceof BusyError || error instanceof QueueFullError) return 'busy'
  if (error instanceof DuplicateInFlightError) return 'request_in_progress'
  if (error instanceof DatabaseAwayError) return 'database_away'
  if (error instanceof CommitUnknownError) return 'outcome_unknown'
  if (error instanceof WrittenUnreadError) return 'written_unread'
  const { code, statusCode } = (error ?? {}) as { code?: unknown; statusCode?: unknown }
  if (typeof code === 'string' && Object.hasOwn(codeByFastifyError, code)) return codeByFastifyError[code] ?? 'internal'
  // The connection broke while the body was read; nobody is left to hear the answer.
  return statusCode === 400 ? 'malformed_request' : 'internal'
}

export class UnsupportedBodyError extends Error {
  override readonly name = 'UnsupportedBodyError'
}

/** Answers an error that reached Fastify. Of a defect the caller learns the request id, the log everything else. */
export function answerError(log: Logger, route: string, error: unknown, reply: ProblemReply): void {
  const code = codeOfError(error)
  if (code === 'internal') log.error({ err: error, requestId: reply.request.id, route }, 'a request met a defect')
  else if (code in retryAfterByCode) log.warn({ err: error, requestId: reply.request.id, route }, code)
  const extras = error instanceof InvalidRequestError ? { errors: error.violations } : {}
  const retryAfter = error instanceof QueueFullError ? Math.ceil(error.retryAfterMs / 1_000) : retryAfterByCode[code]
  refusePlatform(reply, code, extras, retryAfter)
}
