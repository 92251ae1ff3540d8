import { must } from '../../server/kernel/invariant.ts'

/** As much of JSON Schema as our description uses, every reference replaced by what it leads to. */
export interface JsonSchema {
  readonly type?: string
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly anyOf?: readonly JsonSchema[]
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly patternProperties?: Readonly<Record<string, JsonSchema>>
  readonly required?: readonly string[]
  readonly items?: JsonSchema
  readonly minItems?: number
  readonly maxItems?: number
  readonly minimum?: number
  readonly maximum?: number
  readonly minLength?: number
  readonly maxLength?: number
  readonly pattern?: string
  readonly format?: string
  readonly default?: unknown
  readonly 'x-machine-code'?: boolean
}

export interface Parameter {
  readonly name: string
  readonly required: boolean
  readonly schema: JsonSchema
}

/** One operation of the API, as its description tells it. */
export interface ApiOperation {
  /** `POST /v1/store/carts/{id}/lines` */
  readonly name: string
  readonly method: string
  /** With `{name}` where a parameter stands. */
  readonly path: string
  /** Undefined where the description forgot to say. */
  readonly scope: string | undefined
  readonly idempotent: string | undefined
  readonly pathParameters: readonly Parameter[]
  readonly queryParameters: readonly Parameter[]
  readonly takesKey: boolean
  readonly takesVersion: 'required' | 'optional' | null
  readonly body: JsonSchema | null
  /** Takes CSV instead. */
  readonly takesFile: boolean
  /** Every status it may answer with, and the problem codes told for it. */
  readonly codesByStatus: ReadonlyMap<number, ReadonlySet<string>>
  /** What JSON it answers with, by status; other media types and empty answers are left out. */
  readonly answerByStatus: ReadonlyMap<number, JsonSchema>
}

interface Described {
  readonly $ref?: string
  readonly [name: string]: unknown
}

export interface ApiDescription {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Described>>>>
  readonly components: Readonly<Record<string, Readonly<Record<string, Described>>>>
}

/** Every operation of an OpenAPI document, in its order. */
export function operationsOf(description: ApiDescription): ApiOperation[] {
  const resolve = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(resolve)
    if (typeof value !== 'object' || value === null) return value
    const { $ref } = value as Described
    if ($ref !== undefined) {
      const [, kind = '', name = ''] = must(/^#\/components\/(\w+)\/(\w+)$/.exec($ref), `a reference we know: ${$ref}`)
      return resolve(must(description.components[kind]?.[name], $ref))
    }
    return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, resolve(part)]))
  }
  return Object.entries(description.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, described]) =>
      readOperation(method.toUpperCase(), path, resolve(described) as Described),
    ),
  )
}

interface Content {
  readonly content?: Readonly<Record<string, { readonly schema: JsonSchema }>>
}

interface ParameterDescribed extends Parameter {
  readonly in: 'path' | 'query' | 'header'
}

function readOperation(method: string, path: string, described: Described): ApiOperation {
  const parameters = (described['parameters'] ?? []) as readonly ParameterDescribed[]
  const version = parameters.find((parameter) => parameter.in === 'header' && parameter.name === 'If-Match')
  const body = described['requestBody'] as Content | undefined
  const responses = Object.entries(described['responses'] as Record<string, Content & { description: string }>)
  return {
    name: `${method} ${path}`,
    method,
    path,
    scope: described['x-scope'] as string | undefined,
    idempotent: described['x-idempotent'] as string | undefined,
    pathParameters: parameters.filter((parameter) => parameter.in === 'path'),
    queryParameters: parameters.filter((parameter) => parameter.in === 'query'),
    takesKey: parameters.some((parameter) => parameter.name === 'Idempotency-Key'),
    takesVersion: version === undefined ? null : version.required ? 'required' : 'optional',
    body: body?.content?.['application/json']?.schema ?? null,
    takesFile: body?.content?.['text/csv'] !== undefined,
    codesByStatus: new Map(
      responses.map(([status, { description }]) => [
        Number(status),
        new Set([...description.matchAll(/^`(\w+)`: /gm)].map(([, code]) => code ?? '')),
      ]),
    ),
    answerByStatus: new Map(
      responses.flatMap(([status, { content }]) => {
        const schema = content?.['application/json']?.schema
        return schema === undefined ? [] : [[Number(status), schema] as const]
      }),
    ),
  }
}

/** `/v1/store/carts/{id}` with an id in its place. */
export function fillPath(path: string, parameters: Readonly<Record<string, string>>): string {
  return path.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(must(parameters[name], `a value for ${name} in ${path}`)),
  )
}

/** A query with its `?`, or nothing. */
export function writeQuery(parameters: Readonly<Record<string, unknown>>): string {
  const written = Object.entries(parameters).map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`)
  return written.length === 0 ? '' : `?${written.join('&')}`
}
