import { Type, type TSchema } from 'typebox'
import { Compile, type Validator } from 'typebox/compile'
import { Errors } from 'typebox/value'
import { UnfitBody, type Violation } from './body.ts'
import { hasCardNumber } from './card-number.ts'
import { narrowUnions } from './narrow-unions.ts'

/** Stands where a route declares no body: an empty object is let through, since clients send it as "nothing". */
export const noBody = Type.Object({}, { additionalProperties: false, 'x-no-body': true })

export function isNoBody(schema: TSchema): boolean {
  return 'x-no-body' in schema
}

/** A request whose body, query or headers are not what the route's schema says. */
export class InvalidRequestError extends Error {
  override readonly name = 'InvalidRequestError'
  readonly violations: readonly Violation[]

  constructor(violations: readonly Violation[]) {
    super(violations.map(({ path, message }) => `${path} ${message}`).join('; '))
    this.violations = violations
  }
}

/** A path whose parameters cannot name anything: an id of another kind, or no id at all. */
export class UnknownPathError extends Error {
  override readonly name = 'UnknownPathError'
}

export type RequestPart = 'body' | 'querystring' | 'params' | 'headers'

export type Validated = { readonly value: unknown } | { readonly error: Error }

const VIOLATIONS_MAX = 20

/**
 * A function that judges one part of a route's requests by its schema. Bodies are taken as they are; the other parts
 * are text on the wire and become numbers and booleans where the schema asks for them.
 */
export function compileValidator(schema: TSchema, part: RequestPart): (value: unknown) => Validated {
  let compiled: Validator | undefined
  // Compiling takes a millisecond a schema: at first use it costs one request that, at start it would cost them all.
  const validator = (): Validator => (compiled ??= Compile(schema))
  switch (part) {
    case 'body':
      if (isNoBody(schema)) return (value) => (value === null ? { value } : judge(value, validator()))
      return (value) =>
        value instanceof UnfitBody ? judgeUnfit(value, schema, validator()) : judge(value, validator())
    case 'querystring':
      return (value) => {
        const read = readTexts(value, schema)
        const unfit = Object.keys(read).flatMap((key) => unfitText(read[key], key, schema))
        return unfit.length > 0 ? { error: new InvalidRequestError(unfit) } : judge(read, validator())
      }
    case 'headers':
      return (value) => judge(readTexts(value, schema), validator())
    case 'params':
      return (value) => {
        const read = readTexts(value, schema)
        const isUnfit = Object.keys(read).some((key) => unfitText(read[key], key, schema).length > 0)
        const judged = judge(read, validator())
        return isUnfit || 'error' in judged ? { error: new UnknownPathError('no such path') } : judged
      }
  }
}

const CARD_MESSAGE = 'looks like the number of a payment card, which is not to be sent here'

function judge(value: unknown, validator: Validator): Validated {
  if (validator.Check(value)) return { value }
  return { error: new InvalidRequestError(violationsOf(validator, value)) }
}

function judgeUnfit({ value, violations, cardPaths }: UnfitBody, schema: TSchema, validator: Validator): Validated {
  const cards = cardPaths
    .filter((path) => !isMachineCode(schema, path.split('/').slice(1)))
    .map((path) => ({ path, message: CARD_MESSAGE }))
  const all = [...violations, ...cards]
  return all.length === 0 ? judge(value, validator) : { error: new InvalidRequestError(all.slice(0, VIOLATIONS_MAX)) }
}

/** What the schema finds wrong, a sentence a place, without a word of what the request said. */
export function violationsOf(validator: Validator, value: unknown): Violation[] {
  const violations: Violation[] = []
  const schema = narrowUnions(validator.Type(), value)
  for (const { keyword, instancePath: path, params, message } of Errors(schema, value)) {
    // Every refused property is reported twice, by its object and by the schema `false` that it failed.
    if (keyword === 'additionalProperties') continue
    const sentence = keyword === 'boolean' ? 'is not a property of this object' : sentenceOf(keyword, params, message)
    if (violations.some((violation) => violation.path === path && violation.message === sentence)) continue
    violations.push({ path, message: sentence })
    if (violations.length === VIOLATIONS_MAX) break
  }
  return violations
}

function sentenceOf(keyword: string, params: object, message: string): string {
  if (keyword === 'const' && 'allowedValue' in params) return `must be ${JSON.stringify(params.allowedValue)}`
  return message
}

interface JsonSchema extends TSchema {
  readonly type?: string
  readonly default?: unknown
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly patternProperties?: Readonly<Record<string, JsonSchema>>
  readonly items?: JsonSchema
  readonly anyOf?: readonly JsonSchema[]
  readonly 'x-machine-code'?: boolean
}

/** Reads the texts of a query, path or header as the schema's numbers and booleans; what does not read stays text. */
function readTexts(texts: unknown, { properties = {} }: JsonSchema): Record<string, unknown> {
  const read: Record<string, unknown> = { ...(texts as Record<string, unknown>) }
  for (const [name, { type, default: absent }] of Object.entries(properties)) {
    const text = read[name]
    if (text === undefined) {
      if (absent !== undefined) read[name] = absent
    } else if (typeof text === 'string') {
      if ((type === 'integer' || type === 'number') && /^-?(0|[1-9]\d{0,14})(\.\d{1,9})?$/.test(text))
        read[name] = Number(text)
      if (type === 'boolean' && (text === 'true' || text === 'false')) read[name] = text === 'true'
    }
  }
  return read
}

/** What no text of a query or a path may hold, as no text of a body may; halves of surrogate pairs do not survive decoding. */
function unfitText(value: unknown, key: string, schema: JsonSchema): Violation[] {
  if (typeof value !== 'string') return []
  const path = `/${key}`
  if (value.includes('\0')) return [{ path, message: 'holds the character NUL' }]
  return hasCardNumber(value) && !isMachineCode(schema, [key]) ? [{ path, message: CARD_MESSAGE }] : []
}

/** Whether the schema says that a code for machines stands there: digits that are nobody's card. */
function isMachineCode(schema: JsonSchema | undefined, [key, ...rest]: readonly string[]): boolean {
  if (schema === undefined) return false
  if (schema.anyOf?.some((alternative) => isMachineCode(alternative, key === undefined ? [] : [key, ...rest])))
    return true
  if (key === undefined) return schema['x-machine-code'] === true
  if (schema.items !== undefined) return isMachineCode(schema.items, rest)
  if (Object.hasOwn(schema.properties ?? {}, key)) return isMachineCode(schema.properties?.[key], rest)
  return Object.values(schema.patternProperties ?? {}).some((values) => isMachineCode(values, rest))
}
