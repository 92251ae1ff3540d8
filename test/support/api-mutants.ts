import type { JsonSchema } from './api-operations.ts'

/** A body that the description does not allow, with one thing wrong. */
export interface Mutant {
  /** `/lines/0/sku: a number` */
  readonly what: string
  /** The body's text: some of what is wrong cannot be said by a JSON value. */
  readonly text: string
  /** Stands within a row of a batch that answers for each row: refused by 422, or told in the row's result. */
  readonly isInRow: boolean
}

/** A value within a body, and what is allowed in its place. */
interface Place {
  readonly pointer: string
  readonly schema: JsonSchema
  readonly value: unknown
  readonly isInRow: boolean
  readonly replaced: (value: unknown) => unknown
}

/** Every body that differs from `body` in one place in a way that `schema` forbids. */
export function mutantsOf(schema: JsonSchema, body: unknown): Mutant[] {
  return placesOf({ pointer: '', schema, value: body, isInRow: false, replaced: (value) => value }).flatMap((place) =>
    forbiddenAt(place).map(([what, value]) => ({
      what: `${place.pointer || '/'}: ${what}`,
      text: writeText(place.replaced(value)),
      isInRow: place.isInRow,
    })),
  )
}

function placesOf(place: Place): Place[] {
  const { pointer, schema, value, replaced } = place
  const alternative = alternativeFor(schema, value)
  const isInRow = place.isInRow || takesAnything(schema)
  if (Array.isArray(value)) {
    const { items = {} } = alternative
    return [
      place,
      ...value.slice(0, 1).flatMap((item: unknown) =>
        placesOf({
          pointer: `${pointer}/0`,
          schema: items,
          value: item,
          isInRow,
          replaced: (other) => replaced([other, ...value.slice(1)]),
        }),
      ),
    ]
  }
  if (typeof value !== 'object' || value === null) return [place]
  const children = Object.entries(value).flatMap(([name, property]: [string, unknown]) => {
    const own = alternative.properties?.[name]
    return own === undefined
      ? []
      : placesOf({
          pointer: `${pointer}/${name}`,
          schema: own,
          value: property,
          isInRow,
          replaced: (other) => replaced({ ...value, [name]: other }),
        })
  })
  return [{ ...place, isInRow }, ...children]
}

/** The alternative that a value was made from. */
function alternativeFor(schema: JsonSchema, value: unknown): JsonSchema {
  const { anyOf } = schema
  if (anyOf === undefined) return schema
  const fits = (alternative: JsonSchema): boolean => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return isOfType(alternative, value)
    const names = Object.keys(value)
    return (
      alternative.type === 'object' &&
      (alternative.required ?? []).every((name) => names.includes(name)) &&
      Object.entries(alternative.properties ?? {}).every(
        ([name, { const: only }]) => only === undefined || (value as Record<string, unknown>)[name] === only,
      )
    )
  }
  return anyOf.find(fits) ?? schema
}

function takesAnything({ anyOf = [] }: JsonSchema): boolean {
  return anyOf.some((alternative) => Object.keys(alternative).length === 0)
}

/** What JSON text can say and a value cannot; written out at the end. */
class Text {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

function writeText(value: unknown): string {
  const texts: string[] = []
  const json = JSON.stringify(value, (_name, part: unknown) =>
    part instanceof Text ? `@${texts.push(part.text) - 1}@` : part,
  )
  return json.replaceAll(/"@(\d+)@"/g, (_, index: string) => texts[Number(index)] ?? '')
}

type Wrong = readonly [what: string, value: unknown]

function forbiddenAt({ schema, value, pointer }: Place): Wrong[] {
  const alternatives = schema.anyOf ?? [schema]
  const types = new Set(alternatives.flatMap(typesOf))
  const wrongs: Wrong[] = otherTypes.filter(([, , type]) => !types.has(type)).map(([what, other]) => [what, other])
  wrongs.push(...wrongWithin(alternativeFor(schema, value), value))
  if (takesAnything(schema)) return []
  // Deep enough to end a reader that calls itself.
  if (pointer !== '' && !types.has('array'))
    wrongs.push(['nested 10,000 deep', new Text('['.repeat(10_000) + ']'.repeat(10_000))])
  return wrongs
}

const otherTypes: readonly (readonly [what: string, value: unknown, type: string])[] = [
  ['null', null, 'null'],
  ['a number', 7, 'number'],
  ['a text', 'text', 'string'],
  ['a number as text', '1', 'string'],
  ['true', true, 'boolean'],
  ['an array', [], 'array'],
  ['an array around nothing', [null], 'array'],
  ['an object', {}, 'object'],
  ['an object with a length', { length: 1 }, 'object'],
]

function typesOf({ type, const: only, enum: options }: JsonSchema): string[] {
  if (type === 'integer') return ['number']
  if (type !== undefined) return [type]
  return (options ?? [only]).map((option) => (option === null ? 'null' : typeof option))
}

function isOfType(schema: JsonSchema, value: unknown): boolean {
  const type = value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value
  return typesOf(schema).includes(type)
}

function wrongWithin(schema: JsonSchema, value: unknown): Wrong[] {
  if (schema.const !== undefined || schema.enum !== undefined)
    return [
      ['not one of these', 'none of them'],
      ['in capitals', String(value).toUpperCase()],
    ]
  switch (schema.type) {
    case 'object':
      return wrongObjects(schema, value as Record<string, unknown>)
    case 'array':
      return wrongArrays(schema, value as unknown[])
    case 'integer':
      return wrongIntegers(schema)
    case 'number':
      return [
        ['1e400', new Text('1e400')],
        ['beyond 2^53', 2 ** 53 + 2],
      ]
    case 'string':
      return wrongTexts(schema, String(value))
    default:
      return []
  }
}

function wrongObjects({ properties, required = [] }: JsonSchema, value: Record<string, unknown>): Wrong[] {
  const written = (entries: readonly (readonly [string, string])[]): Text =>
    new Text(`{${entries.map(([name, text]) => `${JSON.stringify(name)}:${text}`).join(',')}}`)
  const entries = Object.entries(value).map(([name, property]) => [name, writeText(property)] as const)
  const [first] = entries
  return [
    ['a property that nobody knows', { ...value, hostile: 1 }],
    ...['__proto__', 'constructor', 'prototype'].map((name): Wrong => [
      name,
      written([...entries, [name, '{"isAdmin":true}']]),
    ]),
    [
      '__proto__ in disguise',
      new Text(
        `{${[...entries.map(([name, text]) => `${JSON.stringify(name)}:${text}`), '"__\\u0070roto__":{}'].join(',')}}`,
      ),
    ],
    ...(first === undefined
      ? []
      : ([
          ['a key twice', written([...entries, first])],
          ['a key twice, nested otherwise', written([[first[0], '{}'], ...entries])],
        ] satisfies Wrong[])),
    ...(properties === undefined
      ? []
      : required.map((name): Wrong => {
          const { [name]: _, ...rest } = value
          return [`without ${name}`, rest]
        })),
  ]
}

/** Beyond this an array is not made too long: lists of thousands have a test of their own. */
const TOO_LONG_MAX = 600

function wrongArrays({ minItems = 0, maxItems = Number.POSITIVE_INFINITY }: JsonSchema, value: unknown[]): Wrong[] {
  const { length } = value
  return [
    ...(minItems > 0 ? [['empty', []] satisfies Wrong] : []),
    ...(length > 0 && maxItems < TOO_LONG_MAX
      ? [['one too many', Array.from({ length: maxItems + 1 }, () => value[0])] satisfies Wrong]
      : []),
  ]
}

function wrongIntegers({ minimum, maximum }: JsonSchema): Wrong[] {
  return [
    ['half', 0.5],
    ['a hair off', 1.000_000_001],
    ['2^53', 2 ** 53],
    ['-2^53', -(2 ** 53)],
    ['1e400', new Text('1e400')],
    ['-1e400', new Text('-1e400')],
    ['30 digits', new Text('123456789012345678901234567890')],
    ['a text of digits', '1999'],
    ...(minimum === undefined ? [] : [['one below the least', minimum - 1] satisfies Wrong]),
    ...(maximum === undefined ? [] : [['one above the most', maximum + 1] satisfies Wrong]),
  ]
}

function wrongTexts({ minLength = 0, maxLength, pattern, format }: JsonSchema, value: string): Wrong[] {
  const texts: Wrong[] = [
    ['with NUL', new Text(JSON.stringify(`${value}\0`))],
    ['with half a surrogate pair', new Text(`${JSON.stringify(value).slice(0, -1)}\\ud800"`)],
    ['with the other half', new Text(`"\\udc00${JSON.stringify(value).slice(1)}`)],
  ]
  if (minLength > 0 || format !== undefined) texts.push(['empty', ''])
  if (maxLength !== undefined) texts.push(['one character too long', value.padEnd(maxLength + 1, 'x')])
  if (format !== undefined)
    texts.push([`no ${format}`, 'not of this form'], [`${format} and more`, `${value}\nand more`])
  const forbids = (text: string): boolean => pattern !== undefined && !new RegExp(pattern, 'u').test(text)
  const lines: readonly Wrong[] = [
    ['a line break', `${value}\r\nSet-Cookie: a=b`],
    ['an escape sequence', `${value}\u001b[2J`],
    ['a line separator', `${value}\u2028`],
    ['a blank at its end', `${value} `],
    ['a lower-case one', value.toLowerCase()],
    ['markup', `${value}<script>alert(1)</script>`],
  ]
  return [...texts, ...lines.filter(([, text]) => forbids(String(text)))]
}
