import { invariant } from '../../server/kernel/invariant.ts'
import type { JsonSchema } from './api-operations.ts'
import type { Random } from './random.ts'

/** A value for a property, or `leftOut`. */
export type Word = (random: Random) => unknown

/**
 * What a shop would say where the schema allows any text: by the property's name, or by its parent's and its own
 * (`fulfillment.method`), the longest first.
 */
export type Words = Readonly<Record<string, Word>>

/** Stands for a property that is better not sent, or that the scene brings. */
export const leftOut = Symbol('left out')

export interface ExampleOptions {
  readonly random: Random
  readonly words: Words
  /** How often an optional property is there, 0 to 1. */
  readonly optional: number
  /** Items in an array where the schema leaves it open. */
  readonly itemsMax: number
}

/**
 * A value that the schema allows and that, thanks to `words`, makes sense to a shop.
 * @param path  the resource and the names that lead to the value: `['orders', 'lines', 'sku']`
 */
export function exampleOf(schema: JsonSchema, path: readonly string[], options: ExampleOptions): unknown {
  const { random } = options
  const word = wordFor(path, options.words)
  if (word !== undefined) return word(random)
  if (schema.const !== undefined) return schema.const
  if (schema.enum !== undefined) return random.pick(schema.enum)
  if (schema.anyOf !== undefined) {
    // An alternative without any rule stands for "what is wrong here is told in the answer".
    const ruled = schema.anyOf.filter((alternative) => Object.keys(alternative).length > 0)
    return exampleOf(random.pick(ruled), path, options)
  }
  switch (schema.type) {
    case 'object':
      return exampleObject(schema, path, options)
    case 'array':
      return exampleArray(schema, path, options)
    case 'integer':
      return random.integer(
        Math.max(schema.minimum ?? 0, 0),
        Math.min(schema.maximum ?? 10, Math.max(schema.minimum ?? 0, 0) + 10),
      )
    case 'number':
      return random.integer(-40, 40) + 0.5
    case 'boolean':
      return random.chance(0.5)
    case 'null':
      return null
    case 'string':
      return exampleText(schema, path, random)
    default:
      throw new TypeError(`no example for ${path.join('.')}: ${JSON.stringify(schema)}`)
  }
}

function wordFor(path: readonly string[], words: Words): Word | undefined {
  // The resource alone is the whole body: a property may be called like it.
  if (path.length === 1) return undefined
  for (let depth = path.length; depth > 0; depth--) {
    const key = path.slice(-depth).join('.')
    if (Object.hasOwn(words, key)) return words[key]
  }
  return undefined
}

function exampleObject(
  { properties = {}, required = [] }: JsonSchema,
  path: readonly string[],
  options: ExampleOptions,
): object {
  const entries: [string, unknown][] = []
  for (const [name, schema] of Object.entries(properties)) {
    if (!required.includes(name) && !options.random.chance(options.optional)) continue
    const value = exampleOf(schema, [...path, name], options)
    if (value !== leftOut) entries.push([name, value])
  }
  return Object.fromEntries(entries)
}

function exampleArray(
  { items = {}, minItems = 0, maxItems = 1 }: JsonSchema,
  path: readonly string[],
  options: ExampleOptions,
): unknown[] {
  const length = options.random.integer(
    Math.max(1, minItems),
    Math.max(1, minItems, Math.min(maxItems, options.itemsMax)),
  )
  return Array.from({ length }, () => exampleOf(items, path, options))
}

function exampleText(
  { pattern, format, maxLength = 20, minLength = 1 }: JsonSchema,
  path: readonly string[],
  random: Random,
): string {
  if (format === 'date-time')
    return new Date(Date.UTC(2027, random.integer(0, 11), random.integer(1, 28))).toISOString()
  if (format === 'uri') return 'https://shop.example/back'
  const text = `${path.at(-1) ?? 'text'} ${random.integer(1, 999)}`.slice(0, Math.max(minLength, maxLength))
  invariant(
    pattern === undefined || new RegExp(pattern, 'u').test(text),
    `${path.join('.')} wants ${pattern ?? ''}: teach it in test/support/api-words.ts`,
  )
  return text
}
