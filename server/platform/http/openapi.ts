import type { TSchema } from 'typebox'
import { must } from '../../kernel/invariant.ts'
import type { App } from './app.ts'
import { refusals as platformRefusals, type PlatformCode, type RefusalTable } from './refusals.ts'
import type { Operation } from './route-policy.ts'
import { ProblemJson } from './schemas.ts'
import { operationsOf } from './server.ts'
import { isNoBody } from './validate.ts'

type JsonObject = Readonly<Record<string, unknown>>

/** An OpenAPI 3.1 document. */
export interface OpenApiDocument extends JsonObject {
  readonly openapi: '3.1.1'
  readonly paths: Readonly<Record<string, JsonObject>>
}

const tagDescriptions = new WeakMap<App, Readonly<Record<string, string>>>()

/** Says in a sentence what each group of routes is about. */
export function describeTags(app: App, descriptions: Readonly<Record<string, string>>): void {
  tagDescriptions.set(app, descriptions)
}

/**
 * Describes every route mounted on `app`, the same for the same routes however they were mounted. Our schemas are JSON
 * Schemas, which OpenAPI 3.1 takes as they are; what is added here is what the platform does for all of them: keys,
 * headers, limits and problems.
 *
 * @param version  of the product
 */
export function describeOpenApi(app: App, version: string): OpenApiDocument {
  const components = new Components()
  const paths: Record<string, Record<string, unknown>> = {}
  const operations = operationsOf(app).filter(({ isHidden }) => !isHidden)
  const byPath = operations.toSorted((a, b) => compare(a.path, b.path) || compare(a.method, b.method))
  for (const operation of byPath) {
    const path = (paths[operation.path.replaceAll(/:(\w+)/g, '{$1}')] ??= {})
    path[operation.method.toLowerCase()] = describeOperation(operation, components)
  }
  return {
    openapi: '3.1.1',
    info: {
      title: 'Waybill',
      version,
      summary: 'Order management for headless commerce, from click to delivery.',
      description,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/', description: 'This server' }],
    tags: [...new Set(operations.flatMap(({ tags }) => tags))]
      .toSorted(compare)
      .map((name) => ({ name, description: tagDescriptions.get(app)?.[name] })),
    paths,
    components: components.describe(),
  }
}

const description = `Money is in minor units, time in RFC 3339, ids are TypeIDs. Bodies are strict: an unknown property
is refused.

Every problem is an \`application/problem+json\` with a stable \`code\`. A write with an \`Idempotency-Key\` has one
effect however often it is sent: the same request is answered alike for 30 days, another one under the same key is
refused. A 503 or 429 names its \`Retry-After\`; repeating such a request under its key is always safe.`

const securitySchemes = {
  publishableKey: { type: 'http', scheme: 'bearer', description: "A channel's key, for /v1/store. May be public." },
  secretKey: { type: 'http', scheme: 'bearer', description: 'A key with scopes, for /v1/admin. Never in a browser.' },
  customerToken: {
    type: 'apiKey',
    in: 'header',
    name: 'Waybill-Customer-Token',
    description: "A session of an account's owner, or a token of the channel's identity provider.",
  },
  partnerKey: { type: 'http', scheme: 'bearer', description: 'A key bound to locations, for /v1/partner.' },
}

const parameters = {
  IdempotencyKey: {
    name: 'Idempotency-Key',
    in: 'header',
    required: true,
    description: 'A new random text for every intent, such as a UUID.',
    schema: { type: 'string', minLength: 22, maxLength: 255, pattern: '^[\\x21-\\x7e]+$' },
  },
  IfMatch: {
    name: 'If-Match',
    in: 'header',
    required: true,
    description: 'The version the edit was decided on, as `ETag` gave it.',
    schema: { type: 'string', pattern: '^"\\d{1,9}"$' },
    example: '"3"',
  },
  IfMatchOptional: {
    name: 'If-Match',
    in: 'header',
    required: false,
    description: 'Edit only this version.',
    schema: { type: 'string', pattern: '^"\\d{1,9}"$' },
    example: '"3"',
  },
}

const headers = {
  RequestId: {
    description: "Names the request in our log; the caller's own when it sent one.",
    schema: { type: 'string' },
  },
  RateLimit: {
    description: 'How many requests the key has left, `r`, for how many seconds, `t`.',
    schema: { type: 'string' },
  },
  RateLimitPolicy: {
    description: 'How many requests, `q`, a key has in how many seconds, `w`.',
    schema: { type: 'string' },
  },
  RetryAfter: { description: 'Seconds after which to send the request again.', schema: { type: 'integer' } },
}

const answerHeaders = { 'Waybill-Request-Id': { $ref: '#/components/headers/RequestId' } }
const limitHeaders = {
  RateLimit: { $ref: '#/components/headers/RateLimit' },
  'RateLimit-Policy': { $ref: '#/components/headers/RateLimitPolicy' },
}

function describeOperation(operation: Operation, components: Components): JsonObject {
  const { summary, description: text, tags, scope, idempotent, body } = operation
  const takesBody = body !== null && !isNoBody(body)
  return {
    operationId: operationIdOf(operation),
    summary,
    ...(text === null ? {} : { description: text }),
    tags,
    'x-scope': scope,
    'x-idempotent': idempotent,
    security: securityOf(operation),
    parameters: describeParameters(operation, components),
    ...(takesBody
      ? { requestBody: { required: true, content: { [mediaTypeOf(body)]: { schema: components.reference(body) } } } }
      : {}),
    responses: { ...describeAnswers(operation, components), ...describeProblems(operation, takesBody, components) },
  }
}

/** `PATCH /v1/store/carts/:id` → `patchStoreCartsById`. */
function operationIdOf({ method, path }: Operation): string {
  const words = path
    .replace(/^\/v1\//, '')
    .split('/')
    .filter((word) => word !== '')
    .map((word) => (word.startsWith(':') ? `by-${word.slice(1)}` : word))
  return words.reduce(
    (id, word) => id + word.replaceAll(/(?:^|[^A-Za-z0-9])([A-Za-z0-9])/g, (_, letter: string) => letter.toUpperCase()),
    method.toLowerCase(),
  )
}

function securityOf({ scope, customer }: Operation): readonly JsonObject[] {
  switch (scope) {
    case 'public':
      return []
    case 'store':
      return [
        ...(customer === 'required' ? [] : [{ publishableKey: [] }]),
        ...(customer === 'ignored' ? [] : [{ publishableKey: [], customerToken: [] }]),
      ]
    case 'partner':
      return [{ partnerKey: [] }]
    default:
      return [{ secretKey: [] }]
  }
}

interface ObjectSchema extends TSchema {
  readonly properties?: Readonly<Record<string, TSchema>>
  readonly required?: readonly string[]
}

function describeParameters({ params, query, idempotent, ifMatch }: Operation, components: Components): JsonObject[] {
  const described: JsonObject[] = []
  const describe = (schema: ObjectSchema | null, place: 'path' | 'query'): void => {
    for (const [name, property] of Object.entries(schema?.properties ?? {})) {
      const required = place === 'path' || ((schema?.required ?? []).includes(name) && !('default' in property))
      described.push({ name, in: place, required, schema: components.reference(property) })
    }
  }
  describe(params, 'path')
  describe(query, 'query')
  if (idempotent === 'key') described.push(components.parameter('IdempotencyKey'))
  if (ifMatch === 'required') described.push(components.parameter('IfMatch'))
  if (ifMatch === 'optional') described.push(components.parameter('IfMatchOptional'))
  return described
}

function describeAnswers({ responses, scope }: Operation, components: Components): JsonObject {
  const answers: Record<string, unknown> = {}
  for (const [status, schema] of Object.entries(responses)) {
    answers[status] = {
      description: (schema as { description?: string }).description ?? successes[status] ?? 'Success.',
      headers: { ...answerHeaders, ...(scope === 'public' ? {} : limitHeaders) },
      ...(status === '204' ? {} : { content: { [mediaTypeOf(schema)]: { schema: components.reference(schema) } } }),
    }
  }
  return answers
}

function mediaTypeOf(schema: TSchema): string {
  return (schema as { 'x-media-type'?: string })['x-media-type'] ?? 'application/json'
}

const successes: Readonly<Record<string, string>> = {
  200: 'As asked.',
  201: 'Made.',
  202: 'Accepted; not finished yet.',
  204: 'Done.',
}

/**
 * Every code a route can answer with, by status. Where only the platform refuses, the status is described once for all
 * routes; where the room refuses too, the codes are told at the route.
 */
function describeProblems(operation: Operation, takesBody: boolean, components: Components): JsonObject {
  const problems: Record<string, unknown> = {}
  const ofPlatform = platformCodesOf(operation, takesBody)
  for (const code of ofPlatform) {
    const { status } = platformRefusals[code]
    problems[status] = components.platformProblem(status)
  }
  for (const [status, codes] of codesByStatus(operation.refusals)) {
    const others = ofPlatform.filter(
      (code) => platformRefusals[code].status === status && !(code in operation.refusals),
    )
    problems[status] = problemResponse(status, [
      ...codes,
      ...others.map((code): Code => [code, platformRefusals[code].meaning]),
    ])
  }
  return Object.fromEntries(Object.entries(problems).toSorted(([a], [b]) => Number(a) - Number(b)))
}

type Code = readonly [code: string, meaning: string]

function codesByStatus(table: RefusalTable): Map<number, Code[]> {
  const byStatus = new Map<number, Code[]>()
  for (const [code, { status, meaning }] of Object.entries(table)) {
    byStatus.set(status, [...(byStatus.get(status) ?? []), [code, meaning]])
  }
  return byStatus
}

function problemResponse(status: number, codes: readonly Code[]): JsonObject {
  const isPassing = status === 429 || status === 503
  return {
    description: codes.map(([code, meaning]) => `\`${code}\`: ${meaning}`).join('\n\n'),
    headers: { ...answerHeaders, ...(isPassing ? { 'Retry-After': { $ref: '#/components/headers/RetryAfter' } } : {}) },
    content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
  }
}

/** One code a status is enough here. */
function platformCodesOf(operation: Operation, takesBody: boolean): PlatformCode[] {
  const { scope, idempotent, ifMatch, query, params, method } = operation
  // A body is read where none is taken too, and refused unless it is empty.
  const readsBody = method !== 'GET' && method !== 'HEAD'
  return [
    ...(readsBody ? (['malformed_json', 'body_too_large', 'unsupported_media_type'] as const) : []),
    ...(readsBody || query !== null ? (['invalid_request'] as const) : []),
    // Also a filter or a body can name what is not there, or not for this key.
    ...(takesBody || query !== null || params !== null ? (['not_found'] as const) : []),
    ...(idempotent === 'key'
      ? (['idempotency_key_required', 'request_in_progress', 'idempotency_key_reused'] as const)
      : []),
    ...(ifMatch === null ? [] : (['if_match_invalid', 'version_mismatch'] as const)),
    ...(ifMatch === 'required' ? (['if_match_required'] as const) : []),
    ...(scope === 'public' ? [] : (['unauthenticated', 'scope_missing', 'rate_limited', 'overloaded'] as const)),
    ...(operation.customer === 'required' ? (['customer_required'] as const) : []),
    ...(operation.customer === 'ignored' ? [] : (['customer_token_invalid', 'identity_provider_away'] as const)),
    'internal',
  ]
}

/** What several routes share and the document therefore holds once. Only what was asked for is in it. */
class Components {
  readonly #schemas = new Map<string, string>()
  readonly #problems = new Map<number, JsonObject>()
  readonly #parameters = new Set<keyof typeof parameters>()

  /**
   * The schema as it goes into the document, its parts likewise: by name where it has one (a title of one word).
   * @throws when two different schemas have one name
   */
  reference(schema: TSchema): JsonObject {
    const { title } = schema as { title?: string }
    if (title === undefined || !/^[A-Z][A-Za-z0-9]*$/.test(title)) return this.#withParts(schema)
    const text = JSON.stringify(this.#withParts(schema))
    const known = this.#schemas.get(title)
    if (known !== undefined && known !== text) throw new Error(`two different schemas are called ${title}`)
    this.#schemas.set(title, text)
    return { $ref: `#/components/schemas/${title}` }
  }

  parameter(name: keyof typeof parameters): JsonObject {
    this.#parameters.add(name)
    return { $ref: `#/components/parameters/${name}` }
  }

  /** What the platform refuses with this status. */
  platformProblem(status: number): JsonObject {
    const codes = codesByStatus(platformRefusals).get(status)
    this.#problems.set(status, problemResponse(status, must(codes, `codes of ${status}`)))
    return { $ref: `#/components/responses/Problem${status}` }
  }

  describe(): JsonObject {
    this.reference(ProblemJson)
    return {
      schemas: sorted([...this.#schemas].map(([title, text]) => [title, JSON.parse(text)])),
      responses: sorted([...this.#problems].map(([status, response]) => [`Problem${status}`, response])),
      parameters: sorted([...this.#parameters].map((name) => [name, parameters[name]])),
      headers,
      securitySchemes,
    }
  }

  #withParts(schema: TSchema): JsonObject {
    const copy: Record<string, unknown> = {}
    for (const [key, value] of Object.entries(schema)) {
      if (key === 'properties' || key === 'patternProperties') {
        const parts = Object.entries(value as Record<string, TSchema>)
        copy[key] = Object.fromEntries(parts.map(([name, part]) => [name, this.reference(part)]))
      } else if (Array.isArray(value)) {
        copy[key] = compositions.has(key) ? value.map((part: TSchema) => this.reference(part)) : value
      } else {
        const isPart = (key === 'items' || key === 'additionalProperties' || key === 'not') && typeof value === 'object'
        copy[key] = isPart ? this.reference(value as TSchema) : value
      }
    }
    return copy
  }
}

const compositions = new Set(['anyOf', 'oneOf', 'allOf', 'prefixItems'])

function sorted(entries: readonly (readonly [string, unknown])[]): JsonObject {
  return Object.fromEntries(entries.toSorted(([a], [b]) => compare(a, b)))
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
