import type { TSchema } from 'typebox'
import { Compile, type Validator } from 'typebox/compile'
import type { App } from './app.ts'
import { ProblemJson } from './schemas.ts'
import { violationsOf } from './validate.ts'

/** An answer that its route's schema does not allow. Only thrown where answers are checked: in tests. */
export class ResponseMismatchError extends Error {
  override readonly name = 'ResponseMismatchError'
}

/**
 * Compares every answer with its schema, with all objects closed: a property that the schema does not name is a leak
 * even where the schema forgot to say so. What is looked at is the text that leaves: a handler may have written its
 * JSON itself.
 */
export function checkResponses(app: App): void {
  const validators = new Map<TSchema, Validator>()
  app.addHook('onSend', (request, reply, payload, done) => {
    if (typeof payload !== 'string' || !jsonType.test(String(reply.getHeader('content-type'))))
      return done(null, payload)
    const { schema, method, url } = request.routeOptions
    const { statusCode } = reply
    const responses = (schema?.response ?? {}) as Record<string, TSchema>
    const declared =
      statusCode >= 400 ? ProblemJson : (responses[statusCode] ?? responses[`${Math.trunc(statusCode / 100)}xx`])
    const answer = `${String(method)} ${url ?? ''} ${statusCode}`
    if (declared === undefined) return done(new ResponseMismatchError(`${answer} is not a declared answer`))
    let validator = validators.get(declared)
    if (validator === undefined)
      validators.set(declared, (validator = Compile(statusCode >= 400 ? declared : closed(declared))))
    const json: unknown = JSON.parse(payload)
    if (validator.Check(json)) return done(null, payload)
    const violations = violationsOf(validator, json).map(({ path, message }) => `${path || '/'} ${message}`)
    done(new ResponseMismatchError(`${answer}: ${violations.join('; ')}`))
  })
}

const jsonType = /^application\/(problem\+)?json\b/

/** The schema with every object closed that does not say itself what else it may have. */
function closed(schema: TSchema): TSchema {
  const close = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(close)
    return typeof value === 'object' && value !== null ? closed(value) : value
  }
  const copy: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(schema)) copy[key] = literalKeywords.has(key) ? value : close(value)
  if ('properties' in copy && !('additionalProperties' in copy)) copy.additionalProperties = false
  return copy
}

const literalKeywords = new Set(['enum', 'const', 'default', 'examples', 'required'])
