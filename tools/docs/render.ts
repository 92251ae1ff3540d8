import type { RefusalTable } from '../../server/platform/http/index.ts'

export interface RoomErrors {
  readonly room: string
  readonly refusals: RefusalTable
}

/** Event types with what their `data` holds, as TypeBox has it: JSON Schema. */
export type EventTable = Readonly<Record<string, { readonly summary: string; readonly data: JsonSchema }>>

export interface RoomEvents {
  readonly room: string
  readonly events: EventTable
}

export interface JsonSchema {
  readonly type?: string
  readonly title?: string
  readonly description?: string
  readonly format?: string
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly anyOf?: readonly JsonSchema[]
  readonly items?: JsonSchema
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly patternProperties?: Readonly<Record<string, JsonSchema>>
  readonly required?: readonly string[]
}

const made = 'Made from the code by `node tools/docs.ts`; a test compares them.'

/** @throws when two rooms give one code different statuses: programs would have to ask who said it */
export function renderErrors(ofPlatform: RefusalTable, rooms: readonly RoomErrors[]): string {
  const statusByCode = new Map<string, number>()
  for (const { room, refusals } of [{ room: 'platform', refusals: ofPlatform }, ...rooms]) {
    for (const [code, { status }] of Object.entries(refusals)) {
      const known = statusByCode.get(code) ?? status
      if (known !== status) throw new Error(`${code} is ${status} in ${room} and ${known} elsewhere`)
      statusByCode.set(code, status)
    }
  }
  const told = rooms.filter(({ refusals }) => Object.keys(refusals).length > 0)
  return [
    '# Errors',
    '',
    made,
    '',
    'Whatever is refused is answered with an `application/problem+json` (RFC 9457): `type`, `title`, `status`,',
    '`detail`, `requestId` and a `code` that stays the same as long as the API is called v1. A code may bring fields',
    'of its own, such as `shortages` or `errors`. Programs decide on `code`; `title` and `detail` are for people and',
    'may change.',
    '',
    '## Any route',
    '',
    ...errorTable(ofPlatform),
    ...told.flatMap(({ room, refusals }) => ['', `## ${capitalised(room)}`, '', ...errorTable(refusals)]),
    '',
  ].join('\n')
}

function errorTable(refusals: RefusalTable): string[] {
  const rows = Object.entries(refusals).map(
    ([code, { status, meaning }]) => `| \`${code}\` | ${status} | ${cell(meaning)} |`,
  )
  return ['| code | status | meaning |', '|---|---|---|', ...rows]
}

/** @throws when two rooms announce the same type: only the owner of an aggregate appends to it */
export function renderEvents(rooms: readonly RoomEvents[]): string {
  const roomByType = new Map<string, string>()
  for (const { room, events } of rooms) {
    for (const type of Object.keys(events)) {
      const other = roomByType.get(type)
      if (other !== undefined) throw new Error(`${type} belongs to ${other} and to ${room}`)
      roomByType.set(type, room)
    }
  }
  return [
    '# Events',
    '',
    made,
    '',
    'An event says what became true, in the transaction that made it true. Within one aggregate events come in the',
    'order of their `version`, without gaps. Ids are TypeIDs, money is `{ amount, currency }` in minor units, time is',
    'RFC 3339, and there is no personal data: an event names people by their id.',
    ...rooms.flatMap(({ room, events }) => [
      '',
      `## ${capitalised(room)}`,
      ...Object.entries(events).flatMap(eventSection),
    ]),
    '',
  ].join('\n')
}

function eventSection([type, { summary, data }]: [string, EventTable[string]]): string[] {
  const rows = [...propertyRows(data, '')]
  const table = rows.length === 0 ? [] : ['', '| in `data` | is | meaning |', '|---|---|---|', ...rows]
  return ['', `### \`${type}\``, '', summary, ...table]
}

/** A row for every property, those of nested objects under `parent.child` and `list[].child`. */
function* propertyRows(schema: JsonSchema, path: string): Iterable<string> {
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    const optional = schema.required?.includes(name) ? '' : ', or absent'
    yield `| \`${path}${name}\` | ${cell(typeOf(property) + optional)} | ${cell(property.description ?? '')} |`
    const nested = withoutNull(property)
    if (nested.title === undefined) yield* propertyRows(nested, `${path}${name}.`)
    if (nested.items !== undefined) yield* propertyRows(withoutNull(nested.items), `${path}${name}[].`)
  }
}

/** What an alternative to null is. */
function withoutNull(schema: JsonSchema): JsonSchema {
  const others = schema.anyOf?.filter(({ type }) => type !== 'null')
  return others?.length === 1 ? (others[0] ?? schema) : schema
}

function typeOf(schema: JsonSchema): string {
  const { type, title, anyOf, items, format, patternProperties } = schema
  if (title !== undefined && /^[A-Z]\w*$/.test(title)) return title
  if ('const' in schema) return `\`${String(schema.const)}\``
  if (schema.enum !== undefined) return schema.enum.map((value) => `\`${String(value)}\``).join(' or ')
  if (anyOf !== undefined) return anyOf.map(typeOf).join(' or ')
  if (items !== undefined) return `list of ${typeOf(items)}`
  if (patternProperties !== undefined) return `object of ${Object.values(patternProperties).map(typeOf).join(' or ')}`
  if (format === 'date-time') return 'instant'
  return type ?? 'any JSON'
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ')
}

function capitalised(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1)
}
