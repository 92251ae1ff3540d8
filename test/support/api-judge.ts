import type { TSchema } from 'typebox'
import { Compile, type Validator } from 'typebox/compile'
import type { Answer } from './api-client.ts'
import type { ApiOperation, JsonSchema } from './api-operations.ts'

/**
 * What is wrong with an answer, whatever was asked: a server that failed, or one that answers what its description
 * does not tell. Null for an answer that a client written from the description can handle.
 */
export function faultOf(operation: ApiOperation, answer: Answer): string | null {
  const { status, headers, json, text } = answer
  const told = operation.codesByStatus.get(status)
  if (status >= 500 && !(status === 503 && headers['retry-after'] !== undefined)) return `${status} ${text}`
  if (told === undefined) return `${status} is not described: ${text}`
  if (status < 400) return answerFault(operation, answer)
  return told.has(json?.code) ? problemFault(answer) : `${status}: the code ${json?.code} is not described`
}

const validators = new WeakMap<JsonSchema, Validator>()

/** How an answer differs from what the description promises. */
function answerFault({ answerByStatus }: ApiOperation, { status, json, text }: Answer): string | null {
  const schema = answerByStatus.get(status)
  if (schema === undefined) return null
  let validator = validators.get(schema)
  if (validator === undefined) validators.set(schema, (validator = Compile(schema as TSchema)))
  if (validator.Check(json)) return null
  return `${status} is not as described: ${JSON.stringify(validator.Errors(json).slice(0, 3))}: ${text.slice(0, 500)}`
}

/** What keeps a refusal from being a problem as RFC 9457 and our own habits have it. */
export function problemFault({ status, headers, json, text }: Answer): string | null {
  if (headers['content-type'] !== 'application/problem+json') return `${status} as ${headers['content-type']}: ${text}`
  const { type, title, status: told, code, requestId } = json
  const isSound =
    type === `urn:waybill:problem:${code}` &&
    typeof title === 'string' &&
    told === status &&
    requestId === headers['waybill-request-id']
  return isSound ? null : `not a problem: ${text}`
}

/** A problem without what differs from request to request; the whole text of what is none. */
export function withoutRequestId({ json, text }: Answer): unknown {
  if (typeof json !== 'object' || json === null) return text
  const { requestId: _, ...rest } = json
  return rest
}

/** More than this nobody reads. */
const FAULTS_TOLD_MAX = 40

/** What `check` finds wrong with any of the operations, each told with its name; they are looked at side by side. */
export async function faultsOf(
  operations: readonly ApiOperation[],
  check: (operation: ApiOperation) => Promise<readonly (string | null)[]>,
): Promise<string[]> {
  const found = await Promise.all(
    operations.map(async (operation) =>
      (await check(operation)).flatMap((fault) => (fault === null ? [] : [`${operation.name}: ${fault}`])),
    ),
  )
  const different = new Set(found.flat().map((fault) => fault.replaceAll(/"requestId":"[^"]*",?/g, '')))
  return [...different].slice(0, FAULTS_TOLD_MAX)
}
